"""Nonlocal games on the quantum broadcast network [NatorPereg, Section V].

Alice, the coordinator, prepares an entangled state and sends each player a share before any question is
asked. Each player then measures its own share in a basis that depends on its own question alone. In a
sequential game of n rounds Alice distributes n shares first, and the rounds are played one after the other.

A long module, since every way to make a game's experiment (circuits of one's own, a strategy as circuits
or as plain arrays, by name or by table) ends in the same checks of who knows what.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from qiskit.circuit import Qubit
from qiskit.circuit.library import XGate

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.families.experiment import Experiment, one_setting_each
from qcoord_hw.families.games.expression import figures_of
from qcoord_hw.families.games.many_players import many_player_ghz
from qcoord_hw.families.games.measurement_circuits import measured_strategy
from qcoord_hw.families.games.parameters import MAX_ROUNDS, MOST_PLAYERS, PLAYERS, read_parameters
from qcoord_hw.families.games.pauli_circuits import pauli_strategy
from qcoord_hw.families.games.scoring import GameScoring, LinearFigure, question_label
from qcoord_hw.families.games.strategy_circuits import (
    Strategy,
    chsh_strategy,
    ghz_strategy,
    magic_square_strategy,
)
from qcoord_hw.families.games.user_game import game_of, strategy_of, value_of, with_strategy
from qcoord_hw.network import QUANTUM_BROADCAST, SOURCE, NetworkCircuit, Topology, one_to_many
from qcoord_hw.schema import refusal
from qcoord_hw.spec import ExperimentSpec, check_integer
from qcoord_hw.theory.games import Game, chsh, classical_value, ghz, magic_square
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.pauli_solution import PauliSolution
from qcoord_hw.theory.games.spread import ExpressionGame
from qcoord_hw.theory.games.strategies import QuantumStrategy
from qcoord_hw.theory.value import Value

MAX_CIRCUITS = 2048
"""Circuits of an experiment at most: questions times cyclic shifts of the schedule."""


def game_experiment(
    game: Game,
    circuit: Callable[..., NetworkCircuit],
    *,
    name: str,
    title: str,
    theory: Value | None = None,
) -> Experiment:
    """Return the experiment in which a protocol of your own plays one round of a game.

    Args:
        game: the game; its players are the parties that measure, in the order of the network's parties.
        circuit: `circuit(*question)` is the protocol that answers a question. A player's answer is read
            from the classical register named after it in lower case, bit 0 the most significant.
        name: name of the experiment.
        title: one line for people.
        theory: what theory says of the win probability.

    Raises:
        InputError: when a register is missing, or does not fit the game's answers.
        LocalityError: when a party acts on a question it was not told, or a player sends anything.
    """
    questions = tuple((question,) for question in game.questions())
    circuits = tuple(circuit(*question) for (question,) in questions)
    if other := [c for c in circuits if not isinstance(c, NetworkCircuit)]:
        raise InputError(f"circuit: returned {type(other[0]).__name__}; allowed is a NetworkCircuit")
    registers = {register.name for register in circuits[0].circuit.cregs}
    players = tuple(p for p in circuits[0].topology.parties if p.lower() in registers)
    return _experiment(game, circuits, questions, players, name=name, title=title, theory=theory)


def strategy_experiment(
    game: Game,
    strategy: Strategy,
    *,
    name: str,
    title: str,
    topology: Topology = QUANTUM_BROADCAST,
    rounds: int = 1,
    rate: float | None = None,
    figures: Sequence[LinearFigure] = (),
) -> Experiment:
    """Return the experiment in which the receivers of `topology` play `game` by `strategy`.

    There is one circuit per question. In a sequential game, round i of circuit k asks question k + i
    (cyclically), so that each round is asked every question equally often.

    With a rate below the qubits of a share, only as many rounds are entangled as it pays for, and in the
    others each player answers by an optimal deterministic strategy, on qubits of its own. The schedule is
    shifted cyclically over as many circuits as there are rounds, so that every round wins equally often.

    Args:
        game: the game; player i is the receiver of the topology's link i.
        strategy: state and measurements.
        name: name of the experiment.
        title: one line for people.
        topology: a network whose first party has a quantum link to each player.
        rounds: rounds of the game in one circuit, each with a share of its own.
        rate: qubits sent to each player a round, at most; those of a share if omitted.
        figures: further figures, linear in the win probability.

    Raises:
        InputError: when the numbers of players differ, an answer does not fit its share, or a rate asks for
            what the strategy or the limits do not allow.
    """
    check_integer("rounds", rounds, 1, MAX_ROUNDS)
    players = tuple(link.receiver for link in topology.links)
    if not game.players == len(players) == len(strategy.shares):
        raise InputError(
            f"players: {game.players} in the game, {len(strategy.shares)} in the strategy, {len(players)} "
            f"receivers in network {topology.name!r}; allowed is the same number"
        )
    entangled, theory = rounds, strategy.value
    optimum = classical_optimum(game)
    if rate is not None:
        entangled = _entangled(strategy, rounds, rate)
        mixed = (entangled * theory.value + (rounds - entangled) * float(optimum.value)) / rounds
        theory = Value(mixed, theory.kind, f"{entangled} of {rounds} rounds entangled, time shared")
        figures = [replace(f, theory=replace(theory, value=f.scale * mixed + f.offset)) for f in figures]
    asked = tuple(game.questions())
    shifts = rounds if 0 < entangled < rounds else 1
    if shifts * len(asked) > MAX_CIRCUITS:
        raise InputError(
            f"rounds: {rounds} schedules at this rate for {len(asked)} questions; allowed are "
            f"{MAX_CIRCUITS // len(asked)}, for {MAX_CIRCUITS} circuits"
        )
    even = [(i * entangled) // rounds != ((i + 1) * entangled) // rounds for i in range(rounds)]
    fixed = [] if entangled == rounds else _fixed_outcomes(strategy, optimum.strategy, game)
    questions, circuits, agreed = [], [], []
    for shift, k in itertools.product(range(shifts), range(len(asked))):
        here = tuple(asked[(k + i) % len(asked)] for i in range(rounds))
        schedule = [even[(i + shift) % rounds] for i in range(rounds)]
        questions.append(here)
        agreed.append(shift)
        circuits.append(
            _play(strategy, topology, players, here, f"{name.replace('-', '_')}_{k}", schedule, fixed)
        )
    return _experiment(
        game,
        tuple(circuits),
        tuple(questions),
        players,
        name=name,
        title=title,
        theory=theory,
        figures=figures,
        decoded=strategy.decoded,
        agreed=tuple(agreed),
        bound=optimum.value,
    )


def _entangled(strategy: Strategy, rounds: int, rate: float) -> int:
    """Return how many rounds a rate pays for."""
    share = max(map(len, strategy.shares))
    if not share:
        raise InputError(f"rate: {rate!r}; allowed where the strategy sends qubits, this one sends none")
    if not 0 <= rate <= share:
        raise InputError(f"rate: {rate!r}; allowed are 0 to {share} qubits per round to each player")
    return math.floor(rate * rounds / share + 1e-9)


def _fixed_outcomes(strategy: Strategy, answers: Sequence[Sequence[int]], game: Game) -> list[list[int]]:
    """Return fixed[player][question]: an outcome that stands for the player's answer.

    Raises:
        InputError: when a player's register has none.
    """
    asked = [{question[p] for question in game.questions()} for p in range(game.players)]
    found = [
        [strategy.outcome(p, x, answer) if x in asked[p] else 0 for x, answer in enumerate(own)]
        for p, own in enumerate(answers)
    ]
    if any(outcome is None for own in found for outcome in own):
        raise InputError(
            "rate: below that of a share; allowed is none, since this strategy's measurements lack an answer "
            "of the best deterministic strategy"
        )
    return [[outcome or 0 for outcome in own] for own in found]


def quantum_experiment(
    game: Game,
    strategy: QuantumStrategy | PauliSolution,
    *,
    name: str,
    title: str,
    theory: Value,
    rounds: int = 1,
    rate: float | None = None,
    figures: Sequence[LinearFigure] = (),
) -> Experiment:
    """Return the experiment in which a game is played by a strategy given as plain arrays or Pauli words.

    Alice prepares the state and sends each player its share; a player of local dimension 1 gets none. An
    outcome that stands for no answer is a loss and counted as leakage.

    Args:
        game: the game, of two to six players.
        strategy: state and measurements, or observables.
        name: name of the experiment.
        title: one line for people.
        theory: what theory says of the win probability (or the mean score).
        rounds: as in `strategy_experiment`.
        rate: as in `strategy_experiment`.
        figures: further figures, linear in the win probability.

    Raises:
        InputError: when the game has too many players, or as `strategy_experiment`.
        TooLargeError: when a player would need more than 4 qubits.
    """
    if not 2 <= game.players <= len(PLAYERS):
        raise InputError(f"players: {game.players} in the game; allowed are 2 to {len(PLAYERS)}")
    if isinstance(strategy, PauliSolution):
        circuits = pauli_strategy(strategy, theory)
    else:
        circuits = measured_strategy(strategy, theory)
    return strategy_experiment(
        game,
        circuits,
        name=name,
        title=title,
        topology=QUANTUM_BROADCAST if game.players == 2 else one_to_many(*PLAYERS[: game.players]),
        rounds=rounds,
        rate=rate,
        figures=figures,
    )


def _experiment(
    game: Game,
    circuits: tuple[NetworkCircuit, ...],
    questions: tuple[tuple[tuple[int, ...], ...], ...],
    players: tuple[str, ...],
    *,
    name: str,
    title: str,
    theory: Value | None,
    figures: Sequence[LinearFigure] = (),
    decoded: tuple[tuple[tuple[int, ...], ...], ...] | None = None,
    agreed: tuple[int, ...] | None = None,
    bound: Fraction | None = None,
) -> Experiment:
    """Return circuits that ask `questions[circuit][round]` as an experiment, answers found by register.

    `agreed[circuit]` is what all parties know of a circuit beforehand, such as a schedule; `bound` the
    classical value, if it is known already.
    """
    if len(players) != game.players:
        raise InputError(f"players: {game.players} in the game, but {list(players)} answer")
    rounds = len(questions[0])
    registers = {register.name: register for register in circuits[0].circuit.cregs}
    for (p, player), i in itertools.product(enumerate(players), range(rounds)):
        size = len(registers[_register(player, i, rounds)])
        if decoded is None and 2**size != game.answers[p]:
            raise InputError(
                f"{player}: {size} bits cannot give {game.answers[p]} answers; allowed is 2^bits"
            )
    best = float(classical_value(game) if bound is None else bound)
    play = GameScoring(
        game=game,
        players=players,
        questions=questions,
        answers=tuple(
            tuple(circuits[0].bits(registers[_register(player, i, rounds)]) for player in players)
            for i in range(rounds)
        ),
        theory=theory,
        bound=Value(best, "exact", "classical value, exhaustive search [Cleve2004]"),
        figures=tuple(figures),
        decoded=decoded,
        agreed=agreed if agreed and len(set(agreed)) > 1 else None,
    )
    shifted = play.agreed is not None
    agreed = agreed or (0,) * len(circuits)
    settings = one_setting_each(
        [_label(q) + (f" schedule {a}" if shifted else "") for q, a in zip(questions, agreed, strict=True)]
    )
    weights = tuple(float(game.prob[q[0]]) for q in questions) if rounds == 1 else ()
    experiment = Experiment(
        name,
        title,
        circuits,
        settings,
        play,
        copies=rounds,
        weights=weights,
        weighed=isinstance(game, ExpressionGame) and len(set(weights)) > 1,
    )
    _check_knowledge(experiment, play, agreed)
    return experiment


def _check_knowledge(experiment: Experiment, play: GameScoring, agreed: Sequence[int]) -> None:
    """Check that answers are the players' own, and that every party acts on what it knows.

    All know what was agreed, a player its own questions besides, the others none; players do not send.

    Raises:
        LocalityError: naming the register that another measured, the player that sends, or the party
            and two circuits between which it must not differ.
    """
    circuits, labels = experiment.circuits, [setting.label for setting in experiment.settings]
    for net, player, i in itertools.product(circuits, play.players, range(play.rounds)):
        name = _register(player, i, play.rounds)
        register = next(r for r in net.circuit.cregs if r.name == name)
        if net.known_to(register)[0] != player:
            raise LocalityError(f"register {name!r} holds {player}'s answer, but another party measured it")
    for net, player in itertools.product(circuits, play.players):
        if any(act[0] in ("send", "send_bits") for act in net.acts(player)):
            raise LocalityError(
                f"{player} sends something: players who may talk to each other are not held to the classical "
                "bound; let a party that is not asked distribute what they need"
            )
    for party in (*circuits[0].topology.parties, SOURCE):
        first: dict[tuple[int, tuple[int, ...]], int] = {}
        for k, rounds in enumerate(play.questions):
            known = tuple(q[play.players.index(party)] for q in rounds) if party in play.players else ()
            before = first.setdefault((agreed[k], known), k)
            if circuits[k].acts(party) != circuits[before].acts(party):
                raise LocalityError(
                    f"{party} acts differently in circuits {labels[before]} and {labels[k]}, "
                    f"between which {'its own question is the same' if known else 'it is told nothing'}"
                )


def _play(
    strategy: Strategy,
    topology: Topology,
    players: Sequence[str],
    questions: Sequence[Sequence[int]],
    name: str,
    schedule: Sequence[bool],
    fixed: Sequence[Sequence[int]],
) -> NetworkCircuit:
    """Return one circuit: all shares are distributed, then the rounds are played in order.

    Where the schedule is false, a player writes the outcome `fixed[player][question]` into fresh qubits.
    """
    net = NetworkCircuit(topology, name)
    sender = topology.links[0].sender
    size, rounds, entangled = strategy.preparation.num_qubits, len(questions), sum(schedule)
    shared = [_allocate(net, sender, size, _numbered("shared", i, rounds)) for i in range(entangled)]
    for pair in shared if size else []:
        net.local(sender, strategy.preparation, pair)
    written, fresh = [], []
    for player, share, register in zip(players, strategy.shares, strategy.registers, strict=True):
        stem, more = f"{player.lower()}_own", register - len(share)
        written.append([net.allocate(player, register, f"{stem}_{i}") for i in range(rounds - entangled)])
        stem = stem if rounds == 1 else f"{player.lower()}_fresh"
        fresh.append([_allocate(net, player, more, _numbered(stem, i, rounds)) for i in range(entangled)])
    for player, share in zip(players, strategy.shares, strict=True):
        if shared and share:
            net.send(sender, player, [pair[q] for pair in shared for q in share])
    for i, question in enumerate(questions):
        net.barrier()
        before = sum(schedule[:i])
        for p, (player, x) in enumerate(zip(players, question, strict=True)):
            if schedule[i]:
                own = [*(shared[before][q] for q in strategy.shares[p]), *fresh[p][before]]
                circuit, order = strategy.basis(p, x)
                net.local(player, circuit, own)
            else:
                own, order = written[p][i - before], range(strategy.registers[p])
                for k in order:  # most significant first
                    if fixed[p][x] >> (len(own) - 1 - k) & 1:
                        net.local(player, XGate(), own[k])
            net.measure(player, [own[q] for q in order], _register(player, i, rounds))
    return net


def _allocate(net: NetworkCircuit, party: str, count: int, label: str) -> list[Qubit]:
    return net.allocate(party, count, label) if count else []


def _numbered(stem: str, i: int, rounds: int) -> str:
    return stem if rounds == 1 else f"{stem}_{i}"


def _register(player: str, i: int, rounds: int) -> str:
    return _numbered(player.lower(), i, rounds)


def _label(questions: Sequence[Sequence[int]]) -> str:
    """Return what a circuit is called: its question, or `00 01 ..` for several rounds."""
    if len(questions) == 1:
        return question_label(questions[0])
    return " ".join("".join(map(str, question)) for question in questions)


CHSH_S = LinearFigure(
    name="chsh_s",
    scale=8,
    offset=-4,
    theory=Value(2 * math.sqrt(2), "exact", "[Tsirelson1980]"),
    bound=Value(2.0, "exact", "[CHSH1969]"),
)


def build(spec: ExperimentSpec) -> Experiment:
    """Build the experiment of a spec of family `nonlocal-game`; `parameters` says what may stand in it.

    Raises:
        InputError: naming the parameter that is missing, unknown or out of range.
    """
    which = spec.options.get("game")
    values = read_parameters(spec.options)
    shared: dict[str, Any] = {
        "name": spec.name,
        "title": spec.title,
        "rounds": values["rounds"],
        "rate": values["rate"],
    }
    if which == "chsh":
        return strategy_experiment(chsh(), chsh_strategy(), figures=(CHSH_S,), **shared)
    if which == "magic-square":
        return strategy_experiment(magic_square(), magic_square_strategy(), **shared)
    if which == "ghz":
        players = values["players"]
        if players > MOST_PLAYERS:
            if values["rounds"] != 1 or values["rate"] is not None:
                name = "rounds" if values["rounds"] != 1 else "rate"
                raise refusal(name, values[name], f"with up to {MOST_PLAYERS} players")
            return many_player_ghz(players, spec.name, spec.title)
        topology = one_to_many(*PLAYERS[:players])
        return strategy_experiment(ghz(players), ghz_strategy(players), topology=topology, **shared)
    if isinstance(which, str):
        explicit = EXPLICIT[which]
        return quantum_experiment(GAMES[which](), explicit.build(), theory=explicit.value, **shared)
    given = with_strategy(spec.name, spec.options)
    game, strategy = game_of(spec.name, given), strategy_of(given["strategy"])
    theory = value_of(game, given["strategy"])
    return quantum_experiment(game, strategy, theory=theory, figures=figures_of(game, theory), **shared)

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
from typing import Any

from qiskit.circuit.library import XGate

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.network import QUANTUM_BROADCAST, SOURCE, NetworkCircuit, Topology, one_to_many
from qcoord_hw.protocols.experiment import Experiment, one_setting_each
from qcoord_hw.protocols.measured import MeasuredStrategy, measured_strategy
from qcoord_hw.protocols.strategies import Strategy, chsh_strategy, ghz_strategy, magic_square_strategy
from qcoord_hw.spec import ExperimentSpec, check_integer, shown
from qcoord_hw.theory.games import (
    Game,
    GamePlay,
    LinearFigure,
    chsh,
    classical_value,
    ghz,
    magic_square,
    question_label,
)
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.specs import TABLES, game_of, strategy_of, value_of, with_strategy
from qcoord_hw.theory.games.strategies import QuantumStrategy
from qcoord_hw.theory.value import Value

PLAYERS = ("Bob", "Charlie", "Dave", "Erin", "Frank", "Grace")
MAX_ROUNDS = 64


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

    There is one circuit a question. In a sequential game, round i of circuit k asks question k + i
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
        InputError: when the numbers of players differ or an answer does not fit its share.
    """
    check_integer("rounds", rounds, 1, MAX_ROUNDS)
    players = tuple(link.receiver for link in topology.links)
    if len(players) != len(strategy.shares):
        raise InputError(
            f"players: {len(strategy.shares)} in the strategy, {len(players)} receivers in network "
            f"{topology.name!r}; allowed is the same number"
        )
    entangled, theory = rounds, strategy.value
    optimum = classical_optimum(game)
    if rate is not None:
        share = max(map(len, strategy.shares))
        if not 0 <= rate <= share:
            raise InputError(f"rate: {rate!r}; allowed are 0 to {share} qubits a round to each player")
        entangled = math.floor(rate * rounds / share + 1e-9)
        mixed = (entangled * theory.value + (rounds - entangled) * float(optimum.value)) / rounds
        theory = Value(mixed, theory.kind, f"{entangled} of {rounds} rounds entangled, time shared")
        figures = [replace(f, theory=replace(theory, value=f.scale * mixed + f.offset)) for f in figures]
    asked = tuple(game.questions())
    shifts = rounds if 0 < entangled < rounds else 1
    even = [(i * entangled) // rounds != ((i + 1) * entangled) // rounds for i in range(rounds)]
    questions, circuits, agreed = [], [], []
    for shift, k in itertools.product(range(shifts), range(len(asked))):
        here = tuple(asked[(k + i) % len(asked)] for i in range(rounds))
        schedule = [even[(i + shift) % rounds] for i in range(rounds)]
        questions.append(here)
        agreed.append(shift)
        circuit = _play(strategy, topology, players, here, f"{name}_{k}", schedule, optimum.strategy)
        circuits.append(circuit)
    return _experiment(
        game,
        tuple(circuits),
        tuple(questions),
        players,
        name=name,
        title=title,
        theory=theory,
        figures=figures,
        agreed=tuple(agreed),
    )


def quantum_experiment(
    game: Game,
    strategy: QuantumStrategy,
    *,
    name: str,
    title: str,
    theory: Value,
    figures: Sequence[LinearFigure] = (),
) -> Experiment:
    """Return the experiment in which a game is played by a strategy given as plain arrays.

    Alice prepares the state and sends each player its share; a player of local dimension 1 gets none. An
    outcome that stands for no answer is a loss and counted as leakage.

    Args:
        game: the game, of two to six players.
        strategy: state and measurements.
        name: name of the experiment.
        title: one line for people.
        theory: what theory says of the win probability (or the mean score).
        figures: further figures, linear in the win probability.

    Raises:
        InputError: when the game has too many players.
        TooLargeError: when a player would need more than 4 qubits.
    """
    if not 2 <= game.players <= len(PLAYERS):
        raise InputError(f"players: {game.players} in the game; allowed are 2 to {len(PLAYERS)}")
    players = PLAYERS[: game.players]
    topology = QUANTUM_BROADCAST if game.players == 2 else one_to_many(*players)
    found = measured_strategy(strategy)
    questions = tuple((question,) for question in game.questions())
    circuits = tuple(
        _measured_play(found, topology, players, question, f"{name.replace('-', '_')}_{k}")
        for k, (question,) in enumerate(questions)
    )
    return _experiment(
        game,
        circuits,
        questions,
        players,
        name=name,
        title=title,
        theory=theory,
        figures=figures,
        decoded=found.decoded,
    )


def _measured_play(
    found: MeasuredStrategy,
    topology: Topology,
    players: Sequence[str],
    question: Sequence[int],
    name: str,
) -> NetworkCircuit:
    net = NetworkCircuit(topology, name)
    sender = topology.links[0].sender
    shared = net.allocate(sender, sum(found.shares), "shared") if sum(found.shares) else []
    if shared:
        net.local(sender, found.preparation, shared)
    fresh = [
        net.allocate(player, size - share, f"{player.lower()}_own") if size > share else []
        for player, share, size in zip(players, found.shares, found.registers, strict=True)
    ]
    own, start = [], 0
    for player, share, extra in zip(players, found.shares, fresh, strict=True):
        mine = shared[start : start + share]
        start += share
        if mine:
            net.send(sender, player, mine)
        own.append([*mine, *extra])
    net.barrier()
    for p, player in enumerate(players):
        net.local(player, found.measurements[p][question[p]], own[p])
        net.measure(player, own[p], player.lower())
    return net


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
) -> Experiment:
    """Return circuits that ask `questions[circuit][round]` as an experiment, answers found by register.

    `agreed[circuit]` is what all parties know of a circuit beforehand, such as a schedule.
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
    play = GamePlay(
        game=game,
        players=players,
        questions=questions,
        answers=tuple(
            tuple(circuits[0].bits(registers[_register(player, i, rounds)]) for player in players)
            for i in range(rounds)
        ),
        theory=theory,
        bound=Value(float(classical_value(game)), "exact", "classical value, exhaustive search [Cleve2004]"),
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
    experiment = Experiment(name, title, circuits, settings, play, copies=rounds, weights=weights)
    _check_knowledge(experiment, play, agreed)
    return experiment


def _check_knowledge(experiment: Experiment, play: GamePlay, agreed: Sequence[int]) -> None:
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
    answers: Sequence[Sequence[int]],
) -> NetworkCircuit:
    """Return one circuit: all shares are distributed, then the rounds are played in order.

    Where the schedule is false, a player writes its answer to its question into fresh qubits of its own.
    """
    net = NetworkCircuit(topology, name)
    sender = topology.links[0].sender
    size, rounds, entangled = strategy.preparation.num_qubits, len(questions), sum(schedule)
    pairs = [net.allocate(sender, size, "shared" if rounds == 1 else f"shared_{i}") for i in range(entangled)]
    for pair in pairs:
        net.local(sender, strategy.preparation, pair)
    own = [
        [net.allocate(player, len(share), f"{player.lower()}_own_{i}") for i in range(rounds - entangled)]
        for player, share in zip(players, strategy.shares, strict=True)
    ]
    for p, player in enumerate(players):
        if pairs:
            net.send(sender, player, [pair[q] for pair in pairs for q in strategy.shares[p]])
    for i, question in enumerate(questions):
        net.barrier()
        before = sum(schedule[:i])
        for p, player in enumerate(players):
            if not schedule[i]:
                bits = own[p][i - before]
                answer = answers[p][question[p]]
                for k, bit in enumerate(bits):  # most significant first
                    if answer >> (len(bits) - 1 - k) & 1:
                        net.local(player, XGate(), bit)
                net.measure(player, bits, _register(player, i, rounds))
                continue
            share = [pairs[before][q] for q in strategy.shares[p]]
            circuit, order = strategy.basis(p, question[p])
            net.local(player, circuit, share)
            net.measure(player, [share[q] for q in order], _register(player, i, rounds))
    return net


def _register(player: str, i: int, rounds: int) -> str:
    return player.lower() if rounds == 1 else f"{player.lower()}_{i}"


def _label(questions: Sequence[Sequence[int]]) -> str:
    """Return what a circuit is called: its question, or `00 01 ..` for several rounds."""
    if len(questions) == 1:
        return question_label(questions[0])
    return " ".join("".join(map(str, question)) for question in questions)


def build(spec: ExperimentSpec) -> Experiment:
    """Build the experiment of a spec of family `nonlocal-game`.

    Parameters of the family: `game` (`chsh`, `magic-square` or `ghz`, played by circuits of their own, or
    any name in `theory.games.GAMES`), `players` (3 to 6, for `ghz` alone), and for those three `rounds` (1
    to 64, default 1) and `rate` (qubits a round to each player; less than a share mixes in deterministic
    rounds). In place of `game`, `prob` with `win` or `score` hold a game of the user's own, as in a game
    file; its strategy is looked for.

    Raises:
        InputError: naming the parameter that is missing, unknown or out of range.
    """
    options = spec.options
    which = options.pop("game", None)
    rate = options.pop("rate", None)
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, (int, float))):
        raise InputError(f"parameters.rate: {shown(rate)}; allowed is a number of qubits a round")
    rounds = check_integer("parameters.rounds", options.pop("rounds", 1), 1, MAX_ROUNDS)
    topology: Topology = QUANTUM_BROADCAST
    figures: tuple[LinearFigure, ...] = ()
    if which == "chsh":
        game, strategy = chsh(), chsh_strategy()
        figures = (
            LinearFigure(
                name="chsh_s",
                scale=8,
                offset=-4,
                theory=Value(2 * math.sqrt(2), "exact", "[Tsirelson1980]"),
                bound=Value(2.0, "exact", "[CHSH1969]"),
            ),
        )
    elif which == "magic-square":
        game, strategy = magic_square(), magic_square_strategy()
    elif which == "ghz":
        players = check_integer("parameters.players", options.pop("players", None), 3, len(PLAYERS))
        game, strategy = ghz(players), ghz_strategy(players)
        topology = one_to_many(*PLAYERS[:players])
    else:
        return _any_game(spec, which, options)
    if options:
        raise InputError(
            f"parameters.{next(iter(options))}: unknown for game {which!r}; allowed are game, rounds"
            + (", players" if which == "ghz" else "")
        )
    return strategy_experiment(
        game,
        strategy,
        name=spec.name,
        title=spec.title,
        topology=topology,
        rounds=rounds,
        rate=None if rate is None else float(rate),
        figures=figures,
    )


def _any_game(spec: ExperimentSpec, which: object, options: dict[str, Any]) -> Experiment:
    """Return the experiment of a catalogue game by its closed strategy, or of a user's by the one given."""
    given = {key: options.pop(key) for key in (*TABLES, "strategy") if key in options}
    if "rate" in spec.options or options.pop("rounds", 1) != 1:
        raise InputError(
            "parameters.rounds: rounds and rate are for chsh, magic-square and ghz; allowed here is one round"
        )
    if options:
        raise InputError(
            f"parameters.{next(iter(options))}: unknown; allowed are game, or prob with win or score"
        )
    if isinstance(which, str) and not given and which in EXPLICIT:
        explicit = EXPLICIT[which]
        strategy, theory = explicit.build(), explicit.value
        game = GAMES[which]()
    elif which is None and given:
        given = with_strategy(spec.name, given)
        game, strategy = game_of(spec.name, given), strategy_of(given["strategy"])
        theory = value_of(game, given["strategy"])
    else:
        raise InputError(
            f"parameters.game: {shown(which)}; allowed is a name ({', '.join(EXPLICIT)}), or prob with win "
            "or score"
        )
    return quantum_experiment(game, strategy, name=spec.name, title=spec.title, theory=theory)

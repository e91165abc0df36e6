"""Nonlocal games on the quantum broadcast network [NatorPereg, Section V].

Alice, the coordinator, prepares an entangled state and sends each player a share before any question is
asked. Each player then measures its own share in a basis that depends on its own question alone. In a
sequential game of n rounds Alice distributes n shares first, and the rounds are played one after the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.network import QUANTUM_BROADCAST, SOURCE, NetworkCircuit, Topology, one_to_many
from qcoord_hw.protocols.experiment import Experiment, one_setting_each
from qcoord_hw.protocols.strategies import Strategy, chsh_strategy, ghz_strategy, magic_square_strategy
from qcoord_hw.spec import ExperimentSpec, check_integer
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
    figures: Sequence[LinearFigure] = (),
) -> Experiment:
    """Return the experiment in which the receivers of `topology` play `game` by `strategy`.

    There is one circuit a question. In a sequential game, round i of circuit k asks question k + i
    (cyclically), so that each round is asked every question equally often.

    Args:
        game: the game; player i is the receiver of the topology's link i.
        strategy: state and measurements.
        name: name of the experiment.
        title: one line for people.
        topology: a network whose first party has a quantum link to each player.
        rounds: rounds of the game in one circuit, each with a share of its own.
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
    asked = tuple(game.questions())
    questions = tuple(tuple(asked[(k + i) % len(asked)] for i in range(rounds)) for k in range(len(asked)))
    circuits = tuple(
        _play(strategy, topology, players, asked_here, f"{name}_{k}")
        for k, asked_here in enumerate(questions)
    )
    return _experiment(
        game, circuits, questions, players, name=name, title=title, theory=strategy.value, figures=figures
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
) -> Experiment:
    """Return circuits that ask `questions[circuit][round]` as an experiment, answers found by register."""
    if len(players) != game.players:
        raise InputError(f"players: {game.players} in the game, but {list(players)} answer")
    rounds = len(questions[0])
    registers = {register.name: register for register in circuits[0].circuit.cregs}
    for (p, player), i in itertools.product(enumerate(players), range(rounds)):
        size = len(registers[_register(player, i, rounds)])
        if 2**size != game.answers[p]:
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
    )
    settings = one_setting_each([_label(question) for question in questions])
    experiment = Experiment(name, title, circuits, settings, play, copies=rounds)
    _check_knowledge(experiment, play)
    return experiment


def _check_knowledge(experiment: Experiment, play: GamePlay) -> None:
    """Check that answers are the players' own, and that every party acts on what it knows.

    A player knows its own questions, the others none; players do not send.

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
        first: dict[tuple[int, ...], int] = {}
        for k, rounds in enumerate(play.questions):
            known = tuple(q[play.players.index(party)] for q in rounds) if party in play.players else ()
            before = first.setdefault(known, k)
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
) -> NetworkCircuit:
    """Return one circuit: all shares are distributed, then the rounds are played in order."""
    net = NetworkCircuit(topology, name)
    sender = topology.links[0].sender
    size, rounds = strategy.preparation.num_qubits, len(questions)
    pairs = [net.allocate(sender, size, "shared" if rounds == 1 else f"shared_{i}") for i in range(rounds)]
    for pair in pairs:
        net.local(sender, strategy.preparation, pair)
    for p, player in enumerate(players):
        net.send(sender, player, [pair[q] for pair in pairs for q in strategy.shares[p]])
    for i, question in enumerate(questions):
        net.barrier()
        for p, player in enumerate(players):
            share = [pairs[i][q] for q in strategy.shares[p]]
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

    Parameters of the family: `game` (`chsh`, `magic-square` or `ghz`), `players` (3 to 6, for `ghz`
    alone) and `rounds` (1 to 64, default 1).

    Raises:
        InputError: naming the parameter that is missing, unknown or out of range.
    """
    options = spec.options
    which = options.pop("game", None)
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
        raise InputError(f"parameters.game: {which!r}; allowed are chsh, magic-square, ghz")
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
        figures=figures,
    )

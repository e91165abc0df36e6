"""Nonlocal games on the quantum broadcast network [NatorPereg, Section V].

Alice, the coordinator, prepares an entangled state and sends each player a share before any question is
asked. Each player then measures its own share in a basis that depends on its own question alone. In a
sequential game of n rounds Alice distributes n shares first, and the rounds are played one after the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import InputError
from qcoord_hw.network import QUANTUM_BROADCAST, NetworkCircuit, Topology, one_to_many
from qcoord_hw.protocols.experiment import Experiment
from qcoord_hw.spec import ExperimentSpec, check_integer
from qcoord_hw.theory.games import Game, GamePlay, LinearFigure, chsh, classical_value, ghz, magic_square
from qcoord_hw.theory.value import Value

PLAYERS = ("Bob", "Charlie", "Dave", "Erin", "Frank", "Grace")
MAX_ROUNDS = 64


@dataclass(frozen=True, eq=False)
class Strategy:
    """An explicit quantum strategy for a game.

    Attributes:
        preparation: what Alice applies to |0..0> in her laboratory.
        shares: for each player, which qubits of the preparation it receives.
        basis: `basis(player, question)` is the circuit that a player applies to its share before it
            measures in the computational basis, and the qubits of the share in the order in which the
            outcomes are read as an answer, most significant bit first.
        value: the win probability that theory gives for this strategy.
    """

    preparation: QuantumCircuit
    shares: tuple[tuple[int, ...], ...]
    basis: Callable[[int, int], tuple[QuantumCircuit, Sequence[int]]]
    value: Value


def chsh_strategy() -> Strategy:
    """Return the optimal CHSH strategy: |Phi+>, Bob measures Z or X, Charlie (Z +- X)/sqrt2."""
    pair = QuantumCircuit(2, name="epr")
    pair.h(0)
    pair.cx(0, 1)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, Sequence[int]]:
        circuit = QuantumCircuit(1)
        if player == 0 and question == 1:
            circuit.h(0)
        elif player == 1:
            circuit.ry(-math.pi / 4 if question == 0 else math.pi / 4, 0)
        return circuit, (0,)

    value = Value(math.cos(math.pi / 8) ** 2, "exact", "[Tsirelson1980], cos^2(pi/8)")
    return Strategy(pair, ((0,), (1,)), basis, value)


def magic_square_strategy() -> Strategy:
    """Return a perfect magic-square strategy that needs only the line b2 - b1 - c1 - c2.

    Bob measures the rows and Charlie the columns of the square of commuting Pauli observables
    [Peres1990]

        XI  IX  XX
        IZ  ZI  ZZ
        XZ  ZX  YY

    on two EPR pairs. The pairs are prepared up to a local basis change: two CZ across the link
    b1 - c1 with one CX on each side between them give the graph state
    sum_bc (-1)^(b.Ac)|b>|c> with A = [[0, 1], [1, 1]], which is two EPR pairs after H on both of
    Charlie's qubits and the relabelling c -> Ac. In this frame Charlie's columns are
    {IZ, XI}, {ZZ, XX} and {ZI, IX}, so each player needs a two-qubit gate for one question only:
    4 to 6 two-qubit gates in all, and none between b2 and c2.
    """
    prepare = QuantumCircuit(4, name="two_pairs")  # b1, b2, c1, c2
    b1, b2, c1, c2 = range(4)
    prepare.h([b1, b2, c1, c2])
    prepare.cz(b1, c1)
    prepare.cx(b2, b1)
    prepare.cx(c2, c1)
    prepare.cz(b1, c1)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, Sequence[int]]:
        circuit = QuantumCircuit(2)
        if player == 0:
            if question == 0:  # XI, IX
                circuit.h([0, 1])
                return circuit, (0, 1)
            if question == 1:  # IZ, ZI
                return circuit, (1, 0)
            circuit.cz(0, 1)  # XZ, ZX
            circuit.h([0, 1])
            return circuit, (0, 1)
        if question == 0:  # IZ, XI
            circuit.h(0)
            return circuit, (1, 0)
        if question == 1:  # ZZ, XX
            circuit.cx(0, 1)
            circuit.h(0)
            return circuit, (1, 0)
        circuit.h(1)  # ZI, IX
        return circuit, (0, 1)

    return Strategy(prepare, ((b1, b2), (c1, c2)), basis, Value(1.0, "exact", "[Peres1990]"))


def ghz_strategy(players: int) -> Strategy:
    """Return the perfect GHZ strategy: (|0..0> + |1..1>)/sqrt2, X for question 0 and Y for question 1.

    The state is grown from the middle of a chain outwards, one CX a neighbour.
    """
    prepare = QuantumCircuit(players, name=f"ghz_{players}")
    middle = players // 2
    prepare.h(middle)
    for step in range(1, middle + 1):
        if middle + step < players:
            prepare.cx(middle + step - 1, middle + step)
        prepare.cx(middle - step + 1, middle - step)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, Sequence[int]]:
        circuit = QuantumCircuit(1)
        if question == 1:
            circuit.sdg(0)
        circuit.h(0)
        return circuit, (0,)

    shares = tuple((i,) for i in range(players))
    return Strategy(prepare, shares, basis, Value(1.0, "exact", "[Mermin1990]"))


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
    """
    questions = tuple((question,) for question in game.questions())
    circuits = tuple(circuit(*question) for (question,) in questions)
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
    """Return circuits that ask `questions[circuit][round]` as an experiment, answers found by register name."""
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
    return Experiment(name, title, circuits, tuple(map(_label, questions)), play, copies=rounds)


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
    """Return `x=0,y=1` for two players, `x=011` for more, and `00 01 ..` for several rounds."""
    if len(questions) > 1:
        return " ".join("".join(map(str, q)) for q in questions)
    (question,) = questions
    if len(question) == 2:
        return "x={},y={}".format(*question)
    return "x=" + "".join(map(str, question))


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

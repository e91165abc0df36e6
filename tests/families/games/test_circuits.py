"""The game circuits against mathematics: Born's rule with explicit observables, without a simulator."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.experiment import Experiment, build_experiment
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.spec import ExperimentSpec

IDENTITY, X, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1])
Y = np.array([[0, -1j], [1j, 0]])


def spec(game: str, **parameters: int) -> ExperimentSpec:
    pairs = tuple(sorted({"game": game, **parameters}.items()))
    return ExperimentSpec(name="t", title="t", family="nonlocal-game", parameters=pairs)


@functools.cache
def experiment(game: str, **parameters: int) -> Experiment:
    return build_experiment(spec(game, **parameters))


def kron(*factors: np.ndarray) -> np.ndarray:
    return functools.reduce(np.kron, factors)


def projector(observable: np.ndarray, bit: int) -> np.ndarray:
    """Return the projector on the eigenvalue (-1)^bit of an observable whose square is the identity."""
    np.testing.assert_allclose(observable @ observable, np.eye(len(observable)), atol=1e-12)
    return (np.eye(len(observable)) + (-1) ** bit * observable) / 2


# What theory says of one round: question, answers -> probability


def chsh_probability(question: tuple[int, ...], answer: tuple[int, ...]) -> float:
    """Phi+, Bob's Z or X, Charlie's (Z + X)/sqrt2 or (Z - X)/sqrt2."""
    bob = (Z, X)[question[0]]
    charlie = ((Z + X) / math.sqrt(2), (Z - X) / math.sqrt(2))[question[1]]
    phi = np.array([1, 0, 0, 1]) / math.sqrt(2)
    return float((phi @ kron(projector(bob, answer[0]), projector(charlie, answer[1])) @ phi).real)


SQUARE = [
    [kron(X, IDENTITY), kron(IDENTITY, X), kron(X, X)],
    [kron(IDENTITY, Z), kron(Z, IDENTITY), kron(Z, Z)],
    [kron(X, Z), kron(Z, X), kron(Y, Y)],
]


def magic_square_probability(question: tuple[int, ...], answer: tuple[int, ...]) -> float:
    """Two EPR pairs b1c1, b2c2; Bob measures row x of the Pauli square, Charlie column y."""
    row, column = SQUARE[question[0]], [cells[question[1]] for cells in SQUARE]
    bob = projector(row[0], answer[0] >> 1) @ projector(row[1], answer[0] & 1)
    charlie = projector(column[0], answer[1] >> 1) @ projector(column[1], answer[1] & 1)
    pairs = np.eye(4).reshape(16) / 2  # sum over b of |b>_Bob |b>_Charlie
    return float((pairs @ kron(bob, charlie) @ pairs).real)


def ghz_probability(question: tuple[int, ...], answer: tuple[int, ...]) -> float:
    """(|0..0> + |1..1>)/sqrt2, X for question 0 and Y for question 1."""
    state = np.zeros(2 ** len(question))
    state[[0, -1]] = 1 / math.sqrt(2)
    parts = [projector((X, Y)[x], b) for x, b in zip(question, answer, strict=True)]
    return float((state @ kron(*parts) @ state).real)


Formula = Callable[[tuple[int, ...], tuple[int, ...]], float]

CASES: list[tuple[str, dict[str, int], Formula]] = [
    ("chsh", {}, chsh_probability),
    ("magic-square", {}, magic_square_probability),
    *(("ghz", {"players": n}, ghz_probability) for n in (3, 4, 5, 6)),
    ("chsh", {"rounds": 2}, chsh_probability),
    ("chsh", {"rounds": 3}, chsh_probability),
    ("magic-square", {"rounds": 2}, magic_square_probability),
    ("ghz", {"players": 3, "rounds": 2}, ghz_probability),
    ("ghz", {"players": 3, "rounds": 3}, ghz_probability),
]
IDS = ["-".join([g, *map(str, p.values())]) + ("-rounds" if "rounds" in p else "") for g, p, _ in CASES]
every_case = pytest.mark.parametrize(("game", "parameters", "formula"), CASES, ids=IDS)


def test_the_square_is_magic():
    """The reference itself: rows multiply to +1, columns to +1, +1, -1, and all lines commute."""
    for line, sign in [(row, 1) for row in SQUARE] + [
        ([row[y] for row in SQUARE], (1, 1, -1)[y]) for y in range(3)
    ]:
        np.testing.assert_allclose(line[0] @ line[1] @ line[2], sign * np.eye(4), atol=1e-12)
        np.testing.assert_allclose(line[0] @ line[1], line[1] @ line[0], atol=1e-12)


@pytest.mark.few(5)
@every_case
def test_every_joint_distribution_is_born_s_rule(game, parameters, formula, distribution):
    built = experiment(game, **parameters)
    play = built.play
    for net, asked in zip(built.circuits, play.questions, strict=True):
        found = distribution(net.circuit)
        # The formula for each round, as an array over that round's answers; rounds are independent.
        expected, axes = np.ones(()), []
        for question, players in zip(asked, play.answers, strict=True):
            one = np.array([formula(question, a) for a in itertools.product(*map(range, play.game.answers))])
            bits = [b for player in players for b in player]
            assert one.size == 2 ** len(bits)
            expected = np.multiply.outer(expected, one.reshape((2,) * len(bits)))
            axes += bits
        assert sorted(axes) == list(range(found.ndim))
        np.testing.assert_allclose(found.transpose(axes), expected, atol=1e-12)


@every_case
def test_win_probability_of_the_circuits_is_what_theory_is_said_to_be(
    game, parameters, formula, distribution
):
    built = experiment(game, **parameters)
    play = built.play
    for r, players in enumerate(play.answers):
        asked_in_round = {}
        for net, asked in zip(built.circuits, play.questions, strict=True):
            found = distribution(net.circuit)
            bits = [b for player in players for b in player]
            marginal = found.sum(axis=tuple(i for i in range(found.ndim) if i not in bits))
            order = [sorted(bits).index(b) for b in bits]
            table = marginal.transpose(order).reshape(play.game.answers)
            asked_in_round[asked[r]] = float((table * play.game.win[asked[r]]).sum())
        assert sorted(asked_in_round) == sorted(play.game.questions())  # every round asks everything
        mean = sum(float(play.game.prob[q]) * w for q, w in asked_in_round.items())
        assert mean == pytest.approx(play.theory.value, abs=1e-12)
    ideal = {"chsh": (2 + math.sqrt(2)) / 4, "magic-square": 1.0, "ghz": 1.0}[game]
    assert play.theory.value == pytest.approx(ideal)
    players = parameters.get("players", 3)
    bound = {"chsh": 3 / 4, "magic-square": 8 / 9, "ghz": 1 / 2 + 2 ** -math.ceil(players / 2)}[game]
    assert play.bound.value == pytest.approx(bound)
    assert play.theory.kind == play.bound.kind == "exact"


def test_chsh_s_is_the_usual_combination_of_correlators():
    """S = E(00) + E(01) + E(10) - E(11), for any behaviour, is scale * win + offset."""
    (figure,) = experiment("chsh").play.figures
    table = {
        q: [chsh_probability(q, a) for a in itertools.product((0, 1), repeat=2)]
        for q in itertools.product((0, 1), repeat=2)
    }
    e = {q: p[0] - p[1] - p[2] + p[3] for q, p in table.items()}
    s = e[0, 0] + e[0, 1] + e[1, 0] - e[1, 1]
    win = sum(p[0] + p[3] if q != (1, 1) else p[1] + p[2] for q, p in table.items()) / 4
    assert figure.scale * win + figure.offset == pytest.approx(s)
    assert figure.theory.value == pytest.approx(2 * math.sqrt(2))
    assert figure.scale * 0.75 + figure.offset == pytest.approx(figure.bound.value) == pytest.approx(2)


# Who holds what


@every_case
def test_usage_is_one_share_a_player_and_round(game, parameters, formula):
    built = experiment(game, **parameters)
    rounds = parameters.get("rounds", 1)
    size = 2 if game == "magic-square" else 1
    names = ("Bob", "Charlie", "Dave", "Erin", "Frank", "Grace")[: built.play.game.players]
    expected = {"qubits": size * rounds, "log2_dim": size * rounds, "bits": 0}
    assert built.usage == {f"Alice->{name}": expected for name in names}
    assert built.play.players == names
    assert built.copies == built.play.rounds == rounds
    for net in built.circuits:
        assert net.usage == built.usage


def segments(net: NetworkCircuit) -> list[list[tuple[str, tuple[float, ...], tuple[int, ...]]]]:
    """Return the flat circuit's instructions (name, parameters, qubits) between full barriers."""
    circuit: QuantumCircuit = net.circuit
    parts: list[list[tuple[str, tuple[float, ...], tuple[int, ...]]]] = [[]]
    for i in circuit.data:
        if i.operation.name == "barrier" and len(i.qubits) == circuit.num_qubits:
            parts.append([])
        elif i.operation.name != "barrier":
            where = tuple(circuit.find_bit(q).index for q in i.qubits)
            parts[-1].append((i.operation.name, tuple(map(float, i.operation.params)), where))
    return parts


@every_case
def test_a_player_s_gates_depend_on_its_own_question_alone(game, parameters, formula):
    built = experiment(game, **parameters)
    rounds = built.play.rounds
    seen: dict[tuple[int, str, int], set[str]] = {}
    preparations = set()
    for net, asked in zip(built.circuits, built.play.questions, strict=True):
        qubits, parts = net.circuit.qubits, segments(net)
        preparations.add(repr(parts[:-rounds]))
        for r, (part, question) in enumerate(zip(parts[-rounds:], asked, strict=True)):
            for player, x in zip(built.play.players, question, strict=True):
                own = [act for act in part if {net.owner(qubits[q]) for q in act[2]} == {player}]
                assert [act[0] for act in own].count("measure") >= 1
                seen.setdefault((r, player, x), set()).add(repr(own))
            assert len(part) == sum(
                net.owner(qubits[act[2][0]]) in built.play.players for act in part
            )  # Alice does nothing once the questions are asked
    assert len(preparations) == 1  # the state does not depend on any question
    assert all(len(variants) == 1 for variants in seen.values())
    for r, player in itertools.product(range(rounds), built.play.players):
        mine = [next(iter(v)) for (k, p, _), v in seen.items() if (k, p) == (r, player)]
        assert len(mine) > 1
        assert len(set(mine)) == len(mine)  # and it does depend on that


@every_case
def test_no_gate_spans_two_players_after_the_shares_are_sent(game, parameters, formula):
    built = experiment(game, **parameters)
    rounds, spanning = built.play.rounds, 0
    for net in built.circuits:
        qubits, parts = net.circuit.qubits, segments(net)
        owner = [net.owner(q) for q in qubits]
        assert "Alice" not in owner
        for part in parts[-rounds:]:
            for _, _, where in part:
                assert len({owner[q] for q in where}) == 1
        spanning += sum(len({owner[q] for q in act[2]}) > 1 for part in parts[:-rounds] for act in part)
        for part in parts[:-rounds]:
            assert all(name != "measure" for name, _, _ in part)
    assert spanning > 0  # the state was made across the players, before it was sent


@every_case
def test_labels_and_questions_belong_together(game, parameters, formula):
    built = experiment(game, **parameters)
    labels = [setting.label for setting in built.settings]
    assert len(labels) == len(built.circuits) == len(built.play.questions)
    assert len(set(labels)) == len(labels)
    for label, asked in zip(labels, built.play.questions, strict=True):
        digits = [c for c in label if c.isdigit()]
        assert digits == [str(x) for question in asked for x in question]

"""Circuits of strategies in plain arrays: their answers against a plain evaluation of tr(rho E x F)."""

from __future__ import annotations

import itertools
import math
from functools import reduce

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.families.games.circuits import quantum_experiment
from qcoord_hw.families.games.measurement_circuits import MAX_QUBITS, measured_strategy
from qcoord_hw.theory.games import Game
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.strategies import QuantumStrategy
from qcoord_hw.theory.value import Value

CLOSE = 1e-9
NAMES = [name for name in EXPLICIT if name not in ("hardy-4", "ghz-5", "ghz-6")]


def unitary(rng, d):
    found, _ = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))
    return found


def random_state(rng, dims):
    ket = rng.normal(size=math.prod(dims)) + 1j * rng.normal(size=math.prod(dims))
    return ket / np.linalg.norm(ket)


def projectors(rng, d, answers, ranks=None):
    """Projectors onto random subspaces; of random ranks (0 among them) unless they are given."""
    owner = rng.integers(0, answers, d) if ranks is None else np.repeat(np.arange(answers), ranks)
    u = unitary(rng, d)
    return np.array([u[:, owner == b] @ u[:, owner == b].conj().T for b in range(answers)])


def povm(rng, d, answers):
    """A measurement of full rank that is not projective."""
    raw = rng.normal(size=(answers, d, d)) + 1j * rng.normal(size=(answers, d, d))
    positive = raw @ raw.conj().transpose(0, 2, 1)
    values, vectors = np.linalg.eigh(positive.sum(axis=0))
    root = vectors @ np.diag(values**-0.5) @ vectors.conj().T
    return root @ positive @ root


def random_strategy(rng, dims, shape, make):
    """`shape`: (questions, answers) of each player; `make(d, answers, player, question)`."""
    return QuantumStrategy(
        tuple(dims),
        random_state(rng, dims),
        tuple(
            tuple(make(d, answers, p, x) for x in range(questions))
            for p, (d, (questions, answers)) in enumerate(zip(dims, shape, strict=True))
        ),
    )


def game_of(shape):
    """A game of these sizes in which every question is asked; what wins does not matter here."""
    questions, answers = [x for x, _ in shape], [b for _, b in shape]
    number = math.prod(questions)
    return Game("any", np.full(questions, f"1/{number}"), np.ones(questions + answers, dtype=int))


def expected(strategy, question):
    """tr(rho E x F x ..), written out with Kronecker products."""
    rho = np.outer(strategy.state, strategy.state.conj())
    own = [strategy.measurements[p][x] for p, x in enumerate(question)]
    table = np.zeros([len(m) for m in own])
    for answers in np.ndindex(table.shape):
        effect = reduce(np.kron, [m[b] for m, b in zip(own, answers, strict=True)])
        table[answers] = np.einsum("ij,ji->", rho, effect).real
    return table


def found(experiment, k):
    """Distribution of the decoded answers to circuit k's question, and the weight on no answer."""
    play, circuit = experiment.play, experiment.circuits[k].circuit
    (question,) = play.questions[k]
    wire = {}
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            wire[circuit.find_bit(instruction.clbits[0]).index] = circuit.find_bit(
                instruction.qubits[0]
            ).index
    weights = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities()
    n, leak = circuit.num_qubits, 0.0
    table = np.zeros(play.game.answers)
    assert len(weights) == 2**n
    for basis, weight in enumerate(weights):
        answers = []
        for p, positions in enumerate(play.answers[0]):
            outcome = 0
            for position in positions:
                outcome = 2 * outcome + (basis >> wire[position] & 1)
            answers.append(play.decoded[p][question[p]][outcome])
        if -1 in answers:
            leak += weight
        else:
            table[tuple(answers)] += weight
    return table, leak


def check(game, strategy):
    experiment = quantum_experiment(
        game, strategy, name="any-name", title="any", theory=Value(0.5, "lower", "-")
    )
    shares = [math.ceil(math.log2(d)) for d in strategy.dimensions]
    assert len(experiment.circuits) == len(list(game.questions()))
    for k, question in enumerate(game.questions()):
        assert experiment.play.questions[k] == (question,)
        table, leak = found(experiment, k)
        np.testing.assert_allclose(table, expected(strategy, question), rtol=0, atol=CLOSE)
        assert leak == pytest.approx(0, abs=CLOSE)
    for net in experiment.circuits:
        for share, link in zip(shares, net.topology.links, strict=True):
            used = net.usage.get(f"{link.sender}->{link.receiver}", {"qubits": 0, "bits": 0})
            assert (used["qubits"], used["bits"]) == (share, 0)
    return experiment


@pytest.mark.few(4)
@pytest.mark.parametrize("name", NAMES)
def test_catalogue_games_give_their_distribution(name):
    game, strategy = GAMES[name](), EXPLICIT[name].build()
    experiment = check(game, strategy)
    win = sum(
        float(game.prob[q]) * float(np.sum(np.asarray(game.table[q], dtype=float) * found(experiment, k)[0]))
        for k, q in enumerate(game.questions())
    )
    assert win == pytest.approx(EXPLICIT[name].value.value, abs=1e-9)


PAIRS = list(itertools.product((1, 2, 3, 4), repeat=2))


@pytest.mark.few(6)
@pytest.mark.parametrize("dims", PAIRS, ids=str)
def test_random_projective_measurements_of_mixed_ranks(rng, dims):
    shape = [(2, 3), (2, 4)]
    check(game_of(shape), random_strategy(rng, dims, shape, lambda d, b, p, x: projectors(rng, d, b)))


@pytest.mark.few(4)
@pytest.mark.parametrize("dims", PAIRS, ids=str)
def test_random_povms(rng, dims):
    shape = [(2, 3), (2, 2)]
    strategy = random_strategy(rng, dims, shape, lambda d, b, p, x: povm(rng, d, b))
    experiment = check(game_of(shape), strategy)
    assert experiment.play.decoded is not None
    registers = measured_strategy(strategy, Value(0.5, "lower", "-")).registers
    assert registers == tuple(
        math.ceil(math.log2(d)) + math.ceil(math.log2(b)) for d, (_, b) in zip(dims, shape, strict=True)
    )


@pytest.mark.few(2)
@pytest.mark.parametrize("dims", [(2, 2), (3, 2), (1, 3), (4, 3)], ids=str)
def test_projective_and_other_measurements_beside_each_other(rng, dims):
    shape = [(3, 3), (2, 4)]

    def make(d, answers, player, question):
        return projectors(rng, d, answers) if question % 2 else povm(rng, d, answers)

    check(game_of(shape), random_strategy(rng, dims, shape, make))


@pytest.mark.few(4)
@pytest.mark.parametrize("dims", [(2, 2, 2), (1, 2, 3), (2, 1, 1), (3, 2, 2), (1, 1, 1), (4, 1, 2)], ids=str)
@pytest.mark.parametrize("kind", ["projective", "povm"])
def test_three_players(rng, dims, kind):
    shape = [(2, 2), (1, 3), (2, 2)]
    make = projectors if kind == "projective" else povm
    check(game_of(shape), random_strategy(rng, dims, shape, lambda d, b, p, x: make(rng, d, b)))


@pytest.mark.parametrize("dims", [(3, 3), (2, 4), (4, 2)], ids=str)
def test_product_states_and_states_of_low_rank(rng, dims):
    shape = [(2, 2), (2, 3)]
    strategy = random_strategy(rng, dims, shape, lambda d, b, p, x: projectors(rng, d, b))
    left, right = (random_state(rng, [d]) for d in dims)
    state = np.kron(left, right)
    check(game_of(shape), QuantumStrategy(tuple(dims), state, strategy.measurements))
    low = state + np.kron(*(random_state(rng, [d]) for d in dims))
    check(game_of(shape), QuantumStrategy(tuple(dims), low / np.linalg.norm(low), strategy.measurements))


def test_measurements_with_repeated_answers_of_one_direction(rng):
    """Weights of the identity (a coin), trine directions, and one answer that is never given."""
    trine = np.array([[math.cos(a), math.sin(a)] for a in 2 * math.pi / 3 * np.arange(3)])
    effects = 2 / 3 * trine[:, :, None] * trine[:, None, :]
    coin = np.array([0.3, 0.7, 0])[:, None, None] * np.eye(2)
    never = np.array([np.eye(2), np.zeros((2, 2)), np.zeros((2, 2))])
    own = tuple(m.astype(complex) for m in (effects, coin, never))
    shape = [(3, 3), (3, 3)]
    check(game_of(shape), QuantumStrategy((2, 2), random_state(rng, (2, 2)), (own, own)))


def test_questions_of_probability_zero_are_not_asked(rng):
    shape = [(2, 2), (2, 2)]
    strategy = random_strategy(rng, (2, 3), shape, lambda d, b, p, x: projectors(rng, d, b))
    game = Game("any", [["1/2", 0], ["1/4", "1/4"]], np.ones((2, 2, 2, 2), dtype=int))
    assert len(check(game, strategy).circuits) == 3


def test_no_qubit_for_a_deterministic_strategy():
    experiment = check(GAMES["ffl"](), EXPLICIT["ffl"].build())
    assert all(not any(used["qubits"] for used in net.usage.values()) for net in experiment.circuits)


def test_four_qubits_a_player_are_the_most(rng):
    """16 dimensions are allowed, 17 are not; measurements that are not projective count their own qubits."""
    assert MAX_QUBITS == 4
    fits = random_strategy(rng, (16, 2), [(1, 2), (1, 2)], lambda d, b, p, x: projectors(rng, d, b))
    assert measured_strategy(fits, Value(0.5, "lower", "-")).registers == (4, 1)
    for dims, answers, make in [
        ((17, 2), 2, projectors),
        ((2, 17), 2, projectors),
        ((16, 2), 2, povm),
        ((2, 5), 3, povm),
        ((1, 2), 9, povm),
        ((2, 2, 17), 2, projectors),
    ]:
        shape = [(1, answers)] * len(dims)
        wide = random_strategy(rng, dims, shape, lambda d, b, p, x, make=make: make(rng, d, b))
        with pytest.raises(TooLargeError, match="allowed are 4"):
            measured_strategy(wide, Value(0.5, "lower", "-"))
        with pytest.raises(TooLargeError):
            quantum_experiment(game_of(shape), wide, name="any", title="any", theory=Value(1, "lower", "-"))


@pytest.mark.parametrize("players", [1, 7])
def test_one_player_and_seven_are_refused(players):
    own = (np.ones((1, 1, 1), dtype=complex),)
    strategy = QuantumStrategy((1,) * players, np.ones(1, dtype=complex), (own,) * players)
    with pytest.raises(InputError, match="players"):
        quantum_experiment(
            game_of([(1, 1)] * players), strategy, name="any", title="any", theory=Value(1, "lower", "-")
        )

"""Gates on digits against plain matrices, on random states of the code."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Operator

from qcoord_hw.qudits import gates
from qcoord_hw.qudits.graph_circuits import graph_state, undo_graph
from qcoord_hw.qudits.leakage import decode_digits, qubits_per_digit

PRIMES = (2, 3, 5, 7)
ALL_T = [(p, t) for p in PRIMES for t in range(1, p)]
GRAPH = np.array([[0, 1, 2, 0], [1, 0, 1, 1], [2, 1, 0, 0], [0, 1, 0, 0]])


def random_state(rng, dimension):
    state = rng.normal(size=dimension) + 1j * rng.normal(size=dimension)
    return state / np.linalg.norm(state)


def places(p, digits):
    """Basis states of the code, digit 0 the slowest axis of the oracle and on the lowest qubits."""
    n = qubits_per_digit(p)
    grid = np.indices((p,) * digits).reshape(digits, -1)
    return sum(digit << (n * k) for k, digit in enumerate(grid))


def embed(state, p, digits):
    result = np.zeros(2 ** (digits * qubits_per_digit(p)), dtype=complex)
    result[places(p, digits)] = state
    return result


def apply(circuit, state):
    return Operator(circuit).data @ state


def assert_same(actual, expected):
    """Equal but for a global phase."""
    phase = np.vdot(expected, actual)
    assert np.linalg.norm(actual - phase / abs(phase) * expected) < 1e-9


def fourier(p, t=1):
    return np.exp(2j * np.pi / p * t * np.outer(np.arange(p), np.arange(p))) / np.sqrt(p)


def controlled_z(p, t):
    return np.diag(np.exp(2j * np.pi / p * t * np.outer(np.arange(p), np.arange(p))).ravel())


def weyl(p, u, v):
    return np.roll(np.eye(p), u, axis=0) @ np.diag(np.exp(2j * np.pi / p * v * np.arange(p)))


def graph(p, adjacency):
    """Diagonal of prod CZ^adjacency."""
    digits = np.indices((p,) * len(adjacency)).reshape(len(adjacency), -1)
    return np.exp(2j * np.pi / p * np.einsum("ax,ab,bx->x", digits, np.triu(adjacency), digits))


def everywhere(gate, count):
    result = np.eye(1)
    for _ in range(count):
        result = np.kron(result, gate)
    return result


def zero(circuit: QuantumCircuit):
    return np.eye(2**circuit.num_qubits)[0]


@pytest.mark.parametrize("p", PRIMES)
def test_zero_fourier(p):
    circuit = gates.zero_fourier(p)
    assert_same(apply(circuit, zero(circuit)), embed(fourier(p)[0], p, 1))


@pytest.mark.parametrize("p", [*PRIMES, 13])
def test_fourier(p, rng):
    state = random_state(rng, p)
    for inverse in (False, True):
        actual = apply(gates.fourier(p, inverse), embed(state, p, 1))
        assert_same(actual, embed(fourier(p, -1 if inverse else 1) @ state, p, 1))


@pytest.mark.parametrize("p", PRIMES)
@pytest.mark.parametrize("detect", [True, False])
def test_fourier_before_measuring(p, detect, rng):
    state = random_state(rng, p)
    outcomes = abs(apply(gates.fourier_before_measuring(p, detect), embed(state, p, 1))) ** 2
    if p == 3 and not detect:
        outcomes[0] += outcomes[3]
        outcomes[3] = 0
    np.testing.assert_allclose(outcomes[:p], abs(fourier(p, -1) @ state) ** 2, atol=1e-9)
    np.testing.assert_allclose(outcomes[p:], 0, atol=1e-9)


@pytest.mark.parametrize("p", PRIMES)
def test_weyl(p, rng):
    state = random_state(rng, p)
    circuit, u, v = gates.weyl(p)
    for x in range(p):
        for z in range(p):
            actual = apply(circuit.assign_parameters({u: x, v: z}), embed(state, p, 1))
            assert_same(actual, embed(weyl(p, x, z) @ state, p, 1))


@pytest.mark.few(3)
@pytest.mark.parametrize(("p", "t"), ALL_T)
def test_weyl_after_fourier(p, t, rng):
    state = random_state(rng, p)
    circuit, u, v = gates.weyl_after_fourier(p, t)
    for x in range(p):
        for z in range(p):
            actual = apply(circuit.assign_parameters({u: x, v: z}), embed(state, p, 1))
            assert_same(actual, embed(weyl(p, x, z) @ fourier(p, t) @ state, p, 1))


@pytest.mark.parametrize(("p", "t"), ALL_T)
def test_controlled_z(p, t, rng):
    state = random_state(rng, p * p)
    actual = apply(gates.controlled_z(p, t), embed(state, p, 2))
    assert_same(actual, embed(controlled_z(p, t) @ state, p, 2))


@pytest.mark.parametrize("p", PRIMES)
def test_copy(p, rng):
    state = random_state(rng, p)
    actual = apply(gates.copy(p), embed(np.kron(state, np.eye(p)[0]), p, 2))
    assert_same(actual, embed(np.diag(state).ravel(), p, 2))


@pytest.mark.parametrize("p", [2, 3])
@pytest.mark.parametrize(
    "adjacency", [GRAPH, GRAPH[:2, :2], GRAPH[:3, :3], GRAPH[1:, 1:] * 2, np.zeros((2, 2), int)]
)
def test_graph_state_and_its_undoing(p, adjacency, rng):
    count = len(adjacency)
    uniform = np.full(p**count, p ** (-count / 2))
    ideal = graph(p, adjacency) * uniform
    circuit, late = graph_state(p, adjacency)
    assert not late
    state = Operator(circuit).data[:, 0]
    assert_same(state, embed(ideal, p, count))

    circuit, late = graph_state(p, adjacency, deferrable=range(count))
    n = qubits_per_digit(p)
    full = QuantumCircuit(circuit.num_qubits).compose(circuit)
    word = np.eye(1)
    for q in range(count):
        x, z = rng.integers(p, size=2)
        local, u, v = gates.weyl_after_fourier(p, late[q]) if q in late else gates.weyl(p)
        bound = local.assign_parameters({u: int(x), v: int(z)})
        full.compose(bound, range(n * q, n * q + n), inplace=True)
        word = np.kron(word, weyl(p, x, z))
    moved = word @ ideal
    assert_same(Operator(full).data[:, 0], embed(moved, p, count))

    # On a random state, since a graph state gives one outcome only.
    start = random_state(rng, p**count)
    expected = abs(everywhere(fourier(p, -1), count) @ (graph(p, adjacency).conj() * start)) ** 2
    for detect in (True, False):
        undo = undo_graph(p, adjacency, detect)
        outcomes = abs(apply(undo, embed(start, p, count))) ** 2
        if p == 3 and not detect:
            bits = np.arange(len(outcomes))[:, None] >> np.arange(undo.num_qubits) & 1
            digits = decode_digits(bits, 3)[0] % 3
            folded = np.zeros((3,) * count)
            np.add.at(folded, tuple(digits.T), outcomes)
            np.testing.assert_allclose(folded.ravel(), expected, atol=1e-9)
        else:
            np.testing.assert_allclose(outcomes[places(p, count)], expected, atol=1e-9)


@pytest.mark.parametrize("p", [5, 7])
def test_pairs_of_larger_digits(p, rng):
    adjacency = np.array([[0, p - 2], [p - 2, 0]])
    circuit, late = graph_state(p, adjacency, deferrable=[0, 1])
    assert late == {1: p - 2}
    local, u, v = gates.weyl_after_fourier(p, p - 2)
    full = circuit.compose(local.assign_parameters({u: 0, v: 0}), (3, 4, 5))
    uniform = np.full(p * p, 1 / p)
    assert_same(apply(full, zero(full)), embed(graph(p, adjacency) * uniform, p, 2))
    start = random_state(rng, p * p)
    outcomes = abs(apply(undo_graph(p, adjacency), embed(start, p, 2))) ** 2
    expected = abs(everywhere(fourier(p, -1), 2) @ (graph(p, adjacency).conj() * start)) ** 2
    np.testing.assert_allclose(outcomes[places(p, 2)], expected, atol=1e-9)


@pytest.mark.parametrize(
    ("p", "counts"),
    [
        (2, (0, 0, 0, 0, 0, 1, 1)),
        (3, (1, 2, 2, 2, 2, 6, 2)),
        (5, (2, 9, 9, 6, 9, 12, 3)),
        (7, (3, 12, 12, 8, 12, 18, 3)),
    ],
)
def test_two_qubit_gates(p, counts):
    for t in range(1, p):
        circuits = (
            gates.zero_fourier(p),
            gates.fourier(p),
            gates.fourier_before_measuring(p),
            gates.weyl(p)[0],
            gates.weyl_after_fourier(p, t)[0],
            gates.controlled_z(p, t),
            gates.copy(p),
        )
        assert tuple(circuit.num_nonlocal_gates() for circuit in circuits) == counts
        for circuit in circuits:
            assert {i.operation.name for i in circuit.data if len(i.qubits) > 1} <= {"cx", "cz"}
            assert all(len(i.qubits) <= 2 for i in circuit.data)


def test_two_qubit_gates_of_qutrit_graphs():
    """A pair prepared without its last transform and undone: 3 + 9, or 3 + 7 blind to leakage."""
    pair = GRAPH[:2, :2]
    assert graph_state(3, pair)[0].num_nonlocal_gates() == 5
    assert graph_state(3, pair, deferrable=(0, 1))[0].num_nonlocal_gates() == 3
    assert undo_graph(3, pair).num_nonlocal_gates() == 9
    assert undo_graph(3, pair, detect_leakage=False).num_nonlocal_gates() == 7
    assert gates.fourier_before_measuring(3, detect_leakage=False).num_nonlocal_gates() == 1
    # Three further digits at 4 each, and the edge that closes the triangle at 5.
    assert graph_state(3, GRAPH)[0].num_nonlocal_gates() == 1 + 3 * 4 + 5


def test_decode_digits():
    digits, leaked = decode_digits([[1, 0, 1, 0, 0, 1], [1, 1, 1, 0, 0, 0]], 5)
    assert digits.tolist() == [[5, 4], [7, 0]]
    assert leaked.tolist() == [True, True]
    with pytest.raises(ValueError, match="not digits"):
        decode_digits([0, 1, 0], 3)
    with pytest.raises(ValueError, match="0 or 1"):
        decode_digits([0, 2], 3)

"""Layouts: the best embedding by calibration, checked by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.layout import check_layout, choose_layout
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.execution.targets import fake_backends


def device(rng: np.random.Generator, edges: list[tuple[int, int]], size: int) -> Snapshot:
    qubits = tuple(QubitCalibration(q, 1e-4, 1e-4, *rng.uniform(0, 0.05, 2)) for q in range(size))
    gates = tuple(GateCalibration("cz", edge, 1e-7, float(rng.uniform(0, 0.02))) for edge in edges)
    return Snapshot("toy", "1", "", size, qubits, gates)


def line(size: int) -> QuantumCircuit:
    circuit = QuantumCircuit(size, size)
    for q in range(size - 1):
        circuit.cz(q, q + 1)
    circuit.measure(range(size), range(size))
    return circuit


def cost(layout: tuple[int, ...], circuit: QuantumCircuit, snapshot: Snapshot) -> float:
    errors = {frozenset(g.qubits): g.error for g in snapshot.gates}
    total = sum(-math.log1p(-(q.p10 + q.p01) / 2) for q in snapshot.qubits if q.index in layout)
    for i in circuit.data:
        if i.operation.name == "cz":
            pair = frozenset(layout[circuit.find_bit(q).index] for q in i.qubits)
            if pair not in errors:
                return math.inf
            total -= math.log1p(-errors[pair])
    return total


@pytest.mark.few(1)
@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_best_embedding_is_found(rng, size):
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (1, 4), (5, 6)]
    for _ in range(10):
        snapshot = device(rng, edges, 7)
        chosen = choose_layout([line(size)], snapshot)
        best = min(cost(p, line(size), snapshot) for p in itertools.permutations(range(7), size))
        assert cost(chosen, line(size), snapshot) == pytest.approx(best, rel=1e-12)


def test_faulty_pairs_and_qubits_are_a_last_resort(rng):
    edges = [(0, 1), (1, 2), (2, 3)]
    snapshot = device(rng, edges, 4)
    gates = (GateCalibration("cz", (0, 1), 1e-7, 1.0), *snapshot.gates[1:])
    qubits = (*snapshot.qubits[:3], QubitCalibration(3, 1e-4, 1e-4, 1.0, 1.0))
    broken = Snapshot("toy", "1", "", 4, qubits, gates)
    assert set(choose_layout([line(2)], broken)) == {1, 2}
    only = Snapshot("toy", "1", "", 2, qubits[:2], gates[:1])
    assert set(choose_layout([line(2)], only)) == {0, 1}


def test_one_layout_serves_all_circuits(rng):
    """The pattern is the union over circuits: a triangle needs three coupled pairs."""
    pairs = []
    for pair in [(0, 1), (1, 2), (0, 2)]:
        circuit = QuantumCircuit(3, 3)
        circuit.cz(*pair)
        pairs.append(circuit)
    triangle = device(rng, [(0, 1), (1, 2), (2, 3), (3, 4), (2, 4)], 5)
    assert set(choose_layout(pairs, triangle)) == {2, 3, 4}
    with pytest.raises(TooLargeError, match="no free qubits coupled"):
        choose_layout(pairs, device(rng, [(0, 1), (1, 2), (2, 3)], 4))


def test_disconnected_parts_do_not_overlap(rng):
    circuit = QuantumCircuit(6, 6)
    for q in (0, 2, 4):
        circuit.cz(q, q + 1)
    snapshot = device(rng, [(q, q + 1) for q in range(9)], 10)
    layout = choose_layout([circuit], snapshot)
    assert len(set(layout)) == 6
    assert all(abs(layout[q] - layout[q + 1]) == 1 for q in (0, 2, 4))


def test_a_circuit_that_is_too_large_is_refused():
    with pytest.raises(TooLargeError, match="fake_manila has 5 qubits; this experiment needs 6"):
        choose_layout([line(6)], Snapshot.of(fake_backends()["fake_manila"]()))


@pytest.mark.parametrize(
    ("layout", "words"),
    [((0,), "allowed are 2 qubits"), ((0, 9), "qubit 9"), ((0, 2), "not coupled")],
)
def test_a_given_layout_is_checked(layout, words):
    snapshot = Snapshot.of(fake_backends()["fake_manila"]())
    with pytest.raises(InputError, match=words):
        check_layout(layout, [line(2)], snapshot)

"""Many values of a circuit's parameters at once against one state vector each."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Statevector, random_unitary

from qcoord_hw.execution import batch
from qcoord_hw.execution.batch import probabilities


def random_circuit(rng: np.random.Generator, size: int, gates: int, names: int) -> QuantumCircuit:
    """Gates with and without parameters, in any order; some angles hold several parameters or none."""
    circuit = QuantumCircuit(size)
    free = [Parameter(f"{'zyxw'[k % 4]}{k}") for k in range(names)]  # not in alphabetical order
    for _ in range(gates):
        q, other = (int(k) for k in rng.permutation(size)[:2])
        a, b = (free[int(k)] for k in rng.integers(0, names, 2))
        angle = [a * 0.7, a * b + 0.2, a - b, math.pi * a * a, 0.4][int(rng.integers(5))]
        kind = int(rng.integers(9))
        if kind == 0:
            circuit.rx(angle, q)
        elif kind == 1:
            circuit.rz(angle, q)
        elif kind == 2:
            circuit.u(angle, b, 0.3, q)
        elif kind == 3:
            circuit.cp(angle, q, other)
        elif kind == 4:
            circuit.rzz(angle, q, other)
        elif kind == 5:
            circuit.append(UnitaryGate(random_unitary(4, seed=int(rng.integers(2**31)))), [q, other])
        elif kind == 6:
            circuit.h(q)
        elif kind == 7:
            circuit.cx(q, other)
        else:
            circuit.crx(angle, q, other)
    for k, name in enumerate(free):  # every parameter stands somewhere
        circuit.ry(name, k % size)
    circuit.cx(0, size - 1)
    return circuit


def one_by_one(circuit: QuantumCircuit, qubits: list[int], row: np.ndarray) -> np.ndarray:
    """Index of the outcome: the first of `qubits` is the most significant bit."""
    state = Statevector(circuit.assign_parameters(dict(zip(circuit.parameters, row, strict=True)))).data
    size = circuit.num_qubits
    weights = np.zeros(2 ** len(qubits))
    for index, amplitude in enumerate(state):
        bits = [index >> q & 1 for q in range(size)]
        weights[int("".join(str(bits[q]) for q in qubits), 2)] += abs(amplitude) ** 2
    return weights


@pytest.mark.few(5)
@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("names", [1, 2, 6])
def test_against_state_vectors(rng, size, names):
    circuit = random_circuit(rng, size, 25, names)
    values = rng.uniform(-4, 4, (7, names))
    values[3] = values[0]  # rows that are equal
    values[5] = 0
    values[6, : names // 2] = values[2, : names // 2]  # and rows that are so in part
    orders = [list(range(size)), list(range(size))[::-1], rng.permutation(size).tolist(), [size - 1], [1, 0]]
    for qubits in orders:
        found = list(probabilities(circuit, qubits, values))
        assert len(found) == len(values)
        for row, weights in zip(values, found, strict=True):
            np.testing.assert_allclose(weights, one_by_one(circuit, qubits, row), atol=1e-9)


def test_rows_are_taken_in_portions(rng, monkeypatch):
    """However many rows are held at a time, they come in order."""
    circuit = random_circuit(rng, 3, 12, 2)
    values = rng.uniform(-4, 4, (11, 2))
    whole = np.array(list(probabilities(circuit, [2, 0], values)))
    for held in (8, 16, 24, 40, 1):
        monkeypatch.setattr(batch, "AMPLITUDES", held)
        np.testing.assert_allclose(np.array(list(probabilities(circuit, [2, 0], values))), whole, atol=1e-12)


def test_order_of_many_parameters():
    """x[10] comes after x[2] in `QuantumCircuit.parameters`."""
    circuit = QuantumCircuit(12)
    x = ParameterVector("x", 12)
    for k in reversed(range(12)):
        circuit.rx(math.pi * x[k], k)
    rows = np.eye(12)
    for k, weights in enumerate(probabilities(circuit, list(range(12)), rows)):
        assert weights[1 << (11 - k)] == pytest.approx(1)


def test_without_any_gate_or_parameter():
    circuit = QuantumCircuit(2)
    found = list(probabilities(circuit, [1, 0], np.zeros((3, 0))))
    np.testing.assert_allclose(found, [[1, 0, 0, 0]] * 3)
    circuit.x(1)
    found = list(probabilities(circuit, [1, 0], np.zeros((2, 0))))
    np.testing.assert_allclose(found, [[0, 0, 1, 0]] * 2)

"""A state vector evaluator of explicit matrices, so that circuits are tested without a simulator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit

GATES = {
    "h": lambda: np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "x": lambda: np.array([[0, 1], [1, 0]]),
    "sdg": lambda: np.diag([1, -1j]),
    "ry": lambda t: np.array([[np.cos(t / 2), -np.sin(t / 2)], [np.sin(t / 2), np.cos(t / 2)]]),
    # Two-qubit gates: the first qubit is the more significant index.
    "cx": lambda: np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]),
    "cz": lambda: np.diag([1, 1, 1, -1]),
}


def evaluate(circuit: QuantumCircuit) -> np.ndarray:
    """Return the joint distribution of all classical bits, shape (2,) * bits, axis i for bit i.

    No gate may follow a measurement on the same qubit, so every measurement can be read at the end.
    """
    size = circuit.num_qubits
    state = np.zeros((2,) * size, dtype=complex)
    state[(0,) * size] = 1
    read: dict[int, int] = {}  # classical bit -> qubit
    for i in circuit.data:
        where = [circuit.find_bit(q).index for q in i.qubits]
        if i.operation.name == "barrier":
            continue
        assert not set(where) & set(read.values()), "a gate after a measurement"
        if i.operation.name == "measure":
            (bit,) = (circuit.find_bit(c).index for c in i.clbits)
            assert bit not in read, "a classical bit written twice"
            read[bit] = where[0]
            continue
        gate = GATES[i.operation.name](*i.operation.params).reshape((2, 2) * len(where))
        state = np.tensordot(gate, state, axes=(range(len(where), 2 * len(where)), where))
        state = np.moveaxis(state, range(len(where)), where)
    assert sorted(read) == list(range(circuit.num_clbits))
    probabilities = np.abs(state) ** 2
    unread = tuple(q for q in range(size) if q not in read.values())
    kept = [q for q in range(size) if q in read.values()]
    marginal = probabilities.sum(axis=unread)
    return marginal.transpose([kept.index(read[bit]) for bit in range(circuit.num_clbits)])


@pytest.fixture
def distribution() -> Callable[[QuantumCircuit], np.ndarray]:
    return evaluate

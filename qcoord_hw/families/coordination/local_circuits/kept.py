"""Circuits of senders who prepare the likeliest part of their pairs: F = P, and nothing is discarded.

What `schumacher` keeps of n pairs, normalised, is prepared at once: sum over kept strings s of sqrt(p_s / P)
|s>|s>. The blocks are the same. A block that loses its half is |0>|0>, without a gate; one that is sent is a
pair; of three copies on two qubits the strings 000, 100, 010, 001 are left. Such a string is told from the
others by the sums of its first two and of its last two letters, the code that `schumacher.expander` undoes.
"""

from __future__ import annotations

import math

import numpy as np
from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.coordination.local_circuits.schumacher import TRIPLE, retained


def kept_triple(largest: float) -> QuantumCircuit:
    """Return the kept part of three pairs, with seven two-qubit gates.

    They join 1-2, 1-4, 0-4 and 3-4: with a fresh qubit next to 3, as the expander wants it, a tree that
    heavy-hexagonal devices hold.

    Args:
        largest: the larger eigenvalue of a half.

    Returns:
        Qubits: three references; then the two of the code, control and near.
    """
    none, one = _amplitudes(largest)
    circuit = QuantumCircuit(5, name="kept pairs")
    # Whether the third letter is 1, and whether one of the others is; then which of these.
    two = two_qubits(np.array([[none, one], [math.sqrt(2) * one, 0.0]]))
    circuit.compose(two, [4, 1], inplace=True)
    circuit.ry(math.pi / 4, 0)
    circuit.cz(4, 0)
    circuit.ry(-math.pi / 4, 0)
    circuit.z(0)
    # All that follows is linear: 0, 1, 2 become the letters, 3 and 4 the sums of neighbours.
    for source, target in ((1, 2), (4, 3), (1, 4), (0, 4), (4, 1)):
        circuit.cx(source, target)
    return circuit


def kept_twins(largest: float) -> QuantumCircuit:
    """Return the code of the kept part of three pairs, for two receivers, with five CX in a row 1-0-2-3.

    Qubits: the code of Bob's half (two), the code of Charlie's half (two). They are that of
        `schumacher.compressor`
    up to a linear map, which the order in which the copies come out takes up.
    """
    none, one = _amplitudes(largest)
    circuit = QuantumCircuit(4, name="kept twins")
    circuit.compose(two_qubits(np.array([[none, one], [one, one]])), [0, 1], inplace=True)
    for control, target in ((0, 2), (2, 3), (1, 0), (0, 2)):
        circuit.cx(control, target)
    return circuit


def two_qubits(amplitudes: np.ndarray) -> QuantumCircuit:
    """Return sum a_ij |i>|j> for real a of norm 1, shape (2, 2), with one CX."""
    left, values, right = np.linalg.svd(amplitudes)
    if np.linalg.det(left) < 0:
        left, values = left * [1, -1], values * [1, -1]
    if np.linalg.det(right) < 0:
        right, values = right * [[1], [-1]], values * [1, -1]
    circuit = QuantumCircuit(2)
    circuit.ry(2 * math.atan2(values[1], values[0]), 0)
    circuit.cx(0, 1)
    for qubit, turn in enumerate((left, right.T)):
        circuit.ry(2 * math.atan2(turn[1, 0], turn[0, 0]), qubit)
    return circuit


def _amplitudes(largest: float) -> tuple[float, float]:
    """Return the amplitude of 000, and of each string with a single 1, among those that three copies keep."""
    kept = retained((TRIPLE,), largest)
    return math.sqrt(largest**3 / kept), math.sqrt(largest**2 * (1 - largest) / kept)

"""Pauli transfer matrices [Greenbaum2015] of gates' errors: what Aer makes of a calibration, in closed form.

An error is a depolarising rest, then relaxation of each qubit while the gate lasts. Aer puts it together of
circuits, which takes a hundred times as long.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qcoord_hw.execution.frames.twirling import rest_kept
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot

Array = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

Gate = tuple[str, tuple[int, ...]]
"""A gate's name and the places of its qubits."""

PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
"""I, X, Y, Z, in the order of coefficients Tr(P rho)."""

MEASURE = np.array([[0.5, 0, 0, 0.5], [0.5, 0, 0, -0.5]])
"""From the coefficients of a qubit to the probabilities of its outcomes, shape (2, 4)."""


@lru_cache(maxsize=16)
def gate_transfers(snapshot: Snapshot) -> dict[Gate, Array]:
    """Return what follows each gate, by name and places of its qubits; gates without an error are left out.

    Shape (4,) * 2k for k qubits: outputs, then inputs, each in the gate's order.
    """
    place = {q.index: k for k, q in enumerate(snapshot.qubits)}
    found = {}
    for gate in snapshot.gates:
        where = tuple(place[q] for q in gate.qubits)
        if gate.is_simulated and (gate.duration or gate.error):
            found[gate.name, where] = _gate_transfer(gate, [snapshot.qubits[k] for k in where])
    return found


def _gate_transfer(gate: GateCalibration, qubits: list[QubitCalibration]) -> Array:
    k = len(qubits)
    whole: Array = np.ones((1, 1))
    for qubit in qubits:
        along, across = qubit.kept(gate.duration or 0.0)
        relaxed = np.diag([1.0, across, across, along])
        relaxed[3, 0] = 1 - along  # towards |0>
        whole = np.asarray(np.kron(whole, relaxed))
    whole[:, 1:] *= rest_kept(gate, qubits)
    return whole.reshape((4,) * (2 * k))


@lru_cache
def _to_paulis(qubits: int) -> ComplexArray:
    """Return the matrix from column-stacked density matrices to Pauli coefficients, first qubit first."""
    rows = []
    for index in np.ndindex(*(4,) * qubits):
        word = np.eye(1)
        for k in index:  # Qiskit's last qubit is the most significant
            word = np.kron(PAULIS[k], word)
        rows.append(word.T.reshape(-1, order="F"))  # Tr(P rho) = sum_ij P_ji rho_ij
    return np.array(rows)


def transfer(superop: ComplexArray, qubits: int) -> Array:
    """Return the transfer matrix of a map on column-stacked density matrices, shape (4,) * 2 qubits."""
    to = _to_paulis(qubits)
    matrix = to @ superop @ to.conj().T / 2**qubits
    return np.asarray(matrix.real.reshape((4,) * (2 * qubits)))


def superop(matrix: Array) -> ComplexArray:
    """Return the map on column-stacked density matrices that has a transfer matrix, shape (4^k, 4^k)."""
    k = matrix.ndim // 2
    to = _to_paulis(k)
    return np.asarray(to.conj().T @ matrix.reshape(4**k, 4**k) @ to / 2**k)

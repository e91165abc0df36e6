"""What errors do to Pauli operators: their transfer matrices [Greenbaum2015], as far as they are kept.

The diagonal says by which factors an error shrinks Pauli operators, and is all that is left of a twirled one.
Beside it stands relaxation's pull towards |0>: some Z of an operator become I.

The errors that calibration states follow in closed form, from what Aer makes of it: relaxation of each qubit
while the gate lasts, and a depolarising rest that makes up the stated error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Instruction

from qcoord_hw.execution.channels import superoperator
from qcoord_hw.execution.frames.clifford import paulis
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration

Factors = npt.NDArray[np.float64]
"""Shape (4^m,): of each Pauli operator on m qubits, numbered as in `clifford`; the first is 1."""

Transfer = npt.NDArray[np.float64]
"""Shape (4^m, 4^m): the expectation of operator P becomes the sum over Q of entry [P, Q] times that of Q."""

Pull = tuple[int, Factors]
"""To the expectation of each P is added its factor times that of P with Z taken away: of P ^ the number."""

LEAST = 1e-14
"""Below it an entry of a transfer matrix is rounding."""


def relaxation(qubit: QubitCalibration, seconds: float | None) -> Transfer:
    """Return what waiting does: e^(-t/T2) for X and Y, e^(-t/T1) for Z, and I for what Z loses.

    T2 is at most 2 T1.
    """
    along, across = qubit.kept(seconds or 0.0)
    transfer = np.diag([1.0, across, along, across])
    transfer[2, 0] = 1 - along
    return transfer


def gate_transfer(gate: GateCalibration, qubits: Sequence[QubitCalibration]) -> Transfer:
    """Return what a gate's error does.

    Args:
        gate: as it is calibrated.
        qubits: on which it acts, in its order.
    """
    transfer = _relaxed(gate, qubits)
    transfer[:, 1:] *= _rest_kept(gate, transfer)
    return transfer


def pulls_of(transfer: Transfer) -> tuple[Pull, ...]:
    """Return what stands beside the diagonal of a transfer matrix.

    >>> [(shift, factors.round(2).tolist()) for shift, factors in pulls_of(np.diag([1, 1, 0.9, 1]))]
    []
    """
    rows = np.arange(len(transfer))
    found = ((shift, transfer[rows, rows ^ shift]) for shift in range(1, len(rows)))
    return tuple((shift, factors) for shift, factors in found if np.abs(factors).max() > LEAST)


def rest_kept(gate: GateCalibration, qubits: Sequence[QubitCalibration]) -> float:
    """Return the factor of the depolarising rest of a gate's error, beside relaxation."""
    return _rest_kept(gate, _relaxed(gate, qubits))


def _rest_kept(gate: GateCalibration, relaxed: Transfer) -> float:
    size = math.isqrt(len(relaxed))
    fidelity = (float(relaxed.trace()) / size + 1) / (size + 1)  # average over states
    error = min(gate.error or 0.0, size / (size + 1))
    if error <= 1 - fidelity:  # relaxation alone is as much as is stated
        return 1.0
    rest = size * (error - 1 + fidelity) / (size * fidelity - 1)
    return float(1 - min(rest, size**2 / (size**2 - 1)))


def _relaxed(gate: GateCalibration, qubits: Sequence[QubitCalibration]) -> Transfer:
    relaxed: Transfer = np.ones((1, 1))
    for qubit in qubits:
        relaxed = np.asarray(np.kron(relaxation(qubit, gate.duration), relaxed))
    return relaxed


def readout_factors(qubit: QubitCalibration) -> Factors:
    """Return the factors of a readout whose two errors are as large as their mean."""
    kept = 1 - qubit.p10 - qubit.p01
    return np.array([1.0, 1.0, kept, kept])


def channel_transfer(channel: Instruction) -> Transfer:
    """Return what a channel does that stands in a circuit: that of a link, or of waiting."""
    known = paulis(channel.num_qubits)
    columns = known.transpose(0, 2, 1).reshape(len(known), -1)  # vec(E(P)) = S vec(P), column by column
    turned = columns @ superoperator(channel).T
    return np.asarray((columns.conj() @ turned.T).real / known.shape[1])


def probabilities(factors: Factors) -> Factors:
    """Return how likely each Pauli error is, shape (4^m,).

    >>> probabilities(np.array([1, 0.8, 0.8, 0.8])).round(3).tolist()
    [0.85, 0.05, 0.05, 0.05]
    """
    numbers = np.arange(len(factors))
    commute = 1 - 2.0 * _anticommute(numbers[:, None], numbers[None, :])
    return np.asarray(np.clip(commute @ factors / len(factors), 0.0, 1.0))


def _anticommute(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 1 where Pauli operators anticommute: one's X meets the other's Z an odd number of times."""
    crossed = (b & 0x55555555) << 1 | (b & 0xAAAAAAAA) >> 1
    return np.asarray(np.bitwise_count(a & crossed) & 1)

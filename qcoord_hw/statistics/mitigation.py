"""Readout mitigation: the inverse of known confusion matrices, projected onto probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from qcoord_hw.record import PROCESSING, RunRecord

FloatArray = npt.NDArray[np.float64]

MAX_CONDITION = 20.0
"""Largest condition number of a confusion matrix that is inverted: shot noise grows by about so much."""


def readout_matrices(record: RunRecord) -> dict[int, FloatArray] | None:
    """Return the confusion matrix of every physical qubit, shape (2, 2): [r, t] is P(read r given t).

    None if they are unknown or without error, or if later gates or corrections hung on read bits: their
    errors cannot be inverted afterwards.
    """
    snapshot, experiment = record.calibration, record.intent["experiment"]
    if experiment.get("feed_forward") or experiment.get(PROCESSING) or snapshot is None:
        return None
    if all(q["p10"] == q["p01"] == 0 for q in snapshot["qubits"]):
        return None
    return {
        q["index"]: np.array([[1 - q["p10"], q["p01"]], [q["p10"], 1 - q["p01"]]]) for q in snapshot["qubits"]
    }


def stuck_readout(matrices: Mapping[int, FloatArray], qubits: Iterable[int]) -> list[str]:
    """Return a caution for each of some qubits whose outcome hardly depends on its state.

    Its confusion matrix has no inverse (p10 + p01 = 1), or one that would only magnify noise.
    """
    return [
        f"readout of qubit {q} is stuck (p10 {matrices[q][1, 0]:.4g}, p01 {matrices[q][0, 1]:.4g}): "
        "readout-mitigated figures are left out"
        for q in sorted(set(qubits))
        if not np.linalg.cond(matrices[q]) <= MAX_CONDITION
    ]


def invert_readout(
    frequencies: npt.NDArray[np.float64], matrices: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return quasi-probabilities before readout: the tensored inverse applied bit by bit.

    Args:
        frequencies: shape (2,) * k, axis i is bit i.
        matrices: shape (k, 2, 2); [i, r, t] is the probability that bit i is read r given t.
    """
    return bit_by_bit(np.asarray(np.linalg.inv(matrices), dtype=np.float64), frequencies)


def bit_by_bit(matrices: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values over k bits, shape (2,) * k, each axis multiplied by the matrix of its bit, (k, 2, 2)."""
    for axis, matrix in enumerate(matrices):
        values = np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)
    return values


def project_to_simplex(quasi: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probability distribution nearest to `quasi` (least squares), same shape."""
    flat = quasi.reshape(-1)
    ordered = np.sort(flat)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(flat) + 1)
    last = np.flatnonzero(ordered > excess)[-1]
    return np.asarray(np.maximum(flat - excess[last], 0.0).reshape(quasi.shape))

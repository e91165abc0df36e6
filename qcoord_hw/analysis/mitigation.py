"""Readout mitigation: the inverse of known confusion matrices, projected onto probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def invert_readout(
    frequencies: npt.NDArray[np.float64], matrices: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return quasi-probabilities before readout: the tensored inverse applied bit by bit.

    Args:
        frequencies: shape (2,) * k, axis i is bit i.
        matrices: shape (k, 2, 2); [i, r, t] is the probability that bit i is read r given t.
    """
    for axis, matrix in enumerate(matrices):
        inverse = np.linalg.inv(matrix)
        frequencies = np.moveaxis(np.tensordot(inverse, frequencies, axes=(1, axis)), 0, axis)
    return frequencies


def project_to_simplex(quasi: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probability distribution nearest to `quasi` (least squares), same shape."""
    flat = quasi.reshape(-1)
    ordered = np.sort(flat)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(flat) + 1)
    last = np.flatnonzero(ordered > excess)[-1]
    return np.asarray(np.maximum(flat - excess[last], 0.0).reshape(quasi.shape))

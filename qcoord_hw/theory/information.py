"""Entropies in bits, and distances of states."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]


def entropy(probabilities: npt.ArrayLike) -> float:
    """Return the Shannon entropy of a distribution, any shape, in bits.

    >>> entropy([0.5, 0.25, 0.25])
    1.5
    """
    p = np.asarray(probabilities, dtype=float).ravel()
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum()) + 0.0


def von_neumann_entropy(density: npt.ArrayLike) -> float:
    """Return the entropy of a density matrix, shape (d, d), in bits."""
    return entropy(np.linalg.eigvalsh(np.asarray(density)))


def binary_entropy(p: float) -> float:
    """Return h(p) = -p log2 p - (1 - p) log2 (1 - p)."""
    return entropy((p, 1 - p))


def partial_trace(density: npt.NDArray[Any], dimensions: tuple[int, ...], keep: tuple[int, ...]) -> Any:
    """Return the reduced state of some systems, in their order.

    Args:
        density: shape (..., d, d), with d the product of the dimensions; leading axes are a batch.
        dimensions: of the systems, in order.
        keep: indices of the systems to keep, ascending.
    """
    n, batch = len(dimensions), density.shape[:-2]
    tensor = density.reshape(batch + dimensions + dimensions)
    rows = list(range(n))
    columns = [n + i if i in keep else i for i in range(n)]
    out = [*keep, *(n + i for i in keep)]
    kept = int(np.prod([dimensions[i] for i in keep], dtype=int))
    return np.einsum(tensor, [..., *rows, *columns], [..., *out]).reshape((*batch, kept, kept))


def complex_data(array: npt.ArrayLike) -> Any:
    """Return nested lists of an array with every entry a pair [re, im]."""
    array = np.asarray(array)
    return np.stack([array.real, array.imag], axis=-1).astype(float).tolist()


def trace_norm(matrix: npt.NDArray[Any]) -> float:
    """Return the sum of the absolute eigenvalues of a Hermitian matrix; twice the trace distance."""
    return float(np.abs(np.linalg.eigvalsh(matrix)).sum())

"""Linear inversion of counts in all Pauli bases, for up to three qubits.

A plug-in distance of a state found so is biased upwards: it is shown only beside what the ideal state gives
with the same shots.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.pauli_measurements.paulis import ComplexArray, FloatArray, all_bases

LARGEST = 3
"""Outputs at most."""

_VECTORS = {
    "X": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "Y": np.array([[1, 1j], [1, -1j]]) / np.sqrt(2),
    "Z": np.eye(2),
}
"""Letter -> the vectors of its outcomes 0 and 1, as rows."""


@cache
def outcome_vectors(basis: str) -> ComplexArray:
    """Return the vector of each outcome of a basis as a row, shape (2^k, 2^k)."""
    rows = np.ones((1, 1), dtype=complex)
    for letter in basis:
        rows = np.asarray(np.kron(rows, _VECTORS[letter]), dtype=complex)
    return rows


def probabilities(branches: ComplexArray, basis: str) -> FloatArray:
    """Return the distribution of the outcomes of a basis, shape (2^k,)."""
    found = (np.abs(outcome_vectors(basis).conj() @ branches) ** 2).sum(axis=1)
    return np.asarray(found / found.sum())


@cache
def _duals(size: int) -> ComplexArray:
    """Return the matrix that each outcome of each basis stands for, shape (3^k, 2^k, 2^k, 2^k)."""
    found = []
    for basis in all_bases(size):
        one: ComplexArray = np.ones((1, 1, 1), dtype=complex)
        for letter in basis:
            rows = _VECTORS[letter]
            dual = 3 * np.einsum("oi,oj->oij", rows, rows.conj()) - np.eye(2)
            pairs = np.einsum("aij,bkl->abikjl", one, dual)
            one = np.asarray(pairs.reshape((2 * len(one),) * 3))
        found.append(one)
    return np.asarray(np.array(found) / 3**size, dtype=complex)


def linear_inversion(frequencies: npt.NDArray[np.float64]) -> ComplexArray:
    """Return the Hermitian matrix that has the frequencies seen, averaged over the bases that read a string.

    Args:
        frequencies: shape (.., 3^k, 2^k), bases in the order of `paulis.all_bases`.
    """
    size = frequencies.shape[-1].bit_length() - 1
    duals = _duals(size)
    flat = frequencies.reshape(*frequencies.shape[:-2], -1) @ duals.reshape(-1, duals.shape[-1] ** 2)
    return np.asarray(flat.reshape(*flat.shape[:-1], *duals.shape[-2:]))


def nearest_states(matrices: ComplexArray) -> ComplexArray:
    """Return the density matrices nearest to Hermitian matrices of trace 1 (least squares) [Smolin2012]."""
    values, vectors = np.linalg.eigh(matrices)
    ordered = values[..., ::-1]
    excess = (np.cumsum(ordered, axis=-1) - 1) / np.arange(1, values.shape[-1] + 1)
    last = (ordered > excess).sum(axis=-1, keepdims=True) - 1
    kept = np.maximum(values - np.take_along_axis(excess, last, axis=-1), 0.0)
    return np.asarray((vectors * kept[..., None, :]) @ vectors.conj().swapaxes(-1, -2))


def plug_in_trace_norm(frequencies: npt.NDArray[np.float64], target: ComplexArray) -> FloatArray:
    """Return ||rho - target||_1 of the states found, shape (..); see `linear_inversion`.

    Args:
        frequencies: shape (.., 3^k, 2^k).
        target: density matrix.
    """
    found = nearest_states(linear_inversion(frequencies))
    return np.asarray(np.abs(np.linalg.eigvalsh(found - target)).sum(axis=-1))

"""States of one party in real coordinates, in batches.

A party's Hermitian operators are written in an orthonormal basis (of diagonal matrices for a classical
party), so that a product state is an outer product of real vectors, a target a real tensor and <K, theta_1 x
..> a multilinear form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray

LOG2E = float(np.log2(np.e))
ZERO_WEIGHT = (
    1e-12  # an entropy that counts less than this is left out: the Gibbs state is then a ground state
)


def entropy_terms(values: FloatArray) -> FloatArray:
    """Return -v log2 v of every entry, 0 where v <= 0."""
    safe = np.where(values > 0, values, 1.0)
    return np.asarray(-safe * np.log2(safe))


@dataclass(frozen=True)
class Space:
    """The Hermitian operators of a party.

    Attributes:
        dimension: number of letters, or dimension of the Hilbert space.
        kind: "classical" (diagonal), "real" (symmetric) or "complex" (Hermitian) matrices.
    """

    dimension: int
    kind: str

    @property
    def basis(self) -> ComplexArray:
        """Orthonormal Hermitian matrices (size, d, d); the normalised identity first unless classical."""
        return _basis(self.dimension, self.kind)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        d = self.dimension
        return {"classical": d, "real": d * (d + 1) // 2, "complex": d * d}[self.kind]

    @property
    def freedom(self) -> int:
        """Dimension of the set of states."""
        return self.size - 1

    @property
    def trace(self) -> FloatArray:
        """The functional that gives the trace: shape (size,)."""
        return np.asarray(np.einsum("jaa->j", self.basis).real)

    @property
    def _pauli(self) -> bool:
        return self.dimension == 2 and self.kind != "classical"

    def coordinates(self, states: ComplexArray | FloatArray) -> FloatArray:
        """Return coordinates (N, size) of states: (N, n) letters' probabilities or (N, d, d) matrices."""
        if self.kind == "classical":
            return np.asarray(states, dtype=float)
        return np.asarray(np.einsum("nab,jba->nj", states, self.basis, optimize=True).real)

    def matrices(self, points: FloatArray) -> ComplexArray | FloatArray:
        """Inverse of `coordinates`."""
        if self.kind == "classical":
            return points
        matrices = np.tensordot(points, self.basis, 1)
        return np.asarray(matrices.real if self.kind == "real" else matrices)

    def eigenvalues(self, points: FloatArray) -> FloatArray:
        """Return eigenvalues, shape (N, d)."""
        if self.kind == "classical":
            return points
        if self._pauli:
            radius = np.sqrt(np.einsum("nj,nj->n", points[:, 1:], points[:, 1:]))
            pair = np.stack([points[:, 0] - radius, points[:, 0] + radius], axis=1)
            return np.asarray(pair * np.sqrt(0.5))
        return np.asarray(np.linalg.eigvalsh(self.matrices(points)), dtype=float)

    def entropy(self, points: FloatArray) -> FloatArray:
        """Return entropies in bits, shape (N,)."""
        return np.asarray(entropy_terms(self.eigenvalues(points)).sum(axis=1))

    def free_energy(self, fields: FloatArray, weight: float) -> FloatArray:
        """Return max over states of weight H - <field, state> = weight log2 tr 2^(-field / weight)."""
        values = -self.eigenvalues(fields)
        top = values.max(axis=1)
        if weight <= ZERO_WEIGHT:
            return np.asarray(top)
        return np.asarray(top + weight * np.log2(np.exp2((values - top[:, None]) / weight).sum(axis=1)))

    def gibbs(self, fields: FloatArray, weight: float) -> FloatArray:
        """Return the states that attain `free_energy` (without weight one ground state), shape (N, size)."""
        if self.kind == "classical":
            return _softmax(-fields, weight)
        if self._pauli:
            radius = np.sqrt(np.einsum("nj,nj->n", fields[:, 1:], fields[:, 1:]))
            if weight <= ZERO_WEIGHT:
                polarisation = np.ones_like(radius)
            else:
                polarisation = np.tanh(radius / (np.sqrt(2) * weight * LOG2E))
            points = np.full_like(fields, np.sqrt(0.5))
            points[:, 1:] = (
                -fields[:, 1:] * (np.sqrt(0.5) * polarisation / np.maximum(radius, 1e-300))[:, None]
            )
            return points
        values, vectors = np.linalg.eigh(self.matrices(fields))
        return self.coordinates(
            np.einsum("nak,nk,nbk->nab", vectors, _softmax(-values, weight), vectors.conj(), optimize=True)
        )

    def entropy_gradient(self, points: FloatArray) -> FloatArray:
        """Return the gradient of the entropy at states of full rank: <gradient, state> = H(state)."""
        if self.kind == "classical":
            return -np.log2(np.maximum(points, 1e-300))
        if self._pauli:
            radius = np.sqrt(np.einsum("nj,nj->n", points[:, 1:], points[:, 1:]))
            low = -np.log2(np.maximum((points[:, 0] - radius) * np.sqrt(0.5), 1e-300))
            high = -np.log2((points[:, 0] + radius) * np.sqrt(0.5))
            gradient = points * (np.sqrt(0.5) * (high - low) / np.maximum(radius, 1e-300))[:, None]
            gradient[:, 0] = np.sqrt(0.5) * (high + low)
            return np.asarray(gradient)
        values, vectors = np.linalg.eigh(self.matrices(points))
        logs = -np.log2(np.maximum(values, 1e-300))
        return self.coordinates(np.einsum("nak,nk,nbk->nab", vectors, logs, vectors.conj(), optimize=True))

    def random(self, count: int, rng: np.random.Generator, rank: int | None = None) -> FloatArray:
        """Return random states: Dirichlet, or A A^dagger with Gaussian A of `rank` columns."""
        if self.kind == "classical":
            return rng.dirichlet(np.full(self.dimension, 0.7), size=count)
        rank = rank or self.dimension
        factor: ComplexArray | FloatArray = rng.normal(size=(count, self.dimension, rank))
        if self.kind == "complex":
            factor = factor + 1j * rng.normal(size=factor.shape)
        states = factor @ factor.conj().swapaxes(1, 2)
        return self.coordinates(states / np.einsum("naa->n", states).real[:, None, None])


def _softmax(values: FloatArray, weight: float) -> FloatArray:
    """Return the distribution 2^(values / weight) along the last axis; the first maximum without weight."""
    top = values.max(axis=-1, keepdims=True)
    if weight <= ZERO_WEIGHT:
        return np.asarray(np.eye(values.shape[-1])[values.argmax(axis=-1)])
    scaled = np.exp2((values - top) / weight)
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


@cache
def _basis(dimension: int, kind: str) -> ComplexArray:
    """Return letters, or generalised Gell-Mann matrices (diagonal, symmetric, antisymmetric)."""
    d = dimension
    if kind == "classical":
        matrices = [np.diag(row).astype(complex) for row in np.eye(d)]
    else:
        diagonal = [np.ones(d) / np.sqrt(d)]
        for k in range(1, d):
            diagonal.append(np.array([1.0] * k + [-k] + [0.0] * (d - k - 1)) / np.sqrt(k * (k + 1)))
        matrices = [np.diag(row).astype(complex) for row in diagonal]
        for phase in (1.0,) if kind == "real" else (1.0, -1j):
            for a in range(d):
                for b in range(a + 1, d):
                    matrix = np.zeros((d, d), dtype=complex)
                    matrix[a, b], matrix[b, a] = phase / np.sqrt(2), np.conj(phase) / np.sqrt(2)
                    matrices.append(matrix)
    basis = np.array(matrices)
    basis.flags.writeable = False
    return basis

"""One party as the checker sees it: states as real coordinates in which every multilinear form is a tensor.

A classical state is its probability vector. A quantum state theta has coordinates t_a = tr(G_a theta) in an
orthonormal basis of Hermitian matrices with G_0 proportional to the identity, so a functional with
coordinates a stands for the matrix A = sum_a a_a G_a, and tr(A theta) = a . t.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]
Complexes = npt.NDArray[Any]
FLOOR = 1e-3  # smallest eigenvalue of the state at which an entropy is bounded by its tangent


@dataclass(frozen=True, eq=False)
class Side:
    """A party on one face.

    Attributes:
        weight: w of its entropy.
        size: number of coordinates.
        basis: G, shape (size, m, m); None for a classical party.
    """

    weight: float
    size: int
    basis: Complexes | None = None

    @property
    def unit(self) -> Floats:
        """The functional that is 1 on every state, shape (size,)."""
        if self.basis is None:
            return np.ones(self.size)
        return np.asarray(np.sqrt(self.basis.shape[1]) * np.eye(self.size)[0])

    @cached_property
    def radius(self) -> float:
        """Largest norm of the traceless part of a state."""
        return 0.0 if self.basis is None else float(np.sqrt(1 - 1 / self.basis.shape[1]))

    def matrices(self, coordinates: Floats) -> Complexes:
        """Return sum_a coordinates_a G_a, shape (.., m, m)."""
        assert self.basis is not None
        return np.asarray(np.tensordot(coordinates, self.basis, axes=(-1, 0)))

    def spectrum(self, coordinates: Floats) -> Floats:
        """Return the values at the letters, or the eigenvalues: shape (.., m)."""
        if self.basis is None:
            return coordinates
        if self.basis.shape[1] == 2:
            length = np.sqrt((coordinates[..., 1:] ** 2).sum(axis=-1))
            pair = np.stack([coordinates[..., 0] - length, coordinates[..., 0] + length], axis=-1)
            return np.asarray(pair / np.sqrt(2))
        return np.linalg.eigvalsh(self.matrices(coordinates))

    def best(self, functional: Floats) -> Floats:
        """Return max of w H(theta) + tr(A theta) over all states: w log2 tr 2^(A/w), in bits."""
        values = self.spectrum(functional)
        top: Floats = values.max(axis=-1)
        if self.weight == 0:
            return top
        rest = np.exp2((values - top[..., None]) / self.weight).sum(axis=-1)
        return np.asarray(top + self.weight * np.log2(rest))

    def maximiser(self, functional: Floats) -> Floats:
        """Return the coordinates of a state that attains `best`."""
        if self.basis is None:
            return self._shares(functional)
        values, vectors = np.linalg.eigh(self.matrices(functional))
        return self._coordinates(self._shares(values), vectors)

    def entropy(self, states: Floats) -> Floats:
        """Return H in bits of valid states."""
        values = np.clip(self.spectrum(states), 1e-300, None)
        return np.asarray(-(values * np.log2(values)).sum(axis=-1))

    def surprise(self, points: Floats) -> Floats:
        """Return -log2 sigma, as coordinates, of a state sigma of full rank near each point.

        H(theta) <= tr(theta (-log2 sigma)) for every state theta.
        """
        if self.basis is None:
            return -np.log2(points)
        values, vectors = np.linalg.eigh(self.matrices(points))
        values = np.clip(values, FLOOR, None)
        return self._coordinates(-np.log2(values / values.sum(axis=-1, keepdims=True)), vectors)

    def cover(self) -> Floats:
        """Return simplices that together contain every state: shape (N, size, size), rows are vertices."""
        if self.basis is None:
            return np.eye(self.size)[None]
        dimension, centre = self.size - 1, np.zeros(self.size)
        centre[0] = 1 / np.sqrt(self.basis.shape[1])
        if dimension <= 3:  # the cross-polytope around the ball, one simplex an orthant
            corners = np.array(list(itertools.product((1.0, -1.0), repeat=dimension)))
            offsets = np.zeros((len(corners), self.size, self.size))
            for i in range(dimension):
                offsets[:, i + 1, i + 1] = corners[:, i] * np.sqrt(dimension) * self.radius
            return centre + offsets
        # A regular simplex of inradius `radius`: centred unit vectors, expressed in their own span.
        vectors = np.eye(self.size) - 1 / self.size
        frame = np.linalg.svd(vectors)[2][:dimension]
        inradius = 1 / np.sqrt(self.size * dimension)
        offsets = np.zeros((1, self.size, self.size))
        offsets[0, :, 1:] = vectors @ frame.T * (self.radius / inradius)
        return centre + offsets

    def outside(self, simplices: Floats) -> npt.NDArray[np.bool_]:
        """Return which simplices a hyperplane parts from all states; shape (N,)."""
        if self.basis is None:
            return np.zeros(len(simplices), dtype=bool)
        direction = simplices.mean(axis=1)
        direction[:, 0] = 0
        lowest = np.einsum("nja,na->nj", simplices, direction).min(axis=1)
        return np.asarray(lowest > self.spectrum(direction).max(axis=-1) + 1e-12)

    def _shares(self, values: Floats) -> Floats:
        top = values.max(axis=-1, keepdims=True)
        if self.weight == 0:
            shares = np.zeros_like(values)
            np.put_along_axis(shares, values.argmax(axis=-1)[..., None], 1.0, axis=-1)
            return shares
        shares = np.exp2((values - top) / self.weight)
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))

    def _coordinates(self, values: Floats, vectors: Complexes) -> Floats:
        assert self.basis is not None
        matrices = (vectors * values[..., None, :]) @ vectors.conj().swapaxes(-1, -2)
        return np.tensordot(matrices, self.basis, axes=((-2, -1), (2, 1))).real


def hermitian_basis(dimension: int, real: bool) -> Complexes:
    """Return an orthonormal basis of the Hermitian (real: symmetric) matrices, the identity first."""
    matrices = [np.eye(dimension) / np.sqrt(dimension) + 0j]
    for k in range(1, dimension):
        diagonal = np.concatenate([np.ones(k), [-k], np.zeros(dimension - k - 1)])
        matrices.append(np.diag(diagonal / np.sqrt(k * (k + 1))) + 0j)
    for i, j in itertools.combinations(range(dimension), 2):
        for entry in (1 / np.sqrt(2),) if real else (1 / np.sqrt(2), 1j / np.sqrt(2)):
            matrix = np.zeros((dimension, dimension), dtype=complex)
            matrix[i, j], matrix[j, i] = entry, np.conj(entry)
            matrices.append(matrix)
    return np.array(matrices)

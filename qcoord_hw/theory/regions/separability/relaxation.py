"""One level of the hierarchy of extensions with positive partial transposes, as a semidefinite program."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scs

from qcoord_hw.theory.regions.separability.extension import Array, Coordinates, Extension, Matrix, Transpose

ACCURACIES = (1e-4, 1e-5, 1e-6)
"""Of the solver, one after another, each starting from the last answer.
A margin far above the accuracy needs no better one; measured errors are up to some 30 times the accuracy."""

SHIFT = 1e-13
"""Least eigenvalue given to repaired matrices, so that rounding does not make them negative."""


@dataclass(frozen=True)
class Dual:
    """A witness and what proves it: on the symmetric subspace, W x 1 = sum of the transposed-back terms.

    Attributes:
        operator: the Hermitian W on the state's systems.
        terms: transpose -> positive semidefinite matrix on the image of `Extension.partial_transpose`.
    """

    operator: Matrix
    terms: dict[Transpose, Matrix]


class Relaxation:
    """States rho + s (rho - 1/D) that have an extension all of whose partial transposes are positive.

    The largest such s is the margin: every fully separable state has s >= 0. The program: maximise s <= 1
    over s and an extension sigma, with reduction(sigma) = rho + s (rho - 1/D), sigma >= 0 and all
    partial transposes of sigma >= 0 [Doherty2004].
    """

    def __init__(self, rho: Matrix, extension: Extension) -> None:
        """Set up the program.

        Args:
            rho: the state, shape (D, D).
            extension: how many copies, of what.
        """
        self.extension = extension
        self.state = Coordinates(len(rho), extension.real)
        self.rho = self.state.of(rho)
        self.noise = self.state.of(np.eye(len(rho)) / len(rho))
        self.reduction = extension.reduction()
        self.maps = {t: extension.partial_transpose(t) for t in extension.transposes}
        self.cones = {t: Coordinates(extension.transposed_size(t), extension.real) for t in self.maps}

    def duals(self, ceiling: float, deadline: float) -> Iterator[Dual]:
        """Yield ever better certificates.

        Args:
            ceiling: a margin known before; how far above it this one is does not matter.
            deadline: of `time.monotonic`; the last answer may be a little late.
        """
        cones = [self.extension.coordinates, *self.cones.values()]
        matrix, constant, cost = self._program()
        rows = self.reduction.shape[0]
        cone = {"z": rows, "l": 1, ("s" if self.extension.real else "cs"): [c.size for c in cones]}
        ends = np.cumsum([len(c.row) for c in cones])[:-1]
        start: dict[str, Array] = {}
        for accuracy in ACCURACIES:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            data = {"A": matrix, "b": constant, "c": cost}
            options = {"eps_abs": accuracy, "eps_rel": accuracy, "max_iters": 100_000, "verbose": False}
            answer = scs.SCS(data, cone, time_limit_secs=left, **options).solve(**start)
            start = {name: answer[name] for name in ("x", "y", "s")}
            if not all(np.isfinite(v).all() for v in start.values()):
                return
            terms = np.split(answer["y"][rows + 1 :], ends)[1:]
            dual = self._repaired(answer["y"][:rows], dict(zip(self.maps, terms, strict=True)))
            margin = float(answer["x"][-1])
            yield dual
            if margin > (30 if margin >= ceiling else 300) * accuracy:
                return

    def _program(self) -> tuple[scipy.sparse.csc_matrix, Array, Array]:
        """Return A, b, c of: minimise c x, b - A x in the cones; x is sigma, then s."""
        rows, inner = self.reduction.shape
        change = scipy.sparse.csc_matrix((self.noise - self.rho)[:, None])
        table = [[self.reduction, change], [None, scipy.sparse.csc_matrix([[1.0]])]]
        table += [[-block, None] for block in (scipy.sparse.identity(inner), *self.maps.values())]
        matrix = scipy.sparse.bmat(table, format="csc")
        constant = np.zeros(matrix.shape[0])
        constant[:rows], constant[rows] = self.rho, 1.0
        cost = np.zeros(inner + 1)
        cost[-1] = -1.0
        return matrix, constant, cost

    def _repaired(self, witness: Array, terms: dict[Transpose, Array]) -> Dual:
        """Return an exact certificate near an approximate one.

        The terms are made positive; the term without a transpose is what is missing in the identity, made
        positive by adding to W a multiple of the identity, which is the projector on the symmetric subspace.
        """
        positive = {t: _positive(self.cones[t].matrix(v)) for t, v in terms.items()}
        coordinates = self.extension.coordinates
        rest = self.reduction.T @ witness
        for t, matrix in positive.items():
            rest = rest - self.maps[t].T @ self.cones[t].of(matrix)
        missing = coordinates.matrix(rest)
        scale = max(1.0, float(np.abs(witness).max()))
        shift = max(0.0, SHIFT * scale - float(np.linalg.eigvalsh(missing)[0]))
        plain = (0,) * len(self.extension.dims)
        return Dual(
            self.state.matrix(witness) + shift * np.eye(self.state.size),
            {plain: missing + shift * np.eye(coordinates.size), **positive},
        )


def _positive(matrix: Matrix) -> Matrix:
    """Return the positive part of a Hermitian matrix, not below a rounding error."""
    values, vectors = np.linalg.eigh(matrix)
    floor = SHIFT * max(1.0, float(values[-1]))
    part = (vectors * np.maximum(values, floor)) @ vectors.conj().T
    return np.asarray((part + part.conj().T) / 2)

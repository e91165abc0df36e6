"""Small semidefinite programs over real symmetric matrices, written in their scaled triangles."""

from __future__ import annotations

from functools import cache

import clarabel
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray

IntArray = npt.NDArray[np.intp]

ACCURACY = 1e-8


@cache
def _triangle(size: int) -> tuple[IntArray, IntArray, FloatArray]:
    row, column = np.tril_indices(size)
    weight = np.where(row == column, 1.0, np.sqrt(2))
    return row.astype(np.intp), column.astype(np.intp), weight


def to_triangle(matrix: FloatArray) -> FloatArray:
    """Return the scaled triangles of symmetric matrices (.., d, d), shape (.., k): products are traces."""
    row, column, weight = _triangle(matrix.shape[-1])
    return np.asarray(matrix[..., row, column] * weight)


def from_triangle(vector: FloatArray, size: int) -> FloatArray:
    """Return the symmetric matrices of scaled triangles."""
    row, column, weight = _triangle(size)
    matrix = np.zeros((*vector.shape[:-1], size, size))
    matrix[..., row, column] = matrix[..., column, row] = vector / weight
    return matrix


class Program:
    """Maximises a linear function of a vector under linear and semidefinite constraints."""

    def __init__(self, gain: FloatArray) -> None:
        """Begin without constraints.

        Args:
            gain: what is maximised, shape (v,).
        """
        self._gain = gain
        self._linear: list[tuple[sp.csr_matrix, FloatArray]] = []
        self._cones: list[tuple[int, sp.csr_matrix, FloatArray]] = []

    def require(self, rows: sp.spmatrix | FloatArray, constant: FloatArray) -> None:
        """Require rows @ x + constant >= 0."""
        self._linear.append((sp.csr_matrix(rows), constant))

    def require_positive(self, size: int, rows: sp.spmatrix | FloatArray, constant: FloatArray) -> None:
        """Require that the matrix with the triangle rows @ x + constant is positive semidefinite."""
        self._cones.append((size, sp.csr_matrix(rows), constant))

    def solve(self) -> FloatArray:
        """Return the best vector that the solver finds; it proves nothing by itself."""
        settings = clarabel.DefaultSettings()
        settings.verbose = settings.presolve_enable = settings.chordal_decomposition_enable = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = ACCURACY
        settings.max_threads = 1
        parts = [*self._linear, *((rows, constant) for _, rows, constant in self._cones)]
        matrix = sp.vstack([-rows for rows, _ in parts], format="csc")
        constant = np.concatenate([own for _, own in parts])
        count = sum(len(own) for _, own in self._linear)
        cones = [clarabel.NonnegativeConeT(count)] if count else []
        cones += [clarabel.PSDTriangleConeT(size) for size, _, _ in self._cones]
        nothing = sp.csc_matrix((len(self._gain), len(self._gain)))
        solver = clarabel.DefaultSolver(nothing, -self._gain, matrix, constant, cones, settings)
        return np.array(solver.solve().x)

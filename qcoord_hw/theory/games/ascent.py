"""Steepest ascent of a strategy: a quasi-Newton method on measurements and state together.

A see-saw improves one thing at a time, which is slow where they have to turn together: then its last digits
take thousands of sweeps. Here a measurement is the isometry K = M (M^dagger M)^(-1/2) of any matrix M, the
state is the best one, and what is left is to climb without constraints [LiuNocedal1989].
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qcoord_hw.theory.games.payoffs import FloatArray
from qcoord_hw.theory.games.povm import dagger
from qcoord_hw.theory.games.strategies import ComplexArray

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

STEPS = 500
MEMORY = 30
"""Steps of which the curvature is remembered."""

Slope = Callable[[list[ComplexArray]], tuple[float, list[ComplexArray]]]
"""Of Kraus operators: their payoff, and G for each player, so that it changes by the real part of <G, dK>."""


def ascended(kraus: Sequence[ComplexArray], slope: Slope, deadline: float) -> list[ComplexArray]:
    """Return Kraus operators from where no small change gains, or where steps or time were over.

    Args:
        kraus: of each player, shape (.., B, d, d).
        slope: of the payoff.
        deadline: of `time.monotonic`.
    """
    from scipy.optimize import minimize  # takes long to load, and most searches settle without

    shapes = [own.shape for own in kraus]
    cuts = np.cumsum([2 * own.size for own in kraus])[:-1]

    def matrices(flat: FloatArray) -> list[ComplexArray]:
        parts = np.split(np.asarray(flat, dtype=float), cuts)
        return [part.view(complex).reshape(*s[:-3], -1, s[-1]) for part, s in zip(parts, shapes, strict=True)]

    def downhill(flat: FloatArray) -> tuple[float, FloatArray]:
        points = [_Isometries(own) for own in matrices(flat)]
        value, slopes = slope([p.isometry.reshape(s) for p, s in zip(points, shapes, strict=True)])
        back = [p.pulled(own.reshape(p.isometry.shape)) for p, own in zip(points, slopes, strict=True)]
        return -value, -np.concatenate([own.reshape(-1).view(float) for own in back])

    def watch(intermediate_result: OptimizeResult) -> None:
        if time.monotonic() > deadline:
            raise StopIteration

    start = np.concatenate([np.ascontiguousarray(own).reshape(-1).view(float) for own in kraus])
    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "maxcor": MEMORY, "ftol": 0.0, "gtol": 1e-9}
    found = minimize(downhill, start, jac=True, method="L-BFGS-B", options=options, callback=watch)
    return [_Isometries(own).isometry.reshape(s) for own, s in zip(matrices(found.x), shapes, strict=True)]


class _Isometries:
    """Matrices M, shape (.., n, d), and the isometries M (M^dagger M)^(-1/2).

    Attributes:
        isometry: of each.
    """

    def __init__(self, matrices: ComplexArray) -> None:
        squares, self._vectors = np.linalg.eigh(dagger(matrices) @ matrices)
        self._matrices, self._roots = matrices, np.sqrt(squares)
        self._inverse = (self._vectors / self._roots[..., None, :]) @ dagger(self._vectors)
        self.isometry = matrices @ self._inverse

    def pulled(self, slope: ComplexArray) -> ComplexArray:
        """Return the slope along M of what has this slope along the isometry."""
        inner = dagger(self._vectors) @ dagger(self._matrices) @ slope @ self._vectors
        rows, columns = self._roots[..., :, None], self._roots[..., None, :]
        inner = -(inner + dagger(inner)) / (rows * columns * (rows + columns))
        turned = self._matrices @ self._vectors @ inner @ dagger(self._vectors)
        return np.asarray(slope @ self._inverse + turned)

"""The linear program over a dictionary of products, and its dual."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog

from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray


def linear_program(cost: FloatArray, **constraints: Any) -> Any | None:
    """Solve a linear program as exactly as HiGHS can; return scipy's result, None if it is infeasible.

    The simplex method with the tightest tolerance sometimes ends without a verdict: then others are tried.
    """
    for method, tolerance in (("highs-ds", 1e-10), ("highs-ipm", 1e-10), ("highs-ds", 1e-8)):
        options = {
            "primal_feasibility_tolerance": tolerance,
            "dual_feasibility_tolerance": tolerance,
            "presolve": False,
        }
        result = linprog(cost, method=method, options=options, **constraints)
        if result.x is not None:
            return result
        if result.status == 2:
            return None
    return None


class Dictionary:
    """Products collected so far.

    Attributes:
        points: coordinates (N, size) for each party.
        entropies: shape (N, parties), bits.
        columns: shape (N, rows): the products, flattened and inside the supports.
    """

    def __init__(self, model: Model) -> None:
        """Start empty."""
        self.model = model
        self.points = [np.empty((0, space.size)) for space in model.spaces]
        self.entropies = np.empty((0, len(model.spaces)))
        self.rows = model.rows
        self.target = self._flatten(model.target.reshape(1, -1))[0]
        self.columns = np.empty((0, len(self.target)))

    def __len__(self) -> int:
        """Return the number of products."""
        return len(self.columns)

    def _flatten(self, tensors: FloatArray) -> FloatArray:
        return tensors if self.rows is None else np.asarray(tensors @ self.rows.T)

    def tensor(self, reduced: FloatArray) -> FloatArray:
        """Return K as a tensor from its values on the rows."""
        flat = reduced if self.rows is None else reduced @ self.rows
        return np.asarray(flat.reshape(self.model.shape))

    def reduced(self, dual: FloatArray) -> FloatArray:
        """Inverse of `tensor`."""
        return np.asarray(self._flatten(dual.reshape(1, -1))[0])

    def add(self, points: list[FloatArray], closest: float = 1e-9) -> int:
        """Add products that are not there yet; return how many."""
        count = len(points[0])
        if not count:
            return 0
        tensors = points[0]
        for p in points[1:]:
            tensors = (tensors[:, :, None] * p[:, None, :]).reshape(count, -1)
        columns = self._flatten(tensors)
        fresh: list[int] = []
        for i, column in enumerate(columns):
            known = np.concatenate([self.columns, columns[fresh]]) if fresh else self.columns
            if not len(known) or np.abs(known - column).max(axis=1).min() > closest:
                fresh.append(i)
        if fresh:
            self.points = [np.concatenate([a, b[fresh]]) for a, b in zip(self.points, points, strict=True)]
            own = np.stack(
                [s.entropy(p[fresh]) for s, p in zip(self.model.spaces, points, strict=True)], axis=1
            )
            self.entropies = np.concatenate([self.entropies, own])
            self.columns = np.concatenate([self.columns, columns[fresh]])
        return len(fresh)

    def keep(self, chosen: FloatArray) -> None:
        """Drop all products but the chosen ones (indices or mask)."""
        self.points = [p[chosen] for p in self.points]
        self.entropies = self.entropies[chosen]
        self.columns = self.columns[chosen]

    def stabilised(
        self, gains: FloatArray, centre: FloatArray, box: float
    ) -> tuple[float, FloatArray, FloatArray]:
        """Minimise <K, target> over K near `centre` with gain - <K, product> <= 0 for all products.

        K may differ from the centre by `box` in every coordinate. This is the dual of the
        program with slack at an L1 price. K may shift by a multiple of the trace freely.

        Returns:
            The value, K on the rows and the probabilities.
        """
        size = len(self.target)
        trace = self._flatten(self.model.trace.reshape(1, -1))[0]
        matrix = np.empty((len(self), size + 1))
        np.negative(self.columns, out=matrix[:, :size])
        matrix[:, size] = -(self.columns @ trace)
        bounds = [(c - box, c + box) for c in centre] + [(None, None)]
        cost = np.append(self.target, self.target @ trace)
        result = linear_program(cost, A_ub=matrix, b_ub=-gains, bounds=bounds)
        if result is None:
            return np.inf, centre, np.zeros(len(self))
        dual = result.x[:size] + result.x[size] * trace
        return float(result.fun), dual, np.maximum(-result.ineqlin.marginals, 0.0)

    def mixture(
        self, gains: FloatArray, at_least: tuple[FloatArray, float] | None = None
    ) -> FloatArray | None:
        """Return the probabilities of a mixture that equals the target and has the largest mean gain.

        Args:
            gains: one a product.
            at_least: other gains, and what their mean has to reach.

        Returns:
            Shape (N,), or None if there is no such mixture.
        """
        extra = {} if at_least is None else {"A_ub": -at_least[0][None], "b_ub": [-at_least[1]]}
        result = linear_program(-gains, A_eq=self.columns.T, b_eq=self.target, bounds=(0, None), **extra)
        return None if result is None else self.exact(np.maximum(result.x, 0.0))

    def exact(self, probabilities: FloatArray) -> FloatArray | None:
        """Return the nearest probabilities that give the target to rounding; None if there are none."""
        p = probabilities.copy()
        for _ in range(4):
            support = np.flatnonzero(p > 1e-14)
            residual = self.target - p[support] @ self.columns[support]
            step = np.linalg.lstsq(self.columns[support].T, residual, rcond=1e-11)[0]
            p[:] = np.where(p > 1e-14, p, 0.0)
            p[support] += step
            p = np.maximum(p, 0.0)
            if np.abs(self.target - p @ self.columns).max() < 2e-14:
                break
        return p if np.abs(self.target - p @ self.columns).max() < 1e-11 else None

"""The linear program over a dictionary of products, and its dual."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.border import HELD, Border
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray

EXACT = 1e-11  # how far from the target, in any coordinate, a mixture may be
MOST_FOR_NNLS = 4e5  # entries of the matrix of non-negative least squares
SHARES = (1e-7, 1e-5, 1e-3)  # of another mixture, which repairs one
REACH, MOST_REACH = 300.0, 3000.0  # bits: how far K may go along the border in one step, and in all
NEAR_OPTIMAL = (1e-8, 1e-6)  # bits; reduced costs of the products with which a mixture is repaired


def linear_program(cost: FloatArray, deadline: float = np.inf, **constraints: Any) -> Any | None:
    """Solve a linear program as exactly as HiGHS can; return scipy's result.

    The simplex method with the tightest tolerance sometimes ends without a verdict: then others are tried.

    Args:
        cost: of each variable.
        deadline: time.monotonic() at which to give up.
        **constraints: of `scipy.optimize.linprog`.

    Returns:
        None if the program is infeasible or the time is over.
    """
    for method, tolerance in (("highs-ds", 1e-10), ("highs-ipm", 1e-10), ("highs-ds", 1e-8)):
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        from scipy.optimize import linprog  # slow to import

        options = {
            "primal_feasibility_tolerance": tolerance,
            "dual_feasibility_tolerance": tolerance,
            "presolve": False,
        }
        if np.isfinite(left):
            options["time_limit"] = left
        result = linprog(cost, method=method, options=options, **constraints)
        if result.status == 1:
            return None
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
        border: what the kernels of the target's blocks demand.
        allowed: shape (N,): which products it leaves; no other occurs in a mixture.
    """

    def __init__(self, model: Model) -> None:
        """Start empty."""
        self.model = model
        self.border = Border(model)
        self.points = [np.empty((0, space.size)) for space in model.spaces]
        self.entropies = np.empty((0, len(model.spaces)))
        self.rows = model.rows
        self.target = self._flatten(model.target.reshape(1, -1))[0]
        self.columns = np.empty((0, len(self.target)))
        self.allowed = np.empty(0, dtype=bool)
        free = self.border.directions[: 0 if model.pairs else None]  # faces and circles say it all then
        self._free = self._flatten(free.reshape(-1, model.target.size))

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

    def size(self, dual: FloatArray) -> float:
        """Return the largest coordinate of K, apart from what vanishes on all that can occur (`Border`)."""
        own, along = self.reduced(dual), self._free
        if len(along):
            own = own - np.linalg.lstsq(along.T, own)[0] @ along
        return float(np.abs(own).max(initial=0.0))

    def add(self, points: list[FloatArray], closest: float = 1e-9) -> int:
        """Add products that are not there yet; return how many."""
        if self.model.pairs and len(points[0]):
            held = self.border.distances(points) < HELD
            points = [p[held] for p in points]
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
            held = self.border.distances([p[fresh] for p in points]) < HELD
            self.allowed = np.concatenate([self.allowed, held])
        return len(fresh)

    def keep(self, chosen: FloatArray) -> None:
        """Drop all products but the chosen ones (indices or mask)."""
        self.points = [p[chosen] for p in self.points]
        self.entropies = self.entropies[chosen]
        self.columns = self.columns[chosen]
        self.allowed = self.allowed[chosen]

    def stabilised(
        self,
        gains: FloatArray,
        centre: FloatArray,
        box: float,
        deadline: float = np.inf,
        damping: float = 0.0,
    ) -> tuple[float, FloatArray, FloatArray]:
        """Minimise <K, target> over K near `centre` with gain - <K, product> <= 0 for all products.

        K may differ from the centre by `box` in every coordinate. This is the dual of the
        program with slack at an L1 price. K may shift freely by a multiple of the trace, and far along what
        vanishes on the target and on the products that occur (`Border`).

        Args:
            gains: one a product.
            centre: on the rows.
            box: bits.
            deadline: time.monotonic() at which to give up.
            damping: the share of the way back to the centre at which K is taken (not along the border):
                there new products say more than at the extreme point that the program ends in.

        Returns:
            The value, K on the rows and the probabilities.
        """
        size, along = len(self.target), self._free
        free = np.concatenate([self._flatten(self.model.trace.reshape(1, -1)), along])
        matrix = np.empty((len(self), size + len(free)))
        np.negative(self.columns, out=matrix[:, :size])
        matrix[:, size:] = -(self.columns @ free.T)
        gone = (along @ centre) / (along**2).sum(axis=1)
        bounds = [(c - box, c + box) for c in centre] + [(None, None)]
        bounds += [(-REACH, max(0.0, min(REACH, MOST_REACH - there))) for there in gone]
        cost = np.append(self.target, free @ self.target)
        result = linear_program(cost, deadline, A_ub=matrix, b_ub=-gains, bounds=bounds)
        if result is None:
            return np.inf, centre, np.zeros(len(self))
        change = result.x[:size] + result.x[size] * free[0] - centre
        dual = centre + (1 - damping) * change + result.x[size + 1 :] @ along
        return float(result.fun), dual, np.maximum(-result.ineqlin.marginals, 0.0)

    def mixture(
        self,
        gains: FloatArray,
        at_least: tuple[FloatArray, float] | None = None,
        deadline: float = np.inf,
    ) -> FloatArray | None:
        """Return the probabilities of a mixture that equals the target and has the largest mean gain.

        Args:
            gains: one a product.
            at_least: other gains, and what their mean has to reach.
            deadline: time.monotonic() at which to give up.

        Returns:
            Shape (N,), or None if there is no such mixture.
        """
        extra = {} if at_least is None else {"A_ub": -at_least[0][None], "b_ub": [-at_least[1]]}
        bounds = np.zeros((len(self), 2))
        bounds[self.allowed, 1] = np.inf
        result = linear_program(
            -gains, deadline, A_eq=self.columns.T, b_eq=self.target, bounds=bounds, **extra
        )
        if result is None:
            return None
        return self.exact(np.maximum(result.x, 0.0), result.lower.marginals)

    def exact(self, probabilities: FloatArray, reduced_costs: FloatArray) -> FloatArray | None:
        """Return nearby probabilities that give the target to rounding; None if there are none.

        Where the program is degenerate the products that occur may not suffice: others that are as good
        (their reduced cost vanishes nearly) are then allowed to occur too.

        Args:
            probabilities: shape (N,), from the linear program.
            reduced_costs: shape (N,): what a unit of each product would cost, in bits.
        """
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
        if np.abs(self.target - p @ self.columns).max() < EXACT:
            return p
        for threshold in NEAR_OPTIMAL:
            chosen = np.flatnonzero((probabilities > 1e-14) | (reduced_costs < threshold))
            if len(chosen) * len(self.target) > MOST_FOR_NNLS:
                break
            p = np.zeros(len(self))
            p[chosen] = nonnegative(self.columns[chosen].T, self.target)
            if np.abs(self.target - p @ self.columns).max() < EXACT:
                return p
        # a little of any mixture takes up the rounding, where the target is not on the border
        residual = self.target - probabilities @ self.columns
        for share in SHARES:
            if self.columns.size > MOST_FOR_NNLS:
                break
            other = nonnegative(self.columns.T, self.target + (1 - share) / share * residual)
            p = (1 - share) * probabilities + share * other
            if np.abs(self.target - p @ self.columns).max() < EXACT:
                return p
        return None


def nonnegative(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return the x >= 0 that solves matrix x = right best; zero where the iteration does not converge."""
    from scipy.optimize import nnls  # slow to import

    try:
        return np.asarray(nnls(matrix, right)[0])
    except RuntimeError:
        return np.zeros(matrix.shape[1])

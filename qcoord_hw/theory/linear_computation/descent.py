"""Upper bounds on c: one server at a time is set to an exact optimum for the others, chosen at random.

For fixed other servers the best P_s is known in closed form. Split off the rows and columns outside the
span of V_s; then rank(R) = rank(outside rows) + rank(outside columns) - rank(outside both) + rank(Y + T),
where the corner Y = L P_s M of P_s may be any matrix of rank at least rank(P_s) minus the rows and columns
split off.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qcoord_hw.theory.linear_computation.arrangement import Arrangement
from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.stacks import ranks

PATIENCE = 12  # rounds over all servers without gain before a new start


def descend(
    arrangement: Arrangement, target: int, rng: np.random.Generator, late: Callable[[], bool], starts: int
) -> tuple[int, list[Array]]:
    """Return (rank, P), the smallest rank found; stops at `target`, when late, or after `starts` starts."""
    gf = arrangement.field
    steps = [Step(gf, v, floor) for v, floor in zip(arrangement.spaces, arrangement.floors, strict=True)]
    best, best_p = arrangement.rows + 1, list[Array]()
    for _ in range(starts):
        p = [admissible(gf, v.shape[1], rng) for v in arrangement.spaces]
        total = arrangement.sum(p)
        rank, idle = gf.rank(total), 0
        while idle < PATIENCE and rank > target and not late():
            before = rank
            for s in rng.permutation(len(steps)):
                if late():
                    break
                p[s], total, rank = steps[s].best(total, p[s], rng)
            idle = 0 if rank < before else idle + 1
        if rank < best:
            best, best_p = rank, list(p)
        if best <= target or late():
            break
    return best, best_p


def admissible(gf: Field, m: int, rng: np.random.Generator) -> Array:
    """Return a random invertible m x m matrix."""
    while True:
        stack = rng.integers(gf.order, size=(8, m, m))
        good = np.flatnonzero(ranks(gf, stack) == m)
        if good.size:
            return np.asarray(stack[good[0]])


class Step:
    """The best P_s of one server whose columns span `space` and whose P_s has rank at least `floor`."""

    def __init__(self, gf: Field, space: Array, floor: int) -> None:
        """Find a basis in which V_s = [I; 0]."""
        self.gf, self.space, self.floor = gf, space, floor
        rows, self.m = space.shape
        reduced, pivots = gf.rref(np.hstack([space, np.eye(rows, dtype=np.int64)]))
        self.frame = np.ascontiguousarray(reduced[:, self.m :])

    def best(self, total: Array, now: Array, rng: np.random.Generator) -> tuple[Array, Array, int]:
        """Return (P_s, sum, rank) with P_s random among the best for the other servers of `total`."""
        gf, m = self.gf, self.m
        if m == 0:
            return now, total, gf.rank(total)
        rest = gf.add[total, gf.neg[gf.matmul(gf.matmul(self.space, now), self.space.T)]]
        r = gf.matmul(gf.matmul(self.frame, rest), self.frame.T)
        inner, up, down, outer = r[:m, :m], r[:m, m:], r[m:, :m], r[m:, m:]
        left, shift = self._split(np.vstack([up, outer]))
        right, unshift = self._split(np.vstack([down.T, outer.T]))
        corner = gf.matmul(gf.matmul(left, inner), right.T)
        corner = gf.add[corner, gf.neg[gf.matmul(gf.matmul(shift, outer), unshift.T)]]
        b, c = m - len(right), m - len(left)
        fixed = gf.rank(outer) + b + c
        y = gf.neg[corner]
        least = max(0, self.floor - b - c)
        lack = max(0, least - gf.rank(corner))
        while lack:
            shape = (len(left), lack), (lack, len(right))
            y = gf.add[
                gf.neg[corner],
                gf.matmul(rng.integers(gf.order, size=shape[0]), rng.integers(gf.order, size=shape[1])),
            ]
            if gf.rank(y) >= least:
                break
        p = self._complete(left, right, y, rng)
        total = gf.add[rest, gf.matmul(gf.matmul(self.space, p), self.space.T)]
        return p, total, fixed + lack

    def _split(self, stacked: Array) -> tuple[Array, Array]:
        """Return (L, Z) with L up = Z outer and L of full row rank, for stacked = [up; outer]."""
        gf, m = self.gf, self.m
        kernel, pivots = gf.rref(gf.null_space(stacked.T))
        kernel = kernel[: sum(p < m for p in pivots)]
        return kernel[:, :m], gf.neg[kernel[:, m:]]

    def _complete(self, left: Array, right: Array, corner: Array, rng: np.random.Generator) -> Array:
        """Return a random P of rank at least the floor with left P right^T = corner."""
        gf, m = self.gf, self.m
        frames = [gf.inverse(_extend(gf, half)) for half in (left, right)]
        while True:
            stack = rng.integers(gf.order, size=(16, m, m))
            stack[:, : len(left), : len(right)] = corner
            good = np.flatnonzero(ranks(gf, stack) >= self.floor)
            if good.size:
                return gf.matmul(gf.matmul(frames[0], stack[good[0]]), frames[1].T)


def _extend(gf: Field, rows: Array) -> Array:
    """Return an invertible matrix which begins with these independent rows."""
    _, pivots = gf.rref(rows)
    others = [j for j in range(rows.shape[1]) if j not in pivots]
    return np.vstack([rows, np.eye(rows.shape[1], dtype=np.int64)[others]])

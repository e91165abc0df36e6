"""A semidefinite program in small dense blocks: a primal-dual interior-point method.

General solvers keep a block of n rows as n^2 / 2 coordinates that all hang together, so that one step takes
the sixth power of n. Here a step takes K^2 n^2 + K n^3 operations for the K variables that occur in a block,
all of them in products of matrices [HRVW1996].
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from qcoord_hw.theory.games.moments import IntArray
from qcoord_hw.theory.games.payoffs import FloatArray

STEPS = 60
BACK = 0.95
"""Of the way to the boundary that is gone."""
LEAST = 1e-8
"""Of a step that is worth taking."""
ROUNDING = 1e-13
"""Entries of matrices with entries up to 1 that are none."""


def work(variables: int, sizes: Sequence[int], occurring: Sequence[int] | None = None) -> float:
    """Return about how many multiplications a step takes.

    Args:
        variables: how many there are.
        sizes: of the blocks.
        occurring: how many variables occur in each block; all of them if omitted.
    """
    many = [variables] * len(sizes) if occurring is None else occurring
    return variables**3 / 3 + sum(k**2 * n**2 + 2 * k * n**3 for k, n in zip(many, sizes, strict=True))


def occurrences(block: FloatArray) -> IntArray:
    """Return which variables occur in a block, of matrices F_j of shape (K, n, n)."""
    return np.flatnonzero(np.abs(block).max(axis=(1, 2), initial=0.0) > ROUNDING)


def dual_blocks(
    objective: FloatArray, blocks: Sequence[FloatArray], accuracy: float, deadline: float
) -> list[FloatArray] | None:
    """Return matrices Z >= 0 with <F_j, Z> = -c_j, nearly, that almost minimise <1, Z>.

    That is the dual of: maximise c.z where 1 + sum_j z_j F_j >= 0, block by block.

    Args:
        objective: c, shape (K,).
        blocks: the matrices F_j of each block, shape (K, n, n), symmetric.
        accuracy: of the gap and of the equations, relative to the value and to c.
        deadline: of `time.monotonic`, after which the last step counts; None where there was none.
    """
    ones = [np.eye(own.shape[1]) for own in blocks]
    places = [occurrences(own) for own in blocks]
    blocks = [own[place] for own, place in zip(blocks, places, strict=True)]

    def paired(matrices: Sequence[FloatArray]) -> FloatArray:
        """Return <F_j, X> for every j."""
        total = np.zeros(len(objective))
        for own, place, x in zip(blocks, places, matrices, strict=True):
            total[place] += own.reshape(len(own), x.size) @ x.ravel()
        return total

    size, scale = sum(map(len, ones)), 1 + float(np.abs(objective).max())
    slack, dual, found = ones, [scale * one for one in ones], None
    for _ in range(STEPS):
        if time.monotonic() > deadline:
            break
        gap = sum(float((s * x).sum()) for s, x in zip(slack, dual, strict=True))
        value = sum(float(np.trace(x)) for x in dual)
        off = float(np.abs(objective + paired(dual)).max())
        if gap <= accuracy * (1 + abs(value)) and off <= accuracy * scale:
            break
        try:
            step = _Step(objective, blocks, places, paired, slack, dual)
            moved, change = step.towards(0.0)
            far = step.room(moved, change)
            ahead = sum(
                float(((s + far[0] * m) * (x + far[1] * d)).sum())
                for s, m, x, d in zip(slack, moved, dual, change, strict=True)
            )
            centre = max(1e-6, min(1.0, (ahead / gap) ** 3)) * gap / size
            moved, change = step.towards(centre, (moved, change))
            far = step.room(moved, change, BACK)
        except np.linalg.LinAlgError:  # as near to the boundary as rounding allows
            break
        if max(far) < LEAST:
            break
        slack = [s + far[0] * m for s, m in zip(slack, moved, strict=True)]
        dual = [x + far[1] * d for x, d in zip(dual, change, strict=True)]
        found = dual
    return found


class _Step:
    """One step from 1 + sum_j z_j F_j = S and Z, all of them positive definite."""

    def __init__(
        self,
        objective: FloatArray,
        blocks: Sequence[FloatArray],
        places: Sequence[IntArray],
        paired: Callable[[Sequence[FloatArray]], FloatArray],
        slack: Sequence[FloatArray],
        dual: Sequence[FloatArray],
    ) -> None:
        self._objective, self._blocks, self._dual = objective, blocks, dual
        self._places, self._paired = places, paired
        self._dual_lower: list[FloatArray] = [np.asarray(np.linalg.cholesky(x), dtype=float) for x in dual]
        self._slack_lower: list[FloatArray] = [np.asarray(np.linalg.cholesky(s), dtype=float) for s in slack]
        roots = [solve_triangular(low, np.eye(len(low)), lower=True) for low in self._slack_lower]
        self._inverse = [root.T @ root for root in roots]
        schur = np.zeros((len(objective),) * 2)
        for own, place, low, root in zip(blocks, places, self._dual_lower, roots, strict=True):
            scaled = (low.T @ own @ root.T).reshape(len(own), low.size)
            schur[np.ix_(place, place)] += scaled @ scaled.T
        schur[np.diag_indices_from(schur)] *= 1 + 1e-14
        self._factor = cho_factor(schur)

    def towards(
        self, centre: float, second: tuple[Sequence[FloatArray], Sequence[FloatArray]] | None = None
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return the changes of S and Z towards S Z = centre; `second` are those of a first attempt."""
        aims = [centre * one for one in self._inverse]
        if second is not None:
            crossed = [d @ m @ i for m, d, i in zip(*second, self._inverse, strict=True)]
            aims = [aim - (t + t.T) / 2 for aim, t in zip(aims, crossed, strict=True)]
        step = cho_solve(self._factor, self._paired(aims) + self._objective)
        pairs = zip(self._blocks, self._places, strict=True)
        moved = [np.tensordot(step[place], own, axes=1) for own, place in pairs]
        turned = [x @ m @ i for x, m, i in zip(self._dual, moved, self._inverse, strict=True)]
        change = [a - x - (t + t.T) / 2 for a, x, t in zip(aims, self._dual, turned, strict=True)]
        return moved, change

    def room(
        self, moved: Sequence[FloatArray], change: Sequence[FloatArray], share: float = 1.0
    ) -> tuple[float, float]:
        """Return how far S and Z may go, 1 at most: a share of the way to where they are singular."""
        pairs = ((self._slack_lower, moved), (self._dual_lower, change))
        slack, dual = (min(1.0, share * _room(lower, changes)) for lower, changes in pairs)
        return slack, dual


def _room(lower: Sequence[FloatArray], changes: Sequence[FloatArray]) -> float:
    """Return how far matrices, given by their Cholesky factors, may change until one is singular."""
    least = 0.0
    for low, change in zip(lower, changes, strict=True):
        half = solve_triangular(low, change, lower=True)
        least = min(least, float(np.linalg.eigvalsh(solve_triangular(low, half.T, lower=True))[0]))
    return -1 / least if least < 0 else math.inf

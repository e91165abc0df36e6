"""A lower bound for three qubits and no communication: few products do not average to coherence.

For a product (of mixed factors too) let s = <000|.|000> + <111|.|111> and F = the six other populations less
6 Re <000|.|111>. With g0, g1 the two populations, F >= 1 - s - 6 sqrt(g0 g1), and g0^(1/3) + g1^(1/3) <= 1,
so that F >= floor(s): 1 - 4 s up to s = 1/4, then 1 - s - 6 ((1 - s) / 3)^(3/2), which is concave and 0 at
both ends. A mean of M products with a mean s has least F where at most one of them lies inside the concave
part, so the least F is known exactly (`least_mean`). Both figures are observables: with the spread of
eigenvalues of a F + b s at most 2,

    D >= a (F - F of the target) + b (s - s of the target),   for (a, b) in `OBSERVABLES`,

and the bound is the least over all mean s of the largest of these.
"""

from __future__ import annotations

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray, LinkTask

OBSERVABLES = ((0.0, 2.0), (0.0, -2.0), (1 / 3, 4 / 3), (1 / 3, -2 / 3))
"""The corners of the (a, b) with a >= 0: a F + b s has the eigenvalues b + 3 a, b - 3 a and a."""

STEPS = 400_001
"""Points of the grid of s."""


def applies(task: LinkTask) -> bool:
    """Whether there is no sender, and three receivers have a qubit each."""
    return len(task.probabilities) == 1 and task.messages == 1 and task.sizes == (2, 2, 2)


def floor_of(s: FloatArray) -> FloatArray:
    """Return the least F of a product of this s."""
    left = np.clip(1 - s, 0, 0.75)
    return np.where(s <= 0.25, 1 - 4 * s, left - 6 * (left / 3) ** 1.5)


def least_mean(s: FloatArray, count: int) -> FloatArray:
    """Return the least mean F of `count` products whose mean is s.

    >>> least_mean(np.array([0.25, 0.4, 1.0]), 5).round(12).tolist()
    [0.0, 0.0, 0.0]
    """
    over = np.maximum(0, (s - 0.25) * count / 0.75)  # how many at s = 1, the others at 1/4
    inside = over - np.floor(over)
    return np.where(s <= 0.25, 1 - 4 * s, floor_of(0.25 + 0.75 * inside) / count)


def phase_bound(task: LinkTask) -> float:
    """Return a lower bound on the trace norm, up to the step of a grid."""
    omega = task.states[0]
    populations = omega.diagonal().real
    s_target = populations[0] + populations[7]
    f_target = populations[1:7].sum() - 6 * omega[0, 7].real
    s = np.linspace(0, 1, STEPS)
    f = least_mean(s, task.common)
    values = [a * (f - f_target) + b * (s - s_target) for a, b in OBSERVABLES]
    return max(0.0, float(np.max(values, axis=0).min()))

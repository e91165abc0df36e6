"""Sums of scores from 0 to 1 whose mean, given what came before, is at most a bound: tests with memory.

Two bounds of the probability of a sum at least as large hold for them, so that the smaller does: Chernoff's,
exp(-n KL(w || c)) [Hoeffding1963], and that of Bentkus, e times the tail of a binomial variable of the same
mean, continued log-linearly between the integers [Bentkus2004]. Limits are the bounds that such a test does
not refuse.
"""

from __future__ import annotations

import math
import sys

from scipy.special import xlogy

from qcoord_hw.statistics.binomial import tail

METHOD = "scores drawn with their questions: chernoff or bentkus, whichever is sharper"


def score_tail(total: float, shots: int, bound: float) -> float:
    """Return a bound on the probability that scores add up to as much as they did.

    Args:
        total: sum of the scores.
        shots: how many there are.
        bound: what the mean of each is at most, given those before.

    >>> score_tail(80.0, 100, 0.5) < 1e-7, score_tail(50.0, 100, 0.5)
    (True, 1.0)
    """
    share = min(1.0, total / shots) if shots else 0.0
    if share <= bound:
        return 1.0
    if bound <= 0:
        return 0.0
    divergence = float(xlogy(share, share / bound) + xlogy(1 - share, (1 - share) / (1 - bound)))
    return min(
        1.0, max(sys.float_info.min, math.exp(-shots * divergence)), math.e * _between(total, shots, bound)
    )


def _between(total: float, shots: int, bound: float) -> float:
    """Return the tail of a binomial variable, log-linear between the integers."""
    least = min(shots, math.floor(total + 1e-9))
    part = max(0.0, total - least)
    low = tail(least, shots, bound)
    return low if part <= 0 or least >= shots else low ** (1 - part) * tail(least + 1, shots, bound) ** part


def score_limits(total: float, shots: int, alpha_low: float, alpha_high: float) -> tuple[float, float, float]:
    """Return (low, best, high) of the mean score; no shots give (0, 1/2, 1).

    Args:
        total: sum of the scores.
        shots: how many there are.
        alpha_low: probability with which the lower limit may be wrong.
        alpha_high: probability with which the upper limit may be wrong.
    """
    if not shots:
        return 0.0, 0.5, 1.0
    return _low(total, shots, alpha_low), total / shots, 1 - _low(shots - total, shots, alpha_high)


def _low(total: float, shots: int, alpha: float) -> float:
    """Return the largest bound that is refused at this level."""
    share = min(1.0, total / shots)
    if share <= 0 or score_tail(total, shots, 1e-300) > alpha:
        return 0.0
    from scipy.optimize import brentq  # slow to import

    found = brentq(lambda c: math.log(score_tail(total, shots, c) / alpha), 1e-300, share * (1 - 1e-12))
    return float(found)

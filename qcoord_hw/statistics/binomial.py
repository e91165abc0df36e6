"""Exact binomial statistics: Clopper-Pearson limits and tail probabilities."""

from __future__ import annotations

import math
import sys

from scipy.special import betainc, betaincinv

from qcoord_hw.spec import check_confidence as check_confidence


def lower_limit(successes: int, trials: int, alpha: float) -> float:
    """Return the Clopper-Pearson lower limit, wrong with probability at most alpha [ClopperPearson1934]."""
    if successes == 0:
        return 0.0
    return float(betaincinv(successes, trials - successes + 1, alpha))


def upper_limit(successes: int, trials: int, alpha: float) -> float:
    """Return the Clopper-Pearson upper limit, wrong with probability at most alpha [ClopperPearson1934]."""
    if successes == trials:
        return 1.0
    return float(betaincinv(successes + 1, trials - successes, 1 - alpha))


def clopper_pearson(successes: int, trials: int, confidence: float) -> tuple[float, float, float]:
    """Return (low, best, high) of a success probability; no trials give (0, 1/2, 1).

    >>> clopper_pearson(0, 0, 0.95)
    (0.0, 0.5, 1.0)
    >>> [round(v, 6) for v in clopper_pearson(10, 10, 0.95)]
    [0.691503, 1.0, 1.0]
    """
    if trials == 0:
        return 0.0, 0.5, 1.0
    alpha = (1 - confidence) / 2
    return lower_limit(successes, trials, alpha), successes / trials, upper_limit(successes, trials, alpha)


def tail(successes: int, trials: int, probability: float) -> float:
    """Return P(X >= successes) of a binomial X: the exact p-value against `probability`.

    A value below the smallest normal number is returned as that number, an upper bound.

    >>> round(tail(2, 2, 0.75), 4)
    0.5625
    """
    if successes <= 0:
        return 1.0
    value = float(betainc(successes, trials - successes + 1, probability))
    return max(value, sys.float_info.min) if not math.isnan(value) else 1.0

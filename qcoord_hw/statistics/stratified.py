"""Intervals of sums of means of bounded scores, each over independent shots of its own distribution.

Where all strata have two scores and the same weight per shot, the limits are those of Clopper and Pearson
for the shots of all strata together, which hold for shots of different probabilities [Hoeffding1956]. Else
they are those of a binomial variable of the same mean and variance, after [KornGraubard1998]; as in
[FayFeuer1997] the end of the interval that lies far from the nearest edge of the range takes one further shot
of the largest weight into account, which keeps it wide enough where hardly a shot differed from the others.
The probability of a sum at least as large is bounded after Chernoff, whatever the strata's distributions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from qcoord_hw.statistics.binomial import lower_limit, upper_limit

METHOD = "clopper-pearson of the effective shots (mean and variance of a binomial), stratified"

ROUNDING = 1e-12
"""By so much a mean may miss the end of its range that it is at."""


@dataclass(frozen=True)
class Stratum:
    """The mean of a bounded score over independent shots of one distribution.

    Attributes:
        shots: n.
        mean: of the scores; anything for no shots.
        variance: of the scores, with n - 1 below; anything for fewer than two shots.
        low: least score that there can be.
        high: largest score that there can be.
        two: whether only these two scores can occur.
    """

    shots: int
    mean: float
    variance: float
    low: float
    high: float
    two: bool = False


def sum_limits(
    strata: Sequence[Stratum], offset: float, alpha_low: float, alpha_high: float
) -> tuple[float, float, float]:
    """Return (low, best, high) of offset + the sum of all means.

    A stratum of one shot counts with the largest variance that its range allows; one without shots adds its
    whole range, its best value being the middle.

    Args:
        strata: the means.
        offset: a constant.
        alpha_low: probability with which the lower limit may be wrong.
        alpha_high: probability with which the upper limit may be wrong.
    """
    unknown = sum(s.high - s.low for s in strata if not s.shots)
    counted = [s for s in strata if s.shots and s.high > s.low]
    best = offset + math.fsum((s.low + s.high) / 2 if not s.shots else s.mean for s in strata)
    if not counted:
        return best - unknown / 2, best, best + unknown / 2
    reach = math.fsum(s.high - s.low for s in counted)
    least = best - math.fsum(s.mean - s.low for s in counted)
    share = (best - least) / reach
    share = 0.0 if share < ROUNDING else 1.0 if share > 1 - ROUNDING else share
    steps = [(s.high - s.low) / s.shots / reach for s in counted]
    if all(s.two for s in counted) and max(steps) <= min(steps) * (1 + 1e-9):
        shots = sum(s.shots for s in counted)
        right = round(share * shots)
        low, high = lower_limit(right, shots, alpha_low), upper_limit(right, shots, alpha_high)
    else:
        variance = math.fsum(
            (s.variance if s.shots > 1 else (s.high - s.low) ** 2 / 4) / s.shots for s in counted
        )
        step, variance = max(steps), variance / reach**2
        low = 1 - _upper(1 - share, variance, step, alpha_low)
        high = _upper(share, variance, step, alpha_high)
    return least + reach * low - unknown / 2, best, least + reach * high + unknown / 2


def _upper(share: float, variance: float, step: float, alpha: float) -> float:
    """Return the upper limit of a mean within 0 and 1, given the variance of its estimate.

    Args:
        share: the estimate.
        variance: of the estimate.
        step: the most that a shot can change it.
        alpha: probability with which the limit may be wrong.
    """
    if share == 1:
        return 1.0
    if share > 0.5:
        shots = share * (1 - share) / variance if variance > 0 else 1 / step
        return float(betaincinv(shots * (share + step), shots * (1 - share), 1 - alpha))
    variance += step**2 * (1 - 2 * share)
    share += step
    if share >= 1:
        return 1.0
    shots = share * (1 - share) / variance if variance > 0 else 1 / step
    return float(betaincinv(shots * share, shots * (1 - share + step), 1 - alpha))


def sum_tail(
    weights: npt.NDArray[np.float64],
    shots: npt.NDArray[np.int64],
    wins: npt.NDArray[np.int64] | npt.NDArray[np.float64],
    bound: float,
) -> float:
    """Return a bound on the probability that a weighted mean of wins is as large as it was.

    The infimum over t of exp(-t S) times the largest E exp(t S) that any win probabilities allow whose
    weighted mean is at most `bound` [Chernoff1952]. Shots of one stratum may have different ones, the
    logarithm of the expectation being concave in them.

    Args:
        weights: shape (strata,), sum 1.
        shots: shape (strata,), positive.
        wins: shape (strata,): shots that won, or the sum of scores from 0 to 1, of which the same holds: the
            exponential of a score is at most that of a win of the same mean.
        bound: what the weighted mean of the win probabilities is at most, 0 to 1.
    """
    steps = weights / shots
    share = float(steps @ wins)
    if share <= bound + ROUNDING:
        return 1.0
    if bound <= 0:
        return 0.0
    from scipy.optimize import brentq, minimize_scalar  # slow to import

    def exponent(t: float) -> float:
        gain = np.expm1(t * steps / steps.max())

        def worst(price: float) -> npt.NDArray[np.float64]:
            return np.asarray(np.clip(1 / (price * steps) - 1 / gain, 0, 1))

        # at the first price every win probability is 1, at the second every one is 0
        prices = float((1 / steps / (1 + 1 / gain)).min()), float((gain / steps).max())
        price = brentq(lambda x: float(weights @ worst(math.exp(x))) - bound, *map(math.log, prices))
        most = float(shots @ np.log1p(gain * worst(math.exp(price))))
        return most - t * share / float(steps.max())

    found = minimize_scalar(exponent, bounds=(1e-9, 40.0), method="bounded", options={"xatol": 1e-6})
    return math.exp(min(0.0, float(found.fun)))


def drawn_limits(low: float, best: float, high: float, spread: float) -> tuple[float, float, float]:
    """Return the limits of a fidelity F whose estimate is off by up to `spread` sqrt(1 - F) besides.

    Args:
        low: lower limit without that.
        best: the estimate.
        high: upper limit without that.
        spread: c; the set of F with low - c sqrt(1 - F) <= F <= high + c sqrt(1 - F) is returned.
    """
    most = (spread + math.sqrt(max(0.0, spread**2 + 4 * (1 - low)))) / 2
    least = 0.0 if high >= 1 else (math.sqrt(spread**2 + 4 * (1 - high)) - spread) / 2
    return 1 - most**2, best, 1 - least**2

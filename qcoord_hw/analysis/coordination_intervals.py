"""Intervals of sums of means, valid for any number of shots: a stratified empirical Bernstein bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

METHOD = "empirical Bernstein, stratified"


@dataclass(frozen=True)
class Stratum:
    """The mean of a bounded score over independent shots of one distribution.

    Attributes:
        shots: n.
        mean: of the scores; anything for no shots.
        variance: of the scores, with n - 1 below; anything for fewer than two shots.
        low: least score that there can be.
        high: largest score that there can be.
    """

    shots: int
    mean: float
    variance: float
    low: float
    high: float


def bernstein_limits(strata: Sequence[Stratum], offset: float, alpha: float) -> tuple[float, float, float]:
    """Return (low, best, high) of offset + the sum of all means, wrong with probability at most alpha.

    With V = sum of sigma^2 / n, b the largest range / n and L = log(3 / alpha), Bernstein's inequality bounds
    the error by sqrt(2 V L) + b L / 3 on either side, and sqrt(V) <= sqrt(its estimate) + b sqrt(2 c L) with
    c = max n / (n - 1), as the estimate over b^2 is a self-bounding function of independent shots: the proof
    of [MaurerPontil2009, Theorem 10], stratum by stratum. A stratum of one shot counts with the largest
    variance that its range allows; one without shots adds its whole range, its best value being the middle.
    """
    tail = math.log(3 / alpha)
    best, below, above = offset, 0.0, 0.0
    estimated = known = ceiling = 0.0
    step = step_estimated = 0.0
    correction = 1.0
    for s in strata:
        reach = s.high - s.low
        if s.shots == 0:
            best += (s.low + s.high) / 2
            below += reach / 2
            above += reach / 2
            continue
        best += s.mean
        step = max(step, reach / s.shots)
        ceiling += reach**2 / (4 * s.shots)
        if s.shots == 1:
            known += reach**2 / 4
        else:
            estimated += s.variance / s.shots
            step_estimated = max(step_estimated, reach / s.shots)
            correction = max(correction, s.shots / (s.shots - 1))
    spread = math.sqrt(estimated) + step_estimated * math.sqrt(2 * correction * tail)
    variance = min(spread**2 + known, ceiling)
    error = math.sqrt(2 * variance * tail) + step * tail / 3
    return best - below - error, best, best + above + error


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

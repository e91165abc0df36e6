"""Where a figure that falls with a factor meets its bound: a bracket whose two ends were both evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from qcoord_hw.execution.scale import MAX_SCALE, MIN_SCALE

WIDTH = 1e-3
"""Of a bracket, relative."""

STEP = 2.0
"""From factor to factor until there is a bracket."""


@dataclass(frozen=True)
class Crossing:
    """Where the verdict flips.

    Attributes:
        value: the factor, interpolated between the two ends.
        lower: the largest factor evaluated at which the bound is beaten; 0 if it is at none above.
        upper: the smallest one evaluated at which it is not; None where it is even at the largest factor.
    """

    value: float
    lower: float
    upper: float | None


def crossing(margin: Callable[[float], float], guess: float) -> Crossing | None:
    """Return where a margin falls to 0, between the smallest and the largest noise scale.

    Args:
        margin: of a factor, how far the figure is beyond its bound; asked at 1 and, if that is lost, at 0.
            It is not asked twice at one factor.
        guess: a factor to begin with.

    Returns:
        None where the margin is lost at factor 0 as well.
    """
    known: dict[float, float] = {}

    def at(factor: float) -> float:
        if factor not in known:
            known[factor] = margin(factor)
        return known[factor]

    def ends() -> tuple[float, float]:
        upper = min(one for one, left in known.items() if left <= 0)
        return max(one for one, left in known.items() if left > 0 and one < upper), upper

    factor = 1.0
    if at(factor) > 0:
        while at(factor) > 0 and factor < MAX_SCALE:
            factor = min(max(guess, 1 + WIDTH) if factor == 1 else factor * STEP, MAX_SCALE)
        if at(factor) > 0:
            return Crossing(factor, factor, None)
    elif at(0.0) <= 0:
        return None
    else:
        while at(factor) <= 0 and factor > MIN_SCALE:
            factor = max(min(guess, 1 - WIDTH) if factor == 1 else factor / STEP, MIN_SCALE)
        if at(factor) <= 0:
            return Crossing(factor, 0.0, factor)

    from scipy.optimize import toms748  # takes time to load

    lower, upper = ends()
    if upper / lower > 1 + WIDTH:
        places = {math.log(end): end for end in (lower, upper)}
        toms748(lambda place: at(places.get(place, math.exp(place))), *places, xtol=WIDTH / 2)
        lower, upper = ends()
    share = known[lower] / (known[lower] - known[upper])
    return Crossing(lower * (upper / lower) ** share, lower, upper)

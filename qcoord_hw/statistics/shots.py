"""How many shots a verdict takes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from qcoord_hw.errors import InputError

FEW = 10_000
"""Up to here every number of shots is tried."""
MANY = 10**9
"""From here on a fraction of a win decides nothing."""

FIVE_SIGMA = 2.866515718791939e-07
"""Probability of five standard deviations above the mean of a normal distribution, on one side."""

_SMALLEST = 1e-300


def shots_for_verdict(win: float, bound: float, p: float = 1e-6) -> int | None:
    """Return the fewest shots, of all questions together, that refute a bound if all goes as expected.

    That is the least n at which P(X >= floor(win n)) of a binomial X of n trials at `bound` is below `p`:
    `tail` of the expected wins, rounded down. As a function of n that tail is a sawtooth, so some larger
    numbers of shots may miss again. Beyond `MANY` shots the wins are not rounded.

    Args:
        win: win probability that is expected.
        bound: classical bound.
        p: p-value to get below.

    Returns:
        The shots; None where the expected win probability is not above the bound.

    Raises:
        InputError: when a probability is not one, or `win` is too near the bound for any number of shots.

    >>> shots_for_verdict(1.0, 0.75), shots_for_verdict(0.85, 0.75), shots_for_verdict(0.7, 0.75)
    (49, 399, None)
    """
    for field, value in (("win", win), ("bound", bound)):
        if not 0 <= value <= 1:
            raise InputError(f"{field}: {value!r}; allowed are numbers from 0 to 1")
    if not _SMALLEST <= p < 1:
        raise InputError(f"p: {p!r}; allowed are numbers from {_SMALLEST} to below 1")
    if win <= bound:
        return None
    start = _unrounded(win, bound, p)
    if start >= MANY:
        return start
    # Rounding wins down only makes the tail larger, so none below `start` will do.
    start, size = (1, FEW) if start <= FEW else (start, 1024)
    while True:
        shots = np.arange(start, start + size, dtype=np.int64)
        fits = np.flatnonzero(_tails(_expected(win, shots), shots, bound) < p)
        if fits.size:
            return int(shots[fits[0]])
        start, size = start + size, min(2 * size, 1 << 16)


def shots_for_width(widths: Mapping[int, float], width: float) -> int | None:
    """Return the fewest shots at which an interval is as narrow as asked for; None where it never is.

    Widths follow c + a / sqrt(n) + b / n: sampling, the price of few shots, and what no shots remove.

    Args:
        widths: shots -> width, at three numbers of shots.
        width: to get down to.

    >>> shots_for_width({n: 3 / n**0.5 for n in (100, 10_000, 1_000_000)}, 0.1)
    900
    """
    x = np.array([n**-0.5 for n in widths])
    c, a, b = np.linalg.solve(np.vander(x, 3, increasing=True), np.array(list(widths.values()))).tolist()
    left = float(width - max(c, 0.0))
    if left <= 0:
        return None
    a, b = max(float(a), 0.0), max(float(b), 0.0)
    least: float = a + math.sqrt(a**2 + 4 * b * left)
    return max(1, math.ceil((least / (2 * left)) ** 2 * (1 - 1e-9)))


def fewest(holds: Callable[[int], bool], most: int) -> int:
    """Return the fewest shots, to within 5 %, at which something holds that is taken to hold at `most`.

    >>> fewest(lambda shots: shots >= 50, 4096)
    50
    """
    low, high = most // 2, most
    while low and holds(low):
        low, high = low // 2, low
    while high - low > max(1, high // 20):
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _unrounded(win: float, bound: float, p: float) -> int:
    """Return the fewest shots with the tail continued to fractions of wins, which falls steadily."""

    def enough(shots: int) -> bool:
        return bool(betainc(win * shots, shots - win * shots + 1, bound) < p)

    high = 1
    while not enough(high):
        high *= 2
        if high > 1 << 60:
            raise InputError(f"win: {win!r}; allowed are numbers further above the bound {bound!r}")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _expected(win: float, shots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return floor(win shots), with 0.29 of 100 shots being 29 although floats make it a little less."""
    return np.asarray(np.floor(win * shots * (1 + 4 * sys.float_info.epsilon)), dtype=np.int64)


def _tails(
    wins: npt.NDArray[np.int64], shots: npt.NDArray[np.int64], bound: float
) -> npt.NDArray[np.float64]:
    """Return `analysis.binomial.tail` of many numbers of wins at once."""
    return np.where(wins > 0, betainc(np.maximum(wins, 1), shots - wins + 1, bound), 1.0)

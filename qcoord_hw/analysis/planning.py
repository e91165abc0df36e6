"""How many shots a verdict takes."""

from __future__ import annotations

import sys
from collections.abc import Callable

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


def shots_until(holds: Callable[[int], bool], start: int, most: int = 1 << 48) -> int | None:
    """Return the fewest shots, to within 1 %, from which on something holds; None if not up to `most`.

    Args:
        holds: whether it does at some shots; taken to hold at all larger ones.
        start: where the search begins.
        most: where it ends.

    >>> shots_until(lambda shots: shots >= 50, 4096), shots_until(lambda shots: False, 1)
    (50, None)
    """
    high = max(1, start)
    while not holds(high):
        high *= 2
        if high > most:
            return None
    low = high // 2
    while low and holds(low):
        low, high = low // 2, low
    while high - low > max(1, high // 100):
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

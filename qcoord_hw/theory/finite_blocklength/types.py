"""Types (letter counts) of strings of length n: enumerated, counted and weighed without cancellation.

The multinomial probabilities are written through Stirling's remainder, so that the large terms n log n never
appear: at n = 10^5 a probability keeps about 11 digits where differences of log-gamma keep 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlog1py

from qcoord_hw.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MAX_TYPES = 5_000_000
"""Types enumerated at most: d = 2 to n = 5 10^6, d = 3 to n = 3160, d = 4 to n = 308."""

STIRLING_FROM = 16  # from here the series below is exact to 1e-16; before it, log-gamma is


def compositions(total: int, lows: Sequence[int], highs: Sequence[int]) -> IntArray:
    """Return every way to write `total` as an ordered sum of counts between their bounds.

    Args:
        total: the sum, n.
        lows: the least count of each letter.
        highs: the largest count of each letter.

    Returns:
        Shape (types, letters); possibly no row.

    Raises:
        InputError: with more than `MAX_TYPES` types.
    """
    letters = len(lows)
    head = np.zeros((1, 0), dtype=np.int64)
    left = np.array([total], dtype=np.int64)
    for i in range(letters):
        rest_low, rest_high = sum(lows[i + 1 :]), sum(highs[i + 1 :])
        first = np.maximum(lows[i], left - rest_high)
        last = np.minimum(highs[i], left - rest_low)
        repeats = np.maximum(last - first + 1, 0)
        rows = int(repeats.sum())
        if rows > MAX_TYPES:
            raise InputError(f"n: {total} with {letters} letters has too many types; allowed is {MAX_TYPES}")
        offset = np.arange(rows) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        count = np.repeat(first, repeats) + offset
        head = np.column_stack([np.repeat(head, repeats, axis=0), count])
        left = np.repeat(left, repeats) - count
    return head


def stirling_remainder(n: int) -> FloatArray:
    """Return log k! - k log k + k for k = 0, ..., n (natural logarithm), shape (n + 1,)."""
    k = np.arange(n + 1, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        series = 1 / (12 * k) - 1 / (360 * k**3) + 1 / (1260 * k**5) - 1 / (1680 * k**7)
        remainder = 0.5 * np.log(2 * math.pi * k) + series
    small = k[:STIRLING_FROM]
    remainder[:STIRLING_FROM] = gammaln(small + 1) - small * np.log(np.maximum(small, 1)) + small
    return np.asarray(remainder)


def log_type_mass(counts: IntArray, p: FloatArray) -> FloatArray:
    """Return the logarithm of the multinomial probability of each type.

    Args:
        counts: shape (types, letters); every row sums to n.
        p: the probabilities of the letters, all positive.

    Returns:
        Natural logarithms, shape (types,).
    """
    n = int(counts[0].sum())
    if n == 0:
        return np.zeros(len(counts))
    remainder = stirling_remainder(n)
    mass = np.full(len(counts), remainder[n])
    for i, probability in enumerate(p):
        mean = n * float(probability)
        gap = counts[:, i] - mean
        # k log(k / mean) - (k - mean), with an error of about |k - mean| times the machine precision.
        mass -= remainder[counts[:, i]] + xlog1py(counts[:, i], gap / mean) - gap
    return mass


def log_type_size(counts: IntArray) -> FloatArray:
    """Return the natural logarithm of the number of strings of each type, n! / prod k_i!, shape (types,)."""
    n = int(counts[0].sum())
    log_factorial = gammaln(np.arange(n + 1) + 1.0)
    return np.asarray(log_factorial[n] - log_factorial[counts].sum(axis=1))

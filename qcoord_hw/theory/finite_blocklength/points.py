"""What every module here returns, a value at (n, rate) and a curve of them, and the checks they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError

FloatArray = npt.NDArray[np.float64]

NEAR = 1e-9
"""Probabilities that miss their sum, or zero, by no more than this are repaired; others are refused."""

MAX_RATE = 1_000_000
"""Bits per letter."""

MAX_BLOCK = 10_000_000
"""The longest block."""

MAX_POWER = 100_000_000
"""Bits of the largest number of strings that is kept as an integer."""

EXACT_BITS = 52
"""Up to so many bits a number 2^(nR) of strings, bins or codewords is an exact integer in a float."""

Accuracy = Literal["exact", "bracket", "estimate"]


@dataclass(frozen=True)
class FinitePoint:
    """What a protocol reaches at one block length and rate.

    Attributes:
        n: the block length.
        rate: bits (qubits) a letter; the sum of the rates where there are several.
        value: the quantity, as the function that returns it says.
        error: 0 with `exact` (up to rounding); with `bracket` the true value is within value +- error; with
            `estimate` the standard error of a mean over random codebooks.
        accuracy: which of the three.
        prediction: the second-order (Gaussian) prediction of the same quantity; None where there is none.
    """

    n: int
    rate: float
    value: float
    error: float
    accuracy: Accuracy
    prediction: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return asdict(self)


@dataclass(frozen=True)
class Curve:
    """A quantity against the block length or the rate, beside the rate at which it jumps in the limit.

    Attributes:
        quantity: what the values are, in words.
        threshold: the asymptotic rate, in bits.
        below: the limit of the quantity, n to infinity, at rates below the threshold.
        above: the same above the threshold.
        points: in the order they were asked for.
    """

    quantity: str
    threshold: float
    below: float
    above: float
    points: tuple[FinitePoint, ...]

    @property
    def ns(self) -> tuple[int, ...]:
        """The block lengths."""
        return tuple(point.n for point in self.points)

    @property
    def rates(self) -> tuple[float, ...]:
        """The rates, in bits."""
        return tuple(point.rate for point in self.points)

    @property
    def values(self) -> tuple[float, ...]:
        """The values."""
        return tuple(point.value for point in self.points)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a dictionary of plain values."""
        return asdict(self)


def grid(
    value: Callable[[int, float], FinitePoint], ns: int | Iterable[int], rates: float | Iterable[float]
) -> tuple[FinitePoint, ...]:
    """Return the points of a curve: every n at every rate, the rate running faster."""
    ns = (ns,) if isinstance(ns, int | np.integer) else tuple(ns)
    rates = (rates,) if isinstance(rates, int | float) else tuple(rates)
    return tuple(value(n, rate) for n in ns for rate in rates)


def block_length(n: int) -> int:
    """Return n if it is an integer from 1 to `MAX_BLOCK`.

    Raises:
        InputError: otherwise.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= MAX_BLOCK:
        raise InputError(f"n: {n!r}; allowed are integers from 1 to {MAX_BLOCK}")
    return int(n)


def nonnegative_rate(field: str, rate: float) -> float:
    """Return the rate as a float if it is from 0 to `MAX_RATE`.

    Raises:
        InputError: otherwise.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 <= rate <= MAX_RATE:
        raise InputError(f"{field}: {rate!r}; allowed are numbers from 0 to {MAX_RATE}, in bits")
    return float(rate)


def distribution(field: str, p: Sequence[float] | npt.ArrayLike) -> FloatArray:
    """Return probabilities, repaired where they miss by no more than `NEAR`.

    Args:
        field: the name used in an error.
        p: the probabilities, shape (letters,).

    Returns:
        Not negative, of sum 1 (to rounding), the same shape: letters of probability 0 are still there.

    Raises:
        InputError: for anything further away from a distribution.
    """
    try:
        array = np.array(p, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{field}: {p!r}; allowed is a list of probabilities") from None
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise InputError(f"{field}: {p!r}; allowed is a list of probabilities")
    if array.min() < -NEAR:
        raise InputError(f"{field}: {array.min():.6g} in it; allowed are probabilities of at least 0")
    if abs(array.sum() - 1) > NEAR:
        raise InputError(f"{field}: sum {array.sum():.12g}; allowed is a sum of 1 to within {NEAR:g}")
    array = np.maximum(array, 0)
    return np.asarray(array / array.sum())


def entropy(p: npt.ArrayLike) -> float:
    """Return the Shannon entropy of probabilities, in bits."""
    positive = np.asarray(p, dtype=float)
    positive = positive[positive > 0]
    return float(-(positive * np.log2(positive)).sum()) + 0.0


def power_of_two(n: int, rate: float) -> tuple[int | None, float]:
    """Return floor(2^(nR)) as an exact integer where it has one, and its natural logarithm.

    The product nR is rounded, so an integer nR, or an integer 2^(nR), missed by no more than that rounding
    counts as reached: n = 3 at rate 2/3 gives 4, and rate log2(3) gives 27. If nR is an integer the number
    is exact up to 2^`MAX_POWER`. Otherwise above `EXACT_BITS` bits only the logarithm nR ln 2 is returned:
    the floor changes it by less than 2^-52.
    """
    bits = n * rate
    rounding = 4 * np.finfo(float).eps
    whole = round(bits)
    if bits <= MAX_POWER and abs(bits - whole) <= rounding * max(bits, 1):
        return 1 << whole, whole * math.log(2)
    if bits > EXACT_BITS:
        return None, bits * math.log(2)
    power = math.exp2(bits)
    nearest = round(power)
    count = nearest if 0 <= nearest - power <= power * rounding * (bits + 1) else math.floor(power)
    return count, math.log(count)


def codebook_size(n: int, rate: float) -> int:
    """Return the number of codewords, round(2^(nR)), at least 1.

    Raises:
        InputError: for more than 2^52 of them, which no codebook that is listed can have.
    """
    bits = n * rate
    if bits > EXACT_BITS:
        raise InputError(
            f"rate: {rate:g} at n = {n} asks for 2^{bits:.6g} codewords; allowed is 2^{EXACT_BITS}"
        )
    return max(1, round(math.exp2(bits)))

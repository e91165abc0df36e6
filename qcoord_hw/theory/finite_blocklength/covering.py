r"""Symmetric covering of classical targets to n = 3000: Theorem 10 of [NatorPereg] for classical letters.

M = 2^(nR) uniform codewords are drawn, and one of them goes through a channel W. For a given output y put
S = (1/M) sum_m W(y | u_m) / Q(y), a mean of M i.i.d. terms of mean 1. The expected total variation between
what comes out and Q is sum_y Q(y) E|S - 1| / 2 = sum_y Q(y) E(1 - S)^+, and for a symmetric channel
E(1 - S)^+ depends on few classes of outputs y:

    binary_symmetric   S counts codewords by their Hamming distance from y, Binomial(n, 1/2): one class;
    doubly_symmetric   U -> (X, Y) by two crossovers a: the codeword does not matter where x and y differ, so
                       this is the channel above with crossover a^2 / (a^2 + (1-a)^2) on the places where
                       they agree, Binomial(n, a^2 + (1-a)^2) many;
    binary_erasure     S counts codewords that agree with y where it is not erased, Binomial(n, 1 - erasure).

How E(1 - S)^+ is computed. A codeword whose own term reaches M (call it fatal) makes S >= 1, and the positive
part 0. On the rest the characteristic function of S is (sum_j pi_j e^{i t g_j / M})^M: exact for M i.i.d.
codewords, not a Poisson approximation. |S - 1| is replaced by its extension of period P, a Fourier series,

    |s| = P/4 - (2P / pi^2) sum_{k odd} cos(2 pi k s / P) / k^2,      |s| <= P/2.

Two errors, both bounded and both in `error`: the series stopped after k = K adds at most P / (pi^2 K) to
E|S - 1| (for |phi| <= 1), and S outside the period at most TAIL (Bennett's inequality above the mean,
Maurer's below it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, xlogy

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength.points import (
    EXACT_BITS,
    Curve,
    FinitePoint,
    block_length,
    codebook_size,
    grid,
    nonnegative_rate,
)
from qcoord_hw.theory.finite_blocklength.types import log_type_mass

FloatArray = npt.NDArray[np.float64]

TAIL = 1e-15
"""What S outside the period may add; the period is chosen for e^-42 a side, and S - 1 is there below 100."""

TAIL_EXPONENT = 42.0
NEGLIGIBLE = 1e-18  # expected codewords of a class, or its part of the mean of S, below which it is dropped
VANISHING = 1e-30  # variance of S below which the value is within rounding of 0
SERIES_BELOW = 0.1  # classes whose phase stays below this are summed through eight moments, to 1e-14
MIN_TERMS, MAX_TERMS = 2**12, 2**22  # of the Fourier series
CHUNK = 2**14  # terms summed at once

Target = Literal["binary_symmetric", "doubly_symmetric", "binary_erasure"]


@dataclass(frozen=True)
class Shortfall:
    """E(1 - S)^+.

    Attributes:
        value: between 0 and 1.
        error: a bound on the error, apart from rounding (about 1e-12 at n = 3000).
    """

    value: float
    error: float


def expected_shortfall(
    log_mass: npt.ArrayLike, log_ratio: npt.ArrayLike, log_size: float, accuracy: float = 1e-6
) -> Shortfall:
    """Return E(1 - S)^+ for S the mean of M i.i.d. terms g_j >= 0 with probabilities pi_j and mean 1.

    Args:
        log_mass: log pi_j (natural), shape (classes,).
        log_ratio: log g_j (natural), -inf for g_j = 0.
        log_size: log M (natural).
        accuracy: the error asked for.

    Raises:
        InputError: when that needs more than `MAX_TERMS` terms.
    """
    accuracy = _checked_accuracy(accuracy)
    log_pi = np.asarray(log_mass, dtype=float)
    log_jump = np.asarray(log_ratio, dtype=float) - log_size
    if log_size == 0:  # one codeword: a finite sum
        return Shortfall(float(np.exp(log_pi) @ np.maximum(0.0, -np.expm1(np.minimum(log_jump, 0.0)))), 0.0)
    fatal = log_jump >= 0
    fatal_mass = float(np.exp(log_pi[fatal]).sum())
    log_drift = log_pi + log_size + log_jump  # of the class's part of E S
    used = ~fatal & (np.minimum(log_drift, log_pi + log_size) > math.log(NEGLIGIBLE))
    order = np.argsort(log_jump[used])
    jump, drift = np.exp(log_jump[used][order]), np.exp(log_drift[used][order])
    # By Markov's inequality the fatal mass is at most 1/M, so one fatal codeword is expected at most.
    fatal_count = float(np.exp(log_pi[fatal] + log_size).sum())
    safe = math.exp(float(_log_power(np.array(-fatal_count, dtype=complex), log_size).real))
    mean = float(drift.sum()) / (1 - fatal_mass)
    dropped = 2 * NEGLIGIBLE * len(log_pi)
    if not len(jump):
        return Shortfall(safe, dropped)
    square = float(drift @ jump) / (1 - fatal_mass)
    if square < VANISHING and fatal_count < NEGLIGIBLE:
        return Shortfall(0.0, math.sqrt(square) / 2 + TAIL + dropped)  # E|S - 1| is at most sd(S)
    half = _half_period(mean, square, float(jump[-1]), log_size)
    terms = max(MIN_TERMS, math.ceil(half / (2 * math.pi**2 * accuracy)))
    if terms > MAX_TERMS:
        raise InputError(f"accuracy: {accuracy:g} needs {terms} terms; allowed is {MAX_TERMS}")
    series = 0.0
    for start in range(0, terms, CHUNK):
        k = 2.0 * np.arange(start, min(start + CHUNK, terms)) + 1
        t = np.asarray(math.pi / half * k, dtype=np.float64)
        exponent = _log_power(_exponents(t, jump, drift) - fatal_count, log_size)
        series += float((np.exp(exponent - 1j * t).real / k**2).sum())
    deviation = safe * half / 2 - 4 * half / math.pi**2 * series  # E[|S - 1|; nothing fatal]
    value = (deviation + safe * (1 - mean)) / 2
    return Shortfall(min(1.0, max(0.0, value)), half / (math.pi**2 * (2 * terms - 1)) + TAIL + dropped)


def binary_symmetric(n: int, rate: float, crossover: float, accuracy: float = 1e-6) -> FinitePoint:
    """Return the expected total variation of M = 2^(nR) uniform codewords through a binary symmetric channel.

    Args:
        n: the block length.
        rate: R, bits a letter; M = round(2^(nR)), unrounded above 52 bits.
        crossover: of the channel, between 0 and 1.
        accuracy: the error asked for (see `expected_shortfall`).

    Returns:
        Half the norm, bracketed; the prediction is Q((nR - nI) / sqrt(nV)).

    Raises:
        InputError: for a bad argument.
    """
    n, rate, p = block_length(n), nonnegative_rate("rate", rate), _probability("crossover", crossover)
    point = _symmetric_shortfall(n, p, _log_size(n, rate), accuracy)
    return _point(n, rate, point, _information("binary_symmetric", p))


def doubly_symmetric(n: int, rate: float, crossover: float, accuracy: float = 1e-6) -> FinitePoint:
    """Return the same for the doubly symmetric binary source: X and Y both see U through this crossover.

    Args:
        n: the block length.
        rate: R, bits a letter.
        crossover: a between U and X, and between U and Y; X and Y then differ with probability 2a(1 - a).
        accuracy: the error asked for.

    Raises:
        InputError: for a bad argument.
    """
    n, rate, a = block_length(n), nonnegative_rate("rate", rate), _probability("crossover", crossover)
    log_size = _log_size(n, rate)
    agree = a**2 + (1 - a) ** 2
    point = _mixture(n, agree, accuracy, lambda k: _symmetric_shortfall(k, a**2 / agree, log_size, accuracy))
    return _point(n, rate, point, _information("doubly_symmetric", a))


def binary_erasure(n: int, rate: float, erasure: float, accuracy: float = 1e-6) -> FinitePoint:
    """Return the same for the binary erasure channel.

    Args:
        n: the block length.
        rate: R, bits a letter.
        erasure: the probability of an erasure, between 0 and 1.
        accuracy: the error asked for.

    Raises:
        InputError: for a bad argument.
    """
    n, rate, p = block_length(n), nonnegative_rate("rate", rate), _probability("erasure", erasure)
    log_size = _log_size(n, rate)

    def seen(k: int) -> Shortfall:
        """Of the 2^k strings at the places that are not erased, a codeword has one."""
        log_hit = -k * math.log(2)
        log_miss = math.log1p(-math.exp(log_hit)) if k else -math.inf
        return expected_shortfall([log_hit, log_miss], [-log_hit, -math.inf], log_size, accuracy)

    return _point(n, rate, _mixture(n, 1 - p, accuracy, seen), _information("binary_erasure", p))


def value(target: Target, parameter: float, n: int, rate: float, accuracy: float = 1e-6) -> FinitePoint:
    """Return the expected total variation of a named target; the parameter is its crossover or erasure.

    Raises:
        InputError: for an unknown target or a bad argument.
    """
    functions = {
        "binary_symmetric": binary_symmetric,
        "doubly_symmetric": doubly_symmetric,
        "binary_erasure": binary_erasure,
    }
    if target not in functions:
        raise InputError(f"target: {target!r}; allowed is {', '.join(functions)}")
    return functions[target](n, rate, parameter, accuracy)


def curve(
    target: Target,
    parameter: float,
    ns: int | Iterable[int],
    rates: float | Iterable[float],
    accuracy: float = 1e-6,
) -> Curve:
    """Return `value` at every n and rate; the threshold is the mutual information.

    Raises:
        InputError: as `value`.
    """
    points = grid(lambda n, rate: value(target, parameter, n, rate, accuracy), ns, rates)
    threshold = _information(target, _probability("parameter", parameter))[0]
    return Curve("expected total variation (half the norm)", threshold, 1.0, 0.0, points)


def _symmetric_shortfall(n: int, p: float, log_size: float, accuracy: float) -> Shortfall:
    """Return the shortfall of the binary symmetric channel, by Hamming distance k from the output."""
    k = np.arange(n + 1)
    log_mass = log_type_mass(np.column_stack([k, n - k]), np.array([0.5, 0.5]))
    log_ratio = n * math.log(2) + xlogy(k, p) + xlogy(n - k, 1 - p)
    return expected_shortfall(log_mass, log_ratio, log_size, accuracy)


def _mixture(n: int, p: float, accuracy: float, shortfall: Callable[[int], Shortfall]) -> Shortfall:
    """Return the mean over k ~ Binomial(n, p); the improbable k are left out, and counted in the error."""
    k = np.arange(n + 1)
    if 0 < p < 1:
        mass = np.exp(log_type_mass(np.column_stack([k, n - k]), np.array([p, 1 - p])))
    else:  # certain
        mass = (k == n * p).astype(float)
    order = np.argsort(-mass, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(mass[order]), 1 - accuracy / 10)) + 1]
    points = [(float(mass[k]), shortfall(int(k))) for k in kept]
    rest = max(0.0, 1 - sum(weight for weight, _ in points))  # its shortfall lies between 0 and 1
    value = sum(weight * point.value for weight, point in points) + rest / 2
    return Shortfall(value, sum(weight * point.error for weight, point in points) + rest / 2)


def _point(n: int, rate: float, shortfall: Shortfall, information: tuple[float, float]) -> FinitePoint:
    mean, variance = information
    gap = n * (rate - mean)
    predicted = float(ndtr(-gap / math.sqrt(n * variance))) if variance > 0 else float(gap < 0)
    return FinitePoint(n, rate, shortfall.value, shortfall.error, "bracket", predicted)


def _information(target: str, p: float) -> tuple[float, float]:
    """Return mean and variance of the information density log2 W(y|u)/Q(y), in bits and bits^2."""
    if target == "binary_symmetric":
        mass, ratio = [p, 1 - p], [2 * p, 2 * (1 - p)]
    elif target == "doubly_symmetric":
        agree = p**2 + (1 - p) ** 2
        mass = [p**2, (1 - p) ** 2, 1 - agree]
        ratio = [2 * p**2 / agree, 2 * (1 - p) ** 2 / agree, 1.0]
    else:
        mass, ratio = [1 - p, p], [2.0, 1.0]
    terms = [(m, math.log2(r)) for m, r in zip(mass, ratio, strict=True) if m > 0]
    mean = sum(m * i for m, i in terms)
    return mean, sum(m * (i - mean) ** 2 for m, i in terms)


def _log_size(n: int, rate: float) -> float:
    bits = n * rate
    return math.log(codebook_size(n, rate)) if bits <= EXACT_BITS else bits * math.log(2)


def _checked_accuracy(accuracy: float) -> float:
    if isinstance(accuracy, bool) or not isinstance(accuracy, int | float | np.number) or not accuracy > 0:
        raise InputError(f"accuracy: {accuracy!r}; allowed is a positive number")
    return float(accuracy)


def _probability(field: str, p: float) -> float:
    if isinstance(p, bool) or not isinstance(p, int | float | np.number) or not 0 <= p <= 1:
        raise InputError(f"{field}: {p!r}; allowed is a probability between 0 and 1")
    return float(p)


def _half_period(mean: float, square: float, largest: float, log_size: float) -> float:
    """Return a bound on |S - 1| that fails with probability e^-42 a side.

    Args:
        mean: of S, given that nothing is fatal.
        square: M E (g/M)^2, an upper bound on the variance of S.
        largest: of the terms g/M.
        log_size: log M.
    """
    down = min(mean, math.sqrt(2 * TAIL_EXPONENT * square))
    # Bennett: P(S - mean > x) <= exp(-(v / b^2) h(b x / v)), h(u) = (1 + u) log(1 + u) - u.
    scale = square / largest**2
    low, high = 0.0, 1.0
    while scale * ((1 + high) * math.log1p(high) - high) < TAIL_EXPONENT:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        enough = scale * ((1 + middle) * math.log1p(middle) - middle) >= TAIL_EXPONENT
        low, high = (low, middle) if enough else (middle, high)
    top = min(mean + high * square / largest, largest * math.exp(min(log_size, 700.0)))
    return max(1 - mean + down, top - 1)


def _exponents(t: FloatArray, jump: FloatArray, drift: FloatArray) -> npt.NDArray[np.complex128]:
    """Return M sum_j pi_j (exp(i t a_j) - 1), with drift_j = M pi_j a_j and the jumps a_j ascending."""
    small = int(np.searchsorted(jump, SERIES_BELOW / t[-1]))
    result = np.zeros(len(t), dtype=complex)
    for order in range(8, 0, -1):
        moment = float(drift[:small] @ jump[:small] ** (order - 1))
        result = (result + moment / math.factorial(order)) * 1j * t
    for a, d in zip(jump[small:], drift[small:], strict=True):
        result += d / a * (np.exp(1j * a * t) - 1)
    return result


def _log_power(exponent: npt.NDArray[np.complex128], log_size: float) -> npt.NDArray[np.complex128]:
    """Return M log(1 + z / M), for complex z; close to z when M is large."""
    size = math.exp(min(log_size, 700.0))
    ratio = exponent / size
    # The series where 1 + ratio would lose digits; its first term left out is ratio^5 / 6.
    series = exponent * (1 - ratio * (1 / 2 - ratio * (1 / 3 - ratio * (1 / 4 - ratio / 5))))
    base = 1 + ratio
    direct = size * np.log(np.where(base == 0, 1e-300, base))
    return np.where(np.abs(ratio) < 1e-3, series, direct)

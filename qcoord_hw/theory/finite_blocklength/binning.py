"""Binning collisions of the quantum broadcast [NatorPereg, (169)-(181)], exactly, by types.

Alice bins the strings z^n at random into B = floor(2^(nQ)) bins; Bob, who knows x^n and a bin, takes a string
of the conditional delta-typical set T that is in it. For z^n in T the probability that another member of T
shares its bin, (180), is 1 - (1 - 1/B)^(|T| - 1). T is strongly typical, as in the reference the paper
quotes: the pair counts satisfy |N(x, z) - p(z|x) N(x)| <= n delta for every x and z, and x^n is typical
likewise, |N(x) - n p(x)| <= n delta; a letter of probability 0 does not occur. With one letter x the two
statements are about a single source Z.

A fixed delta bites: |T| grows with the largest H(Z|X) among the types that delta admits (`slack_threshold`),
so at a rate between H(Z|X) and that, the collision probability tends to 1 however large n is. `best_slack`
shrinks delta with n instead.

The paper's map (169)-(171) measures: these are figures of its classical binning, not of a quantum code that
keeps entanglement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength.points import (
    EXACT_BITS,
    Curve,
    FinitePoint,
    block_length,
    distribution,
    entropy,
    grid,
    nonnegative_rate,
    power_of_two,
)
from qcoord_hw.theory.finite_blocklength.types import (
    MAX_TYPES,
    compositions,
    log_type_mass,
    log_type_size,
)

FloatArray = npt.NDArray[np.float64]

EDGE = 1e-9
"""A count that misses the edge of a typical window by no more than this is in it (n p is rounded)."""


@dataclass(frozen=True)
class BinningPoint:
    """Random binning at one block length, rate and slack; x^n is drawn from p_X, z^n given it.

    Attributes:
        n: the block length.
        rate: Q, bits a letter.
        delta: the slack of the typical sets.
        collision: of (180), averaged over typical (x^n, z^n); 1 if there are none.
        atypical: the probability that x^n, or z^n given x^n, is not typical.
        failure: the probability of either, atypical + (1 - atypical) collision.
        typical_rate: log2 |T| / n at the likeliest typical x^n, in bits a letter; -inf if T is empty.
    """

    n: int
    rate: float
    delta: float
    collision: float
    atypical: float
    failure: float
    typical_rate: float


def collision(
    p_z_given_x: npt.ArrayLike,
    n: int,
    rate: float,
    delta: float,
    p_x: Sequence[float] | None = None,
) -> BinningPoint:
    """Return the collision probability of a random binning, exact up to rounding.

    Args:
        p_z_given_x: shape (X, Z), rows p(z|x): the spectra of sigma_B^x (167); or shape (Z,) without X.
        n: the block length.
        rate: Q, bits a letter; floor(2^(nQ)) bins.
        delta: the slack, positive.
        p_x: shape (X,); may be left out with one letter x.

    Raises:
        InputError: for a bad argument, or with more types than `types.MAX_TYPES`.
    """
    n, rate = block_length(n), nonnegative_rate("rate", rate)
    delta = _slack(delta)
    p, rows = _read(p_z_given_x, p_x)
    bins, log_bins = power_of_two(n, rate)
    weights, log_sizes = _typical(p, rows, n, delta)
    typical = float(weights.sum())
    if not typical:
        return BinningPoint(n, rate, delta, 1.0, 1.0, 1.0, -math.inf)
    chances = _collision(log_sizes, bins, log_bins)
    hit = float(weights @ chances)
    atypical = max(0.0, 1 - typical)
    likeliest = float(log_sizes[int(np.argmax(weights))])
    return BinningPoint(n, rate, delta, hit / typical, atypical, atypical + hit, likeliest / math.log(2) / n)


def best_slack(
    p_z_given_x: npt.ArrayLike,
    n: int,
    rate: float,
    p_x: Sequence[float] | None = None,
    deltas: Iterable[float] | None = None,
) -> BinningPoint:
    """Return the point of least failure over slacks: what the random binning achieves at this n.

    Args:
        p_z_given_x: as for `collision`.
        n: the block length.
        rate: Q, bits a letter.
        p_x: as for `collision`.
        deltas: the slacks tried; by default 24 from 1/(2n) to 1/2, in geometric progression.

    Raises:
        InputError: as `collision`.
    """
    n = block_length(n)
    tried = np.geomspace(1 / (2 * n), 0.5, 24) if deltas is None else list(deltas)
    points = [collision(p_z_given_x, n, rate, float(delta), p_x) for delta in tried]
    if not points:
        raise InputError("deltas: none; allowed is at least one positive slack")
    return min(points, key=lambda point: point.failure)


def slack_threshold(p_z_given_x: npt.ArrayLike, delta: float, p_x: Sequence[float] | None = None) -> float:
    """Return the rate below which a fixed delta lets the collision probability tend to 1, in bits.

    It is lim log2 |T| / n at x^n of type p_X: the largest H(Z|X) over joint types with
    |q(x, z) - p(x) p(z|x)| <= delta. Each row is a water-filling: clip a level to the window.

    Raises:
        InputError: for a bad argument.
    """
    delta = _slack(delta)
    p, rows = _read(p_z_given_x, p_x)
    total = 0.0
    for weight, row in zip(p, rows, strict=True):
        joint = weight * row[row > 0]
        low, high = np.maximum(joint - delta, 0), np.minimum(joint + delta, weight)
        below, above = 0.0, 1.0
        for _ in range(100):
            level = (below + above) / 2
            below, above = (level, above) if np.clip(level, low, high).sum() < weight else (below, level)
        q = np.clip(above, low, high)
        total += weight * entropy(q / q.sum())
    return total


def value(
    p_z_given_x: npt.ArrayLike, n: int, rate: float, delta: float, p_x: Sequence[float] | None = None
) -> FinitePoint:
    """Return the collision probability (180) alone, as a point of a curve.

    Raises:
        InputError: as `collision`.
    """
    point = collision(p_z_given_x, n, rate, delta, p_x)
    return FinitePoint(point.n, point.rate, point.collision, 0.0, "exact", None)


def curve(
    p_z_given_x: npt.ArrayLike,
    ns: int | Iterable[int],
    rates: float | Iterable[float],
    delta: float,
    p_x: Sequence[float] | None = None,
) -> Curve:
    """Return `value` at every n and rate; the threshold is that of the fixed delta, `slack_threshold`.

    Raises:
        InputError: as `value`.
    """
    points = grid(lambda n, rate: value(p_z_given_x, n, rate, delta, p_x), ns, rates)
    threshold = slack_threshold(p_z_given_x, delta, p_x)
    return Curve("collision probability of a random binning", threshold, 1.0, 0.0, points)


def _slack(delta: float) -> float:
    if isinstance(delta, bool) or not isinstance(delta, int | float | np.number) or not 0 < delta < math.inf:
        raise InputError(f"delta: {delta!r}; allowed is a positive number")
    return float(delta)


def _read(p_z_given_x: npt.ArrayLike, p_x: Sequence[float] | None) -> tuple[FloatArray, FloatArray]:
    """Return p_X and the rows p(z|x) of the letters x that occur."""
    try:
        rows = np.atleast_2d(np.asarray(p_z_given_x, dtype=float))
    except (TypeError, ValueError):
        raise InputError("p_z_given_x: ragged; allowed is one distribution for each letter x") from None
    channel = np.stack([distribution("p_z_given_x", row) for row in rows])
    if p_x is None and len(channel) > 1:
        raise InputError(f"p_x: none given for {len(channel)} rows p(z|x); allowed is one probability a row")
    p = distribution("p_x", [1.0] if p_x is None else p_x)
    if len(p) != len(channel):
        raise InputError(f"p_x: {len(p)} probabilities for {len(channel)} rows p(z|x); allowed is one a row")
    return p[p > 0], channel[p > 0]


def _window(total: int, means: FloatArray, slack: float) -> tuple[list[int], list[int]]:
    """Return the least and largest counts within `slack` of each mean."""
    lows = np.maximum(0, np.ceil(means - slack - EDGE)).astype(int)
    highs = np.minimum(total, np.floor(means + slack + EDGE)).astype(int)
    return lows.tolist(), highs.tolist()


def _typical(p: FloatArray, rows: FloatArray, n: int, delta: float) -> tuple[FloatArray, FloatArray]:
    """Return, for every typical type of x^n, the probability of (that type, z^n in T) and log |T|."""
    kinds = compositions(n, *_window(n, n * p, n * delta))
    if not len(kinds):
        return np.zeros(0), np.zeros(0)
    log_mass = log_type_mass(kinds, p)
    log_size = np.zeros(len(kinds))
    visited = 0
    for x, row in enumerate(rows):
        support = row[row > 0]
        # T is a product over the letters x: each factor depends on the count of x alone.
        for count in np.unique(kinds[:, x]):
            types = compositions(int(count), *_window(int(count), count * support, n * delta))
            visited += len(types)
            if visited > MAX_TYPES:
                raise InputError(f"n: {n} with delta = {delta:g} has too many types; allowed is {MAX_TYPES}")
            here = kinds[:, x] == count
            log_mass[here] += logsumexp(log_type_mass(types, support)) if len(types) else -np.inf
            log_size[here] += logsumexp(log_type_size(types)) if len(types) else -np.inf
    seen = log_mass > -np.inf
    return np.exp(log_mass[seen]), log_size[seen]


def _collision(log_sizes: FloatArray, bins: int | None, log_bins: float) -> FloatArray:
    """Return 1 - (1 - 1/B)^(|T| - 1) for each log |T|."""
    if bins == 1:
        return np.where(log_sizes > 0.5 * math.log(2), 1.0, 0.0)
    few = bins is not None and bins <= 2**EXACT_BITS
    # B log(1 - 1/B), which is -1 to the last digit once B is large.
    shrink = bins * math.log1p(-1 / bins) if few and bins is not None else -1.0
    with np.errstate(divide="ignore"):
        log_others = log_sizes + np.log1p(-np.exp(-np.maximum(log_sizes, 0)))
    return np.asarray(-np.expm1(shrink * np.exp(np.minimum(log_others - log_bins, 700.0))))

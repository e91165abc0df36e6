r"""Schumacher compression at block length n, exactly, by type classes.

The sender of n copies of a source with the given spectrum projects them on the span of the M = floor(2^(nR))
likeliest eigenstrings (the last type class is cut where M is reached). If that succeeds, with probability P
(the retained mass), the projected state travels; if it fails, a fixed state of the kept span (or a flag
orthogonal to everything) does:

    N(rho) = Pi rho Pi + Tr[(1 - Pi) rho] tau,      tau anywhere on the range of Pi.

Score N on the purified source phi = sum_s sqrt(p_s) |s>|s>. The failed part is a mixture of |s><s| (x) tau
with s not kept, orthogonal to phi and to Pi phi whatever tau is. So the entanglement fidelity is
|<phi|Pi|phi>|^2 = P^2, and

    2 T = || phi - Pi phi Pi ||_1 + (1 - P) = sqrt((1 - P)(1 + 3 P)) + (1 - P),

because phi - Pi phi Pi has rank two, trace 1 - P and determinant -P (1 - P). Two senders fail independently
(the multiple-access network, [NatorPereg, Theorem 9]): every failed part is orthogonal again, so the formulas
hold with P = P1 P2, before the receiver's isometry V, which changes neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength.points import (
    Curve,
    FinitePoint,
    block_length,
    distribution,
    grid,
    nonnegative_rate,
    power_of_two,
)
from qcoord_hw.theory.finite_blocklength.types import compositions, log_type_mass

FloatArray = npt.NDArray[np.float64]

SAME = 1e-12  # relative; eigenvalues closer than this are one eigenvalue, repeated

Quantity = Literal["P", "entanglement_fidelity", "trace_distance", "two_sender_trace_distance"]


@dataclass(frozen=True)
class SchumacherPoint:
    """Schumacher compression of one source, and of two that are sent independently.

    Attributes:
        n: the block length.
        rate: qubits per copy.
        P: the retained mass.
        lost: 1 - P, kept apart because it is accurate even where P rounds to 1.
        entanglement_fidelity: P^2.
        trace_distance: half the trace norm between the purified source and what arrives.
        second_order: Phi(z) with nR = nS + sqrt(nV) z - log2(n) / 2, a prediction of P; with V = 0 (a flat
            spectrum of rank r) the exact min(1, 2^(nR) / r^n).
        two_sender_P: P1 P2; the second sender has the same source and rate unless another was given.
        two_sender_entanglement_fidelity: its square.
        two_sender_trace_distance: the trace distance of the pair.
        entropy: S, qubits per copy; the asymptotic rate.
        varentropy: V, the variance of -log2 of the eigenvalue, bits^2.
    """

    n: int
    rate: float
    P: float
    lost: float
    entanglement_fidelity: float
    trace_distance: float
    second_order: float
    two_sender_P: float
    two_sender_entanglement_fidelity: float
    two_sender_trace_distance: float
    entropy: float
    varentropy: float


@dataclass(frozen=True)
class Source:
    """A spectrum, its equal eigenvalues put together.

    Attributes:
        values: the different positive eigenvalues, largest first.
        repeats: how often each occurs.
    """

    values: tuple[float, ...]
    repeats: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of positive eigenvalues."""
        return sum(self.repeats)

    @property
    def entropy(self) -> float:
        """S in bits."""
        if len(self.values) == 1:
            return math.log2(self.rank)
        return -sum(r * v * math.log2(v) for v, r in zip(self.values, self.repeats, strict=True))

    @property
    def varentropy(self) -> float:
        """V in bits^2; exactly 0 for a flat spectrum."""
        mean = self.entropy
        if len(self.values) == 1:
            return 0.0
        return sum(r * v * (math.log2(v) + mean) ** 2 for v, r in zip(self.values, self.repeats, strict=True))


def read_spectrum(spectrum: Sequence[float]) -> Source:
    """Return the source of a spectrum: zeros dropped, sorted, normalised, equal eigenvalues put together.

    Raises:
        InputError: when it is not a list of probabilities of sum 1 to within 1e-9.
    """
    eigenvalues = distribution("spectrum", spectrum)
    eigenvalues = np.sort(eigenvalues[eigenvalues > 0])[::-1]
    starts = np.flatnonzero(np.r_[True, np.diff(eigenvalues) < -SAME * eigenvalues[:-1]])
    groups = np.split(eigenvalues, starts[1:])
    return Source(tuple(float(g.mean()) for g in groups), tuple(len(g) for g in groups))


def compress(
    spectrum: Sequence[float],
    n: int,
    rate: float,
    second_spectrum: Sequence[float] | None = None,
    second_rate: float | None = None,
) -> SchumacherPoint:
    """Return what Schumacher compression reaches at block length n.

    P is exact up to rounding: 2e-12 or less for n to 1000, 1e-10 or less at n = 10^5.

    Args:
        spectrum: the eigenvalues of one copy, in any order.
        n: copies, at least 1.
        rate: qubits per copy, at least 0; floor(2^(n rate)) strings are kept (see `points.power_of_two`).
        second_spectrum: of the second sender; the same if None.
        second_rate: of the second sender; the same if None.

    Raises:
        InputError: for a bad argument, or with more types than `types.MAX_TYPES`.
    """
    n = block_length(n)
    rate = nonnegative_rate("rate", rate)
    source = read_spectrum(spectrum)
    lost, retained = _split_mass(source, n, rate)
    if second_spectrum is None and second_rate is None:
        other_lost, other_retained = lost, retained
    else:
        other = source if second_spectrum is None else read_spectrum(second_spectrum)
        other_rate = rate if second_rate is None else nonnegative_rate("second_rate", second_rate)
        other_lost, other_retained = _split_mass(other, n, other_rate)
    both_retained = retained * other_retained
    both_lost = lost + other_lost - lost * other_lost
    return SchumacherPoint(
        n=n,
        rate=rate,
        P=retained,
        lost=lost,
        entanglement_fidelity=retained**2,
        trace_distance=trace_distance(lost),
        second_order=_second_order(source, n, rate),
        two_sender_P=both_retained,
        two_sender_entanglement_fidelity=both_retained**2,
        two_sender_trace_distance=trace_distance(both_lost),
        entropy=source.entropy,
        varentropy=source.varentropy,
    )


def trace_distance(lost: float) -> float:
    """Return half the trace norm between the purified source and what arrives, from the lost mass 1 - P."""
    return (math.sqrt(lost * (4 - 3 * lost)) + lost) / 2


def value(
    spectrum: Sequence[float], n: int, rate: float, quantity: Quantity = "trace_distance"
) -> FinitePoint:
    """Return one quantity of `compress`; the prediction is the same formula at the predicted P.

    Raises:
        InputError: as `compress`, or for an unknown quantity.
    """
    point = compress(spectrum, n, rate)
    predicted = point.second_order
    predictions: dict[str, float] = {
        "P": predicted,
        "entanglement_fidelity": predicted**2,
        "trace_distance": trace_distance(1 - predicted),
        "two_sender_trace_distance": trace_distance(1 - predicted**2),
    }
    if quantity not in predictions:
        raise InputError(f"quantity: {quantity!r}; allowed is {', '.join(predictions)}")
    return FinitePoint(point.n, point.rate, getattr(point, quantity), 0.0, "exact", predictions[quantity])


def curve(
    spectrum: Sequence[float],
    ns: int | Iterable[int],
    rates: float | Iterable[float],
    quantity: Quantity = "trace_distance",
) -> Curve:
    """Return `value` at every n and rate; the threshold is the entropy S.

    Raises:
        InputError: as `value`.
    """
    points = grid(lambda n, rate: value(spectrum, n, rate, quantity), ns, rates)
    distance = quantity.endswith("trace_distance")
    below, above = (1.0, 0.0) if distance else (0.0, 1.0)
    return Curve(quantity, read_spectrum(spectrum).entropy, below, above, points)


def _split_mass(source: Source, n: int, rate: float) -> tuple[float, float]:
    """Return the lost and the retained mass, 1 - P and P, each summed over its own strings."""
    count, log_count = power_of_two(n, rate)
    rank = source.rank
    if rate >= math.log2(rank) or (count is not None and count >= rank**n):
        return 0.0, 1.0
    if len(source.values) == 1:
        exponent = log_count - n * math.log(rank)
        return (0.0, 1.0) if exponent >= 0 else (-math.expm1(exponent), math.exp(exponent))
    values = np.array(source.values)
    counts = compositions(n, [0] * len(values), [n] * len(values))
    mass = log_type_mass(counts, values * np.array(source.repeats))
    likelihood = counts @ np.log(values)
    order = np.argsort(-likelihood, kind="stable")
    mass, likelihood = mass[order], likelihood[order]
    # Sizes of the classes in units of the count to keep; one unit is enough, so larger ones may be clipped.
    share = np.exp(np.minimum(mass - likelihood - log_count, 1.0))
    filled = np.cumsum(share)
    cut = int(np.searchsorted(filled, 1.0))
    if cut == len(filled):
        return 0.0, 1.0
    before = filled[cut - 1] if cut else 0.0
    boundary = math.exp(mass[cut])
    # The class at the cut may be larger than the clip: its kept part is the room left, over its true size.
    kept = boundary * min(1.0, (1 - before) * math.exp(-(mass[cut] - likelihood[cut] - log_count)))
    weights = np.exp(mass)
    retained = float(weights[:cut].sum() + kept)
    lost = float(weights[cut + 1 :].sum() + boundary - kept)
    return (lost, 1 - lost) if lost < retained else (1 - retained, retained)


def _second_order(source: Source, n: int, rate: float) -> float:
    if source.varentropy == 0:
        return math.exp(min(0.0, n * (rate - source.entropy) * math.log(2)))
    z = (n * (rate - source.entropy) + math.log2(n) / 2) / math.sqrt(n * source.varentropy)
    return float(ndtr(z))

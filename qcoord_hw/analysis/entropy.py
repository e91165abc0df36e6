"""The rate that survives errors and leakage, from counts of errors: never flattered by few shots.

With a share 1 - l of shots that did not leak, and error vectors of entropy H among those, outputs of t
symbols carry at least (1 - l) (t - H) dits: for uniform outputs that is a lower bound on the mutual
information of what was asked for and what was read. It is the mean over shots of the score t + log p(error),
or 0 for a leaked shot, which gives its spread (the delta method). The entropy of counts lies below the true
one on average, so that few shots would flatter the rate: the best value is corrected to first order after
Miller and Madow [Paninski2003], and the low end by the largest bias that there can be.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri


@dataclass(frozen=True, eq=False)
class ErrorCounts:
    """How often each error vector occurred.

    Attributes:
        right: shots without error.
        wrong: shape (errors seen,): shots with each other error vector, none of them 0.
        leaked: shots without an output.
        order: d; entropies are in dits, to the base d.
        symbols: t; there are d^t error vectors.
    """

    right: int
    wrong: npt.NDArray[np.int64]
    leaked: int
    order: int
    symbols: int

    @property
    def kept(self) -> int:
        """Shots that did not leak."""
        return self.right + int(self.wrong.sum())

    @property
    def shots(self) -> int:
        """All shots."""
        return self.kept + self.leaked


@dataclass(frozen=True)
class Survival:
    """Dits that survive a shot, of t.

    Attributes:
        low: lower end of the interval.
        best: the estimate.
        high: upper end.
        centre: where the lower limit starts from, the largest bias taken off.
        error: standard error.
    """

    low: float
    best: float
    high: float
    centre: float
    error: float

    def p_value(self, bound: float) -> float:
        """Return the probability, in the normal approximation, of so much if at most `bound` survived."""
        if self.error == 0:
            return 1.0
        return max(float(ndtr((bound - self.centre) / self.error)), sys.float_info.min)


def survival(counts: ErrorCounts, confidence: float) -> Survival:
    """Return how many dits survive a shot; no shots give the whole range.

    The interval is the normal one of the mean score. Its low end and its width come from z^2 shots more, half
    of them without error and half with errors never seen [AgrestiCoull1998], so that it does not shrink to a
    point where no error was seen.

    Args:
        counts: independent shots. Those of fixed settings with equal shots vary less than is assumed.
        confidence: two-sided level.
    """
    top, n, unit = float(counts.symbols), counts.shots, math.log(counts.order)
    if n == 0:
        return Survival(0.0, 0.0, top, 0.0, 0.0)
    z = float(ndtri((1 + confidence) / 2))
    shots = np.array([counts.leaked, counts.right, *counts.wrong, z**2 / 2, z**2 / 2], dtype=float)
    share = np.maximum(shots[1:-2], sys.float_info.min) / max(1, counts.kept)
    never_seen = -math.log(n + z**2) / unit  # one shot in n + z^2, spread over all d^t errors
    score = np.array([0.0, *(top + np.log(share) / unit), top, never_seen])
    cells = int(np.count_nonzero(shots[1:-2]))
    usual_bias = max(0, cells - 1) / (2 * n) / unit
    best = min(max(float((shots * score)[:-2].sum()) / n - usual_bias, 0.0), top)
    score[1:-2] -= _largest_bias(counts) / unit
    centre = float((shots * score).sum() / shots.sum())
    error = math.sqrt(float((shots * (score - centre) ** 2).sum())) / float(shots.sum())
    low, high = max(centre - z * error, 0.0), min(best + z * error, top)
    return Survival(min(low, best), best, high, centre, error)


def error_entropy(counts: ErrorCounts, confidence: float) -> tuple[float, float, float]:
    """Return (low, best, high) of the entropy of errors among shots that did not leak, in dits."""
    found, top = survival(replace(counts, leaked=0), confidence), counts.symbols
    return top - found.high, top - found.best, top - found.low


def _largest_bias(counts: ErrorCounts) -> npt.NDArray[np.float64]:
    """Return by how much -log p of right shots and of each wrong error may be too small on average, in nats.

    The entropy of n shots in m cells lies at most log(1 + (m - 1) / n) below the true one [Paninski2003]:
    taken for right or wrong, and then for which error among the wrong shots. There the entropy also ends at
    log d^t, which makes it Fano's inequality where hardly an error came twice.
    """
    wrong, cells = int(counts.wrong.sum()), counts.symbols * math.log(counts.order)
    either = math.log1p(1 / max(counts.kept, 1))
    if not wrong:
        return np.array([either])
    share = counts.wrong / wrong
    room = cells + float((share * np.log(share)).sum())
    which = min(float(np.logaddexp(0.0, cells - math.log(wrong))), room)
    return np.array([either, *np.full(len(share), either + which)])

"""The rate that survives errors and leakage, from counts of errors: never flattered by few shots.

With a share 1 - l of shots that did not leak, and error vectors of entropy H among those, outputs of t
symbols carry at least (1 - l) (t - H) dits: for uniform outputs that is a lower bound on the mutual
information of what was asked for and what was read. It is the mean over shots of the score t + log p(error),
or 0 for a leaked shot, which gives its spread (the delta method). The entropy of counts lies below the true
one on average, so that few shots would flatter the rate: the best value is corrected to first order after
Miller and Madow [Paninski2003], and the low end by the largest bias that there can be.

Where inputs were drawn at random their errors differ: the mean score varies from input to input, which is its
spread then, and what inputs were drawn biases the entropy as few shots do. Where every input of interest was
run, they are strata, and what their means differ is no spread.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from qcoord_hw.statistics.clusters import Clusters, distinct

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ByInput:
    """Which input the shots belong to: one entry an input and kind of shot, in their order.

    Attributes:
        drawn: whether the inputs were drawn at random from those that the estimate is about.
        inputs: how many were run.
        input: shape (entries,): from 0.
        kind: shape (entries,): 0 for leaked shots, 1 for right ones, from 2 on the wrong ones in their order.
        shots: shape (entries,).
    """

    drawn: bool
    inputs: int
    input: IntArray
    kind: IntArray
    shots: IntArray

    @classmethod
    def of(cls, drawn: bool, number: IntArray, kind: IntArray, shots: IntArray) -> ByInput:
        """Return the shots of each input and kind added up, so that no sum hangs on how they were listed.

        Args:
            drawn: as above.
            number: shape (any,): the input of some shots, from 0.
            kind: shape (any,): their kind.
            shots: shape (any,): how many they are.
        """
        kinds = 1 + int(kind.max(initial=0))
        pairs, place = distinct(number * kinds + kind)
        together = np.bincount(place, shots, len(pairs)).astype(np.int64)
        return cls(drawn, 1 + int(number.max(initial=-1)), *np.divmod(pairs, kinds), together)

    @property
    def sizes(self) -> FloatArray:
        """Shots of each input."""
        return np.bincount(self.input, self.shots, self.inputs).astype(float)

    def clusters(self, score: FloatArray) -> Clusters:
        """Return the mean of a score, given for each kind of shot, input by input."""
        sums = np.bincount(self.input, self.shots * score[self.kind], self.inputs)
        return Clusters(sums.astype(float), self.sizes)

    def kept(self) -> ByInput:
        """Return the shots that did not leak alone."""
        some = self.kind > 0
        return replace(self, input=self.input[some], kind=self.kind[some], shots=self.shots[some])


@dataclass(frozen=True, eq=False)
class ErrorCounts:
    """How often each error vector occurred.

    Attributes:
        right: shots without error.
        wrong: shape (errors seen,): shots with each other error vector, none of them 0.
        leaked: shots without an output.
        order: d; entropies are in dits, to the base d.
        symbols: t; there are d^t error vectors.
        inputs: whose shots they are; None takes all shots as alike.
    """

    right: int
    wrong: IntArray
    leaked: int
    order: int
    symbols: int
    inputs: ByInput | None = None

    @property
    def kept(self) -> int:
        """Shots that did not leak."""
        return self.right + int(self.wrong.sum())

    @property
    def shots(self) -> int:
        """All shots."""
        return self.kept + self.leaked

    def without_leaked(self) -> ErrorCounts:
        """Return the shots that did not leak alone; of these t less the entropy of errors survives."""
        return replace(self, leaked=0, inputs=self.inputs and self.inputs.kept())


@dataclass(frozen=True)
class Survival:
    """Dits that survive a shot, of t.

    Attributes:
        low: lower end of the interval.
        best: the estimate.
        high: upper end.
        centre: where the lower limit starts from, the largest bias taken off.
        error: standard error.
        scores: the mean score, input by input; None if all shots are taken as alike.
        drawn: whether the inputs were drawn at random.
    """

    low: float
    best: float
    high: float
    centre: float
    error: float
    scores: Clusters | None = None
    drawn: bool = False

    def p_value(self, bound: float) -> float:
        """Return the probability of so much if at most `bound` survived, by the model of the interval."""
        if self.error == 0:
            return 1.0
        value = max(float(ndtr((bound - self.centre) / self.error)), sys.float_info.min)
        if self.drawn and self.scores is not None:
            return max(value, self.scores.p_value(self.centre - bound))
        return value


def survival(counts: ErrorCounts, confidence: float) -> Survival:
    """Return how many dits survive a shot; no shots give the whole range.

    The interval is the normal one of the mean score. Its low end and its width come from z^2 shots more, half
    of them without error and half with errors never seen [AgrestiCoull1998], so that it does not shrink to a
    point where no error was seen. Where inputs were drawn it is Student's over them, if that is wider.

    Args:
        counts: independent shots, equally many of every input.
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
    further_bias = _bias_of_draw(counts, usual_bias * unit) / unit
    best = min(max(float((shots * score)[:-2].sum()) / n - usual_bias - further_bias, 0.0), top)
    drawn = counts.inputs is not None and counts.inputs.drawn
    scores = None if counts.inputs is None else counts.inputs.clusters(score[:-2])
    score[1:-2] -= _largest_bias(counts) / unit
    centre = float((shots * score).sum() / shots.sum())
    squares = float((shots * (score - centre) ** 2).sum()) - _between(counts.inputs, score[:-2])
    error = math.sqrt(squares) / float(shots.sum())
    reach = max(z * error, scores.reach(confidence) if drawn and scores is not None else 0.0)
    low, high = max(centre - further_bias - reach, 0.0), min(best + reach, top)
    return Survival(min(low, best), best, high, centre - further_bias, error, scores, drawn)


def _between(inputs: ByInput | None, score: FloatArray) -> float:
    """Return the part of the sum of squares by which the mean scores of fixed inputs differ, without bias.

    It is no spread where each of them was run; inputs of one shot do not tell it from theirs.
    """
    if inputs is None or inputs.drawn:
        return 0.0
    each = inputs.clusters(score)
    mean = each.scores / np.maximum(each.shots, 1)
    apart = (score[inputs.kind] - mean[inputs.input]) ** 2
    squares = np.bincount(inputs.input, inputs.shots * apart, inputs.inputs)
    several = each.shots > 1
    excess = math.fsum(squares[several] / (each.shots[several] - 1))
    between = math.fsum((each.shots * (mean - each.mean) ** 2)[several]) - excess
    return max(0.0, between)


def _bias_of_draw(counts: ErrorCounts, usual: float) -> float:
    """Return by how much more than `usual` the drawn inputs bias the entropy per shot, in nats.

    To second order that is half the sum over kinds of Var(share) / share, less that of the shots kept.
    """
    inputs = counts.inputs
    if inputs is None or not inputs.drawn or len(inputs.sizes) < 2 or not counts.kept:
        return 0.0
    sizes, n, m = inputs.sizes, counts.shots, len(inputs.sizes)
    kinds = 2 + len(counts.wrong)
    pairs, place = np.unique(inputs.input * kinds + inputs.kind, return_inverse=True)
    times = np.bincount(place, inputs.shots)
    of, kind = np.divmod(pairs, kinds)
    share = np.bincount(kind, times, kinds) / n
    squares = (
        np.bincount(kind, times**2, kinds)
        - 2 * share * np.bincount(kind, times * sizes[of], kinds)
        + share**2 * float(sizes @ sizes)
    )
    variance = m / (m - 1) * squares / n**2
    seen = (share > 0) & (np.arange(kinds) > 0)
    leaked = variance[0] / (counts.kept / n)
    return max(0.0, float((variance[seen] / share[seen]).sum() - leaked) / 2 - usual)


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

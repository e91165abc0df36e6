"""Whether anything changed from one block of a run to the next.

The figure of merit is tested by chance alone: the shots of each circuit are dealt to the blocks at random,
as they may be if nothing changed, and it is seen how often some stretch of blocks stands out as much as one
of the run does. No expected count has to be large for that, so that it has power where almost all shots win.
Where there are so many shots that block sums of deals are normal, they are drawn from the normal law of the
same covariance instead, which takes a hundredth of the time.
What leaves the figure of merit as it is shows in the chi-square of all outcomes over the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.statistics.homogeneity import combined_p_value

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DEALS = 4999
"""Deals at most: no p-value of them is below 1 / 5000."""

ENOUGH = 25
"""So many deals that stand out as much end the test: its p-value is known well enough [BesagClifford1991]."""

BATCHES = (100, 50, 50, 100, 200, 500, 1000, 2999)
"""How many deals are made before it is looked whether they are enough; in all `DEALS`."""

CELLS = 2**19
"""Blocks of circuits that are dealt to at once."""

SKEWNESS = 0.02
"""Of a block's summed scores, at most, where deals are drawn from the normal law: probabilities down to
1 / 5000 are off by less than the error that `ENOUGH` deals leave."""

ROUNDING = 1e-12
"""Of the variance of blocks that hold all shots or none, beside that of all blocks."""

SHARE = 0.8
"""Share of the false alarms that the figure of merit may cause; the outcomes may cause the rest."""

METHOD = "largest change of {} over some blocks in a row, "
DEALT, NORMAL = "dealt anew", "normal law of shots dealt anew"
OUTCOMES = "; chi-square of outcomes over blocks"


@dataclass(frozen=True, eq=False)
class Blocks:
    """What was counted of one circuit.

    Attributes:
        counts: shape (blocks, outcomes).
        scores: shape (outcomes,): what a shot with each outcome adds to the figure of merit.
    """

    counts: IntArray
    scores: FloatArray


def drift_check(
    circuits: Sequence[Blocks], merit: str, outcomes: Sequence[IntArray] | None = None
) -> dict[str, Any] | None:
    """Return the p-value that nothing changed from block to block; None where there is nothing to compare.

    Args:
        circuits: each with independent shots.
        merit: what the scores are, in words.
        outcomes: tables for the chi-square test, shape (blocks, outcomes); the counts if omitted.
    """
    compared = [one for one in circuits if (one.counts.sum(axis=1) > 0).sum() > 1]
    if not compared:
        return None
    moments = _moments(compared)
    merits = scan_p_value(compared, moments)
    others, freedom = combined_p_value([one.counts for one in compared] if outcomes is None else outcomes)
    found = [1.0]
    if merits is not None:
        found.append(merits / SHARE if freedom else merits)
    if freedom:
        found.append(others / (1 - SHARE) if merits is not None else others)
    method = METHOD.format(merit) + (NORMAL if moments.are_normal else DEALT) + OUTCOMES * (outcomes is None)
    return {"p_value": min(found), "degrees_of_freedom": freedom, "method": method}


@dataclass(frozen=True, eq=False)
class _Moments:
    """What dealing shots at random does to the summed scores of blocks.

    Attributes:
        expected: shape (blocks,).
        covariance: shape (blocks, blocks), all circuits together.
        skewness: of the sum over the smallest block that has shots, at most.
    """

    expected: FloatArray
    covariance: FloatArray
    skewness: float

    @property
    def are_normal(self) -> bool:
        """Whether the sums of so many shots are normal."""
        return self.skewness <= SKEWNESS


def _moments(circuits: Sequence[Blocks]) -> _Moments:
    """Return the moments of deals."""
    totals = [one.counts.sum(axis=0) for one in circuits]
    starts = np.cumsum([0, *map(len, totals)])[:-1]
    times, scores = np.concatenate(totals), _rounded(np.concatenate([one.scores for one in circuits]))
    shots = np.add.reduceat(times, starts)
    means = np.add.reduceat(times * scores, starts) / shots
    away = np.abs(scores - np.repeat(means, list(map(len, totals))))
    squares, cubes = np.add.reduceat(times * away**2, starts), float(times @ away**3)
    squares[squares < ROUNDING * shots] = 0.0  # of rounded scores: what is left of a mean
    sizes = np.array([one.counts.sum(axis=1) for one in circuits])
    spread = (squares / np.maximum(shots - 1, 1))[:, None] * sizes
    covariance = np.diag(spread.sum(axis=0)) - (spread / shots[:, None]).T @ sizes
    shares = sizes.sum(axis=0) / sizes.sum()
    whole = squares.sum() ** 1.5
    skewness = cubes / whole / np.sqrt(shares[shares > 0].min()) if whole else np.inf
    return _Moments(means @ sizes, covariance, float(skewness))


def scan_p_value(circuits: Sequence[Blocks], moments: _Moments | None = None) -> float | None:
    """Return the p-value that the figure of merit is the same in all blocks; None where no score differs.

    The statistic is the largest deviation, in standard deviations, that the summed scores of any blocks in
    a row have from what they should be, given all scores of each circuit and how many shots a block has.

    Args:
        circuits: each with independent shots.
        moments: of dealing them, if they are known.
    """
    moments = _moments(circuits) if moments is None else moments
    if not moments.covariance.any():
        return None
    blocks = len(moments.expected)
    pairs = [(i, j) for i in range(blocks) for j in range(i + 1, blocks + 1) if j - i < blocks]
    first, last = np.array(pairs).T
    corners = np.pad(moments.covariance, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    variance = corners[last, last] - 2 * corners[first, last] + corners[first, first]
    known = np.flatnonzero(variance > ROUNDING * moments.covariance.trace())
    starts, ends = first[known], last[known]
    deviation = np.sqrt(variance[known])

    def statistic(excess: FloatArray) -> FloatArray:
        """Return the statistic of summed scores less what they should be, shape (deals, blocks)."""
        sums = np.concatenate([np.zeros((len(excess), 1)), np.cumsum(excess, axis=1)], axis=1)
        return np.asarray((np.abs(sums[:, ends] - sums[:, starts]) / deviation).max(axis=1))

    seen = np.sum([one.counts @ _rounded(one.scores) for one in circuits], axis=0)
    observed = float(statistic((seen - moments.expected)[None])[0])
    rng = np.random.default_rng(0)
    values, vectors = np.linalg.eigh(moments.covariance)
    root = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    grouped = [] if moments.are_normal else list(map(_grouped, circuits))
    dealt = beyond = 0
    for size in BATCHES:
        if moments.are_normal:
            excess = rng.standard_normal((size, blocks)) @ root
        else:
            excess = _deal(grouped, size, rng) - moments.expected
        out = np.flatnonzero(statistic(excess) >= observed * (1 - 1e-9))
        if beyond + len(out) >= ENOUGH:
            return ENOUGH / (dealt + int(out[ENOUGH - beyond - 1]) + 1)
        dealt, beyond = dealt + size, beyond + len(out)
    return (beyond + 1) / (dealt + 1)


def _rounded(scores: FloatArray) -> FloatArray:
    return np.round(scores.astype(float), 9)


def _grouped(one: Blocks) -> Blocks:
    """Return counts of the scores that occurred, instead of the outcomes."""
    seen = np.flatnonzero(one.counts.sum(axis=0))
    scores, place = np.unique(_rounded(one.scores[seen]), return_inverse=True)
    counts = np.zeros((len(one.counts), len(scores)), dtype=np.int64)
    np.add.at(counts.T, place, one.counts[:, seen].T)
    return Blocks(counts, scores)


def _deal(circuits: Sequence[Blocks], size: int, rng: np.random.Generator) -> FloatArray:
    """Return the summed scores of each block where shots are dealt at random, shape (size, blocks)."""
    found = np.zeros((size, len(circuits[0].counts)))
    alike: dict[int, list[Blocks]] = {}
    for one in circuits:
        alike.setdefault(len(one.scores), []).append(one)
    for one in alike.pop(2, ()):
        sizes, totals = one.counts.sum(axis=1), one.counts.sum(axis=0)
        first = rng.multivariate_hypergeometric(sizes, totals[0], size=size)
        found += first * (one.scores[0] - one.scores[1]) + sizes * one.scores[1]
    for some in alike.values():
        at_once = max(1, CELLS // (len(some) * found.shape[1]))
        for start in range(0, size, at_once):
            part = found[start : start + at_once]
            part += _deal_together(some, len(part), rng)
    return found


def _deal_together(circuits: Sequence[Blocks], size: int, rng: np.random.Generator) -> FloatArray:
    """Return the same of circuits of equally many scores: block by block, one score after the other."""
    scores = np.array([one.scores for one in circuits])
    totals = np.array([one.counts.sum(axis=0) for one in circuits])
    sizes = np.array([one.counts.sum(axis=1) for one in circuits])
    room = np.repeat(sizes.T[:, :, None], size, axis=2)  # (blocks, circuits, deals): not dealt yet
    found = np.zeros((len(room), size))
    for k in range(scores.shape[1] - 1):
        left = np.repeat(totals[:, k, None], size, axis=1)
        others = room.sum(axis=0)
        for block, here in enumerate(room):
            others -= here
            dealt = rng.hypergeometric(here, others, left)
            left -= dealt
            here -= dealt
            found[block] += scores[:, k] @ dealt
    for block, here in enumerate(room):
        found[block] += scores[:, -1] @ here
    return found.T

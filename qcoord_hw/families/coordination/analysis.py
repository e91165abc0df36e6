"""Estimates and checks of a run of a coordination protocol, from its raw counts.

A long module: all of them are made of the same settings and blocks, which are read once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain, groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from qcoord_hw.families.coordination.figures import COUNTED, KINDS, MITIGATED, described, with_headline
from qcoord_hw.families.coordination.scoring import CoordinationScoring, Estimator
from qcoord_hw.families.coordination.tomography_check import tomography_check
from qcoord_hw.record import RunRecord, interpreting
from qcoord_hw.statistics.analysis import Analysis
from qcoord_hw.statistics.binomial import check_confidence
from qcoord_hw.statistics.drift import Blocks, drift_check
from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.statistics.mitigation import invert_readout, readout_matrices, stuck_readout
from qcoord_hw.statistics.stratified import METHOD, Stratum, drawn_limits, sum_limits
from qcoord_hw.statistics.words import some
from qcoord_hw.theory.value import Value

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROUNDING = 1e-12
"""By so much limits are moved outwards."""

ASSUMES = "shots independent; bases as asked for, so that readout errors count against the state"
ASSUMES_MITIGATED = (
    "shots independent; readout calibration exact, readout errors of different bits independent"
)
IDEAL = "ideal circuits of this protocol"
EXACT = "exact: density matrix of the compiled circuit, readout error excluded"
SEPARABLE = "largest fidelity of states separable across some cut of the parties [Bourennane2004]"


@dataclass(frozen=True, eq=False)
class Tally:
    """What was counted.

    Attributes:
        play: how counts are scored.
        outcomes: of each setting, the outcomes seen: bit q is that of output q.
        counts: of each setting, the shots of each of these outcomes in each block, shape (blocks, outcomes).
        confusion: of each setting, shape (outputs, 2, 2), [q, r, t] the probability that output q is read r
            given t; None where unknown or not to be inverted.
        cautions: why readout errors cannot be inverted, if they are known and cannot.
    """

    play: CoordinationScoring
    outcomes: tuple[IntArray, ...]
    counts: tuple[IntArray, ...]
    confusion: tuple[FloatArray, ...] | None
    cautions: tuple[str, ...] = ()

    @cached_property
    def totals(self) -> list[IntArray]:
        """Shots of each outcome seen, all blocks together, a setting."""
        return [table.sum(axis=0) for table in self.counts]

    @property
    def shots(self) -> int:
        """All shots."""
        return sum(int(total.sum()) for total in self.totals)


def analyse_coordination(record: RunRecord, confidence: float = 0.95) -> Analysis:
    """Return estimates, checks and the table of cases of a finished run.

    Each estimate holds by itself at the confidence level; rows of the table that are of one estimator hold
    together (Bonferroni).

    Args:
        record: a run of a coordination protocol.
        confidence: two-sided confidence level.

    Raises:
        InputError: when the confidence is not between 0 and 1.
        RecordError: when the record is not that of a coordination protocol.
    """
    estimates, found, names = coordination_estimates(record, confidence)
    if record.is_imported:
        found = replace(found, cautions=(*found.cautions, *_never_measured(found)))
    checks = {"drift": _drift(found, names)} | _tomography(found)
    rows = tuple(_rows(found, names, confidence))
    return Analysis(estimates, checks, rows, found.cautions)


def coordination_estimates(
    record: RunRecord, confidence: float
) -> tuple[tuple[Estimate, ...], Tally, list[str]]:
    """Return the estimates of `analyse_coordination`, the counts, and names of figures that are counted."""
    check_confidence(confidence)
    with interpreting(record.path):
        play = CoordinationScoring.from_json(record.intent["experiment"]["play"])
        found = tally(record, play)
        estimates = _exact(record, play, confidence)
    names = [
        n for n in COUNTED if {e.case for e in play.estimators if e.name == n} == set(range(len(play.cases)))
    ]
    kinds = [False, True] if found.confusion is not None else [False]
    estimates += [_estimate(found, n, m, confidence) for m in kinds for n in names]
    return with_headline(estimates), found, names


def _never_measured(found: Tally) -> list[str]:
    """Return a caution where settings of others' counts have none."""
    missing = [k for k, total in enumerate(found.totals) if not total.sum()]
    if found.play.sampled or not missing:
        return []
    settings = [found.play.settings[k] for k in missing]
    words = [f"{one.basis} of preparation {one.preparation}" for one in settings]
    return [f"never measured: {some(words)}; what they would tell may be anything"]


def tally(record: RunRecord, play: CoordinationScoring) -> Tally:
    """Read raw counts per setting; outcomes in order, so that pooling rare ones favours no block."""
    done = [(chunk, record.counts[chunk.id]) for chunk in record.plan if chunk.id in record.counts]
    words, sizes = (
        list(chain.from_iterable(counts for _, counts in done)),
        [len(counts) for _, counts in done],
    )
    outcomes = _read_words(words, play.bits)
    shots = np.fromiter(chain.from_iterable(counts.values() for _, counts in done), np.int64, len(words))
    setting = np.repeat(np.array([chunk.setting for chunk, _ in done], dtype=np.int64), sizes)
    block = np.repeat(np.array([chunk.block for chunk, _ in done], dtype=np.int64), sizes)
    order = np.argsort(setting, kind="stable")
    ends = np.searchsorted(setting[order], np.arange(1, len(play.settings)))
    blocks = 1 + max((chunk.block for chunk in record.plan), default=0)
    found, tables = [], []
    for own in np.split(order, ends):
        seen, place = np.unique(outcomes[own], return_inverse=True)
        table = np.zeros((blocks, len(seen)), dtype=np.int64)
        np.add.at(table, (block[own], place), shots[own])
        found.append(seen)
        tables.append(table)
    return Tally(
        play,
        tuple(found),
        tuple(tables),
        *_confusion(record, play),
    )


def _read_words(words: Sequence[str], bits: Sequence[int]) -> IntArray:
    """Return the outcomes that some outcome strings stand for, shape (words,): bit q is that of output q."""
    distinct = list(dict.fromkeys(words))
    if not distinct:
        return np.zeros(0, dtype=np.int64)
    read = np.frombuffer("".join(distinct).encode(), dtype=np.uint8).reshape(len(distinct), -1) - ord("0")
    values = read[:, list(bits)].astype(np.int64) @ (1 << np.arange(len(bits), dtype=np.int64))
    known = dict(zip(distinct, values.tolist(), strict=True))
    return np.fromiter(map(known.__getitem__, words), np.int64, len(words))


def _confusion(
    record: RunRecord, play: CoordinationScoring
) -> tuple[tuple[FloatArray, ...] | None, tuple[str, ...]]:
    """Return the readout errors of every setting, and cautions; None where they cannot be inverted."""
    experiment, errors = record.intent["experiment"], readout_matrices(record)
    if errors is None:
        return None, ()
    qubits = [tuple(circuit["measured"][bit] for bit in play.bits) for circuit in experiment["circuits"]]
    if cautions := stuck_readout(errors, [q for own in qubits for q in own]):
        return None, tuple(cautions)
    matrices = {own: np.array([errors[q] for q in own]) for own in qubits}
    return tuple(matrices[qubits[s["circuit"]]] for s in experiment["settings"][: len(play.settings)]), ()


def _exact(record: RunRecord, play: CoordinationScoring, confidence: float) -> list[Estimate]:
    """Return the figures that were computed for this target, not counted."""
    figures = record.intent["target"].get("exact") or {}
    method = EXACT if record.intent["target"].get("snapshot") else "exact: ideal circuit"
    return [
        described(
            Estimate(
                name,
                value,
                value,
                value,
                method,
                confidence,
                0,
                theory=Value(play.exact[name], "exact", IDEAL) if name in play.exact else None,
                bound=_bound(play) if name == "fidelity_exact" else None,
            )
        )
        for name, value in figures.items()
    ]


def _bound(play: CoordinationScoring) -> Value | None:
    """Return what separable states reach, for the figure that `_together` shows."""
    limits = [case.separable for case in play.cases]
    if any(limit is None for limit in limits):
        return None
    known = [limit for limit in limits if limit is not None]
    mean = sum(c.probability * limit for c, limit in zip(play.cases, known, strict=True))
    return Value(mean if play.combine == "mean" else max(known), "exact", SEPARABLE)


def _estimate(found: Tally, name: str, mitigated: bool, confidence: float) -> Estimate:
    """Return one figure: the mean over the cases, or that of the worst of independent ones.

    Of the worst of several the limit on its own side needs no correction: the worst case is within its own.
    """
    play, alpha = found.play, (1 - confidence) / 2
    own = [e for e in play.estimators if e.name == name]
    own.sort(key=lambda e: e.case)
    method = f"{KINDS[name].method}; {METHOD}"
    if play.combine == "mean":
        weights = [play.cases[e.case].probability for e in own]
        limits = _limits(found, own, weights, mitigated, alpha, alpha)
        ideal = math.fsum(w * e.ideal for w, e in zip(weights, own, strict=True))
    else:
        worst, corrected = (min if KINDS[name].better == "more" else max), alpha / len(own)
        alphas = (alpha, corrected) if worst is min else (corrected, alpha)
        each = [_limits(found, [e], [1.0], mitigated, *alphas) for e in own]
        limits = tuple(worst(limit[i] for limit in each) for i in range(3))  # type: ignore[assignment]
        ideal = worst(e.ideal for e in own)
        if len(own) > 1:
            method += "; Bonferroni over cases, of which the worst is shown"
    if any(e.draws for e in own):
        method += "; normal over the strings drawn, largest variance 2 (1 - F)"
    if mitigated:
        method += "; parities divided by those of the readout"
    estimate = Estimate(
        name + MITIGATED * mitigated,
        *limits,
        method=method,
        confidence=confidence,
        shots=_shots(found, own),
        theory=Value(ideal, "exact", IDEAL),
        bound=_bound(play) if name == "fidelity_dfe" else None,
        assumes=ASSUMES_MITIGATED if mitigated else ASSUMES,
    )
    return described(estimate, mitigated=mitigated)


def _rows(found: Tally, names: Sequence[str], confidence: float) -> list[dict[str, Any]]:
    """Return every estimator of every case, raw; simultaneous over the cases."""
    rows = []
    for name in names:
        own = sorted((e for e in found.play.estimators if e.name == name), key=lambda e: e.case)
        for estimator in own:
            alpha = (1 - confidence) / 2 / len(own)
            low, best, high = _limits(found, [estimator], [1.0], False, alpha, alpha)
            rows.append(
                {
                    "case": estimator.case,
                    "label": found.play.cases[estimator.case].label,
                    "estimate": name,
                    "shots": _shots(found, [estimator]),
                    "low": low,
                    "best": best,
                    "high": high,
                    "theory": estimator.ideal,
                }
            )
    return rows


def _shots(found: Tally, estimators: Sequence[Estimator]) -> int:
    settings = {s for e in estimators for term in e.terms for _, pooled in term.strata for s in pooled}
    return sum(int(found.totals[s].sum()) for s in settings)


def limits_of(found: Tally, name: str, confidence: float) -> tuple[float, float, float]:
    """Return (low, best, high) of the mean over cases of a counted figure, readout errors in it."""
    alpha = (1 - confidence) / 2
    own = [e for e in found.play.estimators if e.name == name]
    weights = [found.play.cases[e.case].probability for e in own]
    return _limits(found, own, weights, False, alpha, alpha)


def _limits(
    found: Tally,
    estimators: Sequence[Estimator],
    weights: Sequence[float],
    mitigated: bool,
    alpha_low: float,
    alpha_high: float,
) -> tuple[float, float, float]:
    """Return (low, best, high) of a weighted sum of estimators of one name, within the values it can have."""
    offset = math.fsum(w * e.offset for w, e in zip(weights, estimators, strict=True))
    drawn = max((w / e.draws for w, e in zip(weights, estimators, strict=True) if e.draws), default=0.0)
    parts = strata(found, estimators, weights, mitigated)
    least, most = KINDS[estimators[0].name].low, KINDS[estimators[0].name].high
    halves = 2 if drawn else 1
    low, best, high = sum_limits(parts, offset, alpha_low / halves, alpha_high / halves)
    if not any(part.shots for part in parts):
        low, high = least, most
    if drawn:
        # The variance over draws is at most the sum of w^2 2 (1 - F_case) / draws.
        z = float(ndtri(1 - min(alpha_low, alpha_high) / 2))
        low, best, high = drawn_limits(low, best, high, z * math.sqrt(2 * drawn))
    best = min(max(best, least), most)
    low, high = min(low - ROUNDING, best), max(high + ROUNDING, best)
    return max(low, least), best, min(high, most)


def strata(
    found: Tally, estimators: Sequence[Estimator], weights: Sequence[float], mitigated: bool = False
) -> list[Stratum]:
    """Return the strata of the weighted sum of some estimators; those of the same settings are one.

    Args:
        found: the counts.
        estimators: the functionals.
        weights: one each.
        mitigated: whether the readout errors are inverted: every parity becomes the product over its outputs
            of (reading - offset) / (1 - p10 - p01), whose mean is the parity before readout.
    """
    return [
        _stratum(found, pooled, parities, mitigated)
        for pooled, parities in _parities(estimators, weights).items()
    ]


def _parities(estimators: Sequence[Estimator], weights: Sequence[float]) -> dict[tuple[int, ...], Parities]:
    """Return the sum of parities that the shots of some settings, pooled, are scored by."""
    sums: dict[tuple[int, ...], dict[int, float]] = {}
    for weight, estimator in zip(weights, estimators, strict=True):
        for term in estimator.terms:
            for share, pooled in term.strata:
                own = sums.setdefault(pooled, {})
                for mask, value in zip(term.masks, term.coefficients, strict=True):
                    own[mask] = own.get(mask, 0.0) + weight * share * value
    return {pooled: _tabulated(tuple(own.items())) for pooled, own in sums.items()}


@lru_cache(maxsize=10_000)
def _tabulated(sums: tuple[tuple[int, float], ...]) -> Parities:
    """Return a sum of parities; each block of a run asks for the same ones."""
    return Parities(dict(sums))


class Parities:
    """A sum of parities as a table over the outcomes of those outputs on which it depends."""

    def __init__(self, sums: dict[int, float]) -> None:
        """Tabulate it.

        Args:
            sums: mask -> coefficient.
        """
        together = 0
        for mask in sums:
            together |= mask
        self.outputs = [q for q in range(together.bit_length()) if together >> q & 1]
        values = np.zeros((2,) * len(self.outputs))
        for mask, value in sums.items():
            values[tuple(mask >> q & 1 for q in self.outputs)] += value
        for axis in range(values.ndim):  # Walsh-Hadamard transform
            one, two = np.take(values, 0, axis), np.take(values, 1, axis)
            values = np.stack([one + two, one - two], axis)
        self.table: FloatArray = values

    def scores(self, confusion: FloatArray | None) -> FloatArray:
        """Return the score of every outcome, shape (2,) * outputs, the readout inverted if it is given."""
        if confusion is None:
            return self.table
        return invert_readout(self.table, confusion[self.outputs].transpose(0, 2, 1))

    def index(self, outcomes: IntArray) -> tuple[IntArray, ...]:
        """Return the place of outcomes in the table."""
        return tuple(outcomes >> q & 1 for q in self.outputs)


def _stratum(found: Tally, pooled: Sequence[int], parities: Parities, mitigated: bool) -> Stratum:
    """Return the mean and spread of a sum of parities over the shots of some settings."""
    low, high, values = math.inf, -math.inf, set[float]()
    shots: list[IntArray] = []
    seen: list[FloatArray] = []
    errors = found.confusion if mitigated else None
    for _, alike in groupby(pooled, lambda s: id(errors[s]) if errors else None):  # on the same qubits
        settings = list(alike)
        scores = parities.scores(errors[settings[0]] if errors else None)
        low, high = min(low, float(scores.min())), max(high, float(scores.max()))
        values.update(np.round(scores, 12).reshape(-1).tolist())
        outcomes = np.concatenate([found.outcomes[s] for s in settings])
        shots += [found.totals[s] for s in settings]
        seen.append(np.broadcast_to(scores[parities.index(outcomes)], outcomes.shape))
    n, score = np.concatenate(shots), np.concatenate(seen)
    total = int(n.sum())
    if total == 0:
        return Stratum(0, 0.0, 0.0, low, high)
    mean = float((n * score).sum()) / total
    variance = float((n * (score - mean) ** 2).sum()) / max(total - 1, 1)
    return Stratum(total, mean, variance, low, high, two=len(values) == 2)


def _drift(found: Tally, names: Sequence[str]) -> dict[str, Any] | None:
    """Test that the main estimate, and every setting's outcomes, are the same in all blocks."""
    scores = [np.zeros(len(outcomes)) for outcomes in found.outcomes]
    if names:
        own = [e for e in found.play.estimators if e.name == names[0]]
        weights = [found.play.cases[e.case].probability for e in own]
        for pooled, parities in _parities(own, weights).items():
            for s in pooled:
                scores[s] += parities.scores(None)[parities.index(found.outcomes[s])]
    circuits = [Blocks(*one) for one in zip(found.counts, scores, strict=True)]
    return drift_check(circuits, KINDS[names[0]].method if names else "nothing")


def _tomography(found: Tally) -> dict[str, dict[str, Any]]:
    """Return the plug-in distance beside its null, where all bases of every case were measured."""
    if not found.play.tomography or found.shots == 0:
        return {}
    check = tomography_check(found.play, found.outcomes, found.totals)
    return {"tomography": check} if check else {}

"""The plug-in trace norm of tomography, beside what ideal circuits give with the same shots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.theory.pauli_measurements.figures import branches_of
from qcoord_hw.theory.pauli_measurements.paulis import ComplexArray, all_bases
from qcoord_hw.theory.pauli_measurements.target import Target
from qcoord_hw.theory.pauli_measurements.tomography import plug_in_trace_norm, probabilities

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DRAWS = 200
"""Simulated runs of ideal circuits."""

ROUNDING = 1e-12
"""Of a trace norm: draws that are the run itself are as far from the target."""

METHOD = "linear inversion projected to states: biased upwards, to be compared with its null only"


def tomography_check(
    play: CoordinationScoring, outcomes: Sequence[IntArray], totals: Sequence[IntArray]
) -> dict[str, Any] | None:
    """Return `trace_norm_tomography` with mean and 95 % point of its null; None where a basis has no shot.

    The p-value is the share of simulated ideal runs (this one among them) that are as far from the target.

    Args:
        play: of an experiment with all bases of every case.
        outcomes: of each setting, the outcomes seen, bit q of output q.
        totals: of each setting, the shots of each of them.
    """
    rng = np.random.default_rng(0)
    values, nulls, ideals = [], [], []
    for c, case in enumerate(play.cases):
        if case.ideal is None or case.state is None:
            return None
        read = _frequencies(play, c, case, outcomes, totals)
        if read is None:
            return None
        frequencies, shots = read
        target = branches_of(case.state)
        target = target @ target.conj().T
        drawn = _null(case.ideal, shots, rng)
        values.append(float(plug_in_trace_norm(frequencies, target)))
        nulls.append(plug_in_trace_norm(drawn, target))
        ideals.append(float(np.abs(np.linalg.eigvalsh(case.ideal - target)).sum()))
    if play.combine == "mean":
        share = np.array([case.probability for case in play.cases])
        value, null, ideal = float(share @ values), share @ np.array(nulls), float(share @ ideals)
    else:
        value, null, ideal = max(values), np.max(nulls, axis=0), max(ideals)
    return {
        "p_value": float((1 + (null >= value - ROUNDING).sum()) / (1 + DRAWS)),
        "method": METHOD,
        "name": "trace_norm_tomography",
        "value": value,
        "null_mean": float(null.mean()),
        "null_95": float(np.quantile(null, 0.95)),
        "null_draws": DRAWS,
        "ideal": ideal,
    }


def _frequencies(
    play: CoordinationScoring,
    c: int,
    case: Target,
    outcomes: Sequence[IntArray],
    totals: Sequence[IntArray],
) -> tuple[FloatArray, IntArray] | None:
    """Return the frequencies of a case in each basis, shape (3^k, 2^k), and how many shots each counts for.

    A mixture that is not drawn is a weighted mean over preparations: it varies no more than 1 / sum(w^2 / n)
    shots of the mixture.
    """
    bases = {basis: i for i, basis in enumerate(all_bases(len(case.outputs)))}
    found = np.zeros((len(bases), 2 ** len(case.outputs)))
    inverse = np.zeros(len(bases))
    counted: dict[tuple[int, int | None], IntArray] = {}
    weights = dict(case.mixture)
    for s, setting in enumerate(play.settings):
        if setting.preparation not in weights or setting.case not in (None, c):
            continue
        basis = bases["".join(setting.basis[q] for q in case.outputs)]
        place = np.zeros_like(outcomes[s])
        for q in case.outputs:
            place = 2 * place + (outcomes[s] >> q & 1)
        own = np.bincount(place, totals[s], found.shape[1]).astype(np.int64)
        key = basis, None if play.sampled else setting.preparation
        counted[key] = counted.get(key, np.zeros_like(own)) + own
    for (basis, preparation), own in counted.items():
        weight = 1.0 if preparation is None else weights[preparation]
        shots = int(own.sum())
        if shots == 0:
            if weight == 0:
                continue
            return None
        found[basis] += weight * own / shots
        inverse[basis] += weight**2 / shots
    if not np.all(inverse > 0):
        return None
    return found, np.maximum(np.floor(1 / inverse), 1).astype(np.int64)


def _null(ideal: ComplexArray, shots: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return frequencies of simulated runs of an ideal state, shape (draws, 3^k, 2^k)."""
    branches = branches_of(ideal)
    bases = all_bases(len(ideal).bit_length() - 1)
    found = np.empty((DRAWS, len(bases), len(ideal)))
    for b, (basis, n) in enumerate(zip(bases, shots, strict=True)):
        found[:, b] = rng.multinomial(n, probabilities(branches, basis), size=DRAWS) / n
    return found

"""What circuits of a record give without noise: probabilities, for figures beside what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qcoord_hw import record
from qcoord_hw.execution.expectation import is_exact, outcomes_of, work
from qcoord_hw.execution.formats import from_qpy
from qcoord_hw.execution.run_description import prepared_of
from qcoord_hw.record import RunRecord

SECONDS = 20.0
"""Work at most, by rule (`expectation.work`)."""


def ideal_outcomes(run: RunRecord) -> Sequence[Mapping[str, float]] | None:
    """Return outcome (classical bit 0 first) -> probability of each setting, for the circuits as built.

    Args:
        run: a run of one tile.

    Returns:
        None where the circuits are not known, or too large to be computed exactly in a short time.

    Raises:
        RecordError: when the record cannot be interpreted.
    """
    if run.is_imported or run.is_draft:
        return None
    prepared = prepared_of(run)
    with record.interpreting(run.path):
        circuits = from_qpy(run.file(record.CIRCUITS))
    ideal = replace(prepared, circuits=circuits, layout=(), snapshot=None, tiles=(), routes=(), bound=())
    chosen = range(len(ideal.settings))
    if not is_exact(ideal, chosen) or work(ideal, chosen) > SECONDS:
        return None
    found = [
        {word: float(weight) for word, weight in zip(words, weights, strict=True) if weight > 1e-12}
        for words, weights in outcomes_of(ideal, chosen)
    ]
    with record.interpreting(run.path):
        rules = run.intent["experiment"].get(record.PROCESSING)
        return found if not rules else [_used(one, rules[k]) for k, one in enumerate(found)]


def _used(weights: Mapping[str, float], rule: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the probabilities of outcomes that are used, as they are corrected."""
    found = record.corrected(weights, rule)
    return {word: weight / sum(found.values()) for word, weight in found.items()}

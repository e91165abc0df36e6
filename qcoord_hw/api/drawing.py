"""What is drawn of a run: its family's diagrams beside ideal circuits, and the device it ran on."""

from __future__ import annotations

from typing import Any

from qcoord_hw.diagrams import Chip, Diagram
from qcoord_hw.execution.ideal_outcomes import ideal_outcomes
from qcoord_hw.execution.scale import split_scale
from qcoord_hw.record import RunRecord, processed
from qcoord_hw.report.device_map import device_map
from qcoord_hw.report.faults import our_own
from qcoord_hw.report.shapes import RunSummary
from qcoord_hw.report.summary import family_of


def diagrams_of(record: RunRecord, summary: RunSummary) -> tuple[Diagram, ...]:
    """Return the diagrams of a finished run.

    Args:
        record: of the run.
        summary: what was derived from it.

    Raises:
        RecordError: when the record cannot be interpreted.
        InternalError: when the diagrams cannot be made of what was read.
    """
    run = record if record.tiles == 1 else record.tile(0)
    with our_own(record.path, "its figures"):
        found = list(family_of(summary).diagrams(processed(run), summary, lambda: ideal_outcomes(run)))
        chip = _chip(run, summary)
    return tuple(found + ([chip] if chip else []))


def _chip(run: RunRecord, summary: RunSummary) -> Chip | None:
    """Return the map of the device, as far as the record keeps it or its snapshot here agrees with it."""
    if not summary["layout"] or run.calibration is None:
        return None
    if run.chip is not None:
        return device_map(run.chip, summary["layout"], whole=True)
    whole = _snapshot(run.intent["target"]["name"], run.calibration)
    return device_map(whole or run.calibration, summary["layout"], whole=whole is not None)


def _snapshot(target: str, used: dict[str, Any]) -> dict[str, Any] | None:
    """Return the snapshot of that name, if it says of the qubits that were used what the record says."""
    from qcoord_hw.execution.targets import NoiseTarget, fake_chip, fake_names

    name, scale = split_scale(target)
    if name not in fake_names():  # the name is a stranger's: nothing is loaded by it
        return None
    whole = NoiseTarget(fake_chip(name), scale).snapshot().to_json()
    own = {q["index"]: q for q in whole["qubits"]}
    return whole if all(own.get(q["index"]) == dict(q) for q in used["qubits"]) else None

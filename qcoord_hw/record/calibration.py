"""The calibration of a run's qubits as it was when its jobs ran, not when they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qcoord_hw.errors import RecordError
from qcoord_hw.inputs import parse_json
from qcoord_hw.record.files import MAX_VALUES, read_bytes
from qcoord_hw.record.journal import Job
from qcoord_hw.record.schema import PROPERTIES_SHAPE
from qcoord_hw.spec import one_line

NAMES = {"t1": "T1", "t2": "T2", "p10": "prob_meas1_prep0", "p01": "prob_meas0_prep1"}
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def as_executed(path: Path, snapshot: dict[str, Any] | None, jobs: Sequence[Job]) -> dict[str, Any] | None:
    """Return a snapshot with readout errors, T1 and T2 as the device's properties told them for the jobs.

    Several jobs may have run under several calibrations: then each figure is their mean, since the counts of
    all jobs are analysed together, and the date is the last one.

    Args:
        path: the run's folder.
        snapshot: the calibration at submission; None where there is none.
        jobs: the run's jobs.

    Returns:
        The snapshot in the same plain values; as it was where the device told nothing.
    """
    told = [_properties(path, job.properties) for job in jobs if job.properties in job.files]
    if snapshot is None or not told:
        return snapshot
    qubits = []
    for qubit in snapshot["qubits"]:
        items = [{item["name"]: item for item in _of(one, qubit["index"])} for one in told]
        now = dict(qubit)
        for key, name in NAMES.items():
            found = [own[name] for own in items if name in own]
            values = [item["value"] * SECONDS.get(item["unit"], 1.0) for item in found]
            if values:
                now[key] = sum(values) / len(values)
        qubits.append(now)
    dates = [moment for one in told if (moment := _moment(one.get("last_update_date")))]
    when = max(dates).isoformat() if dates else snapshot["calibrated"]
    return snapshot | {"qubits": qubits, "calibrated": when}


def _properties(path: Path, name: str) -> dict[str, Any]:
    """Read what a device told of itself."""
    try:
        found: dict[str, Any] = parse_json(read_bytes(path, name), MAX_VALUES)
        PROPERTIES_SHAPE(found, "")
    except ValueError as error:
        raise RecordError(f"run {path.name}: {name} are no properties ({one_line(error, 160)})") from None
    return found


def _of(properties: dict[str, Any], qubit: int) -> list[dict[str, Any]]:
    """Return what properties tell of a qubit, which may be nothing."""
    listed = properties.get("qubits", [])
    return list(listed[qubit]) if qubit < len(listed) else []


def _moment(date: object) -> datetime | None:
    """Return a date in UTC; None where it is none."""
    try:
        return datetime.fromisoformat(str(date)).astimezone(UTC)
    except ValueError:
        return None

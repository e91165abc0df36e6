"""The chip of a run, as its record keeps it: the whole device, or else the qubits that were used."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from qcoord_hw import record
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.execution.calibrations.properties_json import is_properties, properties_of
from qcoord_hw.execution.calibrations.published import chip_of
from qcoord_hw.execution.scale import PROPERTIES, scaled_name, split_scale
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.inputs import parse_json
from qcoord_hw.text import one_line, short_repr

FILES = (record.INTENT, record.DRAFT, record.SEAL, record.CHIP)
"""Files by which a run is meant, beside its folder."""


def located(target: str, runs: str | Path | None = None) -> str:
    """Return the name of a target in which a run is meant by its folder, with a `/` behind it.

    The sign keeps a folder that ends like a noise scale from being read as one.

    Args:
        target: any name; others than those of runs are returned as they are.
        runs: the folder of all runs, where prefixes and `latest` are looked for.

    Raises:
        InputError: when no file, and no run or more than one fits.
    """
    if not target.startswith(PROPERTIES):
        return target
    whole = target.removeprefix(PROPERTIES)
    plain, scale = (whole, 1.0) if _exists(whole) else split_scale(target)
    given = plain.removeprefix(PROPERTIES)
    if not _exists(given):
        if "+" in given or Path(given).suffix.lower() in (".csv", ".json"):
            return target
        try:
            given = str(record.find(given, record.runs_folder(runs)))
        except RecordError as error:
            name, why = short_repr(given)[1:-1], str(error).removeprefix("run: ")
            raise InputError(f"target: {PROPERTIES}{name}: no such file, and {why}") from None
    folder = "/" if Path(given).is_dir() and not given.endswith("/") else ""
    return scaled_name(f"{PROPERTIES}{given}{folder}", scale)


def _exists(path: str) -> bool:
    return "\0" not in path and os.path.lexists(path)


def run_folder_of(path: Path) -> Path | None:
    """Return the folder of the run that is meant; None where a path is that of another file.

    Raises:
        InputError: when it is a folder and not that of a run.
    """
    if path.is_dir():
        if not _is_run(path):
            raise InputError(f"{one_line(path)}: no run; allowed are files, and folders of runs")
        return path
    return path.parent if path.name in FILES and _is_run(path.parent) else None


def _is_run(folder: Path) -> bool:
    return any(record.exists(folder, name) for name in (record.INTENT, record.DRAFT))


def chip_of_run(folder: Path) -> Snapshot:
    """Return the calibration that a run's record keeps.

    Of jobs on a device it is what the device told of itself when the last of them ran.

    Raises:
        InputError: when it keeps none.
        RecordError: when the record is damaged.
    """
    run = record.read(folder)
    target = run.intent["target"]
    if (whole := run.chip) is not None:
        return Snapshot.from_json(whole).scaled(split_scale(target["name"])[1])
    for job in reversed(run.jobs):
        if job.properties in job.files:
            try:
                told = parse_json(run.file(job.properties))
                if is_properties(told):
                    return chip_of(properties_of(told), None, job.properties)
            except (InputError, ValueError) as error:
                raise RecordError(f"run {folder.name}: {job.properties}: {one_line(error, 160)}") from None
    places = [place["snapshot"] for place in (target, *target.get("tiles", ())) if place["snapshot"]]
    if not places:
        raise InputError(
            f"run {folder.name} on {target['name']} keeps no calibration; allowed are runs with one"
        )
    first, *others = (Snapshot.from_json(place) for place in places)
    qubits = {q.index: q for one in (first, *others) for q in one.qubits}
    gates = {(g.name, g.qubits): g for one in (first, *others) for g in one.gates}
    return replace(first, qubits=tuple(qubits.values()), gates=tuple(gates[key] for key in sorted(gates)))

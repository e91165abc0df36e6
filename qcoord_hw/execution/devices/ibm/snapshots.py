"""The device snapshots that the runtime package brings: calibrations of real devices, simulated here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from qcoord_hw.execution.devices.base import Summary

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

PACKAGE = "qiskit_ibm_runtime.fake_provider"

PULSES = ("sx", "u2")
"""Gates on one qubit that are one pulse; the others are made of these, or cost nothing."""


def backends() -> dict[str, type[BackendV2]]:
    """Return name -> class of every snapshot."""
    from qiskit_ibm_runtime import fake_provider  # two seconds of imports, only where they are needed

    found = {}
    for attribute in dir(fake_provider):
        name = getattr(getattr(fake_provider, attribute), "backend_name", None)
        if isinstance(name, str):
            found[name] = getattr(fake_provider, attribute)
    return dict(sorted(found.items()))


@cache
def summaries() -> Mapping[str, Summary]:
    """Return name -> medians of every snapshot, read from the package's files: nothing of it is imported."""
    package, found = find_spec(PACKAGE.partition(".")[0]), {}
    for place in (package and package.submodule_search_locations) or ():
        for path in sorted(Path(place).glob("fake_provider/backends/*/fake_*.py")):
            named = dict(re.findall(r'^    (\w+) = "(\S+)"$', path.read_text(encoding="utf-8"), re.MULTILINE))
            if {"backend_name", "conf_filename"} <= named.keys():
                found[named["backend_name"]] = _summary(path.parent, named)
    return found


def _summary(folder: Path, named: dict[str, str]) -> Summary:
    qubits = json.loads((folder / named["conf_filename"]).read_text(encoding="utf-8"))["n_qubits"]
    if "props_filename" not in named:
        return Summary(qubits)
    stated = json.loads((folder / named["props_filename"]).read_text(encoding="utf-8"))
    pulses: dict[tuple[int, ...], float] = {}
    for gate in stated["gates"]:
        place = tuple(sorted(gate["qubits"]))
        if len(place) == 2 or gate["gate"] in PULSES:
            errors = [one["value"] for one in gate["parameters"] if one["name"] == "gate_error"]
            pulses[place] = min([pulses.get(place, 1.0), *errors])  # of several gates there the best
    values: dict[object, list[float]] = {}
    for place, error in pulses.items():
        values.setdefault(len(place), []).append(error)
    for qubit in stated["qubits"]:
        for one in qubit:
            values.setdefault(one["name"], []).append(one["value"])
    medians = (median(values[key]) if key in values else None for key in (2, 1, "readout_error", "T1", "T2"))
    calibrated = datetime.fromisoformat(stated["last_update_date"]).astimezone(UTC).isoformat()
    return Summary(qubits, calibrated, *medians)


def is_snapshot(target: object) -> bool:
    """Return whether an object is one of them, and not of a class that somebody derived from one."""
    if not type(target).__module__.startswith(f"{PACKAGE}.") or PACKAGE not in sys.modules:
        return False  # if the package is not loaded, the target is none of its
    return type(target) in backends().values()

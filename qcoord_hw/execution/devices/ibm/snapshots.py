"""The device snapshots that the runtime package brings: calibrations of real devices, simulated here."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.base import Summary

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qcoord_hw.execution.snapshot import Snapshot

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


@dataclass(frozen=True)
class Files:
    """Where the package keeps a snapshot."""

    configuration: Path
    properties: Path | None

    def stated(self) -> tuple[Any, Any]:
        """Return what both state; None for properties that are not there."""
        files = (self.configuration, self.properties)
        configuration, properties = (one and json.loads(one.read_text(encoding="utf-8")) for one in files)
        return configuration, properties


@cache
def _files() -> Mapping[str, Files]:
    """Return name -> files of every snapshot: nothing of the package is imported for that."""
    package, found = find_spec(PACKAGE.partition(".")[0]), {}
    for place in (package and package.submodule_search_locations) or ():
        for path in Path(place).glob("fake_provider/backends/*/fake_*.py"):
            text = path.read_text(encoding="utf-8")
            named = dict(re.findall(r'^    (\w+) = "(\S+)"(?: *#.*)?$', text, re.MULTILINE))
            if {"backend_name", "conf_filename"} <= named.keys():
                properties = named.get("props_filename")
                found[named["backend_name"]] = Files(
                    path.parent / named["conf_filename"], properties and path.parent / properties
                )
    return dict(sorted(found.items()))


def names() -> Collection[str]:
    """Return the names of all snapshots; the client is asked where its files are not where we look."""
    return (_files() or backends()).keys()


def chip(name: str) -> Snapshot:
    """Return the calibration of a snapshot, read from the package's files as the client reads them.

    The client itself, which takes a second to import, is asked only where its files have another form.
    """
    from qcoord_hw.execution.calibrations.coupling import coupling_of
    from qcoord_hw.execution.calibrations.properties_json import properties_of
    from qcoord_hw.execution.calibrations.published import chip_of
    from qcoord_hw.execution.snapshot import Snapshot

    try:
        configuration, properties = _files()[name].stated()
        found = chip_of(properties_of(properties), coupling_of(configuration), name)
        return replace(found, device=name, version=str(configuration.get("backend_version") or ""))
    except (InputError, LookupError, TypeError):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # some snapshots warn that they are not typical
            return Snapshot.of(backends()[name]())


def rep_delay(name: str) -> float | None:
    """Return the seconds from the end of a shot to the next, by default; None where they are not stated."""
    delay = _files()[name].stated()[0].get("default_rep_delay") if name in _files() else None
    return None if delay is None else delay * 1e-6


@cache
def summaries() -> Mapping[str, Summary]:
    """Return name -> medians of every snapshot."""
    return {name: _summary(*files.stated()) for name, files in _files().items()}


def _summary(configuration: Any, stated: Any) -> Summary:
    qubits = configuration["n_qubits"]
    if stated is None:
        return Summary(qubits)
    pulses: dict[tuple[int, ...], float] = {}
    for gate in stated["gates"]:
        place = tuple(sorted(gate["qubits"]))
        if gate["gate"] not in configuration["basis_gates"] and gate["gate"] not in PULSES:
            continue  # fractional gates are calibrated on chips where they are not offered
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

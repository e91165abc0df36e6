"""Properties of a backend as JSON: what `backend.properties().to_dict()` gives, and `props_*.json` hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.execution.calibrations.coupling import MAX_QUBITS, qubits_of
from qcoord_hw.execution.calibrations.published import NOT_UNITARY, UNITARY, Published
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration
from qcoord_hw.spec import short_repr

POWERS = {"s": 0, "ms": 3, "us": 6, "µs": 6, "μs": 6, "ns": 9}
"""Unit of a time -> tenth powers by which it is less than a second."""

LONGEST = 1e6
"""Seconds that anything takes at most."""

NO_GATES = ("measure", "reset", "xslow", "init", "id_")
"""With these begin names of instructions that devices list beside gates; no noise model has them."""


def is_properties(data: Any) -> bool:
    """Return whether JSON is meant as the properties of a backend."""
    return isinstance(data, dict) and {"qubits", "gates"} <= data.keys()


def properties_of(data: Mapping[str, Any]) -> Published:
    """Return what properties state.

    Raises:
        InputError: naming the field.
    """
    for name in ("qubits", "gates"):
        if not isinstance(data[name], list) or not data[name]:
            what = "an empty list" if data[name] == [] else short_repr(data[name])
            raise InputError(f"{name}: {what}; allowed is a list of one or more")
    size = len(data["qubits"])
    if size > MAX_QUBITS:
        raise InputError(f"qubits: {size}; allowed are at most {MAX_QUBITS}")
    gates, broken = _gates(data["gates"], size)
    faulty = {gate.qubits[0] for gate in gates if len(gate.qubits) == 1 and (gate.error or 0) >= 1}
    qubits, readout, out_of_use = [], [], set()
    for k, stated in enumerate(data["qubits"]):
        items = _items(stated, f"qubits[{k}]")
        if not _is_operational(items, f"qubits[{k}]"):
            out_of_use.add(k)
        needed = k not in out_of_use | faulty
        t1, t2 = (_time(items, name, f"qubits[{k}]", needed=needed, least=1e-12) for name in ("T1", "T2"))
        error = _share(items, "readout_error", f"qubits[{k}]")
        p10, p01 = (_share(items, n, f"qubits[{k}]") for n in ("prob_meas1_prep0", "prob_meas0_prep1"))
        if p10 is None or p01 is None:
            if error is None and needed:
                raise InputError(f"qubits[{k}].readout_error: missing; allowed are numbers from 0 to 1")
            p10 = p01 = error or 0.0
        qubits.append(QubitCalibration(k, t1, t2, p10, p01))
        readout.append((_time(items, "readout_length", f"qubits[{k}]"), error))
    return Published(
        _text(data, "backend_name") or "unnamed",
        _text(data, "backend_version"),
        _moment(data.get("last_update_date")),
        tuple(qubits),
        gates,
        tuple(readout),
        frozenset(out_of_use),
        broken,
    )


def _gates(
    stated: list[Any], size: int
) -> tuple[tuple[GateCalibration, ...], frozenset[tuple[str, tuple[int, ...]]]]:
    """Return the gates, and which of them are marked as not operational."""
    found: dict[tuple[str, tuple[int, ...]], GateCalibration] = {}
    broken = set()
    for k, one in enumerate(stated):
        where = f"gates[{k}]"
        if not isinstance(one, dict):
            raise InputError(f"{where}: {short_repr(one)}; allowed is an object")
        name = one.get("gate")
        known = isinstance(name, str) and (
            name in UNITARY or name in NOT_UNITARY or name.startswith(NO_GATES)
        )
        if not known:
            some = ", ".join(sorted({"id", "rz", "sx", "x", "cx", "ecr", "cz", "rzz"}))
            raise InputError(f"{where}.gate: {short_repr(name)}; allowed are gates of Qiskit such as {some}")
        qubits = qubits_of(one.get("qubits"), f"{where}.qubits")
        if any(q >= size for q in qubits):
            raise InputError(f"{where}.qubits: {list(qubits)}; allowed are qubits from 0 to {size - 1}")
        if len(qubits) != UNITARY.get(str(name), len(qubits)):
            raise InputError(f"{where}.qubits: {list(qubits)}; {name} acts on {UNITARY[str(name)]}")
        items = _items(one.get("parameters"), f"{where}.parameters")
        error = _share(items, "gate_error", where)
        duration = _time(items, "gate_length", where)
        if error is None and name in UNITARY:
            raise InputError(f"{where}.gate_error: missing; allowed are numbers from 0 to 1")
        key = (str(name), qubits)
        if key in found:
            raise InputError(f"{where}: {name} on {list(qubits)} stands there twice; allowed is once")
        found[key] = GateCalibration(str(name), qubits, duration, error)
        if not _is_operational(items, where):
            broken.add(key)
    return tuple(found.values()), frozenset(broken)


def _items(value: Any, where: str) -> dict[str, Mapping[str, Any]]:
    """Return name -> entry of a list of named values."""
    if not isinstance(value, list):
        raise InputError(f"{where}: {short_repr(value)}; allowed is a list of named values")
    found: dict[str, Mapping[str, Any]] = {}
    for k, one in enumerate(value):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise InputError(
                f"{where}[{k}]: {short_repr(one)}; allowed is an object with name, value and unit"
            )
        if one["name"] in found:
            raise InputError(f"{where}.{one['name']}: stands there twice; allowed is once")
        found[one["name"]] = one
    return found


def number(value: Any, where: str, low: float, high: float) -> float:
    """Return a number.

    Raises:
        InputError: when it is none, or out of bounds.
    """
    fits = type(value) in (int, float) and abs(value) <= 1e300 and math.isfinite(value)
    if not fits or not low <= value <= high:
        raise InputError(f"{where}: {short_repr(value)}; allowed are numbers from {low:g} to {high:g}")
    return float(value)


def _share(items: Mapping[str, Mapping[str, Any]], name: str, where: str) -> float | None:
    """Return an error or a probability; None where it is not stated."""
    if name not in items:
        return None
    if (unit := items[name].get("unit", "")) not in ("", None):
        raise InputError(f"{where}.{name}.unit: {short_repr(unit)}; allowed is none")
    return number(items[name].get("value"), f"{where}.{name}", 0, 1)


def _time(
    items: Mapping[str, Mapping[str, Any]], name: str, where: str, *, needed: bool = False, least: float = 0
) -> float | None:
    """Return a time in seconds; None where it is not stated."""
    if name not in items:
        if needed:
            raise InputError(f"{where}.{name}: missing; allowed are times in {', '.join(POWERS)}")
        return None
    unit = items[name].get("unit")
    if not isinstance(unit, str) or unit not in POWERS:
        raise InputError(f"{where}.{name}.unit: {short_repr(unit)}; allowed are {', '.join(POWERS)}")
    power = POWERS[unit]
    value = number(items[name].get("value"), f"{where}.{name}", least * 10.0**power, LONGEST * 10.0**power)
    return value / 10**power if power else value  # divided, as the runtime client does: the same float


def _is_operational(items: Mapping[str, Mapping[str, Any]], where: str) -> bool:
    if "operational" not in items:
        return True
    return bool(number(items["operational"].get("value"), f"{where}.operational", 0, 1))


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not value.isprintable() or len(value) > 100 or {"/", "\\"} & set(value):
        raise InputError(f"{name}: {short_repr(value)}; allowed is one line of at most 100 characters")
    return value


def _moment(value: Any) -> str:
    """Return a date as ISO format in UTC."""
    if value is None:
        return ""
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat()
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"last_update_date: {short_repr(value)}; allowed is an ISO date") from None

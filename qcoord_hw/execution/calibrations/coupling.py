"""Which qubits of a chip are coupled, where a file of its own says so: a coupling map, or a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import read_json
from qcoord_hw.spec import short_repr
from qcoord_hw.text import one_line

MAX_QUBITS = 10_000

Qubits = tuple[int, ...]


@dataclass(frozen=True)
class Coupling:
    """Which qubits are coupled.

    Attributes:
        pairs: the coupled qubits; none where a configuration says it gate by gate.
        configured: gate -> qubits that it acts on, where a configuration says so.
        basis: names of the gates that the device offers; None if not stated.
        instructions: what it offers beside gates.
        num_qubits: of the device; None if not stated.
    """

    pairs: tuple[Qubits, ...]
    configured: Mapping[str, tuple[Qubits, ...]] | None = None
    basis: tuple[str, ...] | None = None
    instructions: tuple[str, ...] = ("measure", "reset", "delay")
    num_qubits: int | None = None

    def check(self, size: int, where: str) -> None:
        """Check that a calibration is of the qubits that are coupled.

        Raises:
            InputError: naming the pair that has a qubit which is not calibrated.
        """
        if self.num_qubits not in (None, size):
            raise InputError(f"n_qubits: {self.num_qubits}; {where} is of {size} qubits")
        for several in (self.pairs, *(self.configured or {}).values()):
            for qubits in several:
                if any(q >= size for q in qubits):
                    raise InputError(f"coupling_map: {list(qubits)}; {where} has the qubits 0 to {size - 1}")


def read_coupling(file: Path) -> Coupling:
    """Read a coupling map: a list of pairs, or a device's configuration (`conf_*.json`).

    Raises:
        InputError: naming the file and the field.
    """
    data: Any = read_json(file)
    try:
        return coupling_of(data)
    except InputError as error:
        raise InputError(f"{one_line(file.name)}: {error}") from None


def coupling_of(data: Any) -> Coupling:
    """Return the coupling that JSON states.

    Raises:
        InputError: naming the field.
    """
    if isinstance(data, list):
        return Coupling(_pairs(data, "coupling_map"))
    if not isinstance(data, dict) or "coupling_map" not in data:
        raise InputError("coupling_map: missing; allowed are a list of pairs and a configuration with one")
    if "basis_gates" not in data or "gates" not in data:
        return Coupling(_pairs(data["coupling_map"], "coupling_map"))
    return _configuration(data)


def _configuration(data: dict[str, Any]) -> Coupling:
    size = data.get("n_qubits")
    if type(size) is not int or not 1 <= size <= MAX_QUBITS:
        raise InputError(f"n_qubits: {short_repr(size)}; allowed are integers from 1 to {MAX_QUBITS}")
    gates = data["gates"]
    if not isinstance(gates, list) or not all(isinstance(gate, dict) for gate in gates):
        raise InputError(f"gates: {short_repr(gates)}; allowed is a list of objects")
    configured = {}
    for k, gate in enumerate(gates):
        (name,) = _names([gate.get("name")], f"gates[{k}].name")
        if gate.get("coupling_map") is not None:
            configured[name] = _groups(gate["coupling_map"], f"gates[{k}].coupling_map")
    stated = data.get("supported_instructions")
    return Coupling(
        (),
        configured,
        _names(data["basis_gates"], "basis_gates"),
        Coupling.instructions if stated is None else _names(stated, "supported_instructions"),
        size,
    )


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise InputError(f"{where}: {short_repr(value)}; allowed are names")
    return tuple(value)


def _pairs(value: Any, where: str) -> tuple[Qubits, ...]:
    found = _groups(value, where)
    if not found:
        raise InputError(f"{where}: an empty list; allowed are one or more pairs")
    for qubits in found:
        if len(qubits) != 2:
            raise InputError(f"{where}: {list(qubits)}; allowed are pairs of qubits")
    return found


def _groups(value: Any, where: str) -> tuple[Qubits, ...]:
    """Return lists of distinct qubits."""
    if not isinstance(value, list):
        raise InputError(f"{where}: {short_repr(value)}; allowed is a list of lists of qubits")
    return tuple(qubits_of(one, f"{where}[{k}]") for k, one in enumerate(value))


def qubits_of(value: Any, where: str) -> Qubits:
    """Return distinct qubits.

    Raises:
        InputError: when it is no list of such.
    """
    fits = isinstance(value, list) and all(type(q) is int and 0 <= q < MAX_QUBITS for q in value)
    if not fits or not value or len(set(value)) < len(value):
        raise InputError(f"{where}: {short_repr(value)}; allowed are distinct qubits, from 0")
    return tuple(value)

"""A device's calibration in plain values: what a noise model and a layout are made from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from qiskit.circuit import Measure
from qiskit.circuit.controlflow import get_control_flow_name_mapping
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.providers import BackendV2, QubitProperties
from qiskit.transpiler import InstructionProperties, Target

from qcoord_hw.codec import from_plain, to_plain
from qcoord_hw.errors import TargetError

_GATES = get_standard_gate_name_mapping()

MAX_SCALED_READOUT = 0.49
"""The largest readout error that scaling makes of a smaller one."""


@dataclass(frozen=True)
class QubitCalibration:
    """One physical qubit.

    Attributes:
        index: its number on the device.
        t1: relaxation time in seconds, or None if unknown.
        t2: dephasing time in seconds, or None if unknown.
        p10: probability to read 1 when 0 was prepared.
        p01: probability to read 0 when 1 was prepared.
    """

    index: int
    t1: float | None
    t2: float | None
    p10: float
    p01: float

    def kept(self, seconds: float) -> tuple[float, float]:
        """Return what relaxation leaves after a time: (e^(-t/T1), e^(-t/T2)), 1 where it is not known.

        T2 counts as at most 2 T1, as Aer reads it.
        """
        t1 = math.inf if self.t1 is None else self.t1
        t2 = min(math.inf if self.t2 is None else self.t2, 2 * t1)
        return math.exp(-seconds / t1), math.exp(-seconds / t2)


@dataclass(frozen=True)
class GateCalibration:
    """One gate on given physical qubits: duration in seconds and error (1 - average gate fidelity)."""

    name: str
    qubits: tuple[int, ...]
    duration: float | None
    error: float | None

    @property
    def is_simulated(self) -> bool:
        """Whether it is a gate that circuits are compiled to, and no measurement."""
        return self.name != "measure" and self.name in _GATES


@dataclass(frozen=True)
class Snapshot:
    """A device, or the part of it that a run uses, as it was calibrated.

    Attributes:
        device: the device's name.
        version: the backend's version.
        calibrated: when, in ISO format and UTC; empty if unknown.
        num_qubits: qubits of the whole device.
        qubits: the physical qubits of this snapshot, in the order of the circuit's qubits.
        gates: gates among these qubits, by physical qubit numbers.
    """

    device: str
    version: str
    calibrated: str
    num_qubits: int
    qubits: tuple[QubitCalibration, ...]
    gates: tuple[GateCalibration, ...]

    @classmethod
    def of(cls, backend: BackendV2) -> Snapshot:
        """Take the snapshot of a backend.

        Readout errors are the asymmetric ones of the device's properties; where a backend states only
        one number per qubit, it is used for both.

        Raises:
            TargetError: when the backend does not say how many qubits it has.
        """
        target = backend.target
        if target.num_qubits is None:
            raise TargetError(f"target {backend.name!r} does not say how many qubits it has")
        properties = backend.properties() if hasattr(backend, "properties") else None
        readout = dict(enumerate(_readouts(properties))) if properties is not None else {}
        measured = target["measure"] if "measure" in target.operation_names else {}
        qubits = []
        for q in range(target.num_qubits):
            known = target.qubit_properties[q] if target.qubit_properties else None
            stated = measured.get((q,)) if measured else None
            symmetric = _number(stated, "error")
            p10, p01 = readout.get(q) or (symmetric or 0.0, symmetric or 0.0)
            qubits.append(QubitCalibration(q, _number(known, "t1"), _number(known, "t2"), p10, p01))
        gates = [
            GateCalibration(name, qargs, _number(props, "duration"), _number(props, "error"))
            for name in target.operation_names
            if target[name]
            for qargs, props in target[name].items()
            if qargs is not None and (name in _GATES or len(qargs) == 2)  # others couple qubits, too
        ]
        calibrated = getattr(properties, "last_update_date", None)
        return cls(
            device=str(backend.name),
            version=str(backend.backend_version or ""),
            calibrated=calibrated.astimezone(UTC).isoformat() if isinstance(calibrated, datetime) else "",
            num_qubits=target.num_qubits,
            qubits=tuple(qubits),
            gates=tuple(
                sorted(gates, key=lambda gate: (gate.name, gate.qubits))
            ),  # a target has no fixed order
        )

    @property
    def states_errors(self) -> bool:
        """Whether any rate of errors is stated: of a gate, of readout, or of waiting for a gate."""
        lifetimes = any(q.t1 is not None or q.t2 is not None for q in self.qubits)
        timed = any(gate.duration for gate in self.gates)
        readout = any(q.p10 or q.p01 for q in self.qubits)
        return readout or (lifetimes and timed) or any(gate.error is not None for gate in self.gates)

    def has(self, layout: Sequence[int]) -> bool:
        """Return whether all of some physical qubits are calibrated."""
        return {q.index for q in self.qubits}.issuperset(layout)

    def restrict(self, layout: Sequence[int]) -> Snapshot:
        """Return the snapshot of some physical qubits alone, in the given order."""
        by_index = {q.index: q for q in self.qubits}
        kept = set(layout)
        return Snapshot(
            self.device,
            self.version,
            self.calibrated,
            self.num_qubits,
            tuple(by_index[q] for q in layout),
            tuple(g for g in self.gates if kept.issuperset(g.qubits)),
        )

    def only(self, operations: Iterable[tuple[str, Sequence[int]]]) -> Snapshot:
        """Return the snapshot with some of its gates: (name, positions among its qubits)."""
        named = {(name, tuple(self.qubits[q].index for q in qubits)) for name, qubits in operations}
        return replace(self, gates=tuple(g for g in self.gates if (g.name, g.qubits) in named))

    def scaled(self, factor: float) -> Snapshot:
        """Return the snapshot with all noise multiplied: the device with better or worse parts.

        Gate and readout errors are multiplied, T1 and T2 divided; durations stay. The error of a gate does
        not grow beyond what leaves nothing of the state, that of a readout not beyond .49 (at .5 nothing
        could be mitigated). A gate that calibration marks as faulty (error 1) stays so. With factor 0 there
        is no noise at all.

        Args:
            factor: what to multiply by, at least 0.
        """
        if factor == 1:
            return self
        gates = []
        for gate in self.gates:
            error = None if gate.error is None else scaled_error(gate.error, factor, lost_entirely(gate))
            gates.append(replace(gate, error=error))
        return replace(self.scaled_qubits(readout=factor, decay=factor), gates=tuple(gates))

    def scaled_qubits(self, *, readout: float, decay: float) -> Snapshot:
        """Return the snapshot with readout errors multiplied, and T1 and T2 divided; gates as they are."""
        qubits = tuple(
            replace(
                q,
                t1=q.t1 / decay if q.t1 is not None and decay else None,
                t2=q.t2 / decay if q.t2 is not None and decay else None,
                p10=scaled_error(q.p10, readout, MAX_SCALED_READOUT),
                p01=scaled_error(q.p01, readout, MAX_SCALED_READOUT),
            )
            for q in self.qubits
        )
        return replace(self, qubits=qubits)

    def target(self, *, measured: bool = False) -> Target:
        """Return a Qiskit target on qubits 0..n-1, which stand for this snapshot's qubits in order.

        Args:
            measured: whether its measurements have their durations and errors; circuits are compiled without.
        """
        position = {q.index: i for i, q in enumerate(self.qubits)}
        target = Target(
            num_qubits=len(self.qubits),
            qubit_properties=[QubitProperties(t1=q.t1, t2=q.t2) for q in self.qubits],
        )
        simulated = {gate.name for gate in self.gates if gate.is_simulated}
        by_name: dict[str, dict[tuple[int, ...], InstructionProperties]] = {}
        for gate in self.gates:
            qargs = tuple(position[q] for q in gate.qubits)
            by_name.setdefault(gate.name, {})[qargs] = InstructionProperties(gate.duration, gate.error)
        for name, properties in by_name.items():
            if name in simulated:
                target.add_instruction(_GATES[name], properties, name=name)
        for name, operation in get_control_flow_name_mapping().items():
            target.add_instruction(operation, name=name)  # of any width: feed-forward is simulated
        stated = by_name.get("measure", {}) if measured else {}
        target.add_instruction(Measure(), {(i,): stated.get((i,)) for i in range(len(self.qubits))})
        return target

    def to_json(self) -> dict[str, Any]:
        """Return the snapshot as plain JSON values."""
        return to_plain(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Snapshot:
        """Build a snapshot from what `to_json` returned, after a pass through JSON."""
        return from_plain(cls, data)


def _number(stated: object, name: str) -> float | None:
    """Return a number that calibration states; None where it states none, or infinity."""
    value = getattr(stated, name, None)
    return None if value is None or not math.isfinite(value) else value


def lost_entirely(gate: GateCalibration) -> float:
    """Return the error of a gate that leaves nothing of the state."""
    return 1 - 0.5 ** len(gate.qubits)


def scaled_error(error: float, factor: float, limit: float) -> float:
    """Return an error multiplied, at most `limit` unless it is beyond that already."""
    if error >= 1 and factor:
        return error
    return min(error * factor, max(error, limit))


def _readouts(properties: Any) -> list[tuple[float, float] | None]:
    """Return (p10, p01) of each qubit, or None where the properties do not state both."""
    pairs: list[tuple[float, float] | None] = []
    for qubit in properties.qubits:
        stated = {item.name: item.value for item in qubit}
        p10, p01 = stated.get("prob_meas1_prep0"), stated.get("prob_meas0_prep1")
        pairs.append(None if p10 is None or p01 is None else (float(p10), float(p01)))
    return pairs

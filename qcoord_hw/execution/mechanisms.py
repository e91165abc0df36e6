"""The mechanisms of which a device's errors are made, each multiplied by a factor of its own.

The error of a gate that calibration states holds the relaxation during the gate. It is taken apart as Aer
does, into that relaxation and a depolarising rest, so that decay does not count twice: scaling the gates
leaves the relaxation as it is, and scaling T1 and T2 leaves the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from qiskit.circuit import ControlFlowOp, QuantumCircuit

from qcoord_hw.execution.snapshot import (
    MAX_SCALED_READOUT,
    GateCalibration,
    QubitCalibration,
    Snapshot,
    lost_entirely,
    scaled_error,
)


@dataclass(frozen=True)
class Factors:
    """What each mechanism is multiplied by, at least 0.

    Attributes:
        two_qubit: the depolarising rest of gates on two qubits.
        one_qubit: that of gates on one qubit.
        readout: probabilities to read the wrong bit.
        decay: the rates 1/T1 and 1/T2.
    """

    two_qubit: float = 1.0
    one_qubit: float = 1.0
    readout: float = 1.0
    decay: float = 1.0

    @classmethod
    def of(cls, mechanism: str, factor: float, others: float) -> Factors:
        """Return a factor for one mechanism, and another one for all others."""
        return cls(**{name: factor if name == mechanism else others for name in MECHANISMS})


MECHANISMS = tuple(one.name for one in fields(Factors))


def scaled_apart(snapshot: Snapshot, factors: Factors) -> Snapshot:
    """Return the snapshot with each mechanism multiplied by its factor.

    Limits are those of `Snapshot.scaled`: .49 for a readout error, nothing left of the state for a gate. A
    gate that calibration marks as faulty (error 1) stays so.

    Args:
        snapshot: the calibration.
        factors: of the mechanisms.
    """
    scaled = snapshot.scaled_qubits(readout=factors.readout, decay=factors.decay)
    before = {q.index: q for q in snapshot.qubits}
    after = {q.index: q for q in scaled.qubits}
    gates = []
    for gate in snapshot.gates:
        factor = factors.one_qubit if len(gate.qubits) == 1 else factors.two_qubit
        error = gate.error
        if error is not None and (error < 1 or not factor):
            rest = scaled_error(_rest(gate, error, before), factor, 1.0)
            error = _error(gate, rest, after) if rest else None  # Aer adds the relaxation by itself
        gates.append(replace(gate, error=error))
    return replace(scaled, gates=tuple(gates))


def only_used(snapshot: Snapshot, circuits: Sequence[QuantumCircuit]) -> Snapshot:
    """Return the snapshot without errors and durations of gates and measurements that no circuit has.

    The noise is the same there; its model takes less time, and what reaches its limit is in use.

    Args:
        snapshot: of the circuits' qubits, in order.
        circuits: as they are executed.
    """
    used = {one for circuit in circuits for one in _used(circuit)}
    places = {q.index: place for place, q in enumerate(snapshot.qubits)}
    qubits = (
        q if ("measure", (place,)) in used else replace(q, p10=0.0, p01=0.0)
        for place, q in enumerate(snapshot.qubits)
    )
    gates = (
        g
        if done and g.name != "measure"
        else replace(g, duration=g.duration if done else None, error=None)  # still one that the device has
        for g in snapshot.gates
        for done in [(g.name, tuple(places[q] for q in g.qubits)) in used]
    )
    return replace(snapshot, qubits=tuple(qubits), gates=tuple(gates))


def at_limit(snapshot: Snapshot) -> bool:
    """Return whether an error of a scaled snapshot is as large as scaling lets it become."""
    readout = any(max(q.p10, q.p01) >= MAX_SCALED_READOUT for q in snapshot.qubits)
    gates = ((g.error, lost_entirely(g)) for g in snapshot.gates)
    return readout or any(error is not None and error >= most * (1 - 1e-12) for error, most in gates)


def _used(circuit: QuantumCircuit) -> set[tuple[str, tuple[int, ...]]]:
    """Return gates and measurements of a circuit, in all branches, with the places of their qubits."""
    found = set()
    for i in circuit.data:
        places = tuple(circuit.find_bit(q).index for q in i.qubits)
        blocks = i.operation.blocks if isinstance(i.operation, ControlFlowOp) else ()
        inner = {one for block in blocks for one in _used(block)}
        found |= {(name, tuple(places[q] for q in own)) for name, own in inner}
        found.add((i.operation.name, places))
    return found


def _rest(gate: GateCalibration, error: float, qubits: dict[int, QubitCalibration]) -> float:
    """Return p of F = (1 - p) F_relaxation + p / d^2 (process fidelities); 0 where relaxation is more."""
    size = 4.0 ** len(gate.qubits)
    relaxation = _relaxation(gate, qubits)
    whole = 1 - error * (1 + 0.5 ** len(gate.qubits))
    return max(0.0, (relaxation - whole) / (relaxation - 1 / size)) if relaxation * size > 1 else 0.0


def _error(gate: GateCalibration, rest: float, qubits: dict[int, QubitCalibration]) -> float:
    """Return 1 - the average fidelity of relaxation and depolarising rest together."""
    fidelity = (1 - rest) * _relaxation(gate, qubits) + rest / 4.0 ** len(gate.qubits)
    return (1 - fidelity) / (1 + 0.5 ** len(gate.qubits))


def _relaxation(gate: GateCalibration, qubits: dict[int, QubitCalibration]) -> float:
    """Return the process fidelity of a gate's relaxation, the product of (1 + e^(-t/T1) + 2e^(-t/T2)) / 4."""
    time, fidelity = gate.duration or 0.0, 1.0
    for q in (qubits[index] for index in gate.qubits):
        along, across = q.kept(time)
        fidelity *= (1 + along + 2 * across) / 4
    return fidelity

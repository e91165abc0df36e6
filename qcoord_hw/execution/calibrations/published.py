"""What a calibration states, in whatever file, and the chip that is simulated of it.

The rules are those by which the runtime client makes a target of a device's properties, so that the same
calibration is the same noise model whichever way it came.
"""

from __future__ import annotations

from dataclasses import dataclass

from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.synthesis.one_qubit.one_qubit_decompose import ONE_QUBIT_EULER_BASIS_GATES

from qcoord_hw.errors import InputError
from qcoord_hw.execution.calibrations.coupling import Coupling
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot

NOT_UNITARY = ("delay", "measure", "reset")
UNITARY = {
    name: gate.num_qubits
    for name, gate in get_standard_gate_name_mapping().items()
    if name not in NOT_UNITARY and gate.num_qubits <= 2
}
"""Gates that a noise model is known of, and on how many qubits they act."""

FRACTIONAL = frozenset({"rx", "rzz"})
"""Gates that devices offer only to those who ask for them: left out beside others."""


ENOUGH = tuple(frozenset(names) for names in [*ONE_QUBIT_EULER_BASIS_GATES.values(), ["h", "rz"], ["h", "p"]])
"""Sets of gates on one qubit that make every other."""

NO_TURN = ("id", "p", "rz", "u1")
"""Gates on one qubit without which it can do as much."""


@dataclass(frozen=True)
class Published:
    """What a calibration states.

    Attributes:
        device: name of the device.
        version: of the device; empty if not stated.
        calibrated: ISO date in UTC; empty if not stated.
        qubits: all qubits, by number.
        gates: all gates, measurements left out.
        readout: (duration in seconds, error) of the measurement of each qubit; None where not stated.
        out_of_use: the qubits that are marked as not operational.
        broken: (gate, qubits) that are marked so.
    """

    device: str
    version: str
    calibrated: str
    qubits: tuple[QubitCalibration, ...]
    gates: tuple[GateCalibration, ...]
    readout: tuple[tuple[float | None, float | None], ...]
    out_of_use: frozenset[int] = frozenset()
    broken: frozenset[tuple[str, tuple[int, ...]]] = frozenset()


def chip_of(published: Published, coupling: Coupling | None, where: str) -> Snapshot:
    """Return the chip that is simulated.

    Args:
        published: its calibration.
        coupling: which qubits are coupled, and by which gates; as the gates say if None.
        where: the file, for errors.

    Raises:
        InputError: when coupling and calibration do not fit each other.
    """
    size = len(published.qubits)
    if coupling is not None:
        coupling.check(size, where)
    names = _gate_names(published, coupling)
    stated = {(gate.name, gate.qubits): gate for gate in published.gates if gate.name in names}
    if coupling is not None and coupling.configured is not None:
        for name, several in coupling.configured.items():
            for qubits in several if name in names else ():
                stated.setdefault((name, qubits), GateCalibration(name, qubits, None, None))
    elif coupling is not None:
        pairs = {frozenset(pair) for pair in coupling.pairs}
        there = {frozenset(qubits) for _, qubits in stated if len(qubits) == 2}
        for pair in coupling.pairs:
            if frozenset(pair) not in there:
                raise InputError(f"coupling_map: {list(pair)}; {where} states no gate on these qubits")
        stated = {k: g for k, g in stated.items() if len(k[1]) == 1 or frozenset(k[1]) in pairs}
    usable = [q.index for q in published.qubits if q.index not in published.out_of_use]
    gates = [
        gate
        for key, gate in stated.items()
        if key not in published.broken and published.out_of_use.isdisjoint(gate.qubits)
    ]
    turned = {gate.qubits[0] for gate in gates if len(gate.qubits) == 1 and gate.name not in NO_TURN}
    if not turned:
        raise InputError(f"{where}: gates: none on one qubit in use; allowed are one or more")
    worn = {qubits[0] for _, qubits in published.broken if len(qubits) == 1}
    for qubit in sorted(turned - worn):
        own = {gate.name for gate in gates if gate.qubits == (qubit,)}
        if not any(names <= own for names in ENOUGH):
            raise InputError(
                f"{where}: gates: {', '.join(sorted(own))} on qubit {qubit}; allowed are enough to make "
                "every gate on one qubit, such as rz and sx"
            )
    for gate in gates:
        if len(gate.qubits) == 2 and (bare := set(gate.qubits) - turned):
            raise InputError(
                f"{where}: gates: {gate.name} on {list(gate.qubits)}; qubit {min(bare)} has no gate of its "
                "own"
            )
    return Snapshot(
        published.device,
        published.version,
        published.calibrated,
        size,
        published.qubits,
        tuple(sorted([*gates, *_not_unitary(published, coupling, usable)], key=lambda g: (g.name, g.qubits))),
    )


def _gate_names(published: Published, coupling: Coupling | None) -> set[str]:
    if coupling is not None and coupling.basis is not None:
        return {name for name in coupling.basis if name in UNITARY}
    names = {gate.name for gate in published.gates if gate.name in UNITARY}
    others = names - FRACTIONAL
    enough = {UNITARY[name] for name in others - {*NO_TURN}}
    return others if enough == {UNITARY[name] for name in names - {*NO_TURN}} else names


def _not_unitary(published: Published, coupling: Coupling | None, usable: list[int]) -> list[GateCalibration]:
    """Return measurements, resets and delays of the qubits in use."""
    resets = {gate.qubits: gate for gate in published.gates if gate.name == "reset"}
    found = [GateCalibration("measure", (q,), *published.readout[q]) for q in usable]
    for name in ("delay", "reset"):
        if coupling is None or name in coupling.instructions:
            made = [GateCalibration(name, (q,), None, None) for q in usable]
            found += [resets.get(gate.qubits, gate) for gate in made] if name == "reset" else made
    return found

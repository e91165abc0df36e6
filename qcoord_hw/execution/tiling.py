"""Tiles: how many copies of an experiment's circuits fit a device side by side, on qubits of their own.

Almost all of a shot is waiting for the next one, so that tiles that run at once cost hardly more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qiskit.circuit import ClassicalRegister, QuantumCircuit

from qcoord_hw.execution.layout import VIRTUAL, Places
from qcoord_hw.execution.snapshot import Snapshot

FAULTY = 1.0
"""Error by which calibration marks what does not work."""


def tile(
    circuits: Sequence[QuantumCircuit], snapshot: Snapshot, taken: Sequence[int] = ()
) -> list[tuple[float, tuple[int, ...]]]:
    """Return (expected number of errors, layout) of disjoint tiles, each the best that the others leave.

    Greedy, so the number is not the largest possible. What calibration marks as faulty is left out.

    Args:
        circuits: of one experiment; all of them run on every tile.
        snapshot: the device.
        taken: physical qubits that are not free, for example those of a first tile that is given.

    Raises:
        TooLargeError: when the circuits need more qubits than the device has.
    """
    places = Places(circuits, working(snapshot))
    used = {*taken, *_faulty_qubits(snapshot)}
    found = []
    while (one := places.put(used)) is not None:
        found.append(one)
        used.update(one[1])
    return found


def working(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without the gates that calibration marks as faulty (error 1)."""
    return replace(snapshot, gates=tuple(g for g in snapshot.gates if (g.error or 0.0) < FAULTY))


def _faulty_qubits(snapshot: Snapshot) -> set[int]:
    """Return the qubits that cannot be read, or lack a gate that costs anything."""
    faulty = {q.index for q in snapshot.qubits if (q.p10 + q.p01) / 2 >= FAULTY}
    return faulty | {
        gate.qubits[0]
        for gate in snapshot.gates
        if len(gate.qubits) == 1 and gate.name not in VIRTUAL and (gate.error or 0.0) >= FAULTY
    }


def side_by_side(tiles: Sequence[Sequence[QuantumCircuit]]) -> tuple[QuantumCircuit, ...]:
    """Return circuits that execute every tile at once; registers of tile k have its number in their name.

    Args:
        tiles: the circuits of each tile, on all qubits of the device; of one tile they stay as they are.
    """
    if len(tiles) == 1:
        return tuple(tiles[0])
    merged = []
    for together in zip(*tiles, strict=True):
        whole = QuantumCircuit(*together[0].qregs, name=together[0].name)
        for number, circuit in enumerate(together):
            registers = [ClassicalRegister(r.size, f"tile{number}_{r.name}") for r in circuit.cregs]
            whole.add_register(*registers)
            whole.compose(circuit, whole.qubits, [b for r in registers for b in r], inplace=True)
        merged.append(whole)
    return tuple(merged)

"""What an experiment needs of a device: qubits, couplings, gates, and on which lattices it finds a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution.layout import components, executed_gates, interactions
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import fake_chip, place_circuits

DEVICES = ("fake_fez", "fake_nighthawk", "fake_sherbrooke", "fake_torino")
"""Snapshots of the lattices on offer: heavy hexagons of 156, 127 and 133 qubits, squares of 120."""


def snapshots() -> dict[str, Snapshot]:
    """Return the calibrations of `DEVICES`."""
    return {name: fake_chip(name) for name in DEVICES}


def needs_of(program: Program) -> dict[str, Any]:
    """Return what the circuits of an experiment need, as plain values.

    Args:
        program: the circuits and settings.

    Returns:
        `qubits`; `two_qubit_gates` of the circuit with most of them, before routing; `connected_parts`, the
        qubits of each part that gates join, largest first; `largest_gate`, the most qubits of a gate;
        `most_neighbours`, with how many others one qubit has gates in all circuits together; `feed_forward`,
        whether gates hang on outcomes.
    """
    circuits = program.circuits
    pairs = {pair for circuit in circuits for pair in interactions(circuit)}
    joined: Counter[int] = Counter(q for pair in {frozenset(pair) for pair in pairs} for q in pair)
    gates = [[len(qubits) for _, qubits in executed_gates(c, range(c.num_qubits))] for c in circuits]
    return {
        "qubits": circuits[0].num_qubits,
        "two_qubit_gates": max(sizes.count(2) for sizes in gates),
        "connected_parts": sorted(map(len, components(circuits[0].num_qubits, pairs)), reverse=True),
        "largest_gate": max((size for sizes in gates for size in sizes), default=0),
        "most_neighbours": max(joined.values(), default=0),
        "feed_forward": any(c.has_control_flow_op() for c in circuits),
    }


def fits(program: Program, devices: Mapping[str, Snapshot]) -> dict[str, str | None]:
    """Return, for each device, None where the circuits find a place, with swaps if need be, or why not."""
    found: dict[str, str | None] = {}
    for name, snapshot in devices.items():
        try:
            place_circuits(program, (), snapshot)
            found[name] = None
        except TooLargeError as error:
            found[name] = str(error).removeprefix("target: ")
    return found

"""What is executed: circuits, the settings at which they are counted, and where their qubits may be moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qiskit.circuit import Barrier, QuantumCircuit

from qcoord_hw.families.experiment import Setting, one_setting_each
from qcoord_hw.network.links import Route
from qcoord_hw.provenance import ENGINE


@dataclass(frozen=True, eq=False)
class Program:
    """Circuits with their settings.

    Attributes:
        circuits: as built.
        settings: what is executed and counted.
        movable: for each circuit, for each part between barriers over all its qubits, whether one hand holds
            all qubits in it, so that they may be routed.
        weights: how often each setting is to be drawn where they are drawn at random; empty if never.
        routes: what links do to each circuit; empty where they cost nothing.
        engine: version of the rules by which they are routed: see `provenance.ENGINE`.
    """

    circuits: tuple[QuantumCircuit, ...]
    settings: tuple[Setting, ...]
    movable: tuple[tuple[bool, ...], ...]
    weights: tuple[float, ...] = ()
    routes: tuple[Route, ...] = ()
    engine: int = ENGINE

    @classmethod
    def of(cls, circuits: Sequence[QuantumCircuit]) -> Program:
        """Return the program that runs circuits without parameters, in which nothing may be moved."""
        settings = one_setting_each([circuit.name for circuit in circuits])
        return cls(tuple(circuits), settings, ((),) * len(circuits))


def bind(circuit: QuantumCircuit, values: Sequence[float]) -> QuantumCircuit:
    """Return a circuit at values of its parameters."""
    return circuit.assign_parameters(list(values)) if values else circuit


def stages(circuit: QuantumCircuit) -> list[QuantumCircuit]:
    """Return the parts of a circuit between barriers over all its qubits, on the same qubits and bits."""
    parts = [circuit.copy_empty_like()]
    for instruction in circuit.data:
        if isinstance(instruction.operation, Barrier) and len(instruction.qubits) == circuit.num_qubits:
            parts.append(circuit.copy_empty_like())
        else:
            parts[-1].append(instruction)
    return parts


def instructions(circuit: QuantumCircuit) -> list[tuple[object, ...]]:
    """Return a circuit's instructions with the indices of their bits, for comparing two circuits.

    Parameters are compared by name: those of two programs are never the same objects, so angles are taken at
    some generic values.
    """
    names = [parameter.name for parameter in circuit.parameters]
    if names:
        circuit = circuit.assign_parameters([math.sqrt(2 + k) for k in range(len(names))])
    return [(name,) for name in names] + [
        (
            i.operation,
            tuple(circuit.find_bit(q).index for q in i.qubits),
            tuple(circuit.find_bit(c).index for c in i.clbits),
        )
        for i in circuit.data
    ]

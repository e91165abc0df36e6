"""Connected parts of circuits, which are independent: each is simulated alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from qiskit.circuit import (
    Barrier,
    ClassicalRegister,
    ControlFlowOp,
    IfElseOp,
    QuantumCircuit,
    QuantumRegister,
    Qubit,
)
from qiskit.circuit.controlflow import get_control_flow_name_mapping
from qiskit_aer import AerSimulator

from qcoord_hw.errors import TargetError
from qcoord_hw.execution import active
from qcoord_hw.execution.layout import components, interactions
from qcoord_hw.network import is_relayed


@dataclass(frozen=True)
class Part:
    """A connected part of a circuit.

    Attributes:
        circuit: the part alone, on its own qubits and classical bits.
        qubits: the qubits of the whole circuit that it stands for.
        clbits: the classical bits of the whole circuit that it stands for.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    clbits: tuple[int, ...]

    @cached_property
    def measured(self) -> dict[int, int]:
        """Classical bit -> measured qubit, by classical bit."""
        circuit = self.circuit
        pairs = {
            circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
            for i in circuit.data
            if i.operation.name == "measure"
        }
        return dict(sorted(pairs.items()))

    @property
    def is_final(self) -> bool:
        """Whether every measurement is the last thing that happens to its qubit."""
        return is_final(self.circuit)


def is_final(circuit: QuantumCircuit) -> bool:
    """Return whether every measurement is the last thing that happens to its qubit."""
    measured: set[Qubit] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            return False
        if isinstance(instruction.operation, Barrier):
            continue
        if measured.intersection(instruction.qubits) or instruction.operation.name == "reset":
            return False
        if instruction.operation.name == "measure":
            measured.update(instruction.qubits)
    return True


def unroll(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit in which gates that Aer does not know stand as their definitions."""
    known = {*AerSimulator().configuration().basis_gates, *get_control_flow_name_mapping()}
    known |= {"measure", "reset", "barrier"}
    while unknown := {i.operation.name for i in circuit.data if i.operation.name not in known}:
        opened = circuit.decompose(list(unknown))
        if opened == circuit:
            raise TargetError(
                f"target aer: circuit {circuit.name!r} has {sorted(unknown)[0]!r}, unknown to Aer"
            )
        circuit = opened
    return circuit


def split(circuit: QuantumCircuit) -> list[Part]:
    """Return the connected parts of a circuit that measure anything; barriers do not connect.

    Gates that hang on outcomes connect all; with relays, which have many, those on whose outcomes they do.
    """
    edges = list(interactions(circuit))
    conditional = [i for i in circuit.data if isinstance(i.operation, ControlFlowOp)]
    if is_relayed(circuit) and all(active.is_simple(i.operation) for i in conditional):
        measured = {i.clbits[0]: i.qubits[0] for i in circuit.data if i.operation.name == "measure"}
        for i in conditional:
            joined = (*i.qubits, *(measured[c] for c in i.clbits if c in measured))
            edges.append(frozenset(circuit.find_bit(q).index for q in joined))
    elif conditional:
        edges = [frozenset(range(circuit.num_qubits))] if circuit.num_qubits > 1 else []
    parts = []
    for qubits in components(circuit.num_qubits, edges):
        mine = {circuit.qubits[q] for q in qubits}
        data = [i for i in circuit.data if mine.intersection(i.qubits)]
        clbits = sorted({circuit.find_bit(c).index for i in data for c in i.clbits})
        if not clbits:
            continue
        if len(mine) == circuit.num_qubits:
            parts.append(Part(circuit, tuple(qubits), tuple(range(circuit.num_clbits))))
            continue
        alone = QuantumCircuit(QuantumRegister(len(qubits), "q"), ClassicalRegister(len(clbits), "c"))
        alone.metadata = circuit.metadata
        qubit_of = {circuit.qubits[q]: alone.qubits[i] for i, q in enumerate(qubits)}
        clbit_of = {circuit.clbits[c]: alone.clbits[i] for i, c in enumerate(clbits)}
        for i in data:
            if not isinstance(i.operation, Barrier):
                operation, bits = i.operation, [clbit_of[c] for c in i.clbits]
                if isinstance(operation, ControlFlowOp):  # which holds the bit that it hangs on
                    operation = IfElseOp((bits[0], True), operation.blocks[0])
                alone.append(operation, [qubit_of[q] for q in i.qubits], bits)
        parts.append(Part(alone, tuple(qubits), tuple(clbits)))
    return parts

"""Circuits for an IBM device: one layout by today's calibration, compiled, checked before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit.circuit import ClassicalRegister, QuantumCircuit

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import Prepared, compile_whole
from qcoord_hw.record import DEVICE
from qcoord_hw.spec import one_line


def prepare(backend: Any, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
    """Return circuits that a device can execute as they are.

    Args:
        backend: of the runtime client.
        program: what is to be executed.
        layout: physical qubits; calibration chooses if empty.
        tiles: how many copies of the circuits, each on qubits of its own.

    Raises:
        InputError: when the layout is not possible.
        TooLargeError: when the circuits do not fit the device.
        TargetError: when they cannot be compiled.
    """
    return compile_whole(str(backend.name), DEVICE, backend, program, layout, tiles)


def side_by_side(prepared: Prepared) -> tuple[QuantumCircuit, ...]:
    """Return circuits that execute every tile at once; registers of tile k have its number in their name."""
    if not prepared.tiles:
        return prepared.circuits
    merged = []
    for together in zip(prepared.circuits, *(one.circuits for one in prepared.tiles), strict=True):
        whole = QuantumCircuit(*together[0].qregs, name=together[0].name)
        for number, circuit in enumerate(together):
            registers = [ClassicalRegister(r.size, f"tile{number}_{r.name}") for r in circuit.cregs]
            whole.add_register(*registers)
            whole.compose(circuit, whole.qubits, [b for r in registers for b in r], inplace=True)
        merged.append(whole)
    return tuple(merged)


def check_isa(circuits: Sequence[QuantumCircuit], backend: Any) -> None:
    """Check that every instruction of every circuit is one of the device's, on these qubits, today.

    Raises:
        TargetError: naming the circuit and what does not fit.
    """
    from qiskit_ibm_runtime.utils.utils import is_isa_circuit

    for circuit in circuits:
        why = is_isa_circuit(circuit, backend.target)
        if not why and circuit.num_qubits != backend.target.num_qubits:
            why = f"it has {circuit.num_qubits} qubits, the device {backend.target.num_qubits}"
        if why:
            raise TargetError(
                f"not an ISA circuit of {backend.name}: circuit {circuit.name!r}: {one_line(why)}; "
                "nothing was sent: run the experiment again, so that it is compiled for the device as it is"
            )

"""Circuits for an IBM device: compiled at one layout by today's calibration, checked before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import Prepared, compile_whole
from qcoord_hw.spec import one_line

KIND = "ibm"
"""Of a run, as a record keeps it."""


def prepare(name: str, backend: Any, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
    """Return circuits that a device can execute as they are.

    Args:
        name: of the device.
        backend: of the runtime client.
        program: what is to be executed.
        layout: physical qubits; calibration chooses if empty.
        tiles: how many copies of the circuits, each on qubits of its own.

    Raises:
        InputError: when the layout is not possible.
        TooLargeError: when the circuits do not fit the device.
        TargetError: when they cannot be compiled.
    """
    return compile_whole(name, KIND, backend, program, layout, tiles)


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

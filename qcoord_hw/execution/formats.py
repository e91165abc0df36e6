"""Circuits as files: QPY for programs, OpenQASM 3 for people and other tools."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

from qiskit import qasm3, qpy
from qiskit.circuit import ClassicalRegister, Parameter, QuantumCircuit

from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.execution.untrusted import check_circuit, survives
from qcoord_hw.spec import one_line

LEAST_VERSION = 13
"""Older versions of QPY may hold Python objects, which run code when they are read. Records are written in
this one, which every Qiskit that is allowed can read: each writes its newest unless it is told otherwise.
"""

_harmless: set[bytes] = set()
"""Hashes of the files that this process has written or read."""


def to_qpy(circuits: Sequence[QuantumCircuit]) -> bytes:
    """Return circuits as QPY: of the least version, unless they hold what only a newer one can.

    Raises:
        TargetError: when a gate has no such form, or bears the name of a standard one and is another.
    """
    buffer = io.BytesIO()
    try:
        for circuit in circuits:
            check_circuit(circuit)
        try:
            qpy.dump(list(circuits), buffer, version=LEAST_VERSION)
        except qpy.UnsupportedFeatureForVersion:
            buffer = io.BytesIO()
            qpy.dump(list(circuits), buffer)
    except Exception as error:  # qpy raises many kinds
        raise TargetError(f"the circuits as compiled cannot be recorded ({one_line(error)[:200]})") from error
    _harmless.add(hashlib.sha256(buffer.getvalue()).digest())
    return buffer.getvalue()


def from_qpy(data: bytes) -> tuple[QuantumCircuit, ...]:
    """Return the circuits of a QPY file, which a stranger may have written.

    Raises:
        RecordError: when this Qiskit cannot read it, or it holds a circuit that may never end.
    """
    if data[:6] != b"QISKIT" or data[6:7] < bytes([LEAST_VERSION]):
        raise RecordError(f"circuits: no QPY of version {LEAST_VERSION} or newer, which hold no code")
    digest = hashlib.sha256(data).digest()
    if digest not in _harmless and not survives(lambda: qpy.load(io.BytesIO(data)), len(data)):
        raise RecordError("circuits: this Qiskit cannot read them, or not with the memory that is allowed")
    try:
        circuits = tuple(qpy.load(io.BytesIO(data)))
        for circuit in circuits:
            check_circuit(circuit)
    except Exception as error:  # qpy raises many kinds, a plain struct.error among them
        raise RecordError(f"circuits: this program cannot read them ({one_line(error, 160)})") from error
    _harmless.add(digest)
    return circuits


def to_qasm(circuit: QuantumCircuit) -> str:
    """Return one circuit as OpenQASM 3.

    Raises:
        InputError: when a gate of it has no definition there.
    """
    try:
        return str(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError as error:
        raise InputError(f"circuit {circuit.name!r}: cannot be OpenQASM 3 ({one_line(error)})") from error


def in_a_row(circuits: Sequence[QuantumCircuit]) -> QuantumCircuit:
    """Return one program that runs all circuits on the same qubits, reset in between.

    This is how the circuits of an experiment become ONE OpenQASM 3 file (the golden files of the
    catalogue); circuit k writes to registers, and reads parameters, with the suffix `_k`.
    """
    program = QuantumCircuit(*circuits[0].qregs)
    for k, circuit in enumerate(circuits):
        registers = [ClassicalRegister(r.size, f"{r.name}_{k}") for r in circuit.cregs]
        program.add_register(*registers)
        if k:
            program.barrier()
            program.reset(program.qubits)
        if len(circuits) > 1:
            own = {p: Parameter(f"{p.name.replace('[', '_').rstrip(']')}_{k}") for p in circuit.parameters}
            circuit = circuit.assign_parameters(own)
        program.compose(circuit, program.qubits, [bit for r in registers for bit in r], inplace=True)
    return program


def parse_qasm(text: str) -> QuantumCircuit:
    """Return the circuit of an OpenQASM 3 program."""
    return qasm3.loads(text)

"""Circuits that a stranger may have written: read only if the machine bears it, run only if they end.

Qiskit's reader of QPY believes the sizes that a file states, and ends the whole process where memory for them
is short. So a child process with little memory and time reads a file first.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import time
import warnings
from collections.abc import Callable

from qiskit.circuit import (
    Barrier,
    ControlFlowOp,
    ControlledGate,
    Gate,
    IfElseOp,
    Instruction,
    Operation,
    QuantumCircuit,
)
from qiskit.circuit.library import get_standard_gate_name_mapping

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MAX_QUBITS = 10_000
MAX_OPERATIONS = 5_000_000
"""Operations of a circuit, those within other ones counted as often as they are executed."""

OF_ANYBODY = (Gate, Instruction, ControlledGate)
"""Classes of what somebody defined himself: such a one is what its definition says."""

OF_SIMULATORS = frozenset(
    "break_loop continue_loop cu2 diagonal for_loop if_else initialize kraus mcp mcphase mcr mcrx mcry mcrz "
    "mcswap mcsx mcu mcu1 mcu2 mcu3 mcx mcx_gray mcy mcz multiplexer pauli qerror_loc quantum_channel "
    "roerror store superop switch_case unitary while_loop".split()
)
"""Names, beside those of standard gates and of what begins so, by which Aer knows what to do."""

OF_SIMULATORS_TOO = ("save_", "set_")

MAX_LEVELS = 50
MEMORY, PER_BYTE = 128 * 2**20, 50
SECONDS, BYTES_PER_SECOND = 2, 2**20
"""What the child process gets of memory and of processor time, and what more for a large file."""


def survives(read: Callable[[], object], size: int) -> bool:
    """Return whether a child process with little memory and time can read a file.

    Args:
        read: reads it.
        size: of the file, in bytes.
    """
    if resource is None or not hasattr(os, "fork"):
        return True
    seconds = SECONDS + size // BYTES_PER_SECOND
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child takes no lock of theirs
        child = os.fork()
    if child == 0:
        _read_and_end(read, MEMORY + PER_BYTE * size, seconds)
    end = time.monotonic() + 10 * seconds
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _read_and_end(read: Callable[[], object], memory: int, seconds: int) -> None:
    """Be the child process: read, and end without a word."""
    status = 1
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        for limit, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_AS, _taken() + memory),
        ):
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (value if hard < 0 else min(value, hard), hard))
        read()
        status = 0
    finally:
        os._exit(status)


def _taken() -> int:
    """Return the address space that this process has taken, in bytes."""
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
    return 8 * 2**30


def check_circuit(circuit: QuantumCircuit) -> None:
    """Check that a circuit ends, and that its operations are what their names say.

    What compares circuits reads definitions, what simulates them reads names: so a name that has a meaning
    stands for that alone.

    Raises:
        ValueError: naming what it has, and what is allowed.
    """
    if circuit.num_qubits > MAX_QUBITS:
        raise ValueError(f"{circuit.num_qubits} qubits; allowed are at most {MAX_QUBITS}")
    if (count := _operations(circuit, {}, 0)) > MAX_OPERATIONS:
        raise ValueError(f"{count} operations; allowed are at most {MAX_OPERATIONS}")


def _operations(circuit: QuantumCircuit, known: dict[int, int], level: int) -> int:
    """Return how many operations a circuit has when every one that somebody defined is taken apart."""
    if level > MAX_LEVELS:
        raise ValueError(f"operations within operations; allowed are {MAX_LEVELS} levels")
    total = 0
    for instruction in circuit.data:
        operation = instruction.operation
        _check_name(operation)
        if isinstance(operation, ControlFlowOp):
            if not isinstance(operation, IfElseOp):
                raise ValueError(f"{operation.name}; allowed of control flow is if_else, which always ends")
            total += sum(_operations(block, known, level + 1) for block in operation.blocks)
        elif type(operation) in OF_ANYBODY and operation.definition is not None:
            inner = operation.definition
            if id(inner) not in known:
                known[id(inner)] = _operations(inner, known, level + 1)
            total += known[id(inner)]
        total += 1
    return total


def _check_name(operation: Operation) -> None:
    """Check that an operation is what its name and its label say."""
    name, label = operation.name, getattr(operation, "label", None)
    standard = _standard().get(name)
    if standard is not None:
        fits = getattr(operation, "base_class", type(operation)) is standard
    else:
        fits = type(operation) not in OF_ANYBODY or not _has_a_meaning(name)
    if not fits:
        raise ValueError(f"an operation {name[:40]!r} that somebody defined; allowed is the one of that name")
    if label is not None and label != name and _has_a_meaning(label):  # a noise model goes by labels
        raise ValueError(f"an operation {name[:40]!r} labelled {label[:40]!r}; allowed is another label")


def _has_a_meaning(name: str) -> bool:
    return name in _standard() or name in OF_SIMULATORS or name.startswith(OF_SIMULATORS_TOO)


@functools.cache
def _standard() -> dict[str, type]:
    """Return name -> class of the standard operations."""
    return {name: one.base_class for name, one in get_standard_gate_name_mapping().items()} | {
        "barrier": Barrier,
        "if_else": IfElseOp,
    }

"""Circuits that a stranger may have written: read only if the machine bears it, run only if they end.

Qiskit's reader of QPY believes the sizes that a file states, and ends the whole process where memory for them
is short. So a child process with little memory and time reads a file first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import warnings
from collections.abc import Callable

from qiskit.circuit import ControlFlowOp, Gate, IfElseOp, Instruction, QuantumCircuit

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MAX_QUBITS = 10_000
MAX_OPERATIONS = 5_000_000
"""Operations of a circuit, those within other ones counted as often as they are executed."""

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
    """Check that a circuit ends, and that it can be taken apart into gates.

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
        if isinstance(operation, ControlFlowOp):
            if not isinstance(operation, IfElseOp):
                raise ValueError(f"{operation.name}; allowed of control flow is if_else, which always ends")
            total += sum(_operations(block, known, level + 1) for block in operation.blocks)
        elif type(operation) in (Gate, Instruction) and operation.definition is not None:
            inner = operation.definition
            if id(inner) not in known:
                known[id(inner)] = _operations(inner, known, level + 1)
            total += known[id(inner)]
        total += 1
    return total

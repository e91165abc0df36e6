"""Exact outcome probabilities of long, thin circuits: only the qubits that are in use are in the state.

A qubit enters when a gate first joins it to others, and leaves when the last thing has happened to it:
measured it becomes a classical bit, else it is traced out. What is joined by no gate yet are factors of their
own. The instructions are taken in an order that keeps the factors small, so a line of relay qubits costs no
more than a few qubits, with noise, outcomes on the way and gates that hang on them.

A factor is a real array with one axis of length 2 for every classical bit and one of length 4 for every
qubit: coefficients Tr(P rho) of the Pauli matrices P = I, X, Y, Z. Channels are Pauli transfer matrices
[Greenbaum2015].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import (
    Barrier,
    CircuitInstruction,
    ControlFlowOp,
    IfElseOp,
    QuantumCircuit,
)
from qiskit.quantum_info import Operator

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution.channels import CHANNELS, superoperator
from qcoord_hw.execution.transfers import MEASURE, Gate, transfer

Array = npt.NDArray[np.float64]

MAX_BITS = 18
"""Outcome bits of a circuit at most."""

MAX_SIZE = 2**23
"""Numbers in a factor at most: 64 MiB."""

_ZERO = np.array([1.0, 0, 0, 1])


@dataclass(frozen=True, eq=False)
class _Step:
    """One instruction: its qubits, the bit that it writes, and the bits on which it hangs."""

    instruction: CircuitInstruction
    qubits: tuple[int, ...]
    writes: tuple[int, ...]
    hangs_on: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Factor:
    """Bits and qubits that are correlated; the axes of `state` are those of the bits, then of the qubits."""

    bits: tuple[int, ...]
    qubits: tuple[int, ...]
    state: Array | None = None

    @property
    def size(self) -> int:
        return int(2 ** (len(self.bits) + 2 * len(self.qubits)))


def fits(circuit: QuantumCircuit) -> bool:
    """Return whether the outcome probabilities of a circuit can be computed this way.

    They can where nothing is reset, a qubit that is measured is done with, conditions are on single bits, and
    no factor gets too large.
    """
    if circuit.num_clbits > MAX_BITS:
        return False
    measured = set[int]()
    for step in _steps(circuit):
        operation = step.instruction.operation
        if measured.intersection(step.qubits) or operation.name == "reset":
            return False
        if isinstance(operation, ControlFlowOp) and not is_simple(operation):
            return False
        measured.update(step.qubits if step.writes else ())
    try:
        for _ in _walk(circuit, None):
            pass
    except TooLargeError:
        return False
    return True


def is_simple(operation: ControlFlowOp) -> bool:
    """Return whether gates are done if one bit is 1."""
    if not isinstance(operation, IfElseOp) or len(operation.blocks) != 1:
        return False
    condition = operation.condition
    return (
        isinstance(condition, tuple)
        and condition[1] == 1
        and len(operation.blocks[0].clbits) == 1
        and all(not i.clbits for i in operation.blocks[0].data)
    )


def outcome_probabilities(
    circuit: QuantumCircuit,
    errors: Mapping[Gate, Array],
    confusion: Array | None,
) -> tuple[Array, frozenset[int]]:
    """Return the probabilities of outcomes, and the bits whose readout error is in them already.

    Args:
        circuit: without parameters, one that `fits`.
        errors: what follows each gate, as `gate_transfers` returns it; empty without noise.
        confusion: shape (qubits, 2, 2), as `noise.confusion`; None without readout errors. They are part of
            the outcome where a gate hangs on the bit; else they are left to whoever asks.

    Returns:
        Shape (2,) * bits, classical bit 0 first; a bit that is never written is 0.
    """
    read = frozenset(bit for step in _steps(circuit) for bit in step.hangs_on)
    whole = _Factor((), (), np.ones(()))
    for factor in _walk(circuit, _Arithmetic(circuit, errors, confusion, read)):
        whole = _joined([whole, factor])
    assert whole.state is not None
    found = np.zeros((2,) * circuit.num_clbits)
    order = np.argsort(whole.bits)
    index = tuple(slice(None) if c in whole.bits else 0 for c in range(circuit.num_clbits))
    found[index] = whole.state.transpose(order)
    return found, read if confusion is not None else frozenset()


def _steps(circuit: QuantumCircuit) -> Iterator[_Step]:
    find = circuit.find_bit
    for i in circuit.data:
        if isinstance(i.operation, Barrier):
            continue
        bits = tuple(find(c).index for c in i.clbits)
        writes = bits if i.operation.name == "measure" else ()
        yield _Step(i, tuple(find(q).index for q in i.qubits), writes, () if writes else bits)


def _walk(circuit: QuantumCircuit, arithmetic: _Arithmetic | None) -> Iterator[_Factor]:
    """Yield the factors that are left when all is done: classical bits alone.

    Args:
        circuit: the circuit.
        arithmetic: what computes the states; None to find out how large they get.

    Raises:
        TooLargeError: when one gets too large.
    """
    steps = list(_steps(circuit))
    lines: dict[tuple[str, int], list[int]] = {}  # of each qubit and bit: the steps that it waits for
    needs = [[("q", q) for q in s.qubits] + [("c", c) for c in (*s.writes, *s.hangs_on)] for s in steps]
    for k, wires in enumerate(needs):
        for wire in wires:
            lines.setdefault(wire, []).append(k)
    at = dict.fromkeys(lines, 0)
    fresh = np.array(_ZERO) if arithmetic else None
    where = {w: _Factor((), (w[1],), fresh) for w in lines if w[0] == "q"}
    ready = {k for k in range(len(steps)) if _is_next(k, needs[k], lines, at)}
    while ready:
        k = min(ready, key=lambda one: (*_cost(needs[one], where, lines, at), one))
        ready.remove(k)
        step, mine = steps[k], {id(f): f for w in needs[k] if (f := where.get(w)) is not None}
        factor = _joined(list(mine.values()))
        if factor.size > MAX_SIZE:
            raise TooLargeError(f"circuit {circuit.name!r}: too many qubits in use at once")
        if arithmetic:
            factor = arithmetic.applied(step, factor)
        if step.writes:  # of a measured qubit a bit is left
            bits, qubits = factor.bits + step.writes, tuple(q for q in factor.qubits if q not in step.qubits)
            factor = _Factor(bits, qubits, factor.state)
        for wire in needs[k]:
            at[wire] += 1
        done = [w[1] for w in needs[k] if w[0] == "q" and at[w] == len(lines[w]) and w[1] in factor.qubits]
        factor = _without(factor, done)
        for q in factor.qubits:
            where["q", q] = factor
        for c in factor.bits:
            where["c", c] = factor
        for wire in needs[k]:
            if at[wire] < len(lines[wire]):
                after = lines[wire][at[wire]]
                if _is_next(after, needs[after], lines, at):
                    ready.add(after)
            elif wire[0] == "q":
                where.pop(wire, None)
    yield from {id(factor): factor for wire, factor in where.items() if wire[0] == "c"}.values()


def _is_next(
    k: int,
    wires: Sequence[tuple[str, int]],
    lines: Mapping[tuple[str, int], Sequence[int]],
    at: Mapping[tuple[str, int], int],
) -> bool:
    return all(lines[w][at[w]] == k for w in wires)


def _cost(
    wires: Sequence[tuple[str, int]],
    where: Mapping[tuple[str, int], _Factor],
    lines: Mapping[tuple[str, int], Sequence[int]],
    at: Mapping[tuple[str, int], int],
) -> tuple[int, int]:
    """Return how large a step makes its factor, if it joins any; first those that join none."""
    mine = {id(f): f for w in wires if (f := where.get(w)) is not None}
    if len(mine) < 2:
        return 0, 0
    left = sum(2 for w in wires if w[0] == "q" and at[w] + 1 == len(lines[w]))
    return 1, sum(len(f.bits) + 2 * len(f.qubits) for f in mine.values()) - left


def _joined(factors: Sequence[_Factor]) -> _Factor:
    """Return independent factors as one."""
    first, *others = factors
    for other in others:
        state = None
        if first.state is not None and other.state is not None:
            a, b, n = len(first.bits), len(first.bits) + len(first.qubits), len(other.bits)
            state = np.multiply.outer(first.state, other.state)
            middle = list(range(b, b + n))
            state = state.transpose([*range(a), *middle, *range(a, b), *range(b + n, state.ndim)])
        first = _Factor(first.bits + other.bits, first.qubits + other.qubits, state)
    return first


def _without(factor: _Factor, qubits: Sequence[int]) -> _Factor:
    """Return a factor in which qubits are traced out."""
    state = factor.state
    if state is not None:
        index = tuple(0 if q in qubits else slice(None) for q in factor.qubits)
        state = state[(slice(None),) * len(factor.bits) + index]
    return _Factor(factor.bits, tuple(q for q in factor.qubits if q not in qubits), state)


class _Arithmetic:
    """What is done to states."""

    def __init__(
        self,
        circuit: QuantumCircuit,
        errors: Mapping[Gate, Array],
        confusion: Array | None,
        read: frozenset[int],
    ) -> None:
        self._circuit, self._errors, self._confusion, self._read = circuit, errors, confusion, read
        self._known: dict[tuple[str, tuple[float, ...], tuple[int, ...]], Array] = {}

    def applied(self, step: _Step, factor: _Factor) -> _Factor:
        """Return a factor after a step; the axis of a qubit that is measured becomes that of the last bit."""
        operation, state = step.instruction.operation, factor.state
        assert state is not None
        axes = {q: len(factor.bits) + k for k, q in enumerate(factor.qubits)}
        if step.writes:
            matrix = MEASURE
            if self._confusion is not None and step.writes[0] in self._read:
                matrix = self._confusion[step.qubits[0]] @ matrix
            state = np.moveaxis(np.tensordot(matrix, state, (1, axes[step.qubits[0]])), 0, len(factor.bits))
        elif step.hangs_on:
            (block,) = operation.blocks
            axis = factor.bits.index(step.hangs_on[0])
            no, yes = np.take(state, 0, axis), np.take(state, 1, axis)
            for i in block.data:
                if not isinstance(i.operation, Barrier):
                    qubits = tuple(step.qubits[block.find_bit(q).index] for q in i.qubits)
                    yes = _on(yes, self._matrix(i, qubits), [axes[q] - 1 for q in qubits])
            state = np.stack([no, yes], axis)
        else:
            state = _on(state, self._matrix(step.instruction, step.qubits), [axes[q] for q in step.qubits])
        return _Factor(factor.bits, factor.qubits, state)

    def _matrix(self, instruction: CircuitInstruction, qubits: tuple[int, ...]) -> Array:
        """Return the transfer matrix of a gate and its error, shape (4,) * 2k: outputs, then inputs."""
        operation = instruction.operation
        if operation.name in CHANNELS:
            return transfer(superoperator(operation), len(qubits))
        key = operation.name, tuple(map(float, operation.params)), qubits
        if key not in self._known:
            unitary = Operator(operation).data
            found = transfer(np.kron(unitary.conj(), unitary), len(qubits))
            error = self._errors.get((operation.name, qubits))
            if error is not None:
                found = np.tensordot(error, found, len(qubits))
            self._known[key] = found
        return self._known[key]


def _on(state: Array, matrix: Array, axes: Sequence[int]) -> Array:
    k = len(axes)
    moved = np.tensordot(matrix, state, (range(k, 2 * k), axes))
    return np.moveaxis(moved, range(k), axes)

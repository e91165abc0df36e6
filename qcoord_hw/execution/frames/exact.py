"""Exact distributions of outcome bits, or of parities of them, of Clifford circuits with noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution.frames.circuit import FrameCircuit, Step, frame_circuit
from qcoord_hw.execution.frames.operators import Operators, operators
from qcoord_hw.execution.snapshot import Snapshot

MAX_BITS = 20
"""Outcome bits, or parities, whose joint distribution is computed."""

Vector = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.uint8]


def distribution(
    circuit: QuantumCircuit,
    snapshot: Snapshot | None,
    parities: Sequence[Sequence[int]] | None = None,
    *,
    pulled: int | None = None,
) -> Vector:
    """Return the exact distribution of a compiled Clifford circuit's outcomes under noise.

    Args:
        circuit: as executed on the snapshot's qubits, in order, parameters bound, measurements final.
        snapshot: the calibration; None without a device's noise.
        parities: sets of classical bits whose sums modulo 2 are wanted, instead of all bits.
        pulled: at how many of its instructions, the first ones, relaxation's pull towards |0> is kept, to
            first order; at the others errors are twirled. At all of them if omitted.

    Returns:
        Shape (2^k,) for k classical bits, or parities; the first is the most significant of the index.
        Readout errors are exact for bits; for parities both errors of a qubit are as large as their mean,
        which is right as far as its outcomes are equally likely.

    Raises:
        TooLargeError: when k is more than 20.
        ValueError: when a gate is not Clifford.
    """
    steps = frame_circuit(circuit, snapshot, pulled=len(circuit.data) if pulled is None else pulled)
    if parities is not None:
        return outcomes(steps, parities, readout=True)
    found = outcomes(steps, [[c] for c in range(circuit.num_clbits)])
    if snapshot is None:
        return found
    tensor = found.reshape((2,) * circuit.num_clbits)
    for clbit, qubit in steps.measured.items():
        q = snapshot.qubits[qubit]
        matrix = np.array([[1 - q.p10, q.p01], [q.p10, 1 - q.p01]])
        tensor = np.moveaxis(np.tensordot(matrix, tensor, axes=(1, clbit)), 0, clbit)
    return np.asarray(tensor.reshape(-1))


def outcomes(circuit: FrameCircuit, parities: Sequence[Sequence[int]], *, readout: bool = False) -> Vector:
    """Return the exact distribution of parities of a circuit's classical bits.

    Args:
        circuit: as steps; their pulls are kept to first order, so that what is below 0 is set to 0.
        parities: k sets of classical bits; one that is never measured is 0.
        readout: whether symmetrised readout errors are included.

    Returns:
        Shape (2^k,), the first parity the most significant bit of the index.

    Raises:
        TooLargeError: when k is more than 20.
    """
    size = len(parities)
    if size > MAX_BITS:
        raise TooLargeError(f"parities: {size}; allowed are at most {MAX_BITS} for an exact distribution")
    followed = operators(circuit, parities)
    read = [Step((q,), None, factors) for q, factors in circuit.readout.items()] if readout else []
    values = _followed(circuit, read, followed)
    certain = np.zeros(1, dtype=np.int64)
    for row in followed.certain:
        certain = np.concatenate([certain, certain ^ row.sum_])
    expected = np.zeros(2**size)  # of every sum of parities; that of all others is 0
    for head, own in zip(followed.heads, values, strict=True):
        if head in followed.sums:
            expected[certain ^ followed.sums[head]] = own
    found = np.clip(_transform(expected), 0.0, None)
    return np.asarray(found / found.sum())


def _followed(circuit: FrameCircuit, read: Sequence[Step], followed: Operators) -> Vector:
    """Return the final expectations of operators, shape (heads, 2^certain): index bit k has the k-th sum.

    Args:
        circuit: as steps.
        read: what happens to its qubits at the end.
        followed: the operators.
    """
    x_bits = sum(1 << 2 * q for q in range(circuit.size))
    heads = {head: k for k, head in enumerate(followed.heads)}
    sums = [row.label for row in followed.certain]
    start = np.array([0.0 if head & x_bits else 1.0 for head in heads])
    values = np.repeat(start[:, None], 2 ** len(sums), axis=1)
    labels = [*heads, *sums]
    # Of each label, its operator now: qubit by qubit.
    now = np.array([[x >> 2 * q & 3 for x in labels] for q in range(circuit.size)], dtype=np.uint8)
    for step, shifts in zip([*circuit.steps, *read], [*followed.shifts, *[()] * len(read)], strict=True):
        numbers = now[step.qubits[0]]
        if len(step.qubits) == 2:
            numbers = numbers | now[step.qubits[1]] << 2
        if not numbers.any():
            continue
        if step.gate is not None and not step.gate.is_pauli:
            numbers = step.gate.forwards[numbers]
            for i, q in enumerate(step.qubits):
                now[q] = numbers >> 2 * i & 3
        factors = None if step.gate is None else step.gate.signs
        if step.factors is not None and not step.pulls:
            factors = step.factors if factors is None else factors * step.factors
        if factors is None and not step.pulls:
            continue
        each = _products(numbers, len(heads))
        if factors is not None:
            values = values * factors[each]
        if step.pulls:
            assert step.factors is not None
            pulled = values * step.factors[each]
            for shift, (_, weights) in zip(shifts, step.pulls, strict=True):
                head, rest = followed.apart(shift)
                to = [k for other, k in heads.items() if other ^ head in heads]
                of = [heads[other ^ head] for other in heads if other ^ head in heads]
                moved = np.arange(values.shape[1]) ^ rest
                pulled[to] += weights[each[to]] * values[of][:, moved]
            values = pulled
    return values


def _products(numbers: Numbers, heads: int) -> Numbers:
    """Return the products of each head with all products of certain sums, shape (heads, 2^certain)."""
    products = np.zeros(1, dtype=np.uint8)
    for number in numbers[heads:]:
        products = np.concatenate([products, products ^ number])
    return numbers[:heads, None] ^ products


def _transform(values: Vector) -> Vector:
    """Return the Walsh-Hadamard transform of 2^k values.

    >>> _transform(np.array([1.0, 0.5])).tolist()
    [1.5, 0.5]
    """
    step = 1
    while step < len(values):
        pairs = values.reshape(-1, 2, step)
        values = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).reshape(-1)
        step *= 2
    return values

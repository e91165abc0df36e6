"""Exact distributions of outcome bits, or of parities of them, of Clifford circuits with twirled noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution.frames.circuit import FrameCircuit, frame_circuit
from qcoord_hw.execution.frames.twirling import Factors
from qcoord_hw.execution.snapshot import Snapshot

MAX_BITS = 20
"""Outcome bits, or parities, whose joint distribution is computed."""

Vector = npt.NDArray[np.float64]


def distribution(
    circuit: QuantumCircuit, snapshot: Snapshot | None, parities: Sequence[Sequence[int]] | None = None
) -> Vector:
    """Return the exact distribution of a compiled Clifford circuit's outcomes under twirled noise.

    Args:
        circuit: as executed on the snapshot's qubits, in order, parameters bound, measurements final.
        snapshot: the calibration; None without a device's noise.
        parities: sets of classical bits whose sums modulo 2 are wanted, instead of all bits.

    Returns:
        Shape (2^k,) for k classical bits, or parities; the first is the most significant of the index.
        Readout errors are exact for bits; for parities both errors of a qubit are as large as their mean,
        which is right as far as its outcomes are equally likely.

    Raises:
        TooLargeError: when k is more than 20.
        ValueError: when a gate is not Clifford.
    """
    steps = frame_circuit(circuit, snapshot)
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
        circuit: as steps.
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
    rows = {clbit: 0 for clbit in circuit.measured}
    for k, parity in enumerate(parities):
        for clbit in parity:
            if clbit in rows:
                rows[clbit] ^= 1 << (size - 1 - k)
    walk = _walk(circuit, rows, readout=readout)
    # Sums of parities that the ideal circuit determines; all others are 0 and 1 equally often, noise or not.
    certain = _kernel(walk.at_start, size)
    factors = np.ones(2 ** len(certain))
    for masks, table in walk.errors:
        number = np.zeros(2 ** len(certain), dtype=np.uint8)
        for place, mask in enumerate(masks):
            number |= _sums([_odd(mask & sum_) for sum_ in certain]) << place
        factors *= table[number]
    found = np.clip(_transform(factors) / len(factors), 0.0, None)
    ideal = sum(_sign(circuit, rows, sum_) << i for i, sum_ in enumerate(certain))
    found = found[np.arange(len(found)) ^ ideal]
    # An outcome is as likely as its certain sums are, shared evenly among all that have the same.
    index = np.zeros(2**size, dtype=np.int64)
    for i, sum_ in enumerate(certain):
        index |= _sums([sum_ >> bit & 1 for bit in range(size)]).astype(np.int64) << i
    return np.asarray(found[index] * 2.0 ** (len(certain) - size))


@dataclass(frozen=True, eq=False)
class _Walk:
    """All parities as Pauli operators, walked back through a circuit; a mask says which of them are meant.

    Attributes:
        at_start: for each qubit, the parities with an X on it at the start.
        errors: (masks, factors) of errors: masks[2i] has an X, masks[2i + 1] a Z on the error's i-th qubit.
    """

    at_start: list[int]
    errors: list[tuple[tuple[int, ...], Factors]]


def _walk(circuit: FrameCircuit, rows: dict[int, int], *, readout: bool) -> _Walk:
    masks = [0] * (2 * circuit.size)  # as those of an error on all qubits
    met: dict[tuple[int, ...], Factors] = {}

    def meet(where: tuple[int, ...], factors: Factors) -> None:
        found = tuple(masks[place] for place in where)
        if any(found):
            met[found] = met[found] * factors if found in met else factors

    for clbit, qubit in circuit.measured.items():
        masks[2 * qubit + 1] ^= rows[clbit]
        if readout and qubit in circuit.readout:
            meet((2 * qubit, 2 * qubit + 1), circuit.readout[qubit])
    for step in reversed(circuit.steps):
        where = tuple(place for q in step.qubits for place in (2 * q, 2 * q + 1))
        if step.factors is not None:
            meet(where, step.factors)
        if step.gate is not None and not step.gate.is_pauli:
            images = [step.gate.images[1 << bit] for bit in range(len(where))]
            before = [masks[place] for place in where]
            for bit, place in enumerate(where):
                masks[place] = 0
                for mask, image in zip(before, images, strict=True):
                    masks[place] ^= mask if image >> bit & 1 else 0
    return _Walk(masks[0::2], list(met.items()))


def _sign(circuit: FrameCircuit, rows: dict[int, int], sum_: int) -> int:
    """Return the value of a sum of parities that the ideal circuit determines."""
    operator, negative = [0] * circuit.size, False  # the sum as a Pauli operator, qubit by qubit
    for clbit, qubit in circuit.measured.items():
        operator[qubit] ^= 2 * _odd(rows[clbit] & sum_)
    for step in reversed(circuit.steps):
        if step.gate is None:
            continue
        number = sum(operator[q] << 2 * i for i, q in enumerate(step.qubits))
        negative ^= step.gate.negative[number]
        for i, q in enumerate(step.qubits):
            operator[q] = step.gate.images[number] >> 2 * i & 3
    return int(negative)


def _kernel(masks: Sequence[int], size: int) -> list[int]:
    """Return a basis of the sums s of `size` parities with an even number of bits in common with every mask.

    >>> _kernel([0b011, 0b011], 3)
    [3, 4]
    """
    pivots: dict[int, int] = {}  # pivot bit -> row of the masks' reduced echelon form
    for mask in masks:
        for pivot, row in pivots.items():
            mask ^= row if mask >> pivot & 1 else 0
        if mask:
            pivot = mask.bit_length() - 1
            pivots = {p: row ^ mask if row >> pivot & 1 else row for p, row in pivots.items()} | {pivot: mask}
    free = [bit for bit in range(size) if bit not in pivots]
    return [1 << bit | sum(1 << p for p, row in pivots.items() if row >> bit & 1) for bit in free]


def _odd(mask: int) -> int:
    return mask.bit_count() & 1


def _sums(bits: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Return the sum modulo 2 of the bits in each subset of them; subset n has bit i where n has.

    >>> _sums([1, 1]).tolist()
    [0, 1, 1, 0]
    """
    sums = np.zeros(1, dtype=np.uint8)
    for bit in bits:
        sums = np.concatenate([sums, sums ^ np.uint8(bit)])
    return sums


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

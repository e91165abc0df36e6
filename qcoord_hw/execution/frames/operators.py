"""The Pauli operators on which a circuit's outcomes hang, each called by what it is at the circuit's start.

A parity of outcomes is one Pauli operator, which gates turn into others of the same label: the operator that
it is when it is walked back to the start, as a number (`clifford`). At the start all qubits are in |0>, so
that operators of Z alone have the expectation 1 and all others 0; errors shrink it on the way. Relaxation
adds to it some of that of another operator, in which Z is missing: their labels differ by a shift. A parity
whose label has an X is worth something only if a shift takes the X away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qcoord_hw.execution.frames.circuit import FrameCircuit


@dataclass(frozen=True)
class Row:
    """A parity, or a sum modulo 2 of some.

    Attributes:
        label: of its operator.
        sum_: of which parities it is made, as a mask.
        pivot: a bit of the label that no other row has; -1 if the label is 0.
    """

    label: int
    sum_: int
    pivot: int = -1


@dataclass(frozen=True, eq=False)
class Operators:
    """The operators that are followed through a circuit: products of `heads` and of certain sums.

    Attributes:
        certain: a basis of the sums that the ideal circuit determines: their labels have no X.
        heads: labels, each of operators that are no products of the others' and of certain sums; 0 is first.
        sums: head -> sum of parities with its label, for heads that are one.
        shifts: for each step, by how much each of its pulls shifts labels.
    """

    certain: tuple[Row, ...]
    heads: tuple[int, ...]
    sums: dict[int, int]
    shifts: tuple[tuple[int, ...], ...]

    def apart(self, label: int) -> tuple[int, int]:
        """Return the head of a label, and the certain sums that make up the rest, as a mask of `certain`."""
        return _apart(self.certain, label)


def operators(circuit: FrameCircuit, parities: Sequence[Sequence[int]]) -> Operators:
    """Return the parities of classical bits, and what pulls join to them, to first order.

    Args:
        circuit: as steps; pulls are those of its steps.
        parities: k sets of classical bits; the first is the most significant bit of a sum's mask.
    """
    final, shifts = _labels(circuit)
    rows = []
    for k, parity in enumerate(reversed(parities)):
        label = 0
        for clbit in parity:
            if clbit in circuit.measured:
                label ^= final[2 * circuit.measured[clbit] + 1]
        rows.append(Row(label, 1 << k))
    x_bits = sum(1 << 2 * q for q in range(circuit.size))
    with_x, without = _solved(rows, x_bits)
    solved, zero = _solved(without, ~0)
    certain = (*solved, *zero)
    heads, sums = {0: None}, {0: 0}
    for shift in dict.fromkeys(one for each in shifts for one in each):
        label, sum_ = 0, 0
        for row in with_x:
            if (label ^ shift) >> row.pivot & 1:
                label, sum_ = label ^ row.label, sum_ ^ row.sum_
        if (label ^ shift) & x_bits:  # it takes no parity's X away
            continue
        head, rest = _apart(certain, label)
        heads |= {head: None, _apart(certain, label ^ shift)[0]: None}
        for k, row in enumerate(certain):
            sum_ ^= row.sum_ if rest >> k & 1 else 0
        sums[head] = sum_
    return Operators(certain, tuple(heads), sums, shifts)


def _labels(circuit: FrameCircuit) -> tuple[list[int], tuple[tuple[int, ...], ...]]:
    """Return the labels of X and Z of each qubit at the end, and the shifts of each step's pulls."""
    labels = [1 << place for place in range(2 * circuit.size)]
    shifts = []
    for step in circuit.steps:
        where = [place for q in step.qubits for place in (2 * q, 2 * q + 1)]
        if step.gate is not None and not step.gate.is_pauli:
            before = [labels[place] for place in where]
            for bit, place in enumerate(where):
                labels[place] = _product(before, step.gate.images[1 << bit])
        now = [labels[place] for place in where]
        shifts.append(tuple(_product(now, shift) for shift, _ in step.pulls))
    return labels, tuple(shifts)


def _product(labels: Sequence[int], chosen: int) -> int:
    found = 0
    for bit, label in enumerate(labels):
        found ^= label if chosen >> bit & 1 else 0
    return found


def _solved(rows: Sequence[Row], columns: int) -> tuple[list[Row], list[Row]]:
    """Return the reduced echelon form of labels in some columns, and the rows with 0 in all of these."""
    pivots: list[Row] = []
    rest = []
    for row in rows:
        label, sum_ = row.label, row.sum_
        for one in pivots:
            if label >> one.pivot & 1:
                label, sum_ = label ^ one.label, sum_ ^ one.sum_
        if not label & columns:
            rest.append(Row(label, sum_))
            continue
        new = Row(label, sum_, (label & columns).bit_length() - 1)
        pivots = [
            Row(p.label ^ label, p.sum_ ^ sum_, p.pivot) if p.label >> new.pivot & 1 else p for p in pivots
        ]
        pivots.append(new)
    return pivots, rest


def _apart(certain: Sequence[Row], label: int) -> tuple[int, int]:
    rest = 0
    for k, row in enumerate(certain):
        if row.pivot >= 0 and label >> row.pivot & 1:
            label ^= row.label
            rest |= 1 << k
    return label, rest

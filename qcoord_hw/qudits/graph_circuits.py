"""Graph states of digits as circuits: how they are prepared, and how they are undone before a measurement."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

from qcoord_hw.qudits import qutrit
from qcoord_hw.qudits.gates import (
    clock_phases,
    controlled_z,
    copy,
    fourier_measured,
    fourier_power,
    zero_fourier,
)
from qcoord_hw.qudits.leakage import qubits_per_digit


def graph_state(
    p: int, adjacency: npt.ArrayLike, deferrable: Collection[int] = ()
) -> tuple[QuantumCircuit, dict[int, int]]:
    """Return the preparation of prod CZ^adjacency[a,b] F|0>..F|0> from |0..0>, and what it leaves to do.

    Digit q is on qubits n q..n q + n - 1. A digit whose last step would be a Fourier transform can leave it
    to its holder, who applies X(u)Z(v) F_t with no more gates (`weyl_after_fourier`).

    Args:
        p: the prime.
        adjacency: shape (digits, digits), symmetric integers.
        deferrable: digits that may be left without their last transform.

    Returns:
        The circuit, and t for each digit that still needs F_t.
    """
    graph = _Graph(p, adjacency)
    roots, tree, others = graph.forest()
    # Where b will be flipped an odd number of times, it starts flipped.
    for _, b, _ in others:
        graph.flip(b)
    for root in roots:
        graph.append(zero_fourier(p), root)
    late = {b: t for _, b, t in tree if p > 2 and b in deferrable and graph.degree(b) == 1}
    for a, b, t in tree:
        if b not in late:
            graph.append(copy(p), a, b)
            exponent = graph.exponent(a, b, t)
            graph.append(fourier_power(p, exponent % p), b)
            graph.correct(a, b, exponent)
    for a, b, t in others:
        graph.controlled_z(a, b, t)
    for a, b, _ in tree:
        if b in late:
            graph.append(copy(p), a, b)
    return graph.circuit, late


def undo_graph(p: int, adjacency: npt.ArrayLike, detect_leakage: bool = True) -> QuantumCircuit:
    """Return prod CZ^-adjacency[a,b], then F^-1 on every digit, for digits that are all measured next.

    It is right up to phases of the outcomes.

    Args:
        p: the prime.
        adjacency: shape (digits, digits), symmetric integers.
        detect_leakage: as in `fourier_before_measuring`.
    """
    graph = _Graph(p, adjacency)
    _, tree, others = graph.forest()
    for a, b, t in others + tree[::-1]:
        graph.controlled_z(a, b, -t)
    for digit, sign in enumerate(graph.sign):
        graph.append(fourier_measured(p, -sign, detect_leakage), digit)
    return graph.circuit


class _Graph:
    """A circuit under construction on the digits of a graph, each held as sign * digit + shift for a while.

    For p = 3 a CZ is cheapest where it flips b to 1-b. Flips are never undone, only accounted for.
    """

    def __init__(self, p: int, adjacency: npt.ArrayLike) -> None:
        self.p = p
        self.adjacency = np.asarray(adjacency) % p
        count = len(self.adjacency)
        self.n = qubits_per_digit(p)
        self.circuit = QuantumCircuit(self.n * count)
        self.sign = [1] * count
        self.shift = [0] * count

    def degree(self, digit: int) -> int:
        return int(np.count_nonzero(self.adjacency[digit]))

    def forest(self) -> tuple[list[int], list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Return roots, tree edges (parent, child, weight) from the roots outwards, and the other edges."""
        roots: list[int] = []
        tree: list[tuple[int, int, int]] = []
        seen: set[int] = set()
        for root in sorted(range(len(self.sign)), key=lambda digit: -self.degree(digit)):
            if root in seen:
                continue
            roots.append(root)
            queue = [root]
            seen.add(root)
            for a in queue:
                for b in np.flatnonzero(self.adjacency[a]).tolist():
                    if b not in seen:
                        seen.add(b)
                        queue.append(b)
                        tree.append((a, b, int(self.adjacency[a, b])))
        joined = {frozenset(edge[:2]) for edge in tree}
        edges = zip(*np.nonzero(np.triu(self.adjacency, 1)), strict=True)
        pairs = [(int(a), int(b)) for a, b in edges]
        others = [(a, b, int(self.adjacency[a, b])) for a, b in pairs if frozenset((a, b)) not in joined]
        return roots, tree, others

    def append(self, gate: QuantumCircuit, *digits: int) -> None:
        qubits = [self.n * digit + k for digit in digits for k in range(self.n)]
        self.circuit.compose(gate, qubits, inplace=True)

    def flip(self, digit: int) -> None:
        if self.p == 3:
            self.sign[digit], self.shift[digit] = -self.sign[digit], 1 - self.shift[digit]

    def exponent(self, a: int, b: int, t: int) -> int:
        """The exponent of CZ on what is held that makes it CZ^t on the digits, but for `correct`."""
        return t * self.sign[a] * self.sign[b]

    def correct(self, a: int, b: int, exponent: int) -> None:
        """Take back the phases of one digit that come with the other's shift."""
        for digit, other in ((a, b), (b, a)):
            phases = QuantumCircuit(self.n)
            clock_phases(phases, self.p, -exponent * self.shift[other])
            self.append(phases, digit)

    def controlled_z(self, a: int, b: int, t: int) -> None:
        exponent = self.exponent(a, b, t)
        self.correct(a, b, exponent)
        if self.p == 3:
            self.append(qutrit.flipping_controlled_z(exponent % 3), a, b)
        else:
            self.append(controlled_z(self.p, exponent % self.p), a, b)
        self.flip(b)

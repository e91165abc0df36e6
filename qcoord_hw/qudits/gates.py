"""Gates on digits 0..p-1 held in qubits, p a prime, with as few two-qubit gates as were found.

A digit j sits in n = ceil(log2 p) qubits, qubit k carrying the bit of weight 2^k; other basis states are
leakage, and what a gate does to them is left open. With w = e^(2 pi i/p),

    F|j> = p^(-1/2) sum_k w^(jk)|k>    CZ^t|a>|b> = w^(t a b)|a>|b>    X(u)|j> = |j+u>    Z(v)|j> = w^(jv)|j>.

On two digits a is on qubits 0..n-1 and b on qubits n..2n-1. Gates are exact on the code but for a global
phase, and made of one-qubit gates, CX and CZ. Circuits are cached: compose them into others, but do not
change them.

Two-qubit gates for p = 2, 3, 5, 7:

    zero_fourier               0   1   2   3
    fourier                    0   2   9  12
    weyl                       0   2   6   8
    weyl_after_fourier         0   2   9  12
    controlled_z               1   6  12  18
    copy                       1   2   3   3
    attach                     1   4  12  15
    pair_state                 1   5  14  18
    detach_before_measuring    1   7  21  30

For p = 3 a measured digit takes one less where leakage need not be seen, and `graph_state` and `undo_graph`
take five, not six, for a CZ between two digits. Larger primes go through Qiskit's synthesis.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import transpile
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.library import StatePreparation, UnitaryGate

from qcoord_hw.qudits import qutrit, three_qubits
from qcoord_hw.qudits.leakage import qubits_per_digit


@lru_cache
def zero_fourier(p: int) -> QuantumCircuit:
    """Return the preparation of F|0>, the uniform superposition of 0..p-1, from |0..0>."""
    if p == 2:
        return fourier(2)
    if p == 3:
        return qutrit.zero_fourier()
    if p in (5, 7):
        return three_qubits.zero_fourier(p)
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(n)
    circuit.append(StatePreparation(np.where(np.arange(2**n) < p, p**-0.5, 0)), range(n))
    return _elementary(circuit)


@lru_cache
def fourier(p: int, inverse: bool = False) -> QuantumCircuit:
    """Return F, or F^-1, for any state of the code."""
    return _fourier(p, p - 1 if inverse else 1)


@lru_cache
def fourier_before_measuring(p: int, detect_leakage: bool = True) -> QuantumCircuit:
    """Return F^-1 up to phases of the outcomes, for a digit that is measured next.

    Args:
        p: the prime.
        detect_leakage: false saves a two-qubit gate for p = 3, where the outcome 3 then means 0 and leakage
            looks like any digit. For other p it changes nothing.
    """
    return _measuring(p, -1, detect_leakage)


@lru_cache
def weyl(p: int) -> tuple[QuantumCircuit, Parameter, Parameter]:
    """Return one circuit for all X(u)Z(v), and its parameters u and v.

    Angles are polynomials in the parameters, which are to be bound to integers 0..p-1.
    """
    if p == 3:
        return qutrit.weyl()
    if p in (5, 7):
        return three_qubits.weyl(p)
    u, v = Parameter("u"), Parameter("v")
    circuit = QuantumCircuit(qubits_per_digit(p))
    _phases(circuit, p, v)
    if p == 2:
        circuit.rx(pi * u, 0)
        return circuit, u, v
    # F^-1|k> is the eigenvector of X(u) with the eigenvalue w^(uk).
    circuit.compose(_fourier(p, 1), inplace=True)
    _phases(circuit, p, u)
    circuit.compose(_fourier(p, p - 1), inplace=True)
    return circuit, u, v


@lru_cache
def weyl_after_fourier(p: int, t: int) -> tuple[QuantumCircuit, Parameter, Parameter]:
    """Return one circuit for all X(u)Z(v) F_t, F_t|j> = p^(-1/2) sum_k w^(t j k)|k>, and its parameters.

    X(u) F_t is F_t Z(-t u), so that this takes no more two-qubit gates than F_t alone.
    """
    u, v = Parameter("u"), Parameter("v")
    circuit = QuantumCircuit(qubits_per_digit(p))
    _phases(circuit, p, -t * u)
    circuit.compose(_fourier(p, t % p), inplace=True)
    _phases(circuit, p, v)
    return circuit, u, v


@lru_cache
def controlled_z(p: int, t: int) -> QuantumCircuit:
    """Return CZ^t on two digits."""
    if p == 3:
        return qutrit.controlled_z(t % 3)
    if p == 5:
        return three_qubits.controlled_z_5(t % 5)
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(2 * n)
    if p == 2:
        if t % 2:
            circuit.cz(0, 1)
        return circuit
    for j in range(n):
        for i in range(n):
            # The product of two bits is half of their sum less their parity.
            angle = pi * ((t * 2 ** (i + j)) % p) / p
            circuit.p(angle, i)
            circuit.p(angle, n + j)
            circuit.cx(i, n + j)
            circuit.p(-angle, n + j)
            circuit.cx(i, n + j)
    return circuit


@lru_cache
def copy(p: int) -> QuantumCircuit:
    """Return |a>|0..0> -> |a>|a>, which is `attach` before the Fourier transform of b."""
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(2 * n)
    for k in range(n):
        circuit.cx(k, n + k)
    return circuit


@lru_cache
def attach(p: int, t: int) -> QuantumCircuit:
    """Return |psi>|0..0> -> CZ^t |psi> F|0>: a fresh digit b joined to a digit a in any state; t not 0."""
    n = qubits_per_digit(p)
    return copy(p).compose(_fourier(p, t % p), range(n, 2 * n))


@lru_cache
def pair_state(p: int, t: int) -> QuantumCircuit:
    """Return the preparation of CZ^t F|0>F|0> from |0..0>; t not 0."""
    n = qubits_per_digit(p)
    return QuantumCircuit(2 * n).compose(zero_fourier(p), range(n)).compose(attach(p, t))


@lru_cache
def detach_before_measuring(p: int, t: int, detect_leakage: bool = True) -> QuantumCircuit:
    """Return CZ^-t and then F^-1 on b up to phases of its outcomes, for a digit b that is measured next.

    For every outcome a goes on as it does after CZ^-t and F^-1, up to a phase.

    Args:
        p: the prime.
        t: exponent.
        detect_leakage: as in `fourier_before_measuring`.
    """
    n = qubits_per_digit(p)
    if p == 3:
        # Measured as 1 - b, the digit wants F.
        return qutrit.flipping_controlled_z(-t % 3).compose(_measuring(3, 1, detect_leakage), (2, 3))
    return controlled_z(p, -t % p).compose(_measuring(p, -1, detect_leakage), range(n, 2 * n))


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
            graph.append(_fourier(p, exponent % p), b)
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
        graph.append(_measuring(p, -sign, detect_leakage), digit)
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
            _phases(phases, self.p, -exponent * self.shift[other])
            self.append(phases, digit)

    def controlled_z(self, a: int, b: int, t: int) -> None:
        exponent = self.exponent(a, b, t)
        self.correct(a, b, exponent)
        if self.p == 3:
            self.append(qutrit.flipping_controlled_z(exponent % 3), a, b)
        else:
            self.append(controlled_z(self.p, exponent % self.p), a, b)
        self.flip(b)


@lru_cache
def _fourier(p: int, t: int) -> QuantumCircuit:
    """Return F_t, |j> -> p^(-1/2) sum_k w^(t j k)|k>, t in 1..p-1."""
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(n)
    if p == 2:
        circuit.h(0)
        return circuit
    if p == 3:
        return qutrit.fourier() if t == 1 else qutrit.fourier().inverse()
    if p in (5, 7):
        return three_qubits.fourier(p, t)
    digits = np.arange(p)
    matrix = np.eye(2**n, dtype=complex)
    matrix[:p, :p] = np.exp(2j * pi / p * (t * np.outer(digits, digits) % p)) / p**0.5
    circuit.append(UnitaryGate(matrix), range(n))
    return _elementary(circuit)


@lru_cache
def _measuring(p: int, sign: int, detect_leakage: bool) -> QuantumCircuit:
    """Return F^sign up to phases of the outcomes, and with 3 for 0 where leakage need not be detected."""
    if p == 3 and not detect_leakage:
        return qutrit.fourier_before_measuring(sign)
    circuit = _fourier(p, sign % p)
    kept = []
    ends = set(circuit.qubits)
    for instruction in reversed(circuit.data):
        diagonal = instruction.operation.name in ("rz", "p", "cz")
        if not (diagonal and ends.issuperset(instruction.qubits)):
            ends.difference_update(instruction.qubits)
            kept.append(instruction)
    result = circuit.copy_empty_like()
    for instruction in reversed(kept):
        result.append(instruction)
    return result


def _phases(circuit: QuantumCircuit, p: int, exponent: Any) -> None:
    """Append Z(exponent) on the digit that is the whole circuit."""
    if isinstance(exponent, int) and exponent % p == 0:
        return
    for k in range(circuit.num_qubits):
        circuit.p(2 * pi / p * 2**k * exponent, k)


def _elementary(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit in one-qubit gates and CX."""
    return transpile(circuit, basis_gates=["u", "cx"], optimization_level=1, seed_transpiler=0)

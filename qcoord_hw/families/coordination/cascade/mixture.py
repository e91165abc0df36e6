"""The mixture of the six orders of three trits [NatorPereg, eq. (44)], with its reference and without.

Two criteria differ here (`docs/errata.md`). If only A, B and C count, Alice sends her trit and Bob draws one
of the two orders of the others: (Q1, Q2) = (log 3, log 3). If the reference R counts too, which Alice keeps,
she has to send the drawn bit as well: (Q1, Q2) = (log 6, log 3). Nothing is measured: the drawn bit, and a
copy of Alice's trit, are left alone at the end by those who hold them.
"""

from __future__ import annotations

import math

import numpy as np
from qiskit.circuit import QuantumCircuit, Qubit

from qcoord_hw.families.coordination.cascade.maps import cascade_rates
from qcoord_hw.families.coordination.cascade.trits import TRIT_NOTE, table, trits, uniform_trit
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import CASCADE, NetworkCircuit
from qcoord_hw.theory.information import trace_norm
from qcoord_hw.theory.named_states import named_state

CHOICE = (
    "12 01 23 12 01 23 12 01 23 12 01 23",
    "0 8 -2 0  3 0  0 -3  2 2  -5 0  0 1  -3 6  -4 1  2 -4  -3 2  0 -3  2 -4  0 -2",
)
"""CZ pairs, and ry angles in units of pi/4: with a on qubits 0 and 1 of a row and the drawn bit on qubit 3, b
comes on qubits 0 and 2 and c on 1 and 3, with the signs below."""

ORDERS = {
    (0, 0): (1, 2, 1),
    (0, 1): (2, 1, -1),
    (1, 0): (2, 0, 1),
    (1, 1): (0, 2, 1),
    (2, 0): (1, 0, -1),
    (2, 1): (0, 1, -1),
}
"""Levels of b and c, and the sign, for the level of a and the drawn bit."""


def build_example_1() -> Coordination:
    """Return the protocol for A, B and C alone: 9 qubits and 18 two-qubit gates in all."""
    net = NetworkCircuit(CASCADE, "cascade-example-1")
    output, kept = net.allocate("Alice", 2), net.allocate("Alice", 2, "alice_kept")
    sent = net.allocate("Alice", 2, "alice_sent")
    net.local("Alice", _three_copies(), [*sent, *kept, *output])
    net.send("Alice", "Bob", sent, dimension=3)
    drawn, coin = net.allocate("Bob", 2)
    net.local("Bob", bell_pair(), [coin, drawn])
    ours = _finish(net, sent, drawn)
    state = named_state("example-1")
    target = _on_bits(state.density())
    ket = made_with_reference().reshape(64, 8)
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, (*output, *ours)),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(6))),),
        copies=1,
        rates=cascade_rates(state, net.usage, 1, reference=False),
        exact={"trace_norm": trace_norm(ket @ ket.conj().T - target)},
        notes=(
            TRIT_NOTE,
            "scored: A, B, C; Alice leaves a copy of her trit alone, Bob the bit that he draws",
            "Theorem 6 asks for Q1 >= 1.7925 and Q1 + E1 >= 2.5850, which holds where R is scored too",
        ),
    )


def build_example_1_reference() -> Coordination:
    """Return the protocol in which Alice keeps the reference, which is scored: 9 qubits, 18 gates as well."""
    net = NetworkCircuit(CASCADE, "cascade-example-1-reference")
    output, kept = net.allocate("Alice", 2), net.allocate("Alice", 3, "alice_reference")
    sent = net.allocate("Alice", 3, "alice_sent")
    net.local("Alice", _three_copies(), [*sent[:2], *kept[:2], *output])
    net.local("Alice", bell_pair(), [kept[2], sent[2]])
    net.send("Alice", "Bob", sent, dimension=6)
    ours = _finish(net, sent[:2], sent[2])
    target, made = purification(), made_with_reference().ravel()
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, (*output, *ours, *kept)),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(9))),),
        copies=1,
        rates=cascade_rates(named_state("example-1"), net.usage, 1, reference=True),
        exact={
            "trace_norm": trace_norm(np.outer(made, made.conj()) - np.outer(target, target.conj())),
            "fidelity": float(abs(np.vdot(target, made)) ** 2),
        },
        notes=(
            TRIT_NOTE,
            "scored: A, B, C and R, which Alice keeps: her trit's two bits and which order was drawn",
            "the basis states of R have signs, which a purification leaves open",
        ),
    )


def _three_copies() -> QuantumCircuit:
    """Return the preparation of the sum over a of |a, a, a> / sqrt(3), each copy made of the one before."""
    circuit = QuantumCircuit(6)
    circuit.compose(uniform_trit(), [0, 1], inplace=True)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 2)
    return circuit


def bell_pair() -> QuantumCircuit:
    """Return the preparation of an ebit."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def _finish(net: NetworkCircuit, trit: list[Qubit], drawn: Qubit) -> tuple[Qubit, ...]:
    """Let Bob turn the trit and the drawn bit into b and c, and send c; return the qubits of both."""
    (fresh,) = net.allocate("Bob", 1, "bob_fresh")
    row = [*trit, fresh, drawn]
    net.local("Bob", choice(), row)
    net.send("Bob", "Charlie", [row[1], row[3]], dimension=3)
    return row[0], row[2], row[1], row[3]


def choice() -> QuantumCircuit:
    """Return Bob's circuit on his row: see `CHOICE`."""
    return table(4, *CHOICE)


def made_with_reference() -> ComplexArray:
    """Return what the circuit makes, shape (4, 4, 4, 8): A, B, C, and a copy of a with the drawn bit."""
    ket = np.zeros((4, 4, 4, 8), dtype=complex)
    for (a, drawn), (b, c, sign) in ORDERS.items():
        ket[a + 1, b + 1, c + 1, 2 * (a + 1) + drawn] = sign / math.sqrt(6)
    return ket


def purification() -> ComplexArray:
    """Return (45) on bits: its R is the number of the order in lexicographic order."""
    place = {(a, *ORDERS[a, drawn][:2]): (a, drawn) for a, drawn in ORDERS}
    ket = np.zeros((4, 4, 4, 8), dtype=complex)
    for a, b, c in sorted(place):
        _, drawn = place[a, b, c]
        ket[a + 1, b + 1, c + 1, 2 * (a + 1) + drawn] = ORDERS[a, drawn][2]
    return np.asarray(ket.ravel() / np.linalg.norm(ket))


def _on_bits(density: ComplexArray) -> ComplexArray:
    return trits(density.reshape((3,) * 6)).reshape(64, 64)

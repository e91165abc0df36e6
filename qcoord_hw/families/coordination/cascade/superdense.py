"""Two copies of the mixture of six orders, its reference kept and scored, at a corner of link 1's region.

A copy of (45) is a GHZ state of trits of A, R and (B, C), and an ebit of R and (B, C). So Alice sends each
ebit's half as a qubit, and the trits a1, a2 of two copies together, by superdense coding on one half of a
shared maximally entangled pair of trits: X^a1 Z^a2, controlled by her own copies, which stay. A copy costs
(Q1, E1) = (1 + log 3 / 2, log 3 / 2) = (1.7925, .7925), where both constraints of Theorem 6 are met.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.coordination.cascade.maps import cascade_rates
from qcoord_hw.families.coordination.cascade.mixture import (
    bell_pair,
    choice,
    made_with_reference,
    purification,
)
from qcoord_hw.families.coordination.cascade.trits import TRIT_NOTE, trit_pair, uniform_trit
from qcoord_hw.families.coordination.local_circuits.linear_routing import in_a_row
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import CASCADE, NetworkCircuit
from qcoord_hw.qudits.gates import controlled_z, fourier
from qcoord_hw.theory.named_states import named_state


def build_example_1_n2() -> Coordination:
    """Return the protocol: 18 qubits, all of them scored; exact, and too deep for today's devices."""
    net = NetworkCircuit(CASCADE, "cascade-example-1-n2")
    source, encode, (decode, ends) = _blocks()
    half, other = net.share_pair("Alice", "Bob", source, 3)
    trits = net.allocate("Alice", 8, "alice_trits")  # output and reference of copy 1, then of copy 2
    reference, sent = net.allocate("Alice", 2, "alice_reference"), net.allocate("Alice", 2, "alice_sent")
    net.local("Alice", encode, [*trits, *half])
    for kept, qubit in zip(reference, sent, strict=True):
        net.local("Alice", bell_pair(), [kept, qubit])
    net.send("Alice", "Bob", half, dimension=3)
    net.send("Alice", "Bob", sent)
    fresh = net.allocate("Bob", 2)
    row = [*half, *other, sent[0], fresh[0], sent[1], fresh[1]]
    net.local("Bob", decode, row)
    # The choice leaves b on the first qubit of a trit and the fresh one, c on the second and the drawn bit.
    ours = [[row[ends[i]] for i in (2 * copy, 5 + 2 * copy, 2 * copy + 1, 4 + 2 * copy)] for copy in range(2)]
    for b_and_c in ours:
        net.send("Bob", "Charlie", b_and_c[2:], dimension=3)
    outputs = [
        q
        for copy in range(2)
        for q in (
            *trits[4 * copy : 4 * copy + 2],
            *ours[copy],
            *trits[4 * copy + 2 : 4 * copy + 4],
            reference[copy],
        )
    ]
    one, made = purification(), made_with_reference().ravel()
    target: ComplexArray = np.kron(one, one).astype(complex)
    ket = np.kron(made, made)
    overlap = np.vdot(target, ket)
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, tuple(outputs)),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(18))),),
        copies=2,
        rates=cascade_rates(named_state("example-1"), net.usage, 2, reference=True),
        exact={
            "trace_norm": 2 * float(np.linalg.norm(ket - overlap * target)),
            "fidelity": float(abs(overlap) ** 2),
        },
        notes=(
            TRIT_NOTE,
            "scored: A, B, C and R of both copies; R is her trit's two bits and which order was drawn",
            "the basis states of R have signs, which a purification leaves open",
        ),
    )


@lru_cache
def _blocks() -> tuple[QuantumCircuit, QuantumCircuit, tuple[QuantumCircuit, tuple[int, ...]]]:
    """Return the pair's preparation, Alice's circuit and Bob's with the ends of its qubits, all in rows."""
    source, _ = in_a_row(trit_pair(), restore=True)
    decode, ends = in_a_row(_decode())
    return source, in_a_row(_encode(), restore=True)[0], (decode, tuple(ends))


def _encode() -> QuantumCircuit:
    """Return Alice's circuit: output and reference of copy 1, then of copy 2, and her half of the pair."""
    circuit = QuantumCircuit(10)
    half = [8, 9]
    for start in (0, 4):
        circuit.compose(uniform_trit(), [start + 2, start + 3], inplace=True)
        circuit.cx([start + 2, start + 3], [start, start + 1])
    # Flipped, the codes are digits of `qudits.gates`, whose first qubit has the weight 1: 11 is the digit 0.
    circuit.x(range(2, 4))
    circuit.x(range(6, 10))
    circuit.compose(controlled_z(3, 1), [6, 7, *half], inplace=True)
    circuit.compose(fourier(3, inverse=True), half, inplace=True)
    circuit.compose(controlled_z(3, 2), [2, 3, *half], inplace=True)
    circuit.compose(fourier(3), half, inplace=True)
    circuit.x(range(2, 4))
    circuit.x(range(6, 8))
    return circuit


def _decode() -> QuantumCircuit:
    """Return Bob's circuit: the halves of the pair, then the drawn bit and a fresh qubit of each copy."""
    circuit = QuantumCircuit(8)
    first, second = [0, 1], [2, 3]
    circuit.x(second)
    circuit.compose(fourier(3, inverse=True), first, inplace=True)
    circuit.compose(controlled_z(3, 1), [*second, *first], inplace=True)
    circuit.compose(fourier(3), first, inplace=True)
    circuit.compose(fourier(3, inverse=True), second, inplace=True)
    circuit.x(range(4))
    for trit, drawn in ((first, 4), (second, 6)):
        circuit.compose(choice(), [*trit, drawn + 1, drawn], inplace=True)
    return circuit

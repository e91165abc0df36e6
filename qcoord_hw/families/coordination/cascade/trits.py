"""The paper's two examples on trits: [NatorPereg, eq. (44) and (47)] at n = 1.

A trit is a pair of bits other than 00: its level j is j + 1 in binary. Three such pairs whose sum is 00 are
all different, so of the trits a, b and c two determine the third. Bob's map takes a to the two possible pairs
(b, c). Its circuit was found by a numerical search; all its angles are multiples of pi/4.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.coordination.cascade.fit import Form
from qcoord_hw.families.coordination.cascade.maps import cascade_rates
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import CASCADE, NetworkCircuit
from qcoord_hw.theory.information import trace_norm
from qcoord_hw.theory.named_states import named_state

CODES = (1, 2, 3)
"""The two bits of each level."""

SPLIT = (
    "12 23 12 23 12 01 12 01",
    "0 0 -2 3  5 2  0 1  0 6  -2 0  1 0  2 3  1 -4  -2 0",
)
"""CZ pairs, and in units of pi/4 the ry angles of `Form`: a on the first two of four qubits in a row becomes
(|b, c> + |c, b>) / sqrt(2), on qubits 0 and 2 and on 1 and 3."""

TRIT_NOTE = "level j of a trit is j + 1 in two bits: 01, 10, 11"


def build_example_2(link: str = "qubits") -> Coordination:
    """Return the protocol for one copy of (47), 6 qubits and 11 two-qubit gates in all.

    Args:
        link: "qubits": Alice sends a trit, Q1 = log 3; "ebits": a pair of trits was shared before,
            E1 = log 3. Bob sends a trit: Q2 = log 3.
    """
    net = NetworkCircuit(CASCADE, "cascade-example-2")
    if link == "ebits":
        alice, bob = net.share_pair("Alice", "Bob", trit_pair(), 3)
    else:
        alice, bob = net.allocate("Alice", 2), net.allocate("Alice", 2, "alice_sent")
        net.local("Alice", trit_pair(), [*alice, *bob])
        net.send("Alice", "Bob", bob, dimension=3)
    row = [*bob, *net.allocate("Bob", 2)]
    net.local("Bob", table(4, *SPLIT), row)
    net.send("Bob", "Charlie", [row[1], row[3]], dimension=3)
    outputs = (*alice, row[0], row[2], row[1], row[3])
    state = named_state("example-2")
    target = trits(state.kets()[0].reshape(3, 3, 3)).ravel()
    made = trits(np.einsum("ax,bcx->abc", np.eye(3), split_map()) / math.sqrt(3)).ravel()
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, outputs),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(6))),),
        copies=1,
        rates=cascade_rates(state, net.usage, 1, reference=False),
        exact={
            "trace_norm": trace_norm(np.outer(made, made.conj()) - np.outer(target, target.conj())),
            "fidelity": float(abs(np.vdot(target, made)) ** 2),
        },
        notes=(
            TRIT_NOTE,
            "a maximally entangled pair of trits is no pair of ebits; it counts as log2(3) of them",
        ),
    )


def trit_pair() -> QuantumCircuit:
    """Return the preparation of the maximally entangled pair of trits, on qubits 0, 1 and 2, 3: 3 gates."""
    circuit = QuantumCircuit(4)
    circuit.compose(uniform_trit(), [2, 3], inplace=True)
    circuit.cx(2, 0)
    circuit.cx(3, 1)
    return circuit


def uniform_trit() -> QuantumCircuit:
    """Return the preparation of (|01> + |10> + |11>) / sqrt(3) from |00>."""
    circuit = QuantumCircuit(2)
    circuit.ry(2 * math.atan(math.sqrt(2)), 0)
    # Qubit 1 becomes |1> beside |0> and |+> beside |1>.
    circuit.ry(math.pi / 4, 1)
    circuit.cz(0, 1)
    circuit.ry(3 * math.pi / 4, 1)
    return circuit


def table(qubits: int, pairs: str, angles: str) -> QuantumCircuit:
    """Return a circuit of ry and CZ gates from its table."""
    form = Form(qubits, tuple((int(pair[0]), int(pair[1])) for pair in pairs.split()))
    left = (math.pi / 4 * int(angle) for angle in angles.split())
    return form.circuit([next(left) if name == "ry" else 0.0 for name, _ in form.gates if name != "cz"])


def trits(tensor: ComplexArray) -> ComplexArray:
    """Return a tensor whose axes have 3 levels as one whose axes have the 4 states of two bits."""
    wide = np.zeros((4,) * tensor.ndim, dtype=complex)
    wide[np.ix_(*[CODES] * tensor.ndim)] = tensor
    return wide


def split_map() -> ComplexArray:
    """Return Bob's map, shape (b, c, a): each order of the other two levels, in superposition."""
    tensor = np.zeros((3, 3, 3), dtype=complex)
    for order in itertools.permutations(range(3)):
        tensor[order] = 1 / math.sqrt(2)
    return tensor

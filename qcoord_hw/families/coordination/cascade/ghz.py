"""Two GHZ states on the corner of the cascade region that no direct transmission reaches.

A copy needs Q1 + E1 >= 1, Q2 >= 1/2 and Q2 + E2 >= 1 [NatorPereg, Corollary 7]. Two copies do with exactly
that, at (Q1, E1, Q2, E2) = (0, 1, 1/2, 1/2): Bob has a coherent copy of Alice's two bits, and sends Charlie
another by superdense coding, coherently: he keeps his own.
"""

from __future__ import annotations

import math

import numpy as np
from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.coordination.cascade.maps import cascade_rates
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import CASCADE, NetworkCircuit
from qcoord_hw.theory.information import trace_norm
from qcoord_hw.theory.named_states import named_state


def build_ghz2() -> Coordination:
    """Return the protocol for two GHZ states: 6 qubits and 6 two-qubit gates in all."""
    net = NetworkCircuit(CASCADE, "cascade-ghz2")
    alice, bob = net.share_ebits("Alice", "Bob", 2)
    (half,), (other,) = net.share_ebits("Bob", "Charlie", 1)
    encode = QuantumCircuit(3)
    encode.cx(0, 2)
    encode.cz(1, 2)
    net.local("Bob", encode, [*bob, half])
    net.send("Bob", "Charlie", half)
    decode = QuantumCircuit(2)
    decode.cx(0, 1)
    decode.h(0)
    net.local("Charlie", decode, [half, other])
    outputs = (alice[0], bob[0], other, alice[1], bob[1], half)
    ghz = named_state("ghz")
    target: ComplexArray = np.kron(ghz.kets()[0], ghz.kets()[0]).astype(complex)
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, outputs),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(6))),),
        copies=2,
        rates=cascade_rates(ghz, net.usage, 2, reference=False),
        exact=_exact(target),
        notes=(
            "Charlie's first bit is the one that Bob adds to his half of the pair, his second the phase",
            "the constraints of Corollary 7 hold with equality: no gap",
        ),
    )


def _exact(target: ComplexArray) -> dict[str, float]:
    """Return trace norm and fidelity of what the protocol makes, from the Bell states by arithmetic."""
    flip, phase = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
    pair = np.eye(2).ravel() / math.sqrt(2)
    powers = np.linalg.matrix_power
    bell = np.array(
        [np.kron(powers(phase, s) @ powers(flip, f), np.eye(2)) @ pair for f in range(2) for s in range(2)]
    )
    # Charlie turns the Bell state of (f, s) into |f, s>: amplitudes of f, s (Alice's and Bob's) and his bits.
    read = (bell.conj() @ bell.T).T.reshape(2, 2, 2, 2) / 2
    ket = np.einsum("fscd,fg,st->fgcstd", read, np.eye(2), np.eye(2)).ravel()
    distance = trace_norm(np.outer(ket, ket.conj()) - np.outer(target, target.conj()))
    return {"trace_norm": distance, "fidelity": float(abs(np.vdot(target, ket)) ** 2)}

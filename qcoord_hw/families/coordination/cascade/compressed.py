"""n copies of a pure state over compressed links: each carries m qubits, fewer than n times one copy's.

Schumacher's truncation, made by whoever prepares: of the Schmidt vectors of n copies across a link only the
2^m likeliest are kept. The encoder prepares the kept part alone, so nothing ever fails at random, and the
fidelity is the kept probability P. (Who compresses what was handed to it cannot avoid the failures: P^2.)
"""

from __future__ import annotations

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.chain import matrix_product
from qcoord_hw.families.coordination.cascade.maps import apply_map, cascade_rates, send
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import CASCADE, NetworkCircuit
from qcoord_hw.theory.regions.cascade import PARTIES
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.states import State


def build_compressed(state: State, n: int = 3, m1: int | None = None, m2: int | None = None) -> Coordination:
    """Return the protocol for n copies of a pure state of three qubits.

    Args:
        state: one copy of the target.
        n: copies.
        m1: qubits sent on the first link; n - 1 if omitted.
        m2: qubits sent on the second link; n - 1 if omitted.

    Raises:
        InputError: when the state is not a pure one of three qubits.
    """
    check_systems(state, PARTIES)
    if state.sizes(PARTIES) != (2, 2, 2) or state.classical or not state.pure:
        raise InputError(
            f"state: {state.name!r}; allowed for compressed links are pure states of three qubits"
        )
    sent = [n - 1 if m is None else m for m in (m1, m2)]
    copies = _copies(state.ket(PARTIES), n)
    kept = truncated(copies, sent[0], sent[1])
    first, (bob, charlie), levels = matrix_product(kept)
    net = NetworkCircuit(CASCADE, "cascade-compressed")
    out_a, received = apply_map(net, "Alice", first, 2)
    send(net, "Alice", "Bob", received, levels[0])
    out_b, received = apply_map(net, "Bob", bob, 2, left=received)
    send(net, "Bob", "Charlie", received, levels[1])
    (out_c,) = apply_map(net, "Charlie", charlie, 1, left=received)
    fidelity = float(abs(np.vdot(copies, kept)) ** 2)
    by_copy = [qubits for copy in zip(out_a, out_b, out_c, strict=True) for qubits in copy]
    one = state.ket(PARTIES).ravel()
    target: ComplexArray = one
    for _ in range(n - 1):
        target = np.kron(target, one).astype(complex)
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, tuple(by_copy)),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(3 * n))),),
        copies=n,
        rates=cascade_rates(state, net.usage, n, reference=False),
        exact={"trace_norm": 2 * float(np.sqrt(max(0.0, 1 - fidelity))), "fidelity": fidelity},
        notes=(
            f"kept of link 1: {levels[0]} of {2**n} Schmidt vectors; of link 2: {levels[1]} of {2**n}",
            "the fidelity is the kept probability: the encoder prepares the kept part, nothing fails",
        ),
    )


def truncated(ket: ComplexArray, first: int, second: int) -> ComplexArray:
    """Return a state of A, B and C with at most 2^first levels on link 1 and 2^second on link 2, normalised.

    Args:
        ket: shape (a, b, c).
        first: qubits of link 1.
        second: qubits of link 2.
    """
    a, b, c = ket.shape
    for rows, most in ((a * b, second), (a, first)):
        left, values, right = np.linalg.svd(ket.reshape(rows, -1), full_matrices=False)
        values[2**most :] = 0
        ket = (left * values) @ right
    return np.asarray(ket.reshape(a, b, c) / np.linalg.norm(ket))


def _copies(ket: ComplexArray, n: int) -> ComplexArray:
    """Return n copies, as one system of 2^n levels at each party."""
    whole = ket
    for _ in range(n - 1):
        whole = np.einsum("abc,xyz->axbycz", whole, ket).reshape([2 * d for d in whole.shape])
    return whole

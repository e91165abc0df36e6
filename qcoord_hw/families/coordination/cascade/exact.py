"""Any state of the cascade network at n = 1 without error: a code of `cascade_schemes` as a circuit.

Alice prepares her system and what describes the rest to Bob, on as many levels as the rest has in use; Bob
turns that into his system and what describes Charlie's; each party throws its environment away. Where a link
is used as "ebits", the description was shared before instead, and nothing is sent.

A system of d levels takes ceil(log2 d) qubits, and level j is j in binary. All qubits stand in one row,
Alice's first and Charlie's last, and every party's circuit acts on neighbours in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit.circuit import Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.maps import (
    apply_map,
    cascade_rates,
    embedded,
    embedded_density,
    qubits_of,
    send,
    share,
)
from qcoord_hw.families.coordination.parameters import MAX_QUBITS
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import CASCADE, NetworkCircuit, Topology
from qcoord_hw.schema import refusal
from qcoord_hw.theory.regions.cascade import PARTIES
from qcoord_hw.theory.regions.cascade_schemes import Scheme, exact_schemes, simulate
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.local_part import local_core
from qcoord_hw.theory.states import State

RANK = 1e-12
"""Eigenvalues below this are 0."""


def build_exact(
    state: State, links: tuple[str, str] = ("qubits", "qubits"), reference: bool = False
) -> Coordination:
    """Return an exact protocol for one copy of a state of A, B and C.

    Of the codes known for the links as they are to be used, one with the smallest sum of rates is taken, and
    of these the one with the fewest qubits.

    Args:
        state: the target; a system that it lacks has dimension 1.
        links: how each link is used, "qubits" or "ebits".
        reference: whether the purification is kept by Alice and scored; else it is thrown away where that is
            cheapest.

    Raises:
        InputError: when an option is wrong or no known code fits 12 qubits.
    """
    check_systems(state, PARTIES)
    sizes, density = state.sizes(PARTIES), state.density(PARTIES)
    ket = purified(density).reshape(*sizes, -1)
    if reference and ket.shape[-1] == 1:
        raise refusal("reference", True, "for mixed states, a pure one has no purification to keep")
    scored = (*sizes, ket.shape[-1] if reference else 1)
    if reference:  # Alice's system is A with R
        wide = ket.transpose(0, 3, 1, 2).reshape(sizes[0] * scored[3], *sizes[1:])
        sizes, density = wide.shape, np.outer(wide, wide.conj())
    scheme = chosen(exact_schemes(density, local_core(density, sizes)), scored[3], links)
    net, outputs = circuit_of(scheme, scored[3])
    exact = {"trace_norm": scheme.trace_norm}
    if reference or ket.shape[-1] == 1:
        vector = (wide if reference else ket).ravel()
        simulated = simulate(scheme.resources, scheme.alice, scheme.bob, scheme.charlie)
        exact["fidelity"] = float((vector.conj() @ simulated @ vector).real)
        target = embedded(ket.reshape(scored)).ravel()
    else:
        target = embedded_density(density, sizes)
    qubits = [qubits_of(d) for d in scored]
    systems = [f"{s} has {d} levels in {q}" for s, d, q in zip("ABCR", scored, qubits, strict=True) if d > 1]
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, outputs),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(sum(qubits)))),),
        copies=1,
        rates=cascade_rates(state, net.usage, 1, reference=reference),
        exact=exact,
        notes=(
            f"one-shot code: {scheme.name}",
            f"qubits of the target: {', '.join(systems)}; level j is j in binary",
            "scored: " + ("A, B, C and the purification R, which Alice keeps" if reference else "A, B, C"),
        ),
    )


def purified(density: ComplexArray) -> ComplexArray:
    """Return a purification, shape (d, rank)."""
    values, vectors = np.linalg.eigh(density)
    keep = values > RANK
    return np.asarray(vectors[:, keep] * np.sqrt(values[keep]))


def chosen(schemes: Sequence[Scheme], reference: int, links: Sequence[str]) -> Scheme:
    """Return the scheme to build.

    Raises:
        InputError: when there is none.
    """
    if not schemes:
        raise InputError(
            "state: no exact code known at n = 1, or too large to simulate one; allowed are smaller ones"
        )
    # A link that carries nothing at all is used neither way.
    fitting = [
        s
        for s in schemes
        if all(
            s.rates[2 * k] + s.rates[2 * k + 1] == 0 or s.rates[2 * k + (link == "qubits")] == 0
            for k, link in enumerate(links)
        )
    ]
    if not fitting:
        raise InputError(
            f"link1, link2: {', '.join(links)}; allowed for this state is link2 = qubits, since A and C are "
            "not independent"
        )
    sized = [(round(sum(s.rates), 9), _size(s, reference), k) for k, s in enumerate(fitting)]
    _, size, k = min(sized)
    if size > MAX_QUBITS:
        raise InputError(
            f"state: the exact protocol at n = 1 needs {size} qubits; allowed are at most {MAX_QUBITS}"
        )
    return fitting[k]


def _size(scheme: Scheme, reference: int) -> int:
    """Return the number of qubits of a scheme's circuit."""
    a, m1, e, ta = scheme.alice.shape
    b, m2, f, _, _, tb = scheme.bob.shape
    c, g, _, tc = scheme.charlie.shape
    alice = qubits_of(a // reference) + qubits_of(reference) + qubits_of(e)
    bob = qubits_of(b) + qubits_of(f)
    charlie = qubits_of(c) + qubits_of(g)
    first = qubits_of(m1) + qubits_of(ta)
    second_held, second = qubits_of(m2) + qubits_of(tc), qubits_of(m2)
    alice = max(alice, qubits_of(ta))
    bob = max(bob + second, first + qubits_of(tb)) - second
    return alice + bob + max(charlie, second_held)


def circuit_of(
    scheme: Scheme, reference: int, topology: Topology = CASCADE
) -> tuple[NetworkCircuit, tuple[Qubit, ...]]:
    """Return the circuit and the qubits of A, B, C and the reference.

    Args:
        scheme: the code.
        reference: dimension of the purification that Alice keeps; 1 where none is.
        topology: the cascade network, or a part of it that has the links which the code uses.
    """
    net = NetworkCircuit(topology, topology.name)
    alice, bob, charlie = _simplified(scheme)
    (a, m1, e, ta), (b, m2, f, _, tb1, tb2), (c, g, n2, tc) = alice.shape, bob.shape, charlie.shape
    # Which maps the source, or the sender, does in place of the party: those that need no room of their own.
    by_source = [ta > 1 and reference * e == 1 and qubits_of(a) == qubits_of(ta), False]
    by_source[1] = tc > 1 and g == 1 and qubits_of(c) == qubits_of(tc)
    kept: list[Qubit] = []
    if by_source[0]:
        out_a, first = share(net, "Alice", "Bob", alice.reshape(a, ta) * scheme.resources[0])
    elif ta > 1:
        held, first = share(net, "Alice", "Bob", np.diag(scheme.resources[0]))
        rows = alice.reshape(a // reference, reference, e, ta).transpose(2, 1, 0, 3)
        _, kept, out_a = apply_map(net, "Alice", rows, 3, right=held)
    else:
        rows = alice.reshape(a // reference, reference, m1, e).transpose(3, 1, 0, 2)
        _, kept, out_a, first = apply_map(net, "Alice", rows, 4)
        send(net, "Alice", "Bob", first, m1)
    second: list[Qubit] = []
    if tc > 1:
        half = charlie.reshape(c, tc).T if by_source[1] else np.eye(tc, dtype=complex)
        second, last = share(net, "Bob", "Charlie", scheme.resources[1][:, None] * half)
    maps = bob.reshape(b, m2, f, m1 * tb1, tb2).transpose(0, 2, 1, 3, 4)
    out_b, _, sent = apply_map(net, "Bob", maps, 3, left=first, right=second)
    if tc == 1:
        send(net, "Bob", "Charlie", sent, scheme.charlie.shape[2])
        last = sent
    if by_source[1]:
        out_c = last
    else:
        out_c, _ = apply_map(net, "Charlie", charlie.reshape(c, g, n2 * tc), 2, left=last)
    return net, (*out_a, *out_b, *out_c, *kept)


def _simplified(scheme: Scheme) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Return the three maps in bases of the links that save gates.

    What goes over link 1 is turned such that the amplitudes of Alice's state are a positive matrix, and if
    Charlie has nothing to do but to change the basis, Bob does it before he sends.
    """
    alice, bob, charlie = scheme.alice, scheme.bob, scheme.charlie
    a, m1, e, ta = alice.shape
    if ta == e == 1 and a == m1:
        left, _, right = np.linalg.svd(alice.reshape(a, m1))
        turn = (left @ right).conj().T  # alice = positive @ (left @ right)
        alice = (alice.reshape(a, m1) @ turn).reshape(alice.shape)
        bob = np.einsum("bnfmtu,mx->bnfxtu", bob, turn.conj())
    c, g, m2, tc = charlie.shape
    if g == tc == 1 and qubits_of(c) == qubits_of(m2):
        bob = np.einsum("cm,bmfxtu->bcfxtu", charlie.reshape(c, m2), bob)
        charlie = np.eye(c, dtype=complex)[:, None, :, None]
    return alice, bob, charlie

"""The two-node network: bits with a classical source (Theorem 1 of [NatorPereg]), or qubits (its Figure 2).

A target of quantum systems A and B alone is made over a link of qubits. The option `protocol` says how:

- `exact` (default at n = 1): Alice prepares A and what describes B, on as many levels as it has in use, and
  sends that; of a mixed target a purification is made and thrown away where that is cheapest;
- `compressed` (default otherwise): n copies of a pure target. Of their Schmidt vectors only the 2^m likeliest
  are kept, which is Schumacher's compression. Alice prepares the kept part herself, so nothing fails and the
  fidelity is the kept probability P.

Every other target has a source X, and the link carries bits (`classical_links`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.chain import matrix_product
from qcoord_hw.families.coordination.cascade.exact import chosen, circuit_of
from qcoord_hw.families.coordination.cascade.maps import apply_map, embedded, embedded_density, send
from qcoord_hw.families.coordination.classical_links.classical_links import build_bits
from qcoord_hw.families.coordination.classical_links.mixture import read_target
from qcoord_hw.families.coordination.parameters import MAX_QUBITS, TWO_NODE_QUBITS_PARAMETERS
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import TWO_NODE_QUBITS, NetworkCircuit
from qcoord_hw.schema import read
from qcoord_hw.spec import Plain, check_integer
from qcoord_hw.theory.regions.cascade_schemes import exact_schemes
from qcoord_hw.theory.regions.holders import has_qubit_link
from qcoord_hw.theory.regions.local_part import local_core
from qcoord_hw.theory.regions.two_node_quantum import PARTIES, two_node_quantum
from qcoord_hw.theory.states import State

GOOD = 0.9
"""Fidelity for which the default m is the smallest."""


def build_two_node(options: Mapping[str, Plain]) -> Coordination:
    """Build a protocol of the two-node network, over the link that the target asks for.

    Args:
        options: with a `state` of A and B alone those of `TWO_NODE_QUBITS_PARAMETERS`, else those of
            `TWO_NODE_BITS_PARAMETERS`.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    text = options.get("state")
    state = read_target(text) if isinstance(text, str) else None
    if state is None or not has_qubit_link(state, "two-node"):
        return build_bits(options)
    values = read(TWO_NODE_QUBITS_PARAMETERS, options, "for network two-node with a link of qubits")
    if values["protocol"] == "compressed":
        plan = _compressed(state, values["n"], values["m"])
    else:
        plan = _exact(state)
    return replace(plan, rates=_rates(state, plan)).of_target(state)


def _exact(state: State) -> Coordination:
    """Return the cheapest exact code known for one copy: one of the cascade network without Charlie."""
    sizes, density = (*state.sizes(PARTIES), 1), state.density(PARTIES)
    schemes = exact_schemes(density, local_core(density, sizes))
    scheme = chosen([s for s in schemes if s.charlie.size == 1], 1, ("qubits", "qubits"))
    net, outputs = circuit_of(scheme, 1, TWO_NODE_QUBITS)
    exact = {"trace_norm": scheme.trace_norm}
    if state.pure:
        target = embedded(state.ket((*PARTIES, "C"))).ravel()
        exact["fidelity"] = 1.0
    else:
        target = embedded_density(density, sizes)
    return Coordination(
        network="two-node",
        preparations=(Preparation(net, outputs),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(len(outputs)))),),
        copies=1,
        exact=exact,
        notes=(f"one-shot code: {scheme.name.partition(';')[0]}", LEVELS),
    )


LEVELS = "a system of d levels takes ceil(log2 d) qubits; level j is j in binary"


def _compressed(state: State, n: int, m: int | None) -> Coordination:
    """Return the protocol for n copies of a pure state, B's part of them on m qubits."""
    if not state.pure:
        raise InputError(f"protocol: compressed, and {state.name!r} is mixed; allowed are pure states")
    one = embedded(state.ket(PARTIES))
    own = [d.bit_length() - 1 for d in one.shape]
    if (size := n * sum(own)) > MAX_QUBITS:
        raise InputError(f"n: {n} copies have {size} qubits; allowed are at most {MAX_QUBITS}")
    copies = _copies(one, n)
    left, values, right = np.linalg.svd(copies, full_matrices=False)
    shares = np.cumsum(values**2)
    most = n * own[1]
    fewest = next(k for k in range(most + 1) if shares[min(2**k, len(shares)) - 1] >= GOOD or k == most)
    sent = fewest if m is None else check_integer("parameters.m", m, 0, most)
    kept = min(2**sent, len(values))
    fidelity = min(1.0, float(shares[kept - 1]))
    first, (bob,), (levels,) = matrix_product((left[:, :kept] * values[:kept]) @ right[:kept] / fidelity**0.5)
    net = NetworkCircuit(TWO_NODE_QUBITS, f"two-node-n{n}-m{sent}")
    out_a, received = apply_map(net, "Alice", first, 2)
    send(net, "Alice", "Bob", received, levels)
    (out_b,) = apply_map(net, "Bob", bob, 1, left=received)
    a, b = own
    outputs = [q for k in range(n) for q in (*out_a[k * a : (k + 1) * a], *out_b[k * b : (k + 1) * b])]
    target = np.ones(1, dtype=complex)
    for _ in range(n):
        target = np.kron(target, one.ravel())
    return Coordination(
        network="two-node",
        preparations=(Preparation(net, tuple(outputs)),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(size))),),
        copies=n,
        exact={"trace_norm": 2 * float(np.sqrt(1 - fidelity)), "fidelity": fidelity},
        notes=(
            f"kept: {levels} of {np.count_nonzero(values > 1e-9)} Schmidt vectors of {n} copies",
            "the fidelity is the kept probability: Alice prepares the kept part, nothing fails",
            LEVELS,
        ),
    )


def _copies(ket: ComplexArray, n: int) -> ComplexArray:
    """Return n copies of a vector of two systems as one matrix: Alice's systems of all copies, then Bob's."""
    whole = ket
    for _ in range(n - 1):
        whole = np.kron(whole, ket).astype(complex)
    return whole


def _rates(state: State, plan: Coordination) -> dict[str, dict[str, Any]]:
    """Return what theory says of the link, and by how much the counted rate exceeds what is necessary."""
    (needed,) = two_node_quantum(state).criteria["no_entanglement"].constraints
    used = plan.preparations[0].net.usage.get("Alice->Bob", {}).get("log2_dim", 0.0) / plan.copies
    known = {"lower": needed.lower, "upper": needed.upper}
    if needed.upper - needed.lower < 1e-9:
        known = {"value": needed.lower}
    return {
        "Q, asymptotic": {**known, "source": needed.source},
        "Q, gap": {
            "value": used - needed.lower,
            "source": f"counted, {used:.4f} qubits a copy, less the asymptotic rate",
        },
    }

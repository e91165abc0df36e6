"""A chain of three nodes or more: the cascade network continued, for any pure state of one system a node.

The state is a matrix product state: link j carries as many levels as the systems beyond it have in use (its
Schmidt rank), and each node turns what it received into its own system and what it sends on, by an isometry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.maps import (
    apply_map,
    embedded,
    qubits_of,
    send,
    share,
)
from qcoord_hw.families.coordination.preparation import Case, ComplexArray, Coordination, Preparation
from qcoord_hw.network import Link, NetworkCircuit, Topology
from qcoord_hw.theory.information import entropy, trace_norm
from qcoord_hw.theory.states import State

PARTIES = ("Alice", "Bob", "Charlie", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy")

MAX_QUBITS = 12
"""Of a circuit: what a noise model can still be simulated for."""

RANK = 1e-9
"""Schmidt coefficients below this are 0."""


def chain(nodes: int) -> Topology:
    """Return the network of some nodes in a row, with quantum links and ebits between neighbours.

    >>> [str(link) for link in chain(4).links]
    ['Alice->Bob', 'Bob->Charlie', 'Charlie->Dave']
    """
    parties = PARTIES[:nodes]
    pairs = tuple(zip(parties, parties[1:], strict=False))
    return Topology("chain", parties, tuple(Link(a, b, qubits=True) for a, b in pairs), ebits=pairs)


def build_chain(state: State, link: str = "qubits") -> Coordination:
    """Return the exact protocol for one copy of a pure state of three systems or more, one a node, in order.

    Args:
        state: the target.
        link: how the first link is used, "qubits" or "ebits".

    Raises:
        InputError: when the state is mixed, has classical systems or a wrong number of systems, or is too
            large.
    """
    nodes = len(state.systems)
    if not 3 <= nodes <= len(PARTIES):
        raise InputError(f"state: {nodes} systems; allowed for a chain are 3 to {len(PARTIES)}")
    if state.classical:
        raise InputError(
            f"classical: {', '.join(state.classical)}; allowed in a chain are quantum systems only"
        )
    ket = state.kets()[0].reshape(state.dimensions)
    if (size := sum(map(qubits_of, state.dimensions))) > MAX_QUBITS:
        raise InputError(f"state: {size} qubits; allowed are at most {MAX_QUBITS}")
    first, maps, levels = matrix_product(ket)
    net = NetworkCircuit(chain(nodes), "chain")
    parties = net.topology.parties
    if link == "ebits" and levels[0] > 1 and qubits_of(len(first)) == qubits_of(levels[0]):
        out, received = share(net, "Alice", "Bob", first)
    elif link == "ebits" and levels[0] > 1:
        left, values, right = np.linalg.svd(first, full_matrices=False)
        held, received = share(net, "Alice", "Bob", np.diag(values))
        (out,) = apply_map(net, "Alice", left, 1, right=held)
        maps[0] = np.einsum("bnx,ix->bni", maps[0], right)
    else:
        out, received = apply_map(net, "Alice", first, 2)
        send(net, "Alice", "Bob", received, levels[0])
    outputs = [*out]
    for j, tensor in enumerate(maps[:-1], start=1):
        out, received = apply_map(net, parties[j], tensor, 2, left=received)
        send(net, parties[j], parties[j + 1], received, levels[j])
        outputs += out
    (out,) = apply_map(net, parties[-1], maps[-1], 1, left=received)
    made = contracted(first, maps if link == "qubits" else matrix_product(ket)[1])
    return Coordination(
        network="cascade",
        preparations=(Preparation(net, (*outputs, *out)),),
        cases=(Case("", 1.0, ((0, 1.0),), embedded(ket).ravel(), tuple(range(size))),),
        copies=1,
        rates=_rates(ket, net.usage),
        exact={
            "trace_norm": trace_norm(np.outer(made, made.conj()) - np.outer(ket, ket.conj())),
            "fidelity": float(abs(np.vdot(made, ket)) ** 2),
        },
        notes=(
            f"a chain of {nodes} nodes: {', '.join(parties)}; link levels {', '.join(map(str, levels))}",
            "a system of d levels takes ceil(log2 d) qubits; level j is j in binary",
        ),
        holders={
            s: f"{party}'s system, dimension {d}"
            for s, party, d in zip(state.systems, parties, state.dimensions, strict=True)
        },
    )


def matrix_product(ket: ComplexArray) -> tuple[ComplexArray, list[ComplexArray], list[int]]:
    """Return a pure state of k systems as what the nodes of a chain do.

    Returns:
        Alice's state of her system and link 1, shape (d_1, m_1); the isometries of the other nodes, shape
        (d_j, m_j, m_{j-1}), and (d_k, m_{k-1}) at the end; and how many levels of each link are in use.
    """
    *sizes, last = ket.shape
    rest = ket.reshape(1, -1)
    matrices: list[ComplexArray] = []
    levels = []
    for j, d in enumerate(sizes):
        table = rest.reshape(len(rest) * d, -1)
        _, values, right = np.linalg.svd(table, full_matrices=False)
        levels.append(int((values > RANK).sum()))
        right = right[: levels[-1]]
        if j == len(sizes) - 1 and qubits_of(last) == qubits_of(levels[-1]):
            right = np.eye(last, dtype=complex)  # the last node has nothing to do
        else:
            right = _plain_basis(table @ right.conj().T) @ right
        matrices.append((table @ right.conj().T).reshape(len(rest), d, -1))
        rest = right
    maps = [matrix.transpose(1, 2, 0) for matrix in matrices[1:]]
    return matrices[0][0], [*maps, np.ascontiguousarray(rest.T)], levels


def _plain_basis(matrix: ComplexArray) -> ComplexArray:
    """Return the unitary U for which the most independent rows of matrix @ U^dagger are a positive matrix.

    It makes the basis of a link that of a system wherever it can, and so circuits simple; a singular value
    decomposition leaves it open where singular values are equal.
    """
    from scipy.linalg import qr  # slow to import

    _, _, pivots = qr(matrix.conj().T, pivoting=True)
    left, _, right = np.linalg.svd(matrix[np.sort(pivots[: matrix.shape[1]])])
    return np.asarray(left @ right)


def contracted(first: ComplexArray, maps: list[ComplexArray]) -> ComplexArray:
    """Return the vector that the nodes make, from what `matrix_product` returned."""
    ket = first
    for tensor in maps[:-1]:
        ket = np.einsum("am,bnm->abn", ket, tensor).reshape(-1, tensor.shape[1])
    return np.asarray((ket @ maps[-1].T).ravel())


def _rates(ket: ComplexArray, usage: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    """Return what every protocol needs of each link, and by how much the counted rates exceed it."""
    found: dict[str, dict[str, Any]] = {}
    nodes = ket.ndim

    def h(*systems: int) -> float:
        others = [i for i in range(nodes) if i not in systems]
        if not systems or not others:
            return 0.0
        rows = math.prod(ket.shape[i] for i in systems)
        values = np.linalg.svd(ket.transpose(*systems, *others).reshape(rows, -1), compute_uv=False)
        return entropy(values**2)

    for j in range(1, nodes):
        a, b = PARTIES[j - 1], PARTIES[j]
        sent = usage.get(f"{a}->{b}", {}).get("log2_dim", 0.0)
        shared = usage.get(f"{a}-{b}", {}).get("ebits", 0.0)
        before, beyond = range(j - 1), range(j, nodes)
        information = (h(*before) + h(*beyond) - h(*before, *beyond)) / 2
        for name, least, used, source in (
            (
                f"Q{j}",
                information,
                sent,
                "half of I(nodes before; nodes beyond), by [NatorPereg, Section IX]",
            ),
            (f"Q{j} + E{j}", h(*beyond), sent + shared, "entropy of the nodes beyond the link"),
        ):
            found[f"{name}, asymptotic"] = {"value": least, "source": f"necessary: {source}"}
            found[f"{name}, gap"] = {"value": used - least, "source": f"counted, {used:.4f}, less the above"}
    return found

"""A closed-form lower bound on c, from ranks of sets of servers alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field

ALL_ROLES = 7  # up to so many servers, every assignment of roles is tried
ALL_SETS = 12  # up to so many, every set; beyond, the whole and single servers
LEFT, RIGHT, BOTH, THROUGH, REST = range(5)


def rank_bound(gf: Field, spaces: tuple[Array, ...]) -> tuple[int, dict[str, Any]]:
    """Return the best rank bound on c and its certificate; servers are numbered as in `spaces`.

    Let U annihilate the servers of a set A (left) and W those of a set B (right). Of R = sum V_s P_s V_s^T,
    U R W^T keeps the servers outside A and B only. Call some of them T (through), the others Q (rest). By
    Sylvester's inequality

        c >= rank(U V_T) + rank(W V_T) - m_T - min(rank U V_Q, rank W V_Q),

    where rank(U V_T) = rank(V_A, V_T) - rank(V_A). With T everything it says c >= 2K - sum m_s, Holevo's
    bound. It also holds for the dual code (V a parity-check matrix), where c is larger by 2K - sum m_s.
    """
    sizes = [v.shape[1] for v in spaces]
    servers, rows = len(sizes), len(spaces[0])
    roles = _roles(servers)
    bits = 1 << np.arange(servers)
    masks = [((roles == role) * bits).sum(axis=1) for role in range(5)]
    a, b = masks[LEFT] | masks[BOTH], masks[RIGHT] | masks[BOTH]
    t, q = masks[THROUGH], masks[REST]
    full = (1 << servers) - 1
    rank: dict[int, int] = {0: 0}
    weight: dict[int, int] = {0: 0}
    needed = np.unique(np.concatenate([a, b, a | t, b | t, a | q, b | q, t]))
    for mask in {int(x) for x in needed} | {full ^ int(x) for x in needed} - {0}:
        members = [s for s in range(servers) if mask >> s & 1]
        weight[mask] = sum(sizes[s] for s in members)
        rank[mask] = gf.rank(np.hstack([spaces[s] for s in members])) if members else 0
    best, certificate = -1, dict[str, Any]()
    for side in ("code", "dual"):
        if side == "dual":
            rank = {m: weight[m] - rows + rank[full ^ m] for m in rank}

        def of(mask: Array, rank: dict[int, int] = rank) -> Array:
            values, index = np.unique(mask, return_inverse=True)
            return np.array([rank[int(v)] for v in values])[index.ravel()]

        through = np.array([weight[int(m)] for m in t])
        bound = of(a | t) - of(a) + of(b | t) - of(b) - through
        bound -= np.minimum(of(a | q) - of(a), of(b | q) - of(b))
        bound += 0 if side == "code" else 2 * rows - sum(sizes)
        top = int(bound.argmax())
        if bound[top] > best:
            best = int(bound[top])
            sets = {"left": a, "right": b, "through": t, "rest": q}
            certificate = {"method": "rank bound", "side": side} | {
                name: [s for s in range(servers) if int(mask[top]) >> s & 1] for name, mask in sets.items()
            }
    return best, certificate


def _roles(servers: int) -> Array:
    """Return assignments of roles to servers, the plainest first: shape (.., S)."""
    if servers <= ALL_ROLES:
        return np.array(list(itertools.product((THROUGH, BOTH, LEFT, RIGHT, REST), repeat=servers)))
    if servers <= ALL_SETS:
        return np.array(list(itertools.product((THROUGH, LEFT), repeat=servers)))
    one = np.eye(servers, dtype=bool)
    chosen = np.concatenate([np.zeros((1, servers), dtype=bool), one, ~one])
    return np.where(chosen, LEFT, THROUGH)

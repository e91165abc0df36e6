"""Three servers: the column spaces taken apart, and alternating forms that are optimal for the parts.

Three subspaces U_0, U_1, U_2 that span F^K are a direct sum of parts of these kinds (the indecomposable
arrangements of three subspaces): a vector in one of them (private), in two (shared), in all (common), and a
plane with three different lines, one in each (triangle). Qudits an instance, with forms as in `beyond`:

    private 1, shared 1, triangle 2, common 3/2,
    common g and triangle h_0 = h_1 + h_2: forms g^h_0, -g^h_1, -g^h_2, together 3,
    common g and private p, q of two servers: forms g^p, g^q, -g^(p+q), together 3 (`packing`).

The last two save half a qudit each. Used as often as possible they reach `rates.minimum_cost`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.forms import wedge
from qcoord_hw.theory.linear_computation.packing import complement, meet, pack, private_parts, spread
from qcoord_hw.theory.linear_computation.task import LinearTask


@dataclass(frozen=True, eq=False)
class Parts:
    """Three subspaces of F^K as a direct sum; all vectors together are a basis of F^K.

    Attributes:
        common: shape (g, K): in all three.
        shared: entry s, shape (b, K): in the two subspaces other than s.
        triangles: shape (h, 2, K): vectors h_1, h_2 of subspaces 1 and 2 whose sum h_0 lies in subspace 0.
        private: entry s, shape (a, K): in subspace s alone.
    """

    common: Array
    shared: tuple[Array, ...]
    triangles: Array
    private: tuple[Array, ...]


def parts(gf: Field, spaces: Sequence[Array]) -> Parts:
    """Take three subspaces apart.

    Args:
        gf: the field.
        spaces: three matrices of K columns whose rows are bases of the subspaces.
    """
    pairs = [meet(gf, spaces[(s + 1) % 3], spaces[(s + 2) % 3]) for s in range(3)]
    common = meet(gf, spaces[0], pairs[0])
    others = np.vstack(spaces[1:])
    heads = complement(gf, meet(gf, spaces[0], others), np.vstack([pairs[1], pairs[2]]))
    split = gf.solve(others.T, heads.T)
    assert split is not None  # the heads lie in the sum of the other two
    n = len(spaces[1])
    sides = [gf.matmul(split[:n].T, spaces[1]), gf.matmul(split[n:].T, spaces[2])]
    return Parts(
        common,
        tuple(complement(gf, pair, common) for pair in pairs),
        np.stack(sides, axis=1),
        tuple(private_parts(gf, spaces)),
    )


def three_server_forms(task: LinearTask, instances: int) -> list[Array]:
    """Return the alternating matrices of three servers, optimal if L is a multiple of 4 (of 8 over F_2).

    Args:
        task: reduced, with three servers.
        instances: L.

    Returns:
        Three alternating matrices, shape (K L, K L), with sum zero; coordinates of instance 1 come first.
    """
    gf = task.field
    found = parts(gf, [v.T for v in task.matrices])
    forms = np.zeros((3, task.rows * instances, task.rows * instances), dtype=np.int64)

    def add(server: int, u: Array, v: Array) -> None:
        forms[server] = gf.add[forms[server], wedge(gf, 1, u, v)]

    common = spread(found.common, instances)
    sides = [spread(found.triangles[:, k], instances) for k in range(2)]
    triangles = list(zip(*sides, strict=True))
    while common and triangles:
        g, (one, two) = common.pop(), triangles.pop()
        add(0, g, gf.add[one, two])
        add(1, one, g)
        add(2, two, g)
    while len(triangles) >= 2:  # two sums of two servers each
        (one, two), (one_, two_) = triangles.pop(), triangles.pop()
        add(1, one, one_)
        add(2, two, two_)
        add(0, one_, one)
        add(0, two_, two)
    private = [spread(part, instances) for part in found.private]
    pack(gf, forms, range(3), common, private)
    for s, part in enumerate(found.shared):
        pack(gf, forms, [(s + 1) % 3, (s + 2) % 3], spread(part, instances), private)
    return list(forms)

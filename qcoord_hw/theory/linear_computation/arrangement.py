"""What minimising c depends on: the column spaces of the servers, block by block, in their smaller form.

Write n = sum m_s. R = sum V_s P_s V_s^T has a k-dimensional kernel iff the code spanned by the rows of V has
a k-dimensional subspace that x_s -> P_s x_s maps into the code's dual. This is symmetric under exchanging the
code and its dual (P_s becomes P_s^-1), so the search runs on the one of smaller dimension, K or n - K. On the
dual side a server's columns may be dependent; there P_s only needs a certain rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.stacks import ranks


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Minimise rank(sum V_s P_s V_s^T) over P_s of rank at least floors[s].

    Attributes:
        field: F_d.
        spaces: K x m_s matrices of full column rank (m_s may be 0).
        floors: the least rank allowed for each P_s.
    """

    field: Field
    spaces: tuple[Array, ...]
    floors: tuple[int, ...]

    @property
    def rows(self) -> int:
        """K."""
        return int(self.spaces[0].shape[0])

    def sum(self, p: list[Array]) -> Array:
        """Return sum V_s P_s V_s^T, shape (K, K)."""
        gf = self.field
        return gf.total([gf.matmul(gf.matmul(v, x), v.T) for v, x in zip(self.spaces, p, strict=True)])

    def turned(self, frame: Array) -> Arrangement:
        """Return the arrangement in another basis of F_d^K."""
        spaces = tuple(self.field.matmul(frame, v) for v in self.spaces)
        return Arrangement(self.field, spaces, self.floors)


def blocks(field: Field, spaces: tuple[Array, ...]) -> list[tuple[tuple[int, ...], tuple[Array, ...]]]:
    """Split into direct summands: (servers, their matrices in the rows of that summand), finest possible."""
    reduced, pivots = field.rref(np.hstack(spaces))
    owner = np.repeat(np.arange(len(spaces)), [v.shape[1] for v in spaces])
    group = np.arange(len(spaces))
    for row in range(len(pivots)):
        joined = group[owner[np.flatnonzero(reduced[row])]]
        group[np.isin(group, joined)] = joined.min()
    out = []
    for g in sorted(set(group.tolist())):
        servers = tuple(int(s) for s in np.flatnonzero(group == g))
        rows = [row for row, pivot in enumerate(pivots) if group[owner[pivot]] == g]
        out.append((servers, tuple(reduced[rows][:, owner == s] for s in servers)))
    return out


@dataclass(frozen=True, eq=False)
class Side:
    """An arrangement to search, and how its P_s become those of the task.

    Attributes:
        arrangement: the smaller one of the code's two sides.
        dual: whether it is the dual's.
        offset: c of the task minus rank on this side.
        frames: on the dual side, an invertible matrix a server whose first rows combine its columns.
    """

    arrangement: Arrangement
    dual: bool
    offset: int
    frames: tuple[Array, ...] = ()

    def precoding(self, p: list[Array], rng: np.random.Generator) -> list[Array]:
        """Return invertible P_s of the task from admissible ones on this side."""
        if not self.dual:
            return p
        gf = self.arrangement.field
        out = []
        for frame, corner in zip(self.frames, p, strict=True):
            m, small = len(frame), len(corner)
            inverse = gf.inverse(frame)
            while True:
                stack = rng.integers(gf.order, size=(16, m, m))
                stack[:, :small, :small] = corner
                good = np.flatnonzero(ranks(gf, stack) == m)
                if good.size:
                    break
            full = gf.matmul(gf.matmul(inverse, stack[good[0]]), inverse.T)
            out.append(gf.inverse(full))
        return out

    def admitted(self, p: list[Array]) -> list[Array]:
        """Return what invertible P_s of the task are on this side."""
        if not self.dual:
            return p
        gf = self.arrangement.field
        sizes = [v.shape[1] for v in self.arrangement.spaces]
        return [
            gf.matmul(gf.matmul(frame, gf.inverse(x)), frame.T)[:m, :m]
            for frame, x, m in zip(self.frames, p, sizes, strict=True)
        ]


def smaller_side(field: Field, spaces: tuple[Array, ...]) -> Side:
    """Return the side with fewer rows; the columns of the spaces together have rank K."""
    sizes = [v.shape[1] for v in spaces]
    rows, n = spaces[0].shape[0], sum(sizes)
    if rows <= n - rows:
        return Side(Arrangement(field, spaces, tuple(sizes)), False, 0)
    check = field.null_space(np.hstack(spaces))
    columns, frames, floors = [], [], []
    for m, part in zip(sizes, np.split(check, np.cumsum(sizes)[:-1], axis=1), strict=True):
        combine, pivots = field.rref(part)  # part = part[:, pivots] combine
        others = [j for j in range(m) if j not in pivots]
        columns.append(part[:, list(pivots)])
        frames.append(np.vstack([combine, np.eye(m, dtype=np.int64)[others]]))
        floors.append(max(0, 2 * len(pivots) - m))
    return Side(Arrangement(field, tuple(columns), tuple(floors)), True, 2 * rows - n, tuple(frames))

"""Stabilizer schemes that need fewer qudits than [Hu2025, Theorem 1].

Let U_s be the column space of I_L (x) V_s for L instances. Any alternating matrices A_s over F_d (skew with
zero diagonal) whose sum is zero give a scheme in which server s sends n_s = dim(U_s + col A_s) - rank(A_s)/2
qudits: it holds columns M_s, of column space U_s + col A_s, with M_s J M_s^T = A_s, so M = [M_1 .. M_S] is
self-orthogonal. Theorem 1 is one choice of A_s for L = 2.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qcoord_hw.theory.linear_computation.annealing import anneal_forms
from qcoord_hw.theory.linear_computation.enumeration import cheapest_forms
from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.forms import copies, forms_cost
from qcoord_hw.theory.linear_computation.packing import common_forms
from qcoord_hw.theory.linear_computation.rates import minimum_cost
from qcoord_hw.theory.linear_computation.task import LinearTask
from qcoord_hw.theory.linear_computation.three_servers import three_server_forms

MAX_SIZE = 128
"""Largest K L of a construction."""


@dataclass(frozen=True, eq=False)
class StabilizerScheme:
    """A stabilizer scheme for L instances of a reduced task.

    The user reads y = M E w: server s applies the Weyl operator with exponents E_s w_s to its n_s qudits. All
    vectors of L instances list instance 1 first. Columns of M are the X exponents of all qudits (in server
    order), then the Z exponents.

    Attributes:
        task: the reduced task.
        instances: L.
        qudits: n_s, qudits of each server for L instances.
        M: shape (K L, 2 N), self-orthogonal: M J M^T = 0 with J = [[0, I], [-I, 0]].
        encoders: E_s, shape (2 n_s, L m_s): X exponents in the first n_s rows.
        source: where the scheme comes from.
    """

    task: LinearTask
    instances: int
    qudits: tuple[int, ...]
    M: Array
    encoders: tuple[Array, ...]
    source: str = "beyond theorem 1"

    @property
    def cost(self) -> Fraction:
        """Qudits an instance, all servers together."""
        return Fraction(sum(self.qudits), self.instances)

    @property
    def rate(self) -> Fraction:
        """Computations per qudit."""
        return self.task.rows / self.cost

    @property
    def encoder(self) -> Array:
        """E, shape (2 N, L sum m_s): exponents in the order of M's columns; the data server by server."""
        n, total = self.qudits, sum(self.qudits)
        out = np.zeros((2 * total, sum(e.shape[1] for e in self.encoders)), dtype=np.int64)
        row = column = 0
        for size, e in zip(n, self.encoders, strict=True):
            for half in range(2):
                rows = slice(half * total + row, half * total + row + size)
                out[rows, column : column + e.shape[1]] = e[half * size : (half + 1) * size]
            row, column = row + size, column + e.shape[1]
        return out

    def verify(self) -> None:
        """Check self-orthogonality, rank, and that M E computes the task.

        Raises:
            ValueError: naming the property that does not hold.
        """
        gf, total = self.task.field, sum(self.qudits)
        x, z = self.M[:, :total], self.M[:, total:]
        wanted = np.hstack([copies(v, self.instances) for v in self.task.matrices])
        product = gf.matmul(x, z.T)
        if z.shape != x.shape or not np.array_equal(product, product.T):
            raise ValueError("M is not self-orthogonal")
        if gf.rank(self.M) != self.task.rows * self.instances:
            raise ValueError("rows of M are dependent")
        if not np.array_equal(gf.matmul(self.M, self.encoder), wanted):
            raise ValueError("M E is not the task")


def scheme_of_forms(task: LinearTask, forms: Sequence[Array], instances: int) -> StabilizerScheme:
    """Return the stabilizer scheme that alternating matrices define.

    Args:
        task: reduced.
        forms: A_s, alternating, shape (K L, K L), with sum zero; coordinates of instance 1 come first.
        instances: L.

    Raises:
        ValueError: when the matrices are not alternating or their sum is not zero (found by `verify`).
    """
    gf = task.field
    held, encoders, qudits = [], [], []
    for v, form in zip(task.matrices, forms, strict=True):
        data = copies(v, instances)
        basis, pivots = gf.rref(np.hstack([data, form]).T)  # A = basis^T A[pivots, pivots] basis
        t = _symplectic_rows(gf, form[np.ix_(pivots, pivots)])
        m = gf.matmul(basis.T, t)
        e = gf.solve(m, data)
        assert e is not None  # the columns of m span U_s + col A_s
        held.append(m)
        encoders.append(e)
        qudits.append(m.shape[1] // 2)
    halves = [
        [m[:, :n] for m, n in zip(held, qudits, strict=True)],
        [m[:, n:] for m, n in zip(held, qudits, strict=True)],
    ]
    scheme = StabilizerScheme(
        task, instances, tuple(qudits), np.hstack(halves[0] + halves[1]), tuple(encoders)
    )
    scheme.verify()
    return scheme


def _symplectic_rows(gf: Field, form: Array) -> Array:
    """Return t, of full row rank c, with t J t^T = form and as few columns 2n as possible: n = c - rank/2."""
    c = len(form)
    change = np.eye(c, dtype=np.int64)  # its rows become hyperbolic pairs e, f and a radical
    pairs: list[tuple[int, int]] = []
    free = list(range(c))
    while hit := next(((i, j) for i in free for j in free if form[i, j]), None):
        i, j = hit
        scale = gf.inv[form[i, j]]
        step = np.eye(c, dtype=np.int64)
        step[j, j] = scale
        change, form = gf.matmul(step, change), gf.matmul(gf.matmul(step, form), step.T)
        free = [k for k in free if k not in hit]
        step = np.eye(c, dtype=np.int64)
        step[free, i] = gf.neg[form[free, j]]
        step[free, j] = form[free, i]
        change, form = gf.matmul(step, change), gf.matmul(gf.matmul(step, form), step.T)
        pairs.append(hit)
    n = c - len(pairs)
    t = np.zeros((c, 2 * n), dtype=np.int64)
    for q, (i, j) in enumerate(pairs):
        t[i, q] = t[j, n + q] = 1
    t[free, range(len(pairs), n)] = 1
    return gf.matmul(gf.inverse(change), t)


def search_beyond(
    task: LinearTask, theorem1_cost: Fraction, *, time_limit: float = 30.0, seed: int = 0
) -> StabilizerScheme | None:
    """Look for a stabilizer scheme that is cheaper than Theorem 1's.

    First by construction, from what the servers have in common: with three servers this is optimal among all
    schemes (`rates.minimum_cost`). With more servers all forms of small tasks and a seeded random search
    follow, unless the bound is reached before; finding nothing proves nothing.

    Args:
        task: reduced.
        theorem1_cost: (sum m_s + c)/2, qudits an instance.
        time_limit: seconds; when they run out, what was found is returned.
        seed: of the random search.

    Returns:
        A verified scheme that costs less, or None.
    """
    deadline = time.monotonic() + time_limit
    bound, servers = minimum_cost(task), len(task.servers)
    if bound >= theorem1_cost:
        return None
    best: tuple[Fraction, int, list[Array]] | None = None
    construct = three_server_forms if servers == 3 else common_forms
    for n in sorted({1, 2, servers - 1, 2 * (servers - 1), 4 * (servers - 1)} - {0}):
        if time.monotonic() > deadline:
            break
        if n * task.rows <= MAX_SIZE and (best is None or best[0] > bound):
            forms = construct(task, n)
            cost = forms_cost(task, forms, n)
            if best is None or cost < best[0]:
                best = cost, n, forms
    for n in range(1, 5):
        if time.monotonic() > deadline:
            break
        small = cheapest_forms(task, n) if best is None or best[0] > bound else None
        if small and (best is None or (small[0], n) < best[:2]):
            best = small[0], n, small[1]
    if servers > 3 and (best is None or best[0] > bound):
        left = max(0.0, deadline - time.monotonic())
        found = anneal_forms(task, bound, time_limit=left, seed=seed)
        if found and (best is None or found[0] < best[0]):
            best = found
    if best is None or best[0] >= theorem1_cost:
        return None
    return scheme_of_forms(task, best[2], best[1])

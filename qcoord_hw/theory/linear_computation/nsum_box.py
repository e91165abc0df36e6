"""The N-sum box: what a stabilizer state computes when Weyl operators act on its qudits.

A generator X^x Z^z of the state is a row [z | -x] of the transfer matrix M. Inputs X^a Z^b on the N qudits
change its outcome to y = M (a; b) + e, where e is the outcome without inputs. Generators commute exactly when
M J M^T = 0 (self-orthogonal); with N independent ones (strongly self-orthogonal) the state is complete.
Server s, who holds the qudits q, contributes with V_s, the columns q and N + q of M [Allaix2023]; [Hu2025,
Lemma 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.beyond import StabilizerScheme
from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.task import LinearTask, Reduction

Exponents = tuple[tuple[str, tuple[str, ...]], ...]
"""For each server what its symbols are: `x0` is the X exponent of its first qudit, `z0` the Z exponent."""


@dataclass(frozen=True, eq=False)
class NSumBox:
    """A stabilizer state and who holds its qudits.

    Attributes:
        name: what it is called.
        field: F_d; every qudit has dimension d.
        servers: names of the servers.
        qudits: for each server the qudits it holds, as the file numbers them.
        M: shape (K, 2N): columns of the X exponents of qudits 0..N-1, then of the Z exponents.
        offset: shape (K,): e, the outcomes without inputs.
    """

    name: str
    field: Field
    servers: tuple[str, ...]
    qudits: tuple[tuple[int, ...], ...]
    M: Array
    offset: Array

    @property
    def size(self) -> int:
        """N: qudits in all."""
        return int(self.M.shape[1]) // 2

    @property
    def generators(self) -> tuple[Array, Array]:
        """Exponents x and z of the generators X^x Z^z, shape (K, N) each."""
        return self.field.neg[self.M[:, self.size :]], self.M[:, : self.size]

    @property
    def complete(self) -> bool:
        """Whether M is strongly self-orthogonal: as many independent rows as qudits."""
        return self.field.rank(self.M) == self.size

    @property
    def idle(self) -> tuple[int, ...]:
        """Qudits on which no generator acts: nothing that is done to them shows."""
        used = np.any(self.M.reshape(len(self.M), 2, self.size), axis=(0, 1))
        return tuple(np.flatnonzero(~used).tolist())

    @property
    def matrices(self) -> tuple[Array, ...]:
        """V_s, shape (K, 2 n_s): X exponents of the server's qudits in its order, then Z exponents."""
        return tuple(self.M[:, [*own, *(self.size + q for q in own)]] for own in self.qudits)

    def completion(self) -> Array:
        """Return rows that make M strongly self-orthogonal, shape (N - rank, 2N).

        They are what a complete measurement tells the user besides y.
        """
        return complete_rows(self.field, self.M)[len(self.M) :]

    def computation(self) -> tuple[LinearTask, Exponents]:
        """Return what the box computes as a task, and what the servers' symbols are.

        Exponents on which no outcome depends are no symbols, and a server that has no other is left out.

        Raises:
            InputError: when none is left.
        """
        names, matrices, exponents = [], [], []
        for server, own, v in zip(self.servers, self.qudits, self.matrices, strict=True):
            kept = [k for k, q in enumerate(own) if q not in self.idle]
            n = len(own)
            columns = [k for k in [*kept, *(n + k for k in kept)] if v[:, k].any()]
            if columns:
                names.append(server)
                matrices.append(v[:, columns])
                exponents.append((server, tuple(f"{'xz'[k >= n]}{kept.index(k % n)}" for k in columns)))
        if not names:
            raise InputError("M: zero; allowed is a matrix in which some entry is not")
        return LinearTask(self.name, self.field, tuple(names), tuple(matrices)), tuple(exponents)


def complete_rows(gf: Field, rows: Array) -> Array:
    """Return commuting rows of M with further ones that make their rank N; the given ones stay first.

    What commutes with the rows L among all rows (a, 0), the generators Z^a, is enough: for a Lagrangian A so
    is L + (A & L^perp).
    """
    n = rows.shape[1] // 2
    free = gf.null_space(rows[:, n:])
    whole = np.vstack([rows, np.hstack([free, np.zeros_like(free)])])
    _, independent = gf.rref(whole.T)
    return whole[[*range(len(rows)), *(k for k in independent if k >= len(rows))]]


def conflict(gf: Field, m: Array) -> tuple[int, int] | None:
    """Return the first two rows of M with r J s^T != 0, whose generators do not commute; None if all do."""
    n = m.shape[1] // 2
    product = gf.matmul(m[:, :n], m[:, n:].T)
    pairs = np.argwhere(np.triu(product != product.T))
    return (int(pairs[0][0]), int(pairs[0][1])) if len(pairs) else None


def check_commuting(gf: Field, m: Array, what: str) -> None:
    """Refuse rows whose generators do not commute.

    Args:
        gf: the field.
        m: rows of M.
        what: what a row is called, such as `stabilizers`.

    Raises:
        InputError: naming the first pair.
    """
    if pair := conflict(gf, m):
        one, two = (f"{what}[{k}]" for k in pair)
        raise InputError(
            f"{one} and {two}: do not commute: M is not self-orthogonal, no state has both; allowed are "
            "generators that all commute (what servers compute without a given state is a task file)"
        )


def box_scheme(task: LinearTask, exponents: Sequence[tuple[str, Sequence[str]]]) -> StabilizerScheme:
    """Return the scheme of a given box: its own generators, one instance, symbols as they stand.

    Args:
        task: V_s as `NSumBox.computation` returns it; its rows may be dependent.
        exponents: what the symbols of each server are.

    Returns:
        The scheme for the task of `independent_rows`.

    Raises:
        InputError: when the exponents do not fit the task, or the rows do not commute.
    """
    gf, rows = task.field, independent_rows(task).task
    if tuple(name for name, _ in exponents) != task.servers:
        raise InputError(f"parameters.exponents: allowed are those of {', '.join(task.servers)}, in order")
    sizes: list[int] = []
    encoders: list[Array] = []
    halves: tuple[list[Array], list[Array]] = ([], [])
    for (server, names), v in zip(exponents, rows.matrices, strict=True):
        n = 1 + max((int(name[1:]) for name in names), default=0)
        places = [int(name[1:]) + n * (name[0] == "z") for name in names]
        if len(places) != v.shape[1] or len(set(places)) != len(places):
            raise InputError(
                f"parameters.exponents: {server}: {len(names)}; allowed are {v.shape[1]} distinct ones"
            )
        encoder = np.zeros((2 * n, len(places)), dtype=np.int64)
        encoder[places, range(len(places))] = 1
        columns = gf.matmul(v, encoder.T)
        sizes.append(n)
        encoders.append(encoder)
        halves[0].append(columns[:, :n])
        halves[1].append(columns[:, n:])
    m = np.hstack([*halves[0], *halves[1]])
    check_commuting(gf, m, "parameters.servers: rows")
    scheme = StabilizerScheme(rows, 1, tuple(sizes), m, tuple(encoders), "the stabilizers as given")
    scheme.verify()
    return scheme


def independent_rows(task: LinearTask) -> Reduction:
    """Return a task without dependent rows, its symbols as they stand (unlike `reduce_task`)."""
    gf = task.field
    dependent, rows = gf.rref(task.matrix.T)
    kept = LinearTask(task.name, gf, task.servers, tuple(v[list(rows)] for v in task.matrices))
    notes = () if len(rows) == task.rows else (f"{task.rows - len(rows)} generators are products of others",)
    identity = tuple(np.eye(m, dtype=np.int64) for m in task.sizes)
    return Reduction(kept, rows, np.ascontiguousarray(dependent.T), identity, notes)

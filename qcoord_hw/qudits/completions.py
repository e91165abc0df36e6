"""Which state: the checks of a code completed to n commuting rows, which single out one stabilizer state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qcoord_hw.qudits.graph import DigitCode
from qcoord_hw.theory.linear_computation.field import Array, field_of

MOST = 12
"""Completions of a code that are tried."""


def completions(code: DigitCode, rng: np.random.Generator) -> Iterator[Array]:
    """Yield maximal sets of n commuting rows (read as syndromes of (x, z)) that contain the checks.

    Every other one starts with rows on two servers alone, if there are any, which make states of pairs.
    """
    n, p = len(code.holders), code.p
    servers = list(dict.fromkeys(code.holders))
    pairs = [(a, b) for k, a in enumerate(servers) for b in servers[k + 1 :]]
    places = {place: _columns(code, place) for place in [*pairs, tuple(servers)]}
    known = _Span.of(code.checks, p)
    allowed = {where: _Span.of(_swapped(code.checks)[:, columns], p) for where, columns in places.items()}
    for k in range(MOST if len(code.checks) < n else 1):
        span, new = known, list[Array]()
        order = [pairs[i] for i in rng.permutation(len(pairs))] if k % 2 == 0 else []
        for place in [*order, tuple(servers)]:
            columns, commuting = places[place], allowed[place]
            for row in new:
                commuting = commuting.with_row(_swapped(row)[columns])
            while len(code.checks) + len(new) < n:
                free = commuting.null_space()
                basis = np.zeros((len(free), 2 * n), dtype=np.int64)
                basis[:, columns] = free
                shuffled = basis[rng.permutation(len(basis))]
                outside = np.flatnonzero(span.remainders(shuffled).any(axis=1))
                if not outside.size:
                    break
                new.append(shuffled[outside[0]])
                span = span.with_row(new[-1])
                commuting = commuting.with_row(_swapped(new[-1])[columns])
        yield np.vstack([code.checks, *new])


def _columns(code: DigitCode, place: tuple[int, ...]) -> Array:
    """Return the columns of (x, z) that belong to some servers."""
    inside = np.isin(code.holders, place)
    return np.flatnonzero(np.concatenate([inside, inside]))


def _swapped(rows: Array) -> Array:
    """Return (-z, x) of rows (x, z): what a row has to be orthogonal to, so that it commutes with them."""
    n = rows.shape[-1] // 2
    return np.concatenate([-rows[..., n:], rows[..., :n]], axis=-1)


@dataclass(frozen=True, eq=False)
class _Span:
    """A space of rows over F_p in reduced echelon form, to which rows are added one at a time.

    Attributes:
        p: the prime.
        reduced: a basis, shape (rank, columns), with one unit column for each of its rows.
        pivots: those columns, in the order of the rows.
    """

    p: int
    reduced: Array
    pivots: Array

    @classmethod
    def of(cls, rows: Array, p: int) -> _Span:
        """Return the span of some rows."""
        reduced, pivots = field_of(p).rref(rows % p)
        return cls(p, reduced, np.array(pivots, dtype=np.int64))

    def remainders(self, rows: Array) -> Array:
        """Return what is left of rows without their part in the span: zero where they are inside."""
        return np.asarray((rows - rows[..., self.pivots] @ self.reduced) % self.p)

    def with_row(self, row: Array) -> _Span:
        """Return the span with one row more."""
        rest = self.remainders(row)
        places = np.flatnonzero(rest)
        if not places.size:
            return self
        pivot = places[0]
        rest = rest * field_of(self.p).inv[rest[pivot]] % self.p
        reduced = (self.reduced - np.outer(self.reduced[:, pivot], rest)) % self.p
        return _Span(self.p, np.vstack([reduced, rest]), np.append(self.pivots, pivot))

    def null_space(self) -> Array:
        """Return a basis, as rows, of what is orthogonal to the span: that of `Field.null_space`."""
        n = self.reduced.shape[1]
        free = np.delete(np.arange(n), self.pivots)
        basis = np.zeros((len(free), n), dtype=np.int64)
        basis[np.arange(len(free)), free] = 1
        basis[:, self.pivots] = -self.reduced[:, free].T % self.p
        return basis

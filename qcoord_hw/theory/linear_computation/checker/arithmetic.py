"""Finite fields and linear algebra of the checker's own, from polynomials up.

Symbols of F_{p^r} are integers whose base-p digits are the coefficients, constant term last. Matrices are
lists of rows: most of them are tiny, and on those plain Python is faster than arrays.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from qcoord_hw.theory.claims import brief, is_integer

Rows = list[list[int]]

MAX_ORDER = 256
"""Of a field; the solver's limit as well."""


class ClaimError(ValueError):
    """A claim that does not hold, or cannot be read, so that nothing further can be checked: one line."""


class Arithmetic:
    """Row operations over one field.

    Attributes:
        order: d.
        characteristic: p.
        degree: r.
        add: sums, `add[a][b]`.
        mul: products.
        neg: negatives.
        inv: inverses; `inv[0]` is 0 and means nothing.
    """

    def __init__(self, characteristic: int, modulus: Sequence[int]) -> None:
        """Make the tables.

        Args:
            characteristic: p, a prime.
            modulus: coefficients, highest first, the first 1.

        Raises:
            ClaimError: when the modulus is reducible.
        """
        p, r = characteristic, len(modulus) - 1
        self.order, self.characteristic, self.degree = p**r, p, r
        digits = [[x // p**i % p for i in range(r)] for x in range(self.order)]
        number = {tuple(x): k for k, x in enumerate(digits)}
        self.add = [
            [number[tuple((a + b) % p for a, b in zip(x, y, strict=True))] for y in digits] for x in digits
        ]
        self.mul = [[number[_product(x, y, p, modulus)] for y in digits] for x in digits]
        self.neg = [row.index(0) for row in self.add]
        if not all(1 in row for row in self.mul[1:]):
            raise ClaimError(f"irreducible_poly: reducible over F_{p}")
        self.inv = [0, *(row.index(1) for row in self.mul[1:])]
        self._add, self._mul = np.array(self.add), np.array(self.mul)

    def echelon(self, rows: Rows) -> tuple[Rows, list[int]]:
        """Return the reduced echelon form without zero rows, in order of pivots, and the pivots."""
        add, mul = self.add, self.mul
        done: Rows = []
        pivots: list[int] = []
        for row in rows:
            for other, pivot in zip(done, pivots, strict=True):
                if row[pivot]:
                    times = mul[self.neg[row[pivot]]]
                    row = [add[x][times[y]] for x, y in zip(row, other, strict=True)]
            lead = next((j for j, x in enumerate(row) if x), None)
            if lead is None:
                continue
            times = mul[self.inv[row[lead]]]
            row = [times[x] for x in row]
            for k, other in enumerate(done):
                if other[lead]:
                    times = mul[self.neg[other[lead]]]
                    done[k] = [add[x][times[y]] for x, y in zip(other, row, strict=True)]
            done.append(row)
            pivots.append(lead)
        inorder = sorted(range(len(pivots)), key=pivots.__getitem__)
        return [done[k] for k in inorder], [pivots[k] for k in inorder]

    def rank(self, rows: Rows) -> int:
        """Return the rank of a matrix."""
        return len(self.echelon(rows)[1])

    def product(self, a: Rows, b: Rows) -> Rows:
        """Return a b, where b has at least one row."""
        out = []
        for row in a:
            total = [0] * len(b[0])
            for x, other in zip(row, b, strict=True):
                if x:
                    times = self.mul[x]
                    total = [self.add[t][times[y]] for t, y in zip(total, other, strict=True)]
            out.append(total)
        return out

    def wide_product(self, a: Rows, b: Rows) -> Rows:
        """Return a b for large matrices."""
        left, right = np.array(a), np.array(b)
        out = np.zeros((len(a), right.shape[1]), dtype=np.int64)
        for k in range(len(b)):
            out = self._add[out, self._mul[left[:, k, None], right[k]]]
        return [[int(x) for x in row] for row in out]

    def total(self, terms: Sequence[Rows]) -> Rows:
        """Return the sum of matrices of one shape."""
        return [
            [self._sum(entries) for entries in zip(*rows, strict=True)] for rows in zip(*terms, strict=True)
        ]

    def _sum(self, entries: Sequence[int]) -> int:
        total = 0
        for x in entries:
            total = self.add[total][x]
        return total

    def kernel(self, rows: Rows, width: int) -> Rows:
        """Return a basis of the x with rows x = 0."""
        reduced, pivots = self.echelon(rows)
        basis = []
        for j in (j for j in range(width) if j not in pivots):
            x = [int(i == j) for i in range(width)]
            for row, pivot in zip(reduced, pivots, strict=True):
                x[pivot] = self.neg[row[j]]
            basis.append(x)
        return basis


def _product(x: Sequence[int], y: Sequence[int], p: int, modulus: Sequence[int]) -> tuple[int, ...]:
    """Return the product of two polynomials, constant term first, modulo p and the modulus."""
    r = len(x)
    out = [0] * (2 * r - 1)
    for (i, a), (j, b) in itertools.product(enumerate(x), enumerate(y)):
        out[i + j] += a * b
    for top in range(2 * r - 2, r - 1, -1):
        for k, coefficient in enumerate(modulus):  # x^r + .. = 0, times x^(top - r)
            out[top - k] -= out[top] * coefficient if k else 0
    return tuple(c % p for c in out[:r])


def arithmetic(order: Any, modulus: Any, where: str = "") -> Arithmetic:
    """Return the field of a claimed order and modulus (None for a prime field).

    Raises:
        ClaimError: when they are no prime power up to 256 and an irreducible polynomial that fits.
    """
    if not is_integer(order, 2, MAX_ORDER):
        raise ClaimError(f"{where}field: {brief(order)}; allowed are prime powers from 2 to {MAX_ORDER}")
    p = next(q for q in range(2, order + 1) if order % q == 0)
    r = next(r for r in itertools.count(1) if p**r >= order)
    if p**r != order:
        raise ClaimError(f"{where}field: {order}; allowed are prime powers from 2 to {MAX_ORDER}")
    if r == 1:
        if modulus is not None:
            raise ClaimError(f"{where}irreducible_poly: {brief(modulus)}; allowed is null for a prime field")
        return _tables(p, (1, 0))
    if (
        not isinstance(modulus, list)
        or len(modulus) != r + 1
        or not all(is_integer(x, 0, p - 1) for x in modulus)
        or modulus[0] != 1
    ):
        raise ClaimError(
            f"{where}irreducible_poly: {brief(modulus)}; allowed are {r + 1} coefficients modulo {p}, first 1"
        )
    return _tables(p, tuple(modulus))


@lru_cache(maxsize=64)
def _tables(p: int, modulus: tuple[int, ...]) -> Arithmetic:
    return Arithmetic(p, modulus)


def read_matrix(name: str, value: Any, rows: int, columns: int, order: int) -> Rows:
    """Return a claimed matrix of symbols.

    Raises:
        ClaimError: when it has another shape, or an entry is no symbol.
    """
    if (
        not isinstance(value, list)
        or len(value) != rows
        or not all(isinstance(row, list) and len(row) == columns for row in value)
    ):
        raise ClaimError(f"{name}: {brief(value)}; allowed is a matrix of shape {rows} x {columns}")
    for row in value:
        for x in row:
            if not is_integer(x, 0, order - 1):
                raise ClaimError(f"{name}: {brief(x)}; allowed are symbols 0..{order - 1}")
    return [list(row) for row in value]


def transposed(rows: Rows) -> Rows:
    """Return the transpose of a matrix."""
    return [list(column) for column in zip(*rows, strict=True)]


def side_by_side(parts: Sequence[Rows]) -> Rows:
    """Return matrices of equally many rows beside each other."""
    return [list(itertools.chain(*rows)) for rows in zip(*parts, strict=True)]

"""Finite fields F_d as lookup tables, and linear algebra on arrays of symbols.

The solvers here handle thousands of small matrices, so arithmetic is kept as tables of plain integers.
Symbols are numbered as in galois, which the tests compare with: the base-p digits of a symbol are its
coefficients, constant term last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_integer, short_repr

MAX_ORDER = 256

CONWAY = {
    4: (1, 1, 1),
    8: (1, 0, 1, 1),
    9: (1, 2, 2),
    16: (1, 0, 0, 1, 1),
    25: (1, 4, 2),
    27: (1, 0, 2, 1),
    32: (1, 0, 0, 1, 0, 1),
    49: (1, 6, 3),
    64: (1, 0, 1, 1, 0, 1, 1),
    81: (1, 2, 0, 0, 2),
    121: (1, 7, 2),
    125: (1, 0, 3, 3),
    128: (1, 0, 0, 0, 0, 0, 1, 1),
    169: (1, 12, 2),
    243: (1, 0, 0, 0, 2, 1),
    256: (1, 0, 0, 0, 1, 1, 1, 0, 1),
}
"""Conway polynomials, highest coefficient first."""

Array = npt.NDArray[np.int64]
"""An array of symbols 0..d-1 (or of base-p digits)."""


def prime_power(order: int) -> tuple[int, int] | None:
    """Return (p, r) with order = p^r and p prime, or None.

    >>> prime_power(8), prime_power(6)
    ((2, 3), None)
    """
    p = next((q for q in range(2, order + 1) if order % q == 0), 0)
    r = 1
    while p and p**r < order:
        r += 1
    return (p, r) if p and p**r == order else None


@dataclass(frozen=True, eq=False)
class Field:
    """The field F_d with d = p^r.

    Attributes:
        order: d.
        characteristic: p.
        degree: r.
        irreducible_poly: coefficients of the modulus, highest first (r + 1 of them; x for prime fields).
        add: shape (d, d): sums.
        mul: shape (d, d): products.
        neg: shape (d,): negatives.
        inv: shape (d,): inverses; `inv[0]` is 0 and means nothing.
        trace: shape (d,): traces to F_p.
    """

    order: int
    characteristic: int
    degree: int
    irreducible_poly: tuple[int, ...]
    add: Array = field(repr=False)
    mul: Array = field(repr=False)
    neg: Array = field(repr=False)
    inv: Array = field(repr=False)
    trace: Array = field(repr=False)

    def matmul(self, a: Array, b: Array) -> Array:
        """Return the product of matrices; leading axes broadcast as in `numpy.matmul`."""
        if self.degree == 1:
            return np.asarray((a @ b) % self.order)
        products = self.mul[a[..., :, :, None], b[..., None, :, :]]
        if self.characteristic == 2:
            return np.asarray(np.bitwise_xor.reduce(products, axis=-2))
        return self.undigits(self.digits(products).sum(axis=-3))

    def total(self, terms: Sequence[Array]) -> Array:
        """Return the sum of arrays of one shape."""
        out = np.zeros_like(terms[0])
        for term in terms:
            out = self.add[out, term]
        return out

    def digits(self, a: Array) -> Array:
        """Return coefficients in the basis 1, x, .., x^(r-1): shape (.., r), constant term first."""
        return np.asarray(a[..., None] // self.characteristic ** np.arange(self.degree)) % self.characteristic

    def undigits(self, digits: Array) -> Array:
        """Return the symbols with these coefficients (taken modulo p); the inverse of `digits`."""
        return np.asarray((digits % self.characteristic) @ self.characteristic ** np.arange(self.degree))

    def rref(self, a: Array) -> tuple[Array, tuple[int, ...]]:
        """Return the reduced row echelon form without its zero rows, and the pivot columns."""
        a = np.array(a, dtype=np.int64)
        pivots: list[int] = []
        for column in range(a.shape[1]):
            row = len(pivots)
            below = np.flatnonzero(a[row:, column])
            if below.size == 0:
                continue
            a[[row, row + below[0]]] = a[[row + below[0], row]]
            a[row] = self.mul[self.inv[a[row, column]], a[row]]
            others = np.flatnonzero(a[:, column])
            others = others[others != row]
            a[others] = self.add[a[others], self.mul[self.neg[a[others, column]][:, None], a[row]]]
            pivots.append(column)
            if len(pivots) == a.shape[0]:
                break
        return a[: len(pivots)], tuple(pivots)

    def rank(self, a: Array) -> int:
        """Return the rank of a matrix."""
        return len(self.rref(a)[1])

    def null_space(self, a: Array) -> Array:
        """Return a basis, as rows, of the vectors x with a x = 0: shape (n - rank, n)."""
        reduced, pivots = self.rref(a)
        n = a.shape[1]
        free = [j for j in range(n) if j not in pivots]
        basis = np.zeros((len(free), n), dtype=np.int64)
        basis[np.arange(len(free)), free] = 1
        if pivots:
            basis[:, list(pivots)] = self.neg[reduced[:, free].T]
        return basis

    def solve(self, a: Array, b: Array) -> Array | None:
        """Return one x with a x = b (b a vector or a matrix of columns), or None."""
        right = b.reshape(a.shape[0], -1)
        reduced, pivots = self.rref(np.hstack([a, right]))
        n = a.shape[1]
        if any(p >= n for p in pivots):
            return None
        x = np.zeros((n, right.shape[1]), dtype=np.int64)
        x[list(pivots)] = reduced[:, n:]
        return x.reshape((n, *b.shape[1:]))

    def inverse(self, a: Array) -> Array:
        """Return the inverse of a square matrix.

        Raises:
            ValueError: when it is singular.
        """
        x = self.solve(a, np.eye(len(a), dtype=np.int64))
        if x is None:
            raise ValueError("singular matrix")
        return x

    def dual_basis(self, basis: Array) -> Array:
        """Return the basis b* of F_d over F_p with tr(b_i b*_j) = [i = j]; shapes (r,)."""
        gram = self.trace[self.mul[basis[:, None], self.power_basis[None, :]]]
        coefficients = field_of(self.characteristic).inverse(gram)  # column j: b*_j in the power basis
        return self.undigits(coefficients.T)

    @property
    def power_basis(self) -> Array:
        """The basis 1, x, .., x^(r-1), as symbols."""
        return np.asarray(self.characteristic ** np.arange(self.degree))


def field_of(order: object, irreducible_poly: Sequence[int] | None = None) -> Field:
    """Return the field of a given order.

    Args:
        order: d, a prime power from 2 to 256.
        irreducible_poly: its modulus over F_p, coefficients highest first; the Conway polynomial if omitted.

    Raises:
        InputError: naming `field` with the nearest prime powers, or `irreducible_poly`.
    """
    if (
        not isinstance(order, int)
        or isinstance(order, bool)
        or order > MAX_ORDER
        or prime_power(order) is None
    ):
        raise InputError(
            f"field: {short_repr(order)}; allowed are prime powers from 2 to {MAX_ORDER}{_near(order)}"
        )
    if irreducible_poly is None:
        return _field(order, None)
    p, r = prime_power(order) or (0, 0)
    for k, coefficient in enumerate(irreducible_poly):
        check_integer(f"irreducible_poly[{k}]", coefficient, 0, p - 1)
    if len(irreducible_poly) != r + 1 or irreducible_poly[0] != 1:
        raise InputError(
            f"irreducible_poly: {list(irreducible_poly)}; allowed are {r + 1} coefficients, the first 1"
        )
    return _field(order, tuple(irreducible_poly))


def _near(order: object) -> str:
    if not isinstance(order, int) or isinstance(order, bool):
        return ""
    powers = [q for q in range(2, MAX_ORDER + 1) if prime_power(q)]
    near = {
        max((q for q in powers if q < order), default=2),
        min((q for q in powers if q > order), default=MAX_ORDER),
    }
    return f", the nearest {' and '.join(map(str, sorted(near)))}"


@lru_cache(maxsize=64)
def _field(order: int, irreducible_poly: tuple[int, ...] | None) -> Field:
    p, r = prime_power(order) or (0, 0)
    symbols = np.arange(order, dtype=np.int64)
    modulus = (1, 0) if r == 1 else irreducible_poly or CONWAY[order]
    digits = symbols[:, None] // p ** np.arange(r) % p
    add = (digits[:, None] + digits) % p @ p ** np.arange(r)
    mul = _products(p, digits, modulus)
    if not (mul == 1).any(axis=1)[1:].all():  # a ring without inverses is no field
        raise InputError(
            f"irreducible_poly: {list(modulus)} is reducible over F_{p}; allowed is an irreducible one"
        )
    neg = np.argmin(add, axis=1)
    inv = np.where(symbols > 0, np.argmax(mul == 1, axis=1), 0)
    power, trace = symbols, symbols
    for _ in range(r - 1):
        base = power
        for _ in range(p - 1):
            power = mul[power, base]
        trace = add[trace, power]
    for table in (add, mul, neg, inv, trace):
        table.setflags(write=False)
    return Field(order, p, r, modulus, add, mul, neg, inv, trace)


def _products(p: int, digits: Array, modulus: tuple[int, ...]) -> Array:
    """Return the product of all pairs of symbols, shape (p^r, p^r), from their coefficients (p^r, r)."""
    r = digits.shape[1]
    total = np.zeros((len(digits), len(digits), r), dtype=np.int64)
    power = digits  # of each symbol times x^k
    low = np.array(modulus[:0:-1])
    for k in range(r):
        total += digits[:, None, k, None] * power
        power = (np.pad(power[:, :-1], ((0, 0), (1, 0))) - power[:, -1:] * low) % p
    return np.asarray(total % p @ p ** np.arange(r))

"""Extensions of a state by further copies of its systems, and their partial transposes, as linear maps.

An extension of rho lives on the tensor product, over the parties, of the symmetric subspaces of each
party's copies. Nothing here is ever written on the full space but the certificate: the basis states of a
symmetric subspace are types (how many copies are in each letter), and every entry of a partial transpose is
one entry of the extension times a weight, so that all maps are sparse.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Matrix = npt.NDArray[np.complex128]
Transpose = tuple[int, ...]
"""How many copies of each party are transposed; copies can be exchanged, so that only the number counts."""


class Coordinates:
    """Real coordinates of the Hermitian (or real symmetric) matrices of one size.

    They are the lower triangle, column by column, off-diagonal entries times sqrt(2) and, unless real, as
    (real, imaginary) pairs: the order of `scs`, in which the dot product is the trace of the product.

    Attributes:
        row, column: entry of each coordinate; row >= column.
        imaginary: whether the coordinate is an imaginary part.
        scale: coordinate over entry: 1 on the diagonal, sqrt(2) off it.
        position: position[row, column] is where the entry's real part is.
    """

    def __init__(self, size: int, real: bool) -> None:
        """Number the coordinates of the matrices of this size."""
        column, row = np.triu_indices(size)
        parts = np.where((row == column) | real, 1, 2)
        self.size, self.real = size, real
        self.position = np.zeros((size, size), dtype=np.intp)
        self.position[row, column] = np.cumsum(parts) - parts
        self.row, self.column = np.repeat(row, parts), np.repeat(column, parts)
        self.imaginary = np.arange(parts.sum()) != self.position[self.row, self.column]
        self.scale = np.where(self.row == self.column, 1.0, math.sqrt(2))

    def of(self, matrix: npt.NDArray[np.complexfloating | np.floating]) -> Array:
        """Return the coordinates of a Hermitian matrix."""
        entries = matrix[self.row, self.column]
        return np.asarray(self.scale * np.where(self.imaginary, entries.imag, entries.real), dtype=float)

    def matrix(self, vector: Array) -> Matrix:
        """Return the Hermitian matrix with these coordinates, exactly Hermitian."""
        lower = np.zeros((self.size, self.size), dtype=complex)
        np.add.at(lower, (self.row, self.column), vector / self.scale * np.where(self.imaginary, 1j, 1))
        return lower + np.tril(lower, -1).conj().T


@dataclass(frozen=True)
class Extension:
    """The extensions of a state with given dimensions to given numbers of copies.

    Attributes:
        dims: dimension of each party's system.
        copies: how many copies of it the extension has, 1 or more.
        real: whether real symmetric matrices suffice (they do for a real state: the real part of an
            extension of it is another).
    """

    dims: tuple[int, ...]
    copies: tuple[int, ...]
    real: bool

    @property
    def size(self) -> int:
        """Dimension of the space of the extension."""
        return math.prod(math.comb(d + k - 1, k) for d, k in zip(self.dims, self.copies, strict=True))

    @cached_property
    def coordinates(self) -> Coordinates:
        """Coordinates of the extension."""
        return Coordinates(self.size, self.real)

    @cached_property
    def transposes(self) -> tuple[Transpose, ...]:
        """All partial transposes but none at all, one of each pair of complements (same spectrum)."""
        counts = itertools.product(*(range(k + 1) for k in self.copies))
        return tuple(t for t in counts if any(t) and t <= self._complement(t))

    def _complement(self, transpose: Transpose) -> Transpose:
        return tuple(k - m for k, m in zip(self.copies, transpose, strict=True))

    def transposed_size(self, transpose: Transpose) -> int:
        """Dimension of the space on which this partial transpose acts."""
        split = zip(self.dims, self.copies, transpose, strict=True)
        return math.prod(math.comb(d + m - 1, m) * math.comb(d + k - m - 1, k - m) for d, k, m in split)

    def reduction(self) -> scipy.sparse.csr_matrix:
        """Return the partial trace over all copies but the first of each party, between coordinates."""
        target, weight = self._split((1,) * len(self.dims))
        kept, rest = target.shape
        a, b, c = (x.ravel() for x in np.meshgrid(range(kept), range(kept), range(rest), indexing="ij"))
        a, b, c = a[a >= b], b[a >= b], c[a >= b]
        return self._map(
            Coordinates(kept, self.real), a, b, target[a, c], target[b, c], weight[a, c] * weight[b, c]
        )

    def partial_transpose(self, transpose: Transpose) -> scipy.sparse.csr_matrix:
        """Return the partial transpose of the first copies, so many of each party, between coordinates.

        The image is on (types of all transposed copies, types of the others), transposed ones first.
        """
        target, weight = self._split(transpose)
        coordinates = Coordinates(target.size, self.real)
        row, column = np.tril_indices(target.size)
        (a, b), (c, d) = (np.divmod(x, target.shape[1]) for x in (row, column))
        return self._map(coordinates, row, column, target[c, b], target[a, d], weight[c, b] * weight[a, d])

    def _split(self, transpose: Transpose) -> tuple[Indices, Array]:
        """Return where (types of some copies, types of the others) lie in the symmetric basis, and weights.

        A symmetric state of all copies of type t is the sum over a + b = t of weight[a, b] |a>|b>.
        """
        target, weight = np.zeros((1, 1), dtype=np.intp), np.ones((1, 1))
        for d, k, m in zip(self.dims, self.copies, transpose, strict=True):
            index = {t: i for i, t in enumerate(_types(d, k))}
            first, second = list(_types(d, m)), list(_types(d, k - m))
            sums = [[tuple(map(sum, zip(a, b, strict=True))) for b in second] for a in first]
            own = np.array([[index[t] for t in line] for line in sums], dtype=np.intp)
            orders = [
                [_orders(a) * _orders(b) / _orders(t) for b, t in zip(second, line, strict=True)]
                for a, line in zip(first, sums, strict=True)
            ]
            target = _outer(np.add, target * len(index), own)
            weight = _outer(np.multiply, weight, np.sqrt(orders))
        return target, weight

    def _map(
        self, image: Coordinates, row: Indices, column: Indices, p: Indices, q: Indices, weight: Array
    ) -> scipy.sparse.csr_matrix:
        """Return, between coordinates, the map with image[row, column] += weight * extension[p, q]."""
        high, low = np.maximum(p, q), np.minimum(p, q)
        weight = weight * np.where(row == column, 1, math.sqrt(2)) / np.where(p == q, 1, math.sqrt(2))
        to, come = image.position[row, column], self.coordinates.position[high, low]
        if not self.real:
            both = (row != column) & (p != q)
            sign = np.where(p > q, 1, -1)
            weight = np.concatenate([weight, (sign * weight)[both]])
            to, come = np.concatenate([to, to[both] + 1]), np.concatenate([come, come[both] + 1])
        shape = (len(image.row), len(self.coordinates.row))
        return scipy.sparse.csr_matrix((weight, (to, come)), shape=shape)

    def lift(self, transpose: Transpose, matrix: Matrix) -> Matrix:
        """Return a matrix on the image of `partial_transpose` as one on all copies, party by party."""
        split = list(zip(self.dims, self.copies, transpose, strict=True))
        place = {
            word: i
            for i, word in enumerate(itertools.product(
                *(_types(d, m) for d, _, m in split), *(_types(d, k - m) for d, k, m in split)
            ))
        }  # fmt: skip
        index, weight = [], []
        for words in itertools.product(*(itertools.product(range(d), repeat=k) for d, k, _ in split)):
            own = [_type(w[:m], d) for w, (d, _, m) in zip(words, split, strict=True)]
            own += [_type(w[m:], d) for w, (d, _, m) in zip(words, split, strict=True)]
            index.append(place[tuple(own)])
            weight.append(1 / math.sqrt(math.prod(map(_orders, own))))
        return np.asarray(np.outer(weight, weight) * matrix[np.ix_(index, index)])


def _types(d: int, k: int) -> Iterator[tuple[int, ...]]:
    """Yield the types of k copies of d letters: how many copies are in each letter.

    For one copy they come in the order of the letters.
    """
    for word in itertools.combinations_with_replacement(range(d), k):
        yield _type(word, d)


def _type(word: tuple[int, ...], d: int) -> tuple[int, ...]:
    return tuple(word.count(letter) for letter in range(d))


def _orders(kind: tuple[int, ...]) -> int:
    """Return in how many orders the copies of a type can stand."""
    return math.factorial(sum(kind)) // math.prod(map(math.factorial, kind))


def _outer(combine: np.ufunc, left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return combine(left[a, b], right[c, d]) at [(a, c), (b, d)]."""
    table = combine(left[:, None, :, None], right[None, :, None, :])
    return np.asarray(table.reshape(left.shape[0] * right.shape[0], left.shape[1] * right.shape[1]))

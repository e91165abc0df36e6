"""Pauli expansions of states and observables, and few local bases that read all their terms.

A Pauli string on k qubits is a pair of masks (x, z): the letter of a qubit is X where only x has its bit, Z
where only z has it and Y where both have. The first qubit is the most significant bit, as in the index of a
vector.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
IntArray = npt.NDArray[np.int64]

NEGLIGIBLE = 1e-8
"""Coefficients up to here are rounding errors."""

CELLS = 30_000_000
"""Bases times strings up to which all bases are tried for a covering."""

_ROWS = 64
_LETTERS = {"X": (1, 0), "Y": (1, 1), "Z": (0, 1)}


@dataclass(frozen=True, eq=False)
class PauliSum:
    """Pauli strings with a number each.

    Attributes:
        size: k, the number of qubits.
        x: shape (terms,): masks of the strings.
        z: shape (terms,): masks of the strings.
        values: shape (terms,): coefficients, or expectation values.
    """

    size: int
    x: IntArray
    z: IntArray
    values: FloatArray

    @property
    def support(self) -> IntArray:
        """Masks of the qubits on which the strings act, shape (terms,)."""
        return self.x | self.z

    def take(self, which: npt.NDArray[np.bool_] | IntArray) -> PauliSum:
        """Return some of the terms."""
        return PauliSum(self.size, self.x[which], self.z[which], self.values[which])

    def scaled(self, factor: float) -> PauliSum:
        """Return the terms with their numbers multiplied by a factor."""
        return PauliSum(self.size, self.x, self.z, self.values * factor)


def walsh_hadamard(values: ComplexArray) -> ComplexArray:
    """Return sum_i (-1)^(z.i) values[.., i] for every z; the last axis has length 2^k."""
    size = values.shape[-1].bit_length() - 1
    first, second = _hadamard(size - size // 2), _hadamard(size // 2)
    blocks = values.reshape(*values.shape[:-1], len(first), len(second))
    return np.asarray((first @ blocks @ second).reshape(values.shape))


def _hadamard(size: int) -> FloatArray:
    """Return the matrix of (-1)^(z.i), shape (2^k, 2^k)."""
    index = np.arange(2**size)
    return np.asarray(1 - 2 * (np.bitwise_count(index[:, None] & index) & 1).astype(np.float64))


def expectations(branches: ComplexArray) -> PauliSum:
    """Return tr(P rho) of every Pauli string, rho = sum of outer products of the columns; zeros are left out.

    Args:
        branches: shape (2^k, e).
    """
    size = len(branches).bit_length() - 1

    def rows(x: IntArray) -> ComplexArray:
        flipped = branches[np.arange(len(branches)) ^ x[:, None]]
        return np.asarray(np.einsum("ie,xie->xi", branches, flipped.conj()))

    return _collect(size, ((x, rows(x)) for x in _chunks(len(branches))))


def expansion(matrix: ComplexArray) -> PauliSum:
    """Return c_P of a Hermitian matrix = sum c_P P, shape (2^k, 2^k); negligible ones are left out."""
    dimension = len(matrix)
    index = np.arange(dimension)
    found = _collect(
        dimension.bit_length() - 1,
        ((x, matrix[index, index ^ x[:, None]]) for x in _chunks(dimension)),
    )
    return found.scaled(1 / dimension)


def matrix_of(strings: PauliSum) -> ComplexArray:
    """Return the sum of the strings with their numbers, shape (2^k, 2^k): the inverse of `expansion`."""
    index = np.arange(2**strings.size)
    matrix = np.zeros((len(index), len(index)), dtype=complex)
    for x, z, value in zip(strings.x, strings.z, strings.values, strict=True):
        signs = 1 - 2 * (np.bitwise_count(index & z) & 1).astype(float)
        matrix[index ^ x, index] += value * 1j ** (int(x & z).bit_count() % 4) * signs
    return matrix


def expectation(branches: ComplexArray, x: int, z: int) -> float:
    """Return tr(P rho) of one Pauli string; see `expectations`."""
    index = np.arange(len(branches))
    overlaps = (branches * branches[index ^ x].conj()).sum(axis=1)
    signs = 1 - 2 * (np.bitwise_count(index & z) & 1).astype(float)
    return float((1j ** ((x & z).bit_count() % 4) * (signs * overlaps).sum()).real)


def _chunks(dimension: int) -> Iterator[IntArray]:
    for start in range(0, dimension, _ROWS):
        yield np.arange(start, min(start + _ROWS, dimension), dtype=np.int64)


def _collect(size: int, rows: Iterable[tuple[IntArray, ComplexArray]]) -> PauliSum:
    """Return the sum over i of M[i, i^x] (-1)^(z.i) i^|x and z| for all x, z, from the entries M[i, i^x]."""
    parts = []
    z = np.arange(2**size, dtype=np.int64)
    for x, entries in rows:
        some = np.abs(entries).max(axis=1) > 0
        x, entries = x[some], entries[some]
        phases = 1j ** (np.bitwise_count(x[:, None] & z) % 4)
        values = np.asarray((phases * walsh_hadamard(entries)).real)
        at, which = np.nonzero(np.abs(values) > NEGLIGIBLE)
        parts.append((x[at], z[which], values[at, which]))
    xs, zs, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return PauliSum(size, xs, zs, values)


def masks(basis: str) -> tuple[int, int]:
    """Return the masks of the full string that a basis reads.

    >>> masks("XZY")
    (5, 3)
    """
    x = z = 0
    for letter in basis:
        one, other = _LETTERS[letter]
        x, z = 2 * x + one, 2 * z + other
    return x, z


def reads(bases: Sequence[str], strings: PauliSum) -> npt.NDArray[np.bool_]:
    """Return whether each basis has the letters of each string where that acts, shape (bases, strings)."""
    pairs = np.array([masks(basis) for basis in bases], dtype=np.int64).reshape(-1, 2)
    return _reads(pairs[:, :1], pairs[:, 1:], strings)


def _reads(x: IntArray, z: IntArray, strings: PauliSum) -> npt.NDArray[np.bool_]:
    differ = (x ^ strings.x) | (z ^ strings.z)
    return np.asarray(differ & strings.support == 0)


def all_bases(size: int) -> list[str]:
    """Return the 3^k bases of k qubits."""
    return ["".join(letters) for letters in itertools.product("XYZ", repeat=size)]


def cover(strings: PauliSum, limit: int, given: Sequence[str] = ()) -> list[str] | None:
    """Return bases that together read all strings, those given first; None if it takes more than `limit`.

    Greedy: the basis that reads most of what is left; where there are too many bases to try, the first that a
    string still fits into.
    """
    bases = list(given)
    if len(strings.x) > limit * 2**strings.size:  # no basis reads more than 2^k
        return None
    if bases:
        strings = strings.take(np.asarray(~reads(bases, strings).any(axis=0)))
    if not len(strings.x):
        return bases if len(bases) <= limit else None
    letters = ["".join(a for a in "XYZ" if _used(strings, q, a)) or "Z" for q in range(strings.size)]
    if math.prod(map(len, letters)) * len(strings.x) > CELLS:
        return _first_fit(strings, limit, bases)
    candidates = ["".join(c) for c in itertools.product(*letters)]
    table = reads(candidates, strings)
    gain = table.sum(axis=1)
    while len(strings.x) and gain.max() > 0:
        if len(bases) >= limit:
            return None
        best = int(gain.argmax())
        bases.append(candidates[best])
        new = np.asarray(table[best])
        gain = gain - table[:, new].sum(axis=1)
        table = table & ~new
    return bases


def _used(strings: PauliSum, qubit: int, letter: str) -> bool:
    """Return whether some string has this letter on a qubit."""
    shift = strings.size - 1 - qubit
    x, z = _LETTERS[letter]
    return bool(((strings.x >> shift & 1 == x) & (strings.z >> shift & 1 == z)).any())


def _first_fit(strings: PauliSum, limit: int, bases: list[str]) -> list[str] | None:
    order = np.argsort(-np.bitwise_count(strings.support).astype(np.int64), kind="stable")
    x = z = filled = np.zeros(0, dtype=np.int64)
    for i in order:
        px, pz = strings.x[i], strings.z[i]
        acts = px | pz
        fits = np.flatnonzero((((x ^ px) | (z ^ pz)) & acts & filled) == 0)
        if len(fits):
            j = fits[0]
            x[j], z[j], filled[j] = x[j] | px, z[j] | pz, filled[j] | acts
        elif len(bases) + len(x) >= limit:
            return None
        else:
            x, z, filled = np.append(x, px), np.append(z, pz), np.append(filled, acts)
    return bases + [_text(strings.size, int(a), int(b)) for a, b in zip(x, z, strict=True)]


def _text(size: int, x: int, z: int) -> str:
    """Return the basis that reads a string; Z where the string does not act."""
    names = {(1, 0): "X", (1, 1): "Y", (0, 1): "Z", (0, 0): "Z"}
    return "".join(names[(x >> q) & 1, (z >> q) & 1] for q in reversed(range(size)))

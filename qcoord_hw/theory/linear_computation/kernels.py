"""Is there a k-dimensional kernel? Exhaustive, so that a no is a proof.

rank(R) <= K - k for R = sum V_s P_s V_s^T iff R N = 0 for some k-dimensional N. For fixed N this is linear in
the P_s; what remains is to find an admissible element of that linear space. N grows by one vector of its
reduced echelon form at a time (every subspace is met once), and a partial N whose linear space holds no
admissible element is dropped together with all that contain it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from qcoord_hw.theory.linear_computation.arrangement import Arrangement
from qcoord_hw.theory.linear_computation.field import Array
from qcoord_hw.theory.linear_computation.stacks import null_spaces, product, ranks

SAMPLES = 24  # random elements tried before a linear space is searched in full
GLANCE = 2048  # elements looked at before a partial kernel is kept unproved
CHUNK = 1 << 22  # numbers held at a time


class UndecidedError(Exception):
    """The search ended before it was complete."""


@dataclass
class KernelSearch:
    """One exhaustive search.

    Attributes:
        arrangement: what is searched.
        k: dimension of the kernel wanted.
        rng: for random elements; the answer does not depend on it.
        turn: about how many elements may be looked at.
        late: whether to give up.
        visited: number of partial kernels met, by dimension.
    """

    arrangement: Arrangement
    k: int
    rng: np.random.Generator
    turn: int
    late: Callable[[], bool]
    visited: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Lay the P_s out as one vector, small ones first, free ones last; R is linear in it."""
        gf, spaces = self.arrangement.field, self.arrangement.spaces
        self.visited = [0] * (self.k + 1)
        floors = self.arrangement.floors
        self.order = sorted(range(len(spaces)), key=lambda s: (floors[s] == 0, spaces[s].shape[1]))
        self.sizes = [spaces[s].shape[1] for s in self.order]
        self.floors = [floors[s] for s in self.order if floors[s]]
        self.slots = np.cumsum([0] + [m * m for m in self.sizes])
        units = [
            gf.mul[v.T[:, None, :, None], v.T[None, :, None, :]].reshape(v.shape[1] ** 2, len(v), len(v))
            for v in (spaces[s] for s in self.order)
        ]
        self.units = np.concatenate(units)  # (sum m_s^2, K, K): R of each unit vector

    def run(self) -> list[Array] | None:
        """Return admissible P_s whose sum has a k-dimensional kernel, or None when there are none.

        Raises:
            UndecidedError: when it cannot be decided in this turn.
        """
        found = self._grow(np.eye(int(self.slots[-1]), dtype=np.int64), self.units, [])
        return None if found is None else self.unpack(found)

    def unpack(self, element: Array) -> list[Array]:
        """Return the P_s of a vector, in the order of the arrangement."""
        parts = np.split(element, self.slots[1:-1])
        p = {s: x.reshape(m, m) for s, x, m in zip(self.order, parts, self.sizes, strict=True)}
        return [p[s] for s in range(len(p))]

    def _grow(self, basis: Array, sums: Array, pivots: list[int]) -> Array | None:
        """Extend a kernel whose linear space has this basis (with these R) to dimension k."""
        gf, dimension = self.arrangement.field, len(pivots)
        if dimension == self.k:
            return self.element(basis, None)
        last = pivots[-1] if pivots else self.arrangement.rows
        for pivot in range(last - 1, self.k - dimension - 2, -1):
            for vectors in self._vectors(pivot, pivots, sums.size // len(sums[0])):
                images = product(gf, sums, vectors.T)  # R x for the basis, each x
                for members, nulls in null_spaces(gf, images.transpose(2, 1, 0)):
                    self.visited[dimension + 1] += len(members)
                    for null in nulls[self._promising(nulls, basis)]:
                        smaller = product(gf, null, basis)
                        inside = product(gf, null, sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:])
                        if dimension + 1 < self.k and self.element(smaller, GLANCE) is None:
                            continue
                        found = self._grow(smaller, inside, [*pivots, pivot])
                        if found is not None:
                            return found
        return None

    def _spend(self, elements: int) -> None:
        self.turn -= elements
        if self.turn < 0 or self.late():
            raise UndecidedError

    def _vectors(self, pivot: int, pivots: list[int], weight: int) -> Iterator[Array]:
        """Yield stacks of the vectors with this leading entry that keep the echelon form reduced."""
        d, rows = self.arrangement.field.order, self.arrangement.rows
        free = [j for j in range(pivot + 1, rows) if j not in pivots]
        step = CHUNK // max(weight * rows, 2 * SAMPLES * int(self.slots[-1]))
        for tail in _words(d, len(free), max(1, step)):
            out = np.zeros((len(tail), rows), dtype=np.int64)
            out[:, pivot] = 1
            out[:, free] = tail
            yield out

    def _promising(self, nulls: Array, basis: Array) -> Array:
        """Return which of many linear spaces (members, n, len(basis)) may hold an admissible element."""
        self._spend(nulls.shape[0])
        gf, (count, n) = self.arrangement.field, nulls.shape[:2]
        if n == 0:  # the zero element alone
            return np.arange(0 if self.floors else count)
        if gf.order**n > 2 * SAMPLES:
            return np.arange(count)
        coefficients = np.concatenate(list(_lines(gf.order, n)))
        elements = product(gf, gf.matmul(coefficients, nulls), basis).reshape(-1, basis.shape[1])
        good = self._admissible(elements).reshape(count, len(coefficients))
        return np.flatnonzero(good.any(axis=1))

    def _admissible(self, elements: Array) -> Array:
        """Return for each element whether all its blocks have the rank they need."""
        good = np.ones(len(elements), dtype=bool)
        for s, floor in enumerate(self.floors):
            good[good] = self._enough(elements[good, self.slots[s] : self.slots[s + 1]], s, floor)
        return good

    def _enough(self, flat: Array, s: int, floor: int) -> Array:
        m = self.sizes[s]
        return np.asarray(ranks(self.arrangement.field, flat.reshape(-1, m, m)) >= floor)

    def _alone(self, block: Array, random: Array, s: int, floor: int) -> bool:
        """Whether one block, by itself, can have the rank it needs.

        A minor of size f is a polynomial of degree f in the coordinates; if it does not vanish everywhere, it
        does not vanish at some combination of f basis elements.
        """
        if self._enough(random[:, self.slots[s] : self.slots[s + 1]], s, floor).any():
            return True
        gf = self.arrangement.field
        small, _ = gf.rref(block)
        size = min(floor, len(small))
        for subset in itertools.combinations(range(len(small)), size):
            for words in _lines(gf.order, size):
                self._spend(len(words))
                if self._enough(product(gf, words, small[list(subset)]), s, floor).any():
                    return True
        return False

    def samples(self, kernel: Array) -> Array:
        """Return random admissible elements, at most SAMPLES, with R x = 0 for the rows x of a matrix."""
        gf = self.arrangement.field
        if not len(self.units):  # on the dual side a server alone in its block has nothing left to choose
            return np.zeros((0, 0), dtype=np.int64)
        images = product(gf, self.units, kernel.T).reshape(len(self.units), -1)
        basis = gf.null_space(images.T)
        random = product(gf, self.rng.integers(gf.order, size=(SAMPLES, len(basis))), basis)
        return random[self._admissible(random)]

    def element(self, basis: Array, budget: int | None) -> Array | None:
        """Return an admissible element of a linear space, or None if there is none.

        With a budget, gives up after about so many elements and returns one that may not be admissible.
        Without, it is exact.
        """
        gf = self.arrangement.field
        self._spend(SAMPLES)
        random = product(gf, self.rng.integers(gf.order, size=(SAMPLES, len(basis))), basis)
        good = np.flatnonzero(self._admissible(random))
        if good.size:
            return np.asarray(random[good[0]])
        for s, floor in enumerate(self.floors):
            if not self._alone(basis[:, self.slots[s] : self.slots[s + 1]], random, s, floor):
                return None
        echelon, pivots = gf.rref(basis)
        ends = np.searchsorted(pivots, self.slots[1:])  # basis vectors that reach the blocks so far
        spent = [0]

        def extend(partial: Array, s: int) -> Array | None:
            """Elements agreeing with `partial` (rows of coefficients) on blocks before s."""
            if s == len(self.floors):
                return np.asarray(product(gf, partial[:1], echelon)[0])
            start, end = (int(ends[s - 1]) if s else 0), int(ends[s])
            for stack in self._extensions(partial, start, end, len(echelon)):
                spent[0] += len(stack)
                self._spend(len(stack))
                if budget is not None and spent[0] > budget:
                    return np.asarray(basis[0])
                inside = product(gf, stack[:, :end], echelon[:end, self.slots[s] : self.slots[s + 1]])
                stack = stack[self._enough(inside, s, self.floors[s])]
                found = extend(stack, s + 1) if len(stack) else None
                if found is not None:
                    return found
            return None

        return extend(np.zeros((1, len(echelon)), dtype=np.int64), 0)

    def _extensions(self, partial: Array, start: int, end: int, width: int) -> Iterator[Array]:
        """Yield the coefficient rows that continue `partial` in columns start..end."""
        d = self.arrangement.field.order
        if start == end:
            yield partial
            return
        if start == 0:  # up to scale
            words: Iterator[Array] = _lines(d, end)
        else:
            words = _words(d, end - start, 4096)
        for word in words:
            step = max(1, 8192 // len(word))
            for i in range(0, len(partial), step):
                head = partial[i : i + step]
                out = np.repeat(head, len(word), axis=0)
                out[:, start:end] = np.tile(word, (len(head), 1))
                yield out


def _words(d: int, length: int, step: int) -> Iterator[Array]:
    """Yield all words over 0..d-1 in stacks of `step`."""
    for first in range(0, d**length, step):
        index = np.arange(first, min(d**length, first + step))
        yield index[:, None] // np.array([min(d**j, 1 << 62) for j in range(length)], dtype=np.int64) % d


def _lines(d: int, length: int) -> Iterator[Array]:
    """Yield stacks of the nonzero words whose first nonzero symbol is 1."""
    for lead in range(length):
        for tail in _words(d, length - 1 - lead, 4096):
            out = np.zeros((len(tail), length), dtype=np.int64)
            out[:, lead] = 1
            out[:, lead + 1 :] = tail
            yield out

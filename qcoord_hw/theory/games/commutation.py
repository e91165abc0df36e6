"""Which bits of a perfect parity game may be Pauli observables: commutation relations by linear algebra.

A bit becomes an observable with the eigenvalues +1 and -1, an equation of bits a product of observables that
has to leave the shared state as it is. Suppose that the observables of each player commute or anticommute.
Such products can have a common eigenvector of eigenvalue +1 if and only if they commute and no product of
them is -1. Both are linear in the unknown omega_vw, which is 1 where two observables of a player anticommute:
bringing a product into order costs the sum of some omega.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.binary import System, dependencies, members
from qcoord_hw.theory.games.parity_structure import ParityGame

ORDERS = 8
"""In which observables are tried to be left out."""

SAMPLES = 64
"""Solutions that are compared with each other."""

Forms = list[list[int]]
"""forms[player][v] is row v of omega, as a mask over all bits; rows of other players are zero."""


class Commutation:
    """The linear system of the omega of one game.

    Unknowns that are equal, as those of two players with the same bit, are one from the start.
    """

    def __init__(self, game: ParityGame, deadline: float = math.inf) -> None:
        """Collect the conditions.

        Args:
            game: the equations.
            deadline: on the clock of `time.monotonic`.

        Raises:
            TooLargeError: when time is over.
        """
        self._game, self._deadline = game, deadline
        self._parent: dict[tuple[int, int], tuple[int, int]] = {}
        conditions = list(self._pairs())
        for terms in conditions:  # two terms: equal; one: it is zero
            if len(terms) == 2:
                self._parent[self._root(terms[0])] = self._root(terms[1])
        self._columns: dict[tuple[int, int], int] = {}
        self.system = System()
        seen: set[tuple[int, int]] = set()
        for terms, value in [*((t, 0) for t in conditions), *self._signs()]:
            row = self._mask(terms), value
            if row not in seen:
                seen.add(row)
                self.solvable = self.system.add(*row)
                if not self.solvable:
                    return
        self.solvable = True

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise TooLargeError("a perfect strategy over Pauli operators was not found in the time given")

    def _unknown(self, v: int, w: int) -> tuple[int, int] | None:
        """Return the name of omega_vw; None where it is 0: of other players, or of one answer."""
        a, b = self._game.bits[v], self._game.bits[w]
        if a.player != b.player or a.question == b.question:
            return None
        return (v, w) if v < w else (w, v)

    def _root(self, unknown: tuple[int, int]) -> tuple[int, int]:
        while (above := self._parent.get(unknown, unknown)) != unknown:
            unknown = above
        return unknown

    def _mask(self, terms: Sequence[tuple[int, int]]) -> int:
        mask = 0
        for term in terms:
            mask ^= 1 << self._columns.setdefault(self._root(term), len(self._columns))
        return mask

    def _pairs(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the terms that sum to 0 for each two equations: their products commute."""
        equations = self._game.equations
        for k, one in enumerate(equations):
            self._check_time()
            for other in equations[:k]:
                terms = self._crossing(one.bits, other.bits)
                if terms:
                    yield terms

    def _crossing(self, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
        odd: set[tuple[int, int]] = set()
        for v in left:
            for w in right:
                if v != w and (unknown := self._unknown(v, w)) is not None:
                    odd ^= {unknown}
        return sorted(odd)

    def _signs(self) -> Iterator[tuple[list[tuple[int, int]], int]]:
        """Yield terms and what they sum to, for each product in which every observable cancels: it is +1."""
        equations = self._game.equations
        rows = [sum(1 << v for v in equation.bits) for equation in equations]
        for chosen in dependencies(rows):
            product, value = 0, 0
            odd: set[tuple[int, int]] = set()
            for k in members(chosen):
                value ^= equations[k].parity
                for w in members(rows[k]):
                    later = product >> (w + 1) << (w + 1)  # w passes those, and comes to stand before them
                    for v in members(later):
                        if (unknown := self._unknown(v, w)) is not None:
                            odd ^= {unknown}
                product ^= rows[k]
            yield sorted(odd), value

    def smallest(self, seed: int = 0, enough: int = 2) -> Forms:
        """Return commutation relations of the fewest qubits among some that are possible.

        Observables are left out (made multiples of 1) one after the other where that is possible, in several
        orders; then some of the solutions that are left are compared.

        Args:
            seed: of the orders.
            enough: qubits of a player at which the search ends.

        Raises:
            TooLargeError: when time is over.
        """
        rng = np.random.default_rng(seed)
        left_out = sorted({self._about(v) for v in range(len(self._game.bits))})
        best, least = Forms(), math.inf
        for _ in range(ORDERS):
            system = self.system
            for k in rng.permutation(len(left_out)).tolist():
                self._check_time()
                trial = system.copy()
                if all(trial.add(1 << column, 0) for column in left_out[k]):
                    system = trial
            free = system.free(len(self._columns))
            every = 1 << len(free) <= SAMPLES
            for k in range(1 << len(free) if every else SAMPLES):
                chosen = [k >> i & 1 for i in range(len(free))] if every else rng.integers(2, size=len(free))
                solution = system.solution(sum(1 << c for c, on in zip(free, chosen, strict=True) if on))
                forms = self._forms(solution)
                if (size := max(map(rank, forms))) < least:
                    best, least = forms, size
            if least <= 2 * enough:
                break
        return best

    def _about(self, v: int) -> tuple[int, ...]:
        """Return the unknowns (columns) that say what a bit's observable commutes with."""
        found = set()
        for w in range(len(self._game.bits)):
            unknown = self._unknown(v, w)
            if unknown is not None and (column := self._columns.get(self._root(unknown))) is not None:
                found.add(column)
        return tuple(sorted(found))

    def _forms(self, solution: int) -> Forms:
        bits = self._game.bits
        players = len(self._game.allowed)
        forms = [[0] * len(bits) for _ in range(players)]
        for v, bit in enumerate(bits):
            for w in range(v):
                unknown = self._unknown(v, w)
                if unknown is None:
                    continue
                column = self._columns.get(self._root(unknown))
                if column is not None and solution >> column & 1:
                    forms[bit.player][v] |= 1 << w
                    forms[bit.player][w] |= 1 << v
        return forms


def rank(rows: Sequence[int]) -> int:
    """Return the rank of rows over F_2."""
    return len(rows) - sum(1 for _ in dependencies(rows))

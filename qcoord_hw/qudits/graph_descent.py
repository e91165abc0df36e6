"""A seeded descent among the graphs of one state: which edges each move makes, and what they cost.

A move is scored on the graph alone, by plain integers: only rows that a move changes are made anew. The frame
of the graph that is chosen in the end is made by its moves (`qcoord_hw.qudits.synthesis`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array

Move = tuple[int, ...]
"""(a, factor): complement locally at a digit. (a, b, factor): u_a of a digit gains factor u_b of another."""

_Path = tuple["_Path", Move] | None
"""The moves that lead to a graph, the last one first."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What graphs of the same digits share.

    Attributes:
        p: the prime.
        inverses: of 1 .. p - 1, at their places.
        inside: the digits of the same server as each digit, itself among them, as bits.
        pairs: two digits of one server, (a, b) and (b, a).
    """

    p: int
    inverses: tuple[int, ...]
    inside: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, holders: Sequence[int], p: int, inverses: Sequence[int]) -> Surroundings:
        """Return those of digits that these servers hold."""
        same = np.equal.outer(holders, holders)
        inside = tuple(sum(1 << int(b) for b in np.flatnonzero(row)) for row in same)
        pairs = tuple((int(a), int(b)) for a, b in np.argwhere(same) if a != b)
        return cls(p, tuple(inverses), inside, pairs)


class GraphPath:
    """A graph of digits, and the moves that led to it.

    Attributes:
        place: what it shares with graphs of the same digits.
        rows: Gamma, one list a digit; never changed in place.
        edges: the other ends of each digit's edges, as bits.
    """

    __slots__ = ("_path", "edges", "place", "rows")

    def __init__(
        self, place: Surroundings, rows: list[list[int]], edges: list[int], path: _Path = None
    ) -> None:
        """Hold what was computed."""
        self.place, self.rows, self.edges, self._path = place, rows, edges, path

    @classmethod
    def start(cls, gamma: Array, place: Surroundings) -> GraphPath:
        """Return a graph that no move led to."""
        rows: list[list[int]] = gamma.tolist()
        return cls(place, rows, [_mask(row) for row in rows])

    @property
    def cost(self) -> float:
        """Edges, cycles and large degrees: a forest of small degrees fits a device without swaps."""
        degrees = [mask.bit_count() for mask in self.edges]
        count = sum(degrees) // 2
        cycles = count - len(degrees) + _components(self.edges)
        large, squares = sum([d - 2 for d in degrees if d > 2]), sum([d * d for d in degrees])
        return count + 2 * cycles + large / 4 + squares / 1000

    @property
    def key(self) -> bytes:
        """The same for the same graph, and for no other."""
        return np.array(self.rows).tobytes()

    @property
    def is_matching(self) -> bool:
        """Whether no digit has more than one edge."""
        return all(mask & (mask - 1) == 0 for mask in self.edges)

    @property
    def moves(self) -> list[Move]:
        """The moves that led here, in order."""
        found, path = [], self._path
        while path is not None:
            path, move = path
            found.append(move)
        return found[::-1]

    def complement(self, a: int, factor: int) -> GraphPath:
        """Return the local complement at a digit: each two of its neighbours change their edge."""
        place, p = self.place, self.place.p
        rows, edges = self.rows.copy(), self.edges.copy()
        row, scale = rows[a], place.inverses[factor]
        near = [b for b, weight in enumerate(row) if weight]
        for b in near:
            new, inside, gain = rows[b].copy(), place.inside[b], scale * row[b]
            for c in near:
                if not inside >> c & 1:
                    new[c] = (new[c] - gain * row[c]) % p
            new[a] = -gain % p
            rows[b], edges[b] = new, _mask(new)
        rows[a] = [-scale * weight % p for weight in row]
        return GraphPath(place, rows, edges, (self._path, (a, factor)))

    def add(self, a: int, b: int, factor: int) -> GraphPath:
        """Return the graph after a change of basis of two digits of one server: b gains edges of a."""
        p = self.place.p
        rows, edges = self.rows.copy(), self.edges.copy()
        row, gained = rows[a], rows[b].copy()
        for c, weight in enumerate(row):
            if weight:
                new = rows[c] = rows[c].copy()
                gained[c] = new[b] = (new[b] - factor * weight) % p
                edges[c] = edges[c] | 1 << b if new[b] else edges[c] & ~(1 << b)
        rows[b], edges[b] = gained, _mask(gained)
        return GraphPath(self.place, rows, edges, (self._path, (a, b, factor)))


def descend(graph: GraphPath, steps: int, rng: np.random.Generator) -> GraphPath:
    """Return the best graph of a seeded descent that also takes some moves uphill."""
    place = graph.place
    p, n, pairs = place.p, len(graph.rows), place.pairs
    now = best = graph
    cost = least = graph.cost
    for step in range(steps):
        if pairs and rng.random() < 0.5:
            trial = now.add(*pairs[rng.integers(len(pairs))], int(rng.integers(1, p)))
        else:
            trial = now.complement(int(rng.integers(n)), int(rng.integers(1, p)))
            if rng.random() < 0.5:  # two in a row make a pivot along an edge
                trial = trial.complement(int(rng.integers(n)), int(rng.integers(1, p)))
        heat = max(1.5 * (1 - step / steps), 1e-3)
        cost_there = trial.cost
        if cost_there <= cost or rng.random() < math.exp((cost - cost_there) / heat):
            now, cost = trial, cost_there
            if cost < least:
                best, least = now, cost
                if best.is_matching:
                    break
    return best


def _mask(row: Sequence[int]) -> int:
    """Return the places of a row's nonzero entries as bits."""
    mask, bit = 0, 1
    for weight in row:
        if weight:
            mask |= bit
        bit <<= 1
    return mask


def _components(edges: Sequence[int]) -> int:
    """Return the number of connected parts of a graph."""
    parts, left = 0, (1 << len(edges)) - 1
    while left:
        parts += 1
        reached = edge = left & -left
        while edge:  # digits reached but not yet followed
            a = edge & -edge
            edge ^= a
            new = edges[a.bit_length() - 1] & ~reached
            reached |= new
            edge |= new
        left &= ~reached
    return parts

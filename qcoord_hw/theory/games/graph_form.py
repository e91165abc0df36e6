"""Few gates that diagonalise commuting Pauli words, or prepare a stabilizer state: by a graph.

n independent commuting words on n qubits are, after a change of axes of each qubit, those of a graph state:
X_i times Z of the neighbours of i [VandenNest2004]. A CZ an edge undoes the graph. Of all changes of axes
the one with the fewest edges is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcoord_hw.theory.games.binary import System, leading, reduced
from qcoord_hw.theory.games.words import Gate, Signed, anticommute, conjugated

MOST_AXES = 729
"""Changes of axes that are compared."""

MOST_COMPLETIONS = 60
"""Complete sets of words that are compared for a few words."""

_TO = {"Z": None, "X": "h", "Y": "sx"}
"""The gate that brings a letter to Z."""

_INVERSE = {"h": "h", "sx": "sxdg", "sxdg": "sx", "s": "sdg", "sdg": "s", "cz": "cz", "z": "z", "x": "x"}


@dataclass(frozen=True)
class GraphForm:
    """How n commuting words on n qubits become Z on the qubits.

    Attributes:
        size: n.
        axes: of each qubit, the letter that becomes Z before the graph is undone.
        loops: qubits at which an S gate is undone.
        edges: pairs of qubits.
    """

    size: int
    axes: tuple[str, ...]
    loops: tuple[int, ...]
    edges: tuple[tuple[int, int], ...]

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The circuit after which the words are products of Z, up to signs."""
        busy = {*self.loops, *itertools.chain(*self.edges)}
        done = [q for q, axis in enumerate(self.axes) if axis == "X" and q not in busy]  # H twice is nothing
        active = [q for q in range(self.size) if q not in done]
        turned: list[Gate] = [(gate, (q,)) for q in active if (gate := _TO[self.axes[q]])]
        turned += [("sdg", (q,)) for q in self.loops] + [("cz", edge) for edge in self.edges]
        return (*turned, *(("h", (q,)) for q in active))

    def preparation(self, words: Iterable[Signed]) -> tuple[Gate, ...]:
        """Return the circuit that takes |0..0> to the state that n words stabilise."""
        own = [conjugated(word, self.gates, self.size) for word in words]
        rows = [mask >> self.size for mask, _ in own]  # products of Z, as masks
        flips = _solved(rows, [sign for _, sign in own], self.size)
        inverse = [(_INVERSE[name], qubits) for name, qubits in reversed(self.gates)]
        return (*(("x", (q,)) for q in range(self.size) if flips >> q & 1), *inverse)


def _solved(rows: Sequence[int], values: Sequence[int], size: int) -> int:
    system = System()
    for row, value in zip(rows, values, strict=True):
        system.add(row, value)
    return system.solution()


def graph_form(words: Sequence[int], size: int) -> GraphForm:
    """Return the graph with the fewest edges, of some changes of axes, of n commuting words on n qubits."""
    best: GraphForm | None = None
    for axes in _axes(words, size):
        turned = [_turned(word, axes, size) for word in words]
        rows = reduced(turned, size)
        if len(rows) < size:  # some product of words acts by Z alone
            continue
        edges = [(i, j) for i in range(size) for j in range(i) if rows[i] >> size + j & 1]
        if best is None or len(edges) < len(best.edges):
            loops = [i for i in range(size) if rows[i] >> size + i & 1]
            best = GraphForm(size, axes, tuple(loops), tuple(edges))
    assert best is not None
    return best


def _axes(words: Sequence[int], size: int) -> Iterable[tuple[str, ...]]:
    """Return changes of axes: all if they are few; one that leads to a graph is always among them."""
    if 3**size <= MOST_AXES:
        return itertools.product("ZXY", repeat=size)
    pivots = leading(word & (1 << size) - 1 for word in words)
    sure = tuple("Z" if q in pivots else "X" for q in range(size))
    drawn = np.random.default_rng(0).integers(3, size=(MOST_AXES, size)).tolist()
    return [sure, *(tuple("ZXY"[c] for c in row) for row in drawn)]


def _turned(word: int, axes: Sequence[str], size: int) -> int:
    for q, axis in enumerate(axes):
        x, z = word >> q & 1, word >> size + q & 1
        if axis == "X":
            word ^= (x ^ z) << q | (x ^ z) << size + q
        elif axis == "Y":
            word ^= z << q
    return word


@lru_cache(maxsize=100_000)
def diagonalised(words: tuple[int, ...], size: int) -> GraphForm:
    """Return a graph form of some complete set that contains commuting words, with few edges.

    Measuring more than was asked for costs nothing where fewer gates do it: words that single letters are
    products of, for example, need none.
    """
    best: GraphForm | None = None
    seen: set[tuple[int, ...]] = set()
    stack = [_basis(words)]
    while stack and len(seen) < MOST_COMPLETIONS:
        own = stack.pop()
        if len(own) == size:
            if own in seen:
                continue
            seen.add(own)
            form = graph_form(own, size)
            if best is None or len(form.edges) < len(best.edges):
                best = form
            if not best.edges:
                break
            continue
        more = [
            new
            for word in _by_weight(size)
            if not any(anticommute(word, other, size) for other in own)
            and len(new := _basis((*own, word))) > len(own)
        ]
        stack += reversed(list(dict.fromkeys(more)))
    assert best is not None
    return best


@lru_cache(maxsize=16)
def _by_weight(size: int) -> tuple[int, ...]:
    low = (1 << size) - 1
    return tuple(sorted(range(1, 1 << 2 * size), key=lambda w: ((w | w >> size) & low).bit_count()))


@lru_cache(maxsize=100_000)
def _basis(words: tuple[int, ...]) -> tuple[int, ...]:
    """Return the reduced echelon form of some words: one tuple for each span."""
    rows: list[int] = []
    for word in words:
        for row in rows:
            word = min(word, word ^ row)
        if word:
            lead = 1 << word.bit_length() - 1
            rows = [row ^ word if row & lead else row for row in rows] + [word]
    return tuple(sorted(rows))

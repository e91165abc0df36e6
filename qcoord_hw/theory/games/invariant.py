"""Moment matrices that a group of symmetries leaves as they are: their parameters, and common blocks.

Moments of one orbit are one number up to phases, or vanish where the phases contradict each other. So a
bound loses nothing when only invariant moments are asked for, and such matrices have common blocks, one for
each irreducible representation [GatermannParrilo2004]. These are found from random matrices of the kind
itself [Murota2010]: the span of what they make of one vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from qcoord_hw.theory.games.characters import ComplexArray, Image, Words
from qcoord_hw.theory.games.moments import IntArray, Word
from qcoord_hw.theory.games.payoffs import FloatArray

APART = 1e-8
"""Eigenvalues, relative to the largest, that differ by more belong to different spaces."""

FREE, VANISHES = -1, -2
"""What is known of the phase of a moment: nothing, or that none will do."""

COUPLED = 1e-7
"""Components, relative to a vector, that are no rounding."""


@dataclass(frozen=True, eq=False)
class Invariant:
    """Invariant moment matrices M(z) = constant + sum_j z_j M_j, with real z.

    Attributes:
        words: of the matrices.
        cells: sparse, row j has the entries of M_j (row 0: of the constant), cell by cell.
        values: sparse, entry (moment, j): the share of parameter j in a moment.
    """

    words: Words
    cells: sp.csr_matrix
    values: sp.csr_matrix

    @property
    def parameters(self) -> int:
        """How many there are."""
        return int(self.cells.shape[0]) - 1

    def matrix(self, number: int) -> sp.csr_matrix:
        """Return M_number (0: the constant), shape (words, words)."""
        size = len(self.words.words)
        start, end = self.cells.indptr[number : number + 2]
        place, values = self.cells.indices[start:end], self.cells.data[start:end]
        return sp.csr_matrix((values, (place // size, place % size)), (size, size))

    def objective(self, payoff: dict[Word, complex]) -> FloatArray:
        """Return the share of each parameter in a sum of moments."""
        found = np.zeros(self.parameters)
        for word, factor in payoff.items():
            if (number := self.words.moment(word)) is not None:
                start, end = self.values.indptr[number : number + 2]
                own = self.values.indices[start:end]
                np.add.at(found, own[own > 0] - 1, (factor * self.values.data[start:end][own > 0]).real)
        return found


def invariant(words: Words, images: Sequence[Image]) -> Invariant:
    """Return the moment matrices that symmetries leave as they are, with real moments of projectors."""
    modulus = 2 * words.modulus  # a phase may be the root of one
    moved = [(place, -2 * phase % modulus, False) for place, phase in map(words.moved_moments, images)]
    same: IntArray = np.zeros(words.count, dtype=np.int64)
    moved += [(words.backwards(), same, False), (words.conjugated(), same, True)]
    one = words.moment(((),) * len(words.questions))
    phase, turned, orbit, lines = _orbits(moved, words.count, modulus)
    root = np.exp(2j * np.pi * np.arange(modulus) / modulus)
    here, columns, data, many = [], [], [], 0
    order = np.lexsort((orbit, orbit != orbit[one]))  # the constant first
    for members in np.split(order, np.flatnonzero(np.diff(orbit[order])) + 1):
        line = lines[orbit[members[0]]]
        if line == VANISHES:
            continue
        for direction in [1, 1j] if line == FREE else [root[line // 2]]:
            here.append(members)
            columns.append(np.full(len(members), many))
            data.append(root[phase[members]] * np.where(turned[members], np.conj(direction), direction))
            many += 1
    entries = np.concatenate(data), (np.concatenate(here), np.concatenate(columns))
    values = sp.csr_matrix(entries, (words.count, many))
    size = words.cells.size
    where = sp.csr_matrix((np.ones(size), (words.cells.ravel(), np.arange(size))), (words.count, size))
    return Invariant(words, sp.csr_matrix(values.T @ where), values)


def _orbits(
    steps: Sequence[tuple[IntArray, IntArray, bool]], count: int, modulus: int
) -> tuple[IntArray, npt.NDArray[np.bool_], IntArray, IntArray]:
    """Return how moments hang on the first one m of their orbit.

    Args:
        steps: where a symmetry takes each moment, the exponent of its phase, and whether it is conjugated.
        count: of moments.
        modulus: of phases.

    Returns:
        Of each moment: exponent of the phase, whether it is that times the conjugate of m, its orbit. Of each
        orbit: twice the angle of the line through 0 that m is on, or that m is free, or that it vanishes.
    """
    every = np.arange(count)
    edges = np.concatenate([place for place, _, _ in steps])
    graph = sp.coo_matrix((np.ones(len(edges)), (np.tile(every, len(steps)), edges)), (count, count))
    orbits, orbit = connected_components(graph, directed=False)
    phase: IntArray = np.zeros(count, dtype=np.int64)
    turned, reached = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    waiting = np.unique(orbit, return_index=True)[1]
    reached[waiting] = True

    def after(which: IntArray, more: IntArray, turns: bool) -> tuple[IntArray, npt.NDArray[np.bool_]]:
        sign = -1 if turns else 1
        return (sign * phase[which] + more[which]) % modulus, turned[which] != turns

    while len(waiting):
        following = []
        for place, more, turns in steps:
            new, first = np.unique(place[waiting], return_index=True)
            fresh = ~reached[new]
            new, first = new[fresh], first[fresh]
            phase[new], turned[new] = after(waiting[first], more, turns)
            reached[new] = True
            following.append(new)
        waiting = np.concatenate(following)
    lines: IntArray = np.full(orbits, FREE)
    for place, more, turns in steps:
        now, now_turned = after(every, more, turns)
        known, same = phase[place], turned[place] == now_turned
        angle = np.where(turned[place], known - now, now - known) % modulus  # phase z = phase' conj(z)
        met = lines[orbit]
        fresh = ~same & (met == FREE)
        lines[orbit[fresh]] = angle[fresh]
        met = lines[orbit]
        wrong = np.where(same, known != now, angle != met)
        lines[orbit[wrong]] = VANISHES
    return phase, turned, orbit, lines


def real_vectors(words: Words) -> sp.csr_matrix:
    """Return an orthonormal basis in which these matrices are real: columns of shape (words, words)."""
    other = words.conjugated_words()
    rows: list[int] = []
    columns: list[int] = []
    data: list[complex] = []
    for k, pair in enumerate(other.tolist()):
        if k == pair:
            rows, columns, data = [*rows, k], [*columns, k], [*data, 1.0]
        elif k < pair:
            rows += [k, pair, k, pair]
            columns += [k, k, pair, pair]
            data += [0.5**0.5, 0.5**0.5, 1j * 0.5**0.5, -1j * 0.5**0.5]
    return sp.csr_matrix((data, (rows, columns)), (len(other), len(other)))


def blocks(family: Invariant, seed: int = 0) -> list[ComplexArray]:
    """Return orthonormal columns of each block: what they enclose of M(z) is real, and all of M(z) is copies.

    Args:
        family: the matrices.
        seed: of the random ones.
    """
    rng, basis = np.random.default_rng(seed), real_vectors(family.words)
    size = len(family.words.words)

    def drawn() -> FloatArray:
        cells = rng.normal(size=family.parameters + 1) @ family.cells
        found = np.asarray((basis.conj().T @ (basis.T @ cells.reshape(size, size).T).T).real)
        return np.asarray(found + found.T, dtype=float) / 2

    values, vectors = np.linalg.eigh(drawn())
    gaps = np.diff(values) > APART * max(float(np.abs(values).max()), 1e-300)
    space = np.concatenate([[0], np.cumsum(gaps)])
    starts = np.searchsorted(space, np.arange(space[-1] + 2))
    others = [vectors.T @ drawn() @ vectors for _ in range(2)]
    found, done = [], np.zeros(space[-1] + 1, dtype=bool)
    for number in range(space[-1] + 1):
        if done[number]:
            continue
        first = np.zeros(size)
        first[starts[number]] = 1
        spans: dict[int, list[FloatArray]] = {number: [first]}
        waiting = [first]
        for vector in waiting:
            for image in (other @ vector for other in others):
                length = float(np.linalg.norm(image))
                norms = np.sqrt(np.add.reduceat(image**2, starts[:-1]))
                for k in np.flatnonzero(norms > COUPLED * length).tolist():
                    part = np.zeros(size)
                    part[starts[k] : starts[k + 1]] = image[starts[k] : starts[k + 1]]
                    for known in spans.get(k, ()):
                        part -= (known @ part) * known
                    if (norm := float(np.linalg.norm(part))) > COUPLED * length:
                        spans.setdefault(k, []).append(part / norm)
                        waiting.append(spans[k][-1])
        done[list(spans)] = True
        columns = np.array([own for k in sorted(spans) for own in spans[k]]).T
        found.append(np.asarray(basis @ (vectors @ columns)))
    return found

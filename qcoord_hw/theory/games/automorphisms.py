"""Symmetries of a game, found from its table: names of players, questions and answers that may be exchanged.

Two payoffs that no behaviour without signalling tells apart count as the same: the table is projected onto
the span of these behaviours first, so that marginals may stand in it wherever their author put them. The
group is found as that of a coloured graph, by refinement and individualisation [McKay1981], as a chain of
stabilisers: every element is one product of representatives, one of each link of the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.payoffs import FloatArray

Permutation = npt.NDArray[np.int64]
"""Where each point goes: a point is an answer to a question of a player, numbered in that order."""
Colours = npt.NDArray[np.uint64]

DIGITS = 10
"""Decimals, relative to the largest, to which payoffs are compared."""

MAX_POINTS = 400
MAX_STEPS = 20_000
"""Refinements of a search, after which a game counts as one without symmetries."""


@dataclass(frozen=True)
class Group:
    """A group of permutations of points.

    Attributes:
        generators: elements that generate it.
        links: representatives of the cosets of each link of the chain, the identity left out; the group's
            elements are the products of one (or the identity) of each link, the last link acting first.
    """

    generators: tuple[Permutation, ...] = ()
    links: tuple[tuple[Permutation, ...], ...] = ()

    @property
    def order(self) -> int:
        """How many elements it has."""
        order = 1
        for link in self.links:
            order *= 1 + len(link)
        return order


def automorphisms(
    table: FloatArray,
    classes: Sequence[Sequence[int]],
    allowed: Callable[[Permutation], bool] = lambda own: True,
) -> Group:
    """Return the symmetries of payoffs.

    Args:
        table: shape (points of player 1, .., points of player k).
        classes: how many answers each question of each player has.
        allowed: which permutations count; those that do have to be a group.
    """
    search = _Search(table, classes, allowed)
    return Group() if search.size > MAX_POINTS else search.group()


class _Search:
    """One search.

    Attributes:
        size: how many points there are.
    """

    def __init__(
        self, table: FloatArray, classes: Sequence[Sequence[int]], allowed: Callable[[Permutation], bool]
    ) -> None:
        self._players = [sum(own) for own in classes]
        self.size = sum(self._players)
        self._starts = np.cumsum([0, *self._players])
        asked = [(p, x) for p, own in enumerate(classes) for x, n in enumerate(own) for _ in range(n)]
        self._player = np.array([p for p, _ in asked])
        self._question = np.unique(np.array(asked), axis=0, return_inverse=True)[1].reshape(-1)
        seen = projected(table, classes)
        scale = float(np.abs(seen).max()) or 1.0
        values = np.unique(np.round(seen / scale, DIGITS) + 0.0, return_inverse=True)[1]
        self._values = values.reshape(seen.shape)
        self._hashed = _mixed(self._values.astype(np.uint64))
        self._allowed, self._steps = allowed, 0

    def group(self) -> Group:
        """Return the chain, the link of the first point of its base in front."""
        path, colours = [], self._refined(np.zeros(self.size, dtype=np.uint64))
        while (cell := _cell(colours)) is not None:
            path.append((colours, cell))
            colours = self._refined(_apart(colours, cell[0]))
        links: list[tuple[Permutation, ...]] = []
        known: list[Permutation] = []
        for colours, cell in reversed(path):
            reached = _orbit(cell[0], known, self.size)
            failed: set[int] = set()
            for point in cell:
                if point in reached or point in failed:
                    continue
                found = self._mapped(_apart(colours, cell[0]), _apart(colours, point))
                if found is None:
                    failed |= _orbit(point, known, self.size).keys()
                else:
                    known.append(found)
                    reached = _orbit(cell[0], known, self.size)
            links.insert(0, tuple(own for point, own in reached.items() if point != cell[0]))
        if self._steps > MAX_STEPS:
            return Group()
        return Group(tuple(known), tuple(filter(None, links)))

    def _mapped(self, one: Colours, other: Colours) -> Permutation | None:
        """Return a symmetry that takes the colours of one picture to those of the other."""
        if self._steps > MAX_STEPS:
            return None
        one, other = self._refined(one), self._refined(other)
        order, places = np.argsort(one, kind="stable"), np.argsort(other, kind="stable")
        if (one[order] != other[places]).any():
            return None
        if (cell := _cell(one)) is None:
            own: Permutation = np.empty(self.size, dtype=np.int64)
            own[order] = places
            return own if self._keeps(own) and self._allowed(own) else None
        for point in np.flatnonzero(other == one[cell[0]]).tolist():
            if (found := self._mapped(_apart(one, cell[0]), _apart(other, point))) is not None:
                return found
        return None

    def _keeps(self, own: Permutation) -> bool:
        """Return whether a permutation keeps what is one player's, what answers one question, and payoffs."""
        for groups in (self._player, self._question):
            image = np.full(groups.max() + 1, -1)
            image[groups] = groups[own]
            if (image[groups] != groups[own]).any() or len(set(image.tolist())) < len(image):
                return False
        starts, players = self._starts, len(self._players)
        target = [int(self._player[own[starts[p]]]) for p in range(players)]
        moved = [own[starts[p] : starts[p + 1]] - starts[target[p]] for p in range(players)]
        there = np.transpose(self._values, target)[np.ix_(*moved)]
        return bool((there == self._values).all())

    def _refined(self, colours: Colours) -> Colours:
        """Return colours that tell apart what the surroundings tell apart."""
        many = len(np.unique(colours))
        while True:
            self._steps += 1
            mixed = _mixed(colours)
            beside = _sums(_mixed(mixed + np.uint64(1)), self._question)
            beside = beside + np.uint64(3) * _sums(_mixed(mixed + np.uint64(2)), self._player)
            parts = np.split(mixed, self._starts[1:-1])
            across = []
            for p in range(len(parts)):
                seen = self._hashed
                for q in reversed(range(len(parts))):
                    if q != p:
                        seen = np.tensordot(seen, parts[q], axes=(q, 0))
                across.append(seen)
            found = _mixed(mixed + np.uint64(5) * beside + np.uint64(7) * _mixed(np.concatenate(across)))
            if (now := len(np.unique(found))) == many:
                return found
            colours, many = found, now


def projected(table: FloatArray, classes: Sequence[Sequence[int]]) -> FloatArray:
    """Return payoffs on points, projected onto the span of what players without signalling do."""
    for axis, own in enumerate(classes):
        asked = np.repeat(np.eye(len(own)), own, axis=0)
        apart = asked[:, 1:] - asked[:, :1]
        if apart.size:
            within = np.eye(len(apart)) - apart @ np.linalg.pinv(apart)
            table = np.moveaxis(np.tensordot(within, table, axes=(1, axis)), 0, axis)
    return table


def _mixed(values: Colours) -> Colours:
    """Return numbers that hang on these alone and look random (splitmix64)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def _sums(values: Colours, groups: Permutation) -> Colours:
    """Return for each point the sum over its group."""
    sums = np.zeros(groups.max() + 1, dtype=np.uint64)
    np.add.at(sums, groups, values)
    return np.asarray(sums[groups])


def _cell(colours: Colours) -> list[int] | None:
    """Return the points of the smallest colour that several have; None where all differ."""
    distinct, first, times = np.unique(colours, return_index=True, return_counts=True)
    if len(distinct) == len(colours):
        return None
    which = min(np.flatnonzero(times > 1).tolist(), key=lambda k: (times[k], distinct[k]))
    return np.flatnonzero(colours == colours[first[which]]).tolist()


def _apart(colours: Colours, point: int) -> Colours:
    """Return the colours with a point in one of its own."""
    found = colours.copy()
    found[point] = _mixed(found[point : point + 1] + np.uint64(11))[0]
    return found


def _orbit(point: int, generators: Sequence[Permutation], size: int) -> dict[int, Permutation]:
    """Return for each point that a point is taken to an element that takes it there."""
    reached = {point: np.arange(size)}
    waiting = [point]
    for here in waiting:
        for own in generators:
            if (there := int(own[here])) not in reached:
                reached[there] = own[reached[here]]
                waiting.append(there)
    return reached

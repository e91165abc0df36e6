"""Words of unitary letters U_f = sum_a f(a) P(a|x), f a character of a question's answers, and their moments.

The answers to a question are numbered by an abelian group: F_2^r where there are 2^r of them, else Z_n. Then
the product of two letters of one question is a letter, every cell of a moment matrix holds one moment, and
an affine permutation of answers takes a letter to a letter times a phase: all permutations of up to four
answers are affine. Phases are exponents of exp(2 pi i / `modulus`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.automorphisms import Permutation
from qcoord_hw.theory.games.moments import MAX_WORDS, IntArray, Letters, Part, Word, level_words
from qcoord_hw.theory.games.payoffs import FloatArray

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Question:
    """A player's answers to a question, as elements of an abelian group.

    Attributes:
        element: of each answer; several answers may have the same.
        counts_as: the answer in whose place each one is taken.
        size: of the group.
        letters: the answers that have a projector in words: all but those that count as the last one does.
    """

    element: IntArray
    counts_as: IntArray
    size: int
    letters: tuple[int, ...]

    @cached_property
    def first(self) -> IntArray:
        """The first answer that has each element."""
        return np.asarray(np.unique(self.element, return_index=True)[1])

    @property
    def binary(self) -> bool:
        """Whether the group is F_2^r."""
        return self.size & (self.size - 1) == 0

    @property
    def modulus(self) -> int:
        """Of the phases of its characters."""
        return 2 if self.binary else self.size

    def plus(self, f: int, g: int) -> int:
        """Return the product of two characters."""
        return f ^ g if self.binary else (f + g) % self.size

    def minus(self, f: int) -> int:
        """Return the conjugate of a character."""
        return f if self.binary else -f % self.size

    @cached_property
    def phases(self) -> IntArray:
        """Exponent of each character (a row) at each element."""
        index = np.arange(self.size)
        if self.binary:
            return np.asarray(np.bitwise_count(index[:, None] & index) & 1, dtype=np.int64)
        return np.asarray(np.outer(index, index) % self.size)

    @cached_property
    def values(self) -> ComplexArray:
        """Value of each character (a row) at each element."""
        return np.asarray(np.exp(2j * np.pi * self.phases / self.modulus))


@dataclass(frozen=True, eq=False)
class Image:
    """Where a symmetry takes letters.

    Attributes:
        letters: `[player][question][f]`: player, question, character, exponent of the phase.
    """

    letters: list[list[list[tuple[int, int, int, int]]]]


class Words:
    """The words of a level and the moments in the cells of its matrix.

    Attributes:
        questions: of each player.
        words: a letter is a question and the number of a character that is not 1.
        modulus: of all phases.
        cells: shape (words, words): which moment u^dagger v is.
        count: how many moments there are.
    """

    def __init__(
        self,
        questions: Sequence[Sequence[Question]],
        level: str,
        part: Part | None = None,
        most: int = MAX_WORDS,
    ) -> None:
        """Make them: all words of a level, or a part of them.

        Raises:
            TooLargeError: when there are too many words.
        """
        self.questions = questions
        letters = [[(x, f) for x, q in enumerate(own) for f in range(1, q.size)] for own in questions]
        local, chosen = level_words(letters, level, part, most)
        self.words: list[Word] = [
            tuple(own[i] for own, i in zip(local, row, strict=True)) for row in chosen.tolist()
        ]
        self.modulus = modulus_of(questions)
        self._place = {word: k for k, word in enumerate(self.words)}
        self._ids: list[dict[Letters, int]] = []
        self._local: list[_Local] = []
        keys, self._weights, weight = np.zeros((len(chosen),) * 2, dtype=np.int64), list[int](), 1
        for own, words, index in zip(questions, local, chosen.T, strict=True):
            ids: dict[Letters, int] = {(): 0}
            table = np.array([[ids.setdefault(_product(own, u, v), len(ids)) for v in words] for u in words])
            keys += weight * table[np.ix_(index, index)]
            self._ids.append(ids)
            self._local.append(_Local(own, list(ids)))
            self._weights.append(weight)
            weight *= len(ids)
        self._keys, cells = np.unique(keys, return_inverse=True)
        self.cells: IntArray = cells.reshape(keys.shape)
        self.count = len(self._keys)

    def moment(self, word: Word) -> int | None:
        """Return the number of the moment that is a word's expectation; None where no cell holds it."""
        key = 0
        for own, weight, letters in zip(self._ids, self._weights, word, strict=True):
            if letters not in own:
                return None
            key += weight * own[letters]
        place = int(np.searchsorted(self._keys, key))
        return place if place < self.count and self._keys[place] == key else None

    def backwards(self) -> IntArray:
        """Return for each moment the one with its letters in reverse order."""
        return self._moved([[ids[w[::-1]] for w in ids] for ids in self._ids], range(len(self._ids)))

    def conjugated(self) -> IntArray:
        """Return for each moment the one with all characters conjugated."""
        tables = [
            [ids[_conjugate(own, w)] for w in ids] for own, ids in zip(self.questions, self._ids, strict=True)
        ]
        return self._moved(tables, range(len(self._ids)))

    def conjugated_words(self) -> IntArray:
        """Return for each word the one with all characters conjugated."""
        pairs = ([_conjugate(o, w) for o, w in zip(self.questions, word, strict=True)] for word in self.words)
        return np.array([self._place[tuple(one)] for one in pairs])

    def moved_moments(self, image: Image) -> tuple[IntArray, IntArray]:
        """Return for each moment where a symmetry takes it, and the exponent of its phase."""
        players = [own[0][0][0] for own in image.letters]
        phases: IntArray = np.zeros(self.count, dtype=np.int64)
        tables = []
        for p, (local, weight) in enumerate(zip(self._local, self._weights, strict=True)):
            table, own = local.moved(image.letters[p], self._local[players[p]])
            tables.append(table)
            phases = phases + own[self._keys // weight % len(own)]
        return self._moved(tables, players), phases % self.modulus

    def moved_words(self, image: Image) -> tuple[IntArray, ComplexArray]:
        """Return for each word where a symmetry takes it, and its phase."""
        places, phases = [], []
        for word in self.words:
            target: list[Letters] = [()] * len(word)
            phase = 0
            for p, letters in enumerate(word):
                moved, more = _image(image, p, letters)
                target[image.letters[p][0][0][0]] = moved
                phase += more
            places.append(self._place[tuple(target)])
            phases.append(phase)
        return np.array(places), np.exp(2j * np.pi * np.array(phases) / self.modulus)

    def _moved(self, tables: Sequence[Sequence[int] | IntArray], players: Sequence[int]) -> IntArray:
        keys: IntArray = np.zeros(self.count, dtype=np.int64)
        for p, (ids, table) in enumerate(zip(self._ids, tables, strict=True)):
            here = self._keys // self._weights[p] % len(ids)
            keys = keys + self._weights[players[p]] * np.array(table)[here]
        return np.asarray(np.searchsorted(self._keys, keys))


def modulus_of(questions: Sequence[Sequence[Question]]) -> int:
    """Return the modulus of all phases."""
    return math.lcm(*(q.modulus for own in questions for q in own))


def image(questions: Sequence[Sequence[Question]], own: Permutation) -> Image | None:
    """Return where a symmetry of points takes letters; None where it takes one to a sum of several."""
    modulus = modulus_of(questions)
    asked = [(p, x) for p, qs in enumerate(questions) for x, q in enumerate(qs) for _ in range(q.size)]
    starts = {where: k for k, where in reversed(list(enumerate(asked)))}
    found: list[list[list[tuple[int, int, int, int]]]] = []
    for p, qs in enumerate(questions):
        found.append([])
        for x, q in enumerate(qs):
            points = own[starts[p, x] : starts[p, x] + q.size]
            there = asked[int(points[0])]
            target = questions[there[0]][there[1]]
            moved = np.empty_like(q.values)  # of each f, its value at each element of the target
            moved[:, points - starts[there]] = q.values
            inner = moved @ target.values.conj().T / q.size
            best = np.abs(inner).argmax(axis=1)
            phase = inner[np.arange(q.size), best]
            if (np.abs(phase) < 1 - 1e-9).any():
                return None
            exponents = np.rint(np.angle(phase) / (2 * np.pi) * modulus).astype(int) % modulus
            found[-1].append([(*there, int(g), int(s)) for g, s in zip(best, exponents, strict=True)])
    return Image(found)


class _Local:
    """Words of one player as rows of numbers, one for each letter, 0 behind the last one."""

    def __init__(self, own: Sequence[Question], words: Sequence[Letters]) -> None:
        """Number the letters question by question; character 1 has a number, but is no letter."""
        sizes = [q.size for q in own]
        self._starts = np.cumsum([0, *sizes])
        self._rows: IntArray = np.zeros((len(words), max(map(len, words))), dtype=np.int64)
        for row, word in zip(self._rows, words, strict=True):
            row[: len(word)] = [self._starts[x] + f for x, f in word]
        self._weights = sum(sizes) ** np.arange(self._rows.shape[1])
        keys = self._rows @ self._weights
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def moved(
        self, letters: Sequence[Sequence[tuple[int, int, int, int]]], there: _Local
    ) -> tuple[IntArray, IntArray]:
        """Return which word of a player each one goes to, and the exponent of its phase."""
        flat = [image for question in letters for image in question]
        numbers = np.array([there._starts[x] + f for _, x, f, _ in flat])
        phases = np.array([phase for *_, phase in flat])
        numbers[0] = 0  # what stands behind the last letter
        place = np.searchsorted(there._keys, numbers[self._rows] @ there._weights)
        return there._order[place], phases[self._rows].sum(axis=1)


def projector_words(words: Words, projectors: Sequence[Word]) -> ComplexArray:
    """Return the words as sums of words of projectors, shape (words, projectors)."""
    place = {word: k for k, word in enumerate(projectors)}
    change = np.zeros((len(words.words), len(projectors)), dtype=np.complex128)
    known: list[dict[Letters, dict[Letters, complex]]] = [{} for _ in words.questions]
    for k, word in enumerate(words.words):
        expanded = []
        for own, letters, seen in zip(words.questions, word, known, strict=True):
            if letters not in seen:
                seen[letters] = _expanded(own, letters)
            expanded.append(seen[letters].items())
        for chosen in itertools.product(*expanded):
            change[k, place[tuple(letters for letters, _ in chosen)]] += math.prod(c for _, c in chosen)
    return change


def fourier(words: Words, table: FloatArray) -> dict[Word, complex]:
    """Return payoffs as a sum of moments.

    Args:
        words: whose letters are used.
        table: shape (points of player 1, .., points of player k), as for `automorphisms`.
    """
    found: dict[Word, complex] = {}
    starts = [np.cumsum([0, *(q.size for q in own)]) for own in words.questions]
    for asked in itertools.product(*(range(len(own)) for own in words.questions)):
        part = table[tuple(slice(s[x], s[x + 1]) for s, x in zip(starts, asked, strict=True))]
        if not part.any():
            continue
        spread = part.astype(np.complex128)
        for own, x in zip(words.questions, asked, strict=True):
            spread = np.moveaxis(np.tensordot(own[x].values.conj() / own[x].size, spread, axes=(1, 0)), 0, -1)
        for chosen in np.argwhere(np.abs(spread) > 0).tolist():
            word: Word = tuple(((x, f),) if f else () for x, f in zip(asked, chosen, strict=True))
            found[word] = found.get(word, 0) + complex(spread[tuple(chosen)])
    return found


def _product(own: Sequence[Question], u: Letters, v: Letters) -> Letters:
    """Return the adjoint of u times v."""
    left, right = list(u), list(v)  # the first letters meet
    while left and right and left[0][0] == right[0][0]:
        x = left[0][0]
        (_, f), (_, g) = left.pop(0), right.pop(0)
        if middle := own[x].plus(own[x].minus(f), g):
            right.insert(0, (x, middle))
            break
    return (*((x, own[x].minus(f)) for x, f in reversed(left)), *right)


def _conjugate(own: Sequence[Question], letters: Letters) -> Letters:
    return tuple((x, own[x].minus(f)) for x, f in letters)


def _image(image: Image, player: int, letters: Letters) -> tuple[Letters, int]:
    moved = [image.letters[player][x][f] for x, f in letters]
    return tuple((x, f) for _, x, f, _ in moved), sum(phase for _, _, _, phase in moved)


def _expanded(own: Sequence[Question], letters: Letters) -> dict[Letters, complex]:
    """Return a player's word as a sum of words of projectors."""
    found: dict[Letters, complex] = {(): 1.0}
    for x, f in letters:
        q = own[x]
        values = q.values[f][q.element]
        factors: list[tuple[Letters, complex]] = [((), complex(values[-1]))]
        factors += [(((x, a),), complex(values[a] - values[-1])) for a in q.letters]
        longer: dict[Letters, complex] = {}
        for word, weight in found.items():
            for letter, factor in factors:
                product = (*word, *letter)
                if letter and word and word[-1][0] == x:  # what stood between has become 1
                    if word[-1:] != letter:
                        continue
                    product = word
                if abs(factor) > 1e-15:
                    longer[product] = longer.get(product, 0.0) + weight * factor
        found = longer
    return found

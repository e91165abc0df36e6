"""Moment matrices of the NPA hierarchy: their words, equal cells, and the payoff as a sum of moments."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.payoffs import FloatArray

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Letters = tuple[tuple[int, int], ...]
"""A word of one player: (question, answer) of each projector in turn."""
Word = tuple[Letters, ...]
"""A word of every player."""

LEVELS = ("1", "1+AB", "2", "3")
MAX_WORDS, SYMMETRIC_WORDS = 700, 1100
"""Of a level; and where symmetries make it small."""
SHARE = 4_000
"""Cells of the moment matrix, for each symmetry, of a level that they make small."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A moment matrix: which cells are equal, and which moments the payoff is made of.

    Attributes:
        words: the index of the matrix: a word of every player each; the first one is empty.
        cells: shape (words, words): number of the moment in each cell. 0 is that of the empty word, so 1;
            the largest number stands for cells that are zero.
        probabilities: sparse matrix, the probability of each question's answers (a row each, in the order
            x_1, b_1, x_2, b_2, ..) as a sum of moments.
        payoff: coefficient of each moment in the payoff.
    """

    words: list[Word]
    cells: IntArray
    probabilities: Any
    payoff: FloatArray


Part = Callable[[Word], bool]
"""Whether a word is in a part of a level; this has to hang on the questions of its letters alone."""


def relaxation(
    tensor: FloatArray,
    level: str,
    letters: Sequence[Sequence[tuple[int, int]]] | None = None,
    part: Part | None = None,
    most: int = MAX_WORDS,
) -> Relaxation:
    """Return the moment matrix of a level.

    Args:
        tensor: payoffs, shape (X_1, .., X_k, B_1, .., B_k).
        level: of the hierarchy.
        letters: the projectors (question, answer) of each player; by default those of all answers but the
            last. Payoffs of an answer that is left out have to be those of the last one.
        part: of the words of the level; all of them if omitted.
        most: how many words are allowed.

    Raises:
        TooLargeError: when it has too many words.
    """
    players = tensor.ndim // 2
    shape, answers = tensor.shape[:players], tensor.shape[players:]
    half = -(-players // 2)
    sizes = list(zip(shape, answers, strict=True))
    if letters is None:
        letters = [list(itertools.product(range(x), range(b - 1))) for x, b in sizes]
    local, chosen = level_words(letters, level, part, most)
    key = np.zeros((len(chosen), len(chosen)), dtype=np.int64)
    adjoint, zero, weight = key.copy(), key.astype(bool), 1
    for own, index in zip(local, chosen.T, strict=True):
        ids: dict[Letters | None, int] = {(): 0}
        table = np.array([[ids.setdefault(_product(u, v), len(ids)) for v in own] for u in own])
        reverse = np.array([ids.get(w and w[::-1], 0) for w in ids])
        cells = table[np.ix_(index, index)]
        zero |= cells == ids.get(None, -1)
        key += weight * cells
        adjoint += weight * reverse[cells]
        weight *= len(ids)
    key = np.minimum(key, adjoint)
    key[zero] = np.iinfo(np.int64).max
    numbers, cells = np.unique(np.append(key, np.iinfo(np.int64).max), return_inverse=True)
    cells = cells[:-1].reshape(key.shape)
    position = np.zeros([len(own) for own in local], dtype=np.int64)
    position[tuple(chosen.T)] = np.arange(len(chosen))
    grid = np.indices([1 + len(own) for own in letters])  # products of at most one projector a player
    left, right = grid.copy(), grid.copy()
    left[half:], right[:half] = 0, 0
    moments = cells[position[tuple(left)], position[tuple(right)]].ravel()
    one_hot = sp.csr_matrix(
        (np.ones(moments.size), (np.arange(moments.size), moments)), (moments.size, len(numbers))
    )
    expansions = [_expansion(x, b, own) for (x, b), own in zip(sizes, letters, strict=True)]
    probabilities = sp.csr_matrix(reduce(sp.kron, expansions) @ one_hot)
    words = [tuple(own[i] for own, i in zip(local, c, strict=True)) for c in chosen]
    return Relaxation(words, cells, probabilities, paired(tensor) @ probabilities)


def paired(tensor: FloatArray) -> FloatArray:
    """Return the entries in the order of `Relaxation.probabilities`: x_1, b_1, x_2, b_2, .."""
    players = tensor.ndim // 2
    return tensor.transpose([axis for i in range(players) for axis in (i, players + i)]).ravel()


def unpaired(entries: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Return entries in that order as an array of the shape of the payoffs."""
    players = len(shape) // 2
    sizes = [size for i in range(players) for size in (shape[i], shape[players + i])]
    return entries.reshape(sizes).transpose([*range(0, 2 * players, 2), *range(1, 2 * players, 2)])


def level_words(
    letters: Sequence[Sequence[tuple[int, int]]],
    level: str,
    part: Part | None = None,
    most: int = MAX_WORDS,
) -> tuple[list[list[Letters]], IntArray]:
    """Return the words of each player, and the words of a level as numbers of them, shape (words, players).

    Args:
        letters: of each player, their question in front.
        level: of the hierarchy.
        part: of its words; all of them if omitted.
        most: how many are allowed.

    Raises:
        TooLargeError: when there are too many.
    """
    local, chosen = _level(letters, level)
    if part is not None:
        words = (tuple(own[i] for own, i in zip(local, row, strict=True)) for row in chosen.tolist())
        chosen = chosen[[part(word) for word in words]]
    if len(chosen) > most:
        raise TooLargeError(f"NPA level {level}: {len(chosen)} words; allowed are at most {most}")
    used = [np.unique(column, return_inverse=True) for column in chosen.T]
    local = [[own[i] for i in kept] for own, (kept, _) in zip(local, used, strict=True)]
    return local, np.stack([places.reshape(-1) for _, places in used], axis=1)


def _level(letters: Sequence[Sequence[tuple[int, int]]], level: str) -> tuple[list[list[Letters]], IntArray]:
    each, total = word_lengths(level, len(letters))
    local = [local_words(own, each) for own in letters]
    if math.prod(map(len, local)) > 10 * MAX_WORDS**2:
        raise TooLargeError(f"NPA level {level}: far more than {MAX_WORDS} words, the most that are allowed")
    lengths: IntArray = sum(np.ix_(*(np.array([len(w) for w in own]) for own in local)), np.array(0))
    return local, np.argwhere(lengths <= total)


def most_words(symmetries: int) -> int:
    """Return how many words a whole level may have in a game with so many symmetries."""
    return max(MAX_WORDS, min(SYMMETRIC_WORDS, math.isqrt(SHARE * symmetries)))


def largest_part(
    letters: Sequence[Sequence[tuple[int, int]]], level: str, asked: BoolArray, most: int = MAX_WORDS
) -> tuple[Part | None, int]:
    """Return which of a level's words are taken where there are too many, and how many it has.

    All but the longest ones are; of these those with many pairs of questions that the game asks together, or
    asks together with the same question.

    Args:
        letters: of each of two players.
        level: of the hierarchy.
        asked: shape (X, Y): whether the game asks two questions together.
        most: how many words a whole level may have; a part has 700 at most.

    Returns:
        None where all of them fit.

    Raises:
        TooLargeError: when not even the first of them fit.
    """
    local, chosen = _level(letters, level)
    if len(chosen) <= most:
        return None, len(chosen)

    beside = [(asked.astype(int) @ asked.T) > 0, (asked.T.astype(int) @ asked) > 0]

    def rank(word: Word) -> tuple[int, int, int, int]:
        pairs = sum(bool(asked[x, y]) for x, _ in word[0] for y, _ in word[1])
        near = sum(
            bool(b[x, y]) for own, b in zip(word, beside, strict=True) for (x, _), (y, _) in pairwise(own)
        )
        return sum(map(len, word)), -pairs, -near, max(map(len, word))

    words = [tuple(own[i] for own, i in zip(local, row, strict=True)) for row in chosen.tolist()]
    ranks = Counter(map(rank, words))
    longest = max(own[0] for own in ranks)
    shorter = {own for own in ranks if own[0] < longest}
    room = MAX_WORDS - sum(ranks[own] for own in shorter)
    if room < ranks[min(ranks.keys() - shorter)]:
        raise TooLargeError(f"NPA level {level}: {len(chosen)} words; allowed are at most {MAX_WORDS}")
    kept = set(shorter)
    for own in sorted(ranks.keys() - shorter):
        if ranks[own] <= room:
            kept.add(own)
            room -= ranks[own]
    return lambda word: rank(word) in kept, len(chosen)


def word_lengths(level: str, players: int) -> tuple[int, int]:
    """Return how many letters a word of a level has at most: those of one player, all together."""
    half = -(-players // 2)
    return {"1": (1, half), "1+AB": (1, players), "2": (2, half + 1), "3": (3, half + 2)}[level]


def local_words(letters: Sequence[tuple[int, int]], length: int) -> list[Letters]:
    """Return the words of one player of at most so many letters, shortest first.

    A letter has its question in front; no two letters of one question stand side by side.
    """
    words: list[Letters] = [()]
    last = words
    for _ in range(length):
        last = [(*w, letter) for w in last for letter in letters if not w or w[-1][0] != letter[0]]
        words = words + last
    return words


def _product(left: Letters, right: Letters) -> Letters | None:
    """Return the adjoint of `left` times `right`, reduced; None for zero."""
    word = list(left[::-1])
    for letter in right:
        if not word or word[-1][0] != letter[0]:
            word.append(letter)
        elif word[-1] != letter:
            return None
    return tuple(word)


def _expansion(questions: int, answers: int, letters: Sequence[tuple[int, int]]) -> Any:
    """Return one player's projectors, a row each, as sums of 1 and of those that are letters.

    Shape (X B, 1 + letters); the last answer's projector is 1 minus the letters of its question, that of
    another answer without a letter is counted with it.
    """
    change = np.zeros((questions, answers, 1 + len(letters)))
    change[:, -1, 0] = 1
    for k, (x, a) in enumerate(letters, 1):
        change[x, a, k], change[x, -1, k] = 1, -1
    return sp.csr_matrix(change.reshape(questions * answers, -1))

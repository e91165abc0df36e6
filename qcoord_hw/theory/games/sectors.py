"""Upper bounds for parity games: the NPA hierarchy in blocks, one for each charge of a word.

What wins in a parity game does not change when bits of the answers are flipped by a solution of the
homogeneous equations. So no bound changes when moments are averaged over such flips, and those that change
their sign vanish. In place of projectors P(a|x) words here are made of observables
U_f = sum_a (-1)^f(a) P(a|x), which every flip takes to plus or minus themselves: the signs are the charge of
a word, and the moment matrix has a block for every charge [GatermannParrilo2004]. A dual matrix of the blocks
is one of projectors, by a change of basis, so that its certificate is read by the same checker as any other.

Answers that never win need no projectors: they may count as another answer, which is never worse.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

import clarabel
import numpy as np
import scipy.sparse as sp

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.binary import System, combination, independent, members
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.moments import (
    MAX_WORDS,
    IntArray,
    Letters,
    Word,
    local_words,
    relaxation,
    word_lengths,
)
from qcoord_hw.theory.games.npa import NpaBound, certified, scale_of
from qcoord_hw.theory.games.parity_structure import ParityGame, parity_form
from qcoord_hw.theory.games.payoffs import FloatArray

ACCURACY = 1e-9
"""Of the solver."""

MAX_BLOCK = 45
"""Words of a block: the interior-point method takes the fourth power of that."""


@dataclass(frozen=True)
class _Question:
    """A player's answers to a question.

    Attributes:
        signs: signs[f, a] is (-1)^f(a), for every answer; f = 0 is 1. Answers that are left out count as the
            last one does, or that one as the first which is not.
        counts_as: the answer in whose place each one is taken.
        letters: the answers that differ from the last one.
        charges: of each f, as a mask over the flips.
    """

    signs: FloatArray
    counts_as: IntArray
    letters: tuple[int, ...]
    charges: tuple[int, ...]


def sector_bound(
    game: Game, level: str, *, target: float = -math.inf, time_limit: float = 60.0
) -> NpaBound | None:
    """Return a certified upper bound on a parity game's value from a level of the hierarchy, block by block.

    Args:
        game: of two or more players.
        level: "1+AB", "2" or "3"; at level "1" probabilities are not asked to be positive here.
        target: a value at which to stop early.
        time_limit: seconds after which the solver stops.

    Returns:
        The bound; None where the winning answers are no parities.

    Raises:
        TooLargeError: when the level has too many words, or too many in one block.
    """
    deadline = time.monotonic() + time_limit
    if math.prod(1 + asked for asked in game.prob.shape) > MAX_WORDS or (form := parity_form(game)) is None:
        return None
    flips, tensor, players = _flips(form), game.payoff, game.players
    questions = [
        [_question(form, flips, p, x, answers) for x in range(asked)]
        for p, (asked, answers) in enumerate(zip(game.prob.shape, game.answers, strict=True))
    ]
    merged = tensor  # where answers that never win count as one that may
    for p, own in enumerate(questions):
        places = np.array([q.counts_as for q in own]).reshape(
            [n if axis in (p, players + p) else 1 for axis, n in enumerate(tensor.shape)]
        )
        merged = np.take_along_axis(merged, places, axis=players + p)
    letters = [[(x, a) for x, q in enumerate(own) for a in q.letters] for own in questions]
    problem = relaxation(merged, level, letters)
    words = _words(questions, level)
    if len(words) > MAX_WORDS:
        raise TooLargeError(f"NPA level {level}: {len(words)} words; allowed are at most {MAX_WORDS}")
    blocks = _blocks(questions, words)
    if (most := max(map(len, blocks))) > MAX_BLOCK:
        raise TooLargeError(f"NPA level {level}: a block of {most} words; allowed are at most {MAX_BLOCK}")
    change = _change(questions, words, problem.words)
    scale = scale_of(problem.payoff)

    def duals() -> Iterator[tuple[FloatArray, FloatArray]]:
        dual = np.zeros((len(words), len(words)))
        solved = _solved(words, blocks, _payoff(questions, merged / scale), deadline)
        for block, own in zip(blocks, solved, strict=False):
            dual[np.ix_(block, block)] = own
        yield change.T @ dual @ change, np.zeros(problem.probabilities.shape[0])

    return certified(tensor, problem, level, duals(), target, merged - tensor)


def _flips(game: ParityGame) -> list[int]:
    """Return a basis of the flips, as masks over all bits."""
    system = System()
    for equation in game.equations:
        system.add(reduce(xor, (1 << v for v in equation.bits), 0), 0)
    return [system.solution(1 << column) for column in system.free(len(game.bits))]


def _question(game: ParityGame, flips: Sequence[int], player: int, question: int, answers: int) -> _Question:
    allowed = game.allowed[player][question]
    own = [v for v, b in enumerate(game.bits) if (b.player, b.question) == (player, question)]
    values = [game.bits[v].values for v in own]
    basis = [values[k] for k in independent(values)]
    if 1 << len(basis) > MAX_WORDS:
        raise TooLargeError(f"an answer of {len(basis)} bits; allowed are {MAX_WORDS} words in all")
    functions = [reduce(xor, (basis[k] for k in members(chosen)), 0) for chosen in range(1 << len(basis))]
    place = {a: k for k, a in enumerate(allowed)}
    last = answers - 1 if answers - 1 in place else allowed[0]
    counts_as = np.array([a if a in place else last for a in range(answers)])
    signs = np.array([[1.0 - 2 * (f >> place[a] & 1) for a in counts_as] for f in functions])
    letters = tuple(a for a in allowed if (signs[:, a] != signs[:, -1]).any())
    charges = []
    for f in functions:
        chosen = combination(values, f) if f else 0
        assert chosen is not None
        bits = reduce(xor, (1 << own[k] for k in members(chosen)), 0)
        charges.append(sum(((bits & flip).bit_count() & 1) << k for k, flip in enumerate(flips)))
    return _Question(signs, counts_as, letters, tuple(charges))


def _words(questions: list[list[_Question]], level: str) -> list[Word]:
    """Return the words of a level; a letter is a question and the number of f, which is not 0."""
    each, total = word_lengths(level, len(questions))
    local = [
        local_words([(x, f) for x, q in enumerate(own) for f in range(1, len(q.signs))], each)
        for own in questions
    ]
    if math.prod(map(len, local)) > 10 * MAX_WORDS**2:
        raise TooLargeError(f"NPA level {level}: far more than {MAX_WORDS} words, the most that are allowed")
    return [word for word in itertools.product(*local) if sum(map(len, word)) <= total]


def _blocks(questions: list[list[_Question]], words: Sequence[Word]) -> list[list[int]]:
    """Return the words of every charge, by their places."""
    found: dict[int, list[int]] = {}
    for k, word in enumerate(words):
        charge = 0
        for own, letters in zip(questions, word, strict=True):
            charge ^= reduce(xor, (own[x].charges[f] for x, f in letters), 0)
        found.setdefault(charge, []).append(k)
    return list(found.values())


def _reduced(letters: Letters) -> Letters:
    """Return a product of observables of one player as a word; f and g of one question make f + g."""
    word: list[tuple[int, int]] = []
    for x, f in letters:
        if word and word[-1][0] == x:
            f ^= word.pop()[1]
        if f:
            word.append((x, f))
    return tuple(word)


def _named(word: Word) -> Word:
    """Return a moment and its adjoint under one name."""
    return min(word, tuple(own[::-1] for own in word))


def _payoff(questions: list[list[_Question]], merged: FloatArray) -> dict[Word, float]:
    """Return the payoff as a sum of moments: a Fourier transform, question by question."""
    players = len(questions)
    found: dict[Word, float] = {}
    for asked in np.argwhere(merged.any(axis=tuple(range(players, 2 * players)))).tolist():
        table = merged[tuple(asked)]
        for own, x in zip(questions, asked, strict=True):
            q = own[x]
            # one answer of each class: those with the same signs win alike
            first = np.unique(q.signs, axis=1, return_index=True)[1]
            spread = np.tensordot(q.signs[:, first] / len(first), np.take(table, first, axis=0), axes=1)
            table = np.moveaxis(spread, 0, -1)
        for chosen in np.argwhere(table).tolist():
            letters = list(zip(asked, chosen, strict=True))
            word: Word = tuple(((x, f),) if f else () for x, f in letters)
            found[word] = found.get(word, 0.0) + float(table[tuple(chosen)])
    return found


def _change(
    questions: list[list[_Question]], words: Sequence[Word], projectors: Sequence[Word]
) -> FloatArray:
    """Return the words as sums of words of projectors, shape (words, projectors)."""
    place = {word: k for k, word in enumerate(projectors)}
    change = np.zeros((len(words), len(projectors)))
    for k, word in enumerate(words):
        expanded = [_expanded(own, letters).items() for own, letters in zip(questions, word, strict=True)]
        for chosen in itertools.product(*expanded):
            change[k, place[tuple(letters for letters, _ in chosen)]] += math.prod(c for _, c in chosen)
    return change


def _expanded(own: list[_Question], letters: Letters) -> dict[Letters, float]:
    """Return a player's word as a sum of words of projectors."""
    found: dict[Letters, float] = {(): 1.0}
    for x, f in letters:
        q = own[x]
        factors: list[tuple[Letters, float]] = [((), q.signs[f, -1])]
        factors += [(((x, a),), q.signs[f, a] - q.signs[f, -1]) for a in q.letters]
        longer: dict[Letters, float] = {}
        for word, weight in found.items():
            for letter, factor in factors:
                product = (*word, *letter)
                if letter and word and word[-1][0] == x:  # what stood between has become 1
                    if word[-1:] != letter:
                        continue
                    product = word
                if factor:
                    longer[product] = longer.get(product, 0.0) + weight * float(factor)
        found = longer
    return found


def _solved(
    words: Sequence[Word], blocks: list[list[int]], payoff: dict[Word, float], deadline: float
) -> list[FloatArray]:
    """Return an approximate dual matrix of every block; none when there is no time.

    The moments are the variables, as in `npa`.
    """
    number: dict[Word, int] = {((),) * len(words[0]): 0}
    moments: list[int] = []
    weights: list[float] = []
    for block in blocks:  # the upper triangle, column by column
        for i, left in enumerate(block):
            for right in block[: i + 1]:
                pairs = zip(words[left], words[right], strict=True)
                name = _named(tuple(_reduced((*u[::-1], *v)) for u, v in pairs))
                moments.append(number.setdefault(name, len(number)))
                weights.append(1.0 if left == right else math.sqrt(2))
    cost = np.zeros(len(number) - 1)
    for word, coefficient in payoff.items():
        if k := number.get(_named(word), 0):  # one in no block has a charge, and vanishes
            cost[k - 1] -= coefficient
    moment, weight = np.array(moments), np.array(weights)
    used = np.flatnonzero(moment)
    cells = sp.csc_matrix((-weight[used], (used, moment[used] - 1)), (len(moment), len(cost)))
    settings = clarabel.DefaultSettings()
    settings.verbose = settings.presolve_enable = settings.chordal_decomposition_enable = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = ACCURACY
    settings.time_limit = deadline - time.monotonic()
    if settings.time_limit <= 0:
        return []
    cones = [clarabel.PSDTriangleConeT(len(block)) for block in blocks]
    nothing = sp.csc_matrix((len(cost), len(cost)))
    constant = np.where(moment == 0, weight, 0.0)
    vector = np.array(clarabel.DefaultSolver(nothing, cost, cells, constant, cones, settings).solve().z)
    if not np.isfinite(vector).all():
        return []
    found, start = [], 0
    for block in blocks:
        row, column = np.tril_indices(len(block))
        dual = np.zeros((len(block), len(block)))
        own = slice(start, start := start + len(row))
        dual[row, column] = dual[column, row] = vector[own] / weight[own]
        found.append(dual)
    return found

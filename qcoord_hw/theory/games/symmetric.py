"""Upper bounds in blocks: a level of the NPA hierarchy, reduced by the symmetries of the game.

The symmetries are found from the table; no bound changes when moments are averaged over them. What remains
is solved in blocks; its dual is averaged over the group and written as one of words of projectors, so that
its certificate is read by the same checker as any other.

Answers of a parity game that never win need no projectors: they may count as another answer, which is never
worse.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import scs

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.automorphisms import Group, automorphisms
from qcoord_hw.theory.games.binary import independent
from qcoord_hw.theory.games.characters import ComplexArray, Question, Words, fourier, image, projector_words
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.interior_point import ROUNDING, dual_blocks, occurrences, work
from qcoord_hw.theory.games.invariant import Invariant, blocks, invariant
from qcoord_hw.theory.games.moments import MAX_WORDS, Part, largest_part, most_words, relaxation
from qcoord_hw.theory.games.npa import (
    ACCURACIES,
    NpaBound,
    certified,
    check_level,
    npa_bound,
    scale_of,
)
from qcoord_hw.theory.games.parity_structure import ParityGame, parity_form
from qcoord_hw.theory.games.payoffs import FloatArray, payoff_tensor

ACCURACY = 1e-9
"""Of the interior-point method."""

MAX_WORK = 2e10
"""Multiplications of one of its steps; where it took more, SCS is asked, which is less accurate."""

MAX_ENTRIES = 4e7
"""Of the matrices of all blocks, up to which it is seen first which parameters each block has."""


def symmetric_bound(
    game: Game | npt.ArrayLike,
    level: str,
    *,
    target: float = -math.inf,
    time_limit: float = 60.0,
    quick: bool = False,
) -> NpaBound:
    """Return a certified upper bound from a level of the NPA hierarchy, reduced by what symmetries there are.

    Where there are none and the level is large, it is that of `npa_bound`. Of a level that has too many
    words, for two players, a part is used.

    Args:
        game: a game, or real payoffs of shape (X_1, .., X_k, B_1, .., B_k).
        level: "1+AB", "2" or "3"; at level "1" there is nothing to reduce.
        target: a value at which to stop early.
        time_limit: seconds after which the solver stops; the bound is then worse, not wrong.
        quick: refuse what takes minutes.

    Raises:
        InputError: when the level is another one, or by `payoff_tensor`.
        TooLargeError: when the level has too many words, or is not quick.
    """
    deadline = time.monotonic() + time_limit
    tensor = payoff_tensor(game)
    made = reduction(game, level)
    entries = made.parameters * sum(n * n for n in made.blocks)
    matrices = made.enclosed() if entries <= MAX_ENTRIES else None
    many = None if matrices is None else [len(occurrences(own)) for own in matrices]
    heavy = work(made.parameters, made.blocks, many) > MAX_WORK
    if quick and heavy:
        raise TooLargeError(
            f"NPA level {level}: blocks of up to {max(made.blocks)} words, {made.parameters} moments, which "
            f"takes minutes; to be asked for as level {level}"
        )
    if made.is_whole and heavy:
        return npa_bound(tensor, level, target=target, time_limit=deadline - time.monotonic())
    problem = relaxation(made.merged, level, made.letters, made.part, made.most)
    change = projector_words(made.words, problem.words)
    objective = made.family.objective(fourier(made.words, made.table / scale_of(problem.payoff)))

    def duals() -> Iterator[tuple[FloatArray, FloatArray]]:
        nothing, found = np.zeros(problem.probabilities.shape[0]), False
        enclosed = made.enclosed() if matrices is None else matrices
        for dual in _solved(made.columns, objective, enclosed, heavy, deadline):
            averaged, found = _averaged(dual, made.words, made.group), True
            yield (change.T @ averaged @ change.conj()).real, nothing
        if not found:
            yield np.zeros(problem.cells.shape), nothing

    bound = certified(tensor, problem, level, duals(), target, made.merged - tensor)
    return bound if made.part is None else replace(bound, part=f"{made.size} of its {made.level_size} words")


@dataclass(frozen=True, eq=False)
class Reduction:
    """A level of the hierarchy, reduced by the symmetries of a game.

    Attributes:
        words: of the moment matrix.
        group: of permutations of the points of `table`.
        family: the moment matrices that it leaves as they are.
        columns: of their blocks.
        merged: the payoffs, where answers that never win count as others.
        table: the same, with an axis for each player.
        letters: the projectors (question, answer) of each player.
        part: which of the level's words there are; None for all.
        level_size: how many words the level has.
        most: how many it may have.
        is_whole: whether it is the level as it would be without all that.
    """

    words: Words
    group: Group
    family: Invariant
    columns: list[ComplexArray]
    merged: FloatArray
    table: FloatArray
    letters: list[list[tuple[int, int]]]
    part: Part | None
    level_size: int
    most: int
    is_whole: bool

    @property
    def size(self) -> int:
        """How many words there are."""
        return len(self.words.words)

    @property
    def blocks(self) -> list[int]:
        """How many words each block has."""
        return [own.shape[1] for own in self.columns]

    @property
    def parameters(self) -> int:
        """How many moments are free."""
        return self.family.parameters

    def enclosed(self) -> list[FloatArray]:
        """Return what each block has of each parameter's matrix, shape (parameters, n, n)."""
        whole = np.concatenate(self.columns, axis=1)
        parts = np.split(np.arange(whole.shape[1]), np.cumsum(self.blocks)[:-1])
        found: list[list[FloatArray]] = [[] for _ in parts]
        for number in range(1, self.parameters + 1):
            moved = self.family.matrix(number) @ whole
            for block, own in zip(found, parts, strict=True):
                block.append((whole[:, own].conj().T @ moved[:, own]).real)
        return [np.array(block) for block in found]


def reduction(game: Game | npt.ArrayLike, level: str) -> Reduction:
    """Return a level of the hierarchy, reduced by the symmetries of a game.

    Raises:
        InputError: when the level is none, or by `payoff_tensor`.
        TooLargeError: when the level has too many words.
    """
    check_level(level)
    tensor, form = payoff_tensor(game), parities(game)
    questions = _numbered(tensor, form)
    letters = [[(x, a) for x, q in enumerate(own) for a in q.letters] for own in questions]
    merged = _merged(tensor, questions)
    table = _on_points(merged, questions)
    sizes = [[q.size for q in own] for own in questions]
    group = automorphisms(table, sizes, lambda own: image(questions, own) is not None)
    most = most_words(group.order)
    asked = np.abs(tensor).max(axis=tuple(range(tensor.ndim // 2, tensor.ndim))) > 0
    part, level_size = largest_part(letters, level, asked, most) if asked.ndim == 2 else (None, 0)
    words = Words(questions, level, part, most)
    images = (image(questions, own) for own in group.generators)
    family = invariant(words, [own for own in images if own is not None])
    columns = blocks(family)
    whole = form is None and part is None and columns[0].shape[1] == len(words.words)
    return Reduction(words, group, family, columns, merged, table, letters, part, level_size, most, whole)


def parities(game: Game | npt.ArrayLike) -> ParityGame | None:
    """Return what wins as parities; None where it is none, or the game too large for words of a bit each."""
    if not isinstance(game, Game) or math.prod(1 + asked for asked in game.prob.shape) > MAX_WORDS:
        return None
    return parity_form(game)


def _numbered(tensor: FloatArray, form: ParityGame | None) -> list[list[Question]]:
    """Return the answers to every question as elements of a group."""
    players = tensor.ndim // 2
    found = []
    for p, (asked, answers) in enumerate(zip(tensor.shape[:players], tensor.shape[players:], strict=True)):
        every = np.arange(answers)
        if form is None:
            own = [Question(every, every, answers, tuple(range(answers - 1)))] * asked
        else:
            own = [_parities(form, p, x, answers) for x in range(asked)]
        found.append(own)
    return found


def _parities(form: ParityGame, player: int, question: int, answers: int) -> Question:
    """Return the answers that may win, numbered by their bits; others count as one of them."""
    allowed = form.allowed[player][question]
    values = [b.values for b in form.bits if (b.player, b.question) == (player, question)]
    basis = [values[k] for k in independent(values)]
    if 1 << len(basis) > MAX_WORDS:
        raise TooLargeError(f"an answer of {len(basis)} bits; allowed are {MAX_WORDS} words in all")
    bits = [sum((value >> k & 1) << i for i, value in enumerate(basis)) for k in range(len(allowed))]
    distinct = sorted(set(bits))
    numbers = {a: distinct.index(b) for a, b in zip(allowed, bits, strict=True)}
    last = answers - 1 if answers - 1 in numbers else allowed[0]
    element = np.array([numbers.get(a, numbers[last]) for a in range(answers)])
    counts_as = np.array([a if a in numbers else last for a in range(answers)])
    letters = tuple(a for a in allowed if element[a] != element[-1])
    return Question(element, counts_as, len(distinct), letters)


def _merged(tensor: FloatArray, questions: Sequence[Sequence[Question]]) -> FloatArray:
    """Return the payoffs where answers without a number of their own count as one that has it."""
    players = len(questions)
    for p, own in enumerate(questions):
        shape = [n if axis in (p, players + p) else 1 for axis, n in enumerate(tensor.shape)]
        places = np.array([q.counts_as for q in own]).reshape(shape)
        tensor = np.take_along_axis(tensor, places, axis=players + p)
    return tensor


def _on_points(tensor: FloatArray, questions: Sequence[Sequence[Question]]) -> FloatArray:
    """Return payoffs with an axis for each player: question by question, element by element."""
    asked = [np.repeat(np.arange(len(own)), [q.size for q in own]) for own in questions]
    given = [np.concatenate([q.counts_as[q.first] for q in own]) for own in questions]
    return np.asarray(tensor[(*np.ix_(*asked), *np.ix_(*given))])


def _solved(
    columns: Sequence[ComplexArray],
    objective: FloatArray,
    matrices: Sequence[FloatArray],
    heavy: bool,
    deadline: float,
) -> Iterator[ComplexArray]:
    """Yield approximate dual matrices, better and better ones; none when there is no time.

    The parameters are the variables, as the moments are in `npa`; the constant is the unit matrix.
    """
    if not heavy:
        solved = dual_blocks(objective, matrices, ACCURACY, deadline)
        solutions: Iterable[list[FloatArray]] = [] if solved is None else [solved]
    else:
        solutions = _first_order(objective, matrices, deadline)
    for duals in solutions:
        dual: ComplexArray = np.zeros((len(columns[0]),) * 2, dtype=np.complex128)
        for vectors, block in zip(columns, duals, strict=True):
            dual += vectors @ block @ vectors.conj().T
        yield dual


def _first_order(
    objective: FloatArray, matrices: Sequence[FloatArray], deadline: float
) -> Iterator[list[FloatArray]]:
    """Yield what `dual_blocks` returns, from SCS, better and better."""
    triangles = [np.triu_indices(own.shape[1]) for own in matrices]  # the lower one column by column
    weights = [np.where(row == column, 1.0, math.sqrt(2)) for row, column in triangles]
    cells = np.concatenate(
        [w * own[:, t[0], t[1]] for w, own, t in zip(weights, matrices, triangles, strict=True)], axis=1
    )
    cells[np.abs(cells) < ROUNDING] = 0
    constant = np.concatenate([(row == column) * 1.0 for row, column in triangles])
    data = {"A": sp.csc_matrix(-cells.T), "b": constant, "c": -objective}
    start: dict[str, Any] = {}
    for accuracy in ACCURACIES:
        if (left := deadline - time.monotonic()) <= 0:
            return
        options = {"eps_abs": accuracy, "eps_rel": accuracy, "max_iters": 10**6, "verbose": False}
        cones = {"s": [own.shape[1] for own in matrices]}
        answer = scs.SCS(data, cones, time_limit_secs=left, **options).solve(**start)
        start = {"warm_start": True} | {name: answer[name] for name in "xys"}
        if not np.isfinite(answer["y"]).all():
            return
        shares = np.split(answer["y"], np.cumsum([len(w) for w in weights])[:-1])
        found = []
        for own, share, (row, column), weight in zip(matrices, shares, triangles, weights, strict=True):
            block = np.zeros(own.shape[1:])
            block[row, column] = block[column, row] = share / weight
            found.append(block)
        yield found


def _averaged(dual: ComplexArray, words: Words, group: Group) -> ComplexArray:
    """Return the average of what the elements of a group make of a dual matrix."""
    for link in reversed(group.links):
        total = dual.copy()
        for own in link:
            moved = image(words.questions, own)
            assert moved is not None
            place, phase = words.moved_words(moved)
            total[np.ix_(place, place)] += phase[:, None] * dual * phase.conj()
        dual = total / (1 + len(link))
    return dual

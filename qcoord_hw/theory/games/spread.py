"""A Bell expression as a game: scores from 0 to 1, and questions as often as they matter.

A marginal may be spread over the questions that ask for it in any way: without signalling the value is the
same. Whatever the split, s_q(a) is what question q contributes when it is answered a; with
lo_q <= s_q <= lo_q + mu_q

    I = lam w + shift,   lam = sum of mu_q,   shift = sum of lo_q,

for the mean score w of the game that asks q with probability mu_q / lam and scores (s_q(a) - lo_q) / mu_q. A
linear program chooses the split of least lam: the fewest shots, and often a game that is only won or lost.
Whatever its solver returns is rounded to exact fractions, and the split holds exactly; only how good it is
hangs on the solver.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.exact import ObjectArray
from qcoord_hw.theory.games.expression import BellExpression, Slots, starts, table_of, unit
from qcoord_hw.theory.games.game import Game

MAX_PROGRAM = 1_000_000
"""Entries of the linear program; a larger expression is split evenly."""

SMALL_PROGRAM, DIRECTIONS = 20_000, 8
"""Up to that size, so many further splits of the same scale are tried for one of two scores a question."""

SECONDS = 20.0
"""For the linear program; where they are over the expression is split evenly."""

DENOMINATORS = (12, 10**6)
"""Up to which the solver's numbers are rounded, in units of the coefficients: vertices have small ones."""

WIDER = 1e-6
"""By which lam of the rounded split may exceed that of the solver, relatively."""

SCALES = (Fraction(1, 10**6), Fraction(10**9))
"""The least and largest lam."""

Question = tuple[int, ...]


class ExpressionGame(Game):
    """A game whose mean score w is a Bell expression in other units: I = scale w + offset.

    Attributes:
        expression: the Bell expression.
        scale: exact, positive.
        offset: exact.
    """

    def __init__(self, expression: BellExpression, prob: Any, win: Any = None, *, score: Any = None) -> None:
        """Check that the game is the expression, and find its units.

        Args:
            expression: the Bell expression.
            prob: as for `Game`.
            win: as for `Game`.
            score: as for `Game`.

        Raises:
            InputError: as for `Game`, or when no scale and offset make the mean score the expression.
        """
        super().__init__(expression.name, prob, win, score=score)
        self.expression: Final = expression
        self.scale, self.offset = _units(self, expression)

    @cached_property
    def local_bound(self) -> Fraction:
        """The largest value of local models, exactly.

        Raises:
            TooLargeError: when the search for it would take too long.
        """
        from qcoord_hw.theory.games.classical import classical_value

        return self.value(classical_value(self))

    def value(self, mean: Fraction) -> Fraction:
        """Return the value of the expression that belongs to a mean score."""
        return self.scale * mean + self.offset


@dataclass(frozen=True, eq=False)
class Split:
    """What every question contributes.

    Attributes:
        scores: question -> s_q(a), shape of the outcomes of its settings.
    """

    scores: Mapping[Question, ObjectArray]

    @property
    def scale(self) -> Fraction:
        """Lam, the sum of the ranges of all questions."""
        return sum((s.max() - s.min() for s in self.scores.values()), Fraction(0))

    @property
    def has_two_scores(self) -> bool:
        """Whether no question has more than two, so that the game is won or lost."""
        return all(len(set(s.flat)) <= 2 for s in self.scores.values())


def spread(expression: BellExpression) -> ExpressionGame:
    """Return a Bell expression as the game of least scale, checked against the bound that was stated.

    Raises:
        InputError: when the expression is constant or its values have an extreme range, or when the local
            bound that was stated is not the right one.
        TooLargeError: when a bound was stated that would take too long to check.
    """
    split = even_split(expression)
    if any(None in factors for _, factors in expression.terms) or not _correlates(expression):
        split = _best_split(expression) or split
    lam = split.scale
    if not SCALES[0] <= lam <= SCALES[1]:
        least, most = map(float, SCALES)
        raise InputError(
            f"expression: its value ranges over {float(lam):.3g}; allowed are {least:g} to {most:g}, so that "
            "outcomes matter"
        )
    shape = expression.settings
    prob = np.full(shape, Fraction(0), dtype=object)
    score = np.full(shape + expression.answers, Fraction(0), dtype=object)
    for q, s in split.scores.items():
        if (mu := s.max() - s.min()) > 0:
            prob[q] = mu / lam
            score[q][tuple(map(slice, s.shape))] = (s - s.min()) / mu  # padded answers score nothing
    won = all(value in (0, 1) for value in score.flat)
    game = ExpressionGame(expression, prob, **({"win": score.astype(int)} if won else {"score": score}))
    stated = expression.local_bound
    if stated is not None and stated != (right := game.local_bound):
        raise InputError(f"local_bound: {stated}; allowed is the largest local value, which is {right}")
    return game


def even_split(expression: BellExpression, asked: Callable[[Question], bool] = lambda _: True) -> Split:
    """Return the expression as written, every marginal being the mean over the questions that ask for it.

    Args:
        expression: the expression.
        asked: which questions are.

    Raises:
        InputError: when no question that is asked has the settings of a term.
    """
    scores = {
        q: np.full(expression.sizes(q), Fraction(0), dtype=object) for q in expression.questions() if asked(q)
    }
    for coefficient, factors in expression.terms:
        each = zip(factors, expression.settings, strict=True)
        chosen = (range(size) if f is None else (f[0],) for f, size in each)
        questions = [q for q in itertools.product(*chosen) if q in scores]
        if not questions:
            raise InputError("expression: a term of settings that are not asked")
        for q in questions:
            value: Any = coefficient / len(questions)
            for p, f in enumerate(factors):
                axis = np.array([1] * scores[q].shape[p] if f is None else f[1], dtype=object)
                value = np.multiply.outer(value, axis)
            scores[q] = scores[q] + value
    return Split(scores)


def _correlates(expression: BellExpression) -> bool:
    """Return whether there are full correlators alone, whose even split has the least scale."""
    return all(f is None or f[1] == (1, -1) for _, factors in expression.terms for f in factors)


def _best_split(expression: BellExpression) -> Split | None:
    """Return a split of least scale, of two scores a question if it comes across one; None if it finds none.

    The splits of least scale are a polytope. Its vertices are looked at in a few directions, always the same.
    """
    program = _Program(expression)
    if program.size > MAX_PROGRAM or not expression.table:
        return None
    solved = program.solve()
    if solved is None:
        return None
    parts, least = solved
    best = program.rounded(parts, least)
    rng = np.random.default_rng(0)
    for _ in range(DIRECTIONS if program.size <= SMALL_PROGRAM else 0):
        if best.has_two_scores:
            break
        found = program.solve(rng.normal(size=len(program.numbers)), least)
        if found is None:
            break
        other = program.rounded(found[0], least)
        if other.has_two_scores and other.scale <= best.scale:
            best = other
    return best


class _Program:
    """The linear program over all splits.

    In every question the score is a Collins-Gisin table of its own: an entry for each party's not being asked
    or an outcome but the last. Those in which all are asked are fixed; the others add up to the expression's.
    """

    def __init__(self, expression: BellExpression) -> None:
        """Number the unknown entries."""
        self.expression = expression
        self.places = [starts(own) for own in expression.outcomes]
        self.questions = list(expression.questions())
        self.entries = {q: self._entries(q) for q in self.questions}
        entries = ((q, slots) for q in self.questions for slots in self.entries[q])
        partial = (key for key in entries if 0 in key[1] and any(key[1]))
        self.numbers = {key: k for k, key in enumerate(partial)}
        self.unit = Fraction(
            math.gcd(*(c.numerator for c in expression.table.values())) or 1,
            math.lcm(*(c.denominator for c in expression.table.values())),
        )
        self.most = float(max(map(abs, expression.table.values()), default=Fraction(1)))

    def _entries(self, question: Question) -> list[Slots]:
        """Return the places of a question's own table, the last party's running fastest."""
        axes = (
            [0, *range(place[x], place[x] + own[x] - 1)]
            for place, own, x in zip(self.places, self.expression.outcomes, question, strict=True)
        )
        return list(itertools.product(*axes))

    @property
    def size(self) -> int:
        """How many entries the constraints have, at most."""
        return 2 * sum(len(entries) ** 2 for entries in self.entries.values())

    @cached_property
    def _constraints(self) -> dict[str, Any]:
        """The constraints of the entries, of every lo_q and of every mu_q."""
        from scipy import sparse

        count, asked = len(self.numbers), len(self.questions)
        upper, right = [], []
        for k, q in enumerate(self.questions):
            entries = self.entries[q]
            design = sparse.csr_matrix(_design(self.expression.sizes(q)))
            rows, columns = [], []
            for i, slots in enumerate(entries):
                if (q, slots) in self.numbers:
                    rows.append(i)
                    columns.append(self.numbers[q, slots])
            picked = sparse.csr_matrix(([1.0] * len(rows), (rows, columns)), (len(entries), count))
            fixed = np.array([0.0 if 0 in s else self._float(s) for s in entries])
            answers = design.shape[0]
            low = sparse.csr_matrix((np.ones(answers), (range(answers), [k] * answers)), (answers, asked))
            score, constant = design @ picked, design @ fixed
            upper += [
                sparse.hstack([-score, low, sparse.csr_matrix((answers, asked))]),
                sparse.hstack([score, -low, -low]),
            ]
            right += [constant, -constant]
        split = {slots: i for i, slots in enumerate(dict.fromkeys(slots for _, slots in self.numbers))}
        places = [split[slots] for _, slots in self.numbers], range(count)
        equal = sparse.csr_matrix(([1.0] * count, places), (len(split), count + 2 * asked))
        return {
            "A_ub": sparse.vstack(upper).tocsr(),
            "b_ub": np.concatenate(right),
            "A_eq": equal if split else None,
            "b_eq": [self._float(slots) for slots in split] if split else None,
            "bounds": [(None, None)] * (count + asked) + [(0, None)] * asked,
        }

    def solve(
        self, direction: npt.NDArray[np.float64] | None = None, least: float = math.inf
    ) -> tuple[dict[tuple[Question, Slots], float], float] | None:
        """Return the entries and lam of a best split, in the expression's units; None where time is over.

        Args:
            direction: shape (unknown entries,): what is minimised in place of lam;
            least: lam is at most that.
        """
        from scipy import sparse
        from scipy.optimize import linprog

        count, asked, given = len(self.numbers), len(self.questions), dict(self._constraints)
        lam = np.concatenate([np.zeros(count + asked), np.ones(asked)])
        goal = lam
        if direction is not None:
            goal = np.concatenate([direction, np.zeros(2 * asked)])
            given["A_ub"] = sparse.vstack([given["A_ub"], sparse.csr_matrix(lam)])
            given["b_ub"] = np.append(given["b_ub"], least / self.most * (1 + 1e-9))
        found = linprog(goal, **given, method="highs-ds", options={"time_limit": SECONDS})
        if found.status != 0:
            return None
        parts = {key: found.x[n] * self.most for key, n in self.numbers.items()}
        return parts, float(lam @ found.x) * self.most

    def _float(self, slots: Slots) -> float:
        return float(self.expression.table.get(slots, Fraction(0))) / self.most

    def rounded(self, parts: Mapping[tuple[Question, Slots], float], least: float) -> Split:
        """Return the split of entries in fractions as small as lam allows."""
        for denominator in DENOMINATORS:
            split = self._split(parts, denominator)
            if split.scale <= least * (1 + WIDER):
                break
        return split

    def _split(self, parts: Mapping[tuple[Question, Slots], float], denominator: int) -> Split:
        """Return the split of rounded entries; of every marginal the last question takes what is left."""
        table, unit = self.expression.table, float(self.unit)
        left = {slots: table.get(slots, Fraction(0)) for _, slots in self.numbers}
        last = {slots: q for q, slots in self.numbers}
        constant = table.get((0,) * self.expression.parties, Fraction(0)) / len(self.questions)
        scores = {}
        for q in self.questions:
            entries = []
            for slots in self.entries[q]:
                if not any(slots):
                    entries.append(constant)
                elif 0 not in slots:
                    entries.append(table.get(slots, Fraction(0)))
                elif last[slots] == q:
                    entries.append(left[slots])
                else:
                    part = self.unit * Fraction(parts[q, slots] / unit).limit_denominator(denominator)
                    left[slots] -= part
                    entries.append(part)
            own = np.array(entries, dtype=object).reshape(self.expression.sizes(q))
            scores[q] = _scores(own)
        return Split(scores)


def _design(sizes: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the matrix that makes scores of a question's own table, shape (answers, entries)."""
    design: npt.NDArray[np.float64] = np.ones((1, 1))
    for size in sizes:
        own = np.zeros((size, size))
        own[:, 0] = 1
        own[np.arange(size - 1), np.arange(1, size)] = 1
        design = np.asarray(np.kron(design, own))
    return design


def _scores(entries: ObjectArray) -> ObjectArray:
    """Return the scores of a question's own table, of its shape: the last outcome has the first entry."""
    for axis in range(entries.ndim):
        front = np.moveaxis(entries, axis, 0)
        entries = np.moveaxis(np.concatenate([front[1:] + front[:1], front[:1]]), 0, axis)
    return entries


def _units(game: Game, expression: BellExpression) -> tuple[Fraction, Fraction]:
    """Return scale and offset by which a game's mean score is the expression.

    Raises:
        InputError: when there are none.
    """
    wrong = InputError("expression: not that of the game; allowed is the one from which the game was made")
    if game.prob.shape != expression.settings or game.answers != expression.answers:
        raise wrong
    terms = []
    for q in game.questions():
        shape = expression.sizes(q)
        table = game.table[q].astype(object) * game.prob[q]
        real = table[tuple(map(slice, shape))]
        if sum(table.flat) != sum(real.flat):
            raise wrong  # an answer that no outcome has would score
        terms += [
            (value, tuple((x, unit(shape[p], place[p])) for p, x in enumerate(q)))
            for place, value in np.ndenumerate(real)
            if value
        ]
    own, right = table_of(expression.outcomes, terms), dict(expression.table)
    none = (0,) * expression.parties
    constant, offset = own.pop(none, Fraction(0)), right.pop(none, Fraction(0))
    if not own or own.keys() != right.keys():
        raise wrong
    scales = {right[slots] / own[slots] for slots in own}
    if len(scales) != 1 or (scale := scales.pop()) <= 0:
        raise wrong
    return scale, offset - scale * constant

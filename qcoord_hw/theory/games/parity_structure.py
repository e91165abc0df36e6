"""Games in which the winning answers are parities of bits, whatever the answers are called.

In a strategy that always wins, no answer is given that cannot win. What two or more players then have to
know in common is read off the table of winning answers: a player's answers that win with the same answers of
the others are one class. Two classes are a bit; four are two bits, however they are named, since all
permutations of F_2^2 are affine; more classes have to be named by bits that other questions give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.binary import dependencies, independent, members
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.odd_cycle import Link, Question, Refutation, Step, odd_cycle, refuted

Bools = npt.NDArray[np.bool_]

MAX_ANSWERS = 4096
"""Of a player to a question."""

MAX_BITS = 5000
"""Of all players and questions, while they are being named."""


@dataclass(frozen=True)
class Bit:
    """A bit of a player's answer to a question.

    Attributes:
        player: whose.
        question: to which question.
        values: bit k is the value at the k-th allowed answer; at the first it is 0.
    """

    player: int
    question: int
    values: int


@dataclass(frozen=True)
class Equation:
    """The sum of some bits (indices, at most one per player, or all of one answer) is `parity`.

    `asked` is the question of all players that demands it; None where a player's own answers are so.
    """

    bits: tuple[int, ...]
    parity: int
    asked: Question | None


@dataclass(frozen=True)
class ParityGame:
    """What always wins, as linear equations over F_2.

    Attributes:
        allowed: allowed[player][question] are the answers that can win.
        bits: all bits that matter.
        equations: all that they have to fulfil.
    """

    allowed: tuple[tuple[tuple[int, ...], ...], ...]
    bits: tuple[Bit, ...]
    equations: tuple[Equation, ...]


def parity_structure(game: Game) -> ParityGame | Refutation | None:
    """Return what always winning asks for, or why nothing does; None where the answers are no parities.

    Args:
        game: with `win`, or with scores 0 and 1; one with other scores is of no such kind.
    """
    if (win := _won(game)) is None:
        return None
    reader = _Reader(game, win)
    reader.leave_out_what_does_not_always_win()
    return reader.refutation or reader.parities()


def parity_form(game: Game) -> ParityGame | None:
    """Return the parities that win, without leaving out more than answers that never do.

    Flips of bits that keep all equations then keep the payoff of every strategy, perfect or not.
    """
    if (win := _won(game)) is None:
        return None
    reader = _Reader(game, win)
    reader.leave_out_what_never_wins()
    found = reader.parities(refute=False)
    return found if isinstance(found, ParityGame) else None


def _won(game: Game) -> Bools | None:
    """Return where a game is won; None where it is not only won or lost, or too large."""
    table = game.table
    if game.players < 2 or max(game.answers) > MAX_ANSWERS or (game.score is not None and not _is_won(table)):
        return None
    return np.asarray(table == 1)


def _is_won(table: npt.NDArray[np.object_]) -> bool:
    return all(score in (0, 1) for score in table.flat)


class _Reader:
    """Finds the bits of a game's answers, question by question."""

    def __init__(self, game: Game, win: Bools) -> None:
        """Take all answers."""
        self._asked = list(game.questions())
        self._win = win
        self._bits: dict[Bit, int] = {}
        self._equations: dict[Equation, None] = {}
        self.refutation: Refutation | None = None
        sizes = list(zip(game.prob.shape, game.answers, strict=True))
        self._allowed = [np.ones(size, dtype=bool) for size in sizes]

    def leave_out_what_never_wins(self) -> None:
        """Leave out answers that win against no answers of the others, whatever these are asked."""
        for player, own in enumerate(self._allowed):
            for x in range(len(own)):
                asked = [q for q in self._asked if q[player] == x]
                axes = tuple(i for i in range(self._win.ndim // 2) if i != player)
                wins = np.any([self._win[q].any(axis=axes) for q in asked], axis=0) if asked else own[x]
                own[x] = wins if wins.any() else own[x]

    def leave_out_what_does_not_always_win(self) -> None:
        """Leave out answers that lose for sure against some question of the others, again and again."""
        changed = True
        while changed and self.refutation is None:
            changed = False
            for asked in self._asked:
                winning = self._winning(asked)
                for player, x in enumerate(asked):
                    axes = tuple(i for i in range(len(asked)) if i != player)
                    keep = winning.any(axis=axes)
                    changed |= not keep.all()
                    own = self._allowed[player][x]
                    own[own] = keep
                    if not own.any():
                        self.refutation = Refutation(
                            f"whatever player {player + 1} answers to question {x} loses against some "
                            "question of the others, once answers that never win are left out"
                        )
                        return

    def _winning(self, asked: Question) -> Bools:
        """Return which allowed answers win, shape (allowed answers of player 1, ..)."""
        own = [np.flatnonzero(self._allowed[p][x]) for p, x in enumerate(asked)]
        return np.asarray(self._win[asked][np.ix_(*own)])

    def parities(self, refute: bool = True) -> ParityGame | Refutation | None:
        """Return the bits and their equations, or why they cannot all hold if that is to be looked for."""
        large = []
        for asked in self._asked:
            classes = [_classes(self._winning(asked), p) for p in range(len(asked))]
            counts = [max(own) + 1 for own in classes]
            involved = [p for p, count in enumerate(counts) if count > 1]
            reduced = np.zeros(counts, dtype=bool)
            reduced[np.ix_(*map(range, counts))] = self._winning(asked)[
                np.ix_(*([own.index(c) for c in range(n)] for own, n in zip(classes, counts, strict=True)))
            ]
            reduced = reduced.reshape([n for n in counts if n > 1])
            if len(involved) == 2:
                if not _is_matching(reduced):
                    return None
                i, j = involved
                match = reduced.argmax(axis=1).tolist()
                named = classes[i], [match.index(c) for c in classes[j]]
                if counts[i] > 4:
                    large.append((asked, (i, j), named))
                else:
                    for mask in range(1, counts[i]):  # 1: a bit; 1, 2, 3: two bits and their sum
                        ways = [[(c & mask).bit_count() & 1 for c in own] for own in named]
                        self._add(asked, (i, j), ways, 0)
            elif involved:
                parity = _parity(reduced)
                if parity is None:
                    return None
                self._add(asked, involved, [classes[p] for p in involved], parity)
        if not self._name(large):
            return None
        if refute and (found := odd_cycle(self._links())) is not None:
            return refuted(tuple(map(self._step, found)))
        if not self._relate():
            return None
        allowed = tuple(tuple(tuple(np.flatnonzero(row).tolist()) for row in own) for own in self._allowed)
        return ParityGame(allowed, tuple(self._bits), tuple(self._equations))

    def _add(
        self, asked: Question, players: Sequence[int], ways: Sequence[Sequence[int]], parity: int
    ) -> bool:
        """Add that these bits, given by their values at the allowed answers, sum to `parity`."""
        bits = []
        for player, values in zip(players, ways, strict=True):
            parity ^= values[0]
            mask = sum((value ^ values[0]) << k for k, value in enumerate(values))
            bits.append(self._bits.setdefault(Bit(player, asked[player], mask), len(self._bits)))
        equation = Equation(tuple(bits), parity, asked)
        known = equation in self._equations
        self._equations[equation] = None
        return not known

    def _links(self) -> Iterator[Link]:
        """Yield the equations of two bits."""
        for equation in self._equations:
            if len(equation.bits) == 2 and equation.asked is not None:
                yield *equation.bits, equation.parity, equation.asked

    def _step(self, link: Link) -> Step:
        """Return a link with its bits written out."""
        bits = list(self._bits)
        pair = bits[link[0]], bits[link[1]]
        ones = []
        for bit in pair:
            allowed = np.flatnonzero(self._allowed[bit.player][bit.question]).tolist()
            ones.append(tuple(a for k, a in enumerate(allowed) if bit.values >> k & 1))
        return Step(link[3], (pair[0].player, pair[1].player), (ones[0], ones[1]), link[2])

    def _of(self, player: int, question: int) -> list[tuple[int, Bit]]:
        """Return the bits of an answer, with their indices."""
        return [(k, b) for b, k in self._bits.items() if (b.player, b.question) == (player, question)]

    def _name(self, large: list[tuple[Question, tuple[int, int], tuple[list[int], list[int]]]]) -> bool:
        """Carry bits across questions with more than four classes; return whether they name all classes."""
        changed = True
        while changed and len(self._bits) <= MAX_BITS:
            changed = False
            for asked, pair, named in large:
                for side in (0, 1):
                    for way in self._constant(pair[side], asked[pair[side]], named[side]):
                        ways = [[way[c] for c in own] for own in named]
                        changed |= self._add(asked, pair, ways, 0)
        for asked, pair, named in large:
            ways = self._constant(pair[0], asked[pair[0]], named[0])
            if len(set(zip(*ways, strict=True))) != max(named[0]) + 1:
                return False
        return True

    def _constant(self, player: int, question: int, named: list[int]) -> list[list[int]]:
        """Return a basis of the sums of an answer's bits that are constant on classes, by class."""
        own = [bit.values for _, bit in self._of(player, question)]
        first = [named.index(c) for c in range(max(named) + 1)]
        differ = [
            sum((((values >> k) ^ (values >> first[c])) & 1) << k for k, c in enumerate(named))
            for values in own
        ]
        sums = [reduce(xor, (own[k] for k in members(chosen))) for chosen in dependencies(differ)]
        return [[sums[k] >> answer & 1 for answer in first] for k in independent(sums)]

    def _relate(self) -> bool:
        """Add the relations among the bits of every answer; return whether its answers fill them."""
        for player, own in enumerate(self._allowed):
            for question, row in enumerate(own):
                bits = self._of(player, question)
                if not bits:
                    continue
                values = [bit.values for _, bit in bits]
                seen = {tuple(v >> k & 1 for v in values) for k in range(int(row.sum()))}
                if len(seen) != 1 << len(independent(values)):
                    return False
                for chosen in dependencies(values):  # all are 0 at the first answer
                    self._equations[Equation(tuple(bits[k][0] for k in members(chosen)), 0, None)] = None
        return True


def _classes(winning: Bools, player: int) -> list[int]:
    """Return the class of each of a player's answers: those that win with the same answers of the others."""
    rows = np.moveaxis(winning, player, 0).reshape(winning.shape[player], -1)
    seen: dict[bytes, int] = {}
    return [seen.setdefault(row.tobytes(), len(seen)) for row in rows]


def _is_matching(reduced: Bools) -> bool:
    """Return whether each class wins with exactly one of the other player's, and there are 2^n of them."""
    rows, columns = reduced.shape
    one = (reduced.sum(axis=0) == 1).all() and (reduced.sum(axis=1) == 1).all()
    return bool(one) and rows == columns and rows & (rows - 1) == 0


def _parity(reduced: Bools) -> int | None:
    """Return the sum of one bit a player that wins; None if there is none."""
    if set(reduced.shape) != {2}:
        return None
    sums = np.indices(reduced.shape).sum(axis=0) % 2
    return next((s for s in (0, 1) if ((sums == s) == reduced).all()), None)

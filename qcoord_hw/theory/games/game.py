"""A nonlocal game: question distribution and winning predicate or score, for any number of players."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_text, short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.games.exact import ObjectArray, bits, fractions, object_array, strings

MAX_PLAYERS = 16
MAX_QUESTIONS = 100_000
MAX_COMMON = 4096
"""Bits of the common denominator of the probabilities: unbounded, their sum takes hours."""
OFF_BY = Fraction(1, 10**9)

QUANTUM_REFEREE = "a referee with a quantum system is not taken"

_KEYS = ("name", "prob", "win", "score")


class Game:
    """A game of k players: player i is asked x_i and answers b_i; the answers win or lose, or get a score.

    Attributes:
        name: the game's name.
        prob: shape (X_1, .., X_k), dtype object: exact `Fraction` probabilities of the questions.
        score: shape (X_1, .., X_k, B_1, .., B_k), dtype object: exact scores from 0 to 1 that stand in
            place of `win`; None in a game that is won or lost.

    The arrays are read-only.
    """

    def __init__(self, name: str, prob: Any, win: Any = None, *, score: Any = None) -> None:
        """Check and keep a game; numbers are as in a file, in nested lists or arrays.

        Args:
            name: one line of text.
            prob: probabilities of the questions, nested one level a player: numbers, read literally, or
                strings such as "1/3". A sum that is off by at most 1e-9 is divided out.
            win: 0 or 1 for every question and answer tuple: win[x_1]..[x_k][b_1]..[b_k].
            score: numbers from 0 to 1 in place of `win`, in the same order.

        Raises:
            InputError: naming the field (`name`, `prob`, `win` or `score`) and what is allowed.
        """
        check_text("name", name)
        self.name: Final = name
        self.prob: Final = _probabilities(prob)
        if (win is None) == (score is None):
            raise InputError("win: allowed is exactly one of win and score")
        self._win: Final = None if win is None else bits("win", self._table("win", win))
        self.score: Final = None if score is None else fractions("score", self._table("score", score))
        for array in (self.prob, self._win, self.score):
            if array is not None:
                array.flags.writeable = False

    def _table(self, field: str, nested: Any) -> ObjectArray:
        table = object_array(field, nested)
        k = self.prob.ndim
        if k > 1 and table.ndim in (2 * k + 2, 2 * k + 3) and table.shape[:k] == self.prob.shape:
            raise InputError(f"{field}: matrices; {QUANTUM_REFEREE}, allowed are numbers")
        if table.ndim != 2 * k or table.shape[:k] != self.prob.shape:
            raise InputError(
                f"{field}: shape {table.shape} does not fit prob of shape {self.prob.shape}; "
                f"allowed is {field}[x][y]..[b][c].. with the questions of prob"
            )
        if table.size == 0:
            raise InputError(f"{field}: empty; allowed is at least one answer a player")
        return table

    @property
    def win(self) -> npt.NDArray[np.uint8]:
        """Shape (X_1, .., X_k, B_1, .., B_k), dtype uint8: 1 where the answers win.

        Raises:
            InputError: in a game with scores, which is neither won nor lost.
        """
        if self._win is None:
            raise InputError(
                f"win: game {short_repr(self.name)} has a score; allowed here are games with win"
            )
        return self._win

    @property
    def table(self) -> npt.NDArray[Any]:
        """The predicate or the scores, shape (X_1, .., X_k, B_1, .., B_k)."""
        return self.win if self.score is None else self.score

    @cached_property
    def payoff(self) -> npt.NDArray[np.float64]:
        """Floats, shape (X_1, .., X_k, B_1, .., B_k): probability of the questions times win or score."""
        asked = self.prob.astype(float).reshape(self.prob.shape + (1,) * self.players)
        payoff: npt.NDArray[np.float64] = asked * self.table.astype(float)
        payoff.flags.writeable = False
        return payoff

    @property
    def players(self) -> int:
        """How many players there are."""
        return int(self.prob.ndim)

    @property
    def answers(self) -> tuple[int, ...]:
        """The sizes of the answer alphabets (B_1, .., B_k)."""
        return tuple(self.table.shape[self.players :])

    def questions(self) -> Iterator[tuple[int, ...]]:
        """Yield the question tuples of positive probability, in lexicographic order."""
        for question in itertools.product(*map(range, self.prob.shape)):
            if self.prob[question] > 0:
                yield question

    def to_json(self) -> dict[str, Any]:
        """Return the game in its file format, probabilities and scores as exact strings."""
        data = {"name": self.name, "prob": strings(self.prob)}
        return data | ({"win": self.win.tolist()} if self.score is None else {"score": strings(self.score)})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Game:
        """Build a game from its file format: `name`, `prob`, and either `win` or `score`.

        Raises:
            InputError: naming the field that is wrong.
        """
        if not isinstance(data, dict):
            raise InputError(
                f"game: {short_repr(data)}; allowed is an object with name, prob and win or score"
            )
        for key in data:
            if key not in _KEYS:
                raise InputError(
                    f"{short_repr(key)}: unknown{meant(key, _KEYS)}; allowed are {', '.join(_KEYS)}"
                )
        if "win" in data and "score" in data:
            raise InputError("score: beside win; allowed is exactly one of win and score")
        table = "score" if "score" in data else "win"
        for key in ("name", "prob", table):
            if key not in data:
                raise InputError(f"{key}: missing; a game needs name, prob and either win or score")
            if key != "name" and not isinstance(data[key], list):
                raise InputError(f"{key}: {short_repr(data[key])}; allowed is a nested list")
        return cls(data["name"], data["prob"], data.get("win"), score=data.get("score"))


def _probabilities(nested: Any) -> ObjectArray:
    array = object_array("prob", nested)
    if array.size == 0 or not 1 <= array.ndim <= MAX_PLAYERS:
        raise InputError(
            f"prob: shape {array.shape}; allowed is a nested list, one level a player, "
            f"of 1 to {MAX_PLAYERS} players with at least one question each"
        )
    if array.size > MAX_QUESTIONS:
        raise InputError(f"prob: {array.size} questions; allowed are at most {MAX_QUESTIONS}")
    prob = fractions("prob", array)
    common = 1
    for denominator in {number.denominator for number in prob.flat}:
        if (common := math.lcm(common, denominator)).bit_length() > MAX_COMMON:
            raise InputError(
                f"prob: a common denominator of more than {MAX_COMMON} bits; allowed are simpler fractions"
            )
    total = Fraction(sum(number.numerator * (common // number.denominator) for number in prob.flat), common)
    if abs(total - 1) > OFF_BY:
        raise InputError(f"prob: sums to {float(total)!r}; allowed is 1")
    return prob if total == 1 else prob / total

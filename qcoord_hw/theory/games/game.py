"""A nonlocal game: question distribution and winning predicate, for any number of players."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_text

ObjectArray = npt.NDArray[Any]
"""An array of Python objects: exact fractions here."""


@dataclass(frozen=True, eq=False)
class Game:
    """A game of k players: player i is asked x_i, answers b_i, and all win or lose together.

    Attributes:
        name: the game's name.
        prob: shape (X_1, .., X_k), dtype object: exact `Fraction` probabilities of the questions.
        win: shape (X_1, .., X_k, B_1, .., B_k), dtype uint8: 1 where the answers win.

    Both arrays are read-only. `Game.from_json` reads the file format (numbers or strings such as "1/4").
    """

    name: str
    prob: ObjectArray
    win: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check name, shapes, probabilities and predicate.

        Raises:
            InputError: naming the field (`name`, `prob` or `win`).
        """
        check_text("name", self.name)
        players = self.prob.ndim
        if players < 1 or self.prob.size == 0:
            raise InputError("prob: empty; allowed is a nested list with at least one question a player")
        if self.win.ndim != 2 * players or self.win.shape[:players] != self.prob.shape:
            raise InputError(
                f"win: shape {self.win.shape} does not fit prob of shape {self.prob.shape}; "
                "allowed is win[x][y]..[b][c].. with the questions of prob"
            )
        if self.win.size == 0:
            raise InputError("win: empty; allowed is at least one answer a player")
        if not np.isin(self.win, (0, 1)).all():
            raise InputError("win: an entry is not 0 or 1; allowed are 0 and 1")
        if outside := [p for p in self.prob.flat if not 0 <= p <= 1]:
            raise InputError(f"prob: {str(outside[0])[:40]}; allowed are numbers from 0 to 1")
        if sum(self.prob.flat) != 1:
            raise InputError(f"prob: sums to {float(sum(self.prob.flat))!r}; allowed is 1")
        self.prob.flags.writeable = False
        self.win.flags.writeable = False

    @property
    def players(self) -> int:
        """How many players there are."""
        return self.prob.ndim

    @property
    def answers(self) -> tuple[int, ...]:
        """The sizes of the answer alphabets (B_1, .., B_k)."""
        return self.win.shape[self.players :]

    def questions(self) -> Iterator[tuple[int, ...]]:
        """Yield the question tuples of positive probability, in lexicographic order."""
        for question in itertools.product(*map(range, self.prob.shape)):
            if self.prob[question] > 0:
                yield question

    def to_json(self) -> dict[str, Any]:
        """Return the game in its file format, probabilities as exact strings."""
        return {"name": self.name, "prob": _strings(self.prob), "win": self.win.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Game:
        """Build a game from its file format.

        Probabilities may be JSON numbers (read literally) or strings such as "1/3"; a sum that is off
        by at most 1e-9 is divided out.

        Raises:
            InputError: naming the field that is wrong.
        """
        if not isinstance(data, dict):
            raise InputError(f"game: {type(data).__name__}; allowed is an object with name, prob and win")
        for key in ("name", "prob", "win"):
            if key not in data:
                raise InputError(f"{key}: missing; a game needs name, prob and win")
        prob = _array(data["prob"], "prob")
        flat = np.array([_fraction(p) for p in prob.flat], dtype=object)
        total = sum(flat)
        if total > 0 and abs(total - 1) <= Fraction(1, 10**9):
            flat = flat / total
        win = _array(data["win"], "win")
        if not all(isinstance(w, (int, bool)) and w in (0, 1) for w in win.flat):
            raise InputError("win: an entry is not 0 or 1; allowed are 0 and 1")
        return cls(data["name"], flat.reshape(prob.shape), win.astype(np.uint8))


def _array(nested: Any, field: str) -> ObjectArray:
    """Return a nested list as an object array; ragged lists are refused."""
    shape = []
    level = nested
    while isinstance(level, list):
        if not level:
            raise InputError(f"{field}: an empty list; allowed is at least one entry a level")
        shape.append(len(level))
        level = level[0]
    array = np.empty(shape, dtype=object)
    for index in itertools.product(*map(range, shape)):
        entry = nested
        for i, size in zip(index, shape, strict=True):
            if not isinstance(entry, list) or len(entry) != size:
                raise InputError(f"{field}: ragged at {list(index)}; allowed is a regular nested list")
            entry = entry[i]
        if isinstance(entry, list):
            raise InputError(f"{field}: ragged at {list(index)}; allowed is a regular nested list")
        array[index] = entry
    return array


_HUGE_EXPONENT = re.compile(r"[eE][+-]?\d{4}")  # `Fraction` would write out that many digits


def _fraction(number: Any) -> Fraction:
    try:
        text = str(number)
        if isinstance(number, bool) or len(text) > 100 or _HUGE_EXPONENT.search(text):
            raise ValueError
        return Fraction(text if isinstance(number, float) else number)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise InputError(f'prob: {number!r}; allowed are numbers and strings such as "1/3"') from None


def _strings(array: ObjectArray) -> Any:
    return [_strings(a) for a in array] if array.ndim > 1 else [str(p) for p in array]

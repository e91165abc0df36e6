"""The game of an answer, read anew and exactly."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import as_fraction, brief, is_number

MAX_ENTRIES = 300_000
"""Of the table of a game; more would take minutes and gigabytes in exact numbers."""

Payoff = dict[tuple[int, ...], Fraction]


class ClaimError(ValueError):
    """A claim that does not hold, or cannot be read, so that nothing further can be checked: one line."""


@dataclass(frozen=True)
class ClaimedGame:
    """A game, in exact numbers.

    Attributes:
        questions: (X_1, .., X_k).
        answers: (B_1, .., B_k).
        payoff: (questions, answers) -> probability times win or score, where it is not zero.
    """

    questions: tuple[int, ...]
    answers: tuple[int, ...]
    payoff: Payoff

    @property
    def players(self) -> int:
        """How many players there are."""
        return len(self.questions)

    def best(self) -> Fraction:
        """Return the sum of the largest payoffs of each question in size: what payoffs are measured in."""
        return sum(best({i: abs(w) for i, w in self.payoff.items()}, self.players), Fraction(0))


def read_claimed_game(data: Any) -> ClaimedGame:
    """Return the game of an answer, which has probabilities as text and `win` or `score`.

    Raises:
        ClaimError: when it is none.
    """
    if not isinstance(data, dict) or set(data) not in ({"name", "prob", "win"}, {"name", "prob", "score"}):
        raise ClaimError(f"game: {brief(data)}; allowed is an object with name, prob and either win or score")
    key = "win" if "win" in data else "score"
    questions, chances = _table("game.prob", data.get("prob"), 16)
    shape, values = _table(f"game.{key}", data[key], 32)
    if len(shape) != 2 * len(questions) or shape[: len(questions)] != questions:
        raise ClaimError(f"game.{key}: shape {shape} does not fit questions of shape {questions}")
    prob = [_number("game.prob", chance) for chance in chances]
    if sum(prob) != 1:
        raise ClaimError("game.prob: the sum is not 1")
    if key == "win":
        for value in values:
            if type(value) is not int or value not in (0, 1):
                raise ClaimError(f"game.win: {brief(value)}; allowed are 0 and 1")
        score = values
    else:
        score = [_number("game.score", value) for value in values]
    answers = shape[len(questions) :]
    each = math.prod(answers)
    indices = np.ndindex(shape)
    payoff = {
        index: prob[k // each] * score[k] for k, index in enumerate(indices) if score[k] and prob[k // each]
    }
    return ClaimedGame(questions, answers, payoff)


def game_id(data: Any) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of a game."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _table(name: str, nested: Any, most: int) -> tuple[tuple[int, ...], list[Any]]:
    """Return the shape and the entries of a regular nested list."""
    shape: list[int] = []
    level = [nested]
    while isinstance(level[0], list):
        size = len(level[0])
        if not all(isinstance(entry, list) and len(entry) == size for entry in level) or size == 0:
            raise ClaimError(f"{name}: ragged or empty; allowed is a regular nested list")
        shape.append(size)
        if len(shape) > most or math.prod(shape) > MAX_ENTRIES:
            raise ClaimError(f"{name}: too large; allowed are {most} levels and {MAX_ENTRIES} entries")
        level = [entry for row in level for entry in row]
    if not shape:
        raise ClaimError(f"{name}: {brief(nested)}; allowed is a nested list")
    return tuple(shape), level


def _number(name: str, text: Any) -> Fraction:
    number = as_fraction(text)
    if number is None or not 0 <= number <= 1:
        raise ClaimError(f'{name}: {brief(text)}; allowed are texts such as "1/3", from 0 to 1')
    return number


def read_floats(name: str, nested: Any, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return nested lists of finite numbers as an array.

    Raises:
        ClaimError: when the shape is another, or an entry is no finite number.
    """
    level = [nested]
    for size in shape:
        if not all(isinstance(entry, list) and len(entry) == size for entry in level):
            raise ClaimError(f"{name}: allowed is a nested list of shape {shape}")
        level = [entry for row in level for entry in row]
    if not all(map(is_number, level)):
        raise ClaimError(f"{name}: allowed are finite numbers")
    return np.array(level, dtype=float).reshape(shape)


def payoff_of(prob: Any, score: Any) -> ClaimedGame:
    """Return the game of nested lists or arrays of any numbers, with real scores too.

    Raises:
        ValueError: when the shapes do not fit.
    """
    weights, scores = np.array(prob, dtype=object), np.array(score, dtype=object)
    players = weights.ndim
    if scores.ndim != 2 * players or scores.shape[:players] != weights.shape or not scores.size:
        raise ValueError(f"score: shape {scores.shape}; it does not fit questions of shape {weights.shape}")
    payoff = {
        i: Fraction(weights.item(i[:players])) * Fraction(scores.item(i)) for i in np.ndindex(scores.shape)
    }
    return ClaimedGame(weights.shape, scores.shape[players:], payoff)


def best(payoff: Payoff, players: int) -> Iterable[Fraction]:
    """Return the largest payoff of each question that has any."""
    found: Payoff = {}
    for index, weight in payoff.items():
        found[index[:players]] = max(weight, found.get(index[:players], weight))
    return found.values()

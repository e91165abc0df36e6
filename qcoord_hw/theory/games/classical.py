"""The exact classical value of a game, with a deterministic strategy that reaches it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.spec import short_repr
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.responses import Answers, Table
from qcoord_hw.theory.games.search import BranchAndBound

LIMIT = 1e10


@dataclass(frozen=True)
class ClassicalOptimum:
    """The classical value and a strategy that has it.

    Attributes:
        value: the largest win probability (or mean score), exactly.
        strategy: strategy[player][question] is the answer.
    """

    value: Fraction
    strategy: Answers


def classical_value(game: Game) -> Fraction:
    """Return the largest win probability of classical strategies, exactly; see `classical_optimum`."""
    return classical_optimum(game).value


def classical_optimum(game: Game, *, limit: float = LIMIT, time_limit: float = math.inf) -> ClassicalOptimum:
    """Return the classical value with an optimal deterministic strategy.

    Shared randomness cannot exceed the best deterministic strategy [Cleve2004]. All strategies of every
    player but one are searched depth first, that one answers each question at best, and branches whose
    bound does not exceed the best strategy so far are cut off; so the maximum is exact.

    Args:
        game: the game.
        limit: how many additions the search may cost, about; the default is some ten seconds.
        time_limit: seconds that it may take.

    Raises:
        TooLargeError: when the search would cost more, with the estimate, or time is over.
    """
    deadline = time.monotonic() + time_limit
    weights = _weights(game)
    strategies = [answers**asked for asked, answers in zip(game.prob.shape, game.answers, strict=True)]
    order = sorted(range(game.players), key=lambda player: strategies[player])  # the last is not enumerated
    turned = weights.transpose([*order, *(game.players + player for player in order)])
    if game.players == 1:
        turned = turned[None, :, None, :]  # beside a player without a choice
    found = BranchAndBound(turned, limit, f"game {short_repr(game.name)}", deadline).run()[-game.players :]
    strategy = tuple(found[order.index(player)] for player in range(game.players))
    return ClassicalOptimum(_value(game, strategy), strategy)


def _value(game: Game, strategy: Answers) -> Fraction:
    """Return the exact value of a deterministic strategy."""
    total = Fraction(0)
    for q in game.questions():
        answers = tuple(own[x] for own, x in zip(strategy, q, strict=True))
        total += game.prob[q] * game.table.item(q + answers)
    return total


def _weights(game: Game) -> Table:
    """Return probability times win or score as integers without a common factor.

    Their type is the narrowest that holds the value of any strategy: memory traffic is what the search
    costs. Beyond 63 bits they are Python integers, which never overflow.
    """
    asked = _integers(game.prob).reshape(game.prob.shape + (1,) * game.players)
    weights = asked * (_integers(game.table) if game.score is not None else game.table.astype(object))
    divisor = math.gcd(*weights.flat) or 1
    weights //= divisor
    # no strategy scores more than the largest weight of every question together
    most = int(weights.reshape(game.prob.size, -1).max(axis=1).sum())
    for dtype in (np.int8, np.int16, np.int32, np.int64):
        if most <= np.iinfo(dtype).max:
            return np.asarray(weights, dtype=dtype)
    return np.asarray(weights)


def _integers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    denominator = math.lcm(*(p.denominator for p in array.flat))
    integers = np.array([p.numerator * (denominator // p.denominator) for p in array.flat], dtype=object)
    return integers.reshape(array.shape)

"""The exact classical value of a game."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.game import Game

MAX_STRATEGIES = 10_000_000


def classical_value(game: Game) -> Fraction:
    """Return the largest win probability of deterministic (so of all classical) strategies, exactly.

    All strategies of every player but the last are tried; the last one answers each question at best
    (its best response), so the search is exhaustive. Shared randomness cannot exceed this maximum
    [Cleve2004].

    Raises:
        TooLargeError: when more than ten million strategies would have to be tried.
    """
    shape, answers = game.prob.shape, game.answers
    tables = [b**x for x, b in zip(shape[:-1], answers[:-1], strict=True)]
    if (cost := math.prod(tables)) > MAX_STRATEGIES:
        raise TooLargeError(
            f"game {game.name!r}: {cost:.1e} strategies to try; allowed are at most {MAX_STRATEGIES:.0e}"
        )
    denominator = math.lcm(*(p.denominator for p in game.prob.flat))
    exact = np.int64 if denominator < 2**62 else object  # object: Python integers, which never overflow
    weight = np.array([int(p * denominator) for p in game.prob.flat], dtype=exact).reshape(shape)
    win = game.win.astype(exact)
    last = shape[-1]
    best = 0
    for strategy in itertools.product(
        *(itertools.product(range(b), repeat=x) for x, b in zip(shape[:-1], answers[:-1], strict=True))
    ):
        score = np.zeros((last, answers[-1]), dtype=exact)  # of the last player, per question and answer
        for question in itertools.product(*map(range, shape[:-1])):
            given = tuple(table[x] for table, x in zip(strategy, question, strict=True))
            for y in range(last):
                score[y] += weight[question + (y,)] * win[question + (y,) + given]
        best = max(best, int(score.max(axis=1).sum()))
    return Fraction(best, denominator)

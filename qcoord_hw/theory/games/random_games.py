"""Small random games: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.generators import generators


def games(
    count: int, *, seed: int, players: int = 2, questions: int = 3, answers: int = 3, scored: bool = False
) -> Iterator[Game]:
    """Yield random games.

    Sizes go down to one question or one answer, some questions are never asked, and among many games are some
    that are always or never won.

    Args:
        count: how many.
        seed: decides all of them.
        players: of each game.
        questions: how many a player is asked at most.
        answers: how many a player has at most.
        scored: give scores from 0 to 1 in place of a predicate.
    """
    for k, rng in enumerate(generators(count, seed)):
        asked = tuple(rng.integers(1, questions + 1, players).tolist())
        given = tuple(rng.integers(1, answers + 1, players).tolist())
        weights = rng.integers(0, 4, asked)
        weights.flat[rng.integers(weights.size)] += 1  # something is asked
        prob = np.array([Fraction(int(w), int(weights.sum())) for w in weights.flat], dtype=object)
        prob = prob.reshape(asked)
        name = f"random-{seed}-{k}"
        if scored:
            steps = rng.integers(0, 5, asked + given)
            score = np.array([Fraction(int(s), 4) for s in steps.flat], dtype=object)
            yield Game(name, prob, score=score.reshape(steps.shape))
        else:
            chance = rng.choice([0.0, 0.3, 0.5, 0.7, 1.0], p=[0.05, 0.3, 0.3, 0.3, 0.05])
            yield Game(name, prob, (rng.random(asked + given) < chance).astype(np.int64))

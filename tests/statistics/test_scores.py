"""The mean score of a game with scores: nominal coverage at both ends, and nearly the ideal width."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from qcoord_hw.families.games.analysis import analyse_game
from qcoord_hw.theory.games import Game

QUESTIONS = list(itertools.product(range(2), repeat=2))


def game_of(rng, values, even):
    """Return a two-player game whose scores are drawn from some values."""
    scores = rng.choice(values, (2, 2, 2, 2)).tolist()
    prob = [["1/4"] * 2] * 2 if even else [["1/2", "1/4"], ["1/8", "1/8"]]
    return Game("scores", prob, score=scores)


@pytest.mark.few(3)
@pytest.mark.parametrize("values", [["0", "1"], ["0", "1/3", "1"], ["0", "1/10", "9/10", "1"]])
@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("concentrated", [1.0, 0.05])
def test_the_mean_score_is_held_at_nearly_the_ideal_width(
    rng, play_of, make_record, values, even, concentrated
):
    game = game_of(rng, values, even)
    play = play_of(game, 0.5)
    laws = rng.dirichlet(np.full(4, concentrated), 4).reshape(4, 2, 2)
    laws = 0.98 * laws + 0.02 / 4
    tables = [game.score[q].astype(float) for q in QUESTIONS]
    weights = [float(game.prob[q]) for q in QUESTIONS]
    means = [float((law * table).sum()) for law, table in zip(laws, tables, strict=True)]
    squares = [float((law * table**2).sum()) for law, table in zip(laws, tables, strict=True)]
    truth = sum(w * m for w, m in zip(weights, means, strict=True))
    shots, runs = 1024, 100
    spread = math.sqrt(
        sum(w**2 * (s - m**2) / shots for w, s, m in zip(weights, squares, means, strict=True))
    )
    if len(values) == 2 and even:  # one binomial of all shots, which is exact whatever the questions differ
        spread = math.sqrt(truth * (1 - truth) / 4 / shots)
    below = above = width = 0.0
    for _ in range(runs):
        (e,) = analyse_game(make_record(play, lambda c, _: laws[c], shots=shots)).estimates
        assert e.name == "mean_score"
        below += e.high < truth
        above += e.low > truth
        width += (e.high - e.low) / runs
    most = runs * 0.025 + 4 * math.sqrt(runs * 0.025 * 0.975)
    assert max(below, above) <= most
    if spread:
        assert width < 1.25 * 2 * 1.96 * spread


def test_rows_of_questions_are_held_too(rng, play_of, make_record):
    game = game_of(rng, ["0", "1/2", "1"], True)
    play, laws = play_of(game, 0.5), rng.dirichlet(np.full(4, 0.5), 4).reshape(4, 2, 2)
    missed, runs = 0, 100
    for _ in range(runs):
        for row in analyse_game(make_record(play, lambda c, _: laws[c], shots=200)).rows:
            mean = float((laws[row["circuit"]] * game.score[tuple(row["question"])].astype(float)).sum())
            missed += not row["low"] - 1e-9 <= mean <= row["high"] + 1e-9
    assert missed <= 0.05 * 4 * runs + 4 * math.sqrt(0.05 * 4 * runs)

"""Tests of mean scores: never below the exact tail, and their size against local models with memory."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from qcoord_hw.statistics.binomial import tail
from qcoord_hw.statistics.scores import score_limits, score_tail
from qcoord_hw.statistics.stratified import sum_tail
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.named_expressions import named_expression
from qcoord_hw.theory.games.spread import spread

RUNS, SHOTS, LEVEL = 20_000, 120, 0.05


@pytest.mark.parametrize("bound", [0.1, 0.5, 0.75, 0.9])
def test_it_bounds_the_tail_of_every_two_valued_score(bound):
    for shots in (1, 7, 50, 400):
        for wins in {0, 1, shots // 2, math.ceil(shots * bound), shots - 1, shots}:
            exact, found = tail(wins, shots, bound), score_tail(float(wins), shots, bound)
            assert exact * (1 - 1e-9) <= found <= 1
            if shots > wins > shots * bound:
                share = wins / shots
                chernoff = (bound / share) ** wins * ((1 - bound) / (1 - share)) ** (shots - wins)
                assert found <= max(1e-300, min(chernoff, math.e * exact) * (1 + 1e-9))


def test_it_bounds_the_tail_of_scores_between(rng):
    """Sums of halves and thirds, exactly, by convolution."""
    for _ in range(20):
        values, shots = np.array([0.0, 0.5, 1.0]), 40
        law = rng.dirichlet([1, 1, 1])
        bound = float(law @ values)
        whole = np.ones(1)
        for _ in range(shots):
            whole = np.convolve(whole, law)
        tails = whole[::-1].cumsum()[::-1]
        for k, exact in enumerate(tails):
            assert exact <= score_tail(k / 2, shots, bound) * (1 + 1e-9)


def test_limits_are_those_of_the_test():
    for total, shots in itertools.product((0.0, 3.25, 60.0, 99.5, 100.0), (100, 1000)):
        low, best, high = score_limits(total, shots, 0.025, 0.01)
        assert low <= best <= high
        if low:
            assert score_tail(total, shots, low) == pytest.approx(0.025, rel=1e-6)
        if high < 1:
            assert score_tail(shots - total, shots, 1 - high) == pytest.approx(0.01, rel=1e-6)
    assert score_limits(0.0, 0, 0.025, 0.025) == (0.0, 0.5, 1.0)


def best_strategies(game):
    """Scores of the best deterministic strategies, shape (strategies, questions), and weights."""
    asked = list(game.questions())
    weights = np.array([float(game.prob[q]) for q in asked])
    rows = []
    for points in itertools.product(
        *(itertools.product(range(b), repeat=x) for x, b in zip(game.prob.shape, game.answers, strict=True))
    ):
        rows.append(
            [float(game.table[q].item(tuple(o[x] for o, x in zip(points, q, strict=True)))) for q in asked]
        )
    rows = np.unique(np.array(rows), axis=0)
    return rows[np.isclose(rows @ weights, float(classical_value(game)))], weights


def models(rows, weights):
    """Local models with memory: (shot, totals so far, bound) -> index of the strategy of every run."""
    variance = (rows**2) @ weights - (rows @ weights) ** 2
    calm, wild = int(variance.argmin()), int(variance.argmax())
    return {
        "always calm": lambda t, s, c: np.full(len(s), calm),
        "always wild": lambda t, s, c: np.full(len(s), wild),
        "calm when ahead": lambda t, s, c: np.where(s > c * t + 2, calm, wild),
        "wild when ahead": lambda t, s, c: np.where(s > c * t, wild, calm),
        "calm near the end when ahead": lambda t, s, c: np.where(
            (s > c * t + 1) & (t > SHOTS // 2), calm, wild
        ),
        "in turn": lambda t, s, c: np.full(len(s), t % len(rows)),
        "by what was won": lambda t, s, c: (7 * s).astype(int) % len(rows),
    }


def refusals(rng, game, refused):
    """How often each local model is refused, questions drawn every shot."""
    rows, weights = best_strategies(game)
    bound = float(classical_value(game))
    for name, choose in models(rows, weights).items():
        totals = np.zeros(RUNS)
        for t in range(SHOTS):
            strategy = choose(t, totals, bound)
            question = rng.choice(len(weights), size=RUNS, p=weights)
            totals += rows[strategy, question]
        yield name, float(np.mean(refused(totals)))


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["ch", "i3322-cg", "sliwa-7"])
def test_the_binomial_test_keeps_its_size_against_memory(rng, name):
    game = spread(named_expression(name))
    assert game.score is None
    bound = float(classical_value(game))
    least = next(k for k in range(SHOTS + 1) if tail(k, SHOTS, bound) <= LEVEL)
    assert binom.sf(least - 1, SHOTS, bound) <= LEVEL
    found = dict(refusals(rng, game, lambda totals: totals >= least - 1e-6))
    assert max(found.values()) <= 0.055, found
    assert max(found.values()) > 0.01  # the models do come near


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["cglmp", "tilted-chsh:1/2", "sliwa-41"])
def test_the_test_of_scores_keeps_its_size_against_memory(rng, name):
    game = spread(named_expression(name))
    assert game.score is not None
    bound = float(classical_value(game))

    def refused(totals):
        kinds = np.round(totals, 9)
        small = {total: score_tail(float(total), SHOTS, bound) <= LEVEL for total in np.unique(kinds)}
        return np.array([small[total] for total in kinds])

    found = dict(refusals(rng, game, refused))
    assert max(found.values()) <= 0.055, found
    assert max(found.values()) > 0.001


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["i3322-cg", "cglmp", "sliwa-41"])
def test_a_fixed_schedule_keeps_its_size_against_independent_models(rng, name):
    game = spread(named_expression(name))
    rows, weights = best_strategies(game)
    bound, each = float(classical_value(game)), 15
    shots = np.full(len(weights), each)
    low, high = bound, 1.0  # the test hangs on the weighted mean alone
    for _ in range(30):
        middle = (low + high) / 2
        refused = sum_tail(weights, shots, middle * shots, bound) <= LEVEL
        low, high = (low, middle) if refused else (middle, high)
    sizes = []
    for law in rng.dirichlet(np.full(len(rows), 0.2), size=8):
        drawn = rng.choice(len(rows), size=(4000, len(weights), each), p=law)
        means = rows[drawn, np.arange(len(weights))[None, :, None]].mean(axis=2) @ weights
        sizes.append(float(np.mean(means >= high)))
    assert max(sizes) <= 0.055
    assert max(sizes) > 0

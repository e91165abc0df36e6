"""Drift: the exact law of small tables, power where almost all shots win, and no alarm without a cause."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from qcoord_hw.statistics import drift
from qcoord_hw.statistics.drift import Blocks, drift_check, scan_p_value

WIN = np.array([1.0, 0.0])


def won(rng, shots, wins):
    """Return one circuit's wins and losses, a row for each block's win probability."""
    times = rng.binomial(shots, wins)
    return Blocks(np.stack([times, shots - times], axis=1), WIN)


def test_the_p_value_is_that_of_all_deals():
    """Four blocks of two shots, counted by hand over all ways to deal three losses."""
    table = np.array([[2, 0], [0, 2], [1, 1], [2, 0]])

    def statistic(losses):
        best = 0.0
        for i, j in itertools.combinations(range(5), 2):
            n = 2 * (j - i)
            if n < 8:
                excess = sum(losses[i:j]) - n * 3 / 8
                best = max(best, abs(excess) / math.sqrt(n * (8 - n)))
        return best

    shots = [block for block in range(4) for _ in range(2)]
    deals = [
        [sum(shots[k] == b for k in lost) for b in range(4)] for lost in itertools.combinations(range(8), 3)
    ]
    observed = statistic([0, 2, 1, 0])
    right = np.mean([statistic(deal) >= observed - 1e-12 for deal in deals])
    assert scan_p_value([Blocks(table, WIN)]) == pytest.approx(right, abs=0.12)


@pytest.mark.parametrize("seed", range(6))
def test_the_normal_law_of_many_shots_is_that_of_deals(seed, monkeypatch):
    """The p-value of as many deals as there may be, dealt and drawn, where one block is worse or none is."""
    rng = np.random.default_rng(seed)
    circuits = []
    for _ in range(4):
        scores, odds = rng.normal(size=3), rng.dirichlet(np.full(3, 3.0))
        sizes = rng.integers(2000, 9000, size=4)
        shares = [odds, odds, odds, odds + 0.004 * (seed % 3) * np.array([1, 0, -1])]
        counts = [rng.multinomial(n, share) for n, share in zip(sizes, shares, strict=True)]
        circuits.append(Blocks(np.array(counts), scores))
    monkeypatch.setattr(drift, "ENOUGH", 10**9)
    drawn = scan_p_value(circuits)
    assert drift.NORMAL in drift_check(circuits, "scores")["method"]
    monkeypatch.setattr(drift, "SKEWNESS", 0.0)
    dealt = scan_p_value(circuits)
    assert drift.DEALT in drift_check(circuits, "scores")["method"]
    assert drawn != dealt
    assert drawn == pytest.approx(dealt, abs=5 * math.sqrt(2 * dealt * (1 - dealt) / drift.DEALS) + 0.002)


@pytest.mark.few(1)
@pytest.mark.parametrize("circuits", [1, 4])
def test_one_bad_block_of_seven_is_found(rng, circuits):
    """100 shots per block, .98 won and .90 in one block: found in half of the runs at 1 % false alarms."""
    found, false, runs = 0, 0, 100

    def alarm(wins):
        run = [won(rng, 100 // circuits, wins) for _ in range(circuits)]
        return drift_check(run, "wins")["p_value"] <= 0.01

    for _ in range(runs):
        wins = np.full(7, 0.98)
        false += alarm(wins)
        wins[rng.integers(7)] = 0.90
        found += alarm(wins)
    assert found >= runs / 2
    assert false <= 0.01 * runs + 4 * math.sqrt(0.01 * runs)


@pytest.mark.parametrize("scores", [WIN, np.array([1.0, 0.3, 0.0])])
def test_false_alarms_are_no_more_than_said(rng, scores):
    p = []
    for _ in range(600):
        counts = rng.multinomial(60, [0.9, *np.full(len(scores) - 1, 0.1 / (len(scores) - 1))], size=5)
        p.append(drift_check([Blocks(counts, scores)], "scores")["p_value"])
    for level in (0.01, 0.05, 0.2):
        assert np.mean(np.array(p) <= level) <= level + 4 * math.sqrt(level * (1 - level) / len(p))


def test_circuits_of_other_rates_and_block_sizes_are_no_drift(rng):
    """Each circuit has its own win probability, and blocks hold them in unequal shares."""
    p = []
    for _ in range(300):
        circuits = [
            won(rng, sizes, np.full(4, win))
            for win, sizes in ((0.99, np.array([50, 5, 80, 20])), (0.6, np.array([5, 90, 10, 60])))
        ]
        p.append(drift_check(circuits, "wins")["p_value"])
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 300)


def test_a_slow_trend_is_found(rng):
    circuit = won(rng, 400, np.linspace(0.99, 0.9, 8))
    assert drift_check([circuit], "wins")["p_value"] < 1e-3


def test_outcomes_that_move_at_equal_score_are_found(rng):
    counts = np.array([rng.multinomial(1000, [q, 1 - q]) for q in (0.5, 0.6, 0.7)])
    check = drift_check([Blocks(counts, np.array([1.0, 1.0]))], "wins")
    assert check["p_value"] < 1e-6


def test_what_was_not_tested_has_no_p_value():
    assert drift_check([Blocks(np.array([[60, 40]]), WIN)], "wins") is None
    assert drift_check([Blocks(np.array([[60, 40], [0, 0]]), WIN)], "wins") is None
    assert drift_check([], "wins") is None
    assert drift_check([Blocks(np.array([[60, 0], [50, 0]]), WIN)], "wins")["p_value"] == 1.0


def test_the_same_counts_have_the_same_p_value(rng):
    circuit = won(rng, 100, np.array([0.9, 0.95, 0.9]))
    assert drift_check([circuit], "wins") == drift_check([circuit], "wins")

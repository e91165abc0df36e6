"""Sums of means of bounded scores: Clopper and Pearson where they apply, coverage and width elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qcoord_hw.statistics.binomial import clopper_pearson
from qcoord_hw.statistics.stratified import Stratum, sum_limits


def strata_of(laws, shots, counts):
    """Return the strata of counted scores; `laws` are (scores, probabilities)."""
    found = []
    for (scores, _), n, times in zip(laws, shots, counts, strict=True):
        mean = float(times @ scores) / n
        variance = float(times @ (scores - mean) ** 2) / max(n - 1, 1)
        found.append(Stratum(n, mean, variance, scores.min(), scores.max(), two=len(scores) == 2))
    return found


def two(p, low, high):
    return np.array([low, high]), np.array([1 - p, p])


LAWS = {
    "alike": lambda p: [two(p, -0.25, 0.25)] * 3,
    "unequal": lambda p: [two(p, -0.25, 0.25), two(p, -0.1, 0.1), two(0.25 + p / 2, -0.02, 0.02)],
    "many scores": lambda p: (
        [(np.array([-0.1, 0.0, 0.05, 0.2]), np.array([0.3, 0.2, 0.5, 0]) * (1 - p) + [0, 0, 0, p])] * 5
    ),
    "a rare large one beside a noisy small one": lambda p: [two(p, 0, 0.5), two(0.5, 0, 0.01)],
}


@pytest.mark.few(8)
@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(("shots", "p"), [(30, 0.8), (300, 0.5), (300, 0.97), (4096, 0.95), (4096, 0.999)])
def test_each_end_misses_at_its_rate_and_the_width_is_near_the_ideal_one(rng, name, shots, p):
    laws, runs = LAWS[name](p), 500
    sizes = [shots * (20 if name.startswith("a rare") and k else 1) for k in range(len(laws))]
    truth = sum(float(scores @ weights) for scores, weights in laws)
    spread = math.sqrt(
        sum(
            (float(weights @ scores**2) - float(weights @ scores) ** 2) / n
            for (scores, weights), n in zip(laws, sizes, strict=True)
        )
    )
    drawn = [rng.multinomial(n, weights, size=runs) for (_, weights), n in zip(laws, sizes, strict=True)]
    below = above = width = 0.0
    for counts in zip(*drawn, strict=True):
        low, best, high = sum_limits(strata_of(laws, sizes, counts), 0.0, 0.025, 0.025)
        assert low <= best <= high
        below += high < truth - 1e-12
        above += low > truth + 1e-12
        width += (high - low) / runs
    most = runs * 0.025 + 4 * math.sqrt(runs * 0.025 * 0.975)
    assert max(below, above) <= most
    if shots * (1 - p) > 100:
        assert 0.97 < width / (2 * 1.96 * spread) < 1.1


@pytest.mark.parametrize("right", [0, 1, 7, 150, 299, 300])
def test_two_scores_of_equal_weight_are_one_binomial(rng, right):
    each = rng.multivariate_hypergeometric([100] * 3, right)
    strata = [Stratum(100, k / 100 / 2 - 0.25, 0.1, -0.25, 0.25, two=True) for k in each]
    low, best, high = sum_limits(strata, 0.25, 0.025, 0.025)
    expected = clopper_pearson(right, 300, 0.95)
    assert (low, best, high) == pytest.approx([1.5 * v - 0.5 for v in expected])


def test_without_shots_the_whole_range_and_one_shot_its_largest_variance():
    assert sum_limits([Stratum(0, 0.0, 0.0, -1, 3)], 0.5, 0.025, 0.025) == (-0.5, 1.5, 3.5)
    low, _, high = sum_limits([Stratum(1, 1.0, 0.0, 0, 1)], 0.0, 0.025, 0.025)
    assert low < 0.1
    assert high == 1
    half = [Stratum(100, 0.9, 0.09, 0, 1, two=True), Stratum(0, 0.0, 0.0, 0, 1)]
    low, best, high = sum_limits(half, 0.0, 0.025, 0.025)
    assert best == pytest.approx(1.4)
    assert high - low > 1


def test_what_cannot_vary_is_a_constant():
    constant = Stratum(10, 0.5, 0.0, 0.5, 0.5)
    assert sum_limits([constant], 0.0, 0.025, 0.025) == (0.5, 0.5, 0.5)
    alone, beside = (
        sum_limits([*extra, Stratum(50, 0.8, 0.16, 0, 1, two=True)], 0.0, 0.025, 0.025)
        for extra in ([], [constant])
    )
    assert beside == pytest.approx([0.5 + v for v in alone])


def test_no_end_is_ever_missing(rng):
    """Any strata give ordered, finite limits."""
    for _ in range(500):
        strata = []
        for _ in range(rng.integers(1, 5)):
            n, (low, high) = int(rng.integers(0, 6)), np.sort(rng.uniform(-1, 1, 2))
            scores = rng.choice([low, high, (low + high) / 2], n)
            variance = float(np.var(scores, ddof=1)) if n > 1 else 0.0
            strata.append(Stratum(n, float(scores.mean()) if n else 0.0, variance, low, high))
        limits = sum_limits(strata, 0.0, 0.005, 0.01)
        assert np.isfinite(limits).all()
        assert limits[0] <= limits[1] + 1e-12 <= limits[2] + 2e-12

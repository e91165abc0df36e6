"""Exact binomial statistics against SciPy's own, and the interval's coverage summed exactly."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy import stats

from qcoord_hw.errors import InputError
from qcoord_hw.statistics.binomial import check_confidence, clopper_pearson, lower_limit, tail, upper_limit


def test_interval_is_scipy_s_exact_one(rng):
    for _ in range(200):
        trials = int(rng.integers(1, 10 ** int(rng.integers(1, 7))))
        wins = int(rng.choice([0, trials, rng.integers(0, trials + 1)]))
        confidence = float(rng.choice([0.5, 0.9, 0.95, 0.99, 0.999999]))
        low, best, high = clopper_pearson(wins, trials, confidence)
        expected = stats.binomtest(wins, trials).proportion_ci(confidence, method="exact")
        assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-12)
        assert best == wins / trials
        assert low <= best <= high


def test_one_sided_limits_invert_the_tails(rng):
    """So many wins or more have probability alpha at the lower limit; so many or fewer, at the upper."""
    for _ in range(100):
        trials = int(rng.integers(2, 5000))
        wins = int(rng.integers(1, trials))
        alpha = float(rng.uniform(1e-6, 0.4))
        assert stats.binom.sf(wins - 1, trials, lower_limit(wins, trials, alpha)) == pytest.approx(
            alpha, rel=1e-6
        )
        assert stats.binom.cdf(wins, trials, upper_limit(wins, trials, alpha)) == pytest.approx(
            alpha, rel=1e-6
        )


@pytest.mark.few(12)
@pytest.mark.parametrize("trials", [1, 7, 40, 300])
@pytest.mark.parametrize("probability", [0.0, 0.001, 0.03, 0.5, 0.75, 0.8536, 0.999, 1.0])
def test_coverage_is_never_below_nominal(trials, probability):
    weights = stats.binom.pmf(np.arange(trials + 1), trials, probability)
    for confidence in (0.5, 0.95, 0.99):
        limits = [clopper_pearson(k, trials, confidence) for k in range(trials + 1)]
        inside = [low <= probability <= high for low, _, high in limits]
        assert weights[inside].sum() >= confidence - 1e-12
        # and on each side the miss is at most half of what is left
        alpha = (1 - confidence) / 2
        assert weights[[low > probability for low, _, _ in limits]].sum() <= alpha + 1e-12
        assert weights[[high < probability for _, _, high in limits]].sum() <= alpha + 1e-12


def test_nothing_counted_gives_the_whole_range():
    assert clopper_pearson(0, 0, 0.95) == (0.0, 0.5, 1.0)
    assert lower_limit(0, 10, 0.025) == 0
    assert upper_limit(10, 10, 0.025) == 1


def test_tail_is_scipy_s_survival_function(rng):
    for _ in range(300):
        trials = int(rng.integers(1, 10 ** int(rng.integers(1, 6))))
        wins = int(rng.integers(0, trials + 1))
        p = float(rng.uniform(0.01, 0.99))
        expected = stats.binom.sf(wins - 1, trials, p)
        assert tail(wins, trials, p) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_tail_by_summing_a_small_case_by_hand():
    assert tail(2, 3, 0.75) == pytest.approx(3 * 0.75**2 * 0.25 + 0.75**3)
    assert tail(0, 3, 0.75) == 1
    assert tail(3, 3, 0.75) == pytest.approx(0.75**3)
    assert tail(1, 3, 1.0) == 1


def test_tail_never_says_that_something_is_impossible():
    value = tail(100_000, 100_000, 0.5)
    assert 0 < value <= sys.float_info.min
    assert tail(1, 5, 0.0) > 0


@pytest.mark.parametrize(
    "confidence", [0.0, 1.0, -0.5, 1.5, 95, 1, True, "0.95", None, float("nan"), float("inf")]
)
def test_confidence_outside_its_range_is_refused(confidence):
    with pytest.raises(InputError, match="^confidence:"):
        check_confidence(confidence)
    assert check_confidence(0.5) == 0.5

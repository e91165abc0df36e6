"""The chi-square test of homogeneity: SciPy's where nothing is pooled, and the right size where it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from qcoord_hw.statistics.homogeneity import combined_p_value, statistic


def p_value_of(tables):
    p_value, freedom = combined_p_value(tables)
    assert (p_value == 1.0) or freedom > 0
    return p_value


def test_statistic_is_scipy_s_where_nothing_is_pooled(rng):
    for _ in range(50):
        rows, outcomes = int(rng.integers(2, 6)), int(rng.integers(2, 8))
        table = rng.integers(40, 400, (rows, outcomes))
        value, freedom = statistic(table)
        expected = stats.chi2_contingency(table, correction=False)
        assert value == pytest.approx(expected.statistic)
        assert freedom == expected.dof
        assert p_value_of([table]) == pytest.approx(expected.pvalue)


def test_independent_tables_add_up(rng):
    tables = [rng.integers(50, 80, (3, 4)), rng.integers(50, 80, (2, 2)), rng.integers(50, 80, (4, 3))]
    parts = [stats.chi2_contingency(table, correction=False) for table in tables]
    expected = stats.chi2.sf(sum(p.statistic for p in parts), sum(p.dof for p in parts))
    assert p_value_of(tables) == pytest.approx(expected)


def test_rare_outcomes_are_pooled():
    table = np.array([[100, 50, 1, 2], [90, 60, 2, 1]])
    pooled = np.array([[100, 53], [90, 63]])  # 3 in both rows together: pooled with the next rarest
    expected = stats.chi2_contingency(pooled, correction=False)
    assert statistic(table) == (pytest.approx(expected.statistic), 1)
    table = np.array([[100, 50, 4, 4], [90, 60, 2, 3]])  # 13 together, 6.3 expected: their own column
    expected = stats.chi2_contingency(np.array([[100, 50, 8], [90, 60, 5]]), correction=False)
    assert statistic(table) == (pytest.approx(expected.statistic), 2)


def test_the_rarest_outcomes_are_pooled_first():
    """Expected counts 1.5, 3, 3.5, 4.5, 100: the first three together, the fourth with the largest."""
    table = np.array([[110, 3, 5, 2, 1], [90, 6, 2, 4, 2]])
    expected = stats.chi2_contingency(np.array([[8, 113], [8, 96]]), correction=False)
    assert statistic(table) == (pytest.approx(expected.statistic), 1)


def test_order_of_outcomes_and_rows_does_not_matter(rng):
    table = rng.poisson([1, 3, 9, 30, 90], (4, 5))
    value, freedom = statistic(table)
    for _ in range(5):
        again = statistic(table[rng.permutation(4)][:, [4, 2, 0, 1, 3]])
        assert again == (pytest.approx(value), freedom)


def test_rows_and_outcomes_that_never_occur_say_nothing():
    table = np.array([[60, 40], [50, 50]])
    value, freedom = statistic(table)
    padded = np.array([[60, 0, 40], [0, 0, 0], [50, 0, 50]])
    assert statistic(padded) == (pytest.approx(value), freedom)


@pytest.mark.parametrize(
    "table",
    [np.zeros((3, 2), int), np.array([[10, 20]]), np.array([[100, 0], [90, 0]]), np.array([[1, 1], [1, 1]])],
)
def test_nothing_to_test_is_no_evidence(table):
    assert statistic(table)[1] == 0
    assert p_value_of([table]) == 1.0
    assert p_value_of([]) == 1.0


def test_size_is_right_with_rare_outcomes(rng):
    """Many outcomes, most of them rare, rows of unequal size: the case that pooling is for."""
    outcomes = 0.6 ** np.arange(12)
    outcomes /= outcomes.sum()
    runs = 2000
    p = np.array(
        [
            p_value_of([np.array([rng.multinomial(n, outcomes) for n in (60, 100, 140)]) for _ in range(2)])
            for _ in range(runs)
        ]
    )
    assert 0.03 < (p < 0.05).mean() < 0.07
    assert stats.kstest(p, "uniform").statistic < 0.05


def test_a_different_row_is_found(rng):
    table = np.array([rng.multinomial(2000, q) for q in ([0.5, 0.5], [0.5, 0.5], [0.6, 0.4])])
    assert p_value_of([table]) < 1e-6

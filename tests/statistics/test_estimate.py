"""Verdicts and linear figures of an estimate."""

from __future__ import annotations

import pytest

from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.theory.value import Value


def estimate(low: float, high: float, bound: float | None) -> Estimate:
    against = None if bound is None else Value(bound, "exact", "b")
    return Estimate("w", low, (low + high) / 2, high, "m", 0.95, 10, None, against, 0.2, "a")


@pytest.mark.parametrize(
    ("low", "high", "bound", "verdict"),
    [
        (0.6, 0.8, 0.5, "above"),
        (0.6, 0.8, 0.6, "inconclusive"),
        (0.6, 0.8, 0.7, "inconclusive"),
        (0.6, 0.8, 0.8, "inconclusive"),
        (0.6, 0.8, 0.9, "below"),
        (0.6, 0.8, None, None),
    ],
)
def test_verdict_needs_the_whole_interval(low, high, bound, verdict):
    assert estimate(low, high, bound).verdict == verdict
    assert estimate(low, high, bound).to_json()["verdict"] == verdict


def test_a_linear_figure_moves_everything_with_it():
    theory, bound = Value(3.0, "upper", "t"), Value(2.0, "exact", "u")
    s = estimate(0.8, 0.9, 0.75).linear("s", 8, -4, theory, bound)
    assert (s.low, s.best, s.high) == pytest.approx((2.4, 2.8, 3.2))
    assert (s.name, s.theory, s.bound, s.verdict) == ("s", theory, bound, "above")
    assert (s.p_value, s.confidence, s.shots, s.method, s.assumes) == (0.2, 0.95, 10, "m", "a")

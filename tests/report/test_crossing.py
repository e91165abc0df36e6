"""The bracket about a threshold: its ends were evaluated, on the two sides, and near each other."""

from __future__ import annotations

import math

import pytest

from qcoord_hw.execution.scale import MAX_SCALE, MIN_SCALE
from qcoord_hw.report.crossing import WIDTH, crossing


class Falling:
    """A figure less its bound, which falls with the factor and remembers where it was asked."""

    def __init__(self, ideal, mixed, rate, power=1.0):
        self.asked = {}
        self.figure = lambda x: mixed + (ideal - mixed) * math.exp(-rate * x**power)

    def __call__(self, factor):
        assert factor not in self.asked
        self.asked[factor] = self.figure(factor)
        return self.asked[factor]


@pytest.mark.parametrize("guess", [1e-6, 0.3, 1.0, 3.0, 500.0, 1e9])
def test_a_crossing_is_found_wherever_it_is(rng, guess):
    for _ in range(60):
        root, power = 10 ** rng.uniform(-3.5, 3.9), rng.uniform(0.5, 2)
        ideal, mixed = rng.uniform(0.01, 0.5), -rng.uniform(0.01, 0.5)
        margin = Falling(ideal, mixed, math.log((ideal - mixed) / -mixed) / root**power, power)
        found = crossing(margin, guess)
        assert found.lower < root * (1 + 1e-9)
        assert found.upper > root * (1 - 1e-9)
        assert margin.asked[found.lower] > 0 >= margin.asked[found.upper]
        assert found.lower <= found.value <= found.upper <= found.lower * (1 + 2 * WIDTH)
        assert found.value == pytest.approx(root, rel=1e-5)
        assert len(margin.asked) < 30


def test_what_is_never_lost_and_what_is_lost_anyhow():
    never = Falling(0.1, 0.01, 1.0)
    found = crossing(never, 2.0)
    assert (found.value, found.lower, found.upper) == (MAX_SCALE, MAX_SCALE, None)
    assert never.asked[MAX_SCALE] > 0
    assert crossing(Falling(-0.01, -0.1, 1.0), 0.5) is None
    assert crossing(Falling(0.0, -0.1, 1.0), 0.5) is None
    soon = crossing(Falling(0.1, -1.0, 1e7), 0.5)
    assert (soon.value, soon.lower, soon.upper) == (MIN_SCALE, 0.0, MIN_SCALE)


def test_a_bound_that_is_met_at_the_device_itself_is_lost():
    found = crossing(lambda factor: 0.1 * (1 - factor), 0.5)
    assert found.value == pytest.approx(1, rel=2 * WIDTH)
    assert found.lower < 1
    assert found.upper == 1

"""Shots for a verdict: against trying every number, on both sides of the sawtooth, and at its ends."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.statistics.binomial import tail
from qcoord_hw.statistics.shots import FEW, shots_for_verdict


def passes(win: str, shots: int, bound: float, p: float) -> bool:
    return tail(math.floor(Fraction(win) * shots), shots, bound) < p


@pytest.mark.parametrize(
    ("win", "bound", "shots"), [("0.8", 3 / 4, 1640), ("0.95", 8 / 9, 517), ("0.99", 43 / 44, 2590)]
)
def test_games(win, bound, shots):
    assert shots_for_verdict(float(win), bound) == shots
    assert passes(win, shots, bound, 1e-6)
    assert not any(passes(win, n, bound, 1e-6) for n in range(1, shots))


@pytest.mark.parametrize("p", [0.3, 1e-3, 1e-12])
@pytest.mark.parametrize(
    ("win", "bound"), [("0.29", 0.1), ("0.783", 0.75), ("1", 0.75), ("0.001", 0.0001), ("0.3", 0.0)]
)
def test_the_least_number_is_found(win, bound, p):
    found = shots_for_verdict(float(win), bound, p)
    assert found == next(n for n in range(1, 10**6) if passes(win, n, bound, p))


def test_many_shots_are_scanned_from_the_unrounded_tail():
    found = shots_for_verdict(0.76, 0.75)
    assert found > FEW
    assert passes("0.76", found, 0.75, 1e-6)
    assert not any(passes("0.76", n, 0.75, 1e-6) for n in range(1, found))


def test_shots_grow_as_the_square_of_the_distance():
    assert shots_for_verdict(0.75001, 0.75) == pytest.approx(100 * shots_for_verdict(0.7501, 0.75), rel=0.01)


@pytest.mark.parametrize("win", [0.0, 0.7, 0.75])
def test_a_win_probability_not_above_the_bound_never_decides(win):
    assert shots_for_verdict(win, 0.75) is None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((1.1, 0.5), "win"),
        ((math.nan, 0.5), "win"),
        ((0.9, -0.1), "bound"),
        ((0.9, 0.5, 0.0), "p"),
        ((0.9, 0.5, 1.0), "p"),
        ((0.75 + 1e-12, 0.75), "win"),
    ],
)
def test_wrong_arguments_are_refused(arguments, field):
    with pytest.raises(InputError, match=f"^{field}:"):
        shots_for_verdict(*arguments)

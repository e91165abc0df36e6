"""Comparing runs: the interval of a difference covers zero for equal runs, and finds unequal ones."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.report.comparison import differences
from qcoord_hw.report.summary import summarise
from qcoord_hw.theory.games import chsh


@pytest.mark.few(0)
@pytest.mark.parametrize(("win", "shots"), [(0.85, 100), (0.98, 50), (0.75, 10)])
def test_equal_runs_are_covered_at_about_the_nominal_rate(win, shots, play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    behave = functools.cache(joint(play, win))
    covers, agrees = [], []
    for _ in range(500):
        pair = [summarise(make_record(play, behave, shots=shots)) for _ in range(2)]
        (row,) = differences(pair)["differences"]
        covers.append(row["low"] <= 0 <= row["high"])
        agrees.append(not row["differ"])
    assert covers == agrees
    assert 0.95 - 4 * math.sqrt(0.95 * 0.05 / 500) <= np.mean(covers) <= 0.995


def test_a_true_difference_is_covered(play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    first, second = (functools.cache(joint(play, w)) for w in (0.80, 0.88))
    inside, found = [], []
    for _ in range(300):
        a, b = (summarise(make_record(play, behave, shots=200)) for behave in (first, second))
        (row,) = differences([a, b])["differences"]
        inside.append(row["low"] <= 0.08 <= row["high"])
        found.append(row["differ"])
        assert row["low"] <= row["best"] <= row["high"]
    assert np.mean(inside) >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 300)
    assert np.mean(found) > 0.9  # 0.08 is more than four standard deviations


def test_each_run_is_compared_with_the_first(play_of, make_record, joint):
    play = play_of(chsh(), 0.75, rounds=2)
    runs = [summarise(make_record(play, joint(play, w), shots=5000)) for w in (0.7, 0.8, 0.9)]
    for k, run in enumerate(runs):
        run["run"] = f"run{k}"
    result = differences(runs)
    rows = {(row["run"], row["name"]): row for row in result["differences"]}
    assert set(rows) == {
        (run, name) for run in ("run1", "run2") for name in ("win_probability", "win_probability_min_round")
    }
    for (run, _), row in rows.items():
        assert row["against"] == "run0"
        assert row["differ"] is True
        assert row["best"] == pytest.approx({"run1": 0.1, "run2": 0.2}[run], abs=0.03)
    swapped = {(r["run"], r["name"]): r for r in differences(runs[::-1])["differences"]}
    there, back = rows["run2", "win_probability"], swapped["run0", "win_probability"]
    assert (back["low"], back["best"], back["high"]) == pytest.approx(
        (-there["high"], -there["best"], -there["low"])
    )


def test_square_and_add_by_hand():
    def summary(low: float, best: float, high: float) -> dict[str, object]:
        estimate = {
            "name": "w",
            "low": low,
            "best": best,
            "high": high,
            "confidence": 0.95,
            "origin": "counted",
        }
        same = {
            "experiment": "e",
            "family": "f",
            "play": "game",
            "parameters": {},
            "spec_id": "s",
            "target": "t",
            "seed": 1,
        }
        return same | {"state": "sealed", "run": "r", "estimates": [estimate]}

    (row,) = differences([summary(0.5, 0.6, 0.64), summary(0.67, 0.7, 0.8)])["differences"]
    assert row["best"] == pytest.approx(0.1)
    assert row["low"] == pytest.approx(0.1 - math.hypot(0.03, 0.04))
    assert row["high"] == pytest.approx(0.1 + math.hypot(0.1, 0.1))


def test_runs_that_cannot_be_compared_are_refused(play_of, make_record, joint):
    play = play_of(chsh(), 0.75)
    one = summarise(make_record(play, joint(play, 0.8)))
    other = summarise(make_record(play, joint(play, 0.8), name="other"))
    with pytest.raises(InputError, match="one run"):
        differences([one])
    with pytest.raises(InputError, match="synthetic, other"):
        differences([one, other])
    with pytest.raises(InputError, match="synthetic with other parameters"):
        differences([one, one | {"parameters": {"rounds": 2}}])
    with pytest.raises(InputError, match="unfinished"):
        differences([one, one | {"state": "unfinished"}])

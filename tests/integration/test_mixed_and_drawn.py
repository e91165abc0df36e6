"""Rounds that mix entangled and classical ones, and questions drawn at random a shot."""

from __future__ import annotations

import math
from collections import Counter

import pytest

import qcoord_hw as qc
from qcoord_hw.statistics.binomial import tail

QUANTUM = math.cos(math.pi / 8) ** 2


@pytest.mark.few(1)
@pytest.mark.parametrize(("rounds", "rate", "entangled"), [(8, 0.4828, 3), (4, 0.0, 0), (3, 1.0, 3)])
def test_counted_rates_and_win_rates_lie_on_the_time_shared_line(rounds, rate, entangled, tmp_path):
    expected = (entangled * QUANTUM + (rounds - entangled) * 0.75) / rounds
    parameters = {"rounds": rounds, "rate": rate}
    result = qc.run("chsh", shots=300, seed=4, runs=tmp_path, parameters=parameters, confidence=0.9999)
    assert result.usage.get("Alice->Bob", {"qubits": 0})["qubits"] == entangled
    for name in ("win_probability", "win_probability_min_round"):
        estimate = result[name]
        assert estimate.theory.value == pytest.approx(expected)
        assert estimate.low <= expected <= estimate.high
    s = result["chsh_s"]
    assert s.theory.value == pytest.approx(8 * expected - 4)
    check = result.checks["no_signalling"]  # answers that are fixed by their questions leave nothing to test
    assert check is None if entangled == 0 else check["p_value"] > 1e-4


@pytest.mark.parametrize("rate", [-0.1, 1.5, True, "half"])
def test_wrong_rates_are_refused(rate, tmp_path):
    with pytest.raises(qc.InputError, match="rate"):
        qc.run("chsh", shots=10, runs=tmp_path, parameters={"rounds": 4, "rate": rate})


def test_questions_drawn_a_shot(tmp_path):
    from qcoord_hw.api import build

    built = build("tilted", 200, seed=1, random_questions=True)
    result = qc.run(built, target="fake_torino", seed=9, runs=tmp_path)
    plan = result.record.plan
    assert {chunk.shots for chunk in plan} == {1}
    assert len(plan) == 200 * len(built.experiment.settings)
    drawn = Counter(chunk.setting for chunk in plan)
    weights = built.experiment.weights
    for setting, weight in enumerate(weights):
        expected = len(plan) * weight / math.fsum(weights)
        assert abs(drawn[setting] - expected) < 5 * math.sqrt(expected)
    win = result["win_probability"]
    assert "drawn at random" in win.assumes
    wins = sum(row["wins"] for row in result.summary["questions"])
    assert win.p_value == pytest.approx(tail(wins, len(plan), 0.8))
    assert win.best == pytest.approx(wins / len(plan))
    again = qc.run(built, target="fake_torino", seed=9, runs=tmp_path / "again")
    assert again.record.counts == result.record.counts


def test_only_games_of_one_round_draw_questions(tmp_path):
    from qcoord_hw.api import build

    for name, parameters in (("sum-2-f2", {}), ("chsh", {"rounds": 2})):
        built = build(name, 10, parameters=parameters, random_questions=True)
        with pytest.raises(qc.InputError, match="random_questions"):
            qc.run(built, seed=1, runs=tmp_path)

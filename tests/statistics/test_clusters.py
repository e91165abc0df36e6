"""Figures of drawn inputs: they hold the mean over all inputs; interval and verdict rest on one model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import qcoord_hw as qc
from qcoord_hw import registry
from qcoord_hw.families.linear_computation.analysis import analyse_linear, paired_runs
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.statistics.clusters import Clusters, distinct
from qcoord_hw.statistics.estimate import difference_limits
from qcoord_hw.theory.linear_computation.task import task_from_json

ORDER = 3
TASK = {"name": "t", "field": ORDER, "servers": {"A": [[1]], "B": [[1]]}}
ALL = np.array([[[a, b], [c, d]] for a in range(3) for b in range(3) for c in range(3) for d in range(3)])


def play_of(inputs, chosen):
    """Return the play of y = w_A + w_B for two instances; digit k is output k."""
    task = task_from_json(TASK)
    baselines = {"quantum": (1.0, "a test"), "classical": (0.4, "a test")}
    return LinearScoring(
        task, 2, ((0, 1), (2, 3)), np.eye(2, dtype=np.int64), inputs, baselines, chosen=chosen
    )


def law(inputs, scale):
    """Return the law of outcomes of each input, shape (inputs, 16): their quality differs by input."""
    expected = play_of(inputs, "given").expected[..., 0]
    laws = []
    for (y1, y2), symbols in zip(expected, inputs.reshape(len(inputs), -1), strict=True):
        right = 0.8 - scale * (symbols.sum() - 4) / 4
        leak = 0.05 + scale * (symbols[0] - 1) / 20
        p = np.full(16, (1 - right - leak) / 8)
        digits = [(a, b) for a in range(4) for b in range(4)]
        for k, (a, b) in enumerate(digits):
            if a == 3 or b == 3:
                p[k] = leak / 7
            elif (a, b) == (y1, y2):
                p[k] = right
        laws.append(p)
    return np.array(laws)


KEYS = [f"{a & 1}{a >> 1}{b & 1}{b >> 1}" for a in range(4) for b in range(4)]


def record_of(rng, inputs, laws, shots, chosen):
    counts = {}
    for k, p in enumerate(laws):
        drawn = rng.multinomial(shots, p)
        counts[k] = {KEYS[i]: int(drawn[i]) for i in np.flatnonzero(drawn)}
    plan = tuple(Chunk(k, 0, k, shots, 0) for k in range(len(inputs)))
    settings = [{"label": str(k), "circuit": 0, "values": [], "input": k, "method": "direct"} for k in counts]
    intent = {"experiment": {"play": play_of(inputs, chosen).to_json(), "settings": settings}, "target": {}}
    return RunRecord(Path("run"), intent, plan, counts, sealed=True)


def truth():
    """Return the figures of all inputs, by plain sums."""
    laws = law(ALL, 0.1)
    expected = play_of(ALL, "given").expected[..., 0]
    errors, leaked = np.zeros((3, 3)), 0.0
    for p, (y1, y2) in zip(laws, expected, strict=True):
        for k, (a, b) in enumerate((a, b) for a in range(4) for b in range(4)):
            if a == 3 or b == 3:
                leaked += p[k] / len(ALL)
            else:
                errors[(a - y1) % 3, (b - y2) % 3] += p[k] / len(ALL)
    kept = errors.sum()
    share = errors[errors > 0] / kept
    entropy = -float((share * np.log(share)).sum()) / math.log(3)
    return {
        "success_probability": errors[0, 0],
        "surviving_rate": kept * (2 - entropy) / 2,
        "leakage": leaked,
        "success_postselected": errors[0, 0] / kept,
        "success_y1[0]": errors[0].sum(),
        "success_y2[0]": errors[:, 0].sum(),
        "error_entropy": entropy,
    }


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [8, 40])
def test_the_mean_over_all_inputs_is_held(rng, drawn):
    right, runs = truth(), 120
    held, width, best, without = dict.fromkeys(right, 0), dict.fromkeys(right, 0.0), {}, 0
    for _ in range(runs):
        inputs = ALL[rng.integers(0, len(ALL), drawn)]
        record = record_of(rng, inputs, law(inputs, 0.1), 2000, "drawn")
        found = {e.name: e for e in analyse_linear(record).estimates}
        for name, value in right.items():
            e = found[name]
            assert "all 81 inputs" in e.estimand
            assert f"t over {drawn} inputs" in e.method
            held[name] += e.low <= value <= e.high
            width[name] += (e.high - e.low) / runs
            best.setdefault(name, []).append(e.best)
        record.intent["experiment"]["play"]["chosen"] = "given"
        fixed = {e.name: e for e in analyse_linear(record).estimates}["surviving_rate"]
        without += fixed.low <= right["surviving_rate"] <= fixed.high
        assert "inputs given" in fixed.estimand
    for name in right:
        assert held[name] >= 0.95 * runs - 4 * math.sqrt(0.05 * 0.95 * runs)
        ideal = 2 * stats.t.ppf(0.975, drawn - 1) * np.std(best[name])
        assert width[name] < 1.25 * ideal
    assert without < 0.8 * runs  # what it was like before: the choice of inputs left out


def test_all_inputs_applied_are_strata(rng):
    """What inputs differ is no spread: nominal coverage, and narrower than if shots were all alike."""
    inputs, runs = ALL, 150
    right, held = truth()["surviving_rate"], 0
    for _ in range(runs):
        record = record_of(rng, inputs, law(inputs, 0.1), 20, "all")
        e = {e.name: e for e in analyse_linear(record).estimates}["surviving_rate"]
        held += e.low <= right <= e.high
        assert e.estimand == "mean over all 81 inputs"
    assert held >= 0.95 * runs - 4 * math.sqrt(0.05 * 0.95 * runs)


@pytest.mark.slow
def test_identical_experiments_do_not_differ(rng):
    """A/A: the runs of a pair draw other inputs; those of the same inputs are compared input by input."""
    runs = 150
    other, same = dict.fromkeys(truth(), 0), dict.fromkeys(truth(), 0)
    narrower = 0
    for _ in range(runs):
        inputs = [ALL[rng.integers(0, len(ALL), 8)] for _ in range(2)]
        a, b, c = (
            record_of(rng, one, law(one, 0.1), 2000, "drawn") for one in (inputs[0], inputs[1], inputs[0])
        )
        assert paired_runs(a, b, 0.95) == {}
        found = [{e.name: e for e in analyse_linear(one).estimates} for one in (a, b, c)]
        paired = paired_runs(a, c, 0.95)
        assert set(paired) >= set(other)
        for name in other:
            low, _, high = difference_limits(found[0][name].limits, found[1][name].limits)
            other[name] += not low <= 0 <= high
            same[name] += not paired[name][0] <= 0 <= paired[name][2]
        unpaired = difference_limits(found[0]["surviving_rate"].limits, found[2]["surviving_rate"].limits)
        narrower += paired["surviving_rate"][2] - paired["surviving_rate"][0] < unpaired[2] - unpaired[0]
    most = 0.05 * runs + 4 * math.sqrt(0.05 * 0.95 * runs)
    assert max(*other.values(), *same.values()) <= most
    assert narrower > 0.9 * runs


def test_a_true_difference_of_the_same_inputs_is_found_and_held(rng):
    """The second device leaks less: a difference far below what inputs differ by."""
    runs, held, found, right = 60, 0, 0, truth()["success_probability"]
    for _ in range(runs):
        inputs = ALL[rng.integers(0, len(ALL), 8)]
        laws = law(inputs, 0.1)
        better = 0.9 * laws + 0.1 * np.eye(16)[laws.argmax(axis=1)]
        a, b = (record_of(rng, inputs, p, 4000, "drawn") for p in (laws, better))
        low, _, high = paired_runs(a, b, 0.95)["success_probability"]
        held += low <= 0.1 * (1 - right) <= high
        found += low > 0
    assert held >= 0.95 * runs - 4 * math.sqrt(0.05 * 0.95 * runs)
    assert found >= 0.9 * runs


def test_one_input_tells_nothing_of_the_others(rng):
    record = record_of(rng, ALL[:1], law(ALL[:1], 0.1), 500, "drawn")
    found = {e.name: e for e in analyse_linear(record).estimates}
    assert (found["success_probability"].low, found["success_probability"].high) == (0, 1)
    assert (found["surviving_rate"].low, found["surviving_rate"].high) == (0, 1)
    assert found["surviving_rate"].verdict == "inconclusive"
    assert found["surviving_rate"].p_value == found["success_probability"].p_value == 1


def test_the_verdict_rests_on_the_interval_s_model(rng):
    """At the bound a verdict `above` is as rare as the interval says, and its p-value is small."""
    right, runs, above = truth()["surviving_rate"], 300, 0
    for _ in range(runs):
        inputs = ALL[rng.integers(0, len(ALL), 8)]
        record = record_of(rng, inputs, law(inputs, 0.1), 1000, "drawn")
        record.intent["experiment"]["play"]["baselines"]["classical"][0] = right
        e = {e.name: e for e in analyse_linear(record).estimates}["surviving_rate"]
        assert (e.verdict == "above") == (e.p_value < 0.025) or abs(e.p_value - 0.025) < 2e-3
        above += e.verdict == "above"
    assert above <= 0.025 * runs + 4 * math.sqrt(0.025 * runs)


def test_old_records_tell_how_inputs_were_chosen():
    data = play_of(ALL, "all").to_json()
    del data["chosen"]
    assert LinearScoring.from_json(data).chosen == "all"
    assert LinearScoring.from_json(data, 81).chosen == "drawn"
    assert LinearScoring.from_json(data, [[[0], [1]]]).chosen == "given"
    data["inputs"] = data["inputs"][:8]
    assert LinearScoring.from_json(data).chosen == "drawn"
    with pytest.raises(ValueError, match="chosen"):
        LinearScoring.from_json(data | {"chosen": "guessed"})


def test_a_ratio_is_linearised(rng):
    """The error of a ratio of sums, against the delta method by hand."""
    scores, shots = rng.uniform(1, 2, 30), rng.uniform(8, 12, 30)
    one = Clusters(scores, shots)
    ratio = scores.sum() / shots.sum()
    residual = (scores - ratio * shots) / shots.mean()
    assert one.error == pytest.approx(np.std(residual, ddof=1) / math.sqrt(30))
    assert one.reach(0.95) == pytest.approx(stats.t.ppf(0.975, 29) * one.error)
    assert one.p_value(2 * one.error) == pytest.approx(stats.t.sf(2, 29))
    assert replace(one, shots=shots).influence.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 7), (3, 900), (-4, 4), (0, 10**6)])
def test_whole_numbers_are_told_apart_as_numpy_does(rng, low, high):
    for size in (0, 1, 200):
        values = rng.integers(low, high, size=size)
        for ours, numpys in zip(distinct(values), np.unique(values, return_inverse=True), strict=True):
            assert ours.tolist() == numpys.tolist()


def test_estimates_alone_are_those_of_the_analysis(tmp_path):
    for name in ("sum-2-f3", "two-node-n1", "chsh"):
        result = qc.run(name, shots=64, seed=1, runs=tmp_path)
        family = registry.family_of_kind(result.summary["play"])
        assert tuple(family.estimates(result.record, 0.9)) == family.analyse(result.record, 0.9).estimates

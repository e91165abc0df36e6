"""A fixed schedule that goes by weights: questions of a Bell expression by their probabilities."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.execution.schedule import make_plan, plan_of, proportional
from qcoord_hw.families.experiment import Setting
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.statistics.binomial import tail
from qcoord_hw.theory.games.named_expressions import named_expression
from qcoord_hw.theory.games.spread import spread


def shots_of(plan, settings):
    return [sum(chunk.shots for chunk in plan if chunk.setting == k) for k in range(settings)]


def test_shots_go_by_weights_exactly_where_that_costs_little(rng):
    exact = 0
    for _ in range(300):
        parts = rng.integers(1, 9, int(rng.integers(2, 12)))
        total = int(parts.sum())
        shots = int(rng.integers(len(parts), 3000))
        found = proportional([int(p) / total for p in parts], shots)
        assert min(found) >= 1
        step = max(Fraction(int(p), total).denominator for p in parts)
        whole = np.lcm.reduce([Fraction(int(p), total).denominator for p in parts])
        assert whole >= step
        if shots >= whole and 10 * (shots % whole) <= shots:
            exact += 1
            used = sum(found)
            assert [Fraction(n, used) for n in found] == [Fraction(int(p), total) for p in parts]
            assert 0.9 * shots <= used <= shots
        else:
            assert sum(found) == max(shots, sum(found))
            near = [abs(n - p * shots / total) for n, p in zip(found, parts, strict=True)]
            assert max(near) <= max(1, len(parts))
    assert exact > 100


def test_every_block_has_every_setting_and_equal_weights_change_nothing():
    each = proportional([0.5, 0.25, 0.25], 3000)
    plan = make_plan(3, each, 8, 5, "x")
    assert [chunk.id for chunk in sorted(plan, key=lambda c: c.id)] == list(range(24))
    assert {(chunk.block, chunk.setting) for chunk in plan} == {(b, s) for b in range(8) for s in range(3)}
    assert shots_of(plan, 3) == [1500, 750, 750]
    assert make_plan(3, proportional([1 / 3] * 3, 3000), 8, 5, "x") == make_plan(3, 1000, 8, 5, "x")


def test_where_all_circuits_of_a_job_have_the_same_shots_so_have_the_questions():
    settings = [Setting(label=str(k), circuit=k, values=()) for k in range(3)]
    spec = ExperimentSpec(name="x", title="x", family="x", shots=100, blocks=4)
    how = {"sampled": False, "spread": False, "weighed": True}
    weights = (0.5, 0.25, 0.25)
    assert shots_of(plan_of(spec, "x", settings, weights, 1, **how, equal=True), 3) == [100, 100, 100]
    assert shots_of(plan_of(spec, "x", settings, weights, 1, **how, equal=False), 3) == [150, 75, 75]
    for wrong in ((), (0.5, 0.5, 0.0)):
        with pytest.raises(qc.InputError, match="^weighed: "):
            plan_of(spec, "x", settings, wrong, 1, **how, equal=False)


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    return qc.run(
        "i3322-cg",
        shots=300,
        seed=4,
        parameters={"dimension": 2, "time_limit": 1},
        runs=tmp_path_factory.mktemp("runs"),
    )


def test_a_run_of_an_expression_asks_by_the_probabilities_of_its_questions(weighed):
    game = spread(named_expression("i3322-cg"))
    asked = {tuple(row["question"]): row["shots"] for row in weighed.summary["questions"]}
    shots = sum(asked.values())
    assert {q: Fraction(n, shots) for q, n in asked.items()} == {q: game.prob[q] for q in game.questions()}
    assert weighed.record.intent["experiment"]["weighed"] is True
    win = weighed.estimates[0]
    wins = sum(row["wins"] for row in weighed.summary["questions"])
    assert (win.method, win.best) == ("clopper-pearson", wins / shots)
    assert win.p_value == pytest.approx(tail(wins, shots, float(win.bound.value)))
    assert qc.verify(weighed.path, execute=True).ok


def test_equal_questions_are_recorded_as_before(tmp_path):
    assert "weighed" not in qc.run("ch", shots=20, seed=1, runs=tmp_path).record.intent["experiment"]


def test_the_binomial_test_of_a_schedule_in_proportion_keeps_its_size(rng):
    """Exactly, by convolution: whatever every question is won with, where the mean is the local bound."""
    game = spread(named_expression("i3322-cg"))
    from qcoord_hw.theory.games.classical import classical_value

    bound = float(classical_value(game))
    weights = [float(game.prob[q]) for q in game.questions()]
    each = proportional(weights, 200)
    shots = sum(each)
    least = next(k for k in range(shots + 1) if k >= shots * bound + 1 and tail(k, shots, bound) <= 0.05)
    largest = 0.0
    for _ in range(60):
        p = rng.uniform(0, 1, len(weights)) ** rng.choice([0.05, 0.3, 1])
        for _ in range(50):  # to the bound: rescale losses or wins
            mean = float(np.dot(weights, p))
            p = p * bound / mean if mean > bound else 1 - (1 - p) * (1 - bound) / (1 - mean)
        law = np.ones(1)
        for n, own in zip(each, p, strict=True):
            for _ in range(n):
                law = np.convolve(law, [1 - own, own])
        largest = max(largest, float(law[least:].sum()))
    assert 0.01 < largest <= 0.05

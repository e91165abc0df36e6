"""Runs of linear computations have blocks: every input in each, or, of many inputs, each in one."""

from __future__ import annotations

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.execution.schedule import make_plan, spread_plan


@pytest.mark.parametrize("settings", [64, 203, 1000])
def test_each_setting_is_executed_once_with_the_seed_of_one_block(settings):
    plan, whole = spread_plan(settings, 50, 8, 7, "x"), make_plan(settings, 50, 1, 7, "x")
    assert [(c.id, c.setting, c.shots, c.seed) for c in plan] == [
        (c.id, c.setting, c.shots, c.seed) for c in whole
    ]
    blocks = [c.block for c in plan]
    assert blocks == sorted(blocks)
    sizes = np.bincount(blocks)
    assert len(sizes) == 8
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.few(2)
@pytest.mark.parametrize(("inputs", "spread"), [(8, False), (63, False), (64, True), (200, True)])
def test_linear_runs_have_blocks_and_drift_is_tested(inputs, spread):
    result = qc.run("sum-2-f4", shots=24, seed=1, parameters={"inputs": inputs})
    plan = result.record.plan
    assert {c.block for c in plan} == set(range(8))
    each = {s: sum(c.setting == s for c in plan) for s in range(inputs)}
    assert set(each.values()) == ({1} if spread else {8})
    assert result.summary["shots"] == 24 * inputs
    assert result.checks["drift"]["p_value"] == 1.0
    assert qc.verify(result.path, execute=True)["ok"]
    assert qc.replay(result.path).record.counts == result.record.counts


@pytest.mark.parametrize("inputs", [12, 120])
def test_an_error_that_comes_late_is_drift(inputs):
    """The last blocks of a run get the counts of another one, whose outputs are mostly wrong."""
    from dataclasses import replace

    one = qc.run("sum-2-f4", shots=80, seed=1, parameters={"inputs": inputs}).record
    counts = dict(one.counts)
    for chunk in one.plan:
        if chunk.block >= 6:
            (outcome, n), *_ = counts[chunk.id].items()
            wrong = ("1" if outcome[0] == "0" else "0") + outcome[1:]
            counts[chunk.id] = {outcome: n - n // 5, wrong: n // 5} if n > 4 else {wrong: n}
    checks = qc.Result(replace(one, counts=counts)).checks
    assert checks["drift"]["p_value"] < 1e-3


def test_a_check_that_was_not_made_is_null_and_has_no_tick():
    result = qc.run("sum-2-f4", shots=1, seed=1, parameters={"inputs": 4})
    assert result.summary["checks"]["drift"] is None
    line = next(row for row in result.html().splitlines() if "drift not tested" in row)
    assert 'class="plain"' in line
    made = qc.run("sum-2-f4", shots=80, seed=1, parameters={"inputs": 4}).html()
    line = next(row for row in made.splitlines() if "no sign of drift" in row)
    assert "class" not in line

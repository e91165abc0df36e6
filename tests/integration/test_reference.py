"""The committed reference runs: re-analysed and re-executed, counts bit for bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw.testing import assert_reproduces

REFERENCE = Path(__file__).parents[2] / "runs" / "reference"
RUNS = sorted(p.name for p in REFERENCE.iterdir() if p.is_dir())


def test_there_are_runs_on_both_kinds_of_target():
    kinds = {json.loads((REFERENCE / name / "intent.json").read_text())["target"]["kind"] for name in RUNS}
    assert kinds == {"ideal", "noise-model"}


@pytest.mark.parametrize("name", RUNS)
def test_estimates_are_what_they_were(name):
    expected = json.loads((REFERENCE / "estimates.json").read_text())[name]
    summary = qc.load_run(REFERENCE / name).summary
    assert [e["name"] for e in summary["estimates"]] == [e["name"] for e in expected["estimates"]]
    for now, then in zip(summary["estimates"], expected["estimates"], strict=True):
        for key in ("low", "best", "high"):
            assert now[key] == pytest.approx(then[key], rel=1e-9)
        assert now["verdict"] == then["verdict"]
        assert (now["method"], now["estimand"]) == (then["method"], then["estimand"])
    assert list(summary["checks"]) == list(expected["checks"])
    for check, value in expected["checks"].items():
        made = summary["checks"][check]
        assert (made is None) == (value is None)
        if value is not None:
            assert made["p_value"] == pytest.approx(value["p_value"], rel=1e-6)


@pytest.mark.usefixtures("as_written")
@pytest.mark.parametrize(
    "name",
    [name if "9c40d22c-fake" not in name else pytest.param(name, marks=pytest.mark.slow) for name in RUNS],
)
def test_executing_again_moves_nothing(name, tmp_path):
    copy = tmp_path / name
    shutil.copytree(REFERENCE / name, copy)
    assert_reproduces(copy)
    assert qc.replay(copy).record.counts == qc.load_run(copy).record.counts

"""A result is accepted wherever a run's path is: by every function of `qcoord_hw` that takes one."""

from __future__ import annotations

import inspect
import io
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw.errors import InputError, RecordError

TAKES = {
    "collect": lambda one: qc.collect(one).path.name,
    "compare": lambda one: [row.to_json() if hasattr(row, "to_json") else row for row in pair_of(one)],
    "export_csv": lambda one: written(one),
    "load_run": lambda one: qc.load_run(one).summary,
    "replay": lambda one: qc.replay(one).record.counts,
    "resubmit": lambda one: refusal(qc.resubmit, one),
    "status": lambda one: qc.status(one).summary,
    "verify": lambda one: qc.verify(one).to_json(),
    "write_report": lambda one: qc.write_report(one),
}
"""Function -> what it makes of one run."""


def pair_of(one):
    return qc.compare(one, one).differences


def written(one):
    file = io.StringIO()
    assert qc.export_csv(one, file).written
    return file.getvalue()


def refusal(function, one):
    with pytest.raises(InputError) as caught:
        function(one)
    return str(caught.value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("found")


@pytest.fixture(scope="module")
def result(folder):
    return qc.run("chsh", shots=100, seed=3, runs=folder / "runs")


def test_every_function_that_takes_a_run_is_tried():
    found = set()
    for name in qc.__all__:
        function = getattr(qc, name)
        if inspect.isfunction(function) and inspect.signature(function).parameters:
            first = next(iter(inspect.signature(function).parameters.values()))
            if "Run" in str(first.annotation) or (
                first.name in ("path", "paths", "run") and "Answer" not in str(first.annotation)
            ):
                assert first.annotation in ("RunLike", "RunsLike"), name
                found.add(name)
    assert found == set(TAKES)


@pytest.mark.few(5)
@pytest.mark.parametrize("name", TAKES)
def test_a_result_is_as_good_as_its_path(name, result):
    said = TAKES[name](str(result.path))
    for one in (Path(result.path), result, result.record, qc.verify(result)):
        assert TAKES[name](one) == said


@pytest.mark.slow
def test_several_runs_at_once(folder, result):
    swept = qc.sweep("chsh", seeds=[1, 2], shots=[20], workers=1, runs=folder / "swept")
    both = qc.compare(swept)
    assert [run["seed"] for run in both.runs] == [1, 2]
    assert written(swept) == written(list(swept.points)) == written(both)
    assert len(written([result, *swept.points]).splitlines()) > len(written(swept).splitlines())
    assert qc.load_run(swept.points[1]).summary["seed"] == 2


def test_a_result_is_read_as_it_is_now(result, tmp_path):
    first = qc.run("chsh", shots=40, seed=4, runs=tmp_path)
    (first.path / "seal.json").unlink()
    begun = qc.load_run(first.path)
    assert begun.summary["state"] == "unfinished"
    assert qc.collect(begun).summary["state"] == "sealed"
    assert qc.load_run(begun).summary["state"] == "sealed"


@pytest.mark.parametrize("wrong", [None, 3, {}, b"latest", ["latest"], object()])
def test_what_is_no_run_is_refused_in_one_line(wrong):
    for function in (qc.load_run, qc.verify, qc.status, qc.collect, qc.replay, qc.write_report):
        with pytest.raises((InputError, RecordError)) as caught:
            function(wrong)
        assert str(caught.value).startswith("run: ")
        assert "\n" not in str(caught.value)


def test_neither_is_a_plan_nor_a_point_that_failed():
    with pytest.raises(InputError, match=r"^run: 'Plan'; allowed is a run's folder"):
        qc.verify(qc.plan("chsh"))
    from qcoord_hw.report.sweep import SweepPoint

    failed = SweepPoint(None, "chsh", "aer", None, 1, 10, {}, (), "why", 3)
    with pytest.raises(InputError, match=r"^run: this point of the sweep failed"):
        qc.load_run(failed)

"""Rules of analysis have a version: what they changed is no alteration, nor is a fault of our own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw import cli, provenance, registry
from qcoord_hw.api import write_report
from qcoord_hw.errors import InternalError, RecordError
from qcoord_hw.report import html, svg
from qcoord_hw.theory.games import chsh

REFERENCE = Path(__file__).parents[2] / "runs" / "reference"
OLD = {
    "example-1-f4": {"method": "normal interval, errors pooled", "low": 0.6831, "high": 0.6836},
    "sum-2-f3": {"method": "normal interval, errors pooled", "low": 0.9},
}


@pytest.fixture
def old(tmp_path, request):
    """Return a copy of a reference run, made before rules had a version, with the report of its time."""
    name = next(
        p.name
        for p in REFERENCE.iterdir()
        if p.is_dir() and json.loads((p / "intent.json").read_text())["experiment"]["name"] == request.param
    )
    path = tmp_path / name
    shutil.copytree(REFERENCE / name, path)
    write_report(qc.load_run(path))
    file = path / "derived" / "report.json"
    written = json.loads(file.read_text())
    del written["rules"]
    for estimate in written["estimates"]:
        del estimate["estimand"]
        if estimate["name"] == "surviving_rate":
            estimate |= OLD[request.param]
    written["checks"]["drift"] = {"p_value": 1.0, "degrees_of_freedom": 0, "method": "chi-square"}
    file.write_text(json.dumps(written))
    return path


@pytest.mark.few(("sum-2-f3",))
@pytest.mark.parametrize("old", OLD, indirect=True)
def test_an_old_run_verifies_and_says_what_the_rules_changed(old, capsys):
    assert "rules" not in json.loads((old / "intent.json").read_text())["provenance"]
    found = qc.verify(old)
    assert found["ok"]
    assert found["differs"] == []
    assert found["rules"] == {"run": 1, "report": 1, "now": provenance.RULES}
    assert [line.split(":")[0] for line in found["changed_by_rules"]] == ["surviving_rate", "drift"]
    assert all(f"by rules {v}" in found["changed_by_rules"][0] for v in (1, provenance.RULES))
    assert cli.main(["verify", str(old)]) == 0
    out = capsys.readouterr().out
    assert "version 1" in out
    assert "surviving_rate" in out
    assert "altered" not in out
    assert "damaged" not in out


@pytest.mark.few(0)
@pytest.mark.parametrize("old", OLD, indirect=True)
@pytest.mark.parametrize("where", ["shots", "estimates", "seed"])
def test_what_no_rule_changed_still_differs(old, where):
    file = old / "derived" / "report.json"
    written = json.loads(file.read_text())
    if where == "estimates":
        written["estimates"][0]["best"] += 0.01
    else:
        written[where] += 1
    file.write_text(json.dumps(written))
    found = qc.verify(old)
    assert not found["ok"]
    assert any(line.startswith(where) for line in found["differs"])


def test_a_new_run_records_its_rules():
    result = qc.run("chsh", shots=80, seed=1)
    write_report(result)
    assert result.record.intent["provenance"]["rules"] == result.summary["rules"] == provenance.RULES
    found = qc.verify(result.path)
    assert found["rules"] == {key: provenance.RULES for key in ("run", "report", "now")}
    file = result.path / "derived" / "report.json"
    written = json.loads(file.read_text())
    written["estimates"][0]["method"] = "another one"
    file.write_text(json.dumps(written))
    assert not qc.verify(result.path)["ok"]  # the same rules: then it is no rule that changed


@pytest.mark.slow
def test_a_game_of_unequal_probabilities_judged_question_by_question(tmp_path, capsys):
    """That was rule 2; the figures differ by rule 3, and nobody altered anything."""
    file = tmp_path / "mine.json"
    prob = [["1/2", "1/4"], ["1/8", "1/8"]]
    file.write_text(json.dumps({"name": "mine", "prob": prob, "win": chsh().win.tolist()}))
    path = qc.run(str(file), shots=200, seed=3).path
    write_report(qc.load_run(path))
    report = path / "derived" / "report.json"
    written = json.loads(report.read_text())
    assert "bonferroni" not in written["estimates"][0]["method"]
    written["estimates"][0] |= {
        "method": "clopper-pearson a question, bonferroni",
        "low": 0.5,
        "p_value": 0.3,
    }
    written["rules"] = 2
    report.write_text(json.dumps(written))
    found = qc.verify(path)
    assert (found["ok"], found["differs"]) == (True, [])
    (line,) = found["changed_by_rules"]
    assert line.startswith("win_probability: ")
    assert "by rules 2" in line
    assert f"by rules {provenance.RULES}" in line
    assert cli.main(["verify", str(path)]) == 0
    assert "altered" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "error"),
    [("chsh", KeyError("x")), ("sum-2-f2", ValueError("y")), ("two-node-n1", IndexError(3))],
)
def test_a_fault_of_ours_accuses_nobody(kind, error, monkeypatch, capsys):
    path = qc.run(kind, shots=20, seed=1).path

    def broken(*_):
        raise error

    for family in registry.every():
        monkeypatch.setattr(type(family), "analyse", broken)
    with pytest.raises(InternalError, match="fault of qcoord_hw") as raised:
        qc.load_run(path)
    assert raised.value.__cause__ is error
    assert cli.main(["report", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "altered" not in err


DEEP = ["games._win_probability", "games.no_signalling", "games.drift", "coordination._estimate"]
DEEP += ["linear.figures", "linear._drift", "linear._outputs", "drift.scan_p_value"]


@pytest.mark.few(4)
@pytest.mark.parametrize("where", DEEP)
def test_nor_does_one_deep_in_an_analysis(where, monkeypatch):
    import importlib

    def broken(*_, **__):
        raise KeyError(where)

    module, name = where.split(".")
    homes = {"games": "games", "coordination": "coordination", "linear": "linear_computation"}
    home = f"families.{homes[module]}.analysis" if module in homes else f"statistics.{module}"
    monkeypatch.setattr(importlib.import_module(f"qcoord_hw.{home}"), name, broken)
    kind = {"games": "chsh", "coordination": "two-node-n1", "drift": "chsh"}.get(module, "sum-2-f2")
    with pytest.raises(InternalError, match=f"KeyError.*{name}"):
        qc.run(kind, shots=20, seed=1)


@pytest.mark.slow
def test_nor_does_one_of_the_page(monkeypatch):
    result = qc.run("chsh", shots=20, seed=1)

    def broken(*_, **__):
        raise KeyError("x")

    for module, name in ((svg, "circuit_svg"), (html, "_usage"), (html, "environment")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, broken)
            with pytest.raises(InternalError, match="its page failed"):
                result.html()


def test_a_record_of_another_shape_is_still_the_record_s():
    result = qc.run("chsh", shots=20, seed=1)
    for key in ("play", "circuits", "usage"):
        intent = result.record.intent | {"experiment": dict(result.record.intent["experiment"])}
        del intent["experiment"][key]
        from dataclasses import replace

        with pytest.raises(RecordError, match="cannot be interpreted"):
            qc.Result(replace(result.record, intent=intent))

"""`qcoord compare` of linear computations compares like with like."""

from __future__ import annotations

import json

import pytest

import qcoord_hw as qc
from qcoord_hw import cli

SHOTS = 40


@pytest.fixture
def run():
    def make(inputs, seed, **parameters):
        asked = {"inputs": inputs} | parameters
        return qc.run("sum-2-f2", target="fake_manila", shots=SHOTS, seed=seed, parameters=asked).path

    return make


def test_other_inputs_are_unpaired_and_the_same_ones_paired(run):
    other = qc.compare(run(8, 1), run(8, 2))["differences"]
    assert {row["method"] for row in other} == {"square-and-add"}
    same = qc.compare(run(8, 3, inputs_seed=5), run(8, 4, inputs_seed=5))["differences"]
    methods = {row["name"]: row["method"] for row in same}
    assert "Student's t over the inputs" in methods["surviving_rate"]
    assert methods["leakage"] == "square-and-add"
    assert all(row["simultaneous"]["low"] <= row["low"] for row in same if row["simultaneous"])


def test_all_inputs_and_drawn_ones_have_one_estimand(run):
    found = qc.compare(run("all", 1), run(8, 2))
    assert {e["estimand"] for r in found["runs"] for e in r["estimates"]} == {"mean over all 16 inputs"}


def test_inputs_that_somebody_chose_are_compared_with_themselves_alone(run, capsys):
    one, other = [[[0, 0], [0, 0]]], [[[1, 0], [0, 1]]]
    paths = {name: run(inputs, 1) for name, inputs in (("one", one), ("other", other), ("drawn", 8))}
    paths["again"] = run(one, 2)
    assert qc.compare(paths["one"], paths["again"])["ok"]
    for against in ("other", "drawn"):
        assert cli.main(["compare", str(paths["one"]), str(paths[against]), "--json"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert len(err.splitlines()) == 1
        assert "inputs" in err
    summary = qc.load_run(paths["one"]).summary
    assert json.dumps(summary).count("mean over the input given") == len(summary["estimates"])

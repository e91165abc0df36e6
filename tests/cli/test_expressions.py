"""The command line for Bell expressions: everything in the user's units, beside the game that is played."""

from __future__ import annotations

import copy
import json
import math
import re
from dataclasses import replace

import pytest

import qcoord_hw as qc
from qcoord_hw.api.theory import check_answer, theory_game
from qcoord_hw.report.summary import summarise
from qcoord_hw.theory.claims import numbers
from qcoord_hw.theory.games.named_expressions import EXPRESSIONS, named_expression
from tests.calls import call, call_json, refused
from tests.theory.games.test_expression import TABLES, as_expression

pytestmark = pytest.mark.usefixtures("work_clock")

CH = {
    "name": "my ch",
    "outcomes": [[2, 2], [2, 2]],
    "expression": {"collins-gisin": [[0, -1, 0], [-1, 1, 1], [0, 1, -1]]},
}
CH_VALUE = (math.sqrt(2) - 1) / 2
FAST = ("ch", "b2233-3", "elegant", "svetlichny", "sliwa-2", "sliwa-7")
"""Handed tables whose quantum value takes no time; the others are marked slow."""


@pytest.fixture
def ch(tmp_path):
    path = tmp_path / "ch.json"
    path.write_text(json.dumps(CH | {"local_bound": "0"}))
    return path


def case_of(name):
    return pytest.param(TABLES[name], id=name, marks=() if name in FAST else pytest.mark.slow)


@pytest.mark.parametrize("case", [case_of(name) for name in TABLES])
def test_the_handed_tables_have_the_published_value(tmp_path, case):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(as_expression(case)))
    found, expected = theory_game(path).to_json(), case["expected"]
    e, slack = found["expression"], case["tolerance"]
    assert e["local_bound"] == expected["I_classical"]
    assert e["lower"] <= expected["I_quantum_at_most"] + slack
    assert e["upper"] >= expected["I_quantum_at_least"] - slack
    if found["quantum"]["kind"] == "exact":
        assert (
            expected["I_quantum_at_least"] - slack
            <= e["lower"]
            <= e["upper"]
            <= expected["I_quantum_at_most"] + slack
        )
    assert check_answer(found).holds


def test_theory_in_units_of_the_file(capsys, ch):
    found = call_json(capsys, "theory", "game", ch)
    e = found["expression"]
    assert (e["local_bound"], e["scale"], e["offset"]) == (0, 2, -1.5)
    assert e["lower"] == pytest.approx(CH_VALUE, abs=1e-6)
    assert e["upper"] == pytest.approx(CH_VALUE, abs=1e-6)
    assert e["shots"]["shots"] == pytest.approx(641, rel=0.01)
    text = call(capsys, "theory", "game", ch)[1]
    assert "local at most 0, quantum 0.20710678" in text


def replaced(value, path, new):
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return value


def test_the_checker_refuses_every_spoilt_number(ch):
    found = theory_game(ch).to_json()
    assert check_answer(found).holds
    spoilt = 0
    for path, value in numbers(found["expression"]):
        if path[0] == "shots":
            continue
        new = f"{value}1" if isinstance(value, str) else -1 if isinstance(value, bool) else value + 1
        assert not check_answer(replaced(found, ("expression", *path), new)).holds, path
        spoilt += 1
    assert spoilt > 15
    assert any(line.startswith("expression.shots") for line in check_answer(found).not_checked)


@pytest.mark.few(1)
@pytest.mark.parametrize("options", [(), ("--random-questions",)], ids=["in order", "drawn"])
@pytest.mark.parametrize("name", ["ch", "cglmp", "i3322-cg"])
def test_a_run_has_its_figures_in_units_of_the_expression(capsys, name, options):
    found = call_json(capsys, "run", name, "--shots", 300, "--seed", 5, *options)
    estimates = {e["name"]: e for e in found["estimates"]}
    w = estimates["mean_score" if name == "cglmp" else "win_probability"]
    e, block = estimates["expression"], found["expression"]
    for key in ("low", "best", "high"):
        assert e[key] == pytest.approx(block["scale"] * w[key] + block["offset"])
        assert block["estimate"][key] == e[key]
    assert e["p_value"] == w["p_value"] == block["p_value"]
    assert e["verdict"] == w["verdict"] == block["verdict"] == "above"
    assert block["local_bound"] == e["bound"]["value"]
    assert block["lower"] == e["theory"]["value"]
    assert e["low"] <= block["lower"] <= e["high"]
    assert 0 < e["p_value"] < 1e-4
    assert ("memory" in e["assumes"]) == bool(options)
    asked = [tuple(row["question"]) for row in found["questions"]]
    if name == "i3322-cg":
        assert len(asked) == 8  # one has probability 0
        written = estimates["expression_as_written"]
        assert written["low"] <= e["best"] <= written["high"]
        assert written["p_value"] is None
    text = call(capsys, "report", "latest")[1]
    assert "expression" in text


@pytest.mark.slow
def test_a_run_of_an_expression_verifies_and_repeats(capsys, ch):
    first = call_json(capsys, "run", ch, "--shots", 200, "--seed", 3)
    call(capsys, "report", "latest")
    assert call_json(capsys, "verify", "latest", "--execute")["ok"] is True
    again = call_json(capsys, "replay", "latest")
    assert again["estimates"] == first["estimates"]
    assert qc.load_run("latest").summary["expression"] == first["expression"]
    rows = call(capsys, "export", "latest", "--csv", "-", "--estimates")[1]
    assert ",expression," in rows


def test_a_facet_is_converted_by_its_number(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_number = call_json(capsys, "convert", "7", "--from", "sliwa")["file"]
    (tmp_path / "seventh").write_text("7")
    assert (
        call_json(capsys, "convert", "seventh", "--from", "sliwa", "--name", "sliwa-7")["file"] == by_number
    )
    assert by_number["name"] == "sliwa-7"
    assert "facet: 47; allowed are 1 to 46" in refused(capsys, "convert", "47", "--from", "sliwa")
    assert "7: cannot be read" in refused(capsys, "convert", "7", "--from", "toqito")
    (tmp_path / "7").write_text("8")  # a file that is called so is that file
    other = call_json(capsys, "convert", "7", "--from", "sliwa")["file"]
    assert other["expression"] != by_number["expression"]


def test_a_plan_expects_the_expression(capsys, ch):
    found = call_json(capsys, "plan", ch)
    assert found["figures"]["expression"] == pytest.approx(CH_VALUE, abs=1e-6)


def test_names_are_listed_and_shown(capsys):
    """What `list` prints is what `show` takes, with the value in units of the expression."""
    listed = call_json(capsys, "list")["named"]
    assert {re.split("[:]", row["name"])[0] for row in listed} == set(EXPRESSIONS)
    text = call(capsys, "list")[1]
    for row in listed:
        assert row["name"] in text
        assert named_expression(row["name"]).terms
    for name, bound, value in (("ch", 0, CH_VALUE), ("svetlichny:parties=3", 4, 4 * 2**0.5)):
        shown = call_json(capsys, "show", name)["expression"]
        assert shown["local_bound"] == bound
        assert shown["lower"] == pytest.approx(value, abs=1e-6)
        assert f"local at most {bound}" in call(capsys, "show", name)[1]
    assert "expression" not in call_json(capsys, "show", "chsh")


def test_every_tile_has_its_expression(capsys):
    run = ("run", "ch", "--target", "fake_torino", "--tiles", 3, "--shots", 60, "--seed", 5)
    found = call_json(capsys, *run)
    tiles = [tile["expression"] for tile in found["tiles"]]
    assert len(tiles) == 3
    assert tiles[0] == found["expression"]
    for tile in found["tiles"]:
        own = {e["name"]: e for e in tile["estimates"]}["expression"]
        assert tile["expression"]["estimate"] == {key: own[key] for key in ("low", "best", "high")}
    plain = call_json(capsys, "run", "chsh", "--target", "fake_torino", "--tiles", 2, "--shots", 20)
    assert all("expression" not in tile for tile in plain["tiles"])


def test_signalling_data_tell_the_split_from_what_was_written(ch):
    """Bob answers with Charlie's question: the two ways to take a marginal differ, and both are shown."""
    record = qc.run(ch, shots=400, seed=1).record
    words = {c.id: "10" if c.setting in (1, 3) else "00" for c in record.plan}
    counts = {chunk.id: {words[chunk.id]: chunk.shots} for chunk in record.plan}
    block = summarise(replace(record, counts=counts))["expression"]
    assert block["estimate"]["best"] == pytest.approx(0)
    assert block["as_written"]["best"] == pytest.approx(1 / 2)


def test_a_figure_has_an_axis_in_units_of_the_expression(ch):
    result = qc.run(ch, shots=200, seed=1)
    own, above, below = result.plot().axes
    assert own.get_xlabel() == "in the units of the expression"
    assert [label.get_text() for label in own.get_yticklabels()] == [
        "Bell expression",
        "Bell expression as written",
    ]
    assert [label.get_text() for label in above.get_yticklabels()] == ["Win probability"]
    assert above.get_xlim() == below.get_xlim()
    assert own.get_xlim()[0] < 0 < own.get_xlim()[1]  # the local bound is in sight
    assert "local bound 0" in [text.get_text() for text in own.texts]


@pytest.mark.parametrize("text", ["{}", "[", '{"name": "x"}', None])
def test_a_record_whose_expression_is_another_is_refused(ch, text):
    record = qc.run(ch, shots=20, seed=1).record
    other = named_expression("i3322-cg").to_json()
    spec = copy.deepcopy(record.intent["spec"])
    spec["parameters"]["expression"] = json.dumps(other) if text is None else text
    with pytest.raises(qc.RecordError):
        summarise(replace(record, intent=record.intent | {"spec": spec}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"local_bound": "1/2"}, "local_bound: 1/2; .*is 0"),
        ({"outcomes": [[2, 2], [2]]}, "shape"),
        ({"subject_to": []}, "side constraints"),
        ({"expression": {"score": []}}, "exactly one of"),
    ],
)
@pytest.mark.parametrize("command", [("theory", "game"), ("run",), ("plan",)])
def test_wrong_files_are_refused_in_one_line(capsys, tmp_path, change, words, command):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(CH | change))
    status, out, err = call(capsys, *command, path)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert re.search(words, err), err

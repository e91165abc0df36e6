"""The command line for linear computations: theory, runs on data, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.calls import call, call_json

pytestmark = pytest.mark.usefixtures("work_clock")

TASK = {
    "name": "two-sums",
    "field": 4,
    "servers": {"D1": [[2], [0]], "B": [[0], [3]], "A": [[1], [1]], "C": [[1], [2]]},
}


@pytest.fixture
def task_file(tmp_path):
    path = tmp_path / "task.json"
    path.write_text(json.dumps(TASK))
    return path


def test_theory_prints_the_contract(capsys, task_file):
    found = call_json(capsys, "theory", "linear", task_file)
    assert (found["ok"], found["name"], found["field"], found["K"]) == (True, "two-sums", 4, 2)
    assert found["servers"] == {"D1": 1, "B": 1, "A": 1, "C": 1}
    assert list(found["P"]) == ["D1", "B", "A", "C"]
    assert found["c"] == found["c_lower"]
    assert found["optimal"] is True
    n = 4 + found["c"]
    assert np.array(found["M"]).shape == (4, 2 * n)
    assert sum(found["download"].values()) == found["qudits"] == n
    assert found["baselines"]["classical"] == "1/2"
    assert found["baselines"]["holevo"] == "1"
    assert len(found["generators"]) == 4
    assert found["c_without_precoding"] >= found["c"]
    text = call(capsys, "theory", "linear", task_file)[1]
    assert "auxiliary qudits c" in text
    assert "proved" in text


NAMES = {
    "example-1-f2": (2, "2/3"),
    "example-1-f3": (1, "4/5"),
    "example-2-f3": (0, "1"),
    "example-3-f3": (2, "6/7"),
    "sum-3-f2": (1, "1/2"),
    "sum-4-f5": (0, "1/2"),
    "five-dimensional-f3": (2, "10/11"),
}
QUICK = ("example-1-f2", "example-2-f3", "sum-3-f2")


@pytest.mark.few(QUICK)
@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_catalogue(capsys, name):
    found = call_json(capsys, "theory", "linear", name)
    assert (found["c"], found["rate"], found["optimal"]) == (*NAMES[name], True)
    if name == "five-dimensional-f3":
        assert found["beyond"]["cost"] == "21/4"
        assert found["beyond"]["label"] == "beyond theorem 1"
    if name == "example-1-f2":
        batched = found["batched"][0]
        assert (batched["field"], batched["rate"]) == (4, "4/5")


def test_outputs_of_given_inputs(capsys, task_file, tmp_path):
    import galois

    F = galois.GF(4, compile="python-calculate")
    v = F([[2, 0, 1, 1], [0, 3, 1, 2]])
    given = [{"w1": [1, 2, 3, 0], "w2": [3, 3, 1, 2]}, {"w1": [0, 0, 0, 0], "w2": [0, 1, 0, 3]}]
    path = tmp_path / "data.json"
    path.write_text(json.dumps(given))
    found = call_json(capsys, "run", task_file, "--inputs-file", path, "--shots", 50, "--seed", 1)
    assert len(found["outputs"]) == 2
    for row, asked in zip(found["outputs"], given, strict=True):
        for k in ("1", "2"):
            expected = (v @ F(asked[f"w{k}"])).tolist()
            assert row[f"w{k}"] == asked[f"w{k}"]
            assert row[f"y{k}"] == row[f"expected_y{k}"] == expected
        assert row["success"] == 1.0
    names = [e["name"] for e in found["estimates"]]
    assert names[:3] == ["success_probability", "surviving_rate", "leakage"]
    assert found["usage"]["D1->User"]["qudits"] >= 1
    assert found["usage"]["shared"]["qudits"] == sum(
        used["qudits"] for link, used in found["usage"].items() if link.endswith("->User")
    )


@pytest.mark.slow
def test_a_recorded_run_of_a_task_file_is_repeatable(capsys, task_file):
    first = call_json(capsys, "run", task_file, "--inputs", 5, "--shots", 20, "--seed", 3)
    again = call_json(capsys, "run", task_file, "--inputs", 5, "--shots", 20, "--seed", 3)
    read = [
        [json.loads(line)["counts"] for line in (Path(r["run"]) / "counts.jsonl").read_text().splitlines()]
        for r in (first, again)
    ]
    assert read[0] == read[1]
    assert call_json(capsys, "verify", first["run"], "--execute")["ok"] is True
    noisy = call_json(capsys, "run", task_file, "--target", "fake_torino", "--shots", 60, "--seed", 4)
    assert noisy["methods"]["inputs"] == "twirled:frame"  # routed, and a Clifford circuit all the same
    assert noisy["checks"]["frame"]["degrees_of_freedom"] > 0
    assert call_json(capsys, "verify", noisy["run"], "--execute")["ok"] is True
    assert call_json(capsys, "compare", first["run"], noisy["run"])["ok"] is True


BAD = [
    ({"field": 6}, "field: 6"),
    ({"field": 289}, "field: 289"),
    ({"field": "4"}, "field: '4'"),
    ({"servers": {}}, "servers"),
    ({"servers": {"A": [[4]]}}, r"servers.A\[0\]\[0\]: 4"),
    ({"servers": {"A": [[1], [1, 2]]}}, "servers.A"),
    ({"servers": {"A": [[]]}}, "servers.A"),
    ({"servers": {"A": []}}, "servers.A"),
    ({"servers": {"A": [[1], [0]], "B": [[1]]}}, "servers.B"),
    ({"servers": {"A": [[1, 0], [1, 0]]}}, "column 1"),
    ({"servers": {"A b": [[1]]}}, "servers: 'A b'"),
    ({"servers": {"User": [[1]]}}, "servers: 'User'"),
    ({"extra": 1}, "'extra'"),
    ({"name": ""}, "name"),
    ({"irreducible_poly": [1, 0, 1]}, "irreducible_poly"),
    ({"irreducible_poly": [1, 1]}, "irreducible_poly"),
]


@pytest.mark.parametrize(("change", "word"), BAD, ids=lambda x: str(x)[:40])
@pytest.mark.parametrize("command", [("theory", "linear"), ("run",)])
def test_malformed_tasks_are_refused_in_one_line(capsys, tmp_path, runs_dir, change, word, command):
    import re

    path = tmp_path / "bad.json"
    path.write_text(json.dumps(TASK | change))
    status, out, err = call(capsys, *command, path, "--json")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(word, err), err
    assert not runs_dir.exists() or not list(runs_dir.iterdir())


def test_a_server_twice_is_refused(capsys, tmp_path):
    path = tmp_path / "twice.json"
    path.write_text('{"field": 3, "servers": {"A": [[1]], "A": [[2]]}}')
    status, out, err = call(capsys, "theory", "linear", path)
    assert (status, out) == (2, "")
    assert "'A' stands there twice" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--inputs", "0"),
        ("--inputs", "many"),
        ("--inputs", "70000"),
        ("--auxiliary", "Z"),
        ("--auxiliary", "A,B,C"),
        ("--inputs-file", "missing.json"),
    ],
)
def test_wrong_options_are_refused(capsys, task_file, arguments):
    status, out, err = call(capsys, "run", task_file, *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "data",
    [
        "{}",
        "[]",
        '[{"w1": [0,0,0,0]}]',
        '[{"w1": [0,0,0,0], "w2": [0,0,0,9]}]',
        '[{"w1": 3, "w2": []}]',
        "[1]",
    ],
)
def test_wrong_input_files_are_refused(capsys, task_file, tmp_path, data):
    path = tmp_path / "data.json"
    path.write_text(data)
    status, out, err = call(capsys, "run", task_file, "--inputs-file", path)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_time_limit_gives_an_interval(capsys, tmp_path):
    rng = np.random.default_rng(3)
    servers = {f"S{k}": rng.integers(0, 3, (12, 2)).tolist() for k in range(12)}
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"field": 3, "servers": servers}))
    found = call_json(capsys, "theory", "linear", path, "--time-limit", 2)
    assert found["c_lower"] <= found["c"]
    assert found["optimal"] == (found["c_lower"] == found["c"])

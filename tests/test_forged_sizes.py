"""Files of a size that no honest one has are refused before anything is made of them."""

from __future__ import annotations

import json
import shutil

import pytest

import qcoord_hw as qc
from qcoord_hw import inputs
from qcoord_hw.execution.schedule import make_plan, on_tiles, plan_of
from qcoord_hw.families.experiment import Setting
from qcoord_hw.record import MAX_PLAN, files
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.games.game import Game
from tests.hostile import ends_well

LIMIT = 3000
FORGED = {
    "numbers": [0] * LIMIT,
    "lists": [[]] * LIMIT,
    "objects": [{"a": 1}] * LIMIT,
    "keys": {str(k): k for k in range(LIMIT)},
    "nested": [[[0] * 60] * 60],
    "text": "x" * LIMIT,
    "number": 10**LIMIT,
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    return qc.run("chsh", shots=20, seed=7, runs=tmp_path_factory.mktemp("runs")).path


@pytest.fixture
def parsed(monkeypatch):
    """What is parsed during the test, with limits that small files meet."""
    seen, loads = [], json.loads

    def look(text, **hooks):
        seen.append(text)
        return loads(text, **hooks)

    monkeypatch.setattr(inputs.json, "loads", look)
    monkeypatch.setattr(inputs, "MAX_STRETCH", LIMIT - 10)
    monkeypatch.setattr(files, "MAX_VALUES", LIMIT - 10)
    return seen


@pytest.mark.parametrize("how", FORGED)
@pytest.mark.parametrize("name", ["intent.json", "draft.json", "seal.json", "counts.jsonl", "jobs.jsonl"])
def test_nothing_is_made_of_a_record_without_end(sealed, tmp_path, parsed, monkeypatch, name, how):
    monkeypatch.setattr(inputs, "MAX_STRETCH", 10**9)  # to forge
    monkeypatch.setattr(files, "MAX_VALUES", 10**9)
    path = tmp_path / sealed.name
    shutil.copytree(sealed, path)
    if name != "seal.json":
        (path / "seal.json").unlink()
    if name == "draft.json":
        (path / "intent.json").rename(path / name)
    forged = {"forged": FORGED[how]}
    if name.endswith("l"):
        (path / name).write_text(files.signed_line(forged))
    else:
        (path / name).write_bytes(files.signed(forged))
    monkeypatch.setattr(inputs, "MAX_STRETCH", LIMIT - 10)
    monkeypatch.setattr(files, "MAX_VALUES", LIMIT - 10)
    status, _, _ = ends_well("report", str(path))
    if name != "jobs.jsonl":  # which a run on a simulator does not look at
        assert status == 2
    assert not any("forged" in text for text in parsed)


@pytest.mark.parametrize("how", FORGED)
@pytest.mark.parametrize(
    "command", [("theory", "game"), ("theory", "linear"), ("theory", "check"), ("run",)], ids=" ".join
)
def test_nothing_is_made_of_a_users_file_without_end(tmp_path, parsed, monkeypatch, command, how):
    monkeypatch.setattr(inputs.parse_json, "__defaults__", (LIMIT - 10,))
    place = tmp_path / "forged.json"
    place.write_text(json.dumps({"forged": FORGED[how]}))
    assert ends_well(*command, str(place))[0] == 2
    assert parsed == []


def test_a_text_is_measured_between_commas_and_quotation_marks():
    for tail in (b"", b",", b'"', b",x" * 40):
        assert inputs._stretches(b"," + b"x" * 11 + tail, 10)
        assert not inputs._stretches(b"," + b"x" * 10 + tail, 10)
        assert inputs._stretches(b"xx," * 30 + b"x" * 11 + tail, 10)
        assert not inputs._stretches((b"x" * 10 + b",") * 30 + tail, 10)


def test_the_largest_plan_is_read_and_a_larger_one_is_never_begun():
    settings = [Setting(label=str(k), circuit=0, values=()) for k in range(101)]
    spec = ExperimentSpec(name="x", title="x", family="x", shots=1000, blocks=1000)
    how = {"sampled": False, "spread": False, "weighed": False, "equal": False}
    (chunk,) = make_plan(1, 1, 1, 7, "x")
    stated = [vars(chunk) | {"id": MAX_PLAN, "seed": 2**64 - 1, "shots": 10**7, "setting": 10**5}] * MAX_PLAN
    content = files.pretty({"plan": stated})
    assert len(content) < files.LIMITS["intent.json"] * 0.6  # the rest is left for circuits and settings
    assert sum(map(content.count, (b",", b"[", b"{"))) < files.MAX_VALUES * 0.7
    with pytest.raises(qc.InputError, match="blocks: 101000 chunks"):
        plan_of(spec, "x", settings, (), 7, **how)
    with pytest.raises(qc.InputError, match="blocks: 100100 chunks"):
        on_tiles(make_plan(1, 1001, 1001, 7, "x"), 100)


def test_a_sum_of_probabilities_takes_no_longer_than_their_common_denominator():
    primes = [n for n in range(10**5, 10**5 + 9000) if all(n % k for k in range(2, 320))]
    table = [[[[1, 0], [0, 1]]] * len(primes)]
    with pytest.raises(qc.InputError, match="prob: a common denominator of more than 4096 bits"):
        Game("x", [[f"1/{p}" for p in primes]], table)
    with pytest.raises(qc.InputError, match="prob: 100001 questions; allowed are at most 100000"):
        Game("x", [["1/100001"] * 100_001], [[[[1]]] * 100_001])
    assert Game("x", [["1/3", "1/6", "0.5"]], [[[[1, 0], [0, 1]]] * 3]).prob.sum() == 1


def test_a_run_whose_record_could_not_be_read_is_never_begun(monkeypatch, runs_dir):
    monkeypatch.setattr(files, "MAX_VALUES", 300)
    status, _, said = ends_well("run", "chsh", "--shots", "20")
    assert status == 2
    assert "allowed are at most" in said
    assert list(runs_dir.glob("*")) == [] or not runs_dir.exists()

"""Files of a size that no honest one has are refused before anything is made of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

import qcoord_hw as qc
from qcoord_hw import inputs
from qcoord_hw.execution.schedule import make_plan, on_tiles, plan_of
from qcoord_hw.families.experiment import Setting
from qcoord_hw.record import MAX_PLAN, files
from qcoord_hw.record.shape import Misfit, integer, rows_of
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.games.game import Game
from tests import hostile
from tests.execution.forgeries import read_intent
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


@pytest.mark.few(15)
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
    content = files.pretty(files.laid_out({"plan": stated}))
    assert len(content) < files.LIMITS["intent.json"] * 0.6  # the rest is left for circuits and settings
    assert sum(map(content.count, (b",", b"[", b"{"))) < files.MAX_VALUES * 0.75
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
    for command in ("run", "plan"):
        status, _, said = ends_well(command, "chsh", "--shots", "20")
        assert status == 2
        assert "and 300: fewer inputs" in said
    assert list(runs_dir.glob("*")) == [] or not runs_dir.exists()


def many_chunks(spoil, chunks=MAX_PLAN):
    """Return what forges the largest plan and its counts, spoilt."""

    def forge(path):
        intent = read_intent(path)
        intent.pop("sha256")
        chunk = intent["plan"][0] | {"shots": 3}
        intent["plan"] = [chunk | {"id": k, "setting": k % 4} for k in range(chunks)]
        intent["spec"]["random_questions"] = True  # the one kind of run in which a setting has many chunks
        (path / "intent.json").write_bytes(files.signed(intent))
        lines = [files.signed_line({"chunk": k, "counts": {"00": 1, "11": 2}}) for k in range(chunks)]
        (path / "counts.jsonl").write_text("".join(spoil(lines)))

    return forge


def at(place, change):
    """Return what changes the line at a share of all lines."""

    def spoil(lines):
        k = min(int(place * len(lines)), len(lines) - 1)
        return [*lines[:k], change(lines[k], k), *lines[k + 1 :]]

    return spoil


def digit(line, k):
    return line.replace('"00":1', '"00":2')


def another(line, k):
    return files.signed_line({"chunk": max(0, k - 1), "counts": {"00": 1, "11": 2}})


def unplanned(line, k):
    return files.signed_line({"chunk": 10**9, "counts": {"00": 1, "11": 2}})


def in_intent(value):
    """Return what puts something large into an intent that is signed."""

    def forge(path):
        intent = read_intent(path)
        intent.pop("sha256")
        intent["experiment"]["play"]["more"] = value()
        (path / "intent.json").write_bytes(files.signed(intent))

    return forge


def in_lines(name, value, times):
    def forge(path):
        (path / name).write_text(files.signed_line(value()) * times)

    return forge


LARGE = {
    "first chunk": many_chunks(at(0, digit)),
    "middle chunk": many_chunks(at(0.5, digit)),
    "last chunk": many_chunks(at(1, digit)),
    "spaces": many_chunks(at(1, lambda line, k: line.replace(",", ", "))),
    "twice": many_chunks(at(1, another)),
    "no chunk": many_chunks(at(1, unplanned)),
    "shots": many_chunks(
        at(1, lambda line, k: files.signed_line({"chunk": k, "counts": {"00": 1, "11": 3}}))
    ),
    "all spoilt": many_chunks(lambda lines: [digit(line, 0) for line in lines]),
    "numbers": in_intent(lambda: [0] * 10**6),
    "lists": in_intent(lambda: [[]] * 500_000),
    "nested": in_intent(lambda: [[[0] * 100] * 100] * 100),
    "objects": in_intent(lambda: [{"a": 1}] * 500_000),
    "texts": in_intent(lambda: ["x" * 200] * 100_000),
    "keys": in_intent(lambda: {str(k): {"a": k} for k in range(19_000)}),
    "notes": in_lines("notes.jsonl", lambda: {"event": "refused", "counts": {}, "more": [0] * 100}, 20_000),
    "a long note": in_lines("notes.jsonl", lambda: {"event": "refused", "more": [[]] * 10**6}, 2),
    "a journal's end": lambda path: (path / "jobs.jsonl").write_text(
        files.signed_line({"event": "start", "reason": "x" * 500}) * 29_999 + "{}\n"
    ),
    "journal": in_lines("jobs.jsonl", lambda: {"event": "start", "reason": "x" * 500}, 30_000),
}
"""As large as it may be, and not as it should be."""

MEASURED = """
import resource, sys
import qcoord_hw.execution.recorded, qcoord_hw.api.reading, qcoord_hw.report.html
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
from qcoord_hw.cli import main
status = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
print(status, (used.ru_maxrss - before) // 1024)
"""


@pytest.mark.few(0, slow=7)
@pytest.mark.parametrize("command", ["verify", "report"])
@pytest.mark.parametrize("how", LARGE)
def test_what_is_forged_takes_less_than_300_mb(sealed, tmp_path, how, command):
    path = tmp_path / sealed.name
    shutil.copytree(sealed, path)
    LARGE[how](path)
    if command == "verify":
        hostile.seal(path)
    else:
        (path / "seal.json").unlink()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, command, str(path)], capture_output=True, text=True
    )
    status, taken = map(int, done.stdout.split()[-2:])
    assert status == 2 or how in ("notes", "journal"), done.stdout  # which no one reads that needs none
    assert taken < 300, (how, command, taken)


def test_lines_are_parsed_and_written_together(tmp_path, monkeypatch):
    """A hundred thousand lines one by one take seconds."""
    lines = [files.signed_line({"chunk": k, "counts": {"00": 1, "é\\0": 2}}) for k in range(5000)]
    (tmp_path / "counts.jsonl").write_text("".join(lines))
    calls = []
    monkeypatch.setattr(files, "parse_json", lambda *a: calls.append(a) or inputs.parse_json(*a))
    found = list(files.read_signed_lines(tmp_path, "counts.jsonl", files.Most(5000)))
    assert [content["chunk"] for _, content in found] == list(range(5000))
    assert found[-1][0].endswith("line 5000")
    assert len(calls) < 50


SPOILED = {
    "a digit": lambda lines: [*lines[:300], lines[300].replace('"00":1', '"00":2'), *lines[301:]],
    "spaces": lambda lines: [*lines[:300], lines[300].replace(",", ", "), *lines[301:]],
    "no checksum": lambda lines: [*lines[:300], '{"chunk":1}\n', *lines[301:]],
    "no object": lambda lines: [*lines[:300], "[]\n", *lines[301:]],
    "two objects": lambda lines: [*lines[:300], lines[300][:-1] + ",{}\n", *lines[301:]],
    "one object on two lines": lambda lines: [
        *lines[:300],
        '{"a":[{}\n',
        "{}]}," + lines[300],
        *lines[301:],
    ],
    "twice": lambda lines: [*lines[:300], lines[300].replace('{"chunk"', '{"chunk":1,"chunk"'), *lines[301:]],
    "NaN": lambda lines: [*lines[:300], lines[300].replace('"00":1', '"00":NaN'), *lines[301:]],
    "not UTF-8": lambda lines: [*lines[:300], "\udcff\n", *lines[301:]],
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_line_is_named(tmp_path, how):
    lines = [files.signed_line({"chunk": k, "counts": {"00": 1}, "z": [k]}) for k in range(500)]
    forged = "".join(SPOILED[how](lines)).encode(errors="surrogateescape")
    (tmp_path / "counts.jsonl").write_bytes(forged)
    with pytest.raises(qc.RecordError, match="line 301 does not match its checksum"):
        list(files.read_signed_lines(tmp_path, "counts.jsonl", files.Most(1000)))


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([{"id": 1}] * 3 + [{"id": 11}], r"plan\[3\].id: 11"),
        ([{"id": 1}, {"id": True}], r"plan\[1\].id: True"),
        ([{"id": 1}, {"id": 1.0}], r"plan\[1\].id: 1.0"),
        ([{"id": 1}, {}], r"plan\[1\].id: None; allowed is a value"),
        ([{"id": 1}, {"id": 1, "seed": -1}], r"plan\[1\].seed: -1"),
        ([{"id": 1}, [1]], r"plan\[1\]: \[1\]; allowed is an object"),
        ([{"id": 1}] * 6, "plan: '6 values'; allowed is a list of 0 to 5"),
        ({"id": 1}, "plan: .*allowed is a list"),
        (None, "plan: None; allowed is a list"),
        ([], ""),
        ([{"id": 10, "seed": 0, "more": "x"}, {"id": 0}], ""),
    ],
)
def test_rows_are_held_against_ranges(rows, where):
    shape = rows_of({"id": integer(0, 10)}, {"seed": integer(0, 5)}, 5)
    if not where:
        return shape(rows, "plan")
    with pytest.raises(Misfit, match=where):
        shape(rows, "plan")


def test_a_plan_refuses_what_a_run_refuses(monkeypatch):
    monkeypatch.setattr("qcoord_hw.execution.schedule.MAX_PLAN", 10)
    for command in ("run", "plan"):
        status, _, said = ends_well(command, "chsh", "--shots", "20")
        assert status == 2
        assert "32 chunks (settings x blocks x tiles); allowed are at most 10" in said

"""Records that are signed but wrong: one line each, since the whole of a record is checked as it is read."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import nullcontext

import pytest

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.record import files
from qcoord_hw.report import export
from tests.hostile import NASTY, POISON, at, ends_well, places, seal, sign, spoil

EXPERIMENTS = (("chsh", "fake_torino"), ("sum-2-f3", "aer"), ("cascade-ghz2", "aer"))
MORE = (
    ("magic-square", "fake_torino"),
    ("sum-2-f3", "fake_torino"),
    ("cascade-ghz2", "fake_torino"),
    ("broadcast-n1-feed-forward", "aer"),
    ("broadcast-n2-random", "aer"),
)
LOOKS = (["report", "--json"], ["export", "--csv", "-"], ["verify"])
ALL_LOOKS = (
    *LOOKS,
    ["report"],
    ["export", "--estimates", "--csv", "-"],
    ["status"],
    ["play", "--rounds", "3"],
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    return [qc.run(name, target=target, shots=4, seed=1, runs=runs).path for name, target in EXPERIMENTS]


@pytest.fixture(scope="module")
def many(originals, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    return originals + [qc.run(name, target=target, shots=4, seed=1, runs=runs).path for name, target in MORE]


@pytest.fixture(autouse=True)
def _strict(monkeypatch):
    """Let nothing but the reading of a record answer for what is wrong with it."""
    monkeypatch.setattr(record, "interpreting", lambda path: nullcontext())
    monkeypatch.setattr(export, "interpreting", lambda path: nullcontext())


def spoiled(original, tmp_path, rng):
    """Return a copy of a run with a spoiled intent or line of counts, signed and sealed, and how."""
    path = tmp_path / original.name
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(original, path, ignore=shutil.ignore_patterns("derived"))
    if rng.random() < 0.85:
        intent = files.read_signed(path, "intent.json")
        how = spoil(intent, rng)
        sign(path, "intent.json", intent)
    else:
        lines = [json.loads(line) for line in (path / "counts.jsonl").read_bytes().splitlines()]
        line = rng.randrange(len(lines))
        how = f"counts {line}: {spoil(lines[line], rng)}"
        kept = [{key: value for key, value in one.items() if key != "sha256"} for one in lines]
        (path / "counts.jsonl").write_text("".join(map(files.signed_line, kept)))
    if rng.random() < 0.8:
        seal(path)
    else:
        (path / "seal.json").unlink()
    return path, how


def try_some(originals, tmp_path, seeds, looks):
    refused = 0
    for seed in seeds:
        rng = random.Random(seed)
        path, how = spoiled(rng.choice(originals), tmp_path, rng)
        for command, *options in looks:
            try:
                refused += ends_well(command, str(path), *options)[0] == 2
            except Exception as error:  # say which one it was
                raise AssertionError(f"seed {seed}: {how}: {command}") from error
    assert refused > len(seeds)


def test_a_signed_but_wrong_record_is_refused_in_one_line(originals, tmp_path):
    try_some(originals, tmp_path, range(7), LOOKS)


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(1000, 1080), marks=pytest.mark.slow, id="80"),
        pytest.param(range(1080, 2500), marks=pytest.mark.exhaustive, id="1420"),
    ],
)
def test_many_signed_but_wrong_records(many, tmp_path, seeds):
    try_some(many, tmp_path, seeds, ALL_LOOKS)


@pytest.mark.slow
def test_wrong_records_that_are_executed(many, tmp_path, runs_dir):
    try_some(many, tmp_path, range(3000, 3060), (["replay"], ["verify", "--execute"], ["collect"]))


def show_poisoned(original, tmp_path, rng, most):
    """Show a run with one poisoned text after the other, of `most` texts drawn at random."""
    intent = files.read_signed(original, "intent.json")
    texts = [place for place in places(intent) if isinstance(at(intent, place), str)]
    path, shown = tmp_path / original.name, 0
    shutil.copytree(original, path, ignore=shutil.ignore_patterns("derived"))
    for place in rng.sample(texts, min(most, len(texts))):
        one = files.read_signed(original, "intent.json")
        at(one, place[:-1])[place[-1]] += POISON
        sign(path, "intent.json", one)
        seal(path)
        ends_well("export", str(path), "--csv", "-")
        if ends_well("report", str(path))[0] == 0:  # what has to be a name or a checksum is refused
            page = (path / "derived" / "report.html").read_text()
            assert all(c.isprintable() or c == "\n" for c in page), place
            shown += 1
    return shown


def test_a_text_of_a_record_is_shown_without_effect(originals, tmp_path, rng):
    assert show_poisoned(originals[0], tmp_path, random.Random(int(rng.integers(2**32))), 5) > 0


@pytest.mark.parametrize(
    "most",
    [pytest.param(12, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.exhaustive)],
    ids=["some", "every"],
)
def test_every_text_of_a_record_is_shown_without_effect(many, tmp_path, most):
    for original in many:
        assert show_poisoned(original, tmp_path, random.Random(0), most) > 0


def test_a_report_that_was_spoiled_is_a_difference_or_refused(originals, tmp_path):
    path = tmp_path / originals[0].name
    shutil.copytree(originals[0], path)
    (path / "derived").mkdir(exist_ok=True)
    for value in NASTY[::8]:
        report = {"estimates": [value], "run": value, "checks": value, "state": value}
        for content in (value, report):
            (path / "derived" / "report.json").write_text(json.dumps(content))
            assert ends_well("verify", str(path))[0] == 2

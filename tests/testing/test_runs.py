"""`assert_reproduces`, and the fixture that pytest finds."""

from __future__ import annotations

import json
import os
import shutil

import pytest

import qcoord_hw as qc
from qcoord_hw.errors import InputError
from qcoord_hw.record import files
from qcoord_hw.testing import assert_reproduces
from tests.hostile import seal

INI = "[pytest]\naddopts = -p no:cacheprovider\n"
SUITE = """
import os
import qcoord_hw as qc
from qcoord_hw.testing import assert_reproduces

def test_mine(qcoord_runs):
    assert os.environ["QCOORD_RUNS"] == str(qcoord_runs)
    assert not qcoord_runs.exists()
    assert_reproduces(qc.run("chsh", shots=5, seed=1))
    assert_reproduces("latest")
"""


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("name", "target", "options"),
    [
        ("chsh", "aer", {}),
        ("chsh", "fake_manila", {"random_questions": True}),
        ("sum-2-f2", "aer", {}),
        ("two-node-n1", "aer", {}),
    ],
)
def test_a_run_reproduces(name, target, options):
    run = qc.run(name, target=target, shots=20, seed=3, **options)
    assert_reproduces(run)
    assert_reproduces(run.path)
    assert_reproduces(run.path.name[:20])


def test_other_counts_do_not(tmp_path):
    run = qc.run("chsh", shots=20, seed=3)
    other = tmp_path / "other"
    shutil.copytree(run.path, other)
    lines = [json.loads(line) for line in (other / "counts.jsonl").read_text().splitlines()]
    counts = lines[0]["counts"]
    one, *rest = counts
    counts[one] -= 1
    counts[rest[0]] += 1
    (other / "counts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(AssertionError, match=r"^\S*other does not verify: [^\n]*$"):
        assert_reproduces(other)
    for line in lines:  # signed again, as anybody can
        del line["sha256"]
    (other / "counts.jsonl").write_text("".join(map(files.signed_line, lines)))
    seal(other)
    with pytest.raises(AssertionError, match=r"^\S*other does not reproduce: [^\n]*$"):
        assert_reproduces(other)


def test_an_unfinished_run_does_not():
    run = qc.run("chsh", shots=20, seed=3)
    (run.path / "seal.json").unlink()
    with pytest.raises(AssertionError, match=r"does not verify: [^\n]*unfinished"):
        assert_reproduces(run)


def test_a_run_that_is_not_there_is_no_failure_to_reproduce(runs_dir):
    with pytest.raises((AssertionError, InputError), match="nothing"):
        assert_reproduces("nothing")


def test_the_fixture_is_found_by_pytest(tmp_path, monkeypatch):
    """In a suite of its own that names nothing of qcoord_hw but what it imports."""
    import importlib.metadata

    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "test_mine.py").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    known = {entry.value for entry in importlib.metadata.entry_points(group="pytest11")}
    declared = [] if "qcoord_hw.pytest_plugin" in known else ["-p", "qcoord_hw.pytest_plugin"]
    assert pytest.main(["-q", str(tmp_path), *declared]) == 0
    assert os.environ["QCOORD_RUNS"] == before["QCOORD_RUNS"]

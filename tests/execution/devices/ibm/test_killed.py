"""`kill -9` at every point at which a command changes a file or the server: nothing is lost or sent twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="forks a process on Linux"),
]

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def service() -> Iterator[dict[str, str]]:
    """A stand-in in a process of its own, as the environment that leads to it."""
    program = [sys.executable, str(HERE / "standin.py"), "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        hello = json.loads(running.stdout.readline())
        yield {
            "QCOORD_IBM_URL": hello["url"],
            "IAM_URL": hello["iam_url"],
            "QISKIT_IBM_TOKEN": hello["token"],
            "QISKIT_IBM_INSTANCE": hello["instance"],
            "USAGE_DATA_OPT_OUT": "True",
        }
        running.terminate()


@pytest.fixture(scope="module")
def attempts(service: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What became of each attempt."""
    folder = tmp_path_factory.mktemp("killed")
    program = [sys.executable, str(HERE / "killed.py"), str(folder), "1"]
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # it forks
    environment = os.environ | service | alone
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.fixture(scope="module")
def created(attempts: list[dict[str, Any]], service: dict[str, str]) -> dict[str, list[str]]:
    """Tag -> the ids of the jobs that the server created with it, once all attempts are over."""
    with urllib.request.urlopen(f"{service['QCOORD_IBM_URL']}/_standin/state") as answer:
        state = json.load(answer)
    found: dict[str, list[str]] = {}
    for job in state["jobs"]:
        assert len(job["tags"]) == 1
        found.setdefault(job["tags"][0], []).append(job["id"])
    return found


def name(attempt: dict[str, Any]) -> str:
    return f"{attempt['series']}, killed at point {attempt['at']}: {attempt['where'].strip()}"


def test_every_command_was_stepped_through(attempts):
    last = {attempt["series"]: attempt for attempt in attempts}
    assert list(last) == ["submit", "collect", "again"]
    for series, attempt in last.items():
        mine = [a for a in attempts if a["series"] == series]
        assert attempt["status"] == 0, name(attempt)
        assert [a["status"] for a in mine[:-1]] == [-signal.SIGKILL] * (len(mine) - 1)
    points = {(a["series"], " ".join(a["where"].split()[:-1] or ["?"])) for a in attempts}
    kinds = ("before POST", "after POST", "half of", "before open")
    assert {(series, kind) for series in last for kind in kinds} <= points
    files = Counter(a["where"].split()[-1] for a in attempts if a["where"].startswith("half of"))
    assert files["jobs.jsonl"] > 10
    assert files["counts.jsonl"] == 6


def test_every_chunk_is_there_exactly_once(attempts):
    for attempt in attempts:
        assert attempt["collects"][-1] == 0, (name(attempt), attempt["words"])
        assert set(attempt["collects"]) == {0}, name(attempt)
        if attempt["runs"] == 0:  # it died before there was anything to keep
            assert attempt["series"] == "submit"
            assert "jobs" not in attempt
            continue
        assert attempt["sealed"], name(attempt)
        planned = {int(chunk): shots for chunk, shots in attempt["planned"].items()}
        assert planned == dict.fromkeys(range(6), 2), name(attempt)
        assert sorted(map(tuple, attempt["counted"])) == sorted(planned.items()), name(attempt)


def test_one_collect_is_enough(attempts):
    late = [a for a in attempts if len(a["collects"]) > 1]
    assert {a["series"] for a in late} == {"again"}
    # Only where it died before it was written down that the failed job is to be sent again.
    assert all(a["asked_again"] and a["where"].split()[-1] in ("counts.jsonl", "jobs.jsonl") for a in late)
    assert late


def test_no_job_is_sent_twice(attempts, created):
    planned: dict[str, str] = {}
    for attempt in attempts:
        for tag, (job, _, _) in attempt.get("jobs", {}).items():
            planned[tag] = job
    # The failed job of the third series, and those that were counted before it, belong to all its attempts.
    assert {tag: [job] for tag, job in planned.items()} == created


def test_no_chunk_is_executed_twice(attempts):
    for attempt in attempts:
        jobs = attempt.get("jobs", {}).values()
        served = Counter(chunk for _, state, chunks in jobs if state == "collected" for chunk in chunks)
        assert set(served.values()) <= {1}, name(attempt)
        failed = [chunks for _, state, chunks in jobs if state == "failed"]
        assert len(failed) == (attempt["series"] == "again"), name(attempt)

"""Kills `qcoord` at every point at which it changes a file or the server, one point after another.

    python killed.py FOLDER EVERY

with the environment that leads to a stand-in. Each attempt is a fork of this process, which has imported
everything and run nothing: the thread pools of Qiskit do not survive a fork. A point is the moment before a
file of a run is opened for writing, renamed, removed or cut; the middle of what is written; and the moments
before and after a request that creates something; wherever the state is another than at the last point.
An attempt for each point, or for every EVERY-th one, dies there by SIGKILL; then `collect` has to finish.

Prints a JSON object for each attempt: where it was killed, how `collect` ended, and what the record holds.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qcoord_hw import record

SPEC = """
name = "sum-killed"
title = "Two inputs of a sum in three blocks, to be interrupted"
family = "linear-computation"
shots = 6
blocks = 3

[parameters]
field = 2
servers = [["A", [[1]]], ["B", [[1]]]]
inputs = 2
inputs_seed = 5
"""

COLLECTS = 4
"""How often `collect` is tried at most."""

ONLY: tuple[str, ...] = ()
"""Words of which a point's name has one, if it is to be one; none for all points."""

ENVIRONMENT: dict[str, str] = {}
"""Variables of every command: name -> value, in which `{}` is the folder of the attempt."""

_CHANGES = {"os.rename": 2, "os.remove": 1, "os.truncate": None, "os.mkdir": 2, "shutil.rmtree": None}
"""Audit event of a change to its first argument -> which argument is the folder that it is relative to."""


class Points:
    """Counts the points that a process passes below a folder, and kills it at one of them."""

    def __init__(self, folder: Path, at: int, dying: Path) -> None:
        """Arm the process; what kills it is written to `dying`."""
        import requests

        self._folder, self._at, self._dying = str(folder), at, dying
        self._passed = 0
        self._changed = True  # since the last point: dying twice in one state shows nothing new
        self._written: tuple[str, int] | None = None  # the file that was opened last, and its size then
        self._killing = False
        self._place = -1  # the folder that `os.open` is relative to, which its audit event does not tell
        os.open = self._placed(os.open)
        sys.addaudithook(self._audit)
        requests.adapters.HTTPAdapter.send = self._around(requests.adapters.HTTPAdapter.send)

    def reach(self, name: str) -> None:
        """Pass a point, and before it the middle of what was written since the last one."""
        if self._written and os.path.exists(self._written[0]):
            (path, before), self._written = self._written, None
            if (size := os.path.getsize(path)) > before:
                self._changed = True
                self._pass(f"half of {Path(path).name}", lambda: os.truncate(path, (before + size) // 2))
                self._changed = True
        self._pass(f"before {name}")

    def _pass(self, name: str, first: Callable[[], object] = lambda: None) -> None:
        if ONLY and not any(word in name for word in ONLY):
            return
        self._passed += self._changed
        if self._at and self._passed == self._at:
            self._killing = True
            first()
            self._dying.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)
        self._changed = False

    def _placed(self, opens: Callable[..., int]) -> Callable[..., int]:
        """Tell the audit hook of `os.open` which folder a path is relative to."""

        def placed(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            self._place = -1 if dir_fd is None else dir_fd
            try:
                return opens(path, flags, mode, dir_fd=dir_fd)
            finally:
                self._place = -1

        return placed

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._killing or event not in ("open", *_CHANGES):
            return
        if event == "open":
            place, self._place = self._place, -1
        else:
            place = arguments[_CHANGES[event]] if _CHANGES[event] is not None else -1
        path = _whole(arguments[0], place)
        if path is None or not path.startswith(self._folder):
            return
        exists = os.path.exists(path)
        if event != "open":
            self.reach(f"{event} {Path(path).name}")
            self._changed = exists != (event == "os.mkdir")
        elif arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_APPEND):
            self.reach(f"open {Path(path).name}")
            self._written = (path, os.path.getsize(path) if exists else 0)

    def _around(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """Be killed before and after a request that changes something."""

        def around(adapter: Any, request: Any, **named: Any) -> Any:
            changes = request.method != "GET" and not request.url.endswith("/identity/token")
            what = f"{request.method} {request.path_url}"
            if changes:
                self.reach(what)
            answer = send(adapter, request, **named)
            if changes:
                self._changed = True
                self._pass(f"after {what}")
            return answer

        return around


def _whole(path: Any, place: int) -> str | None:
    """Return the path of a file that is named by itself, relative to an open folder, or open; else None."""
    if isinstance(path, int):
        return os.readlink(f"/proc/self/fd/{path}")
    if not isinstance(path, (str, Path)):
        return None
    return str(path) if place < 0 else os.path.join(os.readlink(f"/proc/self/fd/{place}"), path)


def import_everything() -> None:
    """Import what a command needs, so that each fork has it; run none of it."""
    import qiskit_ibm_runtime.executor_sampler
    import qiskit_ibm_runtime.options_models
    import qiskit_ibm_runtime.utils.utils  # noqa: F401

    import qcoord_hw.api
    import qcoord_hw.execution.devices.ibm.client
    import qcoord_hw.execution.run
    import qcoord_hw.execution.submission
    import qcoord_hw.families
    import qcoord_hw.report.summary
    import qcoord_hw.report.tables  # noqa: F401

    qcoord_hw.execution.devices.ibm.client.LOOKUPS = (0.0,)  # the stand-in's list does not lag


def run(arguments: list[str], runs: Path, at: int = 0) -> tuple[int, str]:
    """Run one command in a fork, killed at point number `at` (0: not at all).

    Returns:
        Its exit status (-9: killed), and at which point it was killed or what it said on standard error.
    """
    said = runs.parent / "said"
    said.unlink(missing_ok=True)
    assert len(os.listdir("/proc/self/task")) == 1, "a fork has the thread that forks, and no other"
    child = os.fork()
    if child == 0:
        from qcoord_hw.cli import main

        os.environ["QCOORD_RUNS"] = str(runs)
        os.environ |= {key: value.format(runs.parent) for key, value in ENVIRONMENT.items()}
        sys.stdout = sys.stderr = said.open("w")  # in the child only, which ends below
        points = Points(runs.parent, at, said)
        status = 1
        try:
            status = main(arguments)
            points.reach("the end")
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended), said.read_text()


def finish(runs: Path) -> dict[str, Any]:
    """Collect until the run is sealed or nothing is on its way, and tell what the record holds.

    Where that is not all because nobody had asked for it yet (`submit RUN` died before it said so), ask.
    """
    told: dict[str, Any] = {"collects": [], "asked_again": False}
    for _ in range(COLLECTS):
        status, told["words"] = run(["collect", "--json"], runs)
        told["collects"].append(status)
        found = [record.read(path) for path in record.every(runs)]
        if all(run.sealed for run in found):
            break
        if not any(job.state in record.journal.LIVE for run in found for job in run.jobs):
            told["asked_again"] = True
            run(["submit", "latest", "--json"], runs)
    told |= {"runs": len(found), "words": told["words"][-300:]}
    for read in found:
        lines = [json.loads(line) for line in read.file(record.COUNTS).splitlines()]
        told |= {
            "sealed": read.sealed,
            "planned": {chunk.id: chunk.shots for chunk in read.plan},
            "counted": [(line["chunk"], sum(line["counts"].values())) for line in lines],
            "jobs": {job.tag: (job.id, job.state, job.chunks) for job in read.jobs},
            "duplicates": {job.tag: job.duplicates for job in read.jobs if job.duplicates},
        }
    return told


def step_through(folder: Path, every: int, name: str, arguments: list[str], start: Path | None = None) -> int:
    """Kill one command at its first point, at one further on, and so on, until it gets through.

    Args:
        folder: where each attempt has its runs.
        every: how far the next point is; 1 tries all.
        name: of the series.
        arguments: of the command.
        start: runs with which each attempt begins.

    Returns:
        The first point at which there was a run.
    """
    first = 0
    for at in range(1, 500, every):
        runs = folder / f"{name}-{at}" / "runs"
        runs.parent.mkdir(parents=True)
        if start is not None:
            shutil.copytree(start, runs)
            if (state := start.with_name("state")).exists():  # which runs were begun here
                shutil.copytree(state, runs.with_name("state"))
        status, where = run(arguments, runs, at)
        told = {"series": name, "at": at, "status": status, "where": where[-300:]} | finish(runs)
        print(json.dumps(told), flush=True)
        first = first or (at if told["runs"] else 0)
        if status != -signal.SIGKILL:
            break
    return first


def arm(name: str, **fault: Any) -> None:
    """Switch a fault of the stand-in on."""
    order = json.dumps({"name": name, **fault}).encode()
    urllib.request.urlopen(f"{os.environ['QCOORD_IBM_URL']}/_standin/faults", order).close()


def main() -> None:
    """Step through `submit`, a `collect` that has everything still to do, and `submit RUN`."""
    folder, every = Path(sys.argv[1]), int(sys.argv[2])
    spec = folder / "sum-killed.toml"
    spec.write_text(SPEC)
    import_everything()
    gc.freeze()  # less to copy in each fork
    submit = ["submit", str(spec), "--target", "ibm_loop", "--jobs", "3", "--seed", "7", "--json"]
    first = step_through(folder, every, "submit", submit)

    draft = folder / "draft" / "runs"
    draft.parent.mkdir()
    run([*submit[:4], "--jobs", "2", "--json"], draft, first)
    step_through(folder, every, "collect", ["collect", "--json"], draft)

    partly = folder / "partly" / "runs"  # one of its three jobs failed, the others are counted
    partly.parent.mkdir()
    arm("job-failed", times=1)
    run(submit, partly)
    run(["collect"], partly)
    step_through(folder, every, "again", ["submit", "latest", "--json"], partly)


if __name__ == "__main__":
    main()

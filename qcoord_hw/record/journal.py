"""The journal of a run on a device: which jobs were to be sent, were sent, and came back.

    jobs.jsonl                      one line an event, on the disk before the next step is taken
    results/<tag>.json              what a job returned
    results/<tag>.properties.json   the device's properties when the job ran

A job is written down with a tag of its own before it is sent, so that its id can be found by the tag if this
process ends, or the server's answer is lost, before the id is written down. Where a device cannot be searched
for tags, a line `sending` stands before each sending: without `sent` behind it the job may be on the device,
and is sent again; so there may be one duplicate for each interruption, and never a loss. A last line that was
cut short is an event that never happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qcoord_hw.errors import RecordError
from qcoord_hw.record.files import (
    Most,
    append_lines,
    cut_unfinished,
    digest,
    exists,
    make_folder,
    read_signed_lines,
    remove_file,
    signed_line,
    sync_folder,
    unwritable,
    write_new,
)
from qcoord_hw.record.schema import EVENTS

JOBS = "jobs.jsonl"
RESULTS = "results"

INTENDED = "intended"
QUEUED = "queued"
RUNNING = "running"
DONE = "done"
COLLECTED = "collected"
FAILED = "failed"
CANCELLED = "cancelled"
REFUSED = "refused"
UNREADABLE = "unreadable"

MOST = Most(lines=30_000, values=700_000)
"""A thousand jobs, which is the most of a submission, have about ten events each."""

MAX_TWINS = 100
"""Of one job: each is a sending whose answer was lost."""

_TAG = re.compile(r"[A-Za-z0-9_-]{1,80}")

LIVE = (INTENDED, QUEUED, RUNNING, DONE)
"""States in which a job's result may still come."""

LOST = (FAILED, CANCELLED, REFUSED, UNREADABLE)
"""States without a result, after which a job is worth sending again."""

ON_DEVICE = (QUEUED, RUNNING, DONE, UNREADABLE)
"""States in which it is worth asking the device about a job."""


@dataclass(frozen=True)
class Job:
    """One job, as the journal tells it.

    Attributes:
        tag: unique; the device keeps it with the job.
        chunks: the chunk of each of the job's circuits, in order; several may serve one chunk.
        shots: shots of each of its circuits.
        id: the device's name for it; None until it is known.
        twins: other jobs with its tag, which a lost answer left; cancelled, never counted.
        state: `intended`, `queued`, `running`, `done` (its result is not here yet), `collected`, or one of
            the ends without a result: `failed`, `cancelled`, `refused` (never accepted), `unreadable`.
        reason: why it ended so; else empty.
        sent: when its id was written down, in ISO format and UTC; empty before.
        files: name -> SHA-256 of what came back.
        usage_seconds: what the device charges for it; None if unknown.
        known_answer: whether its last circuit, of no chunk, is that whose answer is known beforehand.
        sendings: how often it was about to be sent to a device that cannot be searched for its tag.
    """

    tag: str
    chunks: tuple[int, ...]
    shots: int
    id: str | None = None
    twins: tuple[str, ...] = ()
    state: str = INTENDED
    reason: str = ""
    sent: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    usage_seconds: float | None = None
    known_answer: bool = False
    sendings: int = 0

    @property
    def duplicates(self) -> int:
        """How many further jobs with its tag there may be on the device: sendings whose id was never told."""
        told = self.id is not None or self.state == REFUSED
        return max(0, self.sendings - told)

    @property
    def result(self) -> str:
        """Name of the file with its result."""
        return f"{RESULTS}/{self.tag}.json"

    @property
    def properties(self) -> str:
        """Name of the file with the device's properties when it ran."""
        return f"{RESULTS}/{self.tag}.properties.json"


@dataclass(frozen=True)
class Journal:
    """What a journal holds.

    Attributes:
        jobs: in the order in which they were intended.
        asked: whether somebody asked for what is missing to be sent, and the jobs are not written down yet.
        stopped: the error with which the last submission ended; empty if it ended well or was cut off.
        empty: whether it has no event at all.
    """

    jobs: tuple[Job, ...] = ()
    asked: bool = True
    stopped: str = ""
    empty: bool = True


def read_journal(path: Path) -> Journal:
    """Read the journal of a run and check every line.

    Raises:
        RecordError: when a line is damaged or tells of a job that was never intended.
    """
    if not exists(path, JOBS):
        return Journal()
    jobs: dict[str, Job] = {}
    asked, stopped, empty = True, "", True
    for where, event in read_signed_lines(path, JOBS, MOST):
        try:
            if event["event"] not in EVENTS:
                raise KeyError(event["event"])
            EVENTS[event["event"]](event, "")
            empty = False
            if event["event"] in ("start", "stop"):
                asked, stopped = event["event"] == "start", str(event["reason"])
            elif event["event"] == "intend":
                asked = False
                for planned in event["jobs"]:
                    if planned["tag"] in jobs or not _TAG.fullmatch(planned["tag"]):
                        raise KeyError(planned["tag"])
                    jobs[planned["tag"]] = Job(
                        planned["tag"],
                        tuple(planned["chunks"]),
                        planned["shots"],
                        known_answer=planned.get("known_answer", False),
                    )
            else:
                jobs[event["tag"]] = _after(jobs[event["tag"]], event)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RecordError(f"{where} is not an event of a job; the record is damaged") from None
    return Journal(tuple(jobs.values()), asked, stopped, empty)


def journal_events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a run's journal as they were written; none where it has none.

    Raises:
        RecordError: when a line is damaged.
    """
    if exists(path, JOBS):
        yield from (event for _, event in read_signed_lines(path, JOBS, MOST))


def _after(job: Job, event: Mapping[str, Any]) -> Job:
    """Return a job after an event.

    Raises:
        KeyError: when the event does not fit the job.
    """
    kind = event["event"]
    if kind == "sending":
        return replace(job, sendings=job.sendings + 1)
    if kind == "sent":
        twins = (*job.twins, *event["twins"])
        if len(twins) > MAX_TWINS:
            raise KeyError(kind)
        return replace(job, id=event["id"], twins=twins, state=QUEUED, reason="", sent=event["at"])
    if kind == "state":
        return replace(job, state=event["state"], reason=event["reason"])
    if kind == "result":
        return replace(
            job, state=COLLECTED, reason="", files=event["files"], usage_seconds=event["usage_seconds"]
        )
    raise KeyError(kind)


def intend(path: Path, jobs: Sequence[Job]) -> None:
    """Write down all jobs of a submission, which may be none, before the first is sent: all, or none."""
    planned = [
        {"tag": job.tag, "chunks": job.chunks, "shots": job.shots}
        | ({"known_answer": True} if job.known_answer else {})
        for job in jobs
    ]
    _write(path, {"event": "intend", "jobs": planned})


def mark_sending(path: Path, job: Job) -> Job:
    """Write down that a job is about to be sent, and return the job with that."""
    return _note(path, job, {"event": "sending"})


def mark_sent(path: Path, job: Job, ids: Sequence[str]) -> Job:
    """Write down the id of a job, and those of its twins, and return the job with them."""
    return _note(path, job, {"event": "sent", "id": ids[0], "twins": list(ids[1:])})


def mark_state(path: Path, job: Job, state: str, reason: str = "") -> Job:
    """Write down the state of a job if it is another than before, and return the job with it."""
    if (state, reason) == (job.state, job.reason):
        return job
    return _note(path, job, {"event": "state", "state": state, "reason": reason})


def mark_started(path: Path) -> None:
    """Write down that somebody asked for what is missing to be sent."""
    _write(path, {"event": "start", "reason": ""})


def mark_stopped(path: Path, reason: str) -> None:
    """Write down that a submission ended with an error: from now on it was not cut off."""
    _write(path, {"event": "stop", "reason": reason})


def keep_result(
    path: Path, job: Job, result: bytes, properties: bytes | None, usage_seconds: float | None
) -> Job:
    """Keep what came back for a job, and return the job with it.

    Args:
        path: the run's folder.
        job: the job.
        result: its raw result.
        properties: the device's properties when it ran; None if the device does not tell.
        usage_seconds: what the device charges for it; None if unknown.

    Raises:
        InputError: when the folder cannot be written.
    """
    contents = {job.result: result} | ({} if properties is None else {job.properties: properties})
    try:
        make_folder(path, RESULTS)
        for name, content in contents.items():
            remove_file(path, name)  # left by a process that ended before it said so
            write_new(path, name, content)
        sync_folder(path / RESULTS)
    except OSError as error:
        raise unwritable(path, error) from error
    files = {name: digest(content) for name, content in contents.items()}
    return _note(path, job, {"event": "result", "files": files, "usage_seconds": usage_seconds})


def repair(path: Path) -> None:
    """Cut off a last line that was never finished; only the one who writes may do so."""
    if exists(path, JOBS):
        cut_unfinished(path, JOBS)


def _note(path: Path, job: Job, event: dict[str, Any]) -> Job:
    return _after(job, _write(path, event | {"tag": job.tag}))


def _write(path: Path, event: Mapping[str, Any]) -> dict[str, Any]:
    stamped = {**event, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    try:
        append_lines(path, JOBS, signed_line(stamped))
    except OSError as error:
        raise unwritable(path, error) from error
    return stamped

"""The steps of a run on a device: from chunks to jobs, from jobs to results, from results to counts.

What a step does depends on the record and on what the device says, and on nothing else; so another process
can take it on another day.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import groupby, pairwise
from typing import Any

from qcoord_hw import record
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.execution.devices.base import Device, Limits, Pub, RefusedError, UnreadableError
from qcoord_hw.execution.foreign.guard import provider
from qcoord_hw.execution.foreign.known import MIN_SHOTS, wrong_answer
from qcoord_hw.execution.foreign.reading import Read
from qcoord_hw.execution.job_options import JobOptions
from qcoord_hw.execution.job_results import check_result, counts_of, listed_circuits
from qcoord_hw.execution.targets import Prepared
from qcoord_hw.record import KNOWN_ANSWER, Chunk, Job, RunRecord, journal

MAX_ERRORS = 3
"""Jobs of which the device may tell nothing before the others are not asked about either."""

MAX_SPLIT = 8
"""In how many parts a chunk is cut at most to fit the one number of shots of its job."""


def plan_jobs(
    chunks: Sequence[Chunk], least: int = 1, limits: Limits | None = None, *, known_answer: bool = False
) -> tuple[Job, ...]:
    """Return the jobs that execute some chunks, in their order, each with a tag that no other job has.

    A job has one number of shots for all its circuits. Where chunks differ in shots a chunk is executed by
    several circuits of one size; what is too much of the last is not used.

    Args:
        chunks: what is to be executed, in order.
        least: how many jobs at least, if there are as many blocks.
        limits: of one job; those of `Limits()` if omitted.
        known_answer: whether the circuit whose answer is known goes with the first job, or in one of its own
            before all others where that has too few shots to judge by, or no room.

    Raises:
        InputError: when a chunk has more shots than a circuit may have.
    """
    limits = limits or Limits()
    stem = secrets.token_hex(6)
    jobs: list[Job] = []

    def add(pubs: Sequence[int], shots: int, known: bool = False) -> None:
        jobs.append(Job(f"qcoord-{stem}-{len(jobs):03}", tuple(pubs), shots, known_answer=known))

    if not chunks:
        if known_answer:
            add((), MIN_SHOTS, True)
        return tuple(jobs)
    if (most := max(chunk.shots for chunk in chunks)) > limits.shots:
        raise InputError(f"shots: {most} of one circuit in a block; allowed in a job are {limits.shots}")
    unit = _unit([chunk.shots for chunk in chunks], limits)
    parts = {chunk.id: -(-chunk.shots // unit) for chunk in chunks}
    blocks = [list(members) for _, members in groupby(chunks, key=lambda chunk: chunk.block)]
    least = min(least, len(blocks))
    cuts = [k * len(blocks) // least for k in range(least + 1)]
    room = max(1, min(limits.circuits, limits.executions // unit))
    joins = known_answer and unit >= MIN_SHOTS and room > parts[chunks[0].id]
    if known_answer and not joins:
        add((), max(unit, MIN_SHOTS), True)
    for start, end in pairwise(cuts):
        pubs: list[int] = []
        for chunk in (chunk for block in blocks[start:end] for chunk in block):
            first = joins and not jobs
            if pubs and len(pubs) + parts[chunk.id] + first > room:
                add(pubs, unit, first)
                pubs = []
            pubs += [chunk.id] * parts[chunk.id]
        add(pubs, unit, joins and not jobs)
    return tuple(jobs)


def _unit(sizes: Sequence[int], limits: Limits) -> int:
    """Return the shots of a circuit with which a device charges least."""
    most, split = max(sizes), min(MAX_SPLIT, limits.circuits)
    candidates = {*sizes, *(-(-most // k) for k in range(1, split + 1))}
    fit = [u for u in candidates if most <= u * split and u <= limits.shots]
    return min(fit, key=lambda u: (_seconds([-(-size // u) for size in sizes], u, limits.circuits), u * -1))


def _seconds(parts: Sequence[int], shots: int, circuits: int) -> float:
    """Return about what a device charges: the delay after every shot, and the overhead of every job."""
    return sum(parts) * shots * 250e-6 + 2.0 * -(-sum(parts) // circuits)


def intend_missing(run: RunRecord, device: Device) -> tuple[Job, ...]:
    """Write down jobs for the chunks that are neither counted nor on their way, and return them.

    A job names the chunks of the first tile of a batch; what it counts serves its other tiles as well.

    Raises:
        InputError: when a chunk has more shots than the device's jobs may have.
    """
    served = (*journal.LIVE, journal.COLLECTED)
    known = {chunk for job in run.jobs if job.state in served for chunk in job.chunks}
    first = {batch[0] for batch in run.batches}
    chunks = [chunk for chunk in run.missing if chunk.tile in first and chunk.id not in known]
    options = JobOptions.of(run.intent["target"]["options"])
    share = sum(chunk.tile in first for chunk in run.plan)
    least = max(1, round(options.jobs * len(chunks) / share))  # of what is left, as many as its part
    asked = any(job.known_answer and job.state in journal.LIVE for job in run.jobs)
    jobs = plan_jobs(chunks, least, device.limits, known_answer=not (run.is_answered or asked))
    journal.intend(run.path, jobs)
    return jobs


def send(run: RunRecord, device: Device, prepared: Prepared) -> None:
    """Send every job that is intended, once `find` knows none that was sent before.

    Where the device cannot be searched, it is written down that a job is being sent before it is: who finds
    that line without an id behind it sends the job again, and the journal holds that there may be two.

    Raises:
        TargetError: when the device does not answer, takes no jobs, or refuses one. What was sent is kept.
    """
    waiting = [job for job in run.jobs if job.state == journal.INTENDED]
    if not waiting:
        return
    with provider(device.name):
        device.check([*prepared.sent, *(prepared.paulis.layers if prepared.paulis else ())])
        device.check_open()
    options = JobOptions.of(run.intent["target"]["options"])
    refused = ""
    with device.batch() if options.mode == "batch" else nullcontext() as together:
        for job in waiting:
            if not device.searchable:
                job = journal.mark_sending(run.path, job)
            pubs = _pubs(run, job, prepared)
            try:
                with provider(device.name):
                    ids = device.submit(pubs, job.shots, job.tag, options, together)
            except RefusedError as error:
                refused = str(error)
                journal.mark_state(run.path, job, journal.REFUSED, refused)
            else:
                journal.mark_sent(run.path, job, ids)
    if refused:
        raise TargetError(f"{device.name} refuses a job: {refused}")


def find(run: RunRecord, device: Device) -> None:
    """Look the tags of jobs up that were intended, and perhaps sent, by another process.

    Jobs are sent in their order, so that only the first can be on its way into the device's list.
    """
    doubtful = True
    for job in run.jobs:
        if job.state == journal.INTENDED:
            with provider(device.name):
                found = device.find(job.tag, patient=doubtful)
            if found:
                journal.mark_sent(run.path, job, found)
            doubtful = False


def ask(run: RunRecord, device: Device) -> None:
    """Write down what the device says of the jobs that are on it; a tag without an id is looked up."""

    def one(job: Job) -> None:
        if job.state == journal.INTENDED:
            with provider(device.name):
                found = device.find(job.tag)
            if not found:
                return
            job = journal.mark_sent(run.path, job, found)
        if job.state in (journal.QUEUED, journal.RUNNING) and job.id is not None:
            with provider(device.name):
                said = device.state(job.id, job.tag)
            journal.mark_state(run.path, job, said.state, said.reason)

    _each(run.jobs, one)


def fetch(run: RunRecord, device: Device, prepared: Prepared) -> None:
    """Keep the results of all jobs that are done, save one that gives another answer than the known one."""

    def one(job: Job) -> None:
        if job.state in (journal.DONE, journal.UNREADABLE) and job.id is not None:
            circuits = [circuit for circuit, _ in _pubs(run, job, prepared)]
            try:
                with provider(device.name):
                    came = device.fetch(job.id, circuits, job.shots)
                check_result(came.result, circuits, job.shots)
            except UnreadableError as error:
                journal.mark_state(run.path, job, journal.UNREADABLE, str(error))
                return
            if job.known_answer and (wrong := _judge(run, prepared, came.result, job.shots)):
                journal.mark_state(run.path, job, journal.FAILED, wrong)
                return
            journal.keep_result(run.path, job, came.result, came.properties, came.usage_seconds)

    _each(run.jobs, one)


def _judge(run: RunRecord, prepared: Prepared, result: bytes, shots: int) -> str:
    """Keep what came of the circuit whose answer is known, and return what is wrong with it."""
    known = prepared.known
    assert known is not None
    counts = counts_of(known.circuit, listed_circuits(json.loads(result))[-1:], shots, 0)
    event = {"event": KNOWN_ANSWER, "expected": known.expected, "counts": counts, "fault": ""}
    if event not in [{key: note.get(key) for key in event} for note in run.notes]:
        record.note(run.path, event)
    return wrong_answer(known, Read(counts))


def _each(jobs: Sequence[Job], do: Callable[[Job], None]) -> None:
    """Do something with every job; one that fails does not stop the others.

    Raises:
        TargetError: the first failure, after the others.
    """
    errors = []
    for job in jobs:
        try:
            do(job)
        except TargetError as error:
            errors.append(error)
            if len(errors) == MAX_ERRORS:
                break
    if errors:
        raise errors[0]


def count(run: RunRecord, prepared: Prepared) -> None:
    """Count what came back and is not counted yet, chunk by chunk, and seal a run that is whole.

    Nothing is counted before the known answer came, where there is one.
    """
    if not run.is_answered:
        return
    counted = set(run.counts)
    for job in run.jobs:
        batches = {named: run.executed_with(named) for named in job.chunks}
        served = {chunk: named for named, batch in batches.items() for chunk in batch}
        if job.state != journal.COLLECTED or counted >= served.keys():
            continue
        with record.interpreting(run.path):
            parts: dict[int, list[Any]] = {}
            came = listed_circuits(json.loads(run.file(job.result)))
            for part, owner in zip(came[:-1] if job.known_answer else came, job.chunks, strict=True):
                parts.setdefault(owner, []).append(part)
            for chunk in [c for c in run.missing if c.id in served.keys() - counted]:
                circuit, _ = _pub(run, prepared, chunk)
                named = served[chunk.id]
                batch, own = batches[named], parts[named]
                place = batch.index(chunk.id)
                counts = counts_of(circuit, own, chunk.shots, chunk.seed, place, len(batch))
                # The result itself is on the disk: only a run that is to be sealed needs all lines there.
                record.append(run.path, [(chunk.id, counts)], sync=len(counted) + 1 == len(run.plan))
                counted.add(chunk.id)
    if counted.issuperset(chunk.id for chunk in run.plan):
        record.seal(run.path)


def _pubs(run: RunRecord, job: Job, prepared: Prepared) -> list[Pub]:
    """Return each of a job's circuits with its values; that whose answer is known is the last."""
    by_id = {chunk.id: chunk for chunk in run.plan}
    try:
        pubs = [_pub(run, prepared, by_id[chunk]) for chunk in job.chunks]
        if job.known_answer:
            assert prepared.known is not None
            pubs.append((prepared.known.circuit, None))
    except (KeyError, IndexError, AssertionError):
        raise RecordError(f"run {run.path.name}: job {job.tag} has chunks that are not in the plan") from None
    return pubs


def _pub(run: RunRecord, prepared: Prepared, chunk: Chunk) -> Pub:
    """Return the circuit of a chunk in its batch, with its pattern, and its values unless these are bound."""
    number = next(k for k, batch in enumerate(run.batches) if chunk.tile in batch)
    circuit, values = (prepared, *prepared.tiles)[number].executed(chunk.setting, chunk.pattern)
    return circuit, values or None

"""The steps of a run on a device: from chunks to jobs, from jobs to results, from results to counts.

What a step does depends on the record and on what the device says, and on nothing else; so another process
can take it on another day.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from qiskit.circuit import ClassicalRegister, QuantumCircuit

from qcoord_hw import record
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.execution.ibm.client import Device, RefusedError, UnreadableError
from qcoord_hw.execution.ibm.options import JobOptions
from qcoord_hw.execution.ibm.target import check_isa
from qcoord_hw.families.experiment import Setting
from qcoord_hw.record import Chunk, Counts, Job, RunRecord, journal
from qcoord_hw.spec import MAX_SHOTS

MAX_PUBS = 500
"""Circuits in one job."""

MAX_ERRORS = 3
"""Jobs of which the device may tell nothing before the others are not asked about either."""

MAX_SPLIT = 8
"""In how many parts a chunk is cut at most to fit the one number of shots of its job."""


def plan_jobs(chunks: Sequence[Chunk], least: int = 1) -> tuple[Job, ...]:
    """Return the jobs that execute some chunks, in their order, each with a tag that no other job has.

    A job has one number of shots for all its circuits. Where chunks differ in shots a chunk is executed by
    several circuits of one size; what is too much of the last is not used.

    Args:
        chunks: what is to be executed, in order.
        least: how many jobs at least, if there are as many blocks.

    Raises:
        InputError: when a chunk has more shots than a job may have.
    """
    if not chunks:
        return ()
    if (most := max(chunk.shots for chunk in chunks)) > MAX_SHOTS:
        raise InputError(f"shots: {most} of one circuit in a block; allowed in a job are {MAX_SHOTS}")
    unit = _unit([chunk.shots for chunk in chunks])
    parts = {chunk.id: -(-chunk.shots // unit) for chunk in chunks}
    blocks = [list(members) for _, members in groupby(chunks, key=lambda chunk: chunk.block)]
    least = min(least, len(blocks))
    cuts = [k * len(blocks) // least for k in range(least + 1)]
    room = max(1, min(MAX_PUBS, MAX_SHOTS // unit))
    stem = secrets.token_hex(6)
    jobs: list[Job] = []

    def add(pubs: Sequence[int]) -> None:
        jobs.append(Job(f"qcoord-{stem}-{len(jobs):03}", tuple(pubs), unit))

    for start, end in pairwise(cuts):
        pubs: list[int] = []
        for chunk in (chunk for block in blocks[start:end] for chunk in block):
            if pubs and len(pubs) + parts[chunk.id] > room:
                add(pubs)
                pubs = []
            pubs += [chunk.id] * parts[chunk.id]
        add(pubs)
    return tuple(jobs)


def _unit(sizes: Sequence[int]) -> int:
    """Return the shots of a circuit with which a device charges least."""
    most = max(sizes)
    candidates = {*sizes, *(-(-most // k) for k in range(1, MAX_SPLIT + 1))}
    fit = [u for u in candidates if most <= u * MAX_SPLIT and u <= MAX_SHOTS]
    return min(fit, key=lambda u: (_seconds([-(-size // u) for size in sizes], u), -u))


def _seconds(parts: Sequence[int], shots: int) -> float:
    """Return about what a device charges: the delay after every shot, and the overhead of every job."""
    return sum(parts) * shots * 250e-6 + 2.0 * -(-sum(parts) // MAX_PUBS)


def intend_missing(run: RunRecord) -> tuple[Job, ...]:
    """Write down jobs for the chunks that are neither counted nor on their way, and return them.

    A job names the chunks of the first tile; what it counts serves the other tiles as well.
    """
    served = (*journal.LIVE, journal.COLLECTED)
    known = {chunk for job in run.jobs if job.state in served for chunk in job.chunks}
    chunks = [chunk for chunk in run.missing if chunk.tile == 0 and chunk.id not in known]
    options = JobOptions.of(run.intent["target"]["options"])
    share = sum(chunk.tile == 0 for chunk in run.plan)
    least = max(1, round(options.jobs * len(chunks) / share))  # of what is left, as many as its part
    jobs = plan_jobs(chunks, least)
    journal.intend(run.path, jobs)
    return jobs


def send(
    run: RunRecord, device: Device, circuits: Sequence[QuantumCircuit], settings: Sequence[Setting]
) -> None:
    """Send every job that is intended, once `find` knows none that was sent before.

    Raises:
        TargetError: when the device does not answer, takes no jobs, or refuses one. What was sent is kept.
    """
    waiting = [job for job in run.jobs if job.state == journal.INTENDED]
    if not waiting:
        return
    check_isa([circuits[settings[s].circuit] for s in _settings(run)], device.backend)
    device.check_open()
    options = JobOptions.of(run.intent["target"]["options"])
    refused = ""
    with device.batch() if options.mode == "batch" else nullcontext() as together:
        for job in waiting:
            pubs = [(circuits[s.circuit], s.values or None) for s in _asked(run, job, settings)]
            try:
                journal.mark_sent(run.path, job, device.send(pubs, job.shots, job.tag, options, together))
            except RefusedError as error:
                refused = str(error)
                journal.mark_state(run.path, job, journal.REFUSED, refused)
    if refused:
        raise TargetError(f"{device.name} refuses a job: {refused}")


def find(run: RunRecord, device: Device) -> None:
    """Look the tags of jobs up that were intended, and perhaps sent, by another process.

    Jobs are sent in their order, so that only the first can be on its way into the device's list.
    """
    doubtful = True
    for job in run.jobs:
        if job.state == journal.INTENDED:
            if found := device.find(job.tag, patient=doubtful):
                journal.mark_sent(run.path, job, found)
            doubtful = False


def ask(run: RunRecord, device: Device) -> None:
    """Write down what the device says of the jobs that are on it; a tag without an id is looked up."""

    def one(job: Job) -> None:
        if job.state == journal.INTENDED:
            if not (found := device.find(job.tag)):
                return
            job = journal.mark_sent(run.path, job, found)
        if job.state in (journal.QUEUED, journal.RUNNING) and job.id is not None:
            said = device.status(job.id, job.tag)
            journal.mark_state(run.path, job, said.state, said.reason)

    _each(run.jobs, one)


def fetch(
    run: RunRecord, device: Device, circuits: Sequence[QuantumCircuit], settings: Sequence[Setting]
) -> None:
    """Keep the results of all jobs that are done."""

    def one(job: Job) -> None:
        if job.state in (journal.DONE, journal.UNREADABLE) and job.id is not None:
            pubs = [circuits[s.circuit] for s in _asked(run, job, settings)]
            try:
                came = device.fetch(job.id, pubs, job.shots)
            except UnreadableError as error:
                journal.mark_state(run.path, job, journal.UNREADABLE, str(error))
            else:
                journal.keep_result(run.path, job, came.result, came.properties, came.usage_seconds)

    _each(run.jobs, one)


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


def count(run: RunRecord, circuits: Sequence[QuantumCircuit], settings: Sequence[Setting]) -> None:
    """Count what came back and is not counted yet, chunk by chunk, and seal a run that is whole."""
    counted, each = set(run.counts), len(run.plan) // run.tiles
    for job in run.jobs:
        served = {chunk + tile * each for chunk in job.chunks for tile in range(run.tiles)}
        if job.state != journal.COLLECTED or counted >= served:
            continue
        with record.interpreting(run.path):
            parts: dict[int, list[dict[str, Any]]] = {}
            for pub, owner in zip(json.loads(run.file(job.result))["pubs"], job.chunks, strict=True):
                parts.setdefault(owner, []).append(pub)
            for chunk in [c for c in run.missing if c.id in served - counted]:
                registers = circuits[settings[chunk.setting].circuit].cregs
                own = len(registers) // run.tiles
                registers = registers[chunk.tile * own : (chunk.tile + 1) * own]
                counts = _counts(registers, parts[chunk.id % each], chunk.shots)
                # The result itself is on the disk: only a run that is to be sealed needs all lines there.
                record.append(run.path, chunk, counts, sync=len(counted) + 1 == len(run.plan))
                counted.add(chunk.id)
    if counted.issuperset(chunk.id for chunk in run.plan):
        record.seal(run.path)


def _counts(registers: Sequence[ClassicalRegister], pubs: Sequence[dict[str, Any]], shots: int) -> Counts:
    """Return the counts of the first shots of some results of one circuit (classical bit 0 first).

    Raises:
        ValueError: when there are not so many.
    """
    words = np.concatenate([_words(registers, pub) for pub in pubs])[:shots]
    if len(words) != shots:
        raise ValueError(f"{len(words)} of {shots} shots")
    outcomes, times = np.unique(words, return_counts=True)
    return {str(word): int(n) for word, n in zip(outcomes, times, strict=True)}


def _words(registers: Sequence[ClassicalRegister], pub: dict[str, Any]) -> Any:
    """Return the outcome of every shot as a string, classical bit 0 first."""
    columns = []
    for register in registers:
        data = pub[register.name]
        packed = np.frombuffer(base64.b64decode(data["base64"]), np.uint8).reshape(data["shots"], -1)
        bits = np.unpackbits(packed, axis=1)[:, ::-1][:, : register.size]  # the last byte holds bit 0
        columns.append(bits)
    table = np.concatenate(columns, axis=1) + ord("0")
    return np.ascontiguousarray(table).view(f"S{table.shape[1]}").reshape(-1).astype(f"U{table.shape[1]}")


def _asked(run: RunRecord, job: Job, settings: Sequence[Setting]) -> list[Setting]:
    """Return the setting of each of a job's circuits."""
    by_id = {chunk.id: chunk for chunk in run.plan}
    try:
        return [settings[by_id[chunk].setting] for chunk in job.chunks]
    except (KeyError, IndexError):
        raise RecordError(f"run {run.path.name}: job {job.tag} has chunks that are not in the plan") from None


def _settings(run: RunRecord) -> list[int]:
    return sorted({chunk.setting for chunk in run.plan})

"""A run on a device from its draft to its seal, in as many processes as it takes.

A person asks for jobs to be sent (`submit`), or a submission was cut off and is finished (`go_on`); nothing
else sends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from qcoord_hw import record
from qcoord_hw.errors import (
    BusyError,
    InputError,
    LocalityError,
    QcoordError,
    TargetError,
    TooLargeError,
)
from qcoord_hw.execution import jobs as steps
from qcoord_hw.execution.devices.base import Device
from qcoord_hw.execution.devices.registry import ALLOWED, NoDeviceError, kind_of
from qcoord_hw.execution.edges import prepare_every_edge
from qcoord_hw.execution.foreign.guard import provider
from qcoord_hw.execution.formats import to_qpy
from qcoord_hw.execution.job_options import JobOptions
from qcoord_hw.execution.link_figures import link_figures
from qcoord_hw.execution.link_patterns import over_links
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.recorded import check_recorded
from qcoord_hw.execution.run import Progress
from qcoord_hw.execution.run_description import (
    circuit_files,
    draft_of,
    intent_of,
    prepared_of,
    recorded_program,
)
from qcoord_hw.execution.tiling import side_by_side
from qcoord_hw.record import RunRecord, journal
from qcoord_hw.spec import ExperimentSpec, spec_from_mapping

POLLS = (1.0, 2.0, 5.0, 10.0)
"""Seconds between questions while a run waits for its jobs; the last one is repeated."""

Connect = Callable[[str], Device]
"""Returns the device of a name; a `TargetError` says why there is none."""


def draft(
    description: dict[str, Any],
    program: Program,
    spec: ExperimentSpec,
    target: str,
    options: JobOptions,
    seed: int,
    runs: Path,
) -> Path:
    """Write down what is asked for, before it is known whether the device can be reached."""
    intent = draft_of(description, spec, target, kind_of(target), options.to_json(), seed)
    return record.create(
        runs, intent, circuit_files(program), spec_id=spec.spec_id, target=target, draft=True
    )


def submit(path: Path, connect: Connect) -> Device | None:
    """Send what is missing of a run and return the device; None for a run that is sealed already.

    What came back in the meantime is counted first. A draft that the device can never run is removed.

    Raises:
        InputError: when the layout or an option is not possible.
        TooLargeError: when the circuits do not fit the device.
        TargetError: with what to do; the run is kept.
    """
    with _held(path) as run:
        if run.sealed:
            return None
        journal.mark_started(path)
        try:
            try:
                device = connect(run.intent["target"]["name"])
            except NoDeviceError:
                if run.is_draft:
                    record.discard(path)
                raise
            _submit(run, device)
        except QcoordError as error:
            if path.exists():
                journal.mark_stopped(path, str(error))
            raise
    return device


def _submit(run: RunRecord, device: Device) -> None:
    path = run.path
    if run.is_draft:
        _settle(run, device)
    else:
        steps.find(run, device)
        _look(path, device, fetch=True)
    run = record.read(path)
    if not run.sealed:
        steps.intend_missing(run, device)
        _send(path, device)


def go_on(path: Path, connect: Connect, *, fetch: bool) -> None:
    """Write down what the device says of a run's jobs, and finish a submission that was cut off.

    Args:
        path: the run's folder.
        connect: called only if the device has to be asked.
        fetch: whether results are fetched and counted, and a cut-off submission finished, beside asking.

    Raises:
        TargetError: when the device does not answer; nothing is lost.
    """
    with _held(path) as run:
        if run.sealed:
            return
        prepared = None if run.is_draft else prepared_of(run)
        if prepared is not None:
            steps.count(run, prepared)
            run = record.read(path)
        cut_off = fetch and not run.stopped and (run.asked or _any(run, journal.INTENDED))
        if run.sealed or not (cut_off or _any(run, journal.INTENDED, *journal.ON_DEVICE)):
            return
        device = connect(run.intent["target"]["name"])
        try:
            if cut_off:
                _finish(run, device)
        finally:  # what is there already does not wait for what cannot be sent
            if path.exists() and not record.read(path).is_draft:
                _look(path, device, fetch=fetch)


def _finish(run: RunRecord, device: Device) -> None:
    """Send the rest of a submission that was cut off."""
    if run.is_draft:
        journal.mark_started(run.path)  # a run that is no draft has a journal
        _settle(run, device)
    else:
        steps.find(run, device)
    if run.asked:
        steps.intend_missing(record.read(run.path), device)
    _send(run.path, device)


def wait(path: Path, device: Device, progress: Progress | None = None) -> None:
    """Collect a run until it is sealed.

    Raises:
        TargetError: when a job ended without a result; the rest is kept.
    """
    for number in count():
        try:
            go_on(path, lambda name: device, fetch=True)
        except BusyError:
            pass  # another process looks at it just now
        except TargetError as error:
            raise TargetError(f"{error}; the run is kept, `qcoord collect {path.name}` goes on") from None
        run = record.read(path)
        if progress:
            progress(len(run.counts), len(run.plan))
        if run.sealed:
            return
        if not _any(run, *journal.LIVE):
            ends = [f"job {job.id or job.tag} {job.state}: {job.reason}" for job in run.jobs if job.reason]
            raise TargetError(
                f"{'; '.join(ends) or 'no job is left'}; `qcoord submit {path.name}` sends what is missing"
            )
        time.sleep(POLLS[min(number, len(POLLS) - 1)])


@contextmanager
def _held(path: Path) -> Iterator[RunRecord]:
    """Hold a run for writing; a run that was not made of jobs is none of ours."""
    with record.writing(path) as run:
        if not run.is_on_device:
            begun = run.intent["target"]["name"]
            raise InputError(f"run {path.name}: made on {begun}; allowed are runs on {ALLOWED}")
        yield run


def _settle(run: RunRecord, device: Device) -> None:
    """Compile a draft's circuits for the device as it is today, and write down everything that is decided.

    A draft that the device can never run is removed.
    """
    try:
        _compile(run, device)
    except (InputError, LocalityError, TooLargeError):
        record.discard(run.path)
        raise


def _compile(run: RunRecord, device: Device) -> None:
    program = recorded_program(run)
    with record.interpreting(run.path):
        spec = spec_from_mapping(run.intent["spec"], "recorded spec")
    target = run.intent["target"]
    options = JobOptions.of(target["options"])
    options.check_taken(target["name"], device.takes)
    with provider(device.name):
        prepare = partial(prepare_every_edge, device) if spec.every_edge else device.prepare
        made = prepare(program, spec.layout, options.tiles)
        made = replace(made, target=target["name"], kind=device.kind)
        prepared = over_links(made, program, spec, device.prepare)
    batches = prepared.batches
    circuits = [c for batch in batches for c in side_by_side([one.circuits for one in batch])]
    bound = [c for batch in batches for c in side_by_side([one.bound for one in batch])]
    layers = prepared.paulis.layers if prepared.paulis else ()
    with provider(device.name):
        device.check([*(bound or circuits), *layers])
    seed = run.intent["seed"]
    intent = intent_of(run.intent["experiment"], program, spec, prepared, [device.method], seed, equal=True)
    intent["target"]["options"] = target["options"]
    if spec.links:
        intent["target"]["links"] = link_figures(run.intent["experiment"], program, spec, prepared)
    files = {record.EXECUTED: to_qpy(circuits)}
    if prepared.known is not None:
        files |= {record.KNOWN: to_qpy([prepared.known.circuit])}
    if bound:
        files |= {record.BOUND: to_qpy(bound)}
    if layers:
        files |= {record.PAULIS: to_qpy(layers)}
    record.settle(run.path, intent, files)


def _send(path: Path, device: Device) -> None:
    run = record.read(path)
    check_recorded(run, rebuild=not record.is_own(path))  # a stranger's is executed, too
    steps.send(run, device, prepared_of(run))


def _look(path: Path, device: Device, *, fetch: bool) -> None:
    """Ask for states, and fetch and count results if that is wanted: all that there are, whatever fails."""
    run = record.read(path)
    prepared = prepared_of(run)
    if not fetch:
        steps.ask(run, device)
        return
    try:
        steps.ask(run, device)
    finally:
        try:
            steps.fetch(record.read(path), device, prepared)
        finally:
            steps.count(record.read(path), prepared)


def _any(run: RunRecord, *states: str) -> bool:
    return any(job.state in states for job in run.jobs)

"""Runs on devices: send, send again, ask how far they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw import record
from qcoord_hw.api.building import LinksLike, build, named_parameters
from qcoord_hw.api.finding import RunLike, find_run
from qcoord_hw.api.importing import refuse_imported
from qcoord_hw.api.request import RunRequest
from qcoord_hw.api.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.errors import BusyError, InputError, TargetError
from qcoord_hw.spec import Plain, check_confidence, check_seed, short_repr

if TYPE_CHECKING:
    from qcoord_hw.execution.devices.base import Device


def submit(
    experiment: object,
    *,
    target: Any,
    shots: int | None = None,
    seed: int | None = None,
    layout: Sequence[int] | None = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    parameters: Mapping[str, Plain] | None = None,
    options: Mapping[str, Any] | None = None,
    random_questions: bool = False,
    every_edge: bool = False,
    links: LinksLike = None,
    candidate: str | None = None,
    **named: Plain,
) -> Result:
    """Send an experiment to a device as jobs and return at once; `collect` has the result one day.

    Args:
        experiment: as in `run`.
        target: the name of a device (`docs/hardware.md` lists the forms), a `qc.Device`, or a backend object
            of a vendor whose client we know.
        shots: shots per circuit; the spec's if omitted.
        seed: root seed, of the order of execution; a fresh one is drawn and recorded if omitted.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.
        parameters: of the spec's family, as in `run`.
        options: `dynamical_decoupling` (XX, XpXm, XY4), `twirling` (gates, measure, all), `mode` (job,
            batch), `jobs` (into how many jobs the run is split at least), `tiles` (how many copies of the
            circuits run side by side, each analysed on its own).
        random_questions: for games, draw the question of every shot at random.
        every_edge: run it on every coupling of the chip, in batches that share no qubit.
        links: what crossing links costs: a file (`docs/formats/links.md`), or its tables by their keys; their
            errors are put in as Pauli gates.
        candidate: name of another way to do it, as in `run`.
        named: parameters of the family by their names, such as `rounds=2`.

    Raises:
        InputError: when an argument or a field of the spec is not allowed, or an option is a simulator's.
        TooLargeError: when the circuits do not fit the device.
        TargetError: when the device cannot be reached or takes no jobs; the run is kept for `resubmit`.
    """
    from qcoord_hw.execution.devices.registry import ALLOWED, device_name

    check_confidence(confidence)
    name = device_name(target)
    if name is None:
        raise InputError(
            f"target: {short_repr(target)} runs at once, use run; allowed in submit are {ALLOWED}"
        )
    seed = secrets.randbits(32) if seed is None else check_seed(seed)
    parameters = named_parameters(experiment, parameters, named)
    built = build(
        experiment,
        shots,
        layout,
        parameters,
        target=target,
        seed=seed,
        random_questions=random_questions,
        every_edge=every_edge,
        links=links,
        candidate=candidate,
    )
    order = RunRequest.of(built, seed, record.runs_folder(runs))
    path = draft_order(order, name, options or {})
    submit_draft(path, target)
    return Result(record.read(path), confidence)


def resubmit(
    path: RunLike,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Result:
    """Send what a run on a device still lacks: what was never sent, or ended without a result.

    Args:
        path: a run's folder, a unique prefix, `latest`, or a result.
        target: the same device as an object, if it is not to be connected by its name.
        runs: the folder of all runs.
        confidence: two-sided confidence level of the intervals.

    Raises:
        RecordError: when the run is not found or damaged.
        TargetError: when the device cannot be reached or takes no jobs; nothing is lost.
    """
    found = find_run(path, runs)
    where = same_target(found, target)
    record.remember(found.path)
    submit_draft(found.path, where)
    return Result(record.read(found.path), confidence)


def status(
    path: RunLike,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Result:
    """Return a run as it is, after asking the device for the states of its jobs; nothing is sent or fetched.

    Args:
        path: a run's folder, a unique prefix, `latest`, or a result.
        target: the same device as an object, if it is not to be connected by its name.
        runs: the folder of all runs.
        confidence: two-sided confidence level of the intervals.

    Raises:
        RecordError: when the run is not found or damaged.
        TargetError: when the device does not answer.
    """
    found = find_run(path, runs)
    if not found.sealed and found.is_on_device:
        from qcoord_hw.execution.submission import go_on

        with suppress(BusyError):  # then that process asks, and what it was told is in the record
            go_on(found.path, connector(same_target(found, target)), fetch=False)
    return Result(record.read(found.path), confidence)


def unfinished(runs: str | Path | None = None) -> list[Path]:
    """Return the folders of all unfinished runs, the oldest first."""
    return [path for path in record.every(record.runs_folder(runs)) if not record.exists(path, record.SEAL)]


def is_strangers(path: Path) -> bool:
    """Return whether a run is one on a device that this user's account did not begin.

    Raises:
        RecordError: when the run is damaged.
    """
    return not record.is_own(path) and record.read(path).is_on_device


def draft_order(order: RunRequest, name: str, options: Mapping[str, Any]) -> Path:
    """Write down what is to be sent to the device of that name, and return the run's folder.

    Raises:
        InputError: when an option is not allowed.
    """
    from qcoord_hw.network.link_patterns import check_patterns
    from qcoord_hw.network.links import read_links

    check_patterns(read_links(order.spec.links), order.program.routes, name, every_edge=order.spec.every_edge)
    from qcoord_hw.execution.job_options import JobOptions
    from qcoord_hw.execution.submission import draft

    chosen = JobOptions.of(options)
    return draft(order.description, order.program, order.spec, name, chosen, order.seed, order.runs)


def submit_draft(path: Path, target: Any) -> Device | None:
    """Send what a run lacks; an error says that the run is kept.

    Args:
        path: the run's folder.
        target: as somebody typed it or handed it in; None for that of the record.
    """
    from qcoord_hw.execution.submission import submit

    try:
        return submit(path, connector(target))
    except (InputError, TargetError) as error:
        if not path.exists():  # the device can never run it
            raise
        again = f"the run is kept, `qcoord submit {path.name}` sends what is missing"
        raise type(error)(f"{error}; {again}") from None


def connector(target: Any) -> Callable[[str], Device]:
    """Return what finds the device of a name: the vendor's own way, or the object that was handed in."""
    from qcoord_hw.execution.devices.registry import connect, reconnect

    return reconnect if target is None else lambda name: connect(name, target)


def same_target(found: record.RunRecord, target: Any) -> Any:
    """Return a target that was given for a run on a device.

    Raises:
        InputError: when it is another device, or the run was not made on one.
    """
    from qcoord_hw.execution.devices.registry import ALLOWED, device_name

    refuse_imported(found, "submit")
    begun = found.intent["target"]["name"]
    if not found.is_on_device:
        raise InputError(f"run {found.path.name}: made on {begun}; allowed are runs on {ALLOWED}")
    if target is not None and device_name(target) != begun:
        raise InputError(
            f"target: {short_repr(target)}; this run was begun on {begun} and can only go on there"
        )
    return target

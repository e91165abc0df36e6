"""Run an experiment to its end, finish a run, repeat one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw import record
from qcoord_hw.api.building import LinksLike, build, named_parameters
from qcoord_hw.api.finding import RunLike, find_run
from qcoord_hw.api.importing import refuse_imported
from qcoord_hw.api.request import RunRequest
from qcoord_hw.api.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.api.submitting import connector, draft_order, same_target, submit_draft
from qcoord_hw.errors import InputError
from qcoord_hw.spec import Plain, check_confidence, check_seed, short_repr, spec_from_mapping
from qcoord_hw.watching import watched

if TYPE_CHECKING:
    from qcoord_hw.execution.run import Progress
    from qcoord_hw.execution.targets import RunTarget


def run(
    experiment: object,
    *,
    target: Any = "aer",
    shots: int | None = None,
    seed: int | None = None,
    layout: Sequence[int] | None = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    progress: Progress | None = None,
    parameters: Mapping[str, Plain] | None = None,
    options: Mapping[str, Any] | None = None,
    random_questions: bool = False,
    every_edge: bool = False,
    links: LinksLike = None,
    candidate: str | None = None,
    idle_noise: bool = True,
    **named: Plain,
) -> Result:
    """Run an experiment and return its result; the record stays in a new folder.

    Args:
        experiment: a catalogue name, a path of a `.toml` spec or of a task, game or state file (`.json`), a
            spec, a `LinearTask`, a `Game`, a `State`, an `Experiment` built in Python, or what `build`
            returned.
        target: `aer`, `fake_NAME`, `properties:FILE` or `properties:RUN` (`docs/formats/properties.md`), the
            name of a device (jobs are sent, and waited for; `docs/hardware.md` lists the forms), a
            `qc.Device`, any `BackendV2` or any `BaseSamplerV2`.
        shots: shots per circuit; the spec's if omitted.
        seed: root seed; a fresh one is drawn and recorded if omitted.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.
        progress: called with (chunks done, chunks planned).
        parameters: of the spec's family, beside or instead of the spec's; for a linear task for
            example `inputs` (`all`, a number of random ones, or a list of (w1, w2)); for a state (a file, a
            name or a `State`) the `network` that is to make it, and the options of its protocol.
        options: of jobs on a device, as in `submit`; of these noise models have `tiles`.
        random_questions: for games, draw the question of every shot at random.
        every_edge: run it on every coupling of the chip, in batches that share no qubit.
        links: what crossing links costs: a file (`docs/formats/links.md`), or its tables by their keys;
            their errors are channels on simulators of ours, elsewhere Pauli gates in further circuits.
        candidate: name of another way to do it, such as `choose(..).best().name`.
        idle_noise: whether qubits that wait for others decay, on `fake_NAME` and `properties:FILE`.
        named: parameters of the family by their names, such as `rounds=2`.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
        TooLargeError: when the circuits fit neither the target nor any simulation method.
        TargetError: when the target failed; what was counted is kept.
    """
    check_confidence(confidence)
    parameters = named_parameters(experiment, parameters, named)
    seed = secrets.randbits(32) if seed is None else check_seed(seed)
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
    done = _execute(order, target, options or {}, progress, idle_noise=idle_noise)
    return Result(done, confidence)


def collect(
    path: RunLike,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    progress: Progress | None = None,
) -> Result:
    """Execute what an interrupted run still lacks, seal it, and return the result.

    Simulators are rebuilt from the record; for a backend or sampler give the object as `target`. Of a run on
    a device what came back is counted, without waiting, and a submission that was cut off is finished.
    """
    found = find_run(path, runs)
    if found.sealed:
        return Result(found, confidence)
    refuse_imported(found, "collect")
    if found.is_on_device:
        from qcoord_hw.execution.submission import go_on

        go_on(found.path, connector(same_target(found, target)), fetch=True)
        done = record.read(found.path)
    else:
        from qcoord_hw.execution.run import finish
        from qcoord_hw.execution.targets import IDEAL, NOISE, is_foreign

        where, begun = _target_of(found, target), found.intent["target"]["name"]
        ours = found.intent["target"]["kind"] in (IDEAL, NOISE)
        if where.name != begun or (ours and is_foreign(target)):  # another may have the name of ours
            raise InputError(f"target: {where.name}; this run was begun on {begun} and can only go on there")
        done = finish(found.path, where, progress)
    return Result(done, confidence)


def replay(
    path: RunLike,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    progress: Progress | None = None,
) -> Result:
    """Repeat a run from its record alone, with its seed, as a new run.

    On the recorded simulator circuits and calibration are those of the record, so the counts are the
    same. On another target the circuits as built are compiled anew; one with a noise model has idle noise
    unless the recorded one had none. What `verify` refuses of a record's protocol is not executed.

    Raises:
        RecordError: when the record is damaged, or does not fit its spec, its network or itself.
        InputError: when the target is not allowed.
        TargetError: when the target failed; what was counted is kept.
    """
    from qcoord_hw.execution.devices.registry import device_name
    from qcoord_hw.execution.recorded import check_recorded
    from qcoord_hw.execution.run_description import recorded_program

    found = find_run(path, runs)
    refuse_imported(found, "replay")
    if not found.is_draft:
        check_recorded(found)
    with record.interpreting(found.path):
        spec = spec_from_mapping(found.intent["spec"], "recorded spec")
        seed = check_seed(found.intent["seed"])
        begun = found.intent["target"]["name"]
    if device_name(target) is None and target in (None, begun):
        target = _target_of(found, None)
    order = RunRequest(
        found.intent["experiment"], recorded_program(found), spec, seed, record.runs_folder(runs)
    )
    options = {"tiles": found.tiles} if found.tiles > 1 and not spec.every_edge else {}
    if found.is_on_device and device_name(target) is not None:
        options = found.intent["target"]["options"]
    done = _execute(order, target, options, progress, idle_noise=_has_idle_noise(found))
    return Result(done, confidence)


def _has_idle_noise(found: record.RunRecord) -> bool:
    """Return whether qubits that wait decay on another noise model than that of a record, if it has one."""
    from qcoord_hw.execution.targets import NOISE

    target = found.intent["target"]
    return bool(target.get("idle_noise", target["kind"] != NOISE))


def _execute(
    order: RunRequest,
    target: Any,
    options: Mapping[str, Any],
    progress: Progress | None,
    *,
    idle_noise: bool,
) -> record.RunRecord:
    """Execute an order, to the end, and return the sealed record."""
    from qcoord_hw.execution.devices.base import Device
    from qcoord_hw.execution.devices.registry import ALLOWED, device_name, is_ours, open_typed
    from qcoord_hw.execution.job_options import JobOptions
    from qcoord_hw.execution.run import execute
    from qcoord_hw.execution.submission import wait
    from qcoord_hw.execution.targets import RecordedTarget, resolve_target

    chosen = JobOptions.of(options)
    name = None if isinstance(target, RecordedTarget) else device_name(target)
    stated = None
    if name is not None and isinstance(target, str) and not is_ours(name):
        stated, target = name, open_typed(name)
        name = name if isinstance(target, Device) else None
    if name is None:
        for option in options:
            if option != "tiles":
                raise InputError(
                    f"{option}: not on target {short_repr(stated or target)}; allowed on {ALLOWED}"
                )
        where = target
        if not isinstance(target, RecordedTarget):
            where = resolve_target(target, stated, idle_noise=idle_noise)
        program, runs = order.program, order.runs
        return execute(
            order.description, program, order.spec, where, order.seed, runs, progress, chosen.tiles
        )
    path = draft_order(order, name, options)
    device = submit_draft(path, target)
    if device is not None:
        with watched(progress, f"jobs on {name}") as told:
            wait(path, device, told)
    return record.read(path)


def _target_of(found: record.RunRecord, target: Any) -> RunTarget:
    """Return the target given, or that of the record if it is the same or none is given."""
    from qcoord_hw.execution.devices.registry import open_recorded
    from qcoord_hw.execution.run_description import prepared_of
    from qcoord_hw.execution.targets import RecordedTarget, resolve_target

    with record.interpreting(found.path):
        begun, kind = found.intent["target"]["name"], found.intent["target"]["kind"]
    if target is not None and target != begun:
        return resolve_target(target)
    if kind in record.FOREIGN and ":" in begun:
        return resolve_target(open_recorded(begun), begun)
    return RecordedTarget(prepared_of(found))

"""The package from Python: run, load, continue, replay, verify, compare. The command line only calls this."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from qcoord_hw import record
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.report.comparison import differences
from qcoord_hw.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.spec import ExperimentSpec, Plain, shown, spec_from_mapping
from qcoord_hw.user_specs import read_user_spec, state_spec

if TYPE_CHECKING:
    from qcoord_hw.execution.ibm import Device
    from qcoord_hw.execution.program import Program
    from qcoord_hw.execution.run import Progress
    from qcoord_hw.execution.targets import RunTarget
    from qcoord_hw.protocols import Experiment
    from qcoord_hw.theory.linear_computation.task import LinearTask
    from qcoord_hw.theory.states import State


NOISY_INPUTS = 8
"""Inputs of a linear computation that are run by default where each needs a noisy simulation of its own."""


@dataclass(frozen=True, eq=False)
class Built:
    """A spec and the experiment that was built from it."""

    spec: ExperimentSpec
    experiment: Experiment

    @classmethod
    def of(cls, spec: ExperimentSpec, parameters: Mapping[str, Plain]) -> Built:
        """Build a spec with these parameters of its family."""
        from qcoord_hw.protocols import build_experiment

        stated = replace(spec, parameters=tuple(sorted(parameters.items())))
        return cls(stated, build_experiment(stated))


def run(
    experiment: str | Path | ExperimentSpec | LinearTask | State | Experiment | Built,
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
) -> Result:
    """Run an experiment and return its result; the record stays in a new folder.

    Args:
        experiment: a catalogue name, a path of a `.toml` spec or of a task file (`.json`), a spec, a
            `LinearTask`, an `Experiment` built in Python, or what `build` returned.
        target: `aer`, `fake_NAME`, `ibm_NAME` (jobs are sent, and waited for), any `BackendV2` or any
            `BaseSamplerV2`.
        shots: shots a circuit; the spec's if omitted.
        seed: root seed; a fresh one is drawn and recorded if omitted.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.
        progress: called with (chunks done, chunks planned).
        parameters: of the spec's family, beside or instead of the spec's; for a linear computation for
            example `inputs` (`all`, a number of random ones, or a list of (w1, w2)); for a state (a file, a
            name or a `State`) the `network` that is to make it, and the options of its protocol.
        options: of jobs on a device, as in `submit`; of these noise models have `tiles`.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
        TooLargeError: when the circuits fit neither the target nor any simulation method.
        TargetError: when the target failed; what was counted is kept.
    """
    from qcoord_hw.analysis.binomial import check_confidence
    from qcoord_hw.execution.intents import describe, program_of
    from qcoord_hw.execution.run import check_seed

    check_confidence(confidence)
    seed = secrets.randbits(32) if seed is None else check_seed(seed)
    if not isinstance(experiment, Built):
        experiment = build(experiment, shots, layout, parameters, target=target, seed=seed)
    spec, built = experiment.spec, experiment.experiment
    order = Order(describe(built), program_of(built), spec, seed, record.runs_folder(runs))
    return Result(record.read(_execute(order, target, options or {}, progress)), confidence)


def submit(
    experiment: str | Path | ExperimentSpec | LinearTask | State | Experiment | Built,
    *,
    target: Any,
    shots: int | None = None,
    seed: int | None = None,
    layout: Sequence[int] | None = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    parameters: Mapping[str, Plain] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Result:
    """Send an experiment to a device as jobs and return at once; `collect` has the result one day.

    Args:
        experiment: as in `run`.
        target: `ibm_NAME`, or a backend of the IBM runtime client.
        shots: shots a circuit; the spec's if omitted.
        seed: root seed, of the order of execution; a fresh one is drawn and recorded if omitted.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.
        parameters: of the spec's family, as in `run`.
        options: `dynamical_decoupling` (XX, XpXm, XY4), `twirling` (gates, measure, all), `mode` (job,
            batch), `jobs` (into how many jobs the run is split at least), `tiles` (how many copies of the
            circuits run side by side, each analysed on its own).

    Raises:
        InputError: when an argument or a field of the spec is not allowed, or an option is a simulator's.
        TooLargeError: when the circuits do not fit the device.
        TargetError: when the device cannot be reached or takes no jobs; the run is kept for `resubmit`.
    """
    from qcoord_hw.analysis.binomial import check_confidence
    from qcoord_hw.execution.intents import describe, program_of
    from qcoord_hw.execution.run import check_seed

    check_confidence(confidence)
    name = _device_name(target)
    if name is None:
        raise InputError(f"target: {shown(target)} runs at once, use run; allowed in submit is ibm_NAME")
    seed = secrets.randbits(32) if seed is None else check_seed(seed)
    if not isinstance(experiment, Built):
        experiment = build(experiment, shots, layout, parameters, target=target, seed=seed)
    spec, built = experiment.spec, experiment.experiment
    order = Order(describe(built), program_of(built), spec, seed, record.runs_folder(runs))
    path = _draft(order, name, options or {})
    _submit(path, target)
    return Result(record.read(path), confidence)


def resubmit(
    path: str | Path,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Result:
    """Send what a run on a device still lacks: what was never sent, or ended without a result.

    Args:
        path: a run's folder, a unique prefix or `latest`.
        target: a backend of the IBM runtime client, if not that of the account.
        runs: the folder of all runs.
        confidence: two-sided confidence level of the intervals.

    Raises:
        RecordError: when the run is not found or damaged.
        TargetError: when the device cannot be reached or takes no jobs; nothing is lost.
    """
    found = record.read(record.find(str(path), record.runs_folder(runs)))
    _submit(found.path, _same_target(found, target))
    return Result(record.read(found.path), confidence)


def status(
    path: str | Path,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Result:
    """Return a run as it is, after asking the device for the states of its jobs; nothing is sent or fetched.

    Args:
        path: a run's folder, a unique prefix or `latest`.
        target: a backend of the IBM runtime client, if not that of the account.
        runs: the folder of all runs.
        confidence: two-sided confidence level of the intervals.

    Raises:
        RecordError: when the run is not found or damaged.
        TargetError: when the device does not answer.
    """
    found = record.read(record.find(str(path), record.runs_folder(runs)))
    if not found.sealed and _is_on_device(found):
        from qcoord_hw.execution.ibm.run import go_on

        go_on(found.path, _connector(_same_target(found, target)), fetch=False)
    return Result(record.read(found.path), confidence)


def unfinished(runs: str | Path | None = None) -> list[Path]:
    """Return the folders of all unfinished runs, the oldest first."""
    return [path for path in record.every(record.runs_folder(runs)) if not (path / record.SEAL).exists()]


def load_run(
    path: str | Path, *, runs: str | Path | None = None, confidence: float = DEFAULT_CONFIDENCE
) -> Result:
    """Load a run by its folder, a unique prefix of its name, or `latest`.

    Raises:
        RecordError: when no run or more than one fits, or the record is damaged.
    """
    return Result(record.read(record.find(str(path), record.runs_folder(runs))), confidence)


def collect(
    path: str | Path,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    progress: Progress | None = None,
) -> Result:
    """Execute what an interrupted run still lacks, seal it, and return the result.

    Simulators are rebuilt from the record; for a backend or sampler give the object as `target`. Of a run on
    an IBM device what came back is counted, without waiting, and a submission that was cut off is finished.
    """
    found = record.read(record.find(str(path), record.runs_folder(runs)))
    if found.sealed:
        return Result(found, confidence)
    if _is_on_device(found):
        from qcoord_hw.execution.ibm.run import go_on

        go_on(found.path, _connector(_same_target(found, target)), fetch=True)
    else:
        from qcoord_hw.execution.run import finish

        where, begun = _target_of(found, target), found.intent["target"]["name"]
        if where.name != begun:
            raise InputError(f"target: {where.name}; this run was begun on {begun} and can only go on there")
        finish(found.path, where, progress)
    return Result(record.read(found.path), confidence)


def replay(
    path: str | Path,
    *,
    target: Any = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    progress: Progress | None = None,
) -> Result:
    """Repeat a run from its record alone, with its seed, as a new run.

    On the recorded simulator circuits and calibration are those of the record, so the counts are the
    same. On another target the circuits as built are compiled anew.
    """
    from qcoord_hw.execution.intents import recorded_program
    from qcoord_hw.execution.run import check_seed

    found = record.read(record.find(str(path), record.runs_folder(runs)))
    with record.interpreting(found.path):
        spec = spec_from_mapping(found.intent["spec"], "recorded spec")
        seed = check_seed(found.intent["seed"])
        begun = found.intent["target"]["name"]
    if _device_name(target) is None and target in (None, begun):
        target = _target_of(found, None)
    order = Order(found.intent["experiment"], recorded_program(found), spec, seed, record.runs_folder(runs))
    options = {"tiles": found.tiles} if found.tiles > 1 else {}
    return Result(record.read(_execute(order, target, options, progress)), confidence)


def verify(path: str | Path, *, execute: bool = False, runs: str | Path | None = None) -> dict[str, Any]:
    """Recompute every estimate of a run from raw counts, and compare with what `report` wrote.

    Args:
        path: a run's folder, a unique prefix or `latest`.
        execute: also build, compile and execute the run again at its seed, and compare with the record.
        runs: the folder of all runs.

    Returns:
        `ok`, the run, what was compared and recomputed, and `differs`: a line for each difference.
    """
    found = record.read(record.find(str(path), record.runs_folder(runs)))
    if not found.sealed:
        raise RecordError(
            f"run {found.path.name}: unfinished; `qcoord collect` finishes it, then it can be verified"
        )
    written = _read_report(found.path)
    confidence = DEFAULT_CONFIDENCE if written is None else _confidence_of(written)
    summary = Result(found, confidence).summary
    early = written is not None and written.get("state") == "unfinished"
    differs = [] if written is None or early else _changes(written, json.loads(json.dumps(summary)))
    if execute:
        differs += _execute_again(found)
    return {
        "ok": not differs,
        "run": str(found.path),
        "report": "none written" if written is None else "written before the end" if early else "compared",
        "executed": execute,
        "differs": differs,
        "estimates": summary["estimates"],
        "checks": summary["checks"],
    }


def compare(
    *paths: str | Path,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    plot: str | Path | None = None,
) -> dict[str, Any]:
    """Return the differences of the estimates of several runs of one experiment from the first one's.

    Args:
        paths: two or more runs: folders, unique prefixes or `latest`.
        runs: the folder of all runs.
        confidence: two-sided confidence level of each interval, and of all differences together.
        plot: a file for a figure of them (.png, .svg or .pdf).

    Raises:
        InputError: when the runs are not finished runs of one experiment, or the figure cannot be written.
        RecordError: when a run is not found or damaged.
    """
    if plot is not None:
        from qcoord_hw.report.comparison_figure import check_plot, plot_comparison

        check_plot(Path(plot))
    results = [load_run(path, runs=runs, confidence=confidence) for path in paths]
    found = differences(
        [result.summary for result in results],
        lambda level: [Result(result.record, level).summary for result in results],
    )
    if plot is not None:
        plot_comparison(found, Path(plot))
    return found


def export_csv(
    path: str | Path,
    csv: str | Path | TextIO,
    *,
    estimates: bool = False,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> dict[str, Any]:
    """Write what a run counted as a table, one row a chunk and outcome, and return how many rows it has.

    Args:
        path: a run's folder, a unique prefix or `latest`.
        csv: the file, or an open one; an existing one is replaced, unless it is part of a record.
        estimates: write a row an estimate instead; the run must be finished.
        runs: the folder of all runs.
        confidence: two-sided confidence level of the estimates' intervals.

    Returns:
        `ok`, `run`, `csv` and `rows`.

    Raises:
        InputError: when the file cannot be written, or estimates of an unfinished run are asked for.
        RecordError: when the run is not found or damaged.
    """
    from qcoord_hw.analysis.binomial import check_confidence
    from qcoord_hw.report import export
    from qcoord_hw.report.written import check_place

    check_confidence(confidence)
    place = Path(csv) if isinstance(csv, (str, Path)) else csv
    if isinstance(place, Path):
        check_place("csv", place)
    found = record.read(record.find(str(path), record.runs_folder(runs)))
    if estimates:
        rows = export.estimate_rows(found, Result(found, confidence).summary)
    else:
        rows = export.count_rows(found)
    columns = export.ESTIMATE_COLUMNS if estimates else export.COUNT_COLUMNS
    written = export.write_csv(place, columns, rows)
    name = str(place) if isinstance(place, Path) else getattr(place, "name", "")
    return {"ok": True, "run": str(found.path), "csv": str(name), "rows": written}


def write_report(result: Result, html: str | Path | None = None) -> Path:
    """Write `derived/report.json` and the HTML page of a run, and return the page's path.

    Args:
        result: a finished run.
        html: where the page goes; `derived/report.html` in the run's folder if omitted.

    Raises:
        InputError: when the folder cannot be written.
    """
    derived = result.path / record.DERIVED
    page = Path(html) if html else derived / "report.html"
    record.check_outside(page)
    try:
        derived.mkdir(exist_ok=True)
        _write_text(derived / "report.json", json.dumps(result.summary, indent=1) + "\n")
    except OSError as error:
        raise InputError(f"runs: cannot write in {str(derived)!r} ({error.strerror})") from error
    try:
        _write_text(page, result.html())
    except OSError as error:
        raise InputError(f"html: cannot write {str(page)!r} ({error.strerror})") from error
    return page


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def build(
    experiment: str | Path | ExperimentSpec | LinearTask | State | Experiment,
    shots: int | None = None,
    layout: Sequence[int] | None = None,
    parameters: Mapping[str, Plain] | None = None,
    *,
    target: Any = "aer",
    seed: int | None = None,
    random_questions: bool = False,
) -> Built:
    """Return the spec and the built circuits of an experiment, without running anything.

    Args:
        experiment: as in `run`.
        shots: shots a circuit, if not the spec's.
        layout: physical qubits, if not the spec's.
        parameters: of the family, beside or instead of the spec's.
        target: where it is meant to run, which decides how many inputs are given by default.
        seed: of random inputs, if the spec states none; a fresh one if omitted.
        random_questions: for games, draw the question of every shot at random.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
    """
    from qcoord_hw.execution.intents import program_of
    from qcoord_hw.execution.run import check_seed
    from qcoord_hw.execution.simulate import shares_noisy_run
    from qcoord_hw.protocols import Experiment
    from qcoord_hw.theory.games.specs import with_strategy
    from qcoord_hw.theory.linear_computation import specs
    from qcoord_hw.theory.linear_computation.task import LinearTask
    from qcoord_hw.theory.states import State

    if isinstance(experiment, Experiment):
        from qcoord_hw.execution.intents import spec_of

        spec = spec_of(experiment)
    elif isinstance(experiment, State) or (
        isinstance(experiment, (str, Path)) and "network" in (parameters or {})
    ):
        spec, parameters = state_spec(experiment, parameters or {}), None
    elif isinstance(experiment, (str, Path)):
        spec = read_user_spec(str(experiment))
    elif isinstance(experiment, ExperimentSpec):
        spec = experiment
    elif isinstance(experiment, LinearTask):
        spec = specs.spec_of(experiment)
    else:
        raise InputError(
            f"experiment: {type(experiment).__name__}; allowed are a name, a path, a spec, a LinearTask or "
            "an Experiment"
        )
    if seed is not None:
        check_seed(seed)
    if parameters and not isinstance(experiment, Experiment):
        spec = replace(spec, parameters=tuple(sorted((spec.options | dict(parameters)).items())))
    if shots is not None:
        spec = replace(spec, shots=shots)
    if layout is not None:
        spec = replace(spec, layout=tuple(layout))
    if random_questions:
        spec = replace(spec, random_questions=True)
    if isinstance(experiment, Experiment):
        return Built(spec, experiment)
    if spec.family == "nonlocal-game" and "prob" in spec.options:
        return Built.of(spec, with_strategy(spec.name, spec.options))
    if spec.family != specs.FAMILY:
        return Built.of(spec, spec.options)
    options = spec.options
    free = "inputs" not in options and target != "aer"
    if (
        free and specs.task_of(spec).field.characteristic > 2
    ):  # no Pauli frames: an input costs a noisy simulation
        options["inputs"] = NOISY_INPUTS
    if isinstance(options.get("inputs", 0), int):
        options.setdefault("inputs_seed", secrets.randbits(32) if seed is None else seed)
    built = Built.of(spec, options)
    derived = _device_name(target) is None and shares_noisy_run(program_of(built.experiment))
    if free and "inputs" not in options and not derived:
        built = Built.of(spec, options | {"inputs": NOISY_INPUTS})
    return built


def plan(
    experiment: str | Path | ExperimentSpec | LinearTask | State | Experiment | Built,
    *,
    target: Any = "aer",
    shots: int | None = None,
    seed: int | None = None,
    layout: Sequence[int] | None = None,
    jobs: int = 1,
    parameters: Mapping[str, Plain] | None = None,
    random_questions: bool = False,
) -> dict[str, Any]:
    """Return what a run would take and what is expected of it, without running anything.

    Args:
        experiment: as in `run`.
        target: as in `run`; an IBM backend is asked for its calibration and what the account has left.
        shots: shots a circuit; the spec's if omitted.
        seed: of random inputs, if the spec states none.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        jobs: in how many jobs it would be sent, each with its overhead.
        parameters: of the spec's family, as in `run`.
        random_questions: for games, draw the question of every shot at random.

    Returns:
        The object that `qcoord plan --json` prints: circuits, gates, depth and duration; QPU seconds and
        overhead; ranked qubits and tiles, each with the figure that is expected; shots for a verdict at 5 sigma.
        What has no meaning on the target is None.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
        TooLargeError: when the circuits do not fit the target.
        TargetError: when the target cannot be reached.
    """
    from qcoord_hw.execution.intents import describe, program_of
    from qcoord_hw.execution.planning import Forecast
    from qcoord_hw.report.plan import summarise_plan

    if not isinstance(experiment, Built):
        experiment = build(
            experiment,
            shots,
            layout,
            parameters,
            target=target,
            seed=seed,
            random_questions=random_questions,
        )
    built = experiment.experiment
    forecast = Forecast.of(describe(built), program_of(built), experiment.spec, target)
    return summarise_plan(forecast, jobs)


@dataclass(frozen=True, eq=False)
class Order:
    """What is to be executed, apart from where: as a record describes it, and as circuits."""

    description: dict[str, Any]
    program: Program
    spec: ExperimentSpec
    seed: int
    runs: Path


def _execute(order: Order, target: Any, options: Mapping[str, Any], progress: Progress | None) -> Path:
    """Execute an order, to the end, and return the folder of the sealed record."""
    from qcoord_hw.execution.ibm.options import JobOptions
    from qcoord_hw.execution.run import execute
    from qcoord_hw.execution.targets import RecordedTarget, resolve_target

    name = None if isinstance(target, RecordedTarget) else _device_name(target)
    if name is None:
        for option in options:
            if option != "tiles":
                raise InputError(f"{option}: not on target {shown(target)}; allowed are ibm_NAME")
        tiles = JobOptions.of(options).tiles
        where = target if isinstance(target, RecordedTarget) else resolve_target(target)
        return execute(
            order.description, order.program, order.spec, where, order.seed, order.runs, progress, tiles
        )
    from qcoord_hw.execution.ibm.run import wait

    path = _draft(order, name, options)
    device = _submit(path, target)
    if device is not None:
        wait(path, device, progress)
    return path


def _draft(order: Order, name: str, options: Mapping[str, Any]) -> Path:
    from qcoord_hw.execution.ibm.options import JobOptions
    from qcoord_hw.execution.ibm.run import draft

    chosen = JobOptions.of(options)
    return draft(order.description, order.program, order.spec, name, chosen, order.seed, order.runs)


def _submit(path: Path, target: Any) -> Device | None:
    from qcoord_hw.execution.ibm.run import submit

    try:
        return submit(path, _connector(target))
    except TargetError as error:
        again = f"the run is kept, `qcoord submit {path.name}` sends what is missing"
        raise TargetError(f"{error}; {again}") from None


def _device_name(target: Any) -> str | None:
    """Return the name of the IBM device that a target is; None if it is none."""
    if isinstance(target, str):
        return target if target.startswith("ibm_") else None
    if type(target).__module__.startswith("qiskit_ibm_runtime.ibm_backend"):
        return str(target.name)
    return None


def _connector(target: Any) -> Callable[[str], Device]:
    """Return what finds the device of a name: through the account, or the backend that was handed in."""
    from qcoord_hw.execution.ibm import Device, connect

    return connect if target is None or isinstance(target, str) else lambda name: Device(target)


def _same_target(found: record.RunRecord, target: Any) -> Any:
    """Return a target that was given for a run on a device.

    Raises:
        InputError: when it is another device, or the run was not made on one.
    """
    begun = found.intent["target"]["name"]
    if not _is_on_device(found):
        raise InputError(f"run {found.path.name}: made on {begun}; allowed are runs on ibm_NAME")
    if target is not None and _device_name(target) != begun:
        raise InputError(f"target: {shown(target)}; this run was begun on {begun} and can only go on there")
    return target


def _is_on_device(found: record.RunRecord) -> bool:
    with record.interpreting(found.path):
        return bool(found.intent["target"]["kind"] == "ibm")


def _target_of(found: record.RunRecord, target: Any) -> RunTarget:
    """Return the target given, or the recorded simulator if it is the same or none is given."""
    from qcoord_hw.execution.intents import prepared_of
    from qcoord_hw.execution.targets import RecordedTarget, resolve_target

    with record.interpreting(found.path):
        begun = found.intent["target"]["name"]
    if target is None or target == begun:
        return RecordedTarget(prepared_of(found))
    return resolve_target(target)


def _execute_again(found: record.RunRecord) -> list[str]:
    from qcoord_hw.execution.intents import program_of, recorded_program
    from qcoord_hw.execution.run import moved
    from qcoord_hw.execution.targets import resolve_target
    from qcoord_hw.protocols import FAMILIES, build_experiment

    spec: dict[str, Any] = found.intent["spec"]
    if spec["family"] in FAMILIES:
        program = program_of(build_experiment(spec_from_mapping(spec, "recorded spec")))
    else:
        program = recorded_program(found)
    return moved(found, program, resolve_target(found.intent["target"]["name"]))


def _read_report(path: Path) -> dict[str, Any] | None:
    file = path / record.DERIVED / "report.json"
    if not file.exists():
        return None
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise RecordError(
            f"run {path.name}: derived/report.json is not valid JSON; write it anew with report"
        ) from None
    if not isinstance(written, dict):
        raise RecordError(
            f"run {path.name}: derived/report.json is not a JSON object; write it anew with report"
        )
    return written


def _confidence_of(written: dict[str, Any]) -> float:
    try:
        return float(written["estimates"][0]["confidence"])
    except (KeyError, IndexError, TypeError, ValueError):
        return DEFAULT_CONFIDENCE


def _changes(written: Any, computed: Any, where: str = "") -> list[str]:
    """Return a line for each value of `written` that differs from `computed`; the folder's path may."""
    if isinstance(written, dict) and isinstance(computed, dict):
        keys = [k for k in dict.fromkeys([*written, *computed]) if (where, k) != ("", "run")]
        return [
            line
            for k in keys
            for line in _changes(written.get(k), computed.get(k), f"{where}.{k}".lstrip("."))
        ]
    if isinstance(written, list) and isinstance(computed, list) and len(written) == len(computed):
        return [
            line
            for i, pair in enumerate(zip(written, computed, strict=True))
            for line in _changes(*pair, f"{where}[{_name(pair[1], i)}]")
        ]
    return [] if written == computed else [f"{where}: report {written!r}, recomputed {computed!r}"]


def _name(value: Any, position: int) -> str:
    return str(value["name"]) if isinstance(value, dict) and "name" in value else str(position)

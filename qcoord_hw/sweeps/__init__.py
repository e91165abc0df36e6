"""Many simulations at once: a product of lists, one run folder a point, on local cores or a Dask cluster.

What was sealed is never computed again, what was begun is finished, what is missing is computed; so a sweep
that was interrupted, in whatever way, goes on when it is asked for again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qcoord_hw import record
from qcoord_hw.api.building import LinksLike
from qcoord_hw.api.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.errors import RecordError
from qcoord_hw.record.sweep_folder import sweep_folder
from qcoord_hw.report.sweep import SweepPoint, SweepResult
from qcoord_hw.spec import ExperimentSpec, Plain, check_integer, short_repr, to_lists
from qcoord_hw.statistics.binomial import check_confidence
from qcoord_hw.sweeps.points import Grid, Identity, Point
from qcoord_hw.sweeps.store import computing, find_runs, open_sweep, read_sweep, sweep_id
from qcoord_hw.sweeps.task import Outcome, Task
from qcoord_hw.watching import watched

if TYPE_CHECKING:
    from qcoord_hw.execution.run import Progress

MAX_WORKERS = 256


def sweep(
    specs: str | Path | ExperimentSpec | Sequence[str | Path | ExperimentSpec],
    *,
    targets: str | Sequence[str] = ("aer",),
    noise_scale: Sequence[float] = (),
    seeds: Sequence[int] = (),
    shots: Sequence[int] = (),
    fields: Mapping[str, Sequence[Plain]] | None = None,
    search_seed: int = 0,
    links: LinksLike = None,
    workers: int | None = None,
    dask: str | None = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
    progress: Progress | None = None,
    idle_noise: bool = True,
) -> SweepResult:
    """Run every combination of experiments, targets, seeds, shots and fields that is not there yet.

    Args:
        specs: catalogue names, paths or specs.
        targets: `aer`, `fake_NAME` or `properties:FILE`, also with a noise scale (`fake_torino_x0.5`).
        noise_scale: what the noise of each `fake_NAME` is multiplied by; `aer`, which has none, is run once.
        seeds: root seeds; if omitted one that is made from all the rest, so that it is always the same.
        shots: shots per circuit; the specs' own if omitted.
        fields: field of a spec (`blocks`, `layout`, `random_questions`, `every_edge`) or parameter of its
            family (such as `rounds`, `inputs`, `n`, `network`) -> the values it takes.
        search_seed: of the search for the strategy of a game of one's own; all points play what it finds.
        links: what crossing links costs, as in `run`, at every point; else each spec's own.
        workers: processes on this machine; one a core if omitted.
        dask: address of the scheduler of a Dask cluster that computes instead of this machine.
        runs: the folder of all runs; the sweep has a folder in it. `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.
        progress: called with (points done, points in all).
        idle_noise: whether qubits that wait decay in noise models, as in `run`.

    Returns:
        Every point with its run and estimates, or with its error; and how many were computed, finished (begun
        before), already there, and failed.

    Raises:
        InputError: when something asked for is not allowed; nothing has been run then.
        RecordError: when another process computes this sweep, or a record in it is damaged.
        TargetError: when the cluster does not answer.
    """
    check_confidence(confidence)
    workers = check_integer("workers", cores() if workers is None else workers, 1, MAX_WORKERS)
    grid = Grid.of(
        [specs] if isinstance(specs, (str, Path, ExperimentSpec)) else specs,
        [targets] if isinstance(targets, str) else targets,
        noise_scale,
        seeds,
        shots,
        fields or {},
        search_seed,
        links,
        idle_noise=idle_noise,
    )
    definition = grid.definition()
    default_seed = int(sweep_id(definition), 16)
    path, points = open_sweep(record.runs_folder(runs), definition, lambda: grid.points(default_seed))
    with computing(path), watched(progress, "sweep") as told:
        runs_there = find_runs(path)
        there = {p.identity: runs_there[p.identity] for p in points if p.identity in runs_there}
        outcomes: dict[Identity, Outcome] = {k: {"run": str(r.path)} for k, r in there.items() if r.sealed}
        begun: dict[Identity, Task] = {k: {"run": str(r.path)} for k, r in there.items() if not r.sealed}
        fresh: dict[Identity, Task] = {
            p.identity: {
                "spec": p.spec.to_json(),
                "target": p.target,
                "seed": p.seed,
                "idle_noise": idle_noise,
            }
            for p in points
            if p.identity not in there
        }
        counted = {"computed": 0, "finished": 0, "already": len(outcomes), "failed": 0}

        def report(identity: Identity, outcome: Outcome) -> None:
            outcomes[identity] = outcome
            counted["failed" if "error" in outcome else "finished" if identity in there else "computed"] += 1
            if told:
                told(len(outcomes), len(points))

        if told:
            told(len(outcomes), len(points))
        here = begun | fresh if dask is None else begun  # what was begun lacks chunks only: no journey for it
        if here:
            from qcoord_hw.sweeps.local import compute_here

            compute_here(here, path, workers, report)
        if dask is not None and fresh:
            from qcoord_hw.sweeps.cluster import compute_there

            compute_there(fresh, path, dask, report)
    found = [_point(point, outcomes[point.identity], path, confidence) for point in points]
    return SweepResult.of(str(path), found, counted)


def load_sweep(
    sweep: str | Path, *, runs: str | Path | None = None, confidence: float = DEFAULT_CONFIDENCE
) -> SweepResult:
    """Return what is there of a sweep, without computing anything.

    Args:
        sweep: its folder, or the name of that in the folder of all runs.
        runs: the folder of all runs. `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.

    Returns:
        Every point; one without a finished run has an error that says so, and counts as failed.

    Raises:
        InputError: when the confidence is not between 0 and 1.
        RecordError: when it is no sweep, or a record in it is damaged.
    """
    check_confidence(confidence)
    path = sweep_folder(str(sweep), record.runs_folder(runs))
    if path is None:
        raise RecordError(f"sweep: {short_repr(str(sweep))} is none; allowed is the folder of a sweep")
    _, points = read_sweep(path)
    there = {key: found for key, found in find_runs(path).items() if found.sealed}
    missing: Outcome = {"error": "not finished; the same `qcoord sweep` goes on with it", "exit_code": 2}
    outcomes: list[Outcome] = [
        {"run": str(there[p.identity].path)} if p.identity in there else missing for p in points
    ]
    found = [_point(*pair, path, confidence) for pair in zip(points, outcomes, strict=True)]
    done = sum("run" in outcome for outcome in outcomes)
    return SweepResult(str(path), found, 0, 0, done, len(points) - done)


def _point(point: Point, outcome: Outcome, folder: Path, confidence: float) -> SweepPoint:
    """Return what a sweep says of a point."""
    failed = "error" in outcome
    result = None if failed else Result(record.read(folder / Path(outcome["run"]).name), confidence)
    return SweepPoint(
        run=None if result is None else str(result.path),
        experiment=point.spec.name,
        target=point.target,
        noise_scale=point.noise_scale,
        seed=point.seed,
        shots=point.spec.shots,
        set={name: to_lists(value) for name, value in point.fields},
        estimates=() if result is None else result.estimates,
        error=outcome["error"] if failed else None,
        exit_code=outcome["exit_code"] if failed else None,
        calibrated=None if result is None else result.summary["calibrated"],
    )


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MAX_WORKERS)
    return min(os.cpu_count() or 1, MAX_WORKERS)

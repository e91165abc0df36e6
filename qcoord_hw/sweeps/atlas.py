"""Every experiment on every device snapshot: figure, threshold and verdict, each cell computed once.

A cell is a task of a sweep that needs no shots: it is computed by the same workers or the same cluster, in
the same kind of folder, and kept there as soon as it is known, so that an interrupted atlas goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw import record, registry
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.errors import InputError
from qcoord_hw.execution.scale import has_noise_model
from qcoord_hw.record.files import exists, read_signed, signed, write_new
from qcoord_hw.report.atlas_answer import FAILED, Atlas, Cell, Theorem, cell_from, theorem_words
from qcoord_hw.report.output_files import check_place
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import ExperimentSpec, canonical_json, check_integer, short_repr
from qcoord_hw.sweeps.points import Grid, Identity, Point
from qcoord_hw.sweeps.store import computing, open_sweep
from qcoord_hw.sweeps.task import Outcome, Task
from qcoord_hw.text import meant
from qcoord_hw.watching import watched

if TYPE_CHECKING:
    from qcoord_hw.execution.run import Progress

CELLS = 1
"""Version of what is kept of a cell; another one is computed anew."""

SEED = 0
"""Of drawn inputs and of searches: an atlas is the same each time."""


def atlas(
    *,
    families: Sequence[str] = (),
    experiments: Sequence[str] = (),
    targets: Sequence[str] = (),
    html: str | Path | None = None,
    workers: int | None = None,
    dask: str | None = None,
    runs: str | Path | None = None,
    progress: Progress | None = None,
    idle_noise: bool = True,
) -> Atlas:
    """Return what device snapshots make of the catalogue's experiments, computing the cells that are missing.

    Args:
        families: only experiments of these; all if omitted.
        experiments: only these, catalogue names or files as in `run`.
        targets: `fake_NAME` and `properties:FILE`; all snapshots if omitted.
        html: a file for the page: a heat map that sorts and filters, in one file that needs nothing else.
        workers: processes on this machine; one a core if omitted.
        dask: address of the scheduler of a Dask cluster that computes instead of this machine.
        runs: the folder of all runs; the atlas has a folder in it. `$QCOORD_RUNS` or `./runs` if omitted.
        progress: called with (cells done, cells in all).
        idle_noise: whether qubits that wait decay in noise models, as in `run`.

    Raises:
        InputError: when something asked for is not allowed; nothing has been computed then.
        RecordError: when another process computes this atlas, or a cell in it is damaged.
        TargetError: when the cluster does not answer.
    """
    from qcoord_hw.sweeps import MAX_WORKERS, cores

    workers = check_integer("workers", cores() if workers is None else workers, 1, MAX_WORKERS)
    if html is not None:
        check_place("html", Path(html))
    specs = _specs(families, experiments)
    calibrated = _calibrated(targets)
    grid = Grid.of(specs, list(calibrated), (), (SEED,), (), {}, SEED, idle_noise=idle_noise)
    definition = grid.definition() | {"atlas": CELLS}
    path, points = open_sweep(record.runs_folder(runs), definition, lambda: grid.points(SEED))
    with computing(path), watched(progress, "atlas") as told:
        known = {p.identity: _read(path, p) for p in points if exists(path, _file(p))}
        failures: dict[Identity, str] = {}
        named = {point.identity: point for point in points}
        tasks: dict[Identity, Task] = {
            key: {"cell": {"spec": p.spec.to_json(), "target": p.target, "idle_noise": idle_noise}}
            for key, p in named.items()
            if key not in known
        }
        already = len(known)

        def report(identity: Identity, outcome: Outcome) -> None:
            if "error" in outcome:
                failures[identity] = outcome["error"]
            else:
                known[identity] = outcome["cell"]
                write_new(path, _file(named[identity]), signed({"cell": outcome["cell"]}))
            if told:
                told(len(known) + len(failures), len(points))

        if told:
            told(already, len(points))
        if tasks:
            _compute(tasks, path, workers, dask, report)
    cells = [
        cell_from(p.spec.name, p.target, known[p.identity])
        if p.identity in known
        else _failure(p, failures[p.identity])
        for p in points
    ]
    found = _atlas(str(path), specs, calibrated, cells, already, len(failures), html, idle_noise=idle_noise)
    if html is not None:
        from qcoord_hw.report.atlas_page import page

        Path(html).write_text(page(found), encoding="utf-8")
    return found


def _compute(tasks: Mapping[Identity, Task], path: Path, workers: int, dask: str | None, report: Any) -> None:
    if dask is None:
        from qcoord_hw.sweeps.local import compute_here

        compute_here(tasks, path, workers, report)
    else:
        from qcoord_hw.sweeps.cluster import compute_there

        compute_there(tasks, path, dask, report)


def _specs(families: Sequence[str], experiments: Sequence[str]) -> list[ExperimentSpec]:
    """Return the experiments, those of one theorem together.

    Raises:
        InputError: when a family or an experiment is unknown, or none is left.
    """
    every = [family.name for family in registry.every()]
    for name in families:
        if name not in every:
            raise InputError(
                f"families: {short_repr(name)}{meant(name, every)}; allowed are {', '.join(every)}"
            )
    given = [spec_of(one, {}) for one in experiments or catalogue_names()]
    found = [spec for spec in given if not families or spec.family in families]
    if not found:
        raise InputError(
            f"experiments: none is of {', '.join(families)}; allowed are those of these families"
        )
    names = [spec.name for spec in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"experiments: {twice[0]} stands there twice; allowed is once")
    order = list(dict.fromkeys(map(_theorem, found)))
    return sorted(found, key=lambda spec: order.index(_theorem(spec)))


def _theorem(spec: ExperimentSpec) -> str:
    return registry.family(spec.family).theorem(spec)


def _calibrated(targets: Sequence[str]) -> dict[str, str]:
    """Return the targets with the day of their calibration, the latest first.

    Raises:
        InputError: when one has no noise model.
    """
    from qcoord_hw.report.listing import targets as listed

    snapshots = {
        entry["name"]: entry["calibrated"] or ""
        for entry in listed().targets
        if entry["kind"] == "noise-model"
    }
    for name in targets:
        if not has_noise_model(name):
            raise InputError(f"targets: {short_repr(name)}; allowed are fake_NAME and properties:FILE")
    names = dict.fromkeys(targets or snapshots)
    return dict(
        sorted(((name, snapshots.get(name, "")) for name in names), key=lambda one: one[1], reverse=True)
    )


def _file(point: Point) -> str:
    return f"cell-{hashlib.sha256(canonical_json(list(point.identity)).encode()).hexdigest()[:16]}.json"


def _read(path: Path, point: Point) -> dict[str, Any]:
    """Return a cell that is kept.

    Raises:
        RecordError: when it is damaged.
    """
    with record.reading(path, _file(point)):
        cell: dict[str, Any] = read_signed(path, _file(point))["cell"]
        cell_from(point.spec.name, point.target, cell)
    return cell


def _failure(point: Point, why: str) -> Cell:
    numbers = ("figure", "title", "expected", "ideal", "bound", "factor", "lower", "upper", "capped")
    empty = dict.fromkeys((*numbers, "two_qubit_gates", "qubits"))
    return Cell(experiment=point.spec.name, target=point.target, verdict=FAILED, why=why, **empty)


def _atlas(
    path: str,
    specs: Sequence[ExperimentSpec],
    calibrated: Mapping[str, str],
    cells: Sequence[Cell],
    already: int,
    failed: int,
    html: str | Path | None,
    *,
    idle_noise: bool,
) -> Atlas:
    members: dict[str, list[str]] = {}
    for spec in specs:
        members.setdefault(_theorem(spec), []).append(spec.name)
    theorems = [
        Theorem(name, own, theorem_words([cell for cell in cells if cell.experiment in own]))
        for name, own in members.items()
    ]
    return Atlas(
        atlas=path,
        experiments={spec.name: spec.title for spec in specs},
        targets=list(calibrated),
        calibrated=calibrated,
        theorems=theorems,
        cells=cells,
        computed=len(cells) - already - failed,
        already=already,
        failed=failed,
        html=None if html is None else Path(html),
        idle_noise=idle_noise,
    )

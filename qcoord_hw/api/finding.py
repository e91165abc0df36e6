"""Runs wherever one is asked for: a folder, a prefix of its name, `latest`, or an object made of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from qcoord_hw import record
from qcoord_hw.errors import InputError
from qcoord_hw.record.sweep_folder import finished_runs, sweep_folder
from qcoord_hw.report.comparison import Comparison
from qcoord_hw.report.sweep import SweepPoint, SweepResult
from qcoord_hw.report.verification import Verification
from qcoord_hw.spec import short_repr

if TYPE_CHECKING:
    from qcoord_hw.api.result import Result

RunLike: TypeAlias = "str | os.PathLike[str] | Result | record.RunRecord | SweepPoint | Verification"
"""What means one run."""

RunsLike: TypeAlias = "RunLike | Comparison | SweepResult | Iterable[RunLike]"
"""What means one run or several."""

ALLOWED = "a run's folder, a unique prefix, 'latest' or a result"


def find_run(run: RunLike, runs: str | Path | None = None) -> record.RunRecord:
    """Return the record of a run as it is now; an object was perhaps made before the run went on.

    Args:
        run: its folder, a unique prefix of its name, `latest`, or an object that was made of it.
        runs: the folder of all runs.

    Raises:
        InputError: when it is nothing that means a run, or a point of a sweep that failed.
        RecordError: when no run or more than one fits, or the record is damaged.
    """
    return record.read(record.find(_reference(run), record.runs_folder(runs)))


def find_runs(some: Iterable[RunsLike], runs: str | Path | None = None) -> list[record.RunRecord]:
    """Return the records of runs; of a comparison, a sweep or its folder those of all its runs, in order.

    Raises:
        InputError: as `find_run`.
        RecordError: as `find_run`.
    """
    return [find_run(run, runs) for one in some for run in _each(one, record.runs_folder(runs))]


def _each(one: Any, runs: Path) -> Iterable[Any]:
    """Return the runs of what may hold several: a comparison, a sweep or its folder, a list."""
    if isinstance(one, Comparison):
        return [run["run"] for run in one.runs]
    if isinstance(one, SweepResult):
        return one.points
    if isinstance(one, str | os.PathLike) and (folder := sweep_folder(os.fsdecode(one), runs)) is not None:
        return finished_runs(folder)
    if isinstance(one, list | tuple):
        return [run for each in one for run in _each(each, runs)]
    return [one]


def _reference(run: Any) -> str:
    """Return the text that means a run."""
    from qcoord_hw.api.result import Result

    if isinstance(run, Result | record.RunRecord):
        return str(run.path)
    if isinstance(run, SweepPoint | Verification):
        if run.run is None:
            raise InputError(f"run: this point of the sweep failed; allowed is {ALLOWED}")
        return str(run.run)
    if not isinstance(run, str | os.PathLike):
        raise InputError(f"run: {short_repr(type(run).__name__)}; allowed is {ALLOWED}")
    return os.fsdecode(run)

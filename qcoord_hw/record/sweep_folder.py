"""The runs in the folder of a sweep, and how one finds them: by what tells its points apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qcoord_hw.errors import RecordError
from qcoord_hw.record.files import exists, read_signed
from qcoord_hw.record.lookup import SWEEP, runs_folder
from qcoord_hw.record.reader import INTENT, interpreting, read, reading

Identity = tuple[str, str, int]
"""What tells the points of a sweep apart, and by which their runs are found again: spec id, target, seed."""


@dataclass(frozen=True)
class Found:
    """A run that is there: its folder, and whether it is finished."""

    path: Path
    sealed: bool


def sweep_folder(reference: str, runs: Path) -> Path | None:
    """Return the folder of a sweep that a reference names, by itself or in the folder of runs; else None."""
    try:
        places = (Path(reference), runs / reference) if reference else ()
        return next((path for path in places if path.is_dir() and exists(path, SWEEP)), None)
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return None


def is_sweep(reference: str, runs: str | Path | None) -> bool:
    """Whether a reference names the folder of a sweep.

    Args:
        reference: what a person gave.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
    """
    return sweep_folder(reference, runs_folder(runs)) is not None


def find_runs(path: Path) -> dict[Identity, Found]:
    """Return the runs that are in the folder of a sweep, sealed or not.

    Raises:
        RecordError: when one of them is damaged.
    """
    found: dict[Identity, Found] = {}
    for folder in sorted(path.iterdir()):
        if folder.name.startswith(".") or folder.is_symlink() or not exists(folder, INTENT):
            continue
        run = read(folder)
        with interpreting(folder):
            intent = run.intent
            identity = (intent["spec_id"], intent["target"]["name"], intent["seed"])
        if identity not in found or run.sealed:
            found[identity] = Found(folder, run.sealed)
    return found


def finished_runs(path: Path) -> list[Path]:
    """Return the folders of a sweep's finished runs, in the order of its points.

    Raises:
        RecordError: when the sweep or one of its runs is damaged, or none is finished.
    """
    stated = read_signed(path, SWEEP)
    with reading(path, SWEEP):
        wanted = [(str(p["spec_id"]), str(p["target"]), int(p["seed"])) for p in stated["points"]]
    there = find_runs(path)
    found = [there[identity].path for identity in wanted if identity in there and there[identity].sealed]
    if not found:
        raise RecordError(f"sweep {path.name}: no run in it is finished; `qcoord sweep` goes on with it")
    return found

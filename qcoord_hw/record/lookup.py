"""Where runs live, and which one a reference means."""

from __future__ import annotations

import os
import re
from pathlib import Path

from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.record.reader import DERIVED, DRAFT, INTENT, SEAL
from qcoord_hw.spec import one_line

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}-")


def runs_folder(given: str | Path | None = None) -> Path:
    """Return where runs live: the folder given, else `$QCOORD_RUNS`, else `./runs`."""
    return Path(given or os.environ.get("QCOORD_RUNS") or "runs")


def every(runs: Path) -> list[Path]:
    """Return the folders of all runs, the oldest first.

    Raises:
        RecordError: when the folder of runs cannot be read.
    """
    try:
        found = [p for p in runs.iterdir() if p.is_dir() and _NAME.match(p.name)] if runs.is_dir() else []
    except OSError as error:
        raise RecordError(f"run: {str(runs)[:40]!r}: {one_line(error)[:80]}") from None
    return sorted(found, key=lambda path: (path.name[:16], _written(path)))


def find(reference: str, runs: Path) -> Path:
    """Return the run folder that a reference means.

    Args:
        reference: a folder, a unique prefix of a run's name, or `latest`.
        runs: the folder of all runs.

    Raises:
        RecordError: when no run or more than one fits.
    """
    try:
        if reference != "latest":
            for path in (Path(reference), runs / reference):
                if path.is_dir() and _looks_like_run(path):
                    return path
        names = []
        if runs.is_dir():
            names = sorted(p.name for p in runs.iterdir() if p.is_dir() and _NAME.match(p.name))
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        raise RecordError(f"run: {reference[:40]!r} in {str(runs)[:40]!r}: {one_line(error)[:80]}") from None
    if reference == "latest" and names:
        return runs / max(names, key=lambda name: (name[:16], _written(runs / name)))
    fits = [name for name in names if reference and name.startswith(reference)]
    if len(fits) == 1:
        return runs / fits[0]
    if fits:
        raise RecordError(f"run: {reference!r} fits {len(fits)} runs; allowed is one of {', '.join(fits)}")
    raise RecordError(
        f"run: nothing fits {reference!r} in {str(runs)!r}; allowed are a run's folder, "
        "a unique prefix or 'latest'"
    )


def check_outside(path: Path) -> None:
    """Check that a file to be written is no part of a record.

    Raises:
        InputError: when it lies in a run's folder, outside `derived/`.
    """
    inside = path.resolve()
    for folder in inside.parents:
        is_run = any((folder / name).exists() for name in (INTENT, DRAFT))
        if is_run and not inside.is_relative_to(folder / DERIVED):
            raise InputError(
                f"html: {str(path)!r} lies in a record; allowed is its {DERIVED}/ or another folder"
            )


def _written(path: Path) -> int:
    """Return when a run was written, for telling runs of one second apart."""
    written = [path / name for name in (INTENT, DRAFT) if (path / name).exists()]
    return written[0].stat().st_mtime_ns if written else 0


def _looks_like_run(path: Path) -> bool:
    known = (INTENT, DRAFT, SEAL)
    return bool(_NAME.match(path.resolve().name)) or any((path / name).exists() for name in known)

"""Where runs live, and which one a reference means."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.record.files import exists, printable_path
from qcoord_hw.record.reader import DERIVED, DRAFT, INTENT, SEAL
from qcoord_hw.spec import one_line, short_repr

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}-")
_SWEEP_NAME = re.compile(r"sweep-[0-9a-f]{8}")

SWEEP = "sweep.json"
"""What a sweep's folder has, beside runs."""


def chip_in_path(device: str) -> str:
    """Return what stands in a run's name for a calibration of this device that somebody handed in."""
    return f"properties-{device}"


def name_in_path(target: str) -> str:
    """Return how a target is called in the name of a run's folder: that of somebody else's is no path."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", target)[:80]


def runs_folder(given: str | Path | None = None) -> Path:
    """Return where runs live: the folder given, else `$QCOORD_RUNS`, else `./runs`.

    Raises:
        InputError: when it is no folder's name, or that of something else.
    """
    path = Path(given or os.environ.get("QCOORD_RUNS") or "runs")
    if "\0" in str(path):
        raise InputError(f"runs: {short_repr(str(path))} holds a zero byte; allowed is a folder's name")
    if os.path.lexists(path) and not os.path.isdir(path):
        raise InputError(f"runs: {printable_path(path)} is no folder; allowed is a folder")
    return path


def every(runs: Path) -> list[Path]:
    """Return the folders of all runs, the oldest first; a link is none of them.

    Raises:
        RecordError: when the folder of runs cannot be read.
    """
    try:
        found = [runs / name for name in _names(runs)]
    except OSError as error:
        raise RecordError(f"run: {printable_path(runs)}: {one_line(error, 80)}") from None
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
        names = _names(runs)
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        place = printable_path(runs)
        raise RecordError(f"run: {short_repr(reference)} in {place}: {one_line(error, 80)}") from None
    if reference == "latest" and names:
        return runs / max(names, key=lambda name: (name[:16], _written(runs / name)))
    fits = [name for name in names if reference and name.startswith(reference)]
    if len(fits) == 1:
        return runs / fits[0]
    if fits:
        allowed = one_line(", ".join(fits), 200)
        raise RecordError(f"run: {short_repr(reference)} fits {len(fits)} runs; allowed is one of {allowed}")
    raise RecordError(
        f"run: nothing fits {short_repr(reference)} in {printable_path(runs)}; allowed are a run's folder, "
        "a unique prefix or 'latest'"
    )


def check_outside(path: Path) -> None:
    """Check that a file to be written is no part of a record.

    Raises:
        InputError: when it lies in the folder of a run or a sweep, outside `derived/`, or leads there or
            out of it by a link.
    """
    named, inside = Path(os.path.abspath(path)), path.resolve()
    for folder in {*named.parents, *inside.parents}:
        named_so = _NAME.match(folder.name) or _SWEEP_NAME.fullmatch(folder.name)
        if not (named_so or any(os.path.lexists(folder / name) for name in (INTENT, DRAFT, SEAL, SWEEP))):
            continue
        place = folder.resolve() / DERIVED
        if not inside.is_relative_to(place) or (path.exists() and not path.is_file()):
            raise InputError(
                f"html: {printable_path(path)} lies in a record; allowed is its {DERIVED}/ or another folder"
            )


def _names(runs: Path) -> list[str]:
    """Return the names of the folders of all runs, sorted."""
    if not runs.is_dir():
        return []
    with os.scandir(runs) as entries:
        return sorted(e.name for e in entries if _NAME.match(e.name) and e.is_dir(follow_symlinks=False))


def _written(path: Path) -> int:
    """Return when a run was written, for telling runs of one second apart."""
    for name in (INTENT, DRAFT):
        with suppress(OSError):
            return os.lstat(path / name).st_mtime_ns
    return 0


def _looks_like_run(path: Path) -> bool:
    known = (INTENT, DRAFT, SEAL)
    return bool(_NAME.match(path.resolve().name)) or any(exists(path, name) for name in known)

"""The folder of a sweep: its definition and points, written before anything runs, and the runs beside it.

    <runs>/sweep-<id>/
        sweep.json        what was asked for and every point, with its own checksum
        <run>/            one folder a point, as `qcoord run` makes it

The id is a hash of what was asked for, so the same command finds the same folder. The process that computes
a sweep holds `sweep.json` locked, and shares the lock with its workers: while one of them lives, nobody else
computes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from qcoord_hw import record
from qcoord_hw.errors import RecordError
from qcoord_hw.record.files import exists, open_file, read_signed, signed, unwritable, write_new
from qcoord_hw.record.lookup import SWEEP as SWEEP
from qcoord_hw.record.shape import anything, fields, integer, list_of, require, table, text
from qcoord_hw.record.sweep_folder import find_runs as find_runs
from qcoord_hw.spec import canonical_json, spec_from_mapping
from qcoord_hw.sweeps.points import Point

FORMAT = 1

SWEEP_SHAPE = fields(
    {
        "specs": table(table(anything)),
        "points": list_of(
            fields(
                {
                    "spec_id": text(),
                    "target": text(),
                    "seed": integer(0, 2**63 - 1),
                    "set": table(anything),
                }
            )
        ),
    }
)

PATIENCE = 3.0
"""Seconds that workers of a sweep that was killed get to notice it."""


def sweep_id(definition: Mapping[str, Any]) -> str:
    """Return eight hexadecimal digits of the hash of a definition."""
    return hashlib.sha256(canonical_json(definition).encode()).hexdigest()[:8]


def open_sweep(
    runs: Path, definition: Mapping[str, Any], make_points: Callable[[], Sequence[Point]]
) -> tuple[Path, list[Point]]:
    """Return the folder of a sweep and its points, which are made and written down if it is new.

    Args:
        runs: the folder of all runs.
        definition: what is asked for.
        make_points: called for a new sweep.

    Raises:
        RecordError: when what stands there is damaged or of another sweep.
        InputError: when the folder cannot be written.
    """
    path = runs / f"sweep-{sweep_id(definition)}"
    if not exists(path, SWEEP):
        points = make_points()
        content = {
            "format": FORMAT,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "definition": definition,
            "specs": {point.identity[0]: point.spec.to_json() for point in points},
            "points": [point.to_json() for point in points],
        }
        _create(path, signed(content))
    stated, points = read_sweep(path)
    if canonical_json(stated.get("definition")) != canonical_json(definition):
        raise RecordError(f"sweep {path.name}: is of another definition; give another folder with --runs")
    return path, points


def read_sweep(path: Path) -> tuple[dict[str, Any], list[Point]]:
    """Return what the file of a sweep states, and its points.

    Raises:
        RecordError: when it is damaged, or of a newer format.
    """
    stated = read_signed(path, SWEEP)
    if stated.get("format") != FORMAT:
        raise RecordError(
            f"sweep {path.name}: format {stated.get('format')!r}; this program reads format {FORMAT}"
        )
    with record.reading(path, SWEEP):
        SWEEP_SHAPE(stated, "")
        specs = {key: spec_from_mapping(data, path.name) for key, data in stated["specs"].items()}
        points = [Point.from_json(data, specs) for data in stated["points"]]
        targets = stated["definition"]["targets"]
        for point in points:  # whoever wrote them: nothing runs where nobody asked for it
            require(point.target in targets, "points.target", point.target, f"are {', '.join(targets)}")
    return stated, points


def _create(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        write_new(partial, SWEEP, content)
        partial.rename(path)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) and exists(path, SWEEP):
            return  # another process was faster
        raise unwritable(path.parent, error) from error


@contextmanager
def computing(path: Path) -> Iterator[None]:
    """Hold a sweep alone, then share it with the workers that `sharing` lets in.

    What was left half written by a process that was killed is removed first.

    Raises:
        RecordError: when another process, or a worker of it, computes the sweep.
    """
    with _opened(path) as file:
        until = time.monotonic() + PATIENCE
        while not _lock(file, alone=True):
            if time.monotonic() > until:
                raise RecordError(f"sweep {path.name}: another process is computing it; wait for it")
            time.sleep(0.1)
        for partial in path.glob(".*.partial"):
            if partial.is_dir() and not partial.is_symlink():  # `rmtree` would open a pipe, and wait
                shutil.rmtree(partial, ignore_errors=True)
        if not _lock(file, alone=False):
            raise RecordError(f"sweep {path.name}: another process is computing it; wait for it")
        yield


@contextmanager
def sharing(path: Path) -> Iterator[None]:
    """Keep others from computing a sweep while this worker lives.

    Raises:
        RecordError: when another process computes it alone.
    """
    with _opened(path) as file:
        if not _lock(file, alone=False):
            raise RecordError(f"sweep {path.name}: another process is computing it; wait for it")
        yield


def _opened(path: Path) -> IO[bytes]:
    try:
        return open_file(path, SWEEP, os.O_RDWR | os.O_APPEND)
    except OSError as error:
        raise unwritable(path, error) from error


def _lock(file: IO[bytes], *, alone: bool) -> bool:
    """Try to lock a file; where the system has no file locks (Windows), it is up to the user."""
    locked = True
    if fcntl is not None:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            locked = False
    return locked

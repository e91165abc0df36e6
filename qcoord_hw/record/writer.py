"""Writing a run: the folder with its intent, chunk by chunk, then the seal."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from qcoord_hw.errors import RecordError
from qcoord_hw.record.files import digest, read_bytes, signed, unwritable, write_new
from qcoord_hw.record.reader import COUNTS, FORMAT, INTENT, SEAL, Chunk, Counts, RunRecord, read
from qcoord_hw.spec import canonical_json


def create(
    runs: Path, intent: Mapping[str, Any], files: Mapping[str, bytes], *, spec_id: str, target: str
) -> Path:
    """Write a new run folder and return it. Nothing that exists is overwritten.

    Args:
        runs: the folder of all runs; made if it does not exist.
        intent: plain JSON values; format, time of creation and the checksums of `files` are added.
        files: relative name -> content.
        spec_id: identity of the spec, of which eight digits stand in the folder's name.
        target: name of the target.

    Raises:
        InputError: when the folder cannot be written.
    """
    now = datetime.now(UTC)
    stem = f"{now:%Y%m%dT%H%M%S}Z-{spec_id[:8]}-{target}"
    whole = {
        "format": FORMAT,
        "created": now.isoformat(timespec="seconds"),
        "spec_id": spec_id,
        "files": {name: digest(content) for name, content in files.items()},
        **intent,
    }
    partial = runs / f".{stem}.{secrets.token_hex(4)}.partial"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        for name, content in {**files, INTENT: signed(whole)}.items():
            (partial / name).parent.mkdir(exist_ok=True)
            write_new(partial / name, content)
        return _rename(partial, stem)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise unwritable(runs, error) from error


@contextmanager
def writing(path: Path) -> Iterator[RunRecord]:
    """Hold an unfinished run for writing, and yield it as it is then.

    A last line that was never finished is cut off first. Where the system has no file locks (Windows),
    it is up to the user not to write to one run from two processes.

    Raises:
        RecordError: when another process writes to it, or the record is damaged.
        InputError: when the folder cannot be written.
    """
    try:
        file = (path / COUNTS).open("ab")
    except OSError as error:
        raise unwritable(path, error) from error
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RecordError(f"run {path.name}: another process is writing to it; wait for it") from None
        content = read_bytes(path / COUNTS)
        if not content.endswith(b"\n"):
            os.truncate(path / COUNTS, content.rfind(b"\n") + 1)
        yield read(path)


def append(path: Path, chunk: Chunk, counts: Counts, *, sync: bool = True) -> None:
    """Add a finished chunk to a run; from then on it survives the end of this process.

    Args:
        path: the run's folder.
        chunk: what was executed.
        counts: what was counted.
        sync: whether it survives a power failure as well: the line is on the disk when this returns.

    Raises:
        InputError: when the folder cannot be written.
    """
    body = {"chunk": chunk.id, "counts": counts}
    line = canonical_json(body | {"sha256": digest(canonical_json(body).encode())}) + "\n"
    try:
        with (path / COUNTS).open("ab") as file:
            file.write(line.encode())
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error) from error


def seal(path: Path) -> None:
    """Close a run whose chunks are all there: write the checksum of every file.

    Raises:
        RecordError: when a chunk is missing or the run is sealed already.
        InputError: when the folder cannot be written.
    """
    record = read(path)
    if record.sealed or record.missing:
        raise RecordError(
            f"run {path.name}: {'sealed already' if record.sealed else 'not all chunks are counted'}"
        )
    names = [*record.intent["files"], INTENT, COUNTS]
    files = {name: digest(read_bytes(path / name)) for name in names}
    content = {"sealed": datetime.now(UTC).isoformat(timespec="seconds"), "files": files}
    try:
        write_new(path / SEAL, signed(content))
    except OSError as error:
        raise unwritable(path, error) from error


def _rename(partial: Path, stem: str) -> Path:
    """Give a complete folder its name, or that name with the first free number behind it."""
    for number in itertools.count(1):
        path = partial.with_name(stem if number == 1 else f"{stem}-{number}")
        try:
            if not path.exists():
                return partial.rename(path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another process took the name just now
                raise
    raise AssertionError("there is always a free number")

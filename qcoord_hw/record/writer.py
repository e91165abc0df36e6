"""Writing a run: the folder with its intent, chunk by chunk, then the seal."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from qcoord_hw.errors import BusyError, RecordError
from qcoord_hw.record.counts import COUNTS, Counts, lines_of
from qcoord_hw.record.files import (
    append_lines,
    cut_unfinished,
    digest,
    digest_of,
    exists,
    make_folder,
    open_file,
    remove_file,
    signed,
    sync_folder,
    unwritable,
    write_new,
)
from qcoord_hw.record.journal import JOBS, read_journal, repair
from qcoord_hw.record.lookup import name_in_path
from qcoord_hw.record.notes import NOTES
from qcoord_hw.record.notes import repair as repair_notes
from qcoord_hw.record.reader import (
    DERIVED,
    DRAFT,
    FORMAT,
    INTENT,
    SEAL,
    RunRecord,
    read,
    read_again,
)
from qcoord_hw.record.started import remember


def create(
    runs: Path,
    intent: Mapping[str, Any],
    files: Mapping[str, bytes],
    *,
    spec_id: str,
    target: str,
    draft: bool = False,
) -> Path:
    """Write a new run folder and return it: nothing that exists is overwritten, and a draft is noted as ours.

    Args:
        runs: the folder of all runs; made if it does not exist.
        intent: plain JSON values; format, time of creation and the checksums of `files` are added.
        files: relative name -> content.
        spec_id: identity of the spec, of which eight digits stand in the folder's name.
        target: name of the target.
        draft: whether the device is not known yet: no layout, no compiled circuits, no plan.

    Raises:
        InputError: when the folder cannot be written.
    """
    now = datetime.now(UTC)
    stem = f"{now:%Y%m%dT%H%M%S}Z-{spec_id[:8]}-{name_in_path(target)}"
    whole = {
        "format": FORMAT,
        "created": now.isoformat(timespec="seconds"),
        "spec_id": spec_id,
        "files": {name: digest(content) for name, content in files.items()},
        **intent,
    }
    partial = runs / f".{stem}.{secrets.token_hex(4)}.partial"
    contents = {**files, DRAFT if draft else INTENT: signed(whole)}  # before there is a folder
    try:
        runs.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        for name, content in contents.items():
            if "/" in name:
                make_folder(partial, name.partition("/")[0])
            write_new(partial, name, content)
        made = _rename(partial, stem, own=draft)
        sync_folder(runs)
        return made
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise unwritable(runs, error) from error


def settle(path: Path, intent: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Make the intent of a draft final, now that the device is known.

    Args:
        path: the run's folder.
        intent: plain JSON values, instead of the draft's.
        files: relative name -> content, beside the draft's.

    Raises:
        InputError: when the folder cannot be written.
    """
    draft = read(path).intent
    kept = draft["files"] | {DRAFT: digest_of(path, DRAFT)}
    whole = {
        **{key: draft[key] for key in ("format", "created", "spec_id")},
        "files": kept | {name: digest(content) for name, content in files.items()},
        **intent,
    }
    try:
        for name, content in files.items():
            remove_file(path, name)  # left by a process that ended before the intent was there
            write_new(path, name, content)
        write_new(path, INTENT, signed(whole))
        sync_folder(path)
    except OSError as error:
        raise unwritable(path, error) from error


def derive(path: Path, name: str, content: bytes) -> None:
    """Write a file that was derived from a run, instead of an older one, beside its record.

    Raises:
        InputError: when the folder cannot be written, or something else than such a file is in the way.
    """
    try:
        make_folder(path, DERIVED)
        write_new(path, f"{DERIVED}/{name}", content, instead=True)
    except OSError as error:
        raise unwritable(path, error) from error


def discard(path: Path) -> None:
    """Remove a draft that can never be sent; a run with an intent is left alone."""
    if not exists(path, INTENT):
        gone = path.with_name(f".{path.name}.partial")
        with suppress(OSError):
            path.rename(gone)  # at once: half a folder would be a damaged run
            shutil.rmtree(gone, ignore_errors=True)


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
        file = open_file(path, COUNTS, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    except OSError as error:
        raise unwritable(path, error) from error
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError(f"run {path.name}: another process is writing to it; wait for it") from None
        try:
            cut_unfinished(path, COUNTS)
            repair(path)
            repair_notes(path)
        except OSError as error:
            raise unwritable(path, error) from error
        yield read(path)


def append(path: Path, counted: Iterable[tuple[int, Counts]], *, sync: bool = True) -> None:
    """Add finished chunks to a run; from then on they survive the end of this process.

    Args:
        path: the run's folder.
        counted: ids of chunks, and what was counted.
        sync: whether they survive a power failure as well: their lines are on the disk when this returns.

    Raises:
        InputError: when the folder cannot be written.
    """
    try:
        append_lines(path, COUNTS, lines_of(counted), sync=sync)
    except OSError as error:
        raise unwritable(path, error) from error


def seal(path: Path, begun: RunRecord | None = None) -> RunRecord:
    """Close a run whose chunks are all there, write the checksum of every file, and return it as it is then.

    Args:
        path: the run's folder.
        begun: the run as `writing` yielded it, by whom holds it for writing: what was to be done is not read
            again.

    Raises:
        RecordError: when a chunk is missing or the run is sealed already.
        InputError: when the folder cannot be written.
    """
    record = read(path) if begun is None else read_again(begun)
    if record.sealed or record.missing:
        raise RecordError(
            f"run {path.name}: {'sealed already' if record.sealed else 'not all chunks are counted'}"
        )
    names = [INTENT, COUNTS]
    if record.jobs:
        names += [JOBS, *(name for job in read_journal(path).jobs for name in job.files)]
    if record.notes:
        names.append(NOTES)
    files = record.intent["files"] | {name: digest_of(path, name) for name in names}
    content = {"sealed": datetime.now(UTC).isoformat(timespec="seconds"), "files": files}
    try:
        write_new(path, SEAL, signed(content))
    except OSError as error:
        raise unwritable(path, error) from error
    return replace(record, sealed=True)


def _rename(partial: Path, stem: str, *, own: bool) -> Path:
    """Give a complete folder its name, or that name with the first free number behind it.

    Args:
        partial: the folder.
        stem: the name.
        own: whether the run is noted as begun here: before it can be seen, so that no kill comes between.
    """
    for number in itertools.count(1):
        path = partial.with_name(stem if number == 1 else f"{stem}-{number}")
        try:
            if not path.exists():
                if own:
                    remember(path)
                return partial.rename(path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another process took the name just now
                raise
    raise AssertionError("there is always a free number")

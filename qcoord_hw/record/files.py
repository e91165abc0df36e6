"""Files of a record: written whole or not at all, read with their checksums, never replaced."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.spec import canonical_json, one_line


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def pretty(value: Mapping[str, Any]) -> bytes:
    """Return JSON for people, the outer levels line by line: the one way in which a record writes a file."""
    return (_lines(value, levels=3, indent="\n") + "\n").encode()


def _lines(value: Any, levels: int, indent: str) -> str:
    """Return JSON with sorted keys, on one line below some levels (a thousand settings stay readable)."""
    if levels == 0 or not value or not isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    if isinstance(value, Mapping):
        rows = [f"{json.dumps(k)}: {_lines(v, levels - 1, inner)}" for k, v in sorted(value.items())]
        return "{" + inner + ("," + inner).join(rows) + indent + "}"
    return "[" + inner + ("," + inner).join(_lines(v, levels - 1, inner) for v in value) + indent + "]"


def signed(content: Mapping[str, Any]) -> bytes:
    """Return the file of `content` with its own checksum in it."""
    return pretty({**content, "sha256": digest(canonical_json(content).encode())})


def signed_line(content: Mapping[str, Any]) -> str:
    """Return one line of a file that grows, with its own checksum in it."""
    return canonical_json({**content, "sha256": digest(canonical_json(content).encode())}) + "\n"


def append_lines(path: Path, lines: str, *, sync: bool = True) -> None:
    """Add whole lines to a file, or nothing: a disk that is full leaves no half of one.

    Args:
        path: the file; made if it does not exist.
        lines: each with its line break.
        sync: whether they are on the disk when this returns.

    Raises:
        OSError: when the file cannot be written.
    """
    is_new = not path.exists()
    size = 0 if is_new else path.stat().st_size
    try:
        with path.open("ab") as file:
            file.write(lines.encode())
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            os.truncate(path, size)
        raise
    if is_new and sync:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk when this returns, where the system knows such a thing."""
    if os.name != "nt":
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_new(path: Path, content: bytes) -> None:
    """Write a new file at once: it is there whole or not at all, and never replaces another.

    Raises:
        OSError: when it exists, or the folder cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)  # of a process that ended and had the same number
    with partial.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        partial.unlink()
        raise FileExistsError(errno.EEXIST, "exists already", str(path))
    partial.rename(path)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        RecordError: when it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"run file {str(path)!r} cannot be read ({error.strerror})") from None


def read_signed(path: Path) -> dict[str, Any]:
    """Return the content of a file that holds its own checksum and is written in one way only.

    Raises:
        RecordError: when a byte of it was changed.
    """
    content = _parse(path)
    expected = content.pop("sha256", None)
    try:
        intact = digest(canonical_json(content).encode()) == expected
    except (ValueError, RecursionError):
        intact = False
    if not intact or read_bytes(path) != pretty(content | {"sha256": expected}):
        raise RecordError(
            f"run {path.parent.name}: {path.name} does not match its own checksum; the record is damaged"
        )
    return content


def unwritable(path: Path, error: OSError) -> InputError:
    """Return the error that says a folder of runs cannot be written."""
    return InputError(f"runs: cannot write in {str(path)!r} ({error.strerror}); allowed is a writable folder")


def _parse(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"run {path.parent.name}: {path.name} is not valid JSON ({one_line(error)})"
        ) from None
    if not isinstance(value, dict):
        raise RecordError(f"run {path.parent.name}: {path.name} is not a JSON object")
    return value

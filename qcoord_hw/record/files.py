"""Files of a run's folder: the one way in which they are opened, and nothing outside is ever touched.

A folder may come from a stranger. So a file is named by the folder and its name in it, only names that a
record has are known, and only regular files are opened: a link, a device or a pipe is refused before anything
is read or written, and so is a subfolder that is a link. What is written must have no second name elsewhere.
A file is written whole or not at all, with its checksum, and none of a record is ever replaced.

A long module, so that nothing else in the package opens a file of a run.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.inputs import parse_json, separators, separators_of
from qcoord_hw.record.written import canonical, each, laid_out, pretty
from qcoord_hw.spec import canonical_json, one_line

FOLDERS = ("circuits", "results", "derived")
"""Subfolders that a run's folder has."""

MIB = 2**20

LIMITS = {"seal.json": 4 * MIB, "intent.json": 24 * MIB, "draft.json": 24 * MIB, "sweep.json": 24 * MIB}
MAX_BYTES = 256 * MIB
"""Of the files with no limit of their own."""

MAX_LINE = 32 * MIB
"""Of a file that grows."""

MAX_TOTAL = 512 * MIB
"""Of the files that a checksum is stated of."""

MAX_VALUES = 1_100_000
"""Values in one JSON file of a record, or in one line of a file that grows."""

MAX_FIELDS = 20_000
"""Fields of one object in a JSON file of a record; only counts, which have a file of their own, have more."""

PIECE = MIB

BATCH = 64 * 1024
"""Bytes of lines of a file that grows that are parsed in one go."""

CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)  # as `canonical_json`

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}")
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_HAS_PLACES = os.open in os.supports_dir_fd  # not on Windows


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


_written_here = set[str]()
"""Checksums of files that `signed` made in this process: they are as this program writes them."""


def signed(content: Mapping[str, Any]) -> bytes:
    """Return the file of `content` with its own checksum in it.

    Raises:
        InputError: when it is larger than what is read again.
    """
    fields = laid_out(content)
    written = pretty(fields | laid_out({"sha256": digest(canonical(fields))}))
    values, most = separators(written), LIMITS["intent.json"]
    if values > MAX_VALUES or len(written) > most:
        raise InputError(
            f"record: a file of {len(written)} bytes and about {values} values; allowed are at most {most} "
            f"and {MAX_VALUES}: fewer inputs, blocks or tiles"
        )
    _written_here.add(digest(written))
    return written


def signed_line(content: Mapping[str, Any]) -> str:
    """Return one line of a file that grows, with its own checksum in it."""
    return canonical_json({**content, "sha256": digest(canonical_json(content).encode())}) + "\n"


def exists(folder: Path, name: str) -> bool:
    """Return whether there is something of that name in a run's folder, be it a file or not."""
    try:
        with _place(folder, name) as (place, leaf):
            os.stat(leaf, dir_fd=place, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # something else is in the way: who opens it will be told
        return True
    return True


def open_file(folder: Path, name: str, flags: int) -> BinaryIO:
    """Open a regular file of a run's folder.

    Args:
        folder: the folder; a link to it is the user's own.
        name: of the file in it, with a `/` behind a subfolder.
        flags: as `os.open` takes them.

    Raises:
        OSError: when it is not there, is no regular file, or is to be written and has another name elsewhere.
    """
    writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
    with _place(folder, name) as (place, leaf):
        with suppress(FileNotFoundError):  # before it is opened: a pipe would wait, a device do something
            _check_regular(os.stat(leaf, dir_fd=place, follow_symlinks=False), name, writes)
        number = os.open(leaf, flags | _NO_LINK, 0o666, dir_fd=place)
    file = os.fdopen(number, "ab" if flags & os.O_APPEND else "wb" if writes else "rb")
    try:
        _check_regular(os.fstat(number), name, writes)
    except OSError:
        file.close()
        raise
    return file


def read_pieces(folder: Path, name: str, size: int = PIECE) -> Iterator[bytes]:
    """Yield the content of a file of a run's folder, in pieces of so many bytes.

    Raises:
        RecordError: when it cannot be read, or is larger than such a file gets.
    """
    most = LIMITS.get(name, MAX_BYTES)
    try:
        with open_file(folder, name, os.O_RDONLY) as file:
            if (whole := os.fstat(file.fileno()).st_size) > most:
                raise OSError(errno.EFBIG, f"{whole} bytes, of at most {most}")
            left = most
            while piece := file.read(size):
                if (left := left - len(piece)) < 0:
                    raise OSError(errno.EFBIG, f"more than {most} bytes")
                yield piece
    except OSError as error:
        where = printable_path(folder / name)
        raise RecordError(f"run file {where} cannot be read ({error.strerror})") from None


def read_bytes(folder: Path, name: str) -> bytes:
    """Return the content of a file of a run's folder.

    Raises:
        RecordError: when it cannot be read, or is larger than such a file gets.
    """
    return b"".join(read_pieces(folder, name))


def check_digests(folder: Path, files: Mapping[str, str], where: str) -> None:
    """Check that files of a run's folder have the SHA-256 that is stated of them.

    Args:
        folder: the run's folder.
        files: name -> SHA-256, in hexadecimal.
        where: what states them, such as `its checksum`, for the error.

    Raises:
        RecordError: when one has not or cannot be read, or all together are larger than those of a run get.
    """
    sizes = dict.fromkeys(files, 0)
    for name in files:
        with suppress(OSError), _place(folder, name) as (place, leaf):  # who reads it will be told
            sizes[name] = os.stat(leaf, dir_fd=place, follow_symlinks=False).st_size
    if sum(sizes.values()) > MAX_TOTAL:
        largest = one_line(max(sizes, key=lambda name: sizes[name]), 160)
        whole = f"run {one_line(folder.name)}: files of more than {MAX_TOTAL} bytes, the largest {largest}"
        raise RecordError(f"{whole}; no run has them")
    for name, expected in files.items():
        if digest_of(folder, name) != expected:
            raise RecordError(f"run {folder.name}: {name} does not match {where}; the record is damaged")


def digest_of(folder: Path, name: str) -> str:
    """Return the SHA-256 of a file of a run's folder, in hexadecimal.

    Raises:
        RecordError: when it cannot be read, or is larger than such a file gets.
    """
    found = hashlib.sha256()
    for piece in read_pieces(folder, name):
        found.update(piece)
    return found.hexdigest()


@dataclass(frozen=True)
class Most:
    """How large a file that grows may be: what is more was not written by this program.

    Attributes:
        lines: finished lines.
        line: values in one of them, about.
        values: values in all of them, about.
    """

    lines: int
    line: int = MAX_VALUES
    values: int = 2 * MAX_VALUES


Together = Callable[[Sequence[bytes]], list[dict[str, Any]] | None]
"""Returns what each of several lines holds; None where one has to be looked at by itself."""


def read_together(lines: Sequence[bytes]) -> list[dict[str, Any]] | None:
    """Return what each of several lines holds; None where one has to be looked at by itself.

    A line is as this program writes it where what is parsed of it is written so again; its checksum is that
    of its bytes without it.
    """
    try:
        found: list[dict[str, Any]] = parse_json(b"[" + b",".join(lines) + b"]", MAX_VALUES)
        if len(found) != len(lines) or each(found, CANONICAL) != [line.decode() for line in lines]:
            return None
        for content, line in zip(found, lines, strict=True):
            signature = f'"sha256":"{content.pop("sha256")}"'.encode()
            before, after = line.split(signature)  # one place, or a ValueError
            body = before[:-1] + after if before.endswith(b",") else before + after.removeprefix(b",")
            if signature[10:-1].decode() != digest(body):
                return None
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return found


def read_signed_lines(folder: Path, name: str, most: Most) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where each finished line of a file that grows stands, in words, and what it holds.

    Raises:
        RecordError: as `read_many_lines`.
    """
    for first, contents in read_many_lines(folder, name, most):
        for number, content in enumerate(contents, first):
            yield line_in_words(folder, name, number), content


def read_many_lines(
    folder: Path, name: str, most: Most, together: Together = read_together
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield what finished lines of a file that grows hold: several at a time, and the number of the first.

    Args:
        folder: the run's folder.
        name: of the file.
        most: how large it may be.
        together: reads several lines.

    Raises:
        RecordError: when the file cannot be read or is larger than it may be, or a line was changed; of a
            file that is too large nothing is made.
    """
    _check_most(folder, name, most)
    number = 1
    for lines in _lines_of(folder, name):
        read = together(lines) if max(map(len, lines)) <= BATCH else None
        if read is not None:
            yield number, read
        for k, line in enumerate(lines if read is None else ()):
            if (content := _read_line(line)) is None:
                where = line_in_words(folder, name, number + k)
                raise RecordError(f"{where} does not match its checksum; the record is damaged")
            yield number + k, [content]
        number += len(lines)


def line_in_words(folder: Path, name: str, number: int) -> str:
    """Return where a line of a file that grows stands, for an error."""
    return f"run {one_line(folder.name)}: {name} line {number}"


def _read_line(line: bytes) -> dict[str, Any] | None:
    """Return what a line holds; None where it is not as this program writes it, or was changed."""
    try:
        content = parse_json(line, MAX_VALUES)
        expected = content.pop("sha256", None)
        intact = digest(canonical_json(content).encode()) == expected
        intact = intact and signed_line(content).encode() == line + b"\n"
    except (ValueError, AttributeError, TypeError):
        return None
    return content if intact else None


def _check_most(folder: Path, name: str, most: Most) -> None:
    """Count lines and values of a file that grows, without parsing.

    Raises:
        RecordError: when there are more than there may be.
    """
    number = values = 0
    for lines in _lines_of(folder, name):
        for found in separators_of(lines):
            number += 1
            values += found
            if number > most.lines or found > most.line or values > most.values:
                raise RecordError(
                    f"{line_in_words(folder, name, number)}: more than the run's plan allows ({most.lines} "
                    f"lines, about {most.line} values in one and {most.values} in all); no record has so many"
                )


def _lines_of(folder: Path, name: str) -> Iterator[list[bytes]]:
    """Yield the finished lines of a file, without their line breaks: a few at a time."""
    begun: list[bytes] = []
    size = 0
    for piece in read_pieces(folder, name, BATCH):
        *lines, rest = piece.split(b"\n")
        if lines:
            lines[0] = b"".join([*begun, lines[0]])
            begun, size = [], 0
            yield lines
        begun.append(rest)
        if (size := size + len(rest)) > MAX_LINE:
            raise RecordError(
                f"run {one_line(folder.name)}: {name} has a line of more than {MAX_LINE} bytes; "
                "no record has such a one"
            )


def read_signed(folder: Path, name: str) -> dict[str, Any]:
    """Return the content of a file that holds its own checksum and is written in one way only.

    Raises:
        RecordError: when a byte of it was changed.
    """
    written = read_bytes(folder, name)
    where = f"run {one_line(folder.name)}: {name}"
    try:
        content = parse_json(written, MAX_VALUES)
    except ValueError as error:
        raise RecordError(f"{where} is not valid JSON ({one_line(error, 160)})") from None
    if not isinstance(content, dict):
        raise RecordError(f"{where} is not a JSON object")
    if (fields := _most_fields(content)) > MAX_FIELDS:
        raise RecordError(f"{where} has an object of {fields} fields; no record has more than {MAX_FIELDS}")
    expected = content.pop("sha256", None)
    if digest(written) in _written_here:
        return content
    try:
        laid = laid_out(content)
        intact = digest(canonical(laid)) == expected
        intact = intact and written == pretty(laid | laid_out({"sha256": expected}))
    except ValueError:
        intact = False
    if not intact:
        raise RecordError(f"{where} does not match its own checksum; the record is damaged")
    return content


def _most_fields(content: dict[str, Any]) -> int:
    """Return how many fields the largest object has, of those that are reached through objects alone."""
    most, level = 0, [content]
    while level:
        most = max(most, *map(len, level))
        level = (
            [v for one in level for v in one.values() if isinstance(v, dict)] if most <= MAX_FIELDS else []
        )
    return most


def append_lines(folder: Path, name: str, lines: str, *, sync: bool = True) -> None:
    """Add whole lines to a file of a run's folder, or nothing: a disk that is full leaves no half of one.

    Args:
        folder: the run's folder.
        name: of the file; made if it does not exist.
        lines: each with its line break.
        sync: whether they are on the disk when this returns.

    Raises:
        OSError: when the file cannot be written.
    """
    is_new = not exists(folder, name)
    with open_file(folder, name, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            file.write(lines.encode())
            file.flush()
            if sync:
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.ftruncate(file.fileno(), size)
            raise
    if is_new and sync:
        sync_folder(folder)


def cut_unfinished(folder: Path, name: str) -> None:
    """Cut off a last line that was never finished; only the one who writes may do so.

    Raises:
        RecordError: when the file cannot be read.
        OSError: when it cannot be written.
    """
    end = size = 0
    for piece in read_pieces(folder, name):
        if (last := piece.rfind(b"\n")) >= 0:
            end = size + last + 1
        size += len(piece)
    if end < size:
        with open_file(folder, name, os.O_WRONLY) as file:
            os.ftruncate(file.fileno(), end)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk when this returns, where the system knows such a thing."""
    if os.name != "nt":
        folder = os.open(path, _FOLDER)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def make_folder(folder: Path, name: str) -> None:
    """Make a subfolder of a run's folder unless it is there.

    Raises:
        OSError: when it cannot be made, or something else has its name.
    """
    with _place(folder, name) as (place, leaf):
        with suppress(FileExistsError):
            os.mkdir(leaf, dir_fd=place)
        if not stat.S_ISDIR(os.stat(leaf, dir_fd=place, follow_symlinks=False).st_mode):
            raise OSError(errno.ENOTDIR, f"{name} is a link or a file; allowed is a folder")


def write_new(folder: Path, name: str, content: bytes, *, instead: bool = False) -> None:
    """Write a file of a run's folder at once: it is there whole or not at all.

    Args:
        folder: the run's folder.
        name: of the file.
        content: what it holds.
        instead: whether a regular file of that name may be there and is replaced.

    Raises:
        OSError: when it exists, or the folder cannot be written.
    """
    with _place(folder, name) as (place, leaf):
        partial = f".{leaf}.{secrets.token_hex(8)}.partial"
        number = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666, dir_fd=place)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                _check_regular(os.stat(leaf, dir_fd=place, follow_symlinks=False), name, writes=False)
                if not instead:
                    raise FileExistsError(errno.EEXIST, f"{name} exists already")
            os.replace(partial, leaf, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            with suppress(OSError):
                os.unlink(partial, dir_fd=place)
            raise


def remove_file(folder: Path, name: str) -> None:
    """Remove a file of a run's folder if it is there.

    Raises:
        OSError: when it cannot be removed.
    """
    with suppress(FileNotFoundError), _place(folder, name) as (place, leaf):
        os.unlink(leaf, dir_fd=place)


def unwritable(path: Path, error: OSError) -> InputError:
    """Return the error that says a folder of runs cannot be written."""
    where = printable_path(path)
    return InputError(f"runs: cannot write in {where} ({error.strerror}); allowed is a writable folder")


def printable_path(path: Path) -> str:
    """Return a path as it stands in an error message; of a long one, its end."""
    text = one_line(path)
    return repr(text if len(text) <= 120 else "..." + text[-117:])


@contextmanager
def _place(folder: Path, name: str) -> Iterator[tuple[int | None, str]]:
    """Yield an open folder and the name in it of a file of a run's folder; a link on the way is refused."""
    *inner, leaf = name.split("/")
    if not (all(part in FOLDERS for part in inner) and len(inner) <= 1 and _PART.fullmatch(leaf)):
        raise OSError(errno.EINVAL, f"{one_line(name, 40)!r} is no file of a record")
    if not _HAS_PLACES:
        for part in inner:
            if (folder := folder / part).is_symlink():
                raise OSError(errno.ELOOP, f"{part} is a link; allowed is a folder")
        yield None, str(folder / leaf)
        return
    places = [os.open(folder, _FOLDER)]
    try:
        for part in inner:
            try:
                places.append(os.open(part, _FOLDER | _NO_LINK, dir_fd=places[-1]))
            except (NotADirectoryError, OSError) as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                    raise OSError(errno.ELOOP, f"{part} is a link or a file; allowed is a folder") from None
                raise
        yield places[-1], leaf
    finally:
        for number in places:
            os.close(number)


def _check_regular(status: os.stat_result, name: str, writes: bool) -> None:
    """Check what a name in a run's folder stands for.

    Raises:
        OSError: when that is no regular file, or one that is to be written and has a second name.
    """
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, f"{name} is a link; allowed are regular files")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, f"{name} is no regular file")
    if writes and status.st_nlink > 1:
        raise OSError(errno.EMLINK, f"{name} has a second name elsewhere; allowed is a file of its own")

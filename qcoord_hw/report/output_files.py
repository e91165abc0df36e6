"""Files that a person asks for beside a run: never part of a record, there whole or not at all."""

from __future__ import annotations

import io
import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from qcoord_hw import record
from qcoord_hw.errors import InputError
from qcoord_hw.spec import one_line, short_repr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
"""Of figures."""


def check_place(field: str, path: Path) -> None:
    """Check where a file is to go, before anything is computed.

    Args:
        field: what the path was given as, for the error.
        path: of the file; one that exists may be replaced, but never a part of a record.

    Raises:
        InputError: when it is a folder, its folder is not there, or it lies in a record.
    """
    given = short_repr(str(path))
    try:
        if path.is_dir() or not path.parent.is_dir():
            raise InputError(f"{field}: {given}; allowed is a file in a folder that exists")
        _check_outside(path, f"{field}: {given}")
    except (OSError, ValueError, RuntimeError) as error:  # too long a name, a zero byte, links in a circle
        raise InputError(f"{field}: {given} is no file's name ({one_line(error, 80)})") from None


@contextmanager
def whole_file(field: str, path: Path) -> Iterator[BinaryIO]:
    """Yield a new file that takes the place of `path` at the end, if nothing went wrong until then.

    What is no regular file, such as a pipe or a device, is written as it is and stays what it is.

    Raises:
        InputError: when it cannot be written.
    """
    check_place(field, path)
    is_stream = path.exists() and not path.is_file()
    place = path.resolve()  # behind a link, so that it stays a link
    partial = path if is_stream else place.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        with partial.open("wb" if is_stream else "xb") as file:
            yield file
            file.flush()
            if not is_stream:
                os.fsync(file.fileno())
        if not is_stream:
            partial.replace(place)
    except OSError as error:
        raise InputError(f"{field}: cannot write {short_repr(str(path))} ({error.strerror})") from None
    finally:
        if not is_stream:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def write_whole(field: str, path: Path, content: bytes) -> None:
    """Write a file at once.

    Args:
        field: what the path was given as, for the error.
        path: of the file; one that exists is replaced.
        content: what it holds.

    Raises:
        InputError: when it cannot be written, or is part of a record.
    """
    with whole_file(field, path) as file:
        file.write(content)


def check_figure(path: Path) -> None:
    """Check where a figure is to go, before anything is computed.

    Raises:
        InputError: when the format is unknown, its folder is not there, or it lies in a record.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"plot: {short_repr(str(path))}; allowed are files that end in {', '.join(FORMATS)}")
    check_place("plot", path)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure with its words as metadata: the whole file or, after an error, none.

    Args:
        figure: what is drawn.
        path: a file that ends in .png, .svg or .pdf.

    Raises:
        InputError: when it cannot be written.
    """
    image = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a letter that the font lacks is a box
        words = getattr(figure, "words", "")
        key = "Subject" if path.suffix == ".pdf" else "Description"
        figure.savefig(image, format=path.suffix[1:], metadata={key: words} if words else None)
    write_whole("plot", path, image.getvalue())


def _check_outside(path: Path, given: str) -> None:
    try:
        record.check_outside(path)
    except InputError:
        derived = f"{record.DERIVED}/"
        raise InputError(f"{given} lies in a record; allowed is its {derived} or another folder") from None

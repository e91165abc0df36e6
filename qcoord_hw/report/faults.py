"""Faults of this program itself: told apart from those of a record, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qcoord_hw.errors import InternalError, QcoordError
from qcoord_hw.spec import one_line


@contextmanager
def our_own(path: Path, what: str) -> Iterator[None]:
    """Turn a fault in what is made of a record that was read into one line; the cause stays with it.

    Args:
        path: the run's folder.
        what: what is made of it.
    """
    try:
        yield
    except QcoordError:
        raise
    except Exception as error:
        raise InternalError(
            f"run {path.name}: {what} failed ({type(error).__name__}: {one_line(error)}); "
            "the record was read, so this is a fault of qcoord_hw: please report it"
        ) from error

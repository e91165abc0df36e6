"""Answers of deterministic searches, kept on disk: a second call reads what the first one found.

Where: `$QCOORD_CACHE`, a folder, or `off`, so that nothing is read or written; if it is not set,
`$XDG_CACHE_HOME/qcoord_hw`, else `~/.cache/qcoord_hw`. All of it may be deleted at any time.

A file is named by a digest of the question, of the source code that answers it and of NumPy's version, so a
change of the code never meets an answer of before. Nothing is believed because it stands there: whoever asks
checks what is read like a claim, and a file that is spoilt, foreign or wrong is ignored and written anew.
Files are written beside their place and then moved there, so that nobody sees a half.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from qcoord_hw.errors import QcoordError

FORMAT = 1
"""Of the files; raised when their fields change."""

MAX_BYTES = 4_000_000
"""Of a file: a larger one is not read, and no larger one is written."""

UNREADABLE = (QcoordError, ArithmeticError, LookupError, TypeError, ValueError)
"""What reading a wrong answer may raise."""

Found = TypeVar("Found")


def remembered(
    kind: str,
    question: dict[str, Any],
    solvers: tuple[str, ...],
    *,
    search: Callable[[], Found],
    write: Callable[[Found], dict[str, Any]],
    read: Callable[[dict[str, Any]], Found],
) -> Found:
    """Return what a search finds, or what was kept of it if that still stands up.

    Args:
        kind: of the question, a word for the file's name.
        question: all that the answer depends on, plain JSON values.
        solvers: names of modules and packages whose source decides the answer.
        search: finds the answer; its errors are the caller's.
        write: makes plain JSON values of an answer.
        read: makes an answer of them and proves it; raises one of UNREADABLE if it is none.
    """
    place = _place()
    code = None if place is None else _code(solvers)
    if place is None or code is None:
        return search()
    head = {"format": FORMAT, "kind": kind, "code": code, "question": question}
    name = hashlib.sha256(_text(head).encode()).hexdigest()
    path = place / f"{kind}-{name}.json"
    kept = _load(path, head)
    if kept is not None:
        with suppress(*UNREADABLE):
            return read(kept)
    found = search()
    _store(path, _text(head | {"answer": write(found)}))
    return found


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)


def _place() -> Path | None:
    """Return the folder; None where nothing is kept."""
    own = os.environ.get("QCOORD_CACHE")
    if own is not None:
        return None if own in ("", "off") else Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):  # an account without a home
        return (Path(shared) if shared else Path.home() / ".cache") / "qcoord_hw"
    return None


@cache
def _code(solvers: tuple[str, ...]) -> str | None:
    """Return a digest of the source of modules, and of NumPy's version; None where there is no source."""
    state = hashlib.sha256(np.__version__.encode())
    with suppress(OSError):
        for name in solvers:
            spec = find_spec(name)
            if spec is None or spec.origin is None:
                return None
            origin = Path(spec.origin)
            files = sorted(origin.parent.glob("*.py")) if spec.submodule_search_locations else [origin]
            for file in files:
                state.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return state.hexdigest()
    return None


def _load(path: Path, head: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer of a file that is about this very question; None if there is no such file."""
    with suppress(OSError, ValueError, RecursionError):
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        data = json.loads(content) if len(content) <= MAX_BYTES else None
        if isinstance(data, dict) and isinstance(answer := data.pop("answer", None), dict) and data == head:
            return answer
    return None


def _store(path: Path, content: str) -> None:
    """Write a file whole or not at all; where that is not possible, the next call searches again."""
    if len(content) > MAX_BYTES:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise

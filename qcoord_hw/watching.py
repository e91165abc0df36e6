"""Progress in a notebook: a bar under the cell, of work that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from html import escape
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

from qcoord_hw.text import printable

P = ParamSpec("P")
T = TypeVar("T")
Told = Callable[..., None]
"""Called with how much is done and how much there is."""

PATIENCE = 2.0
"""Seconds after which it is said what is being done."""

PAUSE = 0.3
"""Seconds between two changes of what is shown."""


@contextmanager
def watched(progress: Told | None, what: object) -> Iterator[Told | None]:
    """Yield what is told of progress: what is given, in a notebook a bar under the cell, else None.

    Work that is part of other work that has a bar goes on with this one.

    Args:
        progress: what the caller gave.
        what: is being done.
    """
    if progress is not None or not in_notebook():
        yield progress
        return
    if _bars:
        _bars[-1].name(str(what))
        yield _bars[-1]
        return
    bar = _Bar(str(what))
    _bars.append(bar)
    try:
        yield bar
    finally:
        _bars.remove(bar)
        bar.close()


def watching(what: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return what makes a function say in a notebook that it is at work, unless its caller is told of it."""

    def of(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*arguments: P.args, **named: P.kwargs) -> T:
            told: Any = named.get("progress")
            with watched(told, what):
                return function(*arguments, **named)

        return call

    return of


def in_notebook() -> bool:
    """Whether this is a cell of a notebook; nothing is loaded to know it."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return running is not None and hasattr(running, "kernel")


class _Bar:
    """A bar that shows itself once the work has taken a while, and goes with it."""

    def __init__(self, what: str) -> None:
        self._what, self._begun = what, time.monotonic()
        self._done, self._planned = 0, 0
        self._shown: Any = None
        self._last = 0.0
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True
        self._timer.start()

    def name(self, what: str) -> None:
        """Say from now on that this is done."""
        self._what, self._done, self._planned = what, 0, 0

    def __call__(self, done: int, planned: int, *_: object) -> None:
        """Take how much is done."""
        self._done, self._planned = done, planned
        if self._shown is not None and time.monotonic() - self._last > PAUSE:
            self._show()

    def close(self) -> None:
        """Take it away."""
        self._timer.cancel()
        with self._lock:
            if self._shown is not None:
                self._shown.update({"text/html": "", "text/plain": ""}, raw=True)
            self._shown = None
            self._show = lambda: None  # type: ignore[method-assign]  # a timer that was about to ring

    def _show(self) -> None:
        with self._lock:
            self._last = time.monotonic()
            words = f"{printable(self._what)}: {self._last - self._begun:.0f} s"
            words += f", {self._done} of {self._planned}" if self._planned else ""
            share = f' value="{self._done}" max="{self._planned}"' if self._planned else ""
            page = f"<progress{share}></progress> {escape(words)}"
            if self._shown is None:
                self._shown = import_module("IPython.display").DisplayHandle()
                self._shown.display({"text/html": page, "text/plain": words}, raw=True)
            else:
                self._shown.update({"text/html": page, "text/plain": words}, raw=True)


_bars: list[_Bar] = []
"""That which is shown, if one is."""

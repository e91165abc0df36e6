"""What is being done, on standard error, until the first line of the answer: of work that takes a while."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from qcoord_hw import watching
from qcoord_hw.text import printable

CLEAR = "\r\x1b[K"
"""To the beginning of the line, and nothing right of it."""

SECOND = 1.0
"""Between two changes of what is shown."""

_now: list[_Line] = []


class _Line:
    """A line on a terminal that says what is done, and for how long."""

    def __init__(self, what: str, width: int) -> None:
        self._what, self._width, self._begun = printable(what), width, time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the line away for good."""
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        if self._over.wait(watching.PATIENCE):
            return
        while True:
            words = f"{self._what}: {time.monotonic() - self._begun:.0f} s .."
            print(f"{CLEAR}{words[: self._width - 1]}", end="", file=sys.stderr, flush=True)
            if self._over.wait(SECOND):
                break
        print(CLEAR, end="", file=sys.stderr, flush=True)


@contextmanager
def working(what: str, width: int) -> Iterator[None]:
    """Say what is being done, where standard error is a terminal, until `quiet` is called or it is done.

    Args:
        what: is done; nothing is said of nothing.
        width: of the terminal.
    """
    if not what or sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    _now.append(_Line(what, width))
    try:
        yield
    finally:
        quiet()


def quiet() -> None:
    """Take away what is said: something is about to be printed, or draws its own progress."""
    while _now:
        _now.pop().stop()

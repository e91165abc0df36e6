"""`qcoord`: a thin layer over `qcoord_hw.api`.

Here stands only what has to be there before anything else is imported: an end in one line at Ctrl-C and where
memory is short, whatever is under way. The commands are in `qcoord_hw.cli.program`.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def script() -> NoReturn:
    """Be the `qcoord` program: `main`, and an end without a traceback at Ctrl-C, while importing as well.

    A record survives being cut off at any moment, so an interruption needs no clean-up.
    """
    signal.signal(signal.SIGINT, _interrupt)
    most = None
    try:
        from qcoord_hw.cli import memory

        most = memory.limit()
        memory.keep_within(most)
        status = main()
    except MemoryError:  # while importing
        _end("out of memory; allowed is what fits this machine")
    except ImportError as error:  # a library is not there, or there is no memory to load it
        _end(f"a library cannot be loaded ({str(error)[:200]})")
    except Exception as error:
        if most is not None:  # a library without memory ends in many ways
            _end(f"{type(error).__name__} within {most // 2**20} MiB, the limit of memory; allowed is more")
        if "can't start new thread" in str(error):
            _end("the system starts no more threads; allowed is what this account and machine bear")
        raise
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status, as README says."""
    from qcoord_hw.cli.program import main

    return main(arguments)


def _end(words: str) -> NoReturn:
    """End the process at once with one line, without anything that takes memory."""
    os.write(2, f"qcoord: error: {words}\n".encode())
    os._exit(EXIT_BAD_INPUT)


def _interrupt(number: int, frame: object) -> NoReturn:
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""  # a progress bar hides it
    words = b"qcoord: interrupted; what was begun is kept: `qcoord collect RUN` finishes a run, "
    words += b"the same command again a sweep\n"
    os.write(2, show_cursor + words)
    os._exit(EXIT_INTERRUPTED)

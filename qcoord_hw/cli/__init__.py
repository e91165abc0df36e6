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
    try:
        status = main()
    except MemoryError:  # while importing
        os.write(2, b"qcoord: error: out of memory\n")
        os._exit(EXIT_BAD_INPUT)
    except ImportError as error:  # a library is not there, or there is no memory to load it
        os.write(2, f"qcoord: error: a library cannot be loaded ({str(error)[:200]})\n".encode())
        os._exit(EXIT_BAD_INPUT)
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 2 bad input, 3 the target failed."""
    from qcoord_hw.cli.program import main

    return main(arguments)


def _interrupt(number: int, frame: object) -> NoReturn:
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""  # a progress bar hides it
    words = b"qcoord: interrupted; what was begun is kept: `qcoord collect RUN` finishes a run, "
    words += b"the same command again a sweep\n"
    os.write(2, show_cursor + words)
    os._exit(EXIT_INTERRUPTED)

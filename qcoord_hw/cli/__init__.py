"""`qcoord`: a thin layer over `qcoord_hw.api`. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, NoReturn

from qcoord_hw.cli import compare, export, jobs, plan, run, runs, sweep, theory
from qcoord_hw.errors import QcoordError, QcoordWarning
from qcoord_hw.spec import one_line

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def script() -> NoReturn:
    """Be the `qcoord` program: `main`, and an end without a traceback at Ctrl-C, whatever is under way.

    A record survives being cut off at any moment, so an interruption needs no clean-up.
    """
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 2 bad input, 3 the target failed."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign shows another
    try:
        with _notes_in_one_line():
            options.command(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except QcoordError as error:
        print(f"qcoord: error: {one_line(error)}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of a pipe went away: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"qcoord: error: standard output: {one_line(error)}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


@contextmanager
def _notes_in_one_line() -> Iterator[None]:
    """Print the package's own warnings like its errors; those of others as Python does."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", QcoordWarning)
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **named: Any) -> None:
            if issubclass(category, QcoordWarning):
                print(f"qcoord: note: {one_line(message)}", file=sys.stderr)
            else:
                usual(message, category, *where, **named)

        warnings.showwarning = show
        yield


def _interrupt(number: int, frame: object) -> NoReturn:
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""  # a progress bar hides it
    words = b"qcoord: interrupted; what was begun is kept: `qcoord collect RUN` finishes a run, "
    words += b"the same command again a sweep\n"
    os.write(2, show_cursor + words)
    os._exit(EXIT_INTERRUPTED)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: error: {one_line(message)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="qcoord", description="Run protocols on quantum networks; see theory beside counts."
    )
    parser.add_argument("--version", action="version", version=f"qcoord {version('qcoord_hw')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        name: str,
        command: Callable[[argparse.Namespace], None],
        text: str,
        *,
        runs: bool = True,
        among: Any = None,
    ) -> argparse.ArgumentParser:
        parsers = commands if among is None else among
        sub: argparse.ArgumentParser = parsers.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        sub.set_defaults(command=command)
        sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        if runs:
            sub.add_argument("--runs", metavar="DIR", help="where runs live (default $QCOORD_RUNS or ./runs)")
        return sub

    run.register(add)
    theory.register(add, commands)
    plan.register(add)
    jobs.register(add)
    sweep.register(add)
    run.register_play(add)
    runs.register(add)
    compare.register(add)
    export.register(add)
    return parser

"""The parser of `qcoord`, and the one place where an error becomes a line and an exit status."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from qcoord_hw.cli import (
    EXIT_BAD_INPUT,
    EXIT_INTERRUPTED,
    atlas,
    choose,
    compare,
    convert,
    export,
    importing,
    jobs,
    listing,
    plan,
    play,
    reproduce,
    run,
    runs,
    sweep,
    theory,
    threshold,
)
from qcoord_hw.cli.common import Parser, folder, say, tell, width
from qcoord_hw.cli.working import working
from qcoord_hw.errors import QcoordError, QcoordWarning
from qcoord_hw.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 2 bad input, 3 the target failed."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign shows another
    try:
        with _notes_in_one_line():
            options = _parser().parse_args(arguments)
            options.command(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except QcoordError as error:
        tell("error", error)
        return error.exit_code
    except BrokenPipeError:  # the reader of a pipe went away: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        tell("error", f"{error.filename or 'standard output'}: {error.strerror or error}")
        return EXIT_BAD_INPUT
    except MemoryError:
        tell("error", "out of memory; allowed is what fits this machine")
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:  # where `script` did not take it
        tell("error", "interrupted")
        return EXIT_INTERRUPTED
    return 0


@contextmanager
def _notes_in_one_line() -> Iterator[None]:
    """Print the package's own warnings like its errors; those of others as Python does."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", QcoordWarning)
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **named: Any) -> None:
            if issubclass(category, QcoordWarning):
                tell("note", message)
            else:
                usual(message, category, *where, **named)

        warnings.showwarning = show
        yield


def _carry_out(name: str, command: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> None:
    """Carry out a command, and say so where that takes a while."""
    with working("" if options.json else name, width()):
        command(options)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="qcoord", description="Run protocols on quantum networks; see theory beside counts.")
    parser.add_argument("--version", action="version", version=f"qcoord {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.set_defaults(command=lambda _: say(parser.format_help().rstrip()))

    def add(
        name: str,
        command: Callable[[argparse.Namespace], None],
        text: str,
        *,
        runs: bool = True,
        among: Any = None,
    ) -> Parser:
        parsers = commands if among is None else among
        sub: Parser = parsers.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=lambda options: _carry_out(sub.prog, command, options))
        sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        if runs:
            sub.add_argument(
                "--runs", metavar="DIR", type=folder, help="where runs live (default $QCOORD_RUNS or ./runs)"
            )
        return sub

    listing.register(add)
    run.register(add)
    theory.register(add, commands)
    plan.register(add)
    threshold.register(add)
    choose.register(add)
    jobs.register(add)
    sweep.register(add)
    atlas.register(add)
    play.register(add)
    runs.register(add)
    listing.register_others(add)
    compare.register(add)
    export.register(add)
    convert.register(add)
    importing.register(add)
    reproduce.register(add)
    return parser

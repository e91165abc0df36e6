"""What the commands share: types of arguments, options of several commands, and ways to print."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from qcoord_hw.cli import EXIT_BAD_INPUT
from qcoord_hw.cli.working import quiet
from qcoord_hw.spec import short_repr
from qcoord_hw.text import meant, one_line, printable, printable_lines, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from qcoord_hw.answer import Answer
    from qcoord_hw.api.result import Result
    from qcoord_hw.execution.run import Progress

SPEC = "a name, a .toml spec, or a file (.json) of a game, a Bell expression, a task or a state"
MAX_LINE = 398
"""Characters of an error or a note; with the end of the line below 400."""

RUN = "folder, unique prefix or 'latest'"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error.

    Attributes:
        later: what adds options that take loading; called when the arguments are this command's.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Make it, as `argparse.ArgumentParser`."""
        super().__init__(*arguments, **named)
        self.later: list[Callable[[argparse.ArgumentParser], None]] = []
        self._given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the options that were left for later, and parse; each command refuses what it does not know."""
        while self.later:
            self.later.pop(0)(self)
        self._given = sys.argv[1:] if args is None else args
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of an argument's choices, and name the one that may be meant."""
        if action.choices is not None and value not in action.choices:
            words = f"invalid choice: {short_repr(value)}{meant(value, action.choices)}"
            raise argparse.ArgumentError(
                action, f"{words}; allowed are {', '.join(map(str, action.choices))}"
            )

    def error(self, message: str) -> NoReturn:
        """Exit with the one line, and name the options that may be meant by those that are unknown."""
        known = self._option_string_actions
        flags = [word.partition("=")[0] for word in self._given if word.startswith("--")]
        hints = "".join(meant(flag, known) for flag in dict.fromkeys(flags) if flag not in known)
        self.exit(EXIT_BAD_INPUT, one_line(f"{self.prog}: error: {message}{hints}", MAX_LINE) + "\n")


class Add(Protocol):
    """Adds a command; it has `--json`, and `--runs` unless told otherwise."""

    def __call__(
        self,
        name: str,
        command: Callable[[argparse.Namespace], None],
        text: str,
        *,
        runs: bool = True,
        among: Any = None,
    ) -> Parser:
        """Return the parser of the new command.

        Args:
            name: of the command.
            command: what it calls.
            text: its help.
            runs: whether it has `--runs`.
            among: the sub-parsers it belongs to; the top level if omitted.
        """


def add_confidence(sub: argparse.ArgumentParser) -> None:
    """Add the level of the intervals."""
    sub.add_argument(
        "--confidence", type=probability, default=0.95, metavar="P", help="level of the intervals (0.95)"
    )


def integer(text: str) -> int:
    """Return the integer that an argument states."""
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"{short_repr(text)}; allowed are integers")
    return int(text)


def numbers(allowed: str) -> Callable[[str], float]:
    """Return the type of an argument that states a number; `allowed` says which."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{short_repr(text)}; allowed are {allowed}") from None

    return read


number = numbers("numbers")
rate = numbers("numbers of qubits")
seconds = numbers("seconds, a number above 0")
probability = numbers("numbers between 0 and 1")


def names(text: str) -> list[str]:
    """Return the names of a list with commas."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise argparse.ArgumentTypeError(f"{short_repr(text)}; allowed are one or more names")
    return found


def folder(text: str) -> str:
    """Return the folder that an argument names, which need not be there yet."""
    if "\0" not in text and os.path.lexists(text) and not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{short_repr(text)} is no folder; allowed is a folder")
    return text


def show_answer(options: argparse.Namespace, answer: Answer) -> None:
    """Print an answer, as JSON if that is asked for."""
    if options.json:
        print_json(answer.to_json())
    else:
        say(answer.table())


def show_result(options: argparse.Namespace, result: Result) -> None:
    """Print a result, as JSON if that is asked for."""
    if options.json:
        print_json(result.summary)
    else:
        print_result(result)


def show_results(options: argparse.Namespace, results: Sequence[Result]) -> None:
    """Print one result, or an overview of several."""
    if len(results) == 1:
        show_result(options, results[0])
    elif options.json:
        print_json({"ok": True, "runs": [result.summary for result in results]})
    else:
        from qcoord_hw.report.tables import print_overview

        print_overview([result.summary for result in results], console())


def print_result(result: Result) -> None:
    """Print a result as tables."""
    from qcoord_hw.report.tables import print_summary

    print_summary(result.summary, console())


def console() -> Console:
    """Return where tables are printed."""
    from rich.console import Console

    quiet()
    if sys.stdout is None:  # closed: then nobody reads it
        return Console(file=io.StringIO(), width=width(), highlight=False)
    return Console(width=None if sys.stdout.isatty() else width(), highlight=False)


def width() -> int:
    """Return how wide lists and tables are: `$COLUMNS`, else what the terminal has, else 100."""
    stated = os.environ.get("COLUMNS", "")
    if re.fullmatch(r"[1-9][0-9]{1,3}", stated):
        return int(stated)
    there = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if there else 100


def say(text: object) -> None:
    """Print text as wide as the terminal; whatever names and files hold, the terminal only shows it."""
    quiet()
    print(wrapped(printable_lines(text), width()), flush=True)


def say_path(what: str, path: object) -> None:
    """Print what was written and where."""
    say_whole(f"{what}: {path}")


def say_whole(line: object) -> None:
    """Print what is to be copied: on one line, however long."""
    quiet()
    print(printable(line), flush=True)


def tell(kind: str, words: object) -> None:
    """Print an `error` or a `note` as one line on standard error."""
    quiet()
    if sys.stderr is not None:  # else `print` takes standard output
        print(one_line(f"qcoord: {kind}: {words}", MAX_LINE), file=sys.stderr)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    print(json.dumps(value, allow_nan=False))


@contextmanager
def progress_bar(options: argparse.Namespace, name: str) -> Iterator[Progress | None]:
    """Yield what draws a progress bar on standard error, or None where that is not a terminal."""
    if options.json or not sys.stderr.isatty():
        yield None
        return
    quiet()
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(escape(printable(name)), total=None)
        yield lambda done, planned: bars.update(task, completed=done, total=planned)

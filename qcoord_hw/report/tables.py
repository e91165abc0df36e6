"""Words and tables: a summary in plain text, or with rich in a terminal."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

WIDTH = 100
CAUTION_BELOW = 1e-3
"""A check whose p-value is smaller than this is reported with a caution."""

KINDS = {"ideal": "ideal simulator", "noise-model": "noise model", "backend": "hardware or backend"}
WORST = 8
"""More questions than this are not all listed in a table of text."""

_SMALLEST = 2.3e-308  # binomial tails below the smallest normal number are reported as that number
_NAMES = {
    "win_probability": "Win probability",
    "win_probability_mitigated": "Win probability, readout mitigated",
    "win_probability_min_round": "Win probability of the worst round",
    "chsh_s": "CHSH S",
}
_UNITS = ("qubits", "qudits", "log2_dim", "bits", "ebits", "random_bits")
_STYLES = {"above": "green", "below": "red", "inconclusive": "yellow"}


def printable(value: object) -> str:
    """Return a value as text without control characters, which a record could hold.

    >>> printable("a\\x1b[31mb")
    'a?[31mb'
    """
    return "".join(c if c.isprintable() else "?" for c in str(value))


def in_words(name: str) -> str:
    """Return the name of an estimate as people say it."""
    return _NAMES.get(name, name.replace("_", " "))


def digits(estimate: Mapping[str, Any]) -> int:
    """Return how many decimals show the width of an interval: at least four."""
    width = estimate["high"] - estimate["low"]
    return min(9, max(4, 1 - math.floor(math.log10(width)))) if width > 0 else 4


def interval(estimate: Mapping[str, Any]) -> str:
    """Return `best [low, high]`.

    >>> interval({"low": 0.836, "best": 0.8386, "high": 0.8411})
    '0.8386 [0.8360, 0.8411]'
    """
    low, best, high = (f"{estimate[key]:.{digits(estimate)}f}" for key in ("low", "best", "high"))
    return f"{best} [{low}, {high}]"


def number(value: float, decimals: int = 4) -> str:
    """Return a number without trailing zeros.

    >>> number(0.75), number(2), number(0.8535533905932737)
    ('0.75', '2', '0.8536')
    """
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def p_words(p_value: float) -> str:
    """Return `= p`, or `< 1e-300` where p is too small to be told from zero."""
    return "< 1e-300" if p_value <= _SMALLEST else f"= {p_value:.2g}"


def confidence_words(estimate: Mapping[str, Any]) -> str:
    """Return what an interval is and what it rests on."""
    assumes = f"; assumes {estimate['assumes']}" if estimate["assumes"] else ""
    return f"{100 * estimate['confidence']:g}% {estimate['method']}{assumes}"


def check_words(name: str, check: Mapping[str, Any]) -> str:
    """Return what a check found, with a caution where its p-value is small."""
    what = name.removeprefix("no_").replace("_", " ")
    found = "CAUTION: signs of" if is_suspicious(check) else "no sign of"
    return f"{found} {what} (p {p_words(check['p_value'])}; {check['method']})"


def is_suspicious(check: Mapping[str, Any]) -> bool:
    """Whether a check deserves a caution."""
    return bool(check["p_value"] < CAUTION_BELOW)


def unfinished_words(summary: Mapping[str, Any]) -> str:
    """Return how far an unfinished run is, and what finishes it."""
    chunks, run = summary["chunks"], Path(summary["run"]).name
    return f"UNFINISHED: {chunks['done']} of {chunks['planned']} chunks counted; `qcoord collect {run}` finishes it"


def target_words(summary: Mapping[str, Any]) -> str:
    """Return where the circuits ran."""
    return f"{summary['target']} ({KINDS.get(summary['kind'], summary['kind'])})"


def question_words(row: Mapping[str, Any], rounds: int) -> str:
    """Return which question a row of the table of questions is about."""
    if rounds == 1:
        return str(row["circuit"])
    return f"({', '.join(map(str, row['question']))}) in round {row['round'] + 1}"


def count_rounds(summary: Mapping[str, Any]) -> int:
    """Return how many rounds a circuit has."""
    return 1 + max((row["round"] for row in summary["questions"]), default=0)


def worst_questions(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions that were won least often, if there are many; else all, in order."""
    rows = list(summary["questions"])
    return rows if len(rows) <= WORST else sorted(rows, key=lambda row: row["best"])[:WORST]


def units(usage: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the units in which use is counted: the usual ones first."""
    found = {unit for used in usage.values() for unit in used}
    return [u for u in _UNITS if u in found] + sorted(found.difference(_UNITS))


def text_table(summary: dict[str, Any]) -> str:
    """Return a summary as plain text, at most 100 columns wide."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, width=WIDTH, color_system=None, force_terminal=False, force_jupyter=False)
    print_summary(summary, console)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Print the summary of a run: where it ran, estimates, usage, checks and questions."""
    for part in _parts(summary):
        console.print(part)


def print_differences(comparison: dict[str, Any], console: Console) -> None:
    """Print estimates of several runs and how they differ from those of the first."""
    runs = comparison["runs"]
    console.print(_text(f"{comparison['experiment']}: differences from the first run", "bold"))
    for i, run in enumerate(runs, start=1):
        console.print(_text(f"  {i}  {Path(run['run']).name}, {target_words(run)}, {run['shots']} shots"))
    table = _table("estimate", "run", "of the run", "less that of run 1", "found")
    places = {run["run"]: i for i, run in enumerate(runs, start=1)}
    values = {(run["run"], e["name"]): e for run in runs for e in run["estimates"]}
    for row in comparison["differences"]:
        found = _text("differ", "yellow") if row["differ"] else "no sign of a difference"
        value = interval(values[row["run"], row["name"]])
        _row(table, row["name"], places[row["run"]], value, interval(row), found)
    console.print(table)
    for words in dict.fromkeys(
        f"  {100 * r['confidence']:g}% {r['method']}" for r in comparison["differences"]
    ):
        console.print(_text(words, "dim"))


def print_catalogue(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print the experiments of the catalogue: name, title and family of each."""
    table = _table("name", "title", "family")
    for row in rows:
        _row(table, row["name"], row["title"], row["family"])
    console.print(table)


def _parts(summary: dict[str, Any]) -> Iterator[RenderableType]:
    yield _text(summary["title"], "bold")
    yield _heading(summary)
    if summary["state"] == "unfinished":
        yield _text(unfinished_words(summary), "bold yellow")
    if summary["estimates"]:
        yield from _estimates(summary["estimates"])
    if summary["usage"]:
        yield _usage(summary)
    for name, check in summary["checks"].items():
        yield _text(check_words(name, check), "bold red" if is_suspicious(check) else "")
    if summary["questions"]:
        yield _questions(summary)
    yield _text(summary["note"], "dim")


def _heading(summary: dict[str, Any]) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    facts = {
        "experiment": summary["experiment"],
        "target": target_words(summary),
        "layout": " ".join(map(str, summary["layout"])),
        "calibrated": summary["calibrated"],
        "seed": summary["seed"],
        "shots": summary["shots"],
        "run": summary["run"],
    }
    for name, value in facts.items():
        if value not in (None, ""):
            grid.add_row(_text(name, "dim"), _text(value))
    return grid


def _estimates(estimates: Sequence[dict[str, Any]]) -> Iterator[RenderableType]:
    from rich.padding import Padding

    table = _table("estimate", "best [low, high]", "theory (kind)", "classical\nbound", "verdict", "p-value")
    for e in estimates:
        theory, bound, verdict, p_value = e["theory"], e["bound"], e["verdict"], e["p_value"]
        _row(
            table,
            e["name"],
            interval(e),
            f"{number(theory['value'])} ({theory['kind']})" if theory else "",
            number(bound["value"]) if bound else "",
            _text(verdict or "", _STYLES.get(verdict, "")),
            "" if p_value is None else p_words(p_value).removeprefix("= "),
        )
    yield table
    notes: dict[str, list[str]] = {}
    for e in estimates:
        notes.setdefault(confidence_words(e), []).append(e["name"])
    for words, names in notes.items():
        yield Padding(_text(f"{', '.join(names)}: {words}", "dim"), (0, 0, 0, 2))


def _usage(summary: dict[str, Any]) -> Table:
    usage, copies = summary["usage"], summary["copies"]
    columns = units(usage)
    whole = "used by one circuit" if copies == 1 else f"used by one circuit of {copies} copies"
    table = _table(whole, *(unit.replace("_", " ") for unit in columns))
    for resource, used in usage.items():
        _row(table, resource, *(_amount(used.get(unit, 0), copies) for unit in columns))
    return table


def _amount(total: float, copies: int) -> str:
    return f"{total:g}" if copies == 1 else f"{total:g} ({total / copies:g} a copy)"


def _questions(summary: dict[str, Any]) -> Table:
    rows, rounds = worst_questions(summary), count_rounds(summary)
    some = len(rows) < len(summary["questions"])
    first = f"question (worst {len(rows)} of {len(summary['questions'])})" if some else "question"
    table = _table(first, "wins", "shots", "best [low, high]")
    for row in rows:
        _row(table, question_words(row, rounds), row["wins"], row["shots"], interval(row))
    return table


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(Text("\n").join(map(_text, column.split("\n"))), overflow="fold")
    return table


def _row(table: Table, *cells: object) -> None:
    from rich.text import Text

    table.add_row(*(cell if isinstance(cell, Text) else _text(cell) for cell in cells))


def _text(value: object, style: str = "") -> Text:
    """Return text in which neither markup nor a control character has a meaning."""
    from rich.text import Text

    return Text(printable(value), style=style)

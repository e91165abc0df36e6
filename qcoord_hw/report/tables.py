"""Tables: a summary in plain text, or with rich in a terminal."""

from __future__ import annotations

import io
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.coordination.view import case_words, cell, rate_sections, several, worst_cases
from qcoord_hw.record.journal import LOST
from qcoord_hw.report.format import (
    COORDINATION,
    LINEAR,
    bound_words,
    check_words,
    confidence_words,
    count_rounds,
    found_words,
    headline,
    ideal_and_exact,
    input_words,
    interval,
    is_exact,
    is_suspicious,
    job_words,
    main_estimate,
    number,
    number_exactly,
    p_words,
    question_words,
    rate_rows,
    short_words,
    symbols,
    target_words,
    unfinished_words,
    units,
    worst_outputs,
    worst_questions,
)
from qcoord_hw.text import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

WIDTH = 100
VERDICTS = {"above": "green", "below": "red", "inconclusive": "yellow"}
"""Verdict -> colour."""


def text_table(summary: dict[str, Any]) -> str:
    """Return a summary as plain text, at most 100 columns wide."""
    return printed_text(lambda console: print_summary(summary, console))


def printed_text(prints: Callable[[Console], None]) -> str:
    """Return what is printed on a terminal, as plain text at most 100 columns wide."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, width=WIDTH, color_system=None, force_terminal=False, force_jupyter=False)
    prints(console)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Print the summary of a run: where it ran, estimates, usage, checks and questions."""
    for part in _parts(summary, console):
        console.print(part)


def print_overview(summaries: Sequence[dict[str, Any]], console: Console) -> None:
    """Print one line a run: its main figure beside theory and, of games and computations, the verdict."""
    begun = [summary for summary in summaries if summary["state"] == "unfinished"]
    ended = [summary for summary in summaries if summary["state"] != "unfinished"]
    judged = [summary for summary in ended if summary["play"] != COORDINATION]
    made = [summary for summary in ended if summary["play"] == COORDINATION]
    for rows, table in ((judged, _judged_runs), (made, _made_runs), (begun, _begun_runs)):
        if rows:
            console.print(table(rows))
            console.print()
    console.print(as_text("qcoord report RUN shows a run in full and writes its HTML page:", "dim"))
    for summary in summaries:
        layout = f", layout {' '.join(map(str, summary['layout']))}" if summary["layout"] else ""
        console.print(as_text(f"{summary['run']} (seed {summary['seed']}{layout})", "dim"))


def _judged_runs(summaries: Sequence[dict[str, Any]]) -> Table:
    kinds = {summary["play"] == LINEAR for summary in summaries}
    shown = [name for kind, name in ((False, "win probability"), (True, "surviving rate")) if kind in kinds]
    main = " or\n".join(shown)
    table = new_table("experiment", "target", main, "theory", "classical", "verdict", "p-value")
    for summary in summaries:
        e = summary["estimates"][1 if summary["play"] == LINEAR else 0]
        theory = number(e["theory"]["value"]) if e["theory"] else ""
        add_row(table, summary["experiment"], summary["target"], interval(e), theory, *_judged(e))
    return table


def _begun_runs(summaries: Sequence[dict[str, Any]]) -> Table:
    table = new_table("unfinished", "target", "chunks", "jobs")
    for summary in summaries:
        states = Counter(job["state"] for job in summary.get("jobs", ()))
        jobs = ", ".join(f"{n} {state}" for state, n in states.items()) or "none"
        chunks = f"{summary['chunks']['done']} of {summary['chunks']['planned']}"
        add_row(table, summary["experiment"], summary["target"], chunks, jobs)
    return table


def _made_runs(summaries: Sequence[dict[str, Any]]) -> Table:
    """Return a line for each run of a coordination protocol: what was counted, and what was computed."""
    names = {e["name"] for summary in summaries if (e := main_estimate(summary))}
    one = next(iter(names)) if len(names) == 1 else None
    columns = ["experiment", "target", short_words(one) if one else "estimate", "exact", "ideal", "verdict"]
    rows: list[list[object]] = []
    for summary in summaries:
        e = main_estimate(summary)
        ideal, exact = ideal_and_exact(summary, e["name"] if e else "")
        found = found_words(e) if e else "none"
        computed = ["" if value is None else number_exactly(value) for value in (exact, ideal)]
        rows.append(
            [
                summary["experiment"],
                summary["target"],
                found if one or not e else f"{short_words(e['name'])}\n{found}",
                *computed,
                _judged(e)[1] if e else "",
            ]
        )
    columns, rows = _without_empty(columns, rows)
    table = new_table(*columns)
    for row in rows:
        add_row(table, *row)
    return table


def _parts(summary: dict[str, Any], console: Console) -> Iterator[RenderableType]:
    """Yield what is printed of a summary, with an empty line between its sections."""
    yield as_text(summary["title"], "bold")
    yield _heading(summary)
    if summary["state"] == "unfinished":
        yield as_text(unfinished_words(summary), "bold yellow")
    if summary.get("stopped") and summary["state"] == "unfinished":
        yield as_text(f"the last submission stopped: {summary['stopped']}", "yellow")
    for job in summary.get("jobs", ()):
        yield as_text(job_words(job), "bold red" if job["state"] in LOST else "")
    for caution in summary["cautions"]:
        yield as_text(f"CAUTION: {caution}", "bold red")
    if summary["estimates"]:
        yield ""
        if summary["play"] == LINEAR:
            yield as_text(headline(summary), "bold")
            yield ""
        yield from _estimates(summary["estimates"], console)
    if "rates" in summary:
        yield ""
        yield _sections(summary) if summary["play"] == COORDINATION else _rates(summary)
    if summary["usage"]:
        yield ""
        yield _usage(summary)
    if summary["checks"]:
        yield ""
    for name, check in summary["checks"].items():
        yield as_text(check_words(name, check), "bold red" if is_suspicious(check) else "")
    if "methods" in summary:
        yield as_text(summary["methods"]["words"])
    if "inputs" in summary:
        yield as_text(input_words(summary), "" if summary["inputs"]["all_right"] else "yellow")
    if "outputs" in summary:
        yield ""
        yield _outputs(summary)
    if "tiles" in summary:
        yield ""
        yield _tiles(summary)
    if summary["questions"]:
        yield ""
        yield _questions(summary)
    if several(summary.get("cases", ())):
        yield ""
        yield _cases(summary)
    if summary.get("holders"):
        yield ""
        yield from (as_text(f"{system}: {words}") for system, words in summary["holders"].items())
    if summary.get("notes"):
        yield ""
        yield from (as_text(f"note: {note}") for note in summary["notes"])
    yield ""
    yield as_text(summary["note"], "dim")


def _tiles(summary: dict[str, Any]) -> Table:
    table = new_table("tile", "layout", "estimate", "best [low, high]", "verdict")
    for place, tile in enumerate(summary["tiles"], start=1):
        first = tile["estimates"][0] if tile["estimates"] else None
        found = [first["name"], found_words(first), _judged(first)[1]] if first else ["", "", ""]
        add_row(table, place, " ".join(map(str, tile["layout"])), *found)
    return table


def _heading(summary: dict[str, Any]) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    facts = {
        "experiment": summary["experiment"],
        "network": summary.get("network"),
        "target": target_words(summary),
        "layout": " ".join(map(str, summary["layout"])),
        "calibrated": summary["calibrated"],
        "seed": summary["seed"],
        "shots": summary["shots"],
        "run": summary["run"],
    }
    for name, value in facts.items():
        if value not in (None, ""):
            grid.add_row(as_text(name, "dim"), as_text(value))
    return grid


def _estimates(estimates: Sequence[dict[str, Any]], console: Console) -> Iterator[RenderableType]:
    from rich.padding import Padding

    kind = folded("theory (kind)", 9, console)
    bounds: dict[str, list[str]] = {}
    for e in (e for e in estimates if e["bound"]):
        bounds.setdefault(bound_words(e), []).append(e["name"])
    bound = next(iter(bounds)).replace(" ", "\n") if len(bounds) == 1 else "bound"
    columns = ["estimate", "best [low, high]", kind, bound, "verdict", "p-value"]
    rows: list[list[object]] = []
    for e in estimates:
        theory = f"{number(e['theory']['value'])} ({e['theory']['kind']})" if e["theory"] else ""
        name = folded(e["name"], 18, console)
        rows.append([name, found_words(e), folded(theory, 9, console), *_judged(e)])
    if any(map(is_exact, estimates)):  # few of these are judged by a bound, none by a test
        columns, rows = _without_empty(columns, rows)
    table = new_table(*columns)
    for row in rows:
        add_row(table, *row)
    yield table
    if len(bounds) > 1:
        words = "; ".join(f"{words} of {', '.join(names)}" for words, names in bounds.items())
        yield Padding(as_text(f"bound: {words}", "dim"), (0, 0, 0, 2))
    notes: dict[str, list[str]] = {}
    for e in estimates:
        notes.setdefault(confidence_words(e), []).append(e["name"])
    for words, names in notes.items():
        yield Padding(as_text(f"{', '.join(names)}: {words}", "dim"), (0, 0, 0, 2))


def _judged(estimate: dict[str, Any]) -> tuple[object, ...]:
    """Return the cells of an estimate's bound, verdict and p-value."""
    bound, verdict, p_value = estimate["bound"], estimate["verdict"], estimate["p_value"]
    return (
        number(bound["value"]) if bound else "",
        as_text(verdict or "", VERDICTS.get(verdict, "")),
        "" if p_value is None else p_words(p_value).removeprefix("= "),
    )


def _rates(summary: dict[str, Any]) -> Table:
    table = new_table("rate", "dits a qudit", "source")
    for row in rate_rows(summary):
        add_row(table, *row)
    return table


def _sections(summary: dict[str, Any]) -> Table:
    table = new_table("rate or figure", "value", "source")
    for heading, rows in rate_sections(summary):
        add_row(table, as_text(heading, "bold"), "", "")
        for row in rows:
            add_row(table, f"  {row['name']}", cell(row), row["source"])
    return table


def _outputs(summary: dict[str, Any]) -> Table:
    rows, every = worst_outputs(summary), len(summary["outputs"])
    vectors = [key for key in rows[0] if key != "success"]
    names = [key.replace("_", " ") for key in vectors]
    if len(rows) < every:
        names[0] += f" (worst {len(rows)} of {every})"
    table = new_table(*names, "success")
    for row in rows:
        add_row(table, *(symbols(row[key]) for key in vectors), number(row["success"]))
    return table


def _usage(summary: dict[str, Any]) -> Table:
    usage, copies = summary["usage"], summary["copies"]
    columns = units(usage)
    whole = "used by one circuit" if copies == 1 else f"used by one circuit of {copies} copies"
    table = new_table(whole, *(unit.replace("_", " ") for unit in columns))
    for resource, used in usage.items():
        add_row(table, resource, *(_amount(used.get(unit, 0), copies) for unit in columns))
    return table


def _amount(total: float, copies: int) -> str:
    return f"{total:g}" if copies == 1 else f"{total:g} ({total / copies:g} a copy)"


def _questions(summary: dict[str, Any]) -> Table:
    rows, rounds = worst_questions(summary), count_rounds(summary)
    some = len(rows) < len(summary["questions"])
    first = f"question (worst {len(rows)} of {len(summary['questions'])})" if some else "question"
    table = new_table(first, "wins", "shots", "best [low, high]")
    for row in rows:
        add_row(table, question_words(row, rounds), row["wins"], row["shots"], interval(row))
    return table


def _cases(summary: dict[str, Any]) -> Table:
    rows, every = worst_cases(summary), summary["cases"]
    first = f"case (worst {len(rows)} of {len(every)})" if len(rows) < len(every) else "case"
    table = new_table(first, "shots", "best [low, high]", "ideal")
    for row in rows:
        add_row(table, case_words(row, every), row["shots"], interval(row), number_exactly(row["theory"]))
    return table


def new_table(*columns: str) -> Table:
    """Return an empty table of the look that all have."""
    from rich import box

    from qcoord_hw.report.terminal import WholeWords

    table = WholeWords(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(as_text(column), overflow="fold")
    return table


def _without_empty(columns: list[str], rows: list[list[object]]) -> tuple[list[str], list[list[object]]]:
    """Return a table without the columns in which nothing stands."""
    kept = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    return [columns[i] for i in kept], [[row[i] for i in kept] for row in rows]


def add_row(table: Table, *cells: object) -> None:
    """Add a row of texts and values to a table."""
    table.add_row(*map(as_text, cells))


def as_text(value: object, style: str = "") -> Text:
    """Return text in which neither markup nor a control character, save a line break, has a meaning."""
    from rich.text import Text

    if isinstance(value, Text):
        return value
    return Text("\n".join(map(printable, str(value).split("\n"))), style=style)


def folded(words: str, width: int, console: Console) -> str:
    """Return words broken at spaces and underscores if the terminal is narrow."""
    if console.width >= WIDTH:
        return words
    return "\n".join(line.replace("_ ", "_") for line in textwrap.wrap(words.replace("_", "_ "), width))

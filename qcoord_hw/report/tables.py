"""Tables: a summary in plain text, or with rich in a terminal."""

from __future__ import annotations

import io
import os
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from qcoord_hw.families.view import Listing, Section, View
from qcoord_hw.record.journal import LOST
from qcoord_hw.report.edges import edges_section, first_pair_words
from qcoord_hw.report.format import (
    check_words,
    is_suspicious,
    job_words,
    source_words,
    target_words,
    unfinished_words,
)
from qcoord_hw.report.links import links_section
from qcoord_hw.report.shapes import EstimateJson, RunSummary
from qcoord_hw.report.summary import view_of
from qcoord_hw.statistics.words import (
    confidence_words,
    found_words,
    is_exact,
    main_estimate,
    number,
    p_words,
    units,
)
from qcoord_hw.text import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

WIDTH = 100

VERDICTS = {"above": "green", "below": "red", "inconclusive": "yellow"}
"""Verdict -> colour."""


def text_table(summary: RunSummary) -> str:
    """Return a summary as plain text, at most 100 columns wide."""
    return printed_text(lambda console: print_summary(summary, console))


def printed_text(prints: Callable[[Console], None]) -> str:
    """Return what is printed on a terminal, as plain text at most 100 columns wide."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, width=WIDTH, color_system=None, force_terminal=False, force_jupyter=False)
    prints(console)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def print_summary(summary: RunSummary, console: Console) -> None:
    """Print the summary of a run: where it ran, estimates, usage, checks and questions."""
    for part in _parts(summary, console):
        console.print(part)


def print_overview(summaries: Sequence[RunSummary], console: Console) -> None:
    """Print one line per run: its main figure beside theory and bound, or what else its family puts there."""
    tables: dict[tuple[str, ...], list[tuple[RunSummary, View]]] = {}
    for summary in summaries:
        if summary["state"] != "unfinished":
            view = view_of(summary)
            tables.setdefault(tuple(name for name, _ in view.beside), []).append((summary, view))
    for runs in tables.values():
        console.print(_ended_runs(runs))
        console.print()
    if begun := [summary for summary in summaries if summary["state"] == "unfinished"]:
        console.print(_begun_runs(begun))
        console.print()
    console.print(as_text("qcoord report RUN shows a run in full and writes its HTML page:", "dim"))
    for summary in summaries:
        layout = f", layout {' '.join(map(str, summary['layout']))}" if summary["layout"] else ""
        how = "imported" if "source" in summary else f"seed {summary['seed']}{layout}"
        console.print(as_text(f"{summary['run']} ({how})", "dim"))


def _ended_runs(runs: Sequence[tuple[RunSummary, View]]) -> Table:
    """Return a table of runs; where one family has several figures they are named in each cell."""
    mains = [main_estimate(summary["estimates"]) for summary, _ in runs]
    figures = {e["short"]: summary["family"] for e, (summary, _) in zip(mains, runs, strict=True) if e}
    named = len(set(figures.values())) < len(figures) or not figures
    title = "estimate" if named else " or\n".join(figures)
    label = _shared_words([e["bound_label"] for e in mains if e and e["bound"]])
    beside = [name for name, _ in runs[0][1].beside]
    columns = [
        "experiment",
        "target",
        title,
        *(beside or ["theory", label]),
        "verdict",
        "p-value",
    ]
    rows: list[list[object]] = []
    for (summary, view), e in zip(runs, mains, strict=True):
        found = "none" if e is None else f"{e['short']}\n{found_words(e)}" if named else found_words(e)
        theory = number(e["theory"]["value"]) if e and e["theory"] else ""
        bound, verdict, p_value = _judged(e) if e else ("", "", "")
        middle: list[object] = [words for _, words in view.beside] or [theory, bound]
        rows.append([summary["experiment"], summary["target"], found, *middle, verdict, p_value])
    columns, rows = _without_empty(columns, rows)
    table = new_table(*columns)
    for row in rows:
        add_row(table, *row)
    return table


def _shared_words(labels: Sequence[str]) -> str:
    """Return the words with which all of some labels begin.

    >>> _shared_words(["classical bound", "classical rate"]), _shared_words(["guessing", "classical rate"])
    ('classical', 'bound')
    """
    words = os.path.commonprefix([label.split() for label in labels])
    return " ".join(words) or "bound"


def _begun_runs(summaries: Sequence[RunSummary]) -> Table:
    table = new_table("unfinished", "target", "chunks", "jobs")
    for summary in summaries:
        states = Counter(job["state"] for job in summary.get("jobs", ()))
        jobs = ", ".join(f"{n} {state}" for state, n in states.items()) or "none"
        chunks = f"{summary['chunks']['done']} of {summary['chunks']['planned']}"
        add_row(table, summary["experiment"], summary["target"], chunks, jobs)
    return table


def _parts(summary: RunSummary, console: Console) -> Iterator[RenderableType]:
    """Yield what is printed of a summary, with an empty line between its sections."""
    view = view_of(summary)
    yield as_text(summary["title"], "bold")
    yield _heading(summary, view)
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
        if view.leads:
            yield as_text(view.headline, "bold")
            yield ""
        yield from _estimates(summary["estimates"], console)
    if view.rates:
        yield from _section(view.rates)
    if summary["usage"]:
        yield ""
        yield _usage(summary)
    if "links" in summary:
        yield from _section(links_section(summary["links"]))
    if summary["checks"]:
        yield ""
    for name, check in summary["checks"].items():
        words = check_words(view.checks.get(name, name), check)
        yield as_text(words, "bold red" if is_suspicious(check) else "")
    if "tiles" in summary:
        yield ""
        yield _tiles(summary)
    if "edges" in summary:
        yield ""
        yield as_text(first_pair_words(summary), "dim")
        yield from _section(edges_section(summary["edges"]))
    for section in view.details:
        yield from _section(section)
    if view.facts:
        yield ""
        yield from map(as_text, view.facts)
    if view.notes:
        yield ""
        yield from (as_text(f"note: {note}") for note in view.notes)
    yield ""
    yield as_text(summary["note"], "dim")


def _section(section: Section) -> Iterator[RenderableType]:
    """Yield sentences and rows of a section; the first column says what they are, as its title would."""
    if section.lines:
        yield ""
        yield from map(as_text, section.lines)
    if section.listing:
        yield ""
        yield _listing(section.listing)


def _listing(listing: Listing) -> Table:
    shown, every = listing.shown, len(listing.rows)
    first, *others = listing.columns
    table = new_table(f"{first} (worst {len(shown)} of {every})" if len(shown) < every else first, *others)
    under = any(row.heading for row in shown)
    for row in shown:
        first, *cells = row.cells
        if row.heading:
            add_row(table, as_text(first, "bold"), *cells)
        else:
            add_row(table, f"  {first}" if under else first, *cells)
    return table


def _tiles(summary: RunSummary) -> Table:
    table = new_table("tile", "layout", "estimate", "best [low, high]", "verdict")
    for place, tile in enumerate(summary["tiles"], start=1):
        main = main_estimate(tile["estimates"])
        found = [main["name"], found_words(main), _judged(main)[1]] if main else ["", "", ""]
        add_row(table, place, " ".join(map(str, tile["layout"] or ())), *found)
    return table


def _heading(summary: RunSummary, view: View) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")  # a path is longer than a narrow terminal, and never cut
    facts = {
        "experiment": summary["experiment"],
        "network": view.network,
        "target": target_words(summary),
        "source": source_words(summary),
        "unknown": ", ".join(summary.get("unknown", ())),
        "layout": " ".join(map(str, summary["layout"] or ())),
        "calibrated": summary["calibrated"],
        "seed": summary["seed"],
        "shots": summary["shots"],
        "run": summary["run"],
    }
    for name, value in facts.items():
        if value not in (None, ""):
            grid.add_row(as_text(name, "dim"), as_text(value))
    return grid


def _estimates(estimates: Sequence[EstimateJson], console: Console) -> Iterator[RenderableType]:
    from rich.padding import Padding

    kind = folded("theory (kind)", 9, console)
    bounds: dict[str, list[str]] = {}
    for e in (e for e in estimates if e["bound"]):
        bounds.setdefault(e["bound_label"], []).append(e["name"])
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


def _judged(estimate: EstimateJson) -> tuple[object, ...]:
    """Return the cells of an estimate's bound, verdict and p-value."""
    bound, verdict, p_value = estimate["bound"], estimate["verdict"], estimate["p_value"]
    return (
        number(bound["value"]) if bound else "",
        as_text(verdict or "", VERDICTS.get(verdict or "", "")),
        "" if p_value is None else p_words(p_value).removeprefix("= "),
    )


def _usage(summary: RunSummary) -> Table:
    usage, copies = summary["usage"] or {}, summary["copies"]
    columns = units(usage)
    whole = "used by one circuit" if copies == 1 else f"used by one circuit of {copies} copies"
    table = new_table(whole, *(unit.replace("_", " ") for unit in columns))
    for resource, used in usage.items():
        add_row(table, resource, *(_amount(used.get(unit, 0), copies) for unit in columns))
    return table


def _amount(total: float, copies: int) -> str:
    return f"{total:g}" if copies == 1 else f"{total:g} ({total / copies:g} per copy)"


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

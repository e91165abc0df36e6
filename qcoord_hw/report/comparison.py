"""Several runs of one experiment beside each other: how they differ from the first, and the table of it.

A long module: one answer, each of its views, and the one rule of which estimates may be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.errors import InputError
from qcoord_hw.report.edge_comparison import edge_differences, edge_lines, edge_table
from qcoord_hw.report.format import target_words
from qcoord_hw.report.shapes import EdgesComparedJson, EstimateJson, RunSummary
from qcoord_hw.report.summary import family_of
from qcoord_hw.report.tables import VERDICTS, add_row, as_text, folded, new_table, printed_text
from qcoord_hw.statistics.estimate import Limits, Origin, difference_limits
from qcoord_hw.statistics.words import cell, found_words, interval, is_exact, number, number_exactly

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

HERE = "this target"
"""Heading of what the estimates say: of rows beside them those have no need to be said again."""

ROUNDING = 1e-9
"""Figures that were computed do not differ by less."""

PAIRED = "Student's t over the inputs, which are the same"
"""The method of a difference that is made input by input."""

NAME_WIDTH = 20
"""Names of estimates and targets are broken at this width, so that two intervals stand beside them."""

Summary = RunSummary

Paired = Callable[[int, float], Mapping[str, Limits]]
"""(run, confidence) -> name -> limits of the difference from the first run, where inputs were the same."""


@dataclass(frozen=True)
class Simultaneous:
    """The interval of a difference at the level at which all differences are tested together."""

    low: float
    high: float
    confidence: float
    differ: bool


@dataclass(frozen=True)
class Difference:
    """How an estimate of a run differs from that of the first run.

    Attributes:
        name: of the estimate.
        run: the folder.
        against: that of the first run.
        low: lower end of the interval.
        best: the difference.
        high: upper end.
        method: how the interval was made; `exact` without one.
        confidence: its two-sided level.
        differ: whether the interval leaves out 0.
        origin: of both figures: counted, mitigated or computed.
        independent: whether the two runs are draws of their own.
        simultaneous: the interval where all differences are tested together; None where there is none.
    """

    name: str
    run: str
    against: str
    low: float
    best: float
    high: float
    method: str
    confidence: float
    differ: bool
    origin: Origin
    independent: bool
    simultaneous: Simultaneous | None = None

    @property
    def is_exact(self) -> bool:
        """Whether both figures were computed."""
        return self.origin == "computed"

    def words(self) -> str:
        """Return the difference with its interval, or what was computed."""
        if self.is_exact:
            return f"{number_exactly(self.best)} exact"
        return interval({"low": self.low, "best": self.best, "high": self.high})


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Answer):
    """Several runs of one experiment, and how their estimates differ from those of the first.

    Attributes:
        experiment: its name.
        runs: the summary of each.
        differences: of each estimate of each run but the first.
        comparisons: how many of them have an interval.
        side_by_side: every rate and figure of each run; where the family has any.
        edges: how each coupling differs from that of the first run; where all are runs on every edge.
    """

    experiment: str
    runs: Sequence[Summary]
    differences: Sequence[Difference]
    comparisons: int
    side_by_side: Sequence[Mapping[str, Any]] | None = optional()
    edges: EdgesComparedJson | None = optional()

    def rows(self) -> Sequence[Row]:
        """Return a row for each estimate of each run, with its difference from the first run."""
        found = {(row.run, row.name): row for row in self.differences}
        rows = []
        for place, run in enumerate(self.runs):
            for estimate in run["estimates"]:
                row = found.get((run["run"], estimate["name"])) if place else None
                facts = {
                    key: value for key, value in run.items() if key in ("run", "target", "seed", "shots")
                }
                kept = ("name", "low", "best", "high", "verdict")
                ends = {key: value for key, value in estimate.items() if key in kept}
                less = {f"difference_{key}": row and getattr(row, key) for key in ("low", "best", "high")}
                rows.append({**facts, **ends, **less, "differ": row and row.differ})
        return rows

    def plot(self) -> Figure:
        """Return a figure of at most six estimates, the runs side by side."""
        from qcoord_hw.report.comparison_figure import comparison_figure

        return comparison_figure(self)

    def html(self) -> str:
        """Return the comparison as one self-contained HTML page."""
        from qcoord_hw.report.html import document_page
        from qcoord_hw.report.pages import comparison_document

        return document_page(comparison_document(self))

    def _text(self) -> str:
        return printed_text(lambda console: print_differences(self, console))


def differences(
    summaries: Sequence[Summary],
    again: Callable[[float], Sequence[Summary]] | None = None,
    paired: Paired | None = None,
) -> Comparison:
    """Return how each run's estimates differ from those of the first run.

    The interval of a difference is made from both intervals by square-and-add [Newcombe1998]; it holds
    zero when the two runs agree at their confidence level. It takes the runs as independent, which a run and
    its replay on a simulator are not (`independent` is then false). The difference of two figures that were
    computed has no interval. Runs that drew different inputs differ by the choice of both, which is in their
    intervals; those that drew the same ones are compared input by input.

    Each of these intervals is right for one difference. Of `comparisons` of them some miss by chance, so
    every difference that has an interval also has a `simultaneous` one, made in the same way at level
    1 - (1 - confidence) / comparisons: by Bonferroni's inequality all of these hold together at the
    confidence level, however the estimates depend on each other.

    Where a family has more to compare than estimates, `side_by_side` has it: rates and figures of each run.
    Of runs on every edge the estimates are those of one pair; `edges` compares them coupling by coupling.

    Args:
        summaries: of finished runs, all of one confidence level.
        again: gives the summaries at another confidence level; without it, `simultaneous` is None where
            there are several differences.
        paired: gives the limits of differences of runs of the same inputs.

    Raises:
        InputError: when fewer than two runs are given, one is unfinished, or their experiments differ, or
            what their figures are the mean over.
    """
    _check(summaries)
    rows = _rows(summaries, paired)
    counted = [i for i, row in enumerate(rows) if row.independent and row.low < row.high]
    wider = rows
    if len(counted) > 1:
        confidence = min(rows[i].confidence for i in counted)
        wider = _rows(again(1 - (1 - confidence) / len(counted)), paired) if again else []
    for i in counted if wider else ():
        wide = wider[i]
        together = Simultaneous(wide.low, wide.high, wide.confidence, wide.differ)
        rows[i] = replace(rows[i], simultaneous=together)
    beside = family_of(summaries[0]).side_by_side(summaries)
    draws = [_draw(summaries[0]) != _draw(one) for one in summaries[1:]]
    edges = edge_differences(summaries, again, draws) if again else None
    return Comparison(summaries[0]["experiment"], list(summaries), rows, len(counted), beside, edges)


def estimate_names(summaries: Sequence[Summary]) -> list[str]:
    """Return the names of all estimates that any of the runs has, in their order."""
    return list(dict.fromkeys(e["name"] for summary in summaries for e in summary["estimates"]))


def short_time(time: str | None) -> str:
    """Return a time of a record as people read it, in UTC unless it says otherwise; nothing if unknown.

    >>> short_time("2026-11-22T14:12:18+00:00"), short_time(None)
    ('2026-11-22 14:12:18', '')
    """
    return str(time or "").removesuffix("+00:00").replace("T", " ", 1)


def difference_words(row: Difference | None) -> str:
    """Return what was found of a difference: `differ`, or `(differ)` where that may be chance among many."""
    if row is None or row.is_exact:
        return "differ" if row and row.differ else ""
    if not row.independent:
        return "same draws"
    alone = row.simultaneous is not None and not row.simultaneous.differ
    return "" if not row.differ else "(differ)" if alone else "differ"


def print_differences(comparison: Comparison, console: Console) -> None:
    """Print which runs are compared, every estimate of each, and how it differs from that of the first."""
    console.print(as_text(f"{comparison.experiment}: differences from run 1", "bold"))
    console.print(_runs(comparison.runs, console))
    for i, run in enumerate(comparison.runs, start=1):
        layout = f", layout {' '.join(map(str, run['layout']))}" if run["layout"] else ""
        console.print(as_text(f"{i}  {Path(run['run']).resolve().name}{layout}", "dim"))
    console.print()
    if shared := [row for row in comparison.side_by_side or () if row["section"] != HERE]:
        console.print(_shared(shared))
        console.print()
    console.print(_estimates(comparison, console))
    for line in notes_of(comparison):
        console.print(as_text(line, "dim"))
    if comparison.edges is not None:
        console.print(as_text("\nEvery coupling", "bold"))
        console.print(edge_table(comparison.edges, comparison.runs))
        for line in edge_lines(comparison.edges):
            console.print(as_text(line, "dim"))


def _check(summaries: Sequence[Summary]) -> None:
    if len(summaries) < 2:
        raise InputError("run: one run; allowed are two or more to compare")
    names = list(dict.fromkeys(s["experiment"] for s in summaries))
    if len(names) > 1:
        raise InputError(f"run: experiments {', '.join(names)}; allowed are runs of one experiment")
    imported = any("source" in s for s in summaries)
    asked = [(s["family"], _asked(s, imported)) for s in summaries]
    if any(one != asked[0] for one in asked):
        raise InputError(f"run: {names[0]} with other parameters; allowed are runs of one experiment")
    for summary in summaries:
        if summary["state"] != "sealed":
            raise InputError(f"run: {summary['run']} is unfinished; allowed are finished runs")
    if len(means := list(dict.fromkeys(map(_estimand, summaries)))) > 1:
        raise InputError(f"run: {', '.join(means)}; allowed are runs whose figures are of the same inputs")
    if len({str(_given(s)) for s in summaries}) > 1:
        raise InputError(f"run: {names[0]} on other inputs; allowed are the same ones, or random ones")


def _estimand(summary: Summary) -> str:
    """Return what the figures of a run are means over; empty where it is plain."""
    return next((e["estimand"] for e in summary["estimates"] if e.get("estimand")), "")


def _given(summary: Summary) -> Any:
    """Return the inputs that somebody chose; None if nobody did."""
    stated = (summary["parameters"].get(name) for name in family_of(summary).samples)
    return next((value for value in stated if isinstance(value, list)), None)


def _rows(summaries: Sequence[Summary], paired: Paired | None) -> list[Difference]:
    """Return the difference of each estimate that a run shares with the first run."""
    first, *others = summaries
    return [
        _difference(first, other, by_name[a["name"]], a, together.get(a["name"]))
        for i, other in enumerate(others, start=1)
        for by_name in [{e["name"]: e for e in other["estimates"]}]
        for together in [paired(i, first["estimates"][0]["confidence"]) if paired else {}]
        for a in first["estimates"]
        if a["name"] in by_name
    ]


def _asked(summary: Summary, imported: bool) -> dict[str, Any]:
    """Return what was asked for, but for which inputs happened to be run, and how if some were imported."""
    samples = family_of(summary).samples + (family_of(summary).played if imported else ())
    return {k: v for k, v in summary["parameters"].items() if k not in samples}


def _draw(summary: Summary) -> tuple[Any, ...]:
    """Return what fixes a run's random draws: runs that agree in it are copies of each other.

    A seed fixes nothing that a device does, so there each run is a draw of its own.
    """
    if "options" in summary:
        return summary["run"], summary["created"]
    if "source" in summary:
        return summary["spec_id"], summary["source"]["sha256"]
    return summary["spec_id"], summary["target"], summary["seed"]


def _difference(
    first: Summary, other: Summary, b: EstimateJson, a: EstimateJson, paired: Limits | None
) -> Difference:
    exact, sides = is_exact(a), [(e["low"], e["best"], e["high"]) for e in (a, b)]
    low, best, high = paired or difference_limits(sides[0], sides[1])
    return Difference(
        name=a["name"],
        run=other["run"],
        against=first["run"],
        low=low,
        best=best,
        high=high,
        method="exact" if exact else PAIRED if paired else "square-and-add",
        confidence=min(a["confidence"], b["confidence"]),
        differ=abs(best) > ROUNDING if exact else not low <= 0 <= high,
        origin=a["origin"],
        independent=_draw(first) != _draw(other),
    )


def _runs(runs: Sequence[Summary], console: Console) -> Table:
    """Return where and when each run was made: of one target, the dates tell them apart."""
    columns: dict[str, Callable[[Summary], object]] = {
        "target": lambda run: folded(target_words(run), NAME_WIDTH, console),
        "created": lambda run: short_time(run.get("created")),
        "calibrated": lambda run: short_time(run.get("calibrated")),
        "shots": lambda run: run["shots"],
        "seed": lambda run: "" if run["seed"] is None else run["seed"],
    }
    table = new_table("#", *columns)
    for i, run in enumerate(runs, start=1):
        add_row(table, i, *(value(run) for value in columns.values()))
    return table


def _shared(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return rates and figures that mostly are the same for all runs: once, or that of each run."""
    table = new_table("rate or figure", "of every run")
    section = ""
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            add_row(table, as_text(section, "bold"), "")
        cells = list(map(cell, row["runs"]))
        each = "\n".join(f"{words or 'none'} (run {i})" for i, words in enumerate(cells, start=1))
        add_row(table, f"  {row['name']}", cells[0] if len(set(cells)) == 1 else each)
    return table


def _estimates(comparison: Comparison, console: Console) -> Table:
    runs = comparison.runs
    found = {(row.run, row.name): row for row in comparison.differences}
    table = new_table(f"on {HERE}", "best [low, high]", "verdict", "less that of run 1", "found")
    for name in estimate_names(runs):
        of_run = [next((e for e in run["estimates"] if e["name"] == name), None) for run in runs]
        theory, bound = (shared_mark(of_run, key) for key in ("theory", "bound"))
        title = as_text(folded(name, NAME_WIDTH, console), "bold")
        add_row(table, title, as_text(theory, "dim"), "", as_text(bound, "dim"), "")
        for i, (run, estimate) in enumerate(zip(runs, of_run, strict=True), start=1):
            who = folded(f"{i} {run['target']}", NAME_WIDTH, console)
            if estimate is None:
                add_row(table, who, "none", "", "", "")
                continue
            row = found.get((run["run"], name)) if i > 1 else None
            less, words = "" if row is None else row.words(), difference_words(row)
            add_row(table, who, found_words(estimate), _verdict(estimate), less, as_text(words, "yellow"))
    return table


def shared_mark(estimates: Sequence[Mapping[str, Any] | None], key: str) -> str:
    """Return the theory or the bound of an estimate, if it is the same for all runs that have it."""
    known = [e for e in estimates if e is not None]
    values = {e[key]["value"] if e.get(key) else None for e in known}
    if len(values) > 1 or not known[0].get(key):
        return ""
    mark = known[0][key]
    if key == "theory":
        return f"theory {number(mark['value'])} ({mark['kind']})"
    return f"{known[0]['bound_label']} {number(mark['value'])}"


def _verdict(estimate: Mapping[str, Any]) -> Text:
    verdict = estimate.get("verdict") or ""
    return as_text(verdict, VERDICTS.get(verdict, ""))


def notes_of(comparison: Comparison) -> list[str]:
    """Return what the intervals are, and what the words of the last column mean."""
    rows = [row for row in comparison.differences if not row.is_exact]
    many = comparison.comparisons
    notes = [
        f"differ: the interval of the difference ({words}) does not hold 0"
        for words in dict.fromkeys(f"{100 * r.confidence:g}% {r.method}" for r in rows)
    ]
    if many > 1:
        misses = many * (1 - min(row.confidence for row in rows))
        notes.append(
            f"every interval is right by itself: of {many} differences, {misses:.2g} would miss by chance"
        )
    together = [row.simultaneous for row in rows if row.simultaneous]
    if many > 1 and together:
        level = 100 * together[0].confidence
        notes[-1] += (
            f";\n(differ): by itself only, not at {level:.6g}%, where all {many} intervals hold together "
            "(Bonferroni)"
        )
    if any(not row.independent for row in rows):
        notes.append("same draws: target, experiment and seed are the same, so this run is no new evidence")
    return notes

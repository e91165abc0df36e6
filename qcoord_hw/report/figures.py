"""A matplotlib figure of a run: intervals beside theory and bound. Loads matplotlib, never pyplot."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from matplotlib.axes import Axes

from qcoord_hw.charts import BOUND, DATA, THEORY, NotebookFigure, in_style
from qcoord_hw.families.view import Limits, Panel
from qcoord_hw.report.format import target_words, unfinished_words
from qcoord_hw.report.shapes import EstimateJson, RunSummary
from qcoord_hw.report.summary import view_of
from qcoord_hw.statistics.words import found_words, interval, main_estimate, number
from qcoord_hw.text import printable

TITLE = 110
"""Characters of a panel's title on one line."""

MAX_LABELS = 40
"""With more questions than this their names are left out."""


@in_style
def plot_estimates(summary: RunSummary) -> NotebookFigure:
    """Return a figure of the main estimate and all that share its axis, with the rows of the family's panel.

    Estimates of other axes stand above, on axes of their own. Computed figures are points without an
    interval.
    """
    main = main_estimate(summary["estimates"])
    if main is None or not main["axis"]:
        figure = NotebookFigure(figsize=(7.5, 1.5), layout="constrained")
        words = "no estimate to draw"
        words = unfinished_words(summary) if summary["state"] == "unfinished" else words
        figure.text(0.5, 0.5, _plain(words), ha="center", va="center", wrap=True)
        figure.words = printable(words)
        return figure
    groups: dict[str, list[EstimateJson]] = {}
    for estimate in summary["estimates"]:
        if estimate["axis"]:
            groups.setdefault(estimate["axis"], []).append(estimate)
    shared = groups.pop(main["axis"])
    view = view_of(summary)
    panels = [panel for panel in (view.scale, view.panel) if panel is not None]
    heights = [1.1 + 0.4 * len(own) for own in (*groups.values(), shared)]
    heights += [
        0.55 + 0.24 * min(len(panel.rows), MAX_LABELS) + 0.15 * len(wrap(panel.title, TITLE))
        for panel in panels
    ]
    figure = _figure(summary, sum(heights) + 0.4)
    axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for own, (name, estimates) in zip(axes, groups.items(), strict=False):
        _draw_estimates(own, estimates)
        own.set_xlabel(_plain(name), fontsize=8)
    _draw_estimates(axes[len(groups)], shared)
    last = axes[len(groups)]
    for own, panel in zip(axes[len(groups) + 1 :], panels, strict=True):
        _draw_panel(own, panel)
        if panel.axis in ("", main["axis"]):
            own.sharex(last)
            last.tick_params(axis="x", labelbottom=False)
            last = own
        else:
            own.set_xlabel(_plain(panel.axis), fontsize=8)
    last.set_xlabel(f"{_plain(main['axis'])}, {100 * main['confidence']:g}% intervals")
    figure.words = _words(summary, panels)
    return figure


def _words(summary: RunSummary, panels: Sequence[Panel]) -> str:
    """Return what is drawn of a run, with its numbers."""
    parts = []
    for e in summary["estimates"]:
        marks = [("theory", e["theory"]), (e["bound_label"], e["bound"])]
        beside = "".join(f", {name} {number(mark['value'])}" for name, mark in marks if mark)
        parts.append(f"{e['title']}: {found_words(e)}{beside}")
    for panel in panels:
        rows = (
            f"{row.cells[0]} {interval(dict(zip(('low', 'best', 'high'), row.limits, strict=True)))}"
            for row in panel.rows
            if row.limits
        )
        parts.append(f"{panel.title}: {', '.join(rows)}")
    return printable(f"{summary['title']}, {target_words(summary)}. {'; '.join(parts)}.")


def _draw_panel(below: Axes, panel: Panel) -> None:
    """Draw the rows of a panel of the family's."""
    rows = panel.rows
    limits = [row.limits for row in rows if row.limits is not None]
    _draw_intervals(below, limits, [row.cells[0] for row in rows if row.limits is not None])
    for place, row in enumerate(rows):
        if row.theory is not None:
            below.vlines(row.theory, place - 0.3, place + 0.3, color=THEORY, linewidth=1.6)
    for mark in panel.bounds:
        below.axvline(mark, color=BOUND, linestyle="--", linewidth=1)
    lines = wrap(panel.title, TITLE)
    below.set_title("\n".join(map(_plain, lines)), fontsize=8 if len(lines) > 1 else 9, loc="left")
    if len(rows) > MAX_LABELS:
        below.set_yticks([])


def _draw_estimates(axes: Axes, estimates: Sequence[EstimateJson]) -> None:
    """Draw estimates with theory and bound."""
    limits = [(e["low"], e["best"], e["high"]) for e in estimates]
    _draw_intervals(axes, limits, [e["title"] for e in estimates])
    _draw_marks(axes, estimates)


def _figure(summary: RunSummary, height: float) -> NotebookFigure:
    figure = NotebookFigure(figsize=(7.5, height), layout="constrained")
    where = f"{target_words(summary)}, {summary['shots']} shots"
    figure.suptitle(f"{_plain(summary['title'])}\n{_plain(where)}", fontsize=10)
    return figure


def _draw_intervals(axes: Axes, rows: Sequence[Limits], names: Sequence[str]) -> None:
    """Draw one interval per row, the first on top."""
    places = range(len(rows))
    best = [best for _, best, _ in rows]
    reach = [[best - low for low, best, _ in rows], [high - best for _, best, high in rows]]
    axes.errorbar(best, places, xerr=reach, fmt="o", markersize=4, capsize=3, color=DATA)
    axes.set_yticks(places, [_plain(name) for name in names], fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _draw_marks(axes: Axes, estimates: Sequence[EstimateJson]) -> None:
    """Mark theory and bound on each row; name each distinct theory above its row, each bound below."""
    theory = [(row, e["theory"]["value"]) for row, e in enumerate(estimates) if e["theory"]]
    bounds = [(row, e["bound"]["value"]) for row, e in enumerate(estimates) if e["bound"]]
    for marked, colour, line, side in ((theory, THEORY, "-", -1), (bounds, BOUND, "--", 1)):
        for row, value in marked:
            axes.vlines(value, row - 0.3, row + 0.3, color=colour, linestyle=line, linewidth=1.6)
        for value, row in {round(value, 9): row for row, value in reversed(marked)}.items():
            words = "theory" if marked is theory else estimates[row]["bound_label"]
            axes.annotate(
                _plain(f"{words} {number(value)}"),
                (value, row + 0.32 * side),
                ha="center",
                va="bottom" if side < 0 else "top",
                fontsize=8,
                color=colour,
            )


def _plain(words: str) -> str:
    """Return words in which matplotlib sees neither a formula nor a control character."""
    return printable(words).replace("$", r"\$")

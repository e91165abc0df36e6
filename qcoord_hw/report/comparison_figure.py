"""A figure of several runs of one experiment, a panel an estimate. Loads matplotlib."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qcoord_hw.charts import BOUND, DATA, THEORY, NotebookFigure, in_style
from qcoord_hw.charts import plain_text as _plain
from qcoord_hw.report.comparison import Comparison, Summary, difference_words, estimate_names, short_time
from qcoord_hw.report.shapes import EstimateJson
from qcoord_hw.statistics.words import found_words, is_exact
from qcoord_hw.text import printable

MAX_PANELS = 6
MAX_LABELS = 24
"""With more runs than this they are numbered as in the table, without targets and dates."""

LONGEST = 24
"""Characters of a target's name on the axis; the table has all of it."""

Estimates = list[EstimateJson | None]
"""The estimate of one name of each run; None where a run has none."""


@in_style
def comparison_figure(comparison: Comparison) -> Figure:
    """Return a figure of at most six estimates, a panel each, with the runs on the horizontal axis.

    A point is an estimate with its interval; a line is what theory says, a dashed one the bound. A star
    stands over a run that differs from the first even where all differences are tested together.

    Args:
        comparison: what `qcoord_hw.compare` returns.
    """
    runs = comparison.runs
    panels = list(_panels(runs))
    shown = panels[:MAX_PANELS]
    width = min(14.0, max(3.4, 1.2 + (0.62 if len(runs) <= MAX_LABELS else 0.2) * len(runs)))
    across = max(1, min(len(shown), 3, int(15 // width)))
    down = max(1, math.ceil(len(shown) / across))
    figure = NotebookFigure(figsize=(max(5.5, width * across), 1.8 + 2.2 * down), layout="constrained")
    figure.suptitle(_title(comparison, len(shown), len(panels)), fontsize=10)
    figure.words = _words(comparison, shown)
    if not shown:
        figure.text(0.5, 0.4, "no estimate to draw", ha="center")
        return figure
    found = {(row.run, row.name): row for row in comparison.differences}
    grid = figure.subplots(down, across, squeeze=False, sharex=True).ravel().tolist()
    labels = _labels(runs)
    for place, axes in enumerate(grid):
        if place >= len(shown):
            axes.set_axis_off()
            continue
        name, estimates = shown[place]
        stars = [
            i > 0 and difference_words(found.get((r["run"], name))) == "differ" for i, r in enumerate(runs)
        ]
        _draw(axes, name, estimates, stars)
        is_lowest = place + across >= len(shown)
        axes.set_xticks(range(len(runs)), labels)
        axes.tick_params(
            axis="x", labelbottom=is_lowest, labelsize=7, labelrotation=90 if len(runs) > 2 else 0
        )
    return figure


def _title(comparison: Comparison, shown: int, every: int) -> str:
    runs = comparison.runs
    levels = {e["confidence"] for run in runs for e in run["estimates"] if not is_exact(e)}
    facts = [f"{100 * level:g}% intervals" for level in sorted(levels)]
    if any(difference_words(row) == "differ" for row in comparison.differences):
        facts.append("* differs from run 1")
    if shown < every:
        facts.append(f"{shown} of {every} estimates")
    return f"{_plain(runs[0].get('title', ''), 90)}\n{', '.join(facts)}"


def _words(comparison: Comparison, shown: Sequence[tuple[str, Estimates]]) -> str:
    """Return what is drawn, with its numbers."""
    parts = [
        f"{next(e for e in estimates if e)['title']}: "
        + ", ".join(
            f"run {i} on {run['target']} {found_words(e)}"
            for i, (run, e) in enumerate(zip(comparison.runs, estimates, strict=True), start=1)
            if e
        )
        for _, estimates in shown
    ]
    return printable(f"{comparison.runs[0].get('title', '')}, runs compared. {'; '.join(parts)}.")


def _panels(runs: Sequence[Summary]) -> Iterator[tuple[str, Estimates]]:
    """Yield the estimates that say something, that which stands for the run first."""
    names = estimate_names(runs)
    main = {e["name"] for e in runs[0]["estimates"] if e["headline"]}
    names.sort(key=lambda name: name not in main)
    for name in names:
        estimates = [next((e for e in run["estimates"] if e["name"] == name), None) for run in runs]
        known = [e for e in estimates if e is not None]
        is_given = all(e["low"] == e["high"] for e in known) and len({e["best"] for e in known}) == 1
        if is_exact(known[0]) or not is_given:
            yield name, estimates


def _labels(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return target and date of each run, with the time of day where these agree."""
    if len(runs) > MAX_LABELS:
        return [str(i) for i in range(1, 1 + len(runs))]
    times = [short_time(run.get("created")) for run in runs]
    days = [(run["target"], time[:10]) for run, time in zip(runs, times, strict=True)]
    often = Counter(days)
    dates = [t if often[day] > 1 else day[1] for t, day in zip(times, days, strict=True)]
    return [
        f"{i} {_plain(run['target'], LONGEST)}\n{_plain(date)}"
        for i, (run, date) in enumerate(zip(runs, dates, strict=True), start=1)
    ]


def _draw(axes: Axes, name: str, estimates: Estimates, stars: Sequence[bool]) -> None:
    """Draw one estimate of every run."""
    places = [i for i, e in enumerate(estimates) if e is not None]
    known = [e for e in estimates if e is not None]
    best = [e["best"] for e in known]
    reach = [[e["best"] - e["low"] for e in known], [e["high"] - e["best"] for e in known]]
    axes.errorbar(places, best, yerr=reach, fmt="o", markersize=4, capsize=3, color=DATA)
    for i, e in zip(places, known, strict=True):
        for mark, colour, line in ((e["theory"], THEORY, "-"), (e["bound"], BOUND, "--")):
            if mark:
                axes.hlines(mark["value"], i - 0.4, i + 0.4, color=colour, linestyle=line, linewidth=1.4)
        if stars[i]:
            axes.text(i, 0.98, "*", transform=axes.get_xaxis_transform(), ha="center", va="top", color=DATA)
    marks = [("theory", THEORY)] * any(e.get("theory") for e in known)
    marks += [(known[0]["bound_label"], BOUND)] * any(e.get("bound") for e in known)
    for k, (words, colour) in enumerate(marks):
        above = (0, 2 + 9 * k)
        axes.annotate(
            _plain(words),
            (1, 1),
            above,
            "axes fraction",
            "offset points",
            ha="right",
            fontsize=7,
            color=colour,
        )
    title = textwrap.wrap(_plain(known[0]["title"]), 38)[:2] or [""]
    axes.set_title("\n".join([*title, ""][:2]), fontsize=8, loc="left")
    axes.set_xlim(-0.6, len(estimates) - 0.4)
    axes.margins(y=0.15)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", labelsize=8)

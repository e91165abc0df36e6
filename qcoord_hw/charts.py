"""Figures of anything: intervals row by row, and a curve. Loads matplotlib, never pyplot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qcoord_hw.text import printable

DATA, THEORY, BOUND = "#1d5fc0", "#0d7a55", "#b3261e"
MAX_ROWS = 40
"""With more rows than this their names are left out."""

MAX_LINES, MAX_COLUMNS = 60, 120
"""Of text in a figure."""


class NotebookFigure(Figure):
    """A figure that a notebook shows although pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()


@dataclass(frozen=True)
class Interval:
    """A row of a figure: a point where `low` and `high` are equal.

    Attributes:
        name: what stands beside it.
        low: left end.
        best: where the point is; None for an interval without one.
        high: right end.
        theory: marked on this row alone.
        bound: marked on this row alone.
        colour: of point and interval.
    """

    name: str
    low: float
    best: float | None
    high: float
    theory: float | None = None
    bound: float | None = None
    colour: str = DATA


@dataclass(frozen=True)
class Mark:
    """A line across a figure, with its name in the legend."""

    name: str
    value: float
    colour: str
    line: str = "--"


def interval_figure(
    title: str,
    axis: str,
    rows: Sequence[Interval],
    marks: Sequence[Mark] = (),
    empty: str = "nothing to draw",
) -> Figure:
    """Return a figure of intervals, one a row, the first on top.

    Args:
        title: one line.
        axis: what the values are, with their unit.
        rows: the intervals.
        marks: lines across all rows.
        empty: what is said where there are no rows.
    """
    if not rows:
        return words_figure(f"{plain_text(title)}\n{empty}")
    figure = NotebookFigure(figsize=(7.5, 1.7 + 0.3 * min(len(rows), MAX_ROWS)), layout="constrained")
    figure.suptitle(plain_text(title), fontsize=10)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        axes.hlines(place, row.low, row.high, color=row.colour, linewidth=2)
        points = [row.low, row.high] if row.best is None else [row.best]
        shape = "|" if row.best is None else "o"
        axes.plot(points, [place] * len(points), shape, color=row.colour, markersize=5)
        for value, colour, line in ((row.theory, THEORY, "-"), (row.bound, BOUND, "--")):
            if value is not None:
                axes.vlines(value, place - 0.3, place + 0.3, color=colour, linestyle=line, linewidth=1.6)
    names = [plain_text(row.name, 60) for row in rows]
    if len(rows) > MAX_ROWS:
        names = [""] * len(rows)
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for mark in marks:
        axes.axvline(
            mark.value, color=mark.colour, linestyle=mark.line, linewidth=1.2, label=plain_text(mark.name)
        )
    _finish(figure, axes, axis)
    return figure


def curve_figure(
    title: str,
    axes_names: tuple[str, str],
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    point: tuple[float, float],
    marks: Sequence[Mark] = (),
    *,
    log: bool = False,
) -> Figure:
    """Return a figure of curves with one point marked on it.

    Args:
        title: one line.
        axes_names: what is on the horizontal and the vertical axis, with units.
        lines: name and (x, y) points of each curve.
        point: (x, y).
        marks: vertical lines.
        log: whether the horizontal axis is logarithmic.
    """
    figure = NotebookFigure(figsize=(6.5, 4.2), layout="constrained")
    figure.suptitle(plain_text(title), fontsize=10)
    axes = figure.subplots()
    for (name, points), colour in zip(lines, (DATA, THEORY, BOUND), strict=False):
        axes.plot(*zip(*points, strict=True), color=colour, label=plain_text(name), linewidth=1.4)
    axes.plot(*point, "o", color=DATA)
    for mark in marks:
        axes.axvline(
            mark.value, color=mark.colour, linestyle=mark.line, linewidth=1.2, label=plain_text(mark.name)
        )
    axes.set_ylabel(plain_text(axes_names[1]))
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:e}"[0] in "25" else "")
    _finish(figure, axes, axes_names[0])
    return figure


def series_figure(
    title: str,
    axes_names: tuple[str, str],
    series: Sequence[tuple[str, Sequence[tuple[float, float, float, float]]]],
    *,
    bound: float | None,
    theory: float | None,
) -> Figure:
    """Return a figure of points with intervals, joined by lines.

    Args:
        title: one line.
        axes_names: what is on the horizontal and the vertical axis, with units.
        series: name and (x, low, best, high) points of each.
        bound: a horizontal line; None for none.
        theory: another one.
    """
    figure = NotebookFigure(figsize=(6.5, 4.2), layout="constrained")
    figure.suptitle(plain_text(title), fontsize=10)
    axes = figure.subplots()
    for k, (name, points) in enumerate(series):
        x, low, best, high = zip(*points, strict=True)
        lines = [
            [b - a for a, b in zip(low, best, strict=True)],
            [b - a for a, b in zip(best, high, strict=True)],
        ]
        axes.errorbar(
            x,
            best,
            lines,
            marker="o",
            markersize=4,
            linewidth=1.2,
            color=f"C{k % 10}",
            label=plain_text(name),
        )
    for name, value, colour, line in (("theory", theory, THEORY, "-"), ("bound", bound, BOUND, "--")):
        if value is not None:
            axes.axhline(value, color=colour, linestyle=line, linewidth=1.2, label=name)
    axes.set_ylabel(plain_text(axes_names[1]))
    _finish(figure, axes, axes_names[0])
    return figure


def words_figure(text: str) -> Figure:
    """Return a figure of words, at most 60 lines of them."""
    lines = [plain_text(line, MAX_COLUMNS) for line in text.split("\n")]
    lines = lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], "..."]
    figure = NotebookFigure(figsize=(9, 0.6 + 0.2 * len(lines)))
    figure.text(0.02, 0.5, "\n".join(lines), va="center", fontsize=8, family="monospace")
    return figure


def plain_text(words: object, longest: int = 200) -> str:
    """Return words in which matplotlib sees neither a formula nor a control character, not too long."""
    text = printable(words)
    return (text if len(text) <= longest else text[: longest - 1] + "…").replace("$", r"\$")


def _finish(figure: Figure, axes: Axes, label: str) -> None:
    axes.set_xlabel(plain_text(label))
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.06)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", fontsize=8, ncols=3, frameon=False)

"""Figures in the one style of the house: intervals row by row, curves, words. Loads matplotlib, never pyplot.

What figures show is plain data (`qcoord_hw.diagrams`); `qcoord_hw.drawings` draws the other kinds.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import cycle
from typing import Any, ParamSpec, TypeVar

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qcoord_hw.diagrams import BOUND as BOUND
from qcoord_hw.diagrams import DATA as DATA
from qcoord_hw.diagrams import THEORY as THEORY
from qcoord_hw.diagrams import Curves, Rows
from qcoord_hw.diagrams import Interval as Interval
from qcoord_hw.diagrams import Mark as Mark
from qcoord_hw.text import printable

MUTED, GRID, PAPER = "#59636f", "#d8dde3", "#ffffff"
"""Axes, lines behind the data, and what all is drawn on."""

SERIES = (
    (DATA, "o", "-"),
    (BOUND, "s", "--"),
    ("#007a5a", "^", "-."),
    ("#8a3d8f", "D", ":"),
    (MUTED, "v", "-"),
    ("#7a6200", "P", "--"),
    ("#1f7a93", "X", "-."),
    ("#a3396f", "<", ":"),
)
"""Colour, marker and line of the first, second, .. of several curves: no two differ in colour alone."""

STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": THEORY,
    "axes.titlecolor": THEORY,
    "text.color": THEORY,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": THEORY,
    "ytick.labelcolor": THEORY,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "lines.linewidth": 1.4,
    "hatch.linewidth": 0.6,
    "figure.dpi": 100,
    "savefig.dpi": 200,
}
"""Of every figure: readable in print at one column, on a screen and in grey."""

COLUMN = 4.2
"""Inches: the width of a figure that stands in a column of a page."""

MAX_ROWS = 40
"""With more rows than this their names are left out."""

MAX_LINES, MAX_COLUMNS = 60, 120
"""Of text in a figure."""

P = ParamSpec("P")
R = TypeVar("R")


class NotebookFigure(Figure):
    """A figure that a notebook shows although pyplot does not know it.

    Attributes:
        words: what it shows, with its numbers, for those who do not see it.
    """

    words: str = ""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()


def in_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Return a function that draws in the style of the house, whatever the user's own is."""

    @wraps(draw)
    def drawn(*arguments: P.args, **named: P.kwargs) -> R:
        with rc_context(STYLE):
            return draw(*arguments, **named)

    return drawn


@in_style
def rows_figure(diagram: Rows, width: float = COLUMN, empty: str = "nothing to draw") -> NotebookFigure:
    """Return a figure of intervals, one a row, the first on top.

    Args:
        diagram: what is drawn.
        width: inches.
        empty: what is said where there are no rows.
    """
    rows = diagram.rows
    if not rows:
        return words_figure(f"{plain_text(diagram.title)}\n{empty}")
    figure = NotebookFigure(figsize=(width, 1.5 + 0.27 * min(len(rows), MAX_ROWS)), layout="constrained")
    figure.words = diagram.words()
    figure.suptitle(wrapped(diagram.title, width), fontsize=10)
    axes = figure.subplots()
    for place, row in enumerate(rows):
        if diagram.bars:
            end = row.high if row.best is None else row.best
            axes.barh(
                place, end, height=0.5, facecolor="none", edgecolor=row.colour, hatch="////", linewidth=1
            )
        axes.hlines(place, row.low, row.high, color=row.colour, linewidth=2)
        points = [row.low, row.high] if row.best is None else [row.best]
        shape = "|" if row.best is None else "o"
        axes.plot(points, [place] * len(points), shape, color=row.colour, markersize=5)
        for value, colour, line in ((row.theory, THEORY, "-"), (row.bound, BOUND, "--")):
            if value is not None:
                axes.vlines(value, place - 0.32, place + 0.32, color=colour, linestyle=line, linewidth=1.6)
        if diagram.bars and row.best is not None:
            axes.annotate(
                f"{row.best:.4g}",
                (row.high, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    names = [wrapped(row.name, 0.45 * width, 2) for row in rows]
    if len(rows) > MAX_ROWS:
        names = [""] * len(rows)
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if any(row.theory is not None for row in rows):
        axes.plot([], [], "-", color=THEORY, linewidth=1.6, label="theory")
    if any(row.bound is not None for row in rows):
        axes.plot([], [], "--", color=BOUND, linewidth=1.6, label="bound")
    for mark in diagram.marks:
        axes.axvline(
            mark.value, color=mark.colour, linestyle=mark.line, linewidth=1.2, label=plain_text(mark.name)
        )
    axes.grid(axis="x")
    axes.margins(x=0.14 if diagram.bars else 0.06)
    finish(figure, axes, diagram.axis)
    return figure


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
    return rows_figure(Rows(title, axis, tuple(rows), tuple(marks)), 7.5, empty)


@in_style
def curves_figure(diagram: Curves, width: float = COLUMN) -> NotebookFigure:
    """Return a figure of lines of points with their intervals."""
    lines = len(diagram.series) + len(diagram.marks)
    figure = NotebookFigure(figsize=(width, 3.1 + 0.17 * max(1, lines)), layout="constrained")
    figure.words = diagram.words()
    figure.suptitle(wrapped(diagram.title, width), fontsize=10)
    axes = figure.subplots()
    for one, (colour, marker, line) in zip(diagram.series, cycle(SERIES), strict=False):
        x, low, best, high = zip(*one.points, strict=True)
        reach = [
            [b - a for a, b in zip(low, best, strict=True)],
            [b - a for a, b in zip(best, high, strict=True)],
        ]
        axes.errorbar(
            x,
            best,
            yerr=reach,
            fmt=marker,
            linestyle=line if diagram.joined else "none",
            color=colour,
            markersize=4,
            capsize=2.5,
            label=plain_text(one.name, 60),
        )
    for mark in diagram.marks:
        axes.axhline(
            mark.value, color=mark.colour, linestyle=mark.line, linewidth=1.2, label=plain_text(mark.name)
        )
    if diagram.names:
        axes.set_xticks(range(len(diagram.names)), [plain_text(name, 24) for name in diagram.names])
        if sum(map(len, diagram.names)) > 10 * width:
            axes.tick_params(axis="x", labelrotation=90)
        axes.set_xlim(-0.5, len(diagram.names) - 0.5)
    if diagram.log:
        _log_axis(axes)
    axes.set_ylabel(wrapped(diagram.axis, 3.0))
    axes.grid(axis="y")
    axes.margins(y=0.12)
    finish(figure, axes, diagram.across)
    return figure


@in_style
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
    across, axis = axes_names
    at = [f"{mark.name}: {mark.value:.6g}" for mark in marks]
    figure.words = (
        f"{title} ({axis} against {across}). The point: ({point[0]:.6g}, {point[1]:.6g}); " + "; ".join(at)
    )
    figure.suptitle(wrapped(title, 6.5), fontsize=10)
    axes = figure.subplots()
    for (name, points), (colour, _, line) in zip(lines, SERIES, strict=False):
        axes.plot(*zip(*points, strict=True), line, color=colour, label=plain_text(name))
    axes.plot(*point, "o", color=DATA)
    for mark in marks:
        axes.axvline(
            mark.value, color=mark.colour, linestyle=mark.line, linewidth=1.2, label=plain_text(mark.name)
        )
    axes.set_ylabel(plain_text(axis))
    if log:
        _log_axis(axes)
    axes.grid(axis="x")
    axes.margins(x=0.06)
    finish(figure, axes, across)
    return figure


@in_style
def words_figure(text: str) -> NotebookFigure:
    """Return a figure of words, at most 60 lines of them."""
    lines = [plain_text(line, MAX_COLUMNS) for line in text.split("\n")]
    lines = lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], "..."]
    figure = NotebookFigure(figsize=(9, 0.6 + 0.2 * len(lines)))
    figure.words = printable(text.replace("\n", "; "))
    figure.text(0.02, 0.5, "\n".join(lines), va="center", fontsize=8, family="monospace")
    return figure


def plain_text(words: object, longest: int = 200) -> str:
    """Return words in which matplotlib sees neither a formula nor a control character, not too long."""
    text = printable(words)
    return (text if len(text) <= longest else text[: longest - 1] + "…").replace("$", r"\$")


def wrapped(words: object, width: float, lines: int = 4) -> str:
    """Return words in lines that fit a width in inches; what does not fit in so many ends in an ellipsis."""
    from textwrap import wrap

    found = wrap(printable(words), max(10, round(12.5 * width)), break_on_hyphens=False) or [""]
    if len(found) > lines:
        found = [*found[: lines - 1], found[lines - 1][: max(1, round(12.5 * width) - 1)] + "…"]
    return "\n".join(line.replace("$", r"\$") for line in found)


def finish(figure: Figure, axes: Axes, label: str) -> None:
    """Name the horizontal axis and put the legend below."""
    axes.set_xlabel(wrapped(label, 0.8 * figure.get_figwidth()))
    legend_below(figure, [axes])


def legend_below(figure: Figure, panels: Sequence[Axes]) -> None:
    """Put one legend of some axes below a figure, each name once, in as many columns as fit."""
    named: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if named:
        longest = max(len(line) for label in named for line in label.split("\n")) + 6
        columns = max(1, min(3, int(15 * figure.get_figwidth() / longest)))
        figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=columns)


def _log_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:e}"[0] in "25" else "")

"""A matplotlib figure of a run: intervals beside theory and bound. Loads matplotlib, never pyplot."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qcoord_hw.families.coordination.view import case_words, several
from qcoord_hw.report.format import (
    COORDINATION,
    GAME,
    LINEAR,
    bound_words,
    count_rounds,
    in_own_units,
    in_words,
    number,
    question_words,
    target_words,
    unfinished_words,
)
from qcoord_hw.text import printable

DATA, THEORY, BOUND = "#1d5fc0", "#0d7a55", "#b3261e"
MAX_LABELS = 40
"""With more questions than this their names are left out."""


class RunFigure(Figure):
    """A figure that a notebook shows although pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()


def plot_estimates(summary: dict[str, Any]) -> Figure:
    """Return a figure of the estimates that can be drawn on one axis, with every question or case.

    These are probabilities and rates; of a coordination protocol fidelities and trace norms (0 to 2).
    """
    kind = summary["play"]
    estimates = [e for e in summary["estimates"] if kind == COORDINATION or _is_probability(e)]
    if not estimates:
        figure = RunFigure(figsize=(7.5, 1.5), layout="constrained")
        nothing = "no estimate to draw" if kind == COORDINATION else "no probability to draw"
        words = unfinished_words(summary) if summary["state"] == "unfinished" else nothing
        figure.text(0.5, 0.5, _plain(words), ha="center", va="center", wrap=True)
        return figure
    return {GAME: _game, LINEAR: _rates, COORDINATION: _made}[kind](summary, estimates)


def _game(summary: dict[str, Any], estimates: Sequence[Mapping[str, Any]]) -> Figure:
    questions = summary["questions"]
    names = [question_words(row, count_rounds(summary)) for row in questions]
    own = [e for e in summary["estimates"] if in_own_units(e)]
    estimates = [e for e in estimates if not in_own_units(e)]
    figure, below = _above_and_below(summary, estimates, questions, names, "each question", own)
    for mark in {e["bound"]["value"] for e in estimates if e["bound"]}:
        below.axvline(mark, color=BOUND, linestyle="--", linewidth=1)
    below.set_xlabel(f"probability to win, {100 * estimates[0]['confidence']:g}% intervals")
    return figure


def _made(summary: dict[str, Any], estimates: Sequence[Mapping[str, Any]]) -> Figure:
    """Return fidelities and trace norms: computed ones are points without an interval."""
    cases = summary["cases"]
    words = f"trace norm (0 to 2) or fidelity, {100 * estimates[0]['confidence']:g}% intervals"
    if not several(cases):
        figure, axes = _one(summary, estimates)
        axes.set_xlabel(words)
        return figure
    names = [case_words(row, cases) for row in cases]
    figure, below = _above_and_below(summary, estimates, cases, names, "each case")
    for place, row in enumerate(cases):
        below.vlines(row["theory"], place - 0.3, place + 0.3, color=THEORY, linewidth=1.6)
    below.set_xlabel(words)
    return figure


def _above_and_below(
    summary: dict[str, Any],
    estimates: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    title: str,
    own: Sequence[Mapping[str, Any]] = (),
) -> tuple[Figure, Axes]:
    """Return a figure of the estimates above and all rows below, and the axes of the latter.

    What has units of its own stands on an axis of its own, on top.
    """
    heights = [1.1 + 0.4 * len(estimates), 0.7 + 0.24 * min(len(rows), MAX_LABELS)]
    if own:
        heights.insert(0, 1.1 + 0.4 * len(own))
    figure = _figure(summary, sum(heights) + 0.4)
    *top, above, below = figure.subplots(len(heights), 1, height_ratios=heights)
    above.sharex(below)
    above.tick_params(axis="x", labelbottom=False)
    for axes in top:
        _draw_intervals(axes, own, [in_words(e["name"]) for e in own])
        _draw_marks(axes, own)
        axes.set_xlabel("in the units of the expression", fontsize=8)
    _draw_intervals(above, estimates, [in_words(e["name"]) for e in estimates])
    _draw_marks(above, estimates)
    _draw_intervals(below, rows, names)
    below.set_title(title, fontsize=9, loc="left")
    if len(rows) > MAX_LABELS:
        below.set_yticks([])
    return figure, below


def _one(summary: dict[str, Any], estimates: Sequence[Mapping[str, Any]]) -> tuple[Figure, Axes]:
    """Return a figure of the estimates alone, and its axes."""
    figure = _figure(summary, 1.6 + 0.45 * len(estimates))
    axes = figure.subplots()
    _draw_intervals(axes, estimates, [in_words(e["name"]) for e in estimates])
    _draw_marks(axes, estimates)
    return figure, axes


def _rates(summary: dict[str, Any], estimates: Sequence[Mapping[str, Any]]) -> Figure:
    figure, axes = _one(summary, estimates)
    level = 100 * estimates[0]["confidence"]
    axes.set_xlabel(f"probability, or rate in dits a qudit; {level:g}% intervals")
    return figure


def _figure(summary: dict[str, Any], height: float) -> Figure:
    figure = RunFigure(figsize=(7.5, height), layout="constrained")
    where = f"{target_words(summary)}, {summary['shots']} shots"
    figure.suptitle(f"{_plain(summary['title'])}\n{_plain(where)}", fontsize=10)
    return figure


def _is_probability(estimate: Mapping[str, Any]) -> bool:
    """Whether an estimate and all it is compared with lie in [0, 1]; an entropy may, but is none."""
    if estimate["name"] == "error_entropy":
        return False
    marks = [estimate[key]["value"] for key in ("theory", "bound") if estimate[key]]
    return all(0 <= value <= 1 for value in (estimate["low"], estimate["high"], *marks))


def _draw_intervals(axes: Axes, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Draw one interval a row, the first on top."""
    places = range(len(rows))
    best = [row["best"] for row in rows]
    reach = [[r["best"] - r["low"] for r in rows], [r["high"] - r["best"] for r in rows]]
    axes.errorbar(best, places, xerr=reach, fmt="o", markersize=4, capsize=3, color=DATA)
    axes.set_yticks(places, [_plain(name) for name in names], fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _draw_marks(axes: Axes, estimates: Sequence[Mapping[str, Any]]) -> None:
    """Mark theory and bound on each row; name each distinct theory above its row, each bound below."""
    for key, colour, line, side in (("theory", THEORY, "-", -1), ("bound", BOUND, "--", 1)):
        marked = [(row, e[key]["value"]) for row, e in enumerate(estimates) if e[key]]
        for row, value in marked:
            axes.vlines(value, row - 0.3, row + 0.3, color=colour, linestyle=line, linewidth=1.6)
        for value, row in {round(value, 9): row for row, value in reversed(marked)}.items():
            words = key if key == "theory" else bound_words(estimates[row])
            axes.annotate(
                f"{words} {number(value)}",
                (value, row + 0.32 * side),
                ha="center",
                va="bottom" if side < 0 else "top",
                fontsize=8,
                color=colour,
            )


def _plain(words: str) -> str:
    """Return words in which matplotlib sees neither a formula nor a control character."""
    return printable(words).replace("$", r"\$")

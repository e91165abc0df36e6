"""A figure of a game's frontier: four rates against the win probability. Loads matplotlib, never pyplot."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qcoord_hw.charts import BOUND, DATA, THEORY, NotebookFigure
from qcoord_hw.text import printable

OTHER, GREY = "#8a5a00", "#555555"
SAME = 1e-5
"""Bits; a curve of Charlie's that is no further from Bob's is not drawn again."""


def plot_frontier(curve: dict[str, Any]) -> Figure:
    """Return a figure of what `frontier_curve` returns; points that are undetermined are left out.

    The four curves are different quantities, none of which is the rate needed: certified lower bounds (with
    reached values as marks), two rates that are reached, and the qubits that the circuit sends. The lines
    between the points only guide the eye.
    """
    points = curve["points"]
    wins = [point["win"] for point in points]
    figure = NotebookFigure(figsize=(7.5, 5.4), layout="constrained")
    figure.suptitle(
        f"{printable(curve['name'])}: rates a player at a win probability".replace("$", r"\$"), fontsize=10
    )
    axes = figure.subplots()
    _draw_formula(axes, points, wins)
    for key, words, colour, line in (
        ("time_shared", "time-shared frontier (achievable), qubits a round", THEORY, "-"),
        ("strategy_entanglement", "entanglement of the explicit strategy, ebits", OTHER, "-."),
    ):
        axes.plot(wins, [_number(p[key]["value"]) for p in points], line, color=colour, label=words)
    qubits = [_number(point["circuit_qubits"]["value"]) for point in points]
    axes.plot(
        wins,
        qubits,
        ":",
        color=GREY,
        drawstyle="steps-pre",
        label="qubits of the circuit, one round at a time",
    )
    for mark, words, height, side in (
        (curve["classical"], "deterministic", 0.9, "top"),
        (curve["quantum"][1], "quantum, upper bound", 0.03, "bottom"),
    ):
        axes.axvline(mark, color=BOUND, linewidth=0.8, linestyle="--")
        axes.annotate(
            f"{words} {mark:.4f}",
            (mark, height),
            xycoords=("data", "axes fraction"),
            xytext=(-2, 0),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va=side,
            fontsize=7,
            color=BOUND,
        )
    axes.set_xlabel("win probability")
    axes.set_ylabel("bits, ebits or qubits a round and player")
    axes.set_ylim(bottom=0)
    axes.grid(linewidth=0.4, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", fontsize=8, ncols=1, frameon=False)
    return figure


def _draw_formula(axes: Axes, points: list[dict[str, Any]], wins: list[float]) -> None:
    """Draw the entropy formula's certified bounds as a line, and what is reached as circles."""
    drawn: list[float] = []
    words = "entropy formula {}, certified lower bound (marks: reached), bits"
    for player, quantity, line, mark in (("bob", "H(B|X)", "-", "o"), ("charlie", "H(C|Y)", "--", "s")):
        sides = [point["formula_rate"].get(player, {}) for point in points]
        lower = [_number(side.get("lower")) for side in sides]
        if player == "charlie" and all(_same(a, b) for a, b in zip(drawn, lower, strict=True)):
            continue
        axes.plot(wins, lower, line, color=DATA, label=words.format(quantity))
        upper = [_number(side.get("upper")) for side in sides]
        axes.plot(wins, upper, mark, color=DATA, markerfacecolor="none", markersize=4)
        drawn = lower


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME or (math.isnan(one) and math.isnan(other))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)

"""What a sweep found, as a table: one line a point, with its main figure beside theory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qcoord_hw.report.tables import VERDICTS, add_row, as_text, new_table
from qcoord_hw.statistics.words import found_words, main_estimate, number

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COUNTED = {
    "computed": "computed",
    "finished": "begun before and finished",
    "already": "already there",
    "failed": "failed",
}
"""Key of the result -> how it is said."""


def print_sweep(found: Mapping[str, Any], console: Console) -> None:
    """Print the points of a sweep, those that failed, and how many were computed."""
    if points := [point for point in found["points"] if "error" not in point]:
        console.print(_table(points))
        console.print()
    for point in found["points"]:
        if "error" in point:
            console.print(as_text(f"FAILED: {point_words(point)}: {point['error']}", "bold red"))
    points_there = f"{len(found['points'])} point{'s' if len(found['points']) > 1 else ''}"
    console.print(as_text(f"{points_there}: {counted_words(found)}", "bold"))
    console.print(as_text(f"runs in {found['sweep']}", "dim"))


def counted_words(found: Mapping[str, Any]) -> str:
    """Return how many points were computed, finished, there, and failed; zeros are left out.

    >>> counted_words({"computed": 3, "finished": 1, "already": 36, "failed": 0})
    '3 computed, 1 begun before and finished, 36 already there'
    """
    return ", ".join(f"{found[key]} {words}" for key, words in COUNTED.items() if found[key])


def point_words(point: Mapping[str, Any]) -> str:
    """Return which point it is."""
    chosen = "".join(f", {name} {_words(value)}" for name, value in point["set"].items())
    return f"{point['experiment']} on {point['target']}, shots {point['shots']}, seed {point['seed']}{chosen}"


def _table(points: list[dict[str, Any]]) -> Table:
    figures = [main_estimate(point["estimates"]) for point in points]
    names = {figure["short"] for figure in figures if figure}
    one = names.pop() if len(names) == 1 else None
    fields = list(dict.fromkeys(name for point in points for name in point["set"]))
    table = new_table(
        "experiment", "target", *fields, "shots", "seed", one or "estimate", "theory", "verdict"
    )
    for point, figure in zip(points, figures, strict=True):
        cells: list[object] = [point["experiment"], point["target"]]
        cells += [_words(point["set"].get(name, "")) for name in fields]
        cells += [point["shots"], point["seed"]]
        if figure is None:
            cells += ["none", "", ""]
        else:
            words = found_words(figure)
            cells.append(words if one else f"{figure['short']}\n{words}")
            cells.append(number(round(figure["theory"]["value"], 4) + 0.0) if figure["theory"] else "")
            cells.append(as_text(figure["verdict"] or "", VERDICTS.get(figure["verdict"], "")))
        add_row(table, *cells)
    return table


def _words(value: object) -> str:
    """Return a swept value as it is given on the command line."""
    return value if isinstance(value, str) else json.dumps(value)

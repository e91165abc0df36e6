"""How the best possible at a block length is told: beside the counted, this code and the asymptotic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qcoord_hw.families.coordination.figures import axis_of
from qcoord_hw.families.view import Line, Panel
from qcoord_hw.statistics.words import cell, number_exactly

Row = dict[str, Any]

FIGURES = {
    "trace_norm": "trace norm",
    "fidelity": "fidelity",
    "all_parts": "fidelity of all senders",
    "source_coding": "fidelity if the pair were given (source coding)",
}
"""Key of a bracket -> what people call it."""

COUNTED = ("qubits", "bits", "ebits", "random_bits")
"""Units in one line; the dimension in bits is another word for the qubits."""

EXACT = 1e-6
"""Ends that are no further apart are one value."""


def best_rows(best: Mapping[str, Any]) -> list[Row]:
    """Return a row for the bracket, and one for each further figure.

    Args:
        best: the object under `best_at_n`.
    """
    ends = {"both": "both ends certified", "lower": "lower end certified", "upper": "upper end certified"}
    first = {
        "name": f"{FIGURES[best['figure']]}, {best['task'].replace('-', ' ')}",
        **bracket(best),
        "source": f"{best['source']} ({ends[best['certified']]})",
    }
    further = [
        {"name": FIGURES[key], **bracket(found), "source": "of the same links and block length"}
        for key, found in best.get("further", {}).items()
    ]
    return [first, *further]


def bracket(found: Mapping[str, Any]) -> Row:
    """Return the ends, or the value where they agree."""
    if found["upper"] - found["lower"] <= EXACT:
        return {"value": found["upper"]}
    return {"lower": found["lower"], "upper": found["upper"]}


def this_code(best: Mapping[str, Any], ideal: Mapping[str, float]) -> float | None:
    """Return what this code makes of the same figure without noise."""
    key = best["figure"]
    return ideal.get(f"{key}_exact", ideal.get(key))


def best_line(
    best: Mapping[str, Any],
    ideal: Mapping[str, float],
    copies: int,
    used: Sequence[Row],
    formula: Sequence[Row],
) -> str:
    """Return one line: counted / this code / best possible at n / asymptotic.

    Args:
        best: the object under `best_at_n`.
        ideal: the figures of this code without noise.
        copies: the block length n.
        used: rows of what a copy used, each with its `unit`.
        formula: rows of the asymptotic rates.
    """
    own = this_code(best, ideal)
    parts = [
        "counted " + (_listed([row for row in used if row["unit"] in COUNTED]) or "nothing"),
        *([] if own is None else [f"this code {FIGURES[best['figure']]} {number_exactly(own)}"]),
        f"best possible at n = {copies}: {cell(bracket(best))}",
        *([f"asymptotic {_listed(formula)}"] if formula else []),
    ]
    return " / ".join(parts)


def _listed(rows: Sequence[Row]) -> str:
    return ", ".join(f"{row['name']} {cell(row)}" for row in rows)


def best_panel(best: Mapping[str, Any], ideal: Mapping[str, float], copies: int, line: str) -> Panel:
    """Return what is drawn below the estimates: this code, the best possible at n, the limit of large n."""
    own, figure = this_code(best, ideal), FIGURES[best["figure"]]
    middle = (best["lower"] + best["upper"]) / 2
    limit = 1.0 if best["figure"] == "fidelity" else 0.0
    values = [
        *([] if own is None else [(f"this code, {figure}", (own, own, own))]),
        (f"best possible at n = {copies}", (best["lower"], middle, best["upper"])),
        ("asymptotic, at the rates of the formula", (limit, limit, limit)),
    ]
    rows = tuple(
        Line((name, "", cell({"low": low, "best": mid, "high": high})), (low, mid, high))
        for name, (low, mid, high) in values
    )
    return Panel(line, rows, axis=axis_of("more" if best["figure"] != "trace_norm" else "less"))

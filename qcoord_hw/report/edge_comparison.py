"""Runs on every coupling of a chip beside each other: how each coupling differs from that of the first run.

Every pair has its difference, with intervals that hold together for all couplings, figures and runs: those
that differ may be picked out afterwards, as the violating set of one run may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from qcoord_hw.report.shapes import EdgeDifferenceJson, EdgesComparedJson, EdgesJson, PairJson, RunSummary
from qcoord_hw.report.tables import add_row, new_table
from qcoord_hw.statistics.estimate import difference_limits
from qcoord_hw.statistics.simultaneous import bonferroni
from qcoord_hw.statistics.words import interval, number

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 12
"""Differences that are shown in a terminal: the largest ones."""

Pairs = Mapping[tuple[int, ...], PairJson]


def edge_differences(
    summaries: Sequence[RunSummary],
    again: Callable[[float], Sequence[RunSummary]],
    independent: Sequence[bool],
) -> EdgesComparedJson | None:
    """Return how each coupling of each run differs from the same one in the first run.

    Args:
        summaries: of the runs.
        again: gives them at another confidence level, at which the intervals of all couplings of a run hold
            together.
        independent: of each run but the first, whether it is a draw of its own.

    Returns:
        `couplings` (that all runs have), `confidence`, `intervals` in words, `differing`, and `pairs`, a row
        for each run, coupling and figure. None where not every run is of every edge.
    """
    if not all("edges" in one for one in summaries):
        return None
    confidence = summaries[0]["edges"]["confidence"]
    names = [e["name"] for e in summaries[0]["edges"]["pairs"][0]["estimates"]]
    many = len(names) * (len(summaries) - 1)
    wide = summaries if many == 1 else again(bonferroni(confidence, many))
    each = [_by_qubits(one["edges"]) for one in wide]
    common = [qubits for qubits in each[0] if all(qubits in other for other in each)]
    rows = [
        _difference(qubits, name, (wide[0], each[0]), (wide[i], each[i]), independent[i - 1])
        for i in range(1, len(each))
        for qubits in common
        for name in names
    ]
    return {
        "couplings": len(common),
        "confidence": confidence,
        "intervals": f"square-and-add, simultaneous: Bonferroni over {many * len(common)} differences",
        "differing": sum(row["differ"] and row["independent"] for row in rows),
        "pairs": rows,
    }


def _by_qubits(edges: EdgesJson) -> Pairs:
    return {tuple(sorted(pair["qubits"])): pair for pair in edges["pairs"]}


def _difference(
    qubits: tuple[int, ...],
    name: str,
    before: tuple[RunSummary, Pairs],
    after: tuple[RunSummary, Pairs],
    independent: bool,
) -> EdgeDifferenceJson:
    a, b = (next(e for e in one[1][qubits]["estimates"] if e["name"] == name) for one in (before, after))
    low, best, high = difference_limits(*((e["low"], e["best"], e["high"]) for e in (a, b)))
    return {
        "qubits": list(qubits),
        "name": name,
        "title": a["title"],
        "low": low,
        "best": best,
        "high": high,
        "differ": not low <= 0 <= high,
        "run": after[0]["run"],
        "against": before[0]["run"],
        "independent": independent,
    }


def edge_lines(found: EdgesComparedJson) -> list[str]:
    """Return what is said of the differences of all couplings, in sentences."""
    told = f"{found['differing']} of them differ"
    if not any(row["independent"] for row in found["pairs"]):
        told = "same draws, so that none is evidence" if found["pairs"] else "nothing to compare"
    level = number(100 * found["confidence"])
    return [
        f"{found['couplings']} couplings in common, {len(found['pairs'])} differences: {told}; "
        f"all intervals hold together at {level} % (Bonferroni)",
        "what stands above is of the pair that was best by calibration in each run, chosen before any data",
    ]


def edge_table(found: EdgesComparedJson, runs: Sequence[RunSummary]) -> Table:
    """Return the largest differences, the surest first, as a table."""
    place = {one["run"]: k for k, one in enumerate(runs, start=1)}
    table = new_table("pair", "figure", "run", "less that of run 1", "found")
    for row in sorted(found["pairs"], key=_sureness, reverse=True)[:SHOWN]:
        words = ("differ" if row["differ"] else "") if row["independent"] else "same draws"
        pair = "-".join(map(str, row["qubits"]))
        add_row(table, pair, row["title"], place[row["run"]], interval(row), words)
    return table


def _sureness(row: EdgeDifferenceJson) -> float:
    """Return how far a difference lies from 0, in widths of its interval."""
    return float(abs(row["best"]) / max(row["high"] - row["low"], 1e-12))

"""What is said of a coordination protocol: its rates and figures, kept apart by where they come from.

A row is a dictionary with `name`, `source` and the number: `value`; or what is known of it, `lower` and
`upper`; or an interval, `low`, `best` and `high`. Rates are a copy, trace norms whole (0 to 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qcoord_hw.report.format import (
    interval,
    is_exact,
    number_exactly,
    short_words,
    units,
    worst,
)

ASYMPTOTIC = "asymptotic formula"
USED = "used by this circuit (counted)"
GAP = "counted less asymptotic formula"
IDEAL = "ideal circuit"
HERE = "this target"

_KINDS = (("gap", "gap"), ("finite", "finite"), ("achievable", "finite"), ("at n =", "finite"))
"""What the name of a rate holds, and what kind of rate it is then; any other is asymptotic."""

Row = dict[str, Any]


def rate_sections(summary: Mapping[str, Any]) -> list[tuple[str, list[Row]]]:
    """Return (heading, rows) of every rate and figure, leaving out headings without rows.

    Where no theorem says what block length n can do, the protocol itself does: what its circuit makes
    without noise is achieved at the rates counted.
    """
    rates: dict[str, list[Row]] = {"gap": [], "finite": [], "": []}
    for name, rate in summary["rates"].items():
        kind = next((kind for word, kind in _KINDS if word in name), "")
        rates[kind].append({"name": _plain_rate(name), **rate})
    ideal = [
        {"name": short_words(name).removesuffix(", exact"), "value": value, "source": "exact"}
        for name, value in summary["ideal"].items()
    ]
    finite = rates["finite"] or [
        row | {"name": f"{row['name']}, rates as used", "source": "this protocol, without noise"}
        for row in ideal
    ]
    sections = [
        (ASYMPTOTIC, rates[""]),
        (f"achievable at n = {summary['copies']}", finite),
        (USED, _used(summary)),
        (GAP, rates["gap"]),
        (IDEAL, ideal),
        (HERE, [_figure(e) for e in summary["estimates"]]),
    ]
    return [(heading, rows) for heading, rows in sections if rows]


def cell(row: Mapping[str, Any] | None) -> str:
    """Return the number of a row; nothing for none.

    >>> cell({"value": 0.5}), cell({"lower": 0.25}), cell({"lower": 0.25, "upper": 0.5})
    ('0.5', 'at least 0.25', '0.25 to 0.5')
    """
    if row is None:
        return ""
    if "best" in row:
        return interval(row)
    if "value" in row:
        return number_exactly(row["value"])
    ends = {key: number_exactly(row[key]) for key in ("lower", "upper") if row.get(key) is not None}
    if len(ends) == 2:
        return f"{ends['lower']} to {ends['upper']}"
    return next(
        (f"at {'least' if key == 'lower' else 'most'} {end}" for key, end in ends.items()), "not known"
    )


def side_by_side(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return `section`, `name` and `runs` (the row of each run, or None) of every rate and figure."""
    found: dict[tuple[str, str], list[Row | None]] = {}
    for i, summary in enumerate(summaries):
        for heading, rows in rate_sections(summary):
            for row in rows:
                found.setdefault((heading, row["name"]), [None] * len(summaries))[i] = row
    return [{"section": section, "name": name, "runs": runs} for (section, name), runs in found.items()]


def worst_cases(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cases that came out furthest from their targets, if there are many; else all, in order."""
    return worst(summary["cases"], lambda row: -_distance(row))


def several(cases: Iterable[Mapping[str, Any]]) -> bool:
    """Whether there is more than one case; the figures of a single one are those of the experiment."""
    return len({row["case"] for row in cases}) > 1


def case_words(row: Mapping[str, Any], cases: Sequence[Mapping[str, Any]]) -> str:
    """Return which case a row is about, and by which figure if there are several."""
    label = row["label"] or f"case {row['case'] + 1}"
    kinds = {other["estimate"] for other in cases}
    return f"{label}, {short_words(row['estimate'])}" if len(kinds) > 1 else label


def _plain_rate(name: str) -> str:
    return re.sub(r",? (asymptotic|gap|finite|achievable)$", "", name)


def _used(summary: Mapping[str, Any]) -> list[Row]:
    """Return what a copy used of each link and resource, in each unit."""
    return [
        {
            "name": f"{resource}, {unit.replace('_', ' ')} a copy",
            "value": used[unit] / summary["copies"],
            "source": f"{used[unit]:g} by one circuit",
        }
        for resource, used in summary["usage"].items()
        for unit in units({resource: used})
        if used[unit]
    ]


def _figure(estimate: Mapping[str, Any]) -> Row:
    ends = {key: estimate[key] for key in ("low", "best", "high")}
    number: Row = {"value": estimate["best"]} if is_exact(estimate) else ends
    source = "exact" if is_exact(estimate) else f"{estimate['shots']} shots"
    return {"name": short_words(estimate["name"]), **number, "source": source}


def _distance(row: Mapping[str, Any]) -> float:
    """Return how far a case is from its target, from 0 to 1."""
    best = float(row["best"])
    return 1 - best if row["estimate"].startswith("fidelity") else best / 2

"""What is drawn of a run of a coordination protocol: rates in their region, cases, the best at n, blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from qcoord_hw.diagrams import (
    BOUND,
    THEORY,
    Area,
    Curves,
    Diagram,
    Interval,
    Mark,
    Region,
    Rows,
    Series,
    Spot,
)
from qcoord_hw.families.base import Ideal
from qcoord_hw.families.coordination.analysis import Tally, limits_of, tally
from qcoord_hw.families.coordination.best_view import FIGURES, this_code
from qcoord_hw.families.coordination.figures import KINDS, axis_of, kind_of
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.families.coordination.view import case_words, several, worst_cases
from qcoord_hw.record import RunRecord
from qcoord_hw.statistics.estimate import Better
from qcoord_hw.statistics.words import main_estimate
from qcoord_hw.theory.networks import NETWORKS

UNITS = {"Q": "qubits", "E": "ebits", "R": "bits"}
TIGHT = 1e-9

HalfSpace = tuple[Mapping[str, float], float]
"""Coefficients of rates, and the least that their sum may be."""

Used = Callable[[Mapping[str, Mapping[str, float]]], float]


def diagrams(
    record: RunRecord, summary: Mapping[str, Any], ideal: Callable[[], Ideal]
) -> tuple[Diagram, ...]:
    """Return the rates in their region, the best possible at n, the cases against theory, and the blocks.

    Args:
        record: a finished run.
        summary: its summary.
        ideal: not needed: what ideal circuits make stands in the record.
    """
    main = main_estimate(summary["estimates"])
    found: list[Diagram] = [*regions(summary), *_best(summary), *_cases(summary)]
    blocks = None if main is None else _blocks(record, main)
    return tuple(found + ([blocks] if blocks else []))


def regions(summary: Mapping[str, Any]) -> list[Region]:
    """Return the region of each pair of rates that the network has, with the rates that were used in it.

    The asymptotic rates of the record are half-spaces; what no mixture does without is the outer bound.
    """
    network = NETWORKS.get(summary["network"])
    inner = _half_spaces(summary["rates"], "asymptotic")
    if network is None or not inner:
        return []
    outer = _half_spaces(summary["rates"], "of any mixture")
    pairs: Sequence[tuple[str | None, str]] = network.panels or [(None, rate) for rate in network.rates]
    each = (_region(summary, across, down, inner, outer) for down, across in pairs)
    return [found for found in each if found]


def _region(
    summary: Mapping[str, Any],
    across: str,
    down: str | None,
    inner: Sequence[HalfSpace],
    outer: Sequence[HalfSpace],
) -> Region | None:
    own = {across, down} - {None}
    known = [space for space in inner if set(space[0]) <= own]
    if not known:
        return None
    possible = _corners(known, across, down)
    areas = [Area("possible for many copies", possible)]
    if limits := [space for space in outer if set(space[0]) <= own]:
        areas.append(Area("needed by any code", _corners(limits, across, down), "proved"))
    spots = [Spot("asymptotic corner", *corner, "asymptotic") for corner in possible]
    finite = _half_spaces(summary["rates"], "at this n")
    if values := [space for space in finite if set(space[0]) <= own]:
        spots += [
            Spot(f"possible at n = {summary['copies']}", *corner, "finite")
            for corner in _corners(values, across, down)
        ]
    if summary["usage"] is not None:
        used = _used(across, summary), _used(down, summary) if down else 0.0
        spots.append(Spot(f"used by this circuit{_best_words(summary)}", *used, kind="counted"))
    names = [f"{rate} ({UNITS[rate[0]]} per copy)" if rate else "" for rate in (across, down)]
    title = f"Rates {down} and {across}" if down else f"Rate {across}"
    return Region(f"{title}: {summary['network']} network", names[0], names[1], tuple(areas), tuple(spots))


def _half_spaces(rates: Mapping[str, Mapping[str, Any]], kind: str) -> list[HalfSpace]:
    """Return the rates of a kind as half-spaces: `Q1 + E1, asymptotic` is Q1 + E1 >= its value."""
    found: list[HalfSpace] = []
    for name, rate in rates.items():
        plain = re.fullmatch(r"([QER]\d(?:\s*\+\s*[QER]\d)*),? " + kind, name)
        value = rate.get("value", rate.get("lower"))
        if plain and value is not None:
            terms = {term.strip(): 1.0 for term in plain[1].split("+")}
            found.append((terms, max(0.0, float(value))))
    return found


def _corners(spaces: Sequence[HalfSpace], across: str, down: str | None) -> tuple[tuple[float, float], ...]:
    """Return the corners of the half-spaces in the quadrant of two rates, from left to right."""
    lines = [(terms.get(across, 0.0), terms.get(down or "", 0.0), value) for terms, value in spaces]
    lines += [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
    found = set()
    for (a, b, c), (d, e, f) in combinations(lines, 2):
        if (det := a * e - b * d) == 0:
            continue
        x, y = (c * e - b * f) / det, (a * f - c * d) / det
        if all(p * x + q * y >= value - TIGHT for p, q, value in lines):
            found.add((round(x, 9) + 0.0, round(y, 9) + 0.0))
    return tuple(sorted(found, key=lambda corner: (corner[0], -corner[1])))


def _used(rate: str, summary: Mapping[str, Any]) -> float:
    """Return what a copy used of a rate: that of the k-th link, or of common randomness."""
    usage: Mapping[str, Mapping[str, float]] = summary["usage"]
    kind, number, copies = rate[0], int(rate[1:]), int(summary["copies"])
    if rate == "R0":
        return float(usage.get("common", {}).get("random_bits", 0.0)) / copies
    unit, joint = {"Q": ("log2_dim", "->"), "E": ("ebits", "-"), "R": ("bits", "->")}[kind]
    links = LINKS[summary["network"]]
    amounts = [usage.get(joint.join(link), {}).get(unit, 0.0) for link in links[number - 1]]
    return max(amounts) / copies


LINKS: Mapping[str, Sequence[Sequence[tuple[str, str]]]] = {
    "two-node": [[("Alice", "Bob")]],
    "classical-broadcast": [[("Alice", "Bob"), ("Alice", "Charlie")]],
    "cascade": [[("Alice", "Bob")], [("Bob", "Charlie")]],
    "quantum-broadcast": [[("Alice", "Bob")], [("Alice", "Charlie")]],
    "multiple-access": [[("Alice", "Charlie")], [("Bob", "Charlie")]],
    "no-communication": [],
}
"""Network -> the links of its first rate, of its second; a broadcast sends the same bits on both."""


def _best_words(summary: Mapping[str, Any]) -> str:
    """Return the best figure of any code at the rates used, as far as it is known."""
    best = summary.get("best_at_n")
    if best is None:
        return ""
    low, high = (f"{round(best[key], 4) + 0.0:g}" for key in ("lower", "upper"))
    words = low if low == high else f"{low} to {high}"
    return f"; best {FIGURES[best['figure']]} of any code there at n = {summary['copies']}: {words}"


def _best(summary: Mapping[str, Any]) -> list[Rows]:
    """Return what is known of the best figure at this n, with these links."""
    best = summary.get("best_at_n")
    if best is None:
        return []
    own, figure = this_code(best, summary["ideal"]), FIGURES[best["figure"]]
    better: Better = "less" if best["figure"] == "trace_norm" else "more"
    rows = [] if own is None else [Interval("this code, without noise", own, own, own)]
    main = main_estimate(summary["estimates"])
    if main is not None and axis_of(kind_of(main).better) == axis_of(better):
        rows.append(Interval(f"on {summary['target']}", main["low"], main["best"], main["high"]))
    value = best["upper"] if best["upper"] - best["lower"] <= TIGHT else None
    rows.append(
        Interval(
            f"best of any code, n={summary['copies']}", best["lower"], value, best["upper"], colour=BOUND
        )
    )
    limit = 1.0 if better == "more" else 0.0
    rows.append(Interval("many copies, at the asymptotic rates", limit, limit, limit, colour=THEORY))
    return [Rows(f"{figure.capitalize()}: this code and the best possible", axis_of(better), tuple(rows))]


def _cases(summary: Mapping[str, Any]) -> list[Rows]:
    """Return the cases of each figure against theory; figures of two units are two diagrams."""
    if not several(summary["cases"]):
        return []
    shown = worst_cases(summary)
    few = (
        f", the {len(shown)} furthest of {len(summary['cases'])}"
        if len(shown) < len(summary["cases"])
        else ""
    )
    found = []
    for name in dict.fromkeys(row["estimate"] for row in shown):
        own = [row for row in shown if row["estimate"] == name]
        rows = tuple(
            Interval(case_words(row, own), row["low"], row["best"], row["high"], row["theory"]) for row in own
        )
        title = f"Cases: observed against ideal circuits, {KINDS[name].short}{few}"
        found.append(Rows(title, axis_of(KINDS[name].better), rows))
    return found


def _blocks(record: RunRecord, main: Mapping[str, Any]) -> Curves | None:
    """Return the main figure in each block, where it is counted and there are several."""
    play = CoordinationScoring.from_json(record.intent["experiment"]["play"])
    found = tally(record, play)
    if kind_of(main).computed or play.combine != "mean":
        return None
    points = []
    for b in range(len(found.counts[0])):
        own = _block(found, b)
        if own.shots:
            low, best, high = limits_of(own, main["name"], main["confidence"])
            points.append((float(b + 1), low, best, high))
    if len(points) < 2:
        return None
    marks = [Mark("ideal circuits", main["theory"]["value"], THEORY, "-")] if main["theory"] else []
    series = (Series("counted in the block", tuple(points)),)
    return Curves("Drift over blocks", "block", str(main["axis"]), series, tuple(marks))


def _block(found: Tally, block: int) -> Tally:
    return replace(found, counts=tuple(table[[block]] for table in found.counts))

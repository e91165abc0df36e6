"""Comparisons, sweeps and plans as pages: the same words and rows as in the terminal, with figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qcoord_hw.diagrams import BOUND, THEORY, Chip, Curves, Diagram, Interval, Mark, Rows, Series
from qcoord_hw.families.view import Line, Listing, Section
from qcoord_hw.report.comparison import (
    HERE,
    Comparison,
    difference_words,
    estimate_names,
    notes_of,
    shared_mark,
    short_time,
)
from qcoord_hw.report.format import target_words
from qcoord_hw.report.html import Document
from qcoord_hw.report.links import links_section
from qcoord_hw.report.plan_answer import Place, Plan
from qcoord_hw.report.plan_text import facts_of
from qcoord_hw.report.summary import NOTE
from qcoord_hw.report.sweep import SweepResult, counted_words, point_words, swept_words
from qcoord_hw.statistics.estimate import headline_of
from qcoord_hw.statistics.words import cell, found_words, is_exact, number

PANELS = 6
"""Estimates of a comparison that are drawn."""


def comparison_document(found: Comparison) -> Document:
    """Return the page of a comparison: runs, estimates and how they differ from those of run 1."""
    runs = found.runs
    differ = [row for row in found.differences if difference_words(row) == "differ"]
    of = f"{len(found.differences)} differences from run 1"
    lead = f"{len(differ)} of {of} stand out, tested together." if found.differences else ""
    layouts = [" ".join(map(str, run["layout"] or ())) for run in runs]
    rows = [
        Line(
            (
                f"{i} {Path(run['run']).resolve().name}",
                target_words(run),
                short_time(run.get("created")),
                short_time(run.get("calibrated")),
                str(run["shots"]),
                "" if run["seed"] is None else str(run["seed"]),
                layout,
            )
        )
        for i, (run, layout) in enumerate(zip(runs, layouts, strict=True), start=1)
    ]
    columns = ("run", "target", "created", "calibrated", "shots", "seed", "layout")
    sections = [Section("Runs", listing=Listing(columns, tuple(rows), numeric=(4, 5), what="runs"))]
    sections.append(Section("Estimates", listing=_estimates(found)))
    if shared := [row for row in found.side_by_side or () if row["section"] != HERE]:
        sections.append(Section("Rates and figures", listing=_side_by_side(shared, len(runs))))
    return Document(
        title=f"{runs[0]['title']}: {len(runs)} runs compared",
        where=f"{found.experiment} · comparison",
        data=found.to_json(),
        json_name="comparison.json",
        lead=lead,
        diagrams=_comparison_diagrams(found),
        sections=sections,
        notes=(*notes_of(found), NOTE),
    )


def _estimates(found: Comparison) -> Listing:
    rows: list[Line] = []
    by = {(row.run, row.name): row for row in found.differences}
    for name in estimate_names(found.runs):
        each = [next((e for e in run["estimates"] if e["name"] == name), None) for run in found.runs]
        marks = ", ".join(filter(None, (shared_mark(each, key) for key in ("theory", "bound"))))
        rows.append(Line((f"{name}{f': {marks}' if marks else ''}",), heading=True))
        for i, (run, e) in enumerate(zip(found.runs, each, strict=True), start=1):
            row = by.get((run["run"], name)) if i > 1 else None
            words = ("none", "") if e is None else (found_words(e), str(e.get("verdict") or ""))
            less = "" if row is None else row.words()
            rows.append(Line((f"{i} {run['target']}", *words, less, difference_words(row))))
    columns = ("run", "best [low, high]", "verdict", "less that of run 1", "found")
    return Listing(columns, tuple(rows), numeric=(1, 3), what="estimates")


def _side_by_side(rows: Sequence[Mapping[str, Any]], runs: int) -> Listing:
    lines: list[Line] = []
    section = ""
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            lines.append(Line((section,), heading=True))
        lines.append(Line((row["name"], *(cell(one) or "none" for one in row["runs"]))))
    columns = ("rate or figure", *(f"run {i}" for i in range(1, runs + 1)))
    return Listing(columns, tuple(lines), numeric=tuple(range(1, runs + 1)))


def _comparison_diagrams(found: Comparison) -> list[Diagram]:
    """Return a diagram for each estimate that is counted or computed in any run, the main one first."""
    runs = found.runs
    main = {e["name"] for e in runs[0]["estimates"] if e["headline"]}
    names = sorted(estimate_names(runs), key=lambda name: name not in main)
    labels = tuple(f"{i} {run['target']}" for i, run in enumerate(runs, start=1))
    diagrams: list[Diagram] = []
    for name in names[:PANELS]:
        each = [next((e for e in run["estimates"] if e["name"] == name), None) for run in runs]
        known = [e for e in each if e is not None]
        points = tuple((float(k), e["low"], e["best"], e["high"]) for k, e in enumerate(each) if e)
        marks = []
        for key, colour, line in (("theory", THEORY, "-"), ("bound", BOUND, "--")):
            values = {_value(e, key) for e in known}
            if len(values) == 1 and (value := values.pop()) is not None:
                words = "theory" if key == "theory" else known[0]["bound_label"]
                marks.append(Mark(words, value, colour, line))
        level = "computed" if is_exact(known[0]) else f"{100 * known[0]['confidence']:g}% intervals"
        axis = known[0]["axis"] or known[0]["title"]
        series = (Series(level, points),)
        diagrams.append(Curves(known[0]["title"], "run", axis, series, tuple(marks), labels, joined=False))
    return diagrams


def _value(estimate: Mapping[str, Any], key: str) -> float | None:
    return estimate[key]["value"] if estimate.get(key) else None


def sweep_document(found: SweepResult) -> Document:
    """Return the page of a sweep: curves, and a row for each point."""
    done = [point for point in found.points if point.error is None]
    failed = [point for point in found.points if point.error is not None]
    fields = list(dict.fromkeys(name for point in found.points for name in point.set))
    rows = []
    for point in done:
        figure = headline_of(point.estimates)
        theory = number(round(figure.theory.value, 4) + 0.0) if figure and figure.theory else ""
        words = found_words(figure.to_json()) if figure else "none"
        cells = [point.experiment, point.target, *(swept_words(point.set.get(name, "")) for name in fields)]
        cells += [str(point.shots), str(point.seed), figure.short if figure else "", words, theory]
        rows.append(Line((*cells, str(figure.verdict or "") if figure else "")))
    columns = (
        "experiment",
        "target",
        *fields,
        "shots",
        "seed",
        "figure",
        "best [low, high]",
        "theory",
        "verdict",
    )
    numbers = tuple(k for k, name in enumerate(columns) if name in ("shots", "seed", "theory", *fields))
    sections = (
        [Section("Points", listing=Listing(columns, tuple(rows), numeric=numbers, what="points"))]
        if rows
        else []
    )
    if failed:
        lines = tuple(f"{point_words(point)}: {point.error}" for point in failed)
        sections.append(Section("Points without a run", lines))
    names = list(dict.fromkeys(point.experiment for point in found.points))
    return Document(
        title=f"Sweep of {', '.join(names)}",
        where=f"{Path(found.sweep).name} · sweep",
        data=found.to_json(),
        json_name="sweep.json",
        lead=f"{len(found.points)} points: {counted_words(found)}.",
        diagrams=found.diagrams() if done else (),
        sections=sections,
        notes=(NOTE,),
    )


def plan_document(plan: Plan, chip: Chip | None = None) -> Document:
    """Return the page of a plan: what it takes, what is expected, and on which qubits.

    Args:
        plan: the plan.
        chip: the device with the chosen qubits, where it is known.
    """
    facts = [(name, words) for name, words in facts_of(plan) if words]
    shown, last = [], ""
    for name, words in facts:
        last = name or last
        shown.append(Line((last, words)))
    sections = [Section("What it takes", listing=Listing(("what", "how much"), tuple(shown), what="facts"))]
    if plan.ranked:
        sections.append(Section("Qubits, best first", listing=_places(plan.ranked)))
    if plan.tiling:
        sections.append(Section("The worst tile", listing=_places([plan.tiling.worst])))
    if plan.holders:
        lines = tuple(f"{system}: {words}" for system, words in plan.holders.items())
        sections.append(Section("Who holds what", lines))
    if plan.links:
        sections.append(links_section(plan.links))
    expected = dict(facts_of(plan)).get("expected", "")
    return Document(
        title=f"Plan: {plan.experiment} on {plan.target}",
        where=f"{plan.experiment} · plan",
        data=plan.to_json(),
        json_name="plan.json",
        lead=f"Expected: {expected}." if expected else "",
        diagrams=(*_plan_diagrams(plan), *([chip] if chip else [])),
        sections=sections,
        notes=(*plan.notes, NOTE),
    )


def _places(places: Sequence[Place]) -> Listing:
    rows = tuple(
        Line(
            (
                " ".join(map(str, place.layout)),
                f"{place.errors:.3f}",
                "" if place.expected is None else number(place.expected),
                place.method or "",
            )
        )
        for place in places
    )
    return Listing(("qubits", "errors per shot", "expected", "how"), rows, numeric=(1, 2), what="places")


def _plan_diagrams(plan: Plan) -> list[Diagram]:
    """Return the expected figure on each set of qubits, beside theory and bound."""
    places = [(" ".join(map(str, place.layout)), place.expected) for place in plan.ranked or ()]
    if not places:
        places = [(plan.target, plan.expected)]
    rows = tuple(Interval(name, v, v, v) for name, v in places if v is not None)
    known = (("theory", plan.theory, THEORY, "-"), ("bound", plan.bound, BOUND, "--"))
    marks = tuple(Mark(name, v, colour, line) for name, v, colour, line in known if v is not None)
    title = plan.titles.get(plan.figure or "", plan.figure or "")
    return [Rows(f"Expected, {plan.expected_kind}", title, rows, marks)] if rows else []

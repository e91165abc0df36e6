"""What is said of a coordination protocol: its rates and figures, kept apart by where they come from.

A row is a dictionary with `name`, `source` and the number: `value`; or what is known of it, `lower` and
`upper`; or an interval, `low`, `best` and `high`. Rates are per copy, trace norms whole (0 to 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Prediction
from qcoord_hw.families.coordination.best_at_n import best_at_n
from qcoord_hw.families.coordination.best_view import best_line, best_panel, best_rows
from qcoord_hw.families.coordination.figures import KINDS, kind_of, short_of
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.families.view import Line, Listing, Panel, Section, View
from qcoord_hw.statistics.words import (
    cell,
    interval,
    is_exact,
    main_estimate,
    number_exactly,
    some,
    units,
    verdict_words,
    worst,
)

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.statistics.analysis import Analysis

ASYMPTOTIC = "asymptotic formula"
USED = "used by this circuit (counted)"
GAP = "counted less asymptotic formula"
IDEAL = "ideal circuit"
HERE = "this target"

_KINDS = (
    ("gap", "gap"),
    ("finite", "finite"),
    ("achievable", "finite"),
    ("at n =", "finite"),
    ("at this n", "finite"),
)
"""What the name of a rate holds, and what kind of rate it is then; any other is asymptotic."""

Row = dict[str, Any]


def own_keys(intent: Mapping[str, Any], analysis: Analysis | None) -> dict[str, Any]:
    """Return the keys of a summary that are those of a coordination protocol."""
    play = intent["experiment"]["play"]
    return {
        **{key: play[key] for key in ("network", "rates", "notes")},
        "ideal": play["exact"],
        "cases": list(analysis.rows) if analysis else [],
        "holders": play.get("holders", {}),
        **_best(intent["experiment"], analysis),
    }


def _best(experiment: Mapping[str, Any], analysis: Analysis | None) -> dict[str, Any]:
    """Return the best possible at n, of a finished run whose usage is known, as that of imports is not."""
    if analysis is None or experiment["usage"] is None:
        return {}
    scoring = CoordinationScoring.from_json(experiment["play"])
    return {"best_at_n": best_at_n(scoring, experiment["usage"]).to_json()}


def view(summary: Mapping[str, Any]) -> View:
    """Return what is to be drawn of a run: rates by where they come from, and its cases if several."""
    main, cases = main_estimate(summary["estimates"]), summary["cases"]
    listing, panel = (_cases(summary), _panel(cases, main)) if several(cases) else (None, None)
    headline = "Nothing was estimated." if summary["state"] == "sealed" else ""
    return View(
        headline=headline if main is None else _headline(summary, main),
        rates=Section("Rates and figures", listing=_rates(summary)),
        details=(Section("Cases", listing=listing),) if listing else (),
        facts=tuple(f"{system}: {words}" for system, words in summary.get("holders", {}).items()),
        notes=tuple(summary["notes"]),
        panel=panel,
        scale=_scale(summary),
        beside=_beside(summary, main),
        network=summary["network"],
    )


def predict(experiment: Experiment, play: CoordinationScoring) -> Prediction:
    """Return who holds what, what is measured, and what theory says of it."""
    named = list(dict.fromkeys(setting.label for setting in experiment.settings))
    best = best_at_n(play, experiment.usage).to_json()
    known = {"rates": play.rates, "ideal": play.exact, "usage": experiment.usage, "copies": play.copies}
    lines = [
        *(f"{'' if k else 'systems':<10}{s}: {words}" for k, (s, words) in enumerate(play.holders.items())),
        f"circuits  {len(experiment.circuits)}, one per preparation",
        f"settings  {len(experiment.settings)}, in Pauli bases: {some(named)}",
        *([f"cases     {some([c.label for c in play.cases])}"] if len(play.cases) > 1 else []),
        *(
            f"{'rates' if k == 0 else '':<10}{name}: {cell(rate)} ({rate['source']})"
            for k, (name, rate) in enumerate(play.rates.items())
        ),
        *(f"ideal     {short_of(name)}: {number_exactly(v)}" for name, v in play.exact.items()),
        f"best      {_best_line(known | {'best_at_n': best})}",
        *(f"          {row['name']}: {cell(row)}; {row['source']}" for row in best_rows(best)),
        *(f"note      {note}" for note in play.notes),
    ]
    values = {
        "network": play.network,
        "cases": [case.label for case in play.cases],
        "exact": play.exact,
        "rates": play.rates,
        "notes": list(play.notes),
        "holders": play.holders,
        "best_at_n": best,
    }
    return Prediction(values, tuple(lines))


def ideal_and_exact(
    summary: Mapping[str, Any], main: Mapping[str, Any] | None
) -> tuple[float | None, float | None]:
    """Return what ideal circuits, and this target, make of the figure that an estimate is about."""
    if main is None:
        return None, None
    figure = kind_of(main).exact
    here = next((e["best"] for e in summary["estimates"] if e["name"] == figure), None)
    return summary["ideal"].get(figure), here


def rate_sections(summary: Mapping[str, Any]) -> list[tuple[str, list[Row]]]:
    """Return (heading, rows) of every rate and figure, leaving out headings without rows.

    Where no theorem says what block length n can do, the protocol itself does: what its circuit makes
    without noise is achieved at the rates counted.
    """
    rates = _by_kind(summary["rates"])
    ideal = [
        {"name": short_of(name).removesuffix(", exact"), "value": value, "source": "exact"}
        for name, value in summary["ideal"].items()
    ]
    finite = rates["finite"] or [
        row | {"name": f"{row['name']}, rates as used", "source": "this protocol, without noise"}
        for row in ideal
    ]
    best = best_rows(summary["best_at_n"]) if "best_at_n" in summary else []
    sections = [
        (ASYMPTOTIC, rates[""]),
        (f"achievable at n = {summary['copies']}", finite),
        (f"best possible at n = {summary['copies']}, of any code with these links", best),
        (USED, _used(summary)),
        (GAP, rates["gap"]),
        (IDEAL, ideal),
        (HERE, [_figure(e) for e in summary["estimates"]]),
    ]
    return [(heading, rows) for heading, rows in sections if rows]


def _by_kind(given: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Row]]:
    """Return the rates of each kind: of a gap, of this n, and asymptotic ones under ""."""
    rates: dict[str, list[Row]] = {"gap": [], "finite": [], "": []}
    for name, rate in given.items():
        kind = next((kind for word, kind in _KINDS if word in name), "")
        rates[kind].append({"name": _plain_rate(name), **rate})
    return rates


def _best_line(summary: Mapping[str, Any]) -> str:
    formula = _by_kind(summary["rates"])[""]
    return best_line(summary["best_at_n"], summary["ideal"], summary["copies"], _used(summary), formula)


def _scale(summary: Mapping[str, Any]) -> Panel | None:
    """Return what the main figure is held against, where a converse is known."""
    if "best_at_n" not in summary:
        return None
    return best_panel(summary["best_at_n"], summary["ideal"], summary["copies"], _best_line(summary))


def side_by_side(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return `section`, `name` and `runs` (the row of each run, or None) of every rate and figure."""
    found: dict[tuple[str, str], list[Row | None]] = {}
    for i, summary in enumerate(summaries):
        for heading, rows in rate_sections(summary):
            for row in rows:
                found.setdefault((heading, row["name"]), [None] * len(summaries))[i] = row
    return [{"section": section, "name": name, "runs": runs} for (section, name), runs in found.items()]


def worst_cases(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the cases that came out furthest from their targets, if there are many; else all, in order."""
    return worst(summary["cases"], lambda row: -_distance(row))


def several(cases: Iterable[Mapping[str, Any]]) -> bool:
    """Whether there is more than one case; the figures of a single one are those of the experiment."""
    return len({row["case"] for row in cases}) > 1


def case_words(row: Mapping[str, Any], cases: Sequence[Mapping[str, Any]]) -> str:
    """Return which case a row is about, and by which figure if there are several."""
    label = row["label"] or f"case {row['case'] + 1}"
    kinds = {other["estimate"] for other in cases}
    return f"{label}, {short_of(row['estimate'])}" if len(kinds) > 1 else label


def _headline(summary: Mapping[str, Any], main: Mapping[str, Any]) -> str:
    """Return the main estimate, and what was computed of the same figure."""
    ideal, here = ideal_and_exact(summary, main)
    computed = [(here, f"on {summary['target']}"), (ideal, "for ideal circuits")]
    exact = [f"{number_exactly(value)} {where}" for value, where in computed if value is not None]
    figure = "fidelity" if kind_of(main).better == "more" else "trace norm"
    said = [f"Computed: {figure} {', '.join(exact)}."] if exact else []
    return " ".join([verdict_words(main), *said])


def _beside(summary: Mapping[str, Any], main: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Return what was computed, for an overview."""
    ideal, exact = ideal_and_exact(summary, main)
    words = {"exact": exact, "ideal": ideal}
    return tuple((name, "" if v is None else number_exactly(v)) for name, v in words.items())


def _rates(summary: Mapping[str, Any]) -> Listing:
    rows: list[Line] = []
    for heading, own in rate_sections(summary):
        rows.append(Line((heading, "", ""), heading=True))
        rows += [Line((row["name"], cell(row), row["source"])) for row in own]
    return Listing(("rate or figure", "value", "source"), tuple(rows), numeric=(1,))


def _cases(summary: Mapping[str, Any]) -> Listing:
    cases, few = summary["cases"], worst_cases(summary)
    return Listing(
        ("case", "shots", "best [low, high]", "ideal"),
        tuple(_line(row, cases) for row in cases),
        tuple(_line(row, cases) for row in few) if len(few) < len(cases) else (),
        "furthest from their targets",
        (1, 2, 3),
        what="cases",
    )


def _panel(cases: Sequence[Mapping[str, Any]], main: Mapping[str, Any] | None) -> Panel:
    """Return the cases by the figures that have the unit of the main one."""
    better = KINDS[cases[0]["estimate"]].better if main is None else kind_of(main).better
    own = [row for row in cases if KINDS[row["estimate"]].better == better]
    return Panel("each case", tuple(_line(row, own) for row in own))


def _line(row: Mapping[str, Any], cases: Sequence[Mapping[str, Any]]) -> Line:
    cells = (case_words(row, cases), str(row["shots"]), interval(row), number_exactly(row["theory"]))
    return Line(cells, (row["low"], row["best"], row["high"]), row["theory"])


def _plain_rate(name: str) -> str:
    return re.sub(r",? (asymptotic|gap|finite|achievable)$", "", name)


def _used(summary: Mapping[str, Any]) -> list[Row]:
    """Return what a copy used of each link and resource, in each unit."""
    return [
        {
            "name": f"{resource}, {unit.replace('_', ' ')} per copy",
            "unit": unit,
            "value": used[unit] / summary["copies"],
            "source": f"{used[unit]:g} by one circuit",
        }
        for resource, used in (summary["usage"] or {}).items()
        for unit in units({resource: used})
        if used[unit]
    ]


def _figure(estimate: Mapping[str, Any]) -> Row:
    ends = {key: estimate[key] for key in ("low", "best", "high")}
    number: Row = {"value": estimate["best"]} if is_exact(estimate) else ends
    source = "exact" if is_exact(estimate) else f"{estimate['shots']} shots"
    return {"name": estimate["short"], **number, "source": source}


def _distance(row: Mapping[str, Any]) -> float:
    """Return how far a case is from its target, from 0 to 1."""
    best = float(row["best"])
    return 1 - best if KINDS[row["estimate"]].better == "more" else best / 2

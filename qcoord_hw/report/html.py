"""The report of a run as one self-contained HTML page, and as a fragment for notebooks.

Every value comes from a record and is untrusted: templates escape all but the drawings, and those escape
their own words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qcoord_hw.families.view import Listing
from qcoord_hw.record import interpreting
from qcoord_hw.report import chip_map, svg
from qcoord_hw.report import format as words
from qcoord_hw.report.edges import edges_section, first_pair_words
from qcoord_hw.report.faults import our_own
from qcoord_hw.report.links import links_section
from qcoord_hw.report.shapes import RunSummary
from qcoord_hw.report.summary import view_of
from qcoord_hw.statistics import words as figures
from qcoord_hw.text import printable_lines

MAX_CIRCUITS = 32
"""Circuits beyond the first that are drawn."""


def page(summary: RunSummary, intent: Mapping[str, Any]) -> str:
    """Return the report of a run as a complete HTML page that needs nothing else.

    Args:
        summary: what `summarise` returned.
        intent: the record's intent, for drawings and provenance.

    Raises:
        RecordError: when what it says of them cannot be interpreted.
        InternalError: when the page cannot be made of what was read.
    """
    path = Path(summary["run"])
    with interpreting(path):
        experiment = intent["experiment"]
        known = experiment["topology"] is not None
        parties = svg.party_classes(experiment["topology"]["parties"]) if known else {}
        drawn = _drawn(experiment) if known else []
        undrawn = max(0, len(experiment["circuits"]) - 1 - MAX_CIRCUITS)
        facts = _facts(summary, intent)
        spec = json.dumps(intent["spec"], indent=2, ensure_ascii=False)
    with our_own(path, "its page"):
        return (
            environment()
            .get_template("report.html.j2")
            .render(
                s=summary,
                view=view_of(summary),
                usage=_usage(summary),
                parties=parties,
                drawings=[(label, svg.circuit_svg(circuit, label)) for label, circuit in drawn],
                undrawn=undrawn,
                facts=facts,
                spec=spec,
            )
        )


def fragment(summary: RunSummary) -> str:
    """Return the summary of a run as a piece of HTML that a notebook shows in its own colours."""
    return environment().get_template("fragment.html.j2").render(s=summary, view=view_of(summary))


def unbroken(words: str) -> Markup:
    """Return words as HTML in which no line breaks at the minus of a number such as 2.5e-07 or a link.

    >>> unbroken("p < 2.5e-07 & more")
    Markup('p &lt; <span class="whole">2.5e-07</span> &amp; more')
    """
    parts = re.split(r"([0-9][0-9.]*e-[0-9]+|[^\s,]+->[^\s,]+)", words)
    return Markup("").join(
        Markup('<span class="whole">{}</span>').format(part) if k % 2 else part
        for k, part in enumerate(parts)
    )


@cache
def environment() -> Environment:
    """Return what fills in the templates: it escapes all that is not marked as safe."""
    environment = Environment(
        loader=PackageLoader("qcoord_hw.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_readable,
    )
    environment.filters |= {
        function.__name__: function
        for function in (
            figures.confidence_words,
            figures.found_words,
            figures.is_exact,
            figures.main_estimate,
            figures.number,
            figures.p_words,
            words.check_words,
            words.is_passed,
            words.is_suspicious,
            words.job_words,
            words.target_words,
            words.unfinished_words,
            axis_of,
            capital,
            chip_map.legend,
            chip_map.map_svg,
            edges_section,
            first_pair_words,
            links_section,
            svg.bar_svg,
            svg.interval_svg,
            unbroken,
        )
    }
    return environment


def _readable(value: Any) -> Any:
    """Return what a template is about to write, without a character that acts on its reader."""
    if isinstance(value, Markup):
        return Markup(printable_lines(value))
    return printable_lines(value) if isinstance(value, str) else value


def _drawn(experiment: Mapping[str, Any]) -> list[tuple[str, svg.Circuit]]:
    """Return (label, circuit) of the first circuits; one with many settings is labelled by their number."""
    labels: dict[int, list[str]] = {}
    for setting in experiment["settings"]:
        labels.setdefault(setting["circuit"], []).append(setting["label"])
    drawings = []
    for i in range(min(len(experiment["circuits"]), 1 + MAX_CIRCUITS)):
        given = labels[i]
        label = given[0] if len(given) == 1 else f"with {len(given)} settings of its parameters"
        if len(given) > 1 and len(experiment["circuits"]) > 1:
            label = f"{i}, {label}"
        drawings.append((label, svg.read_circuit(experiment, i)))
    return drawings


def axis_of(listing: Listing) -> dict[str, float | None]:
    """Return the axis on which the intervals of all rows are drawn, and the bound on it."""
    bounds = [] if listing.bound is None else [listing.bound]
    ends = [end for row in listing.rows if row.limits for end in row.limits] + bounds
    return {"low": min(ends, default=0.0), "high": max(ends, default=1.0), "bound": listing.bound}


def capital(words: str) -> str:
    """Return a column's title as a page has it; what is no word, such as `w1`, stays as it is.

    >>> capital("best [low, high]"), capital("w1")
    ('Best [low, high]', 'w1')
    """
    return words[:1].upper() + words[1:] if words.split(" ")[0].isalpha() else words


def _usage(summary: RunSummary) -> list[tuple[str, str, float, float]]:
    """Return (link or resource, unit, used by one circuit, used per copy) of all that was used."""
    return [
        (resource, unit.replace("_", " "), used[unit], used[unit] / summary["copies"])
        for resource, used in (summary["usage"] or {}).items()
        for unit in figures.units({resource: used})
        if used[unit]
    ]


def _facts(summary: RunSummary, intent: Mapping[str, Any]) -> dict[str, str]:
    """Return where a run comes from, leaving out what is not known."""
    target, made = intent["target"], intent["provenance"]
    facts = {
        "Run": Path(summary["run"]).name,
        "Spec id": summary["spec_id"],
        "Seed": summary["seed"],
        "Created": summary["created"],
        "Target": words.target_words(summary),
        "Noise model": target["noise"],
        "Method": ", ".join(target["methods"]),
        "Source": words.source_words(summary),
        "Unknown": ", ".join(summary.get("unknown", ())),
        "Layout": " ".join(map(str, summary["layout"] or ())),
        "Calibrated": summary["calibrated"],
        "Network": (intent["experiment"]["topology"] or {}).get("name"),
        "Packages": ", ".join(f"{name} {version}" for name, version in made["packages"].items() if version),
        "Python": f"{made['python']}, {made['platform']}",
        "Commit": made["commit"],
    }
    return {name: str(value) for name, value in facts.items() if value not in (None, "")}

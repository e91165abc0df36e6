"""The report of a run as one self-contained HTML page, and as a fragment for notebooks.

Every value comes from a record and is untrusted: templates escape all but the drawings, and those escape
their own words.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qcoord_hw.bibliography import cited
from qcoord_hw.diagrams import Diagram
from qcoord_hw.families.view import Line, Listing, Section
from qcoord_hw.record import RunRecord, interpreting
from qcoord_hw.report import chip_map, svg
from qcoord_hw.report import format as words
from qcoord_hw.report.edges import edges_section, first_pair_words
from qcoord_hw.report.embedded import Embedded, embedded
from qcoord_hw.report.faults import our_own
from qcoord_hw.report.links import links_section
from qcoord_hw.report.shapes import RunSummary
from qcoord_hw.report.summary import view_of
from qcoord_hw.statistics import words as figures
from qcoord_hw.text import printable_lines

MAX_CIRCUITS = 32
"""Circuits beyond the first that are drawn."""

MAX_COUNTS = 400
"""Rows of raw counts on a page."""


def page(
    summary: RunSummary,
    intent: Mapping[str, Any],
    diagrams: Sequence[Diagram] = (),
    counts: Section | None = None,
) -> str:
    """Return the report of a run as a complete HTML page that needs nothing else.

    Args:
        summary: what `summarise` returned.
        intent: the record's intent, for drawings and provenance.
        diagrams: what is drawn of it beside its estimates and circuits.
        counts: its raw counts.

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
        return rendered(
            "report.html.j2",
            summary["title"],
            summary,
            s=summary,
            view=view_of(summary),
            usage=_usage(summary),
            parties=parties,
            drawings=[(label, svg.circuit_svg(circuit, label)) for label, circuit in drawn],
            undrawn=undrawn,
            facts=facts,
            spec=spec,
            drawn=_figures(diagrams),
            counts=counts,
        )


@dataclass(frozen=True)
class Document:
    """A page of an answer: what is said first, figures, then sections.

    Attributes:
        title: its heading.
        where: what it is a page of, above the heading.
        lead: the sentence that says most.
        lines: sentences below it.
        banners: warnings.
        diagrams: figures.
        sections: sentences and rows.
        notes: what all rests on, at its end.
        data: what `--json` prints of it.
        json_name: of the file that a link to the data offers.
    """

    title: str
    where: str
    data: Mapping[str, Any]
    json_name: str
    lead: str = ""
    lines: Sequence[str] = ()
    banners: Sequence[str] = ()
    diagrams: Sequence[Diagram] = ()
    sections: Sequence[Section] = ()
    notes: Sequence[str] = ()


def document_page(document: Document) -> str:
    """Return an answer as a complete HTML page that needs nothing else."""
    return rendered(
        "document.html.j2",
        document.title,
        document.data,
        document.json_name,
        page=document,
        drawn=_figures(document.diagrams),
    )


def rendered(
    template: str, title: str, data: Mapping[str, Any], name: str = "report.json", **values: Any
) -> str:
    """Return a page made of a template that extends the layout of all pages.

    Args:
        template: its file.
        title: of the page.
        data: what the page has as data, behind a link.
        name: of the file that the link offers.
        values: what the template needs.
    """
    return environment().get_template(template).render(title=title, json=data, json_name=name, **values)


def data_link(data: Mapping[str, Any]) -> str:
    """Return a link that holds the data itself, so that it works wherever the page is kept."""
    content = json.dumps(data, ensure_ascii=True).encode()
    return f"data:application/json;base64,{b64encode(content).decode()}"


def raw_counts(record: RunRecord) -> Section:
    """Return how often each outcome was counted in each setting, all blocks together; the first of many.

    Raises:
        RecordError: when the record cannot be interpreted.
    """
    with interpreting(record.path):
        settings = record.intent["experiment"]["settings"]
        found: dict[int, Counter[str]] = {}
        for (_, setting), counts in record.by_block().items():
            found.setdefault(setting, Counter()).update(counts)
        rows = [
            Line((str(settings[k]["label"]), outcome, str(n), figures.number(n / own.total())))
            for k, own in sorted(found.items())
            for outcome, n in sorted(own.items(), key=lambda item: (-item[1], item[0]))
        ]
    lines = [
        "Outcomes with classical bit 0 first, all blocks together, the most frequent of a setting first."
    ]
    if len(rows) > MAX_COUNTS:
        words = f"the first {MAX_COUNTS} of {len(rows)}; qcoord export {record.path.name} --csv FILE has all"
        lines.append(f"These are {words}.")
    columns = ("setting", "outcome", "count", "share of the setting's shots")
    return Section(
        "Raw counts", tuple(lines), Listing(columns, tuple(rows[:MAX_COUNTS]), numeric=(2, 3), what="counts")
    )


def _figures(diagrams: Sequence[Diagram]) -> list[Embedded]:
    return [embedded(diagram, f"f{k}") for k, diagram in enumerate(diagrams, start=1)]


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
    made = Environment(
        loader=PackageLoader("qcoord_hw.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_readable,
    )
    made.filters["references"] = cited
    made.filters |= {
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
            data_link,
            edges_section,
            first_pair_words,
            links_section,
            svg.bar_svg,
            svg.interval_svg,
            unbroken,
        )
    }
    return made


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

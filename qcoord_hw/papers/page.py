"""All rows and the papers' figures as one HTML page that needs nothing else."""

from __future__ import annotations

import io
from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure

from qcoord_hw.papers.answer import Reproduction, run_words
from qcoord_hw.papers.figures import corners_of, figure_13_of, network_figure, networks_of
from qcoord_hw.report.html import data_link
from qcoord_hw.text import printable_lines

CORNERS = ("least Q", "E there", "Q at E = 0")


def page(found: Reproduction) -> str:
    """Return what was found as a page: figures with their numbers as text, then every row."""
    drawings = []
    ids = {row.id for row in found.rows_found}
    if {"nator-figure-13a", "nator-figure-13b"} <= ids:
        tables = []
        for letter in "ab":
            values = corners_of(found.rows_found, letter)
            for k, who in enumerate(("Q1, E1 (blue)", "Q2, E2 (green)")):
                tables.append((f"({letter}) {who}", [f"{v:.6f}" for v in values[3 * k : 3 * k + 3]]))
        drawings.append(("Figure 13 (a), (b) of [NatorPereg]", _svg(figure_13_of(found.rows_found)), tables))
    for network in networks_of(found.rows_found):
        words = [(f"{one} -> {other}", [said]) for one, other, said in network.links if said]
        drawings.append((network.title, _svg(network_figure(network)), words))
    return (
        _environment()
        .get_template("reproduce.html.j2")
        .render(found=found, json=found.to_json(), drawings=drawings, corners=CORNERS)
    )


def _svg(figure: Figure) -> str:
    """Return a figure as SVG whose text stays text; the same whenever it is made."""
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "qcoord"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("qcoord_hw.papers"), PackageLoader("qcoord_hw.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"run_words": run_words, "printable": printable_lines, "data_link": data_link}
    return environment

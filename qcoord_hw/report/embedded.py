"""Figures as parts of a page: drawings in the page's own colours, light and dark, each with its words."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from qcoord_hw.diagrams import BOUND, DATA, THEORY, Chip, Diagram, Histograms
from qcoord_hw.text import printable

WIDE = 9.2
"""Inches of a figure that takes the whole width of a page."""

MANY_PANELS = 4


@dataclass(frozen=True)
class Embedded:
    """A figure in a page.

    Attributes:
        title: what it shows.
        svg: the drawing.
        words: the same with all its numbers.
        is_wide: whether it takes the whole width, and scrolls where that is too much.
    """

    title: str
    svg: Markup
    words: str
    is_wide: bool


def embedded(diagram: Diagram, key: str) -> Embedded:
    """Return a diagram as a part of a page.

    Args:
        diagram: what is drawn.
        key: tells its ids from those of all other figures of the page.
    """
    from qcoord_hw.charts import COLUMN
    from qcoord_hw.drawings import figure_of

    is_wide = (isinstance(diagram, Histograms) and len(diagram.panels) > MANY_PANELS) or (
        isinstance(diagram, Chip) and diagram.whole
    )
    figure = figure_of(diagram, WIDE if is_wide else COLUMN)
    words = printable(diagram.words())
    return Embedded(printable(diagram.title), _svg(figure, key, words), words, is_wide)


def _svg(figure: object, key: str, words: str) -> Markup:
    """Return a figure as SVG without anything outside it: letters are outlines, colours the page's."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    file = io.StringIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "qcoord", "path.simplify": True}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", facecolor="none", metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    view = re.search(r'viewBox="([^"]+)"', text)
    body = text[text.index(">") + 1 :]
    assert view is not None
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.S)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.S).replace("xlink:href", "href")
    body = re.sub(r'\bid="', f'id="{key}-', body)
    body = re.sub(r'href="#', f'href="#{key}-', body)
    body = body.replace("url(#", f"url(#{key}-")
    for colour, name in _variables().items():
        body = body.replace(colour, f"var(--{name})")
    body = re.sub(r"\n\s*", "\n", body)
    width = float(view[1].split()[2]) / 72 * 96
    return Markup(
        f'<svg class="figure" role="img" aria-label="{escape(words)}" viewBox="{view[1]}" '
        f'style="--natural: {width:.0f}px">{body}'
    )


def _variables() -> dict[str, str]:
    """Return the colours of figures that a page has its own for, by name."""
    from qcoord_hw.charts import GRID, MUTED, PAPER, SERIES
    from qcoord_hw.drawings import ERRORS

    further = {colour: f"s{k}" for k, (colour, _, _) in enumerate(SERIES)}
    errors = {colour: f"e{k}" for k, colour in enumerate(ERRORS)}
    return (
        further
        | errors
        | {
            DATA: "data",
            THEORY: "ink",
            BOUND: "bound",
            MUTED: "muted",
            GRID: "line",
            PAPER: "paper",
        }
    )

"""Flow charts, and the directive `network`: both are drawn by `tools/site_pages/flowchart.py`."""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from site_pages.flowchart import network, svg
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from qcoord_hw import network as networks


class Flowchart(SphinxDirective):
    """The block ```mermaid."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        return [nodes.raw("", svg("\n".join(self.content)), format="html")]


class Network(SphinxDirective):
    """The directive `network`, with the name of a constant of `qcoord_hw.network`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        return [nodes.raw("", svg(network(getattr(networks, self.arguments[0]))), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("mermaid", Flowchart)
    app.add_directive("network", Network)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

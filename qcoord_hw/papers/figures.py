"""The papers' figures in their own axes, each with its numbers as text; loads matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from qcoord_hw.charts import NotebookFigure
from qcoord_hw.papers.answer import ReproducedRow

BLUE, GREEN = "#1d5fc0", "#0d7a55"
"""As Figure 13 has them: Alice's rates are blue, Bob's green."""

EXTENT = 3.0
"""Bits that the axes of Figure 13 reach to."""


@dataclass(frozen=True)
class Network:
    """A drawing of a network: who is where, and what a link has to carry.

    Attributes:
        title: the figure of the paper.
        nodes: name -> (x, y), between 0 and 1.
        links: (from, to, words).
    """

    title: str
    nodes: Mapping[str, tuple[float, float]]
    links: Sequence[tuple[str, str, str]]


def figure_13() -> Figure:
    """Return Figure 13 (a) and (b) of [NatorPereg], computed now."""
    from qcoord_hw.papers.reproduce import reproduce

    found = reproduce("nator-figure-13a", "nator-figure-13b")
    return figure_13_of(found.rows_found)


def figure_13_of(rows: Sequence[ReproducedRow]) -> Figure:
    """Return Figure 13: E to the right, Q upwards, one region for each link."""
    figure = NotebookFigure(figsize=(9, 4.2), layout="constrained")
    for axes, letter, title in zip(
        figure.subplots(1, 2), "ab", ("Example 1 (mixture)", "Example 2 (entanglement)"), strict=True
    ):
        corners = corners_of(rows, letter)
        for k, (colour, words) in enumerate(((BLUE, "$Q_1$, $E_1$"), (GREEN, "$Q_2$, $E_2$"))):
            _shade(axes, corners[3 * k : 3 * k + 3], colour, words)
        axes.set_title(f"({letter}) {title}", fontsize=9, loc="left")
        axes.set_xlabel("E (ebits per copy)")
        axes.set_ylabel("Q (qubits per copy)")
        axes.set_xlim(0, EXTENT)
        axes.set_ylim(0, EXTENT)
        axes.grid(linewidth=0.4, alpha=0.6)
        axes.legend(fontsize=8, frameon=False, loc="upper right")
        said = ", ".join(f"{value:.4f}" for value in corners)
        figure.words += f"({letter}) {title}: least Q, E there and Q at E = 0 of each link: {said}. "
    return figure


def corners_of(rows: Sequence[ReproducedRow], letter: str) -> list[float]:
    """Return for each link the least Q, the E there, and the Q at E = 0; what the row says."""
    row = next(row for row in rows if row.id == f"nator-figure-13{letter}")
    return [float(one.upper) for one in row.claims]


def network_figure(network: Network) -> Figure:
    """Return a drawing of a network with its rates."""
    figure = NotebookFigure(figsize=(5.2, 2.2))
    said = "; ".join(f"{one} to {other} {words}".strip() for one, other, words in network.links)
    figure.words = f"{network.title}. {said}."
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for one, other, words in network.links:
        (x0, y0), (x1, y1) = network.nodes[one], network.nodes[other]
        axes.add_patch(
            FancyArrowPatch((x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=14, shrinkA=26, shrinkB=26)
        )
        axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.1, words, ha="center", fontsize=8)
    for name, (x, y) in network.nodes.items():
        axes.text(
            x,
            y,
            name,
            ha="center",
            va="center",
            fontsize=9,
            bbox={"boxstyle": "round", "fc": "white", "ec": BLUE},
        )
    return figure


def networks_of(rows: Sequence[ReproducedRow]) -> list[Network]:
    """Return the networks whose rates stand in these rows: Figures 1 and 2, and Figure 1 of [Hu2025]."""
    ours = {row.id: [one.ours for one in row.claims] for row in rows if row.claims}
    two = {"Alice": (0.15, 0.5), "Bob": (0.85, 0.5)}
    found = []
    if "nator-1" in ours:
        wyner, shared = ours["nator-1"]
        words = f"R >= {wyner} bits; {shared} with common randomness"
        found.append(Network("Figure 1: a binary source, .1", two, [("Alice", "Bob", words)]))
    if "nator-figure-2" in ours:
        alone, assisted = ours["nator-figure-2"]
        words = f"Q >= {alone} qubits; {assisted} with ebits"
        found.append(Network("Figure 2: an EPR pair", two, [("Alice", "Bob", words)]))
    if "hu-figure-1" in ours:
        *_, rate, qudits = ours["hu-figure-1"]
        nodes = {s: (0.12, 0.86 - 0.24 * k) for k, s in enumerate("ABCD")} | {"user": (0.88, 0.5)}
        words = f"{qudits} qudits per instance, {rate} computations per qudit"
        links = [(s, "user", words if s == "A" else "") for s in "ABCD"]
        found.append(Network("Figure 1 of [Hu2025]: A + C + D, B + C + D", nodes, links))
    return found


def _shade(axes: Axes, corners: Sequence[float], colour: str, words: str) -> None:
    least, at_least, alone = corners
    xs, ys = [0.0, at_least, EXTENT], [alone, least, least]
    axes.fill([*xs, EXTENT, 0.0], [*ys, EXTENT, EXTENT], color=colour, alpha=0.18, linewidth=0)
    axes.plot([0.0, *xs], [EXTENT, *ys], color=colour, linewidth=1.6, label=words)

"""Draws flow charts and networks as SVG, with a label that says them in words.

A chart is the part of Mermaid's language that we write. GitHub draws such a block by itself; a page that is
opened from a folder has nobody who would. A line is `a["text"] -->|"what happens"| b["text"]`; texts may
stand where a node is first named, lines break at <br>. A network is a chart of its `Topology`.
"""

from __future__ import annotations

import re
from html import escape

from qcoord_hw.network import Topology

NODE = r'(\w+)(?:\["([^"]*)"\])?'
EDGE = re.compile(rf'^{NODE}(?:\s*-->\s*(?:\|"([^"]*)"\|)?\s*{NODE})?$')
LETTER, LINE, DROP, PAD = 7.2, 17, 62, 10
"""Widths and heights in pixels: of a letter and a line, between rows, inside a box."""


def read(text: str) -> tuple[dict[str, list[str]], list[tuple[str, str, str]]]:
    """Return node -> lines of its text, and the edges: from, to, what happens.

    Raises:
        ValueError: for a line of Mermaid that this does not draw.
    """
    labels: dict[str, list[str]] = {}
    edges = []
    for line in (stripped for row in text.splitlines()[1:] if (stripped := row.strip())):
        if not (found := EDGE.match(line)):
            raise ValueError(f"a flow chart has no line {line!r}")
        start, text_of_start, happens, end, text_of_end = found.groups()
        for name, label in ((start, text_of_start), (end, text_of_end)):
            if name and (label or name not in labels):
                labels[name] = (label or name).split("<br>")
        if end:
            edges.append((start, end, happens or ""))
    return labels, edges


def ranks(names: list[str], edges: list[tuple[str, str, str]]) -> dict[str, int]:
    """Return the row of every node: one below the lowest that leads to it."""
    rank = dict.fromkeys(names, 0)
    for _ in names:
        for start, end, _ in edges:
            rank[end] = max(rank[end], rank[start] + 1)
    return rank


def svg(text: str) -> str:
    """Return a chart as an SVG element whose label says every edge in words."""
    labels, edges = read(text)
    rank = ranks(list(labels), edges)
    rows = [[n for n in labels if rank[n] == r] for r in range(max(rank.values()) + 1)]
    width = {n: max(map(len, lines)) * LETTER + 2 * PAD for n, lines in labels.items()}
    height = {n: len(lines) * LINE + 2 * PAD for n, lines in labels.items()}
    gap = 20 + max(len(what) for _, _, what in edges) * LETTER / 3  # room for what stands on edges
    widest = max(sum(width[n] for n in row) + gap * (len(row) - 1) for row in rows) + 2 * PAD
    place, top = {}, PAD
    for row in rows:
        left = (widest - sum(width[n] for n in row) - gap * (len(row) - 1)) / 2
        for n in row:
            place[n] = (left, top)
            left += width[n] + gap
        top += max(height[n] for n in row) + DROP
    drawn = [_edge(place, width, height, edge, widest) for edge in edges]
    drawn += [_box(*place[n], width[n], height[n], lines) for n, lines in labels.items()]
    said = "; ".join(
        f"{' '.join(labels[a])} leads to {' '.join(labels[b])}" + f" ({what})" * bool(what)
        for a, b, what in edges
    )
    return (
        f'<div class="flowchart"><svg role="img" aria-label="{escape(said)}" '
        f'viewBox="0 0 {widest:.0f} {top - DROP + PAD:.0f}" width="{widest:.0f}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor"/></marker></defs>'
        f"{''.join(drawn)}</svg></div>"
    )


def _box(x: float, y: float, width: float, height: float, lines: list[str]) -> str:
    texts = "".join(
        f'<text x="{x + width / 2:.0f}" y="{y + PAD + LINE * (k + 0.75):.0f}">{escape(line)}</text>'
        for k, line in enumerate(lines)
    )
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="4"/>{texts}'


def _edge(
    place: dict[str, tuple[float, float]],
    width: dict[str, float],
    height: dict[str, float],
    edge: tuple[str, str, str],
    widest: float,
) -> str:
    start, end, happens = edge
    x0, y0 = place[start][0] + width[start] / 2, place[start][1] + height[start]
    x1, y1 = place[end][0] + width[end] / 2, place[end][1]
    if abs(x0 - x1) < min(width[start], width[end]) / 2:
        x0 = x1 = x0 if width[start] < width[end] else x1
    line = f'<path d="M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}" marker-end="url(#tip)"/>'
    half = len(happens) * LETTER / 2 * 0.9
    middle = min(max(x0 + (x1 - x0) * 0.7, half + PAD), widest - half - PAD)
    at = f'x="{middle:.0f}" y="{y0 + (y1 - y0) * 0.6:.0f}"'
    return line + f'<text class="on-edge" {at}>{escape(happens)}</text>'


def network(topology: Topology) -> str:
    """Return a network as a chart: who sends what to whom, and what is shared beforehand."""
    lines = ["flowchart TD", *(f'{party}["{party}"]' for party in topology.parties)]
    for link in topology.links:
        carries = " and ".join(kind for kind in ("qubits", "bits") if getattr(link, kind))
        lines.append(f'{link.sender} -->|"{carries}"| {link.receiver}')
    shared = [(f"ebits of {a} and {b}", (a, b)) for a, b in topology.ebits]
    shared += [("common randomness", topology.parties)] * topology.common_randomness
    shared += [("one shared state", topology.shared_state)] * bool(topology.shared_state)
    for number, (what, parties) in enumerate(shared):
        lines += [f'shared{number}["{what}"] --> {party}' for party in parties]
    return "\n".join(lines)

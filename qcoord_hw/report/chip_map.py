"""A map of a chip: its qubits and couplings, drawn from the couplings alone, and what was found on each.

Colours differ in lightness and the lines in dash and width, so that nothing hangs on telling hues apart; all
numbers stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qcoord_hw.report.shapes import EdgesJson, PairJson
from qcoord_hw.text import printable_lines

if TYPE_CHECKING:
    from qcoord_hw.charts import NotebookFigure

SCALE = ("#fde333", "#8ccf6a", "#2f9e8f", "#2b6a99", "#3b1c6b")
"""From the lowest figure to the highest: light to dark, read the same without colours."""

ROUNDS = 200
_STEP, _MARGIN = 30.0, 24.0


def positions(pairs: Sequence[tuple[int, int]]) -> dict[int, tuple[float, float]]:
    """Return where qubits stand: distances on paper are near those in couplings (stress majorisation).

    Args:
        pairs: coupled qubits.

    Returns:
        Qubit -> (x, y), a coupling about one unit long.
    """
    qubits = sorted({q for pair in pairs for q in pair})
    at = {q: k for k, q in enumerate(qubits)}
    distance = _distances(len(qubits), [(at[a], at[b]) for a, b in pairs])
    x = _start(distance)
    weight = np.where(distance > 0, 1 / np.maximum(distance, 1) ** 2, 0.0)
    laplacian = np.diag(weight.sum(axis=1)) - weight
    inverse = np.linalg.pinv(laplacian)
    for _ in range(ROUNDS):
        apart = np.linalg.norm(x[:, None] - x[None], axis=2)
        ratio = -weight * distance / np.maximum(apart, 1e-9)
        np.fill_diagonal(ratio, 0.0)
        np.fill_diagonal(ratio, -ratio.sum(axis=1))
        x = inverse @ (ratio @ x)
    x = x - x.min(axis=0)
    return {q: (float(x[k, 0]), float(x[k, 1])) for q, k in at.items()}


def _distances(size: int, edges: Sequence[tuple[int, int]]) -> npt.NDArray[np.float64]:
    """Return couplings between any two qubits; parts that nothing connects stand a little apart."""
    distance = np.full((size, size), np.inf)
    np.fill_diagonal(distance, 0.0)
    for a, b in edges:
        distance[a, b] = distance[b, a] = 1.0
    for k in range(size):  # Floyd and Warshall
        distance = np.minimum(distance, distance[:, [k]] + distance[[k]])
    far = distance[np.isfinite(distance)].max() + 2
    return np.where(np.isfinite(distance), distance, far)


def _start(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return classical scaling of the distances, its signs fixed so that every machine draws the same."""
    centred = distance**2
    centred = centred - centred.mean(axis=0) - centred.mean(axis=1)[:, None] + centred.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    axes = vectors[:, -1:-3:-1] * np.sqrt(np.maximum(values[-1:-3:-1], 1e-9))
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    found = np.zeros((len(distance), 2))
    found[:, : axes.shape[1]] = axes * np.where(signs == 0, 1, signs)
    return found


def map_svg(edges: EdgesJson) -> str:
    """Return the map as SVG, with words for those who do not see it."""
    drawn = _drawn(edges)
    where = {q: (_MARGIN + _STEP * x, _MARGIN + _STEP * y) for q, (x, y) in positions(list(drawn)).items()}
    width = max(x for x, _ in where.values()) + _MARGIN
    height = max(y for _, y in where.values()) + _MARGIN
    parts = [
        f'<svg class="chip" role="img" viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}" '
        f'height="{height:.0f}" aria-labelledby="chip-title chip-words">',
        '<title id="chip-title">Map of the chip</title>',
        f'<desc id="chip-words">{_words(edges)}</desc>',
    ]
    for pair, (colour, words, violates) in drawn.items():
        (a, b), (c, d) = (where[q] for q in pair)
        dash = "" if violates else ' stroke-dasharray="3 3"'
        parts.append(
            f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="{colour}" '
            f'stroke-width="{7 if violates else 3}"{dash}><title>{words}</title></line>'
        )
    in_set = set(edges["largest"]["qubits"])
    for q, (x, y) in where.items():
        kind = "in" if q in in_set else "out"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="8.5"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 3:.1f}" text-anchor="middle" font-size="8">{q}</text>')
    return "".join([*parts, "</svg>"])


def map_figure(edges: EdgesJson, title: str) -> NotebookFigure:
    """Return the map as a matplotlib figure."""
    from qcoord_hw.charts import NotebookFigure

    drawn = _drawn(edges)
    where = positions(list(drawn))
    figure = NotebookFigure(figsize=(9, 8), layout="constrained")
    pairs = "; ".join(words for _, words, _ in drawn.values())
    figure.words = printable_lines(f"{title}. {_words(edges)}. {pairs}.")
    axes = figure.subplots()
    for (a, b), (colour, _, violates) in drawn.items():
        x, y = zip(where[a], where[b], strict=True)
        width, dash = (5, "-") if violates else (2, ":")
        axes.plot(x, y, color=colour, linewidth=width, linestyle=dash, zorder=1)
    in_set = set(edges["largest"]["qubits"])
    for q, (x0, y0) in where.items():
        ring = "black" if q in in_set else "#9aa3ad"
        axes.plot(
            [x0], [y0], marker="o", markersize=13, markerfacecolor="white", markeredgecolor=ring, zorder=2
        )
        axes.text(x0, y0, str(q), ha="center", va="center", fontsize=6, zorder=3)
    axes.set_title(printable_lines(f"{title}\n{_words(edges)}"), fontsize=9, wrap=True)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set_axis_off()
    return figure


def legend(edges: EdgesJson) -> list[tuple[str, str]]:
    """Return (colour, figures that have it), from low to high."""
    ends = _ends(edges)
    return [(c, f"{a:.3f} to {b:.3f}") for c, a, b in zip(SCALE, ends[:-1], ends[1:], strict=True)]


def _drawn(edges: EdgesJson) -> dict[tuple[int, int], tuple[str, str, bool]]:
    """Return pair -> (colour, words, whether it violates)."""
    ends = _ends(edges)
    found = {}
    for pair in edges["pairs"]:
        a, b = sorted(pair["qubits"])
        figure = _figure(pair)
        colour = SCALE[int(np.searchsorted(ends[1:-1], figure["best"], side="right"))]
        words = f"{a}-{b}: {figure['best']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
        found[a, b] = (colour, words, pair["violates"])
    return found


def _figure(pair: PairJson) -> dict[str, float]:
    figures = pair["estimates"]
    return figures[1] if len(figures) > 1 else figures[0]


def _ends(edges: EdgesJson) -> npt.NDArray[np.float64]:
    """Return where one colour ends and the next begins: a fifth of the couplings has each."""
    values = [_figure(pair)["best"] for pair in edges["pairs"]]
    return np.quantile(values, np.linspace(0, 1, len(SCALE) + 1))


def _range(edges: EdgesJson) -> tuple[float, float]:
    values = [_figure(pair)["best"] for pair in edges["pairs"]]
    return min(values), max(values)


def _words(edges: EdgesJson) -> str:
    low, high = _range(edges)
    return (
        f"{edges['couplings']} couplings, {edges['violating']} of them above the bound (thick, unbroken); "
        f"figures from {low:.4f} to {high:.4f}, the darker the higher; "
        f"{len(edges['largest']['qubits'])} qubits of the largest connected set are ringed"
    )

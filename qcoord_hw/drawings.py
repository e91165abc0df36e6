"""Histograms, regions of rates and chips, in the style of `qcoord_hw.charts`; and one door to all figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox, BboxBase

from qcoord_hw.charts import (
    COLUMN,
    GRID,
    MUTED,
    PAPER,
    NotebookFigure,
    curves_figure,
    in_style,
    legend_below,
    plain_text,
    rows_figure,
    wrapped,
)
from qcoord_hw.diagrams import BOUND, DATA, THEORY, Chip, Curves, Diagram, Histograms, Region, Rows

ERRORS = ("#a08c00", "#5f9a3a", "#1f8577", "#2b6a9a", "#3b1c6b")
"""From the smallest error to the largest: light to dark, read the same without colours."""

POSSIBLE = ((DATA, "-", "///"), ("#007a5a", "-.", ""))
"""Colour, line and hatch of the first criterion that is possible, and of a second: hatches never cross."""

SIGNS: dict[str, tuple[str, int, str, str]] = {
    "counted": ("o", 12, DATA, "none"),
    "finite": ("D", 6, BOUND, "none"),
    "asymptotic": ("*", 8, THEORY, THEORY),
}
"""Kind of a spot -> marker, size, colour and face; those of one place are still told apart."""

OFFSETS = [(r * math.cos(a), r * math.sin(a)) for r in (9, 18, 30, 44) for a in np.arange(8) * math.pi / 4]
"""Points from what a label is about to where it may stand, in the order in which they are tried."""

LABELLED = 12
"""Chosen qubits up to which each is labelled with its error."""

Label = tuple[float, float, str, str]
"""(x, y, words, colour)."""


def figure_of(diagram: Diagram, width: float = COLUMN) -> NotebookFigure:
    """Return the figure of a diagram.

    Args:
        diagram: what is drawn.
        width: inches.
    """
    if isinstance(diagram, Rows):
        return rows_figure(diagram, width)
    if isinstance(diagram, Curves):
        return curves_figure(diagram, width)
    if isinstance(diagram, Histograms):
        return histograms_figure(diagram, width)
    return regions_figure([diagram], width) if isinstance(diagram, Region) else chip_figure(diagram, width)


@in_style
def histograms_figure(diagram: Histograms, width: float = COLUMN) -> NotebookFigure:
    """Return a figure of bars in panels that share their axes; theory is a line across a bar."""
    most = max(len(bars) for bars in diagram.panels.values())
    across = max(1, min(len(diagram.panels), int(width / max(1.15, 0.14 * most))))
    down = math.ceil(len(diagram.panels) / across)
    figure = NotebookFigure(figsize=(width, 1.3 + 1.35 * down), layout="constrained")
    figure.words = diagram.words()
    figure.suptitle(wrapped(diagram.title, width), fontsize=10)
    grid = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axes in grid[len(diagram.panels) :]:
        axes.set_axis_off()
    for axes, (name, bars) in zip(grid, diagram.panels.items(), strict=False):
        for place, bar in enumerate(bars):
            low, best, high = bar.limits
            face, hatch = (DATA, None) if bar.is_full else ("none", "/////")
            axes.bar(place, best, width=0.7, facecolor=face, edgecolor=DATA, hatch=hatch, linewidth=0.8)
            axes.vlines(place, low, high, color=MUTED, linewidth=1.2)
            if bar.theory is not None:
                axes.hlines(bar.theory, place - 0.48, place + 0.48, color=THEORY, linewidth=1.8)
        labels = [plain_text(bar.name, 12) for bar in bars]
        axes.set_xticks(range(len(bars)), labels, fontsize=7)
        if sum(map(len, labels)) > 14 * width / across - 6:
            axes.tick_params(axis="x", labelrotation=90)
        axes.tick_params(axis="x", length=0)
        axes.set_title(wrapped(name, width / across, 2), fontsize=8)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
    figure.supylabel(plain_text(diagram.axis), fontsize=9)
    handles = [Patch(facecolor=DATA, edgecolor=DATA, label=plain_text(diagram.full))] if diagram.full else []
    if diagram.hatched:
        handles.append(
            Patch(facecolor="none", edgecolor=DATA, hatch="/////", label=plain_text(diagram.hatched))
        )
    if any(bar.theory is not None for bars in diagram.panels.values() for bar in bars):
        handles += grid[0].plot([], [], "-", color=THEORY, linewidth=1.8, label="theory")
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


@in_style
def regions_figure(diagrams: Sequence[Region], width: float = COLUMN) -> NotebookFigure:
    """Return a figure of rates, a panel each: what is possible is hatched, what is proved a dashed border.

    Args:
        diagrams: all of two rates, or all of one.
        width: inches, of all panels together.
    """
    height = 3.9 if diagrams[0].axis else 2.5
    figure = NotebookFigure(figsize=(width, height), layout="constrained")
    figure.words = " ".join(diagram.words() for diagram in diagrams)
    own = width / len(diagrams)
    if len(diagrams) == 1:
        figure.suptitle(wrapped(diagrams[0].title, width), fontsize=10)
    panels = figure.subplots(1, len(diagrams), squeeze=False)[0].tolist()
    for axes, diagram in zip(panels, diagrams, strict=True):
        _draw_region(axes, diagram, own)
        if len(diagrams) > 1:
            axes.set_title(wrapped(diagram.title, own))
    legend_below(figure, panels)
    for axes, diagram in zip(panels, diagrams, strict=True):
        borders = [_stairs(area.corners, _extent(diagram)) for area in diagram.areas] if diagram.axis else []
        place_labels(figure, axes, _region_labels(diagram), borders)
    return figure


def _extent(diagram: Region) -> tuple[float, float]:
    """Return how far the axes reach."""
    points = [*(c for area in diagram.areas for c in area.corners), *((s.x, s.y) for s in diagram.spots)]
    across, down = (max(0.4, 1.35 * max((p[k] for p in points), default=1.0)) for k in (0, 1))
    return across, down


def _draw_region(axes: Axes, diagram: Region, width: float) -> None:
    extent = _extent(diagram)
    (_draw_plane if diagram.axis else _draw_line)(axes, diagram, extent)
    for spot in diagram.spots:
        sign, size, colour, face = SIGNS[spot.kind]
        name = wrapped(spot.name, width - 1, 3)
        (point,) = axes.plot(spot.x, spot.y, sign, color=colour, markersize=size, label=name, zorder=5)
        point.set(markerfacecolor=face, markeredgewidth=1.6, clip_on=False)
    axes.set_xlim(0, extent[0])
    axes.set_xlabel(plain_text(diagram.across))


def _region_labels(diagram: Region) -> list[Label]:
    """Return the rates of each corner and spot, once, and the word for the gap."""
    seen: dict[tuple[float, float], tuple[str, str]] = {}
    for area in diagram.areas:
        for corner in area.corners:
            seen.setdefault(_near(corner), (diagram.place(corner), BOUND if area.kind == "proved" else DATA))
    for spot in diagram.spots:
        seen.setdefault(_near((spot.x, spot.y)), (diagram.place((spot.x, spot.y)), DATA))
    labels = [(x, y, words, colour) for (x, y), (words, colour) in seen.items()]
    return labels + _names_of(diagram, _extent(diagram))


def _near(point: tuple[float, float]) -> tuple[float, float]:
    """Return a point, the same for those that are told apart by rounding errors alone."""
    return round(point[0], 6) + 0.0, round(point[1], 6) + 0.0


def _stairs(corners: Sequence[tuple[float, float]], extent: tuple[float, float]) -> list[tuple[float, float]]:
    return [(corners[0][0], 10 * extent[1]), *corners, (10 * extent[0], corners[-1][1])]


def _draw_plane(axes: Axes, diagram: Region, extent: tuple[float, float]) -> None:
    possible = 0
    for area in diagram.areas:
        xs, ys = zip(*_stairs(area.corners, extent), strict=True)
        if area.kind == "proved":
            axes.plot(xs, ys, "--", color=BOUND, label=plain_text(area.name, 60))
            continue
        colour, line, hatch = POSSIBLE[possible % len(POSSIBLE)]
        possible += 1
        far = 10 * extent[0], 10 * extent[1]
        axes.fill([*xs, far[0]], [*ys, far[1]], facecolor="none", edgecolor=GRID, hatch=hatch, linewidth=0)
        axes.plot(xs, ys, line, color=colour, label=plain_text(area.name, 60))
    axes.set_ylim(0, extent[1])
    axes.set_ylabel(plain_text(diagram.axis))


def _draw_line(axes: Axes, diagram: Region, extent: tuple[float, float]) -> None:
    for area in diagram.areas:
        x = area.corners[0][0]
        if area.kind == "possible":
            axes.fill_between(
                [x, 2 * extent[0]], -0.5, 0.5, facecolor="none", edgecolor=GRID, hatch="///", linewidth=0
            )
        colour, line = (DATA, "-") if area.kind == "possible" else (BOUND, "--")
        axes.vlines(x, -0.5, 0.5, color=colour, linestyle=line, label=plain_text(area.name, 60))
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _names_of(diagram: Region, extent: tuple[float, float]) -> list[Label]:
    """Return the word for the gap, in its middle."""
    if not diagram.has_gap:
        return []
    inner = [a.corners for a in diagram.areas if a.kind == "possible"][-1]
    outer = next(a.corners for a in diagram.areas if a.kind == "proved")
    if not diagram.axis:
        return [((inner[0][0] + outer[0][0]) / 2, -0.7, "unknown", MUTED)]
    y = 0.8 * extent[1]
    left, right = (_border(corners, y) for corners in (outer, inner))
    if right - left > 0.02 * extent[0]:
        return [((left + right) / 2, y, "unknown", MUTED)]
    x = 0.8 * extent[0]
    return [(x, (inner[-1][1] + outer[-1][1]) / 2, "unknown", MUTED)]


def _border(corners: Sequence[tuple[float, float]], y: float) -> float:
    """Return where the border of an area is at a height."""
    xs, ys = zip(*sorted(corners, key=lambda corner: corner[1]), strict=True)
    falling = np.interp(y, ys, xs) if y <= ys[-1] else xs[-1]
    return float(falling)


@in_style
def chip_figure(diagram: Chip, width: float = COLUMN) -> NotebookFigure:
    """Return a map of a chip: couplings by their error, the chosen qubits ringed and labelled with theirs."""
    where = diagram.positions
    xs, ys = [x for x, _ in where.values()], [y for _, y in where.values()]
    middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    across, down = max(3.5, max(xs) - min(xs) + 1.6), max(1.6, max(ys) - min(ys) + 1.6)
    height = max(2.2, min(6.5, width * down / across + 1.2))
    figure = NotebookFigure(figsize=(width, height), layout="constrained")
    figure.words = diagram.words()
    figure.suptitle(wrapped(diagram.title, width), fontsize=10)
    axes = figure.subplots()
    errors = sorted(one.error for one in diagram.couplings if one.error is not None)
    ends = np.quantile(errors, np.linspace(0, 1, len(ERRORS) + 1)) if errors else np.zeros(len(ERRORS) + 1)
    chosen, used = set(diagram.chosen), set(diagram.used)
    for one in diagram.couplings:
        (x0, y0), (x1, y1) = where[one.a], where[one.b]
        place = 0 if one.error is None else int(np.searchsorted(ends[1:-1], one.error, side="right"))
        colour = MUTED if one.error is None else ERRORS[place]
        wide = 5.0 if one in used else 2.2
        axes.plot(
            [x0, x1],
            [y0, y1],
            color=colour,
            linewidth=wide,
            linestyle=":" if one.error is None else "-",
            zorder=1,
        )
    size = max(3.0, min(14.0, 34 * width / across))
    for q, (x, y) in where.items():
        ring, wide = (BOUND, 2.2) if q in chosen else (MUTED, 0.7)
        axes.plot(
            x,
            y,
            "o",
            markersize=size,
            markerfacecolor=PAPER,
            markeredgecolor=ring,
            markeredgewidth=wide,
            zorder=2,
        )
        if size >= 11:
            axes.text(x, y, str(q), ha="center", va="center", fontsize=6.5, zorder=3)
    for colour, low, high in zip(ERRORS, ends[:-1], ends[1:], strict=True):
        if errors and high > low:
            axes.plot([], [], "-", color=colour, linewidth=3, label=f"{low:.2g} to {high:.2g}")
    axes.plot(
        [], [], "o", markerfacecolor=PAPER, markeredgecolor=BOUND, markeredgewidth=2.2, label="chosen qubit"
    )
    axes.set_aspect("equal")
    axes.set_xlim(middle[0] - across / 2, middle[0] + across / 2)
    axes.set_ylim(middle[1] + down / 2, middle[1] - down / 2)
    axes.set_axis_off()
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        handles, names, title="error of the two-qubit gate", loc="outside lower center", ncols=3, fontsize=7
    )
    if len(diagram.chosen) <= LABELLED:
        labels = [(*where[q], f"q{q} {_share(diagram.readout.get(q))}", THEORY) for q in diagram.chosen]
        for one in diagram.used:
            (x0, y0), (x1, y1) = where[one.a], where[one.b]
            labels.append(((x0 + x1) / 2, (y0 + y1) / 2, _share(one.error), THEORY))
        place_labels(figure, axes, labels, [[where[one.a], where[one.b]] for one in diagram.used])
    return figure


def _share(error: float | None) -> str:
    return "" if error is None else f"{100 * error:.2g}%"


def place_labels(
    figure: NotebookFigure,
    axes: Axes,
    labels: Sequence[Label],
    lines: Sequence[Sequence[tuple[float, float]]] = (),
) -> None:
    """Write words beside points so that none hides another, a point or a line, or is cut at the edge.

    The layout is fixed by this: nothing may be added to the figure afterwards.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    room: BboxBase = axes.get_window_extent(renderer)
    if not axes.axison:
        room = figure.bbox
    spots = [(x, y) for x, y, words, _ in labels if words != "unknown"]
    taken: list[BboxBase] = [_box(axes.transData.transform(at), 6) for at in spots]
    taken += [one.get_window_extent(renderer) for one in axes.texts]
    for line in lines:
        at = axes.transData.transform(np.array(line))
        for one, other in pairwise(at):
            steps = max(2, int(np.hypot(*(other - one)) / 6))
            taken += [_box(one + (other - one) * k / steps, 1) for k in range(min(steps, 2000) + 1)]
    taken = [box for box in taken if _overlap(box, figure.bbox) > 0]
    for x, y, words, colour in labels:
        if not words:
            continue
        text = axes.annotate(
            plain_text(words),
            (x, y),
            (0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7.5,
            color=colour,
            zorder=6,
        )
        text.set_in_layout(False)
        size = text.get_window_extent(renderer)
        best = None
        for dx, dy in ((0.0, 0.0), *OFFSETS) if words == "unknown" else OFFSETS:
            shift = (dx + math.copysign(size.width * 36 / figure.dpi, dx) * (abs(dx) > 1), dy)
            moved = size.translated(shift[0] * figure.dpi / 72, shift[1] * figure.dpi / 72)
            outside = 1 - _overlap(moved, room) / (moved.width * moved.height)
            cost = 20 * outside + sum(_overlap(moved, box) > 0 for box in taken)
            if best is None or cost < best[0] - 1e-9:
                best = (cost, shift, moved)
            if cost < 1e-9:
                break
        assert best is not None
        text.set_position(best[1])
        taken.append(best[2])


def _box(at: npt.NDArray[np.float64], half: float) -> Bbox:
    x, y = map(float, at)
    return Bbox.from_extents(x - half, y - half, x + half, y + half)


def _overlap(one: BboxBase, other: BboxBase) -> float:
    """Return the area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(max(0.0, width) * max(0.0, height))

"""Figures of regions of rates: links of a cascade, (R0, R1) of classical links. Loads matplotlib."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qcoord_hw.charts import BOUND, DATA, THEORY, NotebookFigure, plain_text
from qcoord_hw.errors import InputError
from qcoord_hw.theory.networks import NETWORKS
from qcoord_hw.theory.regions import Constraint, RateRegion, RegionAnswer

COLOURS = {"redistribution": DATA, "generation_inner": THEORY, "generation_outer": BOUND, "theorem": DATA}
UNITS = {"Q": "qubits", "E": "ebits", "R": "bits"}
VISIBLE = 1e-3
"""Bits; bounds that are closer than this are one line."""


def panels_of(answer: RegionAnswer) -> tuple[tuple[str, str], ...]:
    """Return the (vertical, horizontal) rates of each panel; none where there are not two rates to draw."""
    own = NETWORKS.get(answer.network)
    known = own.panels if own and answer.criteria else ()
    return tuple(pair for pair in known if all({*pair} <= {*r.rates} for r in answer.criteria.values()))


def region_figure(answer: RegionAnswer) -> Figure:
    """Return a figure of each link's rates: for a cascade the two panels of [NatorPereg, Fig. 13].

    Every criterion is one shaded region, unbounded above and to the right. Where a region is only known
    between bounds, what is certainly achievable is shaded and the certified lower bound is a dashed line.

    Raises:
        InputError: when the answer has no region of two rates.
    """
    panels = panels_of(answer)
    if not panels:
        drawn = [name for name, network in NETWORKS.items() if network.panels]
        raise InputError(
            f"plot: {answer.network} with status {answer.status} has no region of two rates; "
            f"allowed are feasible targets of {', '.join(drawn)}"
        )
    figure = NotebookFigure(figsize=(4.6 * len(panels) + 0.6, 4.4), layout="constrained")
    figure.suptitle(plain_text(f"{answer.state}: {answer.network}"), fontsize=10)
    for axes, (down, across), letter in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, "ab", strict=False
    ):
        ends = [line[-1] for r in answer.criteria.values() if (line := r.boundary(across, down))]
        if not ends:
            continue
        extent = max(x for x, _ in ends), max(y for _, y in ends)
        for name, region in answer.criteria.items():
            _draw(axes, region, (across, down), extent, name)
        axes.set_xlabel(_label(across))
        axes.set_ylabel(_label(down))
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(linewidth=0.4, alpha=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if len(panels) > 1:
            axes.set_title(f"({letter})", fontsize=9, loc="left")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", fontsize=8, ncols=3, frameon=False)
    return figure


def _draw(
    axes: Axes, region: RateRegion, rates: tuple[str, str], extent: tuple[float, float], name: str
) -> None:
    """Shade a region of two rates, and dash the border of what its certified lower bounds exclude."""
    polygon = region.boundary(*rates, extent)
    if not polygon:
        return
    colour, words = COLOURS[name], name.replace("_", " ")
    xs, ys = zip(*polygon, strict=True)
    axes.fill(xs, ys, color=colour, alpha=0.18, linewidth=0)
    axes.plot(xs[:-1], ys[:-1], color=colour, label=words, linewidth=1.4)
    if name == "theorem" and any(c.lower < c.bound - VISIBLE for c in region.constraints):
        proved = RateRegion.from_constraints(region.rates, [_lowered(c) for c in region.constraints])
        border = proved.boundary(*rates, extent)
        axes.plot(*zip(*border[:-1], strict=True), color=BOUND, linestyle="--", label="certified lower bound")


def _lowered(constraint: Constraint) -> Constraint:
    return replace(constraint, bound=constraint.lower)


def _label(rate: str) -> str:
    return f"{rate} ({UNITS[rate[0]]} a copy)"

"""Regions of rates as diagrams: links of a cascade, (R0, R1) of classical links, R0 of no communication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from qcoord_hw.diagrams import VISIBLE, Area, Region, agree
from qcoord_hw.drawings import regions_figure
from qcoord_hw.errors import InputError
from qcoord_hw.theory.networks import NETWORKS
from qcoord_hw.theory.regions import Constraint, RateRegion, RegionAnswer

UNITS = {"Q": "qubits", "E": "ebits", "R": "bits"}
OUTER = "generation_outer"
"""The criterion outside of which nothing is possible, while inside it may be that nothing is known."""

WIDE = 4.6
"""Inches of a panel."""


def region_diagrams(answer: RegionAnswer) -> tuple[Region, ...]:
    """Return a diagram of each pair of rates of the network, or of its one rate.

    A criterion that is known exactly, or a scheme for it, is an area that is possible; where there are but
    bounds, what is certified to be needed is an area of its own, and nothing is known between the two.
    """
    network = NETWORKS.get(answer.network)
    if network is None or not answer.criteria:
        return ()
    pairs: list[tuple[str, str]] = [(across, down) for down, across in network.panels]
    if not pairs and len(network.rates) == 1:
        pairs = [(network.rates[0], "")]
    return tuple(found for across, down in pairs if (found := _diagram(answer, across, down)) is not None)


def _diagram(answer: RegionAnswer, across: str, down: str) -> Region | None:
    areas = []
    for name, region in answer.criteria.items():
        if not {across, down} - {""} <= set(region.rates):
            continue
        words = name.replace("_", " ")
        if corners := _corners(region, across, down):
            areas.append(Area(words, corners, "proved" if name == OUTER else "possible"))
        if any(one.lower < one.bound - VISIBLE for one in region.constraints):
            proved = RateRegion.from_constraints(region.rates, list(map(_lowered, region.constraints)))
            if corners := _corners(proved, across, down):
                areas.append(Area(f"certified lower bound of {words}", corners, "proved"))
    if not any(area.kind == "possible" for area in areas):
        return None
    areas = _joined(areas)
    labels = [f"{rate} ({UNITS[rate[0]]} per copy)" if rate else "" for rate in (across, down)]
    rates = f"{down} and {across}" if down else across
    return Region(f"{answer.state}, {answer.network}: {rates}", labels[0], labels[1], tuple(areas))


def _joined(areas: Sequence[Area]) -> list[Area]:
    """Return areas with an inner and an outer bound as one where they agree."""
    last, before = areas[-1], areas[:-1]
    if last.kind == "proved" and before and agree(last.corners, before[-1].corners):
        words = before[-1].name.removesuffix(" inner")
        return [*before[:-1], Area(f"{words}: inner and outer bound agree", before[-1].corners)]
    return list(areas)


def _corners(region: RateRegion, across: str, down: str) -> tuple[tuple[float, float], ...]:
    """Return the corners of a projection, x ascending; none where a bound is infinite."""
    if not down:
        return tuple((float(x), 0.0) for (x,) in region.projection((across,)).corners)
    return tuple((float(x), float(y)) for x, y in region.projection((across, down)).corners)


def _lowered(constraint: Constraint) -> Constraint:
    return replace(constraint, bound=constraint.lower)


def region_figure(answer: RegionAnswer) -> Figure:
    """Return a figure of each link's rates: for a cascade the two panels of [NatorPereg, Fig. 13].

    What is possible is hatched, what is certified to be needed a dashed line, what lies between is unknown.

    Raises:
        InputError: when the answer has no region to draw.
    """
    diagrams = region_diagrams(answer)
    if not diagrams:
        raise InputError(
            f"plot: {answer.network} with status {answer.status} has no region of rates; "
            f"allowed are feasible targets of {', '.join(NETWORKS)}"
        )
    return regions_figure(diagrams, WIDE * len(diagrams))

"""What figures show, as plain values: each says in words what it draws, so that nobody has to see it.

A family, an answer or a report makes these; `qcoord_hw.charts` and `qcoord_hw.drawings` draw them. No axis
has two units: what is measured in another unit is another diagram.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

DATA, THEORY, BOUND = "#0b5fae", "#16191d", "#b3400e"
"""What was counted, what theory says, what limits it: told apart by everybody, in colour and in grey."""

VISIBLE = 1e-3
"""Rates that are closer than this are one line."""

Limits = tuple[float, float, float]
"""(low, best, high)."""


@dataclass(frozen=True)
class Interval:
    """A row of a figure: a point where `low` and `high` are equal.

    Attributes:
        name: what stands beside it.
        low: left end.
        best: where the point is; None for an interval without one.
        high: right end.
        theory: marked on this row alone.
        bound: marked on this row alone.
        colour: of point and interval.
    """

    name: str
    low: float
    best: float | None
    high: float
    theory: float | None = None
    bound: float | None = None
    colour: str = DATA


@dataclass(frozen=True)
class Mark:
    """A line across a figure, with its name in the legend."""

    name: str
    value: float
    colour: str
    line: str = "--"


@dataclass(frozen=True)
class Rows:
    """Intervals, one a row, the first on top.

    Attributes:
        title: what they are of.
        axis: what the values are, with their unit.
        rows: the intervals.
        marks: lines across all rows.
        bars: whether a bar leads from zero to each point, as in a ladder of rates.
    """

    title: str
    axis: str
    rows: tuple[Interval, ...]
    marks: tuple[Mark, ...] = ()
    bars: bool = False

    def words(self) -> str:
        """Return what is drawn, with its numbers."""
        each = (
            f"{row.name}: {_limits(row.low, row.best, row.high)}"
            + (f", theory {_number(row.theory)}" if row.theory is not None else "")
            + (f", bound {_number(row.bound)}" if row.bound is not None else "")
            for row in self.rows
        )
        return _sentence(self.title, self.axis, [*each, *_marks(self.marks)])


@dataclass(frozen=True)
class Bar:
    """A bar with its interval.

    Attributes:
        name: what stands below it.
        limits: low, best (its height) and high.
        theory: what theory says of it, if anything.
        is_full: whether it is filled, else hatched.
    """

    name: str
    limits: Limits
    theory: float | None = None
    is_full: bool = True


@dataclass(frozen=True)
class Histograms:
    """Bars in panels that share their axis.

    Attributes:
        title: what they are of.
        axis: what the heights are, with their unit.
        panels: name of a panel -> its bars.
        full: what filled bars are; empty where all are.
        hatched: what the others are.
    """

    title: str
    axis: str
    panels: Mapping[str, tuple[Bar, ...]]
    full: str = ""
    hatched: str = ""

    def words(self) -> str:
        """Return what is drawn, with its numbers."""
        each = (
            f"{panel}: "
            + ", ".join(
                f"{bar.name} {_limits(*bar.limits)}"
                + (f" (theory {_number(bar.theory)})" if bar.theory is not None else "")
                + (f" {self.full if bar.is_full else self.hatched}" if self.full else "")
                for bar in bars
            )
            for panel, bars in self.panels.items()
        )
        return _sentence(self.title, self.axis, each)


@dataclass(frozen=True)
class Series:
    """A line of points with their intervals: (x, low, best, high), x ascending."""

    name: str
    points: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Curves:
    """Lines of points with intervals.

    Attributes:
        title: what they are of.
        across: what is on the horizontal axis, with its unit.
        axis: what is on the vertical axis, with its unit.
        series: the lines.
        marks: horizontal lines: theory and bound.
        names: of the places 0, 1, .. where the horizontal axis has names and no numbers.
        log: whether the horizontal axis is logarithmic.
        joined: whether lines join the points.
    """

    title: str
    across: str
    axis: str
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    names: tuple[str, ...] = ()
    log: bool = False
    joined: bool = True

    def words(self) -> str:
        """Return what is drawn, with its numbers."""
        each = (
            f"{one.name}: " + ", ".join(f"{self._place(x)}: {_limits(*limits)}" for x, *limits in one.points)
            for one in self.series
        )
        return _sentence(self.title, f"{self.axis} against {self.across}", [*each, *_marks(self.marks)])

    def _place(self, x: float) -> str:
        return self.names[round(x)] if self.names else f"{x:g}"


@dataclass(frozen=True)
class Area:
    """All above and to the right of a staircase of corners, in a plane of two rates or on a line of one.

    Attributes:
        name: what is known there.
        corners: (x, y) with x ascending; of one rate (x, 0).
        kind: `possible`: a code is known; `proved`: nothing outside is possible; the gap is unknown.
    """

    name: str
    corners: tuple[tuple[float, float], ...]
    kind: Literal["possible", "proved"] = "possible"


@dataclass(frozen=True)
class Spot:
    """A point among rates; `kind` chooses its sign."""

    name: str
    x: float
    y: float
    kind: Literal["counted", "finite", "asymptotic"] = "counted"


@dataclass(frozen=True)
class Region:
    """Rates that suffice, that are impossible, and between them what is unknown.

    Attributes:
        title: what it is the region of.
        across: the horizontal rate, with its unit.
        axis: the vertical rate, with its unit; empty where there is one rate.
        areas: those that are possible, and those outside of which nothing is.
        spots: points in it.
        notes: sentences that belong to it.
    """

    title: str
    across: str
    axis: str
    areas: tuple[Area, ...]
    spots: tuple[Spot, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_gap(self) -> bool:
        """Whether there are rates of which nothing is known, between what is proved and what is possible."""
        proved = [area.corners for area in self.areas if area.kind == "proved"]
        possible = [area.corners for area in self.areas if area.kind == "possible"]
        return bool(proved) and bool(possible) and not agree(proved[-1], possible[-1])

    def words(self) -> str:
        """Return what is drawn, with its numbers."""
        each = [f"{a.name}: corners {', '.join(map(self.place, a.corners))}" for a in self.areas]
        each += ["between the two: unknown"] if self.has_gap else []
        each += [f"{spot.name}: {self.place((spot.x, spot.y))}" for spot in self.spots]
        return _sentence(
            self.title, f"{self.across}{f', {self.axis}' if self.axis else ''}", [*each, *self.notes]
        )

    def place(self, at: tuple[float, float]) -> str:
        """Return the rates of a point as its label has them."""
        return f"({_number(at[0])}, {_number(at[1])})" if self.axis else _number(at[0])


@dataclass(frozen=True)
class Coupling:
    """Two coupled qubits of a chip with the error of their gate; None where it is not known."""

    a: int
    b: int
    error: float | None


@dataclass(frozen=True)
class Chip:
    """Qubits and couplings of a device, and which of them are used.

    Attributes:
        title: which device.
        readout: qubit -> error of its readout; None where it is not known.
        couplings: each pair once.
        chosen: the qubits that are used.
        whole: whether it is the whole device, or the qubits of a run alone.
        positions: where each qubit stands, a coupling about one unit long, y downwards.
    """

    title: str
    readout: Mapping[int, float | None]
    couplings: tuple[Coupling, ...]
    chosen: tuple[int, ...] = ()
    whole: bool = True
    positions: Mapping[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def used(self) -> tuple[Coupling, ...]:
        """The couplings between chosen qubits."""
        chosen = set(self.chosen)
        return tuple(one for one in self.couplings if {one.a, one.b} <= chosen)

    def words(self) -> str:
        """Return what is drawn: the errors of what is chosen, and the range of all others."""
        each = [f"qubit {q}: readout error {_error(self.readout.get(q))}" for q in self.chosen]
        each += [f"coupling {one.a}-{one.b}: gate error {_error(one.error)}" for one in self.used]
        for name, values in (
            ("readout errors", [v for v in self.readout.values() if v is not None]),
            ("gate errors", [one.error for one in self.couplings if one.error is not None]),
        ):
            if self.whole and values:
                median = sorted(values)[len(values) // 2]
                each.append(
                    f"{name} of the device: {_error(min(values))} to {_error(max(values))}, "
                    f"median {_error(median)}"
                )
        where = f"{len(self.readout)} qubits, {len(self.couplings)} couplings"
        return _sentence(self.title, where, each)


def agree(one: Iterable[tuple[float, float]], other: Iterable[tuple[float, float]]) -> bool:
    """Whether the corners of two areas are the same, as far as anybody sees.

    >>> agree([(0, 1.00001), (0.5, 0.5)], [(0, 1), (0.5, 0.5)]), agree([(0, 1)], [(0, 1), (1, 0)])
    (True, False)
    """
    pairs = list(zip_longest(one, other, fillvalue=(math.inf, math.inf)))
    return all(abs(a - b) < VISIBLE for p, q in pairs for a, b in zip(p, q, strict=True))


Diagram = Rows | Histograms | Curves | Region | Chip


def _sentence(title: str, axis: str, parts: Iterable[str]) -> str:
    return f"{title} ({axis}). " + "; ".join(parts) + "."


def _marks(marks: Iterable[Mark]) -> list[str]:
    return [f"{mark.name}: {_number(mark.value)}" for mark in marks]


def _limits(low: float, best: float | None, high: float) -> str:
    if best is None:
        return f"{_number(low)} to {_number(high)}"
    return _number(best) if low == high else f"{_number(best)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    """Return at most four decimals, and none that say nothing.

    >>> _number(0.85355), _number(2.0), _number(0.5), _number(-1e-12)
    ('0.8536', '2', '0.5', '0')
    """
    return f"{round(value, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def _error(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2g}"

"""What is to be drawn of a run: plain rows and lines that a family fills in, and that a report lays out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Limits = tuple[float, float, float]
"""(low, best, high)."""


@dataclass(frozen=True)
class Line:
    """A row of a listing.

    Attributes:
        cells: one for each column; the first says what the row is about.
        limits: the interval that is drawn beside it, if any.
        theory: what theory says of it, drawn where intervals are.
        heading: whether it is a heading over the rows that follow.
    """

    cells: tuple[str, ...]
    limits: Limits | None = None
    theory: float | None = None
    heading: bool = False


@dataclass(frozen=True)
class Listing:
    """Rows of one kind.

    Attributes:
        columns: what stands over them; numbers are written to the right, see `numeric`.
        rows: all of them, in order.
        worst: those that stand for all where there are many, the worst first; empty for all.
        worst_words: what is worst about them, such as "won least often".
        numeric: the columns of numbers.
        bound: a mark on the axis of the intervals, if any.
        what: what the rows are, such as "questions".
    """

    columns: tuple[str, ...]
    rows: tuple[Line, ...]
    worst: tuple[Line, ...] = ()
    worst_words: str = ""
    numeric: tuple[int, ...] = ()
    bound: float | None = None
    what: str = "rows"

    @property
    def shown(self) -> tuple[Line, ...]:
        """The rows that are shown at first."""
        return self.worst or self.rows

    @property
    def is_drawn(self) -> bool:
        """Whether any row has an interval to draw."""
        return any(row.limits for row in self.rows)


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        title: its heading.
        lines: sentences above the rows.
        listing: the rows, if any.
    """

    title: str
    lines: tuple[str, ...] = ()
    listing: Listing | None = None


@dataclass(frozen=True)
class Panel:
    """Intervals that are drawn below the estimates.

    Attributes:
        title: what each row is, such as "each question".
        rows: their names, intervals and theory.
        bounds: marks over all rows.
        axis: what the values are; empty where they are what the main estimate is.
    """

    title: str
    rows: tuple[Line, ...]
    bounds: tuple[float, ...] = ()
    axis: str = ""


@dataclass(frozen=True)
class View:
    """All that is special in the report of a run of one family.

    Attributes:
        headline: in one sentence, what a finished run found; empty before its end.
        leads: whether a table begins with it, where no line of the table says as much.
        rates: what theory says beside the estimates, if anything.
        details: further sections, in their order.
        facts: sentences on what the experiment is, such as who holds what.
        notes: sentences on what the figures rest on.
        panel: intervals below those of the estimates in the figure, if any.
        scale: what the main estimate is held against, drawn right below it; its title is a line of its own.
        beside: columns and cells of a run in the overview of several, instead of theory and bound.
        checks: name of a check -> what it looks for, where the name does not say it.
        counted: what the estimates' shots are.
        network: the network's name, where the family has several.
    """

    headline: str = ""
    leads: bool = False
    rates: Section | None = None
    details: tuple[Section, ...] = ()
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    panel: Panel | None = None
    scale: Panel | None = None
    beside: tuple[tuple[str, str], ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    counted: str = "shots"
    network: str = ""

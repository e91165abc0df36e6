"""What `qcoord reproduce` finds: a row for each place of the papers, as a table, a data frame and a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.papers.row import Label, Verdict
from qcoord_hw.statistics.words import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEYS = {"Nator": "NatorPereg", "Hu": "Hu2025"}
"""Keys of `docs/refs.bib`."""

BESIDE = 10
"""Columns of what stands before a line of a row."""


@dataclass(frozen=True)
class Compared:
    """One quantity of a row.

    Attributes:
        quantity: what it is.
        printed: how the paper prints it.
        value: the number of what is printed; None where nothing is.
        lower: ours, its lower end.
        upper: ours, its upper end.
        ours: the same in words.
        agrees: whether ours is what is printed.
    """

    quantity: str
    printed: str
    value: float | str | None
    lower: float | str
    upper: float | str
    ours: str
    agrees: bool

    @property
    def stated(self) -> str:
        """What is printed; of a formula with its number."""
        if self.value is None or re.match(r"[0-9./]+$|inf$|yes\b|no\b", self.printed):
            return self.printed
        return f"{self.printed} ({self.value if isinstance(self.value, str) else number(self.value, 7)})"


@dataclass(frozen=True)
class RunFigure:
    """What a circuit showed on a target.

    Attributes:
        experiment: its catalogue name.
        target: where it ran.
        figure: what was estimated.
        low: lower end of the interval.
        best: the estimate.
        high: upper end.
        theory: what theory says of ideal circuits.
        verdict: against the bound, if there is one.
        run: the folder of its record.
    """

    experiment: str
    target: str
    figure: str
    low: float
    best: float
    high: float
    theory: float | None
    verdict: str | None
    run: str


@dataclass(frozen=True)
class ReproducedRow:
    """One row.

    Attributes:
        id: its name.
        paper: whose: Nator or Hu.
        place: where it stands in the paper.
        source: the paper's key in `docs/refs.bib`, with the place.
        printed: what is printed, in words.
        ours: what the program says, in words.
        label: exact, lower, upper, bracket, or not reproducible.
        verdict: match or differs.
        why: why it differs: an erratum's number, or that none lists it; else a remark.
        listed: whether an erratum lists the difference; True where there is none.
        checked: what the independent checker says of the certificate; None where there is none.
        command: what shows it.
        claims: each quantity.
        runs: with `--run`, what the circuits showed.
    """

    id: str
    paper: str
    place: str
    source: str
    printed: str
    ours: str
    label: Label
    verdict: Verdict
    why: str
    listed: bool
    checked: str | None
    command: str
    claims: Sequence[Compared]
    runs: Sequence[RunFigure] = field(default=())

    def words(self) -> str:
        """Return the row as lines of text."""
        checked = "" if self.checked is None else f", checker: {self.checked}"
        lines = [f"{self.id}  {self.verdict}{f': {self.why}' if self.why else ''}", f"  {self.place}"]
        for one in self.claims:
            lines.append(f"    {one.quantity}: {one.stated}; ours {one.ours} ({self.label}{checked})")
        for one_run in self.runs:
            lines.append(f"    {run_words(one_run)}")
        return "\n".join([*lines, f"    {self.command}"])


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction(Answer):
    """What became of the rows that were asked for.

    Attributes:
        rows_found: them, in the order of the papers.
        matches: how many match.
        differences: how many differ in a way that an erratum lists.
        unlisted: names of those that differ in another.
        seconds: how long it took.
        target: the noise model of `--run`, if circuits ran.
        html: where the page was written, if one was asked for.
    """

    ALL_IN_ROWS = True

    rows_found: Sequence[ReproducedRow] = field(metadata={"key": "rows"})
    matches: int
    differences: int
    unlisted: Sequence[str]
    seconds: float
    target: str | None = optional()
    html: Path | None = optional()

    @property
    def ok(self) -> bool:
        """Whether every difference is listed."""
        return not self.unlisted

    def rows(self) -> Sequence[Row]:
        """Return a row for each quantity of each place."""
        return [
            {"id": row.id, "place": row.place, "label": row.label, "verdict": row.verdict, "why": row.why}
            | {key: getattr(one, key) for key in ("quantity", "printed", "value", "lower", "upper", "agrees")}
            | {"command": row.command}
            for row in self.rows_found
            for one in row.claims
        ]

    def plot(self) -> Figure:
        """Return Figure 13 of the first paper, in its own axes."""
        from qcoord_hw.papers.figures import figure_13

        return figure_13()

    def summary(self) -> str:
        """Return the last lines of the table."""
        lines = [
            f"{len(self.rows_found)} rows: {self.matches} match, {self.differences} differ as errata say"
        ]
        lines[0] += f", {len(self.unlisted)} differ otherwise; {self.seconds:.3g} s"
        return "\n".join([*lines, *([f"page: {self.html}"] if self.html else [])])

    def _text(self) -> str:
        return "\n".join([*(row.words() for row in self.rows_found), self.summary()])


def run_words(one: RunFigure) -> str:
    """Return what a circuit showed, in a line."""
    theory = "" if one.theory is None else f", theory {number(one.theory, 6)}"
    verdict = f", {one.verdict}" if one.verdict else ""
    interval = f"{number(one.best, 6)} [{number(one.low, 6)}, {number(one.high, 6)}]"
    return f"{one.experiment} on {one.target}: {one.figure} {interval}{theory}{verdict}"


def counts(rows: Sequence[ReproducedRow]) -> Mapping[str, Any]:
    """Return how many rows match, how many differ as an erratum says, and the names of all others."""
    return {
        "matches": sum(row.verdict == "match" for row in rows),
        "differences": sum(row.verdict == "differs" and row.listed for row in rows),
        "unlisted": [row.id for row in rows if not row.listed],
    }

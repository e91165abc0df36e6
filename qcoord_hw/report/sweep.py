"""What a sweep found, as a table: one line per point, with its main figure beside theory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.report.sweep_curve import Lost, lost_of
from qcoord_hw.report.tables import VERDICTS, add_row, as_text, new_table, printed_text
from qcoord_hw.statistics.estimate import Estimate, headline_of
from qcoord_hw.statistics.words import found_words, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console
    from rich.table import Table

    from qcoord_hw.diagrams import Diagram

COUNTED = {
    "computed": "computed",
    "finished": "begun before and finished",
    "already": "already there",
    "failed": "failed",
}
"""Key of the result -> how it is said."""


@dataclass(frozen=True)
class SweepPoint:
    """A point of a sweep.

    Attributes:
        run: the folder; None if it failed.
        experiment: its name.
        target: its name.
        noise_scale: what the noise of the target was multiplied by; None where it was not.
        seed: the root seed.
        shots: per circuit.
        set: field of the spec or parameter -> value, of those that were swept.
        estimates: of the run.
        error: why it failed, in one line.
        exit_code: what the command line would exit with for that.
        calibrated: when the target was, where it says so.
    """

    run: str | None
    experiment: str
    target: str
    noise_scale: float | None
    seed: int
    shots: int
    set: Mapping[str, Any]
    estimates: Sequence[Estimate]
    error: str | None = optional()
    exit_code: int | None = optional()
    calibrated: str | None = optional()


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult(Answer):
    """What a sweep found.

    Attributes:
        sweep: its folder.
        points: one for each run, in the order of what was asked.
        computed: how many were computed.
        finished: how many had been begun before.
        already: how many were there.
        failed: how many failed.
        lost: where one number was swept: up to which value of it each curve keeps its verdict.
    """

    ALL_IN_ROWS = True

    sweep: str
    points: Sequence[SweepPoint]
    computed: int
    finished: int
    already: int
    failed: int
    lost: Sequence[Lost] | None = optional()

    @classmethod
    def of(cls, sweep: str, points: Sequence[SweepPoint], counted: Mapping[str, int]) -> SweepResult:
        """Return what was found at the points of a sweep, and how many were counted as what."""
        return cls(sweep, points, **counted, lost=lost_of(points))

    @property
    def ok(self) -> bool:
        """Whether no point failed."""
        return not self.failed

    def rows(self) -> Sequence[Row]:
        """Return a row for each estimate of each point; a point that failed has one with its error."""
        keys = ("name", "low", "best", "high", "confidence", "verdict")
        rows: list[Row] = []
        for point in self.points:
            about = {key: getattr(point, key) for key in ("run", "experiment", "target", "noise_scale")}
            about |= {"seed": point.seed, "shots": point.shots} | {
                k: swept_words(v) for k, v in point.set.items()
            }
            rows += [
                about
                | {key: getattr(one, key) for key in keys}
                | {"theory": one.theory and one.theory.value, "bound": one.bound and one.bound.value}
                for one in point.estimates
            ]
            rows += [about | {"error": point.error}] if point.error else []
        return rows

    def diagrams(self) -> tuple[Diagram, ...]:
        """Return the main figures against each number that was swept, a line a target."""
        from qcoord_hw.report.sweep_diagrams import sweep_diagrams

        return sweep_diagrams(self.points)

    def plot(self) -> Figure:
        """Return a figure of curves against the first number that was swept; else of all points."""
        from qcoord_hw.drawings import figure_of

        return figure_of(self.diagrams()[0], 7.5)

    def html(self) -> str:
        """Return the sweep as one self-contained HTML page."""
        from qcoord_hw.report.html import document_page
        from qcoord_hw.report.pages import sweep_document

        return document_page(sweep_document(self))

    def _text(self) -> str:
        return printed_text(lambda console: print_sweep(self, console))


def print_sweep(found: SweepResult, console: Console) -> None:
    """Print the points of a sweep, those that failed, and how many were computed."""
    if points := [point for point in found.points if point.error is None]:
        console.print(_table(points))
        console.print()
    for point in found.points:
        if point.error is not None:
            console.print(as_text(f"FAILED: {point_words(point)}: {point.error}", "bold red"))
    for one in found.lost or ():
        console.print(as_text(one.words()))
    points_there = f"{len(found.points)} point{'s' if len(found.points) > 1 else ''}"
    console.print(as_text(f"{points_there}: {counted_words(found)}", "bold"))
    console.print(as_text(f"runs in {found.sweep}", "dim"))


def counted_words(found: SweepResult) -> str:
    """Return how many points were computed, finished, there, and failed; zeros are left out.

    >>> counted_words(SweepResult("runs/s", [], 3, 1, 36, 0))
    '3 computed, 1 begun before and finished, 36 already there'
    """
    counted = {key: getattr(found, key) for key in COUNTED}
    return ", ".join(f"{counted[key]} {words}" for key, words in COUNTED.items() if counted[key])


def point_words(point: SweepPoint) -> str:
    """Return which point it is."""
    chosen = "".join(f", {name} {swept_words(value)}" for name, value in point.set.items())
    return f"{point.experiment} on {point.target}, shots {point.shots}, seed {point.seed}{chosen}"


def _table(points: Sequence[SweepPoint]) -> Table:
    figures = [headline_of(point.estimates) for point in points]
    names = {figure.short for figure in figures if figure}
    one = names.pop() if len(names) == 1 else None
    fields = list(dict.fromkeys(name for point in points for name in point.set))
    table = new_table(
        "experiment", "target", *fields, "shots", "seed", one or "estimate", "theory", "verdict"
    )
    for point, figure in zip(points, figures, strict=True):
        cells: list[object] = [point.experiment, point.target]
        cells += [swept_words(point.set.get(name, "")) for name in fields]
        cells += [point.shots, point.seed]
        if figure is None:
            cells += ["none", "", ""]
        else:
            words = found_words(figure.to_json())
            cells.append(words if one else f"{figure.short}\n{words}")
            cells.append(number(round(figure.theory.value, 4) + 0.0) if figure.theory else "")
            cells.append(as_text(figure.verdict or "", VERDICTS.get(figure.verdict or "", "")))
        add_row(table, *cells)
    return table


def swept_words(value: object) -> str:
    """Return a swept value as it is given on the command line."""
    return value if isinstance(value, str) else json.dumps(value)

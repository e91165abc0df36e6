"""The atlas: every experiment on every device snapshot, with a line for each theorem."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.statistics.words import some

BEATEN, NOT_BEATEN, NO_BOUND, UNFIT, FAILED = "beaten", "not beaten", "no bound", "does not fit", "failed"
VERDICTS = (BEATEN, NOT_BEATEN, NO_BOUND, UNFIT, FAILED)
"""Whether the bound is beaten by the figure that is expected, or why there is nothing to beat."""


@dataclass(frozen=True)
class Cell:
    """An experiment on a device.

    Attributes:
        experiment: its name.
        target: the device's snapshot.
        verdict: one of `VERDICTS`.
        figure: name of the main figure; None where there is none.
        title: what people call it.
        expected: the figure, by exact outcome probabilities where these can be computed.
        ideal: what theory says of it without errors.
        bound: that it is judged against.
        factor: on all errors at which the verdict flips, as `qcoord threshold` finds it; None where it finds
            none.
        lower: the bound is beaten there.
        upper: it is not beaten there.
        capped: as `capped` of `qcoord threshold`.
        two_qubit_gates: of a circuit as compiled, the most of any.
        qubits: of a circuit.
        why: why there is no figure or no factor; empty where there are.
    """

    experiment: str
    target: str
    verdict: str
    figure: str | None
    title: str | None
    expected: float | None
    ideal: float | None
    bound: float | None
    factor: float | None
    lower: float | None
    upper: float | None
    capped: bool | None
    two_qubit_gates: int | None
    qubits: int | None
    why: str


@dataclass(frozen=True)
class Theorem:
    """What the chips make of one theorem.

    Attributes:
        name: such as "[Hu2025, Theorem 1]".
        experiments: names of those that are about it.
        words: what the devices of the atlas make of it, in a sentence or two.
    """

    name: str
    experiments: Sequence[str]
    words: str


@dataclass(frozen=True, eq=False, repr=False)
class Atlas(Answer):
    """Experiments on device snapshots.

    Attributes:
        atlas: the folder in which the cells are kept.
        experiments: name -> title, in order of theorem.
        targets: names of the snapshots, by age of their calibration.
        calibrated: target -> when it was calibrated (ISO 8601), where that is known.
        theorems: what the devices make of each.
        cells: one for each experiment on each target.
        computed: how many were computed now.
        already: how many were there.
        failed: how many failed; the same atlas tries them again.
        html: the page, if one was asked for.
        idle_noise: whether qubits that wait decay in the noise models.
    """

    ALL_IN_ROWS = True

    atlas: str
    experiments: Mapping[str, str]
    targets: Sequence[str]
    calibrated: Mapping[str, str]
    theorems: Sequence[Theorem]
    cells: Sequence[Cell]
    computed: int
    already: int
    failed: int
    html: Path | None = optional()
    idle_noise: bool = True

    @property
    def ok(self) -> bool:
        """Whether no cell failed."""
        return not self.failed

    def rows(self) -> Sequence[Row]:
        """Return a row for each cell."""
        return [dict(vars(cell)) for cell in self.cells]

    def _text(self) -> str:
        counts = {verdict: sum(cell.verdict == verdict for cell in self.cells) for verdict in VERDICTS}
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        lines = [
            f"{len(self.experiments)} experiments on {len(self.targets)} devices: {told}",
            f"{self.computed} computed, {self.already} already there, {self.failed} failed; in {self.atlas}",
        ]
        for theorem in self.theorems:
            indent = {"initial_indent": "  ", "subsequent_indent": "  "}
            lines += ["", theorem.name, *textwrap.wrap(theorem.words, 98, **indent)]  # type: ignore[arg-type]
        for cell in self.cells:
            if cell.verdict == FAILED:
                lines.append(f"FAILED: {cell.experiment} on {cell.target}: {cell.why}")
        return "\n".join([*lines, *([f"page: {self.html}"] if self.html else [])])


def theorem_words(cells: Sequence[Cell]) -> str:
    """Return what devices make of the experiments of one theorem.

    Args:
        cells: of these experiments on all devices.
    """
    judged = [cell for cell in cells if cell.verdict in (BEATEN, NOT_BEATEN)]
    if not judged:
        return _closeness(cells)
    won = [cell for cell in judged if cell.verdict == BEATEN]
    names = list(dict.fromkeys(cell.experiment for cell in judged))
    never = [name for name in names if all(cell.experiment != name for cell in won)]
    best = max(dict.fromkeys(cell.target for cell in judged), key=lambda target: _strength(judged, target))
    there = [cell for cell in judged if cell.target == best]
    beaten = sum(cell.verdict == BEATEN for cell in there)
    words = [
        f"{len(won)} of {len(judged)} cells with a bound beat it",
        f"the best device is {best}, with {beaten} of {len(there)}{_room(there)}",
    ]
    if never:
        words.append(f"beaten nowhere: {some(never)}")
    if left := sum(cell.verdict == UNFIT for cell in cells):
        words.append(f"{left} do not fit")
    return "; ".join(words) + "."


def _closeness(cells: Sequence[Cell]) -> str:
    """Return how near to theory devices come where there is no bound to beat."""
    off: dict[str, list[float]] = {}
    for cell in cells:
        if cell.expected is not None and cell.ideal is not None:
            off.setdefault(cell.target, []).append(abs(cell.expected - cell.ideal))
    if not off:
        return "None of its experiments fits, or none has a figure."
    mean = {target: statistics.mean(own) for target, own in off.items()}
    near, far = min(mean, key=mean.__getitem__), max(mean, key=mean.__getitem__)
    worst = f", the most on {far}, by {mean[far]:.2g}" if far != near else ""
    least = f"errors move the figure the least on {near}, by {mean[near]:.2g}"
    return f"There is no bound to beat; {least}{worst}, on average."


def _strength(judged: Sequence[Cell], target: str) -> tuple[int, float]:
    own = [cell for cell in judged if cell.target == target]
    factors = [cell.factor for cell in own if cell.factor is not None]
    return sum(cell.verdict == BEATEN for cell in own), statistics.median(factors) if factors else 0.0


def _room(cells: Sequence[Cell]) -> str:
    factors = [cell.factor for cell in cells if cell.factor is not None]
    if not factors:
        return ""
    return f", where errors might be {statistics.median(factors):.2g} times as large for half of them"


def cells_by_place(atlas: Atlas) -> dict[tuple[str, str], Cell]:
    """Return (experiment, target) -> cell."""
    return {(cell.experiment, cell.target): cell for cell in atlas.cells}


def cell_from(experiment: str, target: str, data: Mapping[str, Any]) -> Cell:
    """Return the cell that was kept."""
    return Cell(experiment=experiment, target=target, **data)

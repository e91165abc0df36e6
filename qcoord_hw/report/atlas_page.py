"""The atlas as one HTML page: a heat map that sorts and filters. It needs nothing else."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from qcoord_hw.provenance import provenance
from qcoord_hw.report.atlas_answer import (
    BEATEN,
    FAILED,
    NO_BOUND,
    NOT_BEATEN,
    UNFIT,
    VERDICTS,
    Atlas,
    Cell,
    cells_by_place,
)
from qcoord_hw.report.html import environment
from qcoord_hw.text import printable

STEPS = (0.3, 0.7, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Between the colours of factors: three for devices that are not good enough, five for those that are."""

MARKS = {NO_BOUND: "–", UNFIT: "·", FAILED: "!"}
"""What stands in a cell that has no verdict."""


@dataclass(frozen=True)
class Shown:
    """A cell as it is drawn.

    Attributes:
        text: what stands in it.
        colour: class of its colour.
        value: by which rows are sorted; empty where there is none.
        verdict: for the filter.
        said: for those who hear the page.
    """

    text: str
    colour: str
    value: str
    verdict: str
    said: str


def page(atlas: Atlas) -> str:
    """Return an atlas as a page."""
    at = cells_by_place(atlas)
    order = {name: theorem.name for theorem in atlas.theorems for name in theorem.experiments}
    targets = list(atlas.targets)
    rows = [
        (name, title, order.get(name, ""), [shown(at[name, target]) for target in targets])
        for name, title in atlas.experiments.items()
    ]
    return (
        environment()
        .get_template("atlas.html.j2")
        .render(
            atlas=atlas,
            json=atlas.to_json(),
            rows=[(*row, _median([at[row[0], target] for target in targets])) for row in rows],
            medians=[_median([at[name, target] for name in atlas.experiments]) for target in targets],
            made=provenance(),
            steps=_legend(),
            verdicts=VERDICTS,
            details=_script({f"{name}|{target}": cell_words(at[name, target]) for name, target in at}),
        )
    )


def shown(cell: Cell) -> Shown:
    """Return how a cell is drawn: by its factor, or by its verdict where it has none."""
    if cell.factor is not None:
        text = f"{cell.factor:.2g}" if cell.factor < 100 else f"{cell.factor:.0f}"
        text = f"≥{text}" if cell.upper is None else f"<{text}" if not cell.lower else text
        colour = f"f{sum(cell.factor >= step for step in STEPS)}"
        return Shown(text, colour, f"{cell.factor:.6g}", cell.verdict, f"{cell.verdict}, factor {text}")
    if cell.verdict in (BEATEN, NOT_BEATEN):
        won = cell.verdict == BEATEN
        return Shown("✓" if won else "✗", "f7" if won else "f0", "", cell.verdict, cell.verdict)
    return Shown(MARKS[cell.verdict], "none", "", cell.verdict, cell.verdict)


def _median(cells: Sequence[Cell]) -> str:
    factors = [cell.factor for cell in cells if cell.factor is not None]
    return f"{statistics.median(factors):.6g}" if factors else ""


def _legend() -> list[tuple[str, str]]:
    """Return (class, words) of the colours."""
    ends = [f"{step:g}" for step in STEPS]
    words = [
        f"below {ends[0]}",
        *(f"{a} to {b}" for a, b in zip(ends, ends[1:], strict=False)),
        f"{ends[-1]} and more",
    ]
    return [(f"f{k}", text) for k, text in enumerate(words)]


def cell_words(cell: Cell) -> str:
    """Return what is said of a cell that is pointed at."""
    told = [f"{cell.experiment} on {cell.target}: {cell.verdict}"]
    if cell.expected is not None:
        told.append(f"{cell.title} {cell.expected:.4f}")
    told += [
        f"{name} {value:.4f}"
        for name, value in (("ideal", cell.ideal), ("bound", cell.bound))
        if value is not None
    ]
    if cell.factor is not None:
        capped = ", at the limit of some error" if cell.capped else ""
        told.append(f"flips at {cell.factor:.4g} times all errors{capped}")
    if cell.qubits is not None:
        told.append(f"{cell.qubits} qubits, {cell.two_qubit_gates} two-qubit gates")
    return printable("; ".join([*told, *([cell.why] if cell.why else [])]))


def _script(data: Any) -> Markup:
    """Return data as JSON that may stand in a script element."""
    text = json.dumps(data, ensure_ascii=False).replace("&", "\\u0026")
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 (escaped)

"""Where, along the one number that was swept, a verdict is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qcoord_hw.statistics.estimate import Estimate, headline_of

if TYPE_CHECKING:
    from qcoord_hw.report.sweep import SweepPoint


@dataclass(frozen=True)
class Lost:
    """Up to which value of a swept number a verdict is kept.

    Attributes:
        series: of which runs, in words.
        field: what was swept.
        kept: the largest value up to which every verdict is that the bound is beaten; None if none is.
        lost: the next value; None if none is.
        verdict: what it is there.
        below: the first value at which the best estimate itself is not beyond the bound; None if at none.
    """

    series: str
    field: str
    kept: float | None
    lost: float | None
    verdict: str | None
    below: float | None

    def words(self) -> str:
        """Return it as a sentence."""
        kept = f"up to {self.field} {self.kept:g}" if self.kept is not None else "nowhere"
        lost = f", {self.verdict} at {self.lost:g}" if self.lost is not None else ""
        best = f"; the best estimate itself loses it at {self.below:g}" if self.below is not None else ""
        return f"{self.series}: the bound is beaten {kept}{lost}{best if self.below != self.lost else ''}"


@dataclass(frozen=True)
class Curve:
    """Runs that differ in one number alone, in its order: (number, main estimate) pairs."""

    name: str
    points: tuple[tuple[float, Estimate], ...]


def curves_of(points: Sequence[SweepPoint]) -> tuple[str, list[Curve]] | None:
    """Return the name of the number that was swept, and a curve for all else; None where it is not just one.

    Args:
        points: of a sweep; those without an estimate are left out.
    """
    found = [(point, main) for point in points if (main := headline_of(point.estimates)) is not None]
    values: dict[str, set[float]] = {}
    for point, _ in found:
        for name, value in point.set.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                values.setdefault(name, set()).add(value)
    swept = [name for name, different in values.items() if len(different) > 1]
    if len(swept) != 1:
        return None
    (field,) = swept
    several = {key for key in ("shots", "seed") if len({getattr(point, key) for point, _ in found}) > 1}
    curves: dict[str, list[tuple[float, Estimate]]] = {}
    for point, main in found:
        told = [f"{point.experiment} on {point.target}"]
        told += [f"{key} {getattr(point, key)}" for key in sorted(several)]
        told += [
            f"{name} {value if isinstance(value, str) else json.dumps(value)}"
            for name, value in point.set.items()
            if name != field
        ]
        if field in point.set:
            curves.setdefault(", ".join(told), []).append((point.set[field], main))
    return field, [Curve(name, tuple(sorted(own, key=lambda one: one[0]))) for name, own in curves.items()]


def lost_of(points: Sequence[SweepPoint]) -> list[Lost] | None:
    """Return where each curve of a sweep loses its verdict; None where there is no curve with a bound."""
    found = curves_of(points)
    if found is None:
        return None
    field, curves = found
    lost = [_lost(field, curve) for curve in curves if all(main.verdict for _, main in curve.points)]
    return lost or None


def _lost(field: str, curve: Curve) -> Lost:
    places = [x for x, _ in curve.points]
    first = next((k for k, (_, main) in enumerate(curve.points) if main.verdict != _good(main)), len(places))
    ended = first < len(places)
    return Lost(
        series=curve.name,
        field=field,
        kept=places[first - 1] if first else None,
        lost=places[first] if ended else None,
        verdict=curve.points[first][1].verdict if ended else None,
        below=next((x for x, main in curve.points if not _beats(main)), None),
    )


def _good(main: Estimate) -> str:
    return "below" if main.better == "less" else "above"


def _beats(main: Estimate) -> bool:
    assert main.bound is not None
    beyond = main.best - main.bound.value
    return (-beyond if main.better == "less" else beyond) > 0

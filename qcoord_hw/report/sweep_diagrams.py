"""What is drawn of a sweep: main figures against noise, shots, rates or dates, a line for each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qcoord_hw.diagrams import BOUND, THEORY, Curves, Diagram, Interval, Mark, Rows, Series
from qcoord_hw.execution.scale import PROPERTIES, split_scale
from qcoord_hw.report.comparison import short_time
from qcoord_hw.statistics.estimate import Estimate, headline_of

if TYPE_CHECKING:
    from qcoord_hw.report.sweep import SweepPoint

LINES = 8
"""Lines of a figure at most; the table has all points."""

ROWS = 40
"""Points of a figure without a number to draw them against."""

WIDE_RANGE = 20
"""Numbers whose ratio is larger stand on a logarithmic axis."""

NOISE, DATE = "noise, times that of the calibration", "date of the calibration"


@dataclass(frozen=True)
class Drawn:
    """A point that is drawn.

    Attributes:
        point: of the sweep.
        figure: its main figure.
        about: what was swept -> its value, in words; a number where it is one.
    """

    point: SweepPoint
    figure: Estimate
    about: dict[str, float | str]


def sweep_diagrams(points: Sequence[SweepPoint]) -> tuple[Diagram, ...]:
    """Return a diagram for each main figure and each number that was swept; else one of all points in rows.

    Args:
        points: of the sweep; those that failed are left out.
    """
    drawn = [
        Drawn(point, figure, _about(point))
        for point in points
        if (figure := headline_of(point.estimates)) is not None
    ]
    found: list[Diagram] = []
    for experiment, title in dict.fromkeys((one.point.experiment, one.figure.title) for one in drawn):
        own = [o for o in drawn if (o.point.experiment, o.figure.title) == (experiment, title)]
        varied = [key for key in _keys(own) if len({str(one.about.get(key)) for one in own}) > 1]
        numbers = [key for key in varied if _is_drawn_against(key, own)]
        words = f"{experiment}: {title}"
        found += [_curves(words, key, varied, own) for key in numbers] or [_rows(words, own)]
    return tuple(found) or (Rows("Points of the sweep", "no estimate to draw", ()),)


def _about(point: SweepPoint) -> dict[str, float | str]:
    from qcoord_hw.report.sweep import swept_words

    about: dict[str, float | str] = {"target": split_scale(point.target)[0]}
    if point.noise_scale is not None:
        about[NOISE] = point.noise_scale
    for name, value in point.set.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        about[name.replace("_", " ")] = float(value) if is_number else swept_words(value)
    about["shots per circuit"] = float(point.shots)
    if point.calibrated:
        about[DATE] = short_time(point.calibrated)[:16]
    about["seed"] = str(point.seed)
    return about


def _keys(drawn: Sequence[Drawn]) -> list[str]:
    return list(dict.fromkeys(key for one in drawn for key in one.about))


def _is_drawn_against(key: str, own: Sequence[Drawn]) -> bool:
    """Whether a key has different numbers, or is a date that tells calibrations of files apart."""
    if key == DATE:
        return all(key in one.about and one.point.target.startswith(PROPERTIES) for one in own)
    return any(isinstance(one.about.get(key), float) for one in own)


def _curves(title: str, key: str, varied: Sequence[str], own: Sequence[Drawn]) -> Curves:
    dates = key == DATE
    names = tuple(sorted({str(one.about[key]) for one in own})) if dates else ()
    other = [*([] if dates else ["target"]), *(k for k in varied if k not in (key, "target", DATE))]
    lines: dict[str, list[tuple[float, float, float, float]]] = {}
    for one in own:
        name = ", ".join(_named(k, one.about[k]) for k in other if k in one.about) or "all"
        if (x := _place(one, key, names)) is not None:
            lines.setdefault(name, []).append((x, *one.figure.limits))
    shown = list(lines.items())[:LINES]
    few = f", {len(shown)} of {len(lines)} lines" if len(shown) < len(lines) else ""
    series = tuple(Series(name, tuple(sorted(points))) for name, points in shown)
    places = [x for one in series for x, *_ in one.points]
    is_log = not dates and min(places) > 0 and max(places) > WIDE_RANGE * min(places)
    heading = f"{title} against {key.split(',')[0]}{few}"
    return Curves(heading, key, _axis(own), series, _marks(own), names, is_log)


def _place(one: Drawn, key: str, names: Sequence[str]) -> float | None:
    """Return where a point stands: at its number or the place of its name; None without either."""
    value = one.about.get(key)
    if names:
        return float(names.index(str(value)))
    return value if isinstance(value, float) else None


def _named(key: str, value: float | str) -> str:
    words = f"{value:g}" if isinstance(value, float) else value
    return words if key == "target" else f"{key.split(',')[0]} {words}"


def _rows(title: str, own: Sequence[Drawn]) -> Rows:
    from qcoord_hw.report.sweep import point_words

    rows = tuple(
        Interval(
            point_words(one.point),
            *one.figure.limits,
            theory=one.figure.theory.value if one.figure.theory else None,
            bound=one.figure.bound.value if one.figure.bound else None,
        )
        for one in own[:ROWS]
    )
    few = f", {len(rows)} of {len(own)} points" if len(rows) < len(own) else ""
    return Rows(f"{title} of each point{few}", _axis(own), rows)


def _axis(own: Sequence[Drawn]) -> str:
    figure = own[0].figure
    return figure.axis or figure.title


def _marks(own: Sequence[Drawn]) -> tuple[Mark, ...]:
    """Return theory and bound, where all points share them."""
    marks = []
    for name, key, colour, line in (("theory", "theory", THEORY, "-"), ("", "bound", BOUND, "--")):
        values = {round(value.value, 9) if (value := getattr(one.figure, key)) else None for one in own}
        if len(values) == 1 and (value := values.pop()) is not None:
            marks.append(Mark(name or own[0].figure.bound_label, value, colour, line))
    return tuple(marks)

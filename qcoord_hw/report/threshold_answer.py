"""How good a device must be: typed, with its text, its rows and its figure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.report.links import links_section
from qcoord_hw.statistics.words import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORDS = {
    "two_qubit": "two-qubit gates",
    "one_qubit": "one-qubit gates",
    "readout": "readout",
    "decay": "decay (T1, T2)",
}
"""Mechanism -> how it is said."""


@dataclass(frozen=True)
class Factor:
    """What errors are multiplied by where the verdict flips.

    Attributes:
        value: between the ends, interpolated.
        lower: the bound is beaten there; 0 where the smallest factor that is tried, the value, loses.
        upper: the bound is not beaten there; None where the largest factor that is tried, the value, does.
        capped: whether the factor is the smallest or largest that is tried, or an error has grown to its
            limit (.49 of a readout, nothing left of the state of a gate) and stands for no more.
    """

    value: float
    lower: float
    upper: float | None
    capped: bool


@dataclass(frozen=True)
class Mechanism:
    """What one mechanism has to do with the verdict.

    Attributes:
        name: `two_qubit`, `one_qubit`, `readout` or `decay`.
        factor: on this mechanism alone, the others as calibrated; None where the verdict is lost without
            it, too.
        share: of the loss: the mean of what it takes alone and what is won without it, over the loss.
        bracket: the factor with its ends.
    """

    name: str
    factor: float | None
    share: float
    bracket: Factor | None


@dataclass(frozen=True, eq=False, repr=False)
class Threshold(Answer):
    """How good a device must be.

    Attributes:
        experiment: its name.
        target: its name.
        layout: physical qubits.
        figure: name of the main figure.
        title: what people call it.
        ideal: the figure without errors.
        value: the figure at the device's errors, at factor 1.
        loss: what the errors take of it.
        bound: that it is judged against.
        factor: on all errors, at which the verdict flips.
        mechanisms: the same for each mechanism, and its share of the loss.
        curve: (factor on all errors, figure) of each evaluation, by factor.
        falling: whether the figure never rises from one evaluated factor to the next, beyond rounding.
        evaluations: of the figure.
        links: what links cost and do at the device's errors, where they cost anything: as in a plan.
        idle_noise: whether qubits that wait decay in the noise model.
        noise: what the noise model holds, in words.
    """

    experiment: str
    target: str
    layout: Sequence[int]
    figure: str
    title: str
    ideal: float
    value: float
    loss: float
    bound: float
    factor: Factor
    mechanisms: Sequence[Mechanism]
    curve: Sequence[tuple[float, float]]
    falling: bool
    evaluations: int
    idle_noise: bool = True
    noise: str = ""
    links: Mapping[str, Any] | None = optional()

    def rows(self) -> Sequence[Row]:
        """Return a row for all errors together and one for each mechanism."""
        about: dict[str, object] = {"experiment": self.experiment, "target": self.target}
        parts: list[tuple[str, Factor | None, float]] = [("all", self.factor, 1.0)]
        parts += [(one.name, one.bracket, one.share) for one in self.mechanisms]
        keys = ("value", "lower", "upper", "capped")
        return [
            about | {"errors": name, "share": share} | {key: getattr(factor, key, None) for key in keys}
            for name, factor, share in parts
        ]

    def plot(self) -> Figure:
        """Return a figure of the main figure against the factor on all errors, with bound and threshold."""
        from qcoord_hw.charts import BOUND, Mark, curve_figure

        points = [point for point in self.curve if point[0] > 0]
        ends = (points[0][0], points[-1][0])
        lines = [
            ("expected", points),
            ("without errors", [(end, self.ideal) for end in ends]),
            ("bound", [(end, self.bound) for end in ends]),
        ]
        return curve_figure(
            f"{self.experiment} on {self.target}",
            ("factor on all errors", self.title),
            lines,
            (1.0, self.value),
            [Mark(f"threshold {_short(self.factor.value)}", self.factor.value, BOUND)],
            log=True,
        )

    def _text(self) -> str:
        facts = [
            ("figure", f"{self.title} {number(self.value)}, {number(self.ideal)} without errors"),
            ("bound", number(self.bound)),
            ("threshold", _all_words(self.factor)),
        ]
        lines = [f"{self.experiment} on {self.target}", ""]
        for name, words in facts:
            lines += textwrap.wrap(words, 98, initial_indent=f"  {name:<12}", subsequent_indent=" " * 14)
        for line in ("", *links_section(self.links).lines) if self.links else ():
            lines += textwrap.wrap(line, 98, initial_indent="  ", subsequent_indent="  ") or [""]
        lines += ["", f"  {'mechanism':<18}{'share of the loss':>18}{'factor on it alone':>22}"]
        for one in self.mechanisms:
            share = f"{100 * one.share:.1f} %"
            lines.append(f"  {WORDS.get(one.name, one.name):<18}{share:>18}{_own_words(one.bracket):>22}")
        lines += ["", f"  {'factor':<10}{self.title}"]
        shown = {_short(factor): value for factor, value in self.curve}
        lines += [f"  {factor:<10}{value:.4f}" for factor, value in shown.items()]
        for note in self._notes():
            lines += ["", *textwrap.wrap(note, 98, initial_indent="  ", subsequent_indent="  ")]
        return "\n".join(lines)

    def _notes(self) -> list[str]:
        qubits = ",".join(map(str, self.layout))
        notes = [
            f"Exact probabilities of this calibration's noise model, no shots: {self.noise}. "
            "A calibrated gate error is split into the decay during the gate and the rest, so that none "
            f"counts twice. The circuits are compiled once, for qubits {qubits}."
        ]
        if not self.falling:
            notes.append("CAUTION: the figure rises somewhere with the factor, so it may flip more than once")
        return notes


def _all_words(factor: Factor) -> str:
    value = _short(factor.value)
    if factor.upper is None:
        return f"none: the bound is beaten up to {value} times all errors, the largest factor that is tried"
    if factor.lower == 0:
        return f"below {value}, the smallest factor that is tried: the bound is beaten without errors only"
    ends = f"{factor.value:.4g} times all errors, between {factor.lower:.6g} and {factor.upper:.6g}"
    return ends + ("; some of them have grown to their limit" if factor.capped else "")


def _own_words(factor: Factor | None) -> str:
    if factor is None:
        return "lost without it, too"
    value = _short(factor.value)
    if factor.upper is None or factor.lower == 0:
        return f"{'beyond' if factor.lower else 'below'} {value}"
    return value + (" (at limit)" if factor.capped else "")


def _short(factor: float) -> str:
    """Return three significant digits, without an exponent.

    >>> _short(7.4502), _short(0.72391), _short(10000.0)
    ('7.45', '0.724', '10000')
    """
    return f"{factor:.3g}" if factor < 100 else f"{factor:.0f}"

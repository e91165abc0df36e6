"""Which way of doing an experiment is the best on a device: typed, with its text, its rows and its figure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.errors import InputError
from qcoord_hw.statistics.words import some, units

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Ranked:
    """A candidate on a target.

    Attributes:
        name: of the candidate, as `--candidate` takes it.
        title: what is different about it.
        target: where it would run.
        rank: from 1, among all that have a figure there (within its rates, where these count); None for one
            that does not run there.
        expected: the figure that is expected there; None where it does not run.
        kind: `noise model`, `links` or `ideal`, computed as `qcoord plan` does; `estimated` from the expected
            number of errors alone, where there are too many candidates to compute all.
        ideal: the figure without errors, where it is known.
        classical: the bound that the figure is judged against, if there is one.
        per_copy: the figure of one of several copies, by which candidates of different block lengths are
            compared: the n-th root of a fidelity, the n-th part of a distance.
        two_qubit_gates: of a circuit as compiled, the most of any; None where it is not placed.
        qubits: of a circuit; None where there is none.
        copies: the block length n.
        rates: link or resource -> unit -> how much of it a copy takes.
        same: whether it does what was asked; another field gives other sums.
        frontier: whether none needs no more on every link and has a better figure; where rates count.
        why: why it is first, why it lost, or why it does not run.
        command: that runs it.
    """

    name: str
    title: str
    target: str
    rank: int | None
    expected: float | None
    kind: str | None
    ideal: float | None
    classical: float | None
    per_copy: float | None
    two_qubit_gates: int | None
    qubits: int | None
    copies: int | None
    rates: Mapping[str, Mapping[str, float]] | None
    same: bool
    why: str
    command: str
    frontier: bool | None = optional()


@dataclass(frozen=True, eq=False, repr=False)
class Choice(Answer):
    """The candidates for an experiment, compared on some targets.

    Attributes:
        experiment: its name.
        targets: their names.
        figure: name of the figure by which they are compared.
        title: what people call it.
        better: `more` or `less`.
        candidates: for one target after the other, the best first; those that do not run there come last.
            Where rates count those of the experiment's own rates come first, then the others by their rates.
        idle_noise: whether qubits that wait decay in the noise models by which figures are expected.
    """

    experiment: str
    targets: Sequence[str]
    figure: str | None
    title: str
    better: str
    candidates: Sequence[Ranked]
    idle_noise: bool = True

    def on(self, target: str) -> list[Ranked]:
        """Return the candidates on one target."""
        return [one for one in self.candidates if one.target == target]

    def best(self, target: str | None = None) -> Ranked:
        """Return the first candidate that does what was asked, on a target (the first one if omitted).

        Raises:
            InputError: when none runs there.
        """
        target = self.targets[0] if target is None else target
        for one in self.on(target):
            if one.same and one.rank is not None:
                return one
        why = next((one.why for one in self.on(target)), "there is no such target here")
        raise InputError(f"choose: no candidate of {self.experiment} runs on {target}: {why}")

    def rows(self) -> Sequence[Row]:
        """Return a row for each candidate on each target."""
        names = ["name", "target", "rank", "expected", "kind", "ideal", "classical", "per_copy"]
        names += ["two_qubit_gates", "qubits", "copies", "same", "frontier", "why", "command"]
        return [
            {name: getattr(one, name) for name in names} | {"rates": rate_words(one.rates)}
            for one in self.candidates
        ]

    def plot(self) -> Figure:
        """Return a figure of what is expected of each candidate on each target, beside the bound."""
        from qcoord_hw.charts import Interval, interval_figure

        rows = [
            Interval(
                f"{one.name}, {one.target}",
                one.expected,
                one.expected,
                one.expected,
                one.ideal,
                one.classical,
            )
            for one in self.candidates
            if one.expected is not None
        ]
        return interval_figure(f"{self.experiment}: candidates", self.title, rows)

    def _text(self) -> str:
        lines = [f"{self.experiment}: {self.title or 'no figure'}, {self.better} is better"]
        for target in self.targets:
            lines += ["", *self._table(target)]
        return "\n".join(lines)

    def _table(self, target: str) -> list[str]:
        ranked = [one for one in self.on(target) if one.rank is not None]
        width = max([len(one.name) for one in ranked] + [len("candidate")])
        bound = any(one.classical is not None for one in ranked)
        heading = f"  {'':>3}  {'candidate':<{width}}  expected  {'bound':>6}  2q gates  qubits"
        lines = [f"on {target}", heading if bound else heading.replace(" bound", "      ")]
        rates = None
        for one in ranked:
            if one.frontier is not None and rates != (rates := rate_words(one.rates)):
                lines.append(f"  at {rates} a copy:")
            mark = "*" if one.frontier else " "
            lines.append(
                f"  {one.rank:>2}{mark}  {one.name:<{width}}  {one.expected or 0.0:>8.4f}  "
                f"{'' if one.classical is None else f'{one.classical:.4f}':>6}  {one.two_qubit_gates:>8}  "
                f"{one.qubits:>6}"
            )
            lines += _wrapped(f"{one.title}: {one.why}", width)
        if any(one.frontier for one in ranked):
            lines.append("  * on the frontier: none that needs no more on every link has a better figure")
        if best := next((one for one in ranked if one.same), None):
            lines += _wrapped(f"run the best: {best.command}", -6)
        reasons: dict[str, list[str]] = {}
        for one in self.on(target):
            if one.rank is None:
                reasons.setdefault(one.why, []).append(one.name)
        for why, names in reasons.items():
            lines += _wrapped(f"not {some(names)}: {why}", -6)
        return lines


def rate_words(rates: Mapping[str, Mapping[str, float]] | None) -> str:
    """Return what a copy takes of links and resources, in words.

    >>> rate_words({"Alice->Bob": {"qubits": 2 / 3, "log2_dim": 2 / 3, "bits": 0}, "common": {}})
    'Alice->Bob 0.667 qubits'
    """
    told = [
        f"{resource} "
        + ", ".join(f"{used[unit]:.3g} {unit}" for unit in units(rates or {}) if used.get(unit))
        for resource, used in ((key, _counted(value)) for key, value in (rates or {}).items())
        if any(used.values())
    ]
    return "; ".join(told) or "nothing sent"


def _counted(used: Mapping[str, float]) -> dict[str, float]:
    """Return what is used without the other unit of the same qubits."""
    return {unit: value for unit, value in used.items() if unit != "log2_dim" or not used.get("qubits")}


def _wrapped(words: str, width: int) -> list[str]:
    indent = " " * 9 if width >= 0 else "  "
    return textwrap.wrap(words, 98, initial_indent=indent, subsequent_indent=indent + "  " * (width < 0))

"""An estimate with its uncertainty, beside what theory says, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from qcoord_hw.theory.value import Value

Verdict = Literal["above", "below", "inconclusive"]

Origin = Literal["counted", "mitigated", "computed"]
"""Where a figure comes from: from counts, from counts after inverting known readout errors, or from the
circuits as executed, without a count."""

Better = Literal["more", "less"]

SAYS = ("title", "short", "unit", "better", "bound_label", "origin", "headline", "axis")
"""Fields of an estimate's JSON object that say what the figure is; reports of before lack them."""

Limits = tuple[float, float, float]
"""(low, best, high)."""


def difference_limits(before: Limits, after: Limits) -> Limits:
    """Return the limits of `after - before` of independent figures, by square-and-add [Newcombe1998]."""
    best = after[1] - before[1]
    down = math.hypot(after[1] - after[0], before[2] - before[1])
    up = math.hypot(after[2] - after[1], before[1] - before[0])
    return best - down, best, best + up


@dataclass(frozen=True)
class Estimate:
    """A figure estimated from counts, or computed.

    Attributes:
        name: what is estimated; a key of the JSON object.
        low: lower end of the interval.
        best: point estimate.
        high: upper end of the interval.
        method: how the interval was made.
        confidence: its two-sided confidence level.
        shots: shots that went into it; none gives the whole range.
        theory: what theory says of it, if anything.
        bound: the bound it is judged against, if any.
        p_value: probability of a result at least this good if the bound held, if tested.
        assumes: what the interval and the p-value rest on.
        estimand: what the figure is the mean over, where that is not plain from its name.
        title: what people call it, as the heading of a page; made of the name if empty.
        short: the same in a table; if empty the title, a word at its beginning in lower case.
        unit: of its numbers; empty where they have none.
        better: whether more of it is better, or less.
        bound_label: what the bound is called.
        origin: where it comes from; a computed figure has no interval.
        headline: whether it stands for the run; at most one estimate of a run does.
        axis: what the axis is called on which it is drawn, together with the others of that axis; empty for
            a figure that is not drawn.
    """

    name: str
    low: float
    best: float
    high: float
    method: str
    confidence: float
    shots: int
    theory: Value | None = None
    bound: Value | None = None
    p_value: float | None = None
    assumes: str = ""
    estimand: str = ""
    title: str = ""
    short: str = ""
    unit: str = ""
    better: Better = "more"
    bound_label: str = "bound"
    origin: Origin = "counted"
    headline: bool = False
    axis: str = "probability"

    def __post_init__(self) -> None:
        """Fill in what the figure is called."""
        title = self.title or self.name.replace("_", " ").capitalize()
        object.__setattr__(self, "title", title)
        word = title[1:2].islower()  # CHSH and I3322 are none
        object.__setattr__(self, "short", self.short or (title[:1].lower() + title[1:] if word else title))

    def __repr__(self) -> str:
        """Return figure, interval and verdict in one short line."""
        from qcoord_hw.statistics.words import found_words

        judged = "" if self.bound is None else f", {self.verdict} {self.bound_label} {self.bound.value:.6g}"
        return f"<Estimate: {self.name} {found_words(self.to_json())}{judged}>"

    @property
    def verdict(self) -> Verdict | None:
        """`above` or `below` if the whole interval is, else `inconclusive`; None without a bound."""
        if self.bound is None:
            return None
        if self.low > self.bound.value:
            return "above"
        return "below" if self.high < self.bound.value else "inconclusive"

    @property
    def limits(self) -> Limits:
        """Low, best and high."""
        return self.low, self.best, self.high

    def linear(
        self,
        name: str,
        scale: float,
        offset: float,
        theory: Value | None,
        bound: Value | None,
        *,
        title: str = "",
        axis: str = "",
        bound_label: str = "",
    ) -> Estimate:
        """Return the estimate of `scale * self + offset`, for a positive scale; the p-value carries over.

        Args:
            name: of the new figure.
            scale: the factor.
            offset: the constant.
            theory: what theory says of the new figure.
            bound: what it is judged against.
            title: what people call the new figure.
            axis: on which it is drawn.
            bound_label: what the bound is called, if not the same.
        """
        return replace(
            self,
            name=name,
            low=scale * self.low + offset,
            best=scale * self.best + offset,
            high=scale * self.high + offset,
            theory=theory,
            bound=bound,
            title=title,
            short="",
            axis=axis,
            bound_label=bound_label or self.bound_label,
            headline=False,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the estimate as plain JSON values."""
        return {
            "name": self.name,
            "low": self.low,
            "best": self.best,
            "high": self.high,
            "method": self.method,
            "confidence": self.confidence,
            "shots": self.shots,
            "theory": self.theory.to_json() if self.theory else None,
            "bound": self.bound.to_json() if self.bound else None,
            "verdict": self.verdict,
            "p_value": self.p_value,
            "assumes": self.assumes,
            "estimand": self.estimand,
            **{name: getattr(self, name) for name in SAYS},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Estimate:
        """Build the estimate from what `to_json` returned."""
        given = {key: value for key, value in data.items() if key != "verdict"}
        marks = {key: Value(**given[key]) for key in ("theory", "bound") if given[key] is not None}
        return cls(**given | marks)


def headline_of(estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the estimate that stands for a run: the one that says so, else the first; None of none."""
    return next((e for e in estimates if e.headline), next(iter(estimates), None))

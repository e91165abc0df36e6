"""An estimate with its uncertainty, beside what theory says, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from qcoord_hw.theory.value import Value

Verdict = Literal["above", "below", "inconclusive"]

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
    """A figure estimated from counts.

    Attributes:
        name: what is estimated.
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

    def linear(self, name: str, scale: float, offset: float, theory: Value | None, bound: Value) -> Estimate:
        """Return the estimate of `scale * self + offset`, for a positive scale; the p-value carries over."""
        return replace(
            self,
            name=name,
            low=scale * self.low + offset,
            best=scale * self.best + offset,
            high=scale * self.high + offset,
            theory=theory,
            bound=bound,
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
        }

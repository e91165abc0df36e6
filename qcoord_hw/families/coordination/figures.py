"""What the figures of a coordination protocol are called, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qcoord_hw.statistics.estimate import Better, Estimate

MITIGATED = "_mitigated"


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
        title: what people call it.
        short: the same in a table.
        better: `more` for fidelities, `less` for distances.
        low: the least value that a state can have.
        high: the largest.
        method: how it is counted, in the words of an estimate; empty where it is computed from exact states.
    """

    title: str
    short: str
    better: Better
    low: float = 0.0
    high: float = 1.0
    method: str = ""

    @property
    def computed(self) -> bool:
        """Whether it is computed from exact states, and not counted."""
        return not self.method

    @property
    def exact(self) -> str:
        """Name of the exact figure of the same quantity."""
        return "fidelity_exact" if self.better == "more" else "trace_norm_exact"


KINDS = {
    "fidelity_dfe": Kind(
        "Fidelity, direct fidelity estimation",
        "fidelity, direct",
        "more",
        method="direct fidelity estimation",
    ),
    "fidelity_bound": Kind(
        "Fidelity, lower bound from two bases",
        "fidelity, lower bound",
        "more",
        low=-1.0,
        method="lower bound on the fidelity, two bases",
    ),
    "trace_norm_witness": Kind(
        "Trace norm to the target, fixed witness",
        "trace norm, witness",
        "less",
        low=-2.0,
        high=2.0,
        method="fixed witness: no upper bound on the distance",
    ),
    "trace_norm_exact": Kind("Trace norm to the target, exact", "trace norm, exact", "less", high=2.0),
    "fidelity_exact": Kind("Fidelity, exact", "fidelity, exact", "more"),
    "fidelity_exact_all": Kind("Fidelity of all parts together, exact", "fidelity of all, exact", "more"),
}
"""Name of a figure -> its kind; the first of them that a run has stands for the run."""

COUNTED = tuple(name for name, kind in KINDS.items() if not kind.computed)


def described(estimate: Estimate, *, mitigated: bool = False) -> Estimate:
    """Return an estimate with what its figure is called."""
    kind = KINDS[estimate.name.removesuffix(MITIGATED)]
    return replace(
        estimate,
        title=kind.title + ", readout mitigated" * mitigated,
        short=kind.short + ", mitigated" * mitigated,
        better=kind.better,
        bound_label="separable bound",
        origin="computed" if kind.computed else "mitigated" if mitigated else "counted",
        axis=axis_of(kind.better),
    )


def axis_of(better: Better) -> str:
    """Return the axis of figures that are the better the more, or the less, there is of them.

    >>> axis_of("less")
    'trace norm (0 to 2)'
    """
    return "fidelity" if better == "more" else "trace norm (0 to 2)"


def with_headline(estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """Return the estimates of a run, of which one stands for it."""
    names = [estimate.name for estimate in estimates]
    first = next((name for name in KINDS if name in names), None)
    return tuple(replace(estimate, headline=estimate.name == first) for estimate in estimates)


def kind_of(estimate: Mapping[str, Any]) -> Kind:
    """Return the kind of figure that an estimate's JSON object is about."""
    return KINDS[str(estimate["name"]).removesuffix(MITIGATED)]


def short_of(name: str) -> str:
    """Return what a figure is called in a table.

    >>> short_of("trace_norm_witness")
    'trace norm, witness'
    """
    return KINDS[name].short if name in KINDS else name.replace("_", " ")

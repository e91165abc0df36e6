"""How counts of a coordination experiment are scored: what was to be made, and sums of parities that tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

from qcoord_hw.codec import from_plain, to_plain
from qcoord_hw.errors import InputError
from qcoord_hw.theory.pauli_measurements.target import SUM, Combine, Output, Target

COUNTED_HERE = "counted in this circuit"
"""The source of a rate that was read off circuits."""


@dataclass(frozen=True)
class Measurement:
    """A setting that is executed: a preparation, each of its outputs measured in a Pauli basis.

    Attributes:
        preparation: index of the preparation.
        basis: a letter X, Y or Z for each output.
        case: the case that was drawn with it; None where cases are not drawn.
        share: probability with which it is drawn; where nothing is drawn, the same for all.
    """

    preparation: int
    basis: str
    case: int | None
    share: float


@dataclass(frozen=True)
class Term:
    """A part of an estimate: a sum of parities, averaged over shots of the same basis.

    Its value is the sum over `strata` of weight times the mean over shots of
    sum_i coefficients[i] (-1)^(number of ones among the outputs in masks[i]).

    Attributes:
        strata: (weight, settings) pairs; shots of the settings of a stratum are pooled: draws of one mixture.
        masks: bit q of a mask stands for output q.
        coefficients: one a mask.
    """

    strata: tuple[tuple[float, tuple[int, ...]], ...]
    masks: tuple[int, ...]
    coefficients: tuple[float, ...]


@dataclass(frozen=True)
class Estimator:
    """A linear functional of the outcome distributions: `offset` plus all the terms.

    Attributes:
        name: what it estimates.
        case: index of the case.
        offset: the constant.
        terms: the sums of parities.
        ideal: its value for ideal circuits.
        draws: Pauli strings that were drawn at random to make it; 0 where it is exact on average.
    """

    name: str
    case: int
    offset: float
    terms: tuple[Term, ...]
    ideal: float
    draws: int = 0


@dataclass(frozen=True, eq=False)
class CoordinationScoring:
    """The plain description by which counts of a coordination experiment are scored; stored in the record.

    Attributes:
        network: name of the network.
        copies: the block length n.
        outputs: the outputs, in the order of the targets' tensor factors.
        cases: what is to be made; probabilities sum to 1 unless cases are independent.
        settings: what is executed, in the order of the experiment's settings.
        estimators: at most one of each name for each case.
        bits: position of each output's bit in the outcome string (classical bit 0 first).
        sampled: whether case, preparation and basis are drawn for each shot.
        combine: `mean`: figures are averaged over cases; `independent`: the cases are parts of one circuit,
            the figure is that of the worst one.
        tomography: whether the settings hold all bases of every case.
        rates: what theory says beside: name -> {"value" or "lower"/"upper", "source"}.
        exact: what theory says of this very protocol: name -> value.
        notes: one line each.
        holders: who has each system of the target and what it is there; none in records of before.
    """

    network: str
    copies: int
    outputs: tuple[Output, ...]
    cases: tuple[Target, ...]
    settings: tuple[Measurement, ...]
    estimators: tuple[Estimator, ...]
    bits: tuple[int, ...]
    sampled: bool = False
    combine: Combine = "mean"
    tomography: bool = False
    rates: dict[str, dict[str, Any]] = dataclass_field(default_factory=dict)
    exact: dict[str, float] = dataclass_field(default_factory=dict)
    notes: tuple[str, ...] = ()
    holders: dict[str, str] = dataclass_field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the probabilities and the lengths.

        Raises:
            InputError: when they do not fit.
        """
        total = math.fsum(case.probability for case in self.cases)
        if self.combine == "mean" and abs(total - 1) > SUM:
            raise InputError(f"cases: probabilities sum to {total:.12g}; allowed is 1 within {SUM:g}")
        if len(self.bits) != len(self.outputs):
            raise InputError(
                f"bits: {len(self.bits)} of them; allowed is one for each of {len(self.outputs)}"
            )

    def read_at(self, where: Sequence[int]) -> CoordinationScoring:
        """Return the same scoring where bit k stands at `where[k]`."""
        return replace(self, bits=tuple(where[bit] for bit in self.bits))

    def cases_of(self, setting: int) -> list[int]:
        """Return the cases that a setting stands for."""
        measured = self.settings[setting]
        return [
            c
            for c, case in enumerate(self.cases)
            if measured.case == c
            or (measured.case is None and measured.preparation in {k for k, _ in case.mixture})
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the description as plain JSON values."""
        return {"kind": "coordination", **to_plain(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CoordinationScoring:
        """Build the description from what `to_json` returned."""
        return from_plain(cls, {key: value for key, value in data.items() if key != "kind"})

"""The best possible at a block length: a bracket with its certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qcoord_hw.theory.digest import digest

Figure = Literal["trace_norm", "fidelity"]
Certified = Literal["lower", "upper", "both"]

SCALE = 1e6
"""Decimals of the ends: the lower one is rounded down, the upper one up."""


@dataclass(frozen=True, eq=False)
class BestAtN:
    """What no code can beat with these links, and what some code reaches.

    Attributes:
        figure: `trace_norm` (whole, averaged over the inputs) or `fidelity` (of one sender, or of the whole
            state where there is one).
        task: `preparation`, where the sender makes the state herself, or `source-coding`, where half of a
            given state is encoded.
        lower: the lower end.
        upper: the upper end.
        certified: the ends that the certificate proves: at least the lower one of an error, the upper one of
            a fidelity. The other end is reached by a code.
        certificate: plain data for `theory check`.
        source: where the bound comes from.
        further: other figures of the same task, each `{"lower", "upper"}`.
    """

    figure: Figure
    task: Literal["preparation", "source-coding"]
    lower: float
    upper: float
    certified: Certified
    certificate: Mapping[str, Any]
    source: str
    further: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands under `best_at_n`.

        The certificate has a digest of the rest of it, `sha256`. That proves nothing; it tells one with a
        number changed from the one that was made, also where the proof has room to spare.
        """
        certificate = dict(self.certificate)
        certificate["sha256"] = digest(certificate)
        return {
            "figure": self.figure,
            "task": self.task,
            "lower": self.lower,
            "upper": self.upper,
            "certified": self.certified,
            "source": self.source,
            **({"further": dict(self.further)} if self.further else {}),
            "certificate": certificate,
        }


def down(value: float) -> float:
    """Return a value rounded down to `DIGITS` decimals, after what rounding of floats may have added."""
    return max(0.0, math.floor((value + 1e-10) * SCALE) / SCALE)


def up(value: float) -> float:
    """Return a value rounded up to `DIGITS` decimals, after what rounding of floats may have added."""
    return math.ceil((value - 1e-10) * SCALE) / SCALE

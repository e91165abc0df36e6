"""What the analysis of a run returns, whatever was run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qcoord_hw.statistics.estimate import Estimate


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a run says.

    Attributes:
        estimates: the figures of merit.
        checks: tests on raw counts (such as `drift`), each with its p-value; None where there was nothing to
            test.
        rows: what was found piece by piece (of questions, inputs, cases), as plain values; what they hold is
            the family's.
        cautions: what had to be left out, and why.
    """

    estimates: tuple[Estimate, ...]
    checks: dict[str, dict[str, Any] | None]
    rows: tuple[dict[str, Any], ...] = ()
    cautions: tuple[str, ...] = ()

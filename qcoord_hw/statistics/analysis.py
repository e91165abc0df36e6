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
        checks: tests on raw counts (`no_signalling`, `drift`, `frame`), each with its p-value; None where
            there was nothing to test.
        questions: of a game: wins and interval of every circuit and round.
        outputs: of a linear computation: what was asked, read and expected for every input.
        cautions: what had to be left out, and why.
    """

    estimates: tuple[Estimate, ...]
    checks: dict[str, dict[str, Any] | None]
    questions: tuple[dict[str, Any], ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()
    cautions: tuple[str, ...] = ()

"""What an outcome of a coordination protocol says.

The cases that a setting stands for, what was prepared, the Pauli `basis` of the outputs and their
`outcome`, a bit per letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qcoord_hw.families.base import Outcomes
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.record.bits import symbols


def outcomes(play: CoordinationScoring) -> Outcomes:
    """Return what reads the outcomes of a run."""

    def rows(
        setting: Mapping[str, Any], number: int, found: Sequence[str]
    ) -> Iterator[list[dict[str, object]]]:
        measured = play.settings[number]
        about = {
            "case": symbols(play.cases_of(number)),
            "preparation": measured.preparation,
            "basis": measured.basis,
        }
        for outcome in found:
            yield [about | {"outcome": "".join(outcome[bit] for bit in play.bits)}]

    return Outcomes(("case", "preparation", "basis"), rows)

"""The family of coordination protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Family

if TYPE_CHECKING:
    from qcoord_hw.families.coordination.scoring import CoordinationPlay
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec
    from qcoord_hw.statistics.analysis import Analysis


class Coordination(Family):
    """Coordination protocols of the six networks."""

    name = "coordination"
    kind = "coordination"

    def build(self, spec: ExperimentSpec) -> Experiment:
        """See `Family.build`."""
        from qcoord_hw.families.coordination.builders import build

        return build(spec)

    def scoring(self, data: dict[str, Any]) -> CoordinationPlay:
        """See `Family.scoring`."""
        from qcoord_hw.families.coordination.scoring import CoordinationPlay

        return CoordinationPlay.from_json(data)

    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """See `Family.analyse`."""
        from qcoord_hw.families.coordination.analysis import analyse_coordination

        return analyse_coordination(record, confidence)


FAMILY = Coordination()

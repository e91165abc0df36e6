"""The family of linear computations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Family
from qcoord_hw.families.linear_computation.parameters import PARAMETERS

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.linear_computation.scoring import LinearPlay
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec
    from qcoord_hw.statistics.analysis import Analysis


class LinearComputations(Family):
    """Linear computations over a quantum multiple-access channel."""

    name = "linear-computation"
    kind = "linear-computation"
    parameters = PARAMETERS

    def build(self, spec: ExperimentSpec) -> Experiment:
        """See `Family.build`."""
        from qcoord_hw.families.linear_computation.circuits import build

        return build(spec)

    def scoring(self, data: dict[str, Any]) -> LinearPlay:
        """See `Family.scoring`."""
        from qcoord_hw.families.linear_computation.scoring import LinearPlay

        return LinearPlay.from_json(data)

    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """See `Family.analyse`."""
        from qcoord_hw.families.linear_computation.analysis import analyse_linear

        return analyse_linear(record, confidence)


FAMILY = LinearComputations()

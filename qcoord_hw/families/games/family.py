"""The family of nonlocal games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Family
from qcoord_hw.families.games.parameters import PARAMETERS

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.games.scoring import GamePlay
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec
    from qcoord_hw.statistics.analysis import Analysis


class Games(Family):
    """Nonlocal games on the quantum broadcast network."""

    name = "nonlocal-game"
    kind = "game"
    parameters = PARAMETERS

    def build(self, spec: ExperimentSpec) -> Experiment:
        """See `Family.build`."""
        from qcoord_hw.families.games.circuits import build

        return build(spec)

    def scoring(self, data: dict[str, Any]) -> GamePlay:
        """See `Family.scoring`."""
        from qcoord_hw.families.games.scoring import GamePlay

        return GamePlay.from_json(data)

    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """See `Family.analyse`."""
        from qcoord_hw.families.games.analysis import analyse_game

        return analyse_game(record, confidence)


FAMILY = Games()

"""A family of this house: what stands in its folder, found by the names that modules have in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Family, Ideal, Outcomes, Prediction

if TYPE_CHECKING:
    from qcoord_hw.diagrams import Diagram
    from qcoord_hw.families.counted import Counted
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.view import View
    from qcoord_hw.imports.table import CountTable
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec
    from qcoord_hw.statistics.analysis import Analysis


class FamilyInRoom(Family):
    """A family with `shape`, `view`, `diagrams`, `outcomes`, `counted` beside it, loaded at first use."""

    def _beside(self, module: str) -> Any:
        """Return a module of the family's folder."""
        return import_module(f"{type(self).__module__.rpartition('.')[0]}.{module}")

    def check(self, intent: dict[str, Any], width: float) -> None:
        """See `Family.check`: `shape.check`."""
        self._beside("shape").check(intent, width)

    def counted(self, spec: ExperimentSpec, table: CountTable) -> Counted:
        """See `Family.counted`: `counted.counted`."""
        found: Counted = self._beside("counted").counted(spec, table)
        return found

    def predict(self, experiment: Experiment) -> Prediction:
        """See `Family.predict`: `view.predict`."""
        scoring = self.scoring(experiment.play.to_json())
        found: Prediction = self._beside("view").predict(experiment, scoring)
        return found

    def summary(self, intent: Mapping[str, Any], analysis: Analysis | None) -> Mapping[str, Any]:
        """See `Family.summary`: `view.own_keys`."""
        found: Mapping[str, Any] = self._beside("view").own_keys(intent, analysis)
        return found

    def view(self, summary: Mapping[str, Any]) -> View:
        """See `Family.view`: `view.view`."""
        found: View = self._beside("view").view(summary)
        return found

    def diagrams(
        self, record: RunRecord, summary: Mapping[str, Any], ideal: Callable[[], Ideal]
    ) -> Sequence[Diagram]:
        """See `Family.diagrams`: `diagrams.diagrams`, where there is such a module."""
        if find_spec(f"{type(self).__module__.rpartition('.')[0]}.diagrams") is None:
            return ()
        found: Sequence[Diagram] = self._beside("diagrams").diagrams(record, summary, ideal)
        return found

    def outcomes(self, play: dict[str, Any]) -> Outcomes:
        """See `Family.outcomes`: `outcomes.outcomes`."""
        found: Outcomes = self._beside("outcomes").outcomes(self.scoring(play))
        return found

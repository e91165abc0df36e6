"""What a protocol family is: one object that knows all about its experiments, from parameters to pages.

Nothing outside a family's own folder knows it by name. The object itself is light: what needs Qiskit, a
solver or matplotlib is imported where it is used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment, Play
    from qcoord_hw.record import RunRecord
    from qcoord_hw.spec import ExperimentSpec
    from qcoord_hw.statistics.analysis import Analysis


class Family(ABC):
    """A protocol family.

    Attributes:
        name: the `family` of its specs, such as `nonlocal-game`.
        kind: the `kind` of its scoring in records, such as `game`.
    """

    name: ClassVar[str]
    kind: ClassVar[str]

    @abstractmethod
    def build(self, spec: ExperimentSpec) -> Experiment:
        """Build the circuits of a spec.

        Raises:
            InputError: when a parameter is unknown or out of range.
        """

    @abstractmethod
    def scoring(self, data: dict[str, Any]) -> Play:
        """Build how counts are scored from what its `to_json` returned."""

    @abstractmethod
    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """Return estimates and checks of a finished run.

        Raises:
            InputError: when the confidence is not between 0 and 1.
            RecordError: when the record is not that of this family.
        """

"""What a protocol family is: one object that knows all about its experiments, from parameters to pages.

Nothing outside a family's own folder knows it by name. The object itself is light: what needs Qiskit, a
solver or matplotlib is imported where it is used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment, Play
    from qcoord_hw.record import RunRecord
    from qcoord_hw.schema import Parameter
    from qcoord_hw.spec import ExperimentSpec
    from qcoord_hw.statistics.analysis import Analysis


class Family(ABC):
    """A protocol family.

    Attributes:
        name: the `family` of its specs, such as `nonlocal-game`.
        kind: the `kind` of its scoring in records, such as `game`.
        parameters: all that may stand in its specs, each behind those that it depends on.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]

    def parameter_lists(self) -> Mapping[str, tuple[Parameter, ...]]:
        """Return the parameters of each kind of its specs, by its title; by default one, titled ""."""
        return {"": self.parameters}

    def parameters_of(self, spec: ExperimentSpec) -> tuple[Parameter, ...]:
        """Return the parameters of a spec's kind.

        Raises:
            InputError: when the spec does not say of which kind it is.
        """
        return self.parameters

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

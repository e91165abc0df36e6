"""From a spec to circuits, whatever its family."""

from __future__ import annotations

from qcoord_hw import registry
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.spec import ExperimentSpec


def build_experiment(spec: ExperimentSpec) -> Experiment:
    """Build the circuits of a spec.

    Raises:
        InputError: when the family or one of its parameters is unknown or out of range.
    """
    return registry.family(spec.family).build(spec)

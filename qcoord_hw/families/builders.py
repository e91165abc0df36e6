"""From a spec to circuits, whatever its family."""

from __future__ import annotations

from qcoord_hw import registry
from qcoord_hw.errors import InputError
from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.families.relayed import at_distance, relays_of
from qcoord_hw.spec import ExperimentSpec


def build_experiment(spec: ExperimentSpec) -> Experiment:
    """Build the circuits of a spec.

    Raises:
        InputError: when the family is unknown or incomplete, or one of its parameters is out of range.
    """
    family = registry.family(spec.family)
    made: object = family.build(spec)
    if not isinstance(made, Experiment):
        kind = type(made).__name__
        raise InputError(f"family {family.name}: build: returned {kind}; allowed is an Experiment")
    if not any(one is DISTANCE[0] for one in family.parameters):
        return made
    relays = relays_of(spec)
    return made if relays is None else at_distance(made, relays)

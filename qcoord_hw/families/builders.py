"""Protocol families: each builds the circuits of an experiment, and its prediction, from a spec."""

from __future__ import annotations

from collections.abc import Callable

from qcoord_hw.errors import InputError
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.families.games import circuits as nonlocal_game
from qcoord_hw.families.games.circuits import game_experiment, strategy_experiment
from qcoord_hw.families.games.strategy_circuits import Strategy
from qcoord_hw.families.linear_computation import circuits as linear_computation
from qcoord_hw.spec import ExperimentSpec


def coordination(spec: ExperimentSpec) -> Experiment:
    """Build a coordination protocol; its modules are loaded when one is asked for."""
    from qcoord_hw.families.coordination.builders import build

    return build(spec)


FAMILIES: dict[str, Callable[[ExperimentSpec], Experiment]] = {
    "nonlocal-game": nonlocal_game.build,
    "linear-computation": linear_computation.build,
    "coordination": coordination,
}
"""Family name -> builder. A new family is a module here and a line in this table."""

__all__ = ["FAMILIES", "Experiment", "Strategy", "build_experiment", "game_experiment", "strategy_experiment"]


def build_experiment(spec: ExperimentSpec) -> Experiment:
    """Build the circuits of a spec.

    Raises:
        InputError: when the family or one of its parameters is unknown or out of range.
    """
    if spec.family not in FAMILIES:
        raise InputError(f"family: {spec.family!r}; allowed are {', '.join(FAMILIES)}")
    return FAMILIES[spec.family](spec)

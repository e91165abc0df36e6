"""What is left open in a spec of a linear computation: which inputs are run."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.base import Situation
from qcoord_hw.families.linear_computation.circuits import build
from qcoord_hw.families.linear_computation.parameters import ALL_INPUTS
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.families.linear_computation.user_task import task_of
from qcoord_hw.spec import ExperimentSpec

NOISY_INPUTS = 8
"""Inputs that are run by default where each needs an execution of its own."""

MAX_SETTINGS = 256
"""Inputs that stand for all of them in a forecast, evenly spread."""


def complete(spec: ExperimentSpec, situation: Situation) -> ExperimentSpec:
    """Return a spec that says which inputs are run, and from which seed they are drawn.

    All inputs are run by default, or many random ones, where that costs no more than one execution: on the
    ideal simulator, and where one noisy simulation serves all; elsewhere `NOISY_INPUTS` random ones.

    Raises:
        InputError: when a parameter is wrong, or a seed is stated where all inputs are run.
    """
    options: dict[str, Any] = spec.options
    if "inputs" not in options and not situation.ideal:
        frames = task_of(spec).field.characteristic == 2  # else an input costs a noisy simulation
        if not frames or not situation.shares_simulation(build(_one_input(spec))):
            options["inputs"] = NOISY_INPUTS
    if isinstance(options.get("inputs", 0), int):
        options.setdefault("inputs_seed", situation.seed)
    if "inputs_seed" in situation.stated and "inputs" not in options and _runs_all(spec):
        raise InputError("inputs_seed: given; allowed with a number of random inputs, here are all")
    return spec.with_parameters(options)


def representatives(settings: int) -> list[int]:
    """Return inputs that stand for all, evenly spread."""
    if settings <= MAX_SETTINGS:
        return list(range(settings))
    return sorted({round(k) for k in np.linspace(0, settings - 1, MAX_SETTINGS)})


def _one_input(spec: ExperimentSpec) -> ExperimentSpec:
    """Return the spec with one input alone: the circuit is the same."""
    return spec.with_parameters(spec.options | {"inputs": 1})


def _runs_all(spec: ExperimentSpec) -> bool:
    play = build(_one_input(spec)).play
    assert isinstance(play, LinearScoring)
    return play.all_inputs <= ALL_INPUTS

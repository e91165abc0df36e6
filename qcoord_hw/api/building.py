"""From what a person names to circuits: a catalogue name, a file, a spec, or an experiment in Python."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.errors import InputError
from qcoord_hw.sources import read_user_spec, state_spec
from qcoord_hw.spec import ExperimentSpec, Plain, shown

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.theory.linear_computation.task import LinearTask
    from qcoord_hw.theory.states import State

NOISY_INPUTS = 8
"""Inputs of a linear computation that are run by default where each needs an execution of its own."""


@dataclass(frozen=True, eq=False)
class Built:
    """A spec and the experiment that was built from it."""

    spec: ExperimentSpec
    experiment: Experiment

    @classmethod
    def of(cls, spec: ExperimentSpec, parameters: Mapping[str, Plain]) -> Built:
        """Build a spec with these parameters of its family."""
        from qcoord_hw.families.builders import build_experiment

        stated = replace(spec, parameters=tuple(sorted(parameters.items())))
        return cls(stated, build_experiment(stated))


def build(
    experiment: str | Path | ExperimentSpec | LinearTask | State | Experiment | Built,
    shots: int | None = None,
    layout: Sequence[int] | None = None,
    parameters: Mapping[str, Plain] | None = None,
    *,
    target: Any = "aer",
    seed: int | None = None,
    random_questions: bool = False,
) -> Built:
    """Return the spec and the built circuits of an experiment, without running anything.

    Args:
        experiment: as in `run`; what was built already is returned as it is.
        shots: shots a circuit, if not the spec's.
        layout: physical qubits, if not the spec's.
        parameters: of the family, beside or instead of the spec's.
        target: where it is meant to run, which decides how many inputs are given by default.
        seed: of random inputs, if the spec states none; a fresh one if omitted.
        random_questions: for games, draw the question of every shot at random.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
    """
    if isinstance(experiment, Built):
        return experiment
    from qcoord_hw.execution.run import check_seed
    from qcoord_hw.execution.run_description import program_of
    from qcoord_hw.execution.simulate import shares_noisy_run
    from qcoord_hw.execution.targets import is_foreign
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.families.games.parameters import with_strategy
    from qcoord_hw.families.linear_computation import parameters as specs
    from qcoord_hw.theory.linear_computation.task import LinearTask
    from qcoord_hw.theory.states import State

    if isinstance(experiment, Experiment):
        from qcoord_hw.execution.run_description import spec_of

        spec = spec_of(experiment)
    elif isinstance(experiment, State) or (
        isinstance(experiment, (str, Path)) and "network" in (parameters or {})
    ):
        spec, parameters = state_spec(experiment, parameters or {}), None
    elif isinstance(experiment, (str, Path)):
        spec = read_user_spec(str(experiment))
    elif isinstance(experiment, ExperimentSpec):
        spec = experiment
    elif isinstance(experiment, LinearTask):
        spec = specs.spec_of(experiment)
    else:
        raise InputError(
            f"experiment: {type(experiment).__name__}; allowed are a name, a path, a spec, a LinearTask or "
            "an Experiment"
        )
    if seed is not None:
        check_seed(seed)
    if parameters and not isinstance(experiment, Experiment):
        spec = replace(spec, parameters=tuple(sorted((spec.options | dict(parameters)).items())))
    if shots is not None:
        spec = replace(spec, shots=shots)
    if layout is not None:
        spec = replace(spec, layout=tuple(layout))
    if random_questions:
        spec = replace(spec, random_questions=True)
    if isinstance(experiment, Experiment):
        return Built(spec, experiment)
    if spec.family == "nonlocal-game" and "prob" in spec.options:
        from qcoord_hw.api.choosing import two_qubit_gates

        def gates(options: dict[str, Plain]) -> float:
            return two_qubit_gates(Built.of(spec, options).experiment, target)

        return Built.of(spec, with_strategy(spec.name, spec.options, seed or 0, gates))
    if spec.family != specs.FAMILY:
        return Built.of(spec, spec.options)
    options = spec.options
    free = "inputs" not in options and not (isinstance(target, str) and target == "aer")
    if (
        free and specs.task_of(spec).field.characteristic > 2
    ):  # no Pauli frames: an input costs a noisy simulation
        options["inputs"] = NOISY_INPUTS
    if isinstance(options.get("inputs", 0), int):
        options.setdefault("inputs_seed", secrets.randbits(32) if seed is None else seed)
    built = Built.of(spec, options)
    paid = device_name(target) is not None or is_foreign(target)  # nobody knows what it charges
    derived = not paid and shares_noisy_run(program_of(built.experiment))
    if free and "inputs" not in options and not derived:
        built = Built.of(spec, options | {"inputs": NOISY_INPUTS})
    typed = {**(parameters or {}), **(spec.options if isinstance(experiment, (str, Path)) else {})}
    if "inputs_seed" in typed and "inputs" not in built.spec.options and _has_all_inputs(built.experiment):
        raise InputError("inputs_seed: given; allowed with a number of random inputs, here are all")
    return built


def _has_all_inputs(experiment: Experiment) -> bool:
    """Return whether a linear computation is run for every input that there is."""
    data = experiment.play.to_json()
    inputs = data["inputs"]
    return bool(len(inputs) == data["task"]["field"] ** sum(map(len, inputs[0])))


def device_name(target: Any) -> str | None:
    """Return the name of the IBM device that a target is; None if it is none."""
    if isinstance(target, str):
        if not target.startswith("ibm_"):
            return None
        if not re.fullmatch(r"ibm_\w{1,60}", target, re.ASCII):
            raise InputError(f"target: {shown(target)}; allowed are ibm_ and letters, digits or underscores")
        return target
    if type(target).__module__.startswith("qiskit_ibm_runtime.ibm_backend"):
        return str(target.name)
    return None

"""Which of several strategies that win equally much has the fewest two-qubit gates on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment


def two_qubit_gates(experiment: Experiment, target: Any) -> float:
    """Return the two-qubit gates of a circuit, on average: as compiled for a noise model, else as built.

    Args:
        experiment: what would be run.
        target: as in `run`; a device or an account is not asked.
    """
    from qcoord_hw.errors import QcoordError
    from qcoord_hw.execution.run_description import program_of, two_qubit
    from qcoord_hw.execution.scale import has_noise_model
    from qcoord_hw.execution.targets import resolve_target

    circuits = [circuit.circuit for circuit in experiment.circuits]
    if has_noise_model(target):
        try:
            circuits = list(resolve_target(target).prepare(program_of(experiment), ()).sent)
        except QcoordError:
            return float("inf")  # it does not fit
    return sum(map(two_qubit, circuits)) / len(circuits)

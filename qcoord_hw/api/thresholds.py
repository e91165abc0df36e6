"""How good a device must be for the verdict of an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.api.building import LinksLike, build, named_parameters
from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.registry import device_name
from qcoord_hw.spec import Plain
from qcoord_hw.watching import watched

if TYPE_CHECKING:
    from qcoord_hw.execution.run import Progress
    from qcoord_hw.report.threshold_answer import Threshold


def threshold(
    experiment: object,
    *,
    target: Any,
    seed: int = 0,
    layout: Sequence[int] | None = None,
    parameters: Mapping[str, Plain] | None = None,
    links: LinksLike = None,
    plot: str | Path | None = None,
    progress: Progress | None = None,
    idle_noise: bool = True,
    **named: Plain,
) -> Threshold:
    """Return the factor on all errors of a target at which an experiment's verdict flips, without shots.

    Circuits are placed and compiled once; then the calibration of their qubits is scaled, and the main figure
    is computed from exact outcome probabilities.

    Args:
        experiment: as in `run`.
        target: what has a noise model: `fake_NAME`, or a backend that states its errors.
        seed: of random inputs, if the spec states none, and of searches.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        parameters: of the spec's family, as in `run`.
        links: what crossing links costs, as in `run`; it stays as it is, the device's errors are scaled.
        plot: file for the figure, .png, .svg or .pdf.
        progress: called with (evaluations done, evaluations in all, about).
        idle_noise: whether qubits that wait decay, as in `run`; it is part of the decay that is scaled.
        named: parameters of the family by their names, such as `rounds=2`.

    Returns:
        What `qcoord threshold` prints: the factor with a bracket whose ends were both evaluated, and for each
        mechanism of errors its own factor and its share of the loss.

    Raises:
        InputError: when an argument or a field of the spec is not allowed, or there is no verdict to lose.
        TooLargeError: when the circuits do not fit the target, or their figure is not exact.
        TargetError: when the target fails.
    """
    from qcoord_hw.execution.forecast import Forecast
    from qcoord_hw.execution.run_description import describe, program_of
    from qcoord_hw.report.output_files import check_figure, write_figure
    from qcoord_hw.report.threshold import find_threshold

    if plot is not None:
        check_figure(Path(plot))
    if (device := device_name(target)) is not None:
        raise InputError(
            f"target: {device} is a device; allowed is what has a noise model, such as fake_torino"
        )
    parameters = named_parameters(experiment, parameters, named)
    built = build(experiment, None, layout, parameters, target=target, seed=seed, links=links)
    circuits = built.experiment
    program = program_of(circuits, built.spec.links)
    forecast = Forecast.of(describe(circuits), program, built.spec, target, idle_noise=idle_noise)
    with watched(progress, f"threshold of {built.spec.name}") as told:
        found = find_threshold(forecast, told)
    if plot is not None:
        write_figure(found.plot(), Path(plot))
    return found

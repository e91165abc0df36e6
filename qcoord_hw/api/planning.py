"""What a run would take and show, before it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.api.building import LinksLike, build, named_parameters
from qcoord_hw.report.output_files import check_place, write_whole
from qcoord_hw.spec import Plain
from qcoord_hw.watching import watching

if TYPE_CHECKING:
    from qcoord_hw.report.plan_answer import Plan


@watching("plan")
def plan(
    experiment: object,
    *,
    target: Any = "aer",
    shots: int | None = None,
    seed: int | None = None,
    layout: Sequence[int] | None = None,
    jobs: int = 1,
    parameters: Mapping[str, Plain] | None = None,
    random_questions: bool = False,
    every_edge: bool = False,
    links: LinksLike = None,
    html: str | Path | None = None,
    candidate: str | None = None,
    idle_noise: bool = True,
    **named: Plain,
) -> Plan:
    """Return what a run would take and what is expected of it, without running anything.

    Args:
        experiment: as in `run`.
        target: as in `run`; a device is asked for its calibration and what the account has left.
        shots: shots per circuit; the spec's if omitted.
        seed: of random inputs, if the spec states none; 0 if omitted, so that a plan says the same each time.
        layout: physical qubits of the circuit's qubits, in order; calibration chooses if omitted.
        jobs: in how many jobs it would be sent, each with its overhead.
        parameters: of the spec's family, as in `run`.
        random_questions: for games, draw the question of every shot at random.
        every_edge: run it on every coupling of the chip, in batches that share no qubit.
        links: what crossing links costs, as in `run`.
        html: a file for a page of the plan, with a map of the device.
        candidate: name of another way to do it, as in `run`.
        idle_noise: whether qubits that wait decay in what is expected, as in `run`.
        named: parameters of the family by their names, such as `rounds=2`.

    Returns:
        What `qcoord plan` prints: circuits, gates, depth and duration; QPU seconds and overhead; ranked
        qubits and tiles, each with the figure that is expected; shots for a verdict at 5 sigma.

    Raises:
        InputError: when an argument or a field of the spec is not allowed.
        TooLargeError: when the circuits do not fit the target.
        TargetError: when the target cannot be reached.
    """
    from qcoord_hw.execution.forecast import Forecast
    from qcoord_hw.execution.run_description import describe, program_of
    from qcoord_hw.report.device_map import device_map
    from qcoord_hw.report.plan import summarise_plan

    if html is not None:
        check_place("html", Path(html))
    parameters = named_parameters(experiment, parameters, named)
    built = build(
        experiment,
        shots,
        layout,
        parameters,
        target=target,
        seed=0 if seed is None else seed,
        random_questions=random_questions,
        every_edge=every_edge,
        links=links,
        candidate=candidate,
    )
    circuits = built.experiment
    program = program_of(circuits, built.spec.links)
    forecast = Forecast.of(describe(circuits), program, built.spec, target, idle_noise=idle_noise)
    forecast.check_recordable()
    found = summarise_plan(forecast, jobs)
    if html is not None:
        chip = forecast.device.snapshot
        drawn = chip and device_map(chip.to_json(), found.layout or (), whole=True)
        write_whole("html", Path(html), found.html(drawn or None).encode())
    return found

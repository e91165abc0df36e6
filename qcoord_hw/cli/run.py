"""`qcoord show` and `run`: from the catalogue to counts."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import (
    SPEC,
    Add,
    add_confidence,
    integer,
    print_json,
    progress_bar,
    say,
    show_results,
    width,
)
from qcoord_hw.cli.experiment import (
    add_device_options,
    add_experiment,
    add_parameters,
    build_all,
    device_options,
    draw_seed,
    parameters,
    target_of,
    typed,
)
from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.registry import ALLOWED


def register(add: Add) -> None:
    """Add the commands."""
    show = add("show", _show, "circuit, owners, counted usage and prediction of an experiment", runs=False)
    show.add_argument("spec", metavar="SPEC", help=f"{SPEC}; with --parameters also a family")
    add_parameters(show)
    show.add_argument("--circuit", type=integer, default=0, metavar="K", help="which circuit is drawn (0)")
    show.add_argument(
        "--parameters",
        action="store_true",
        help="what may be asked of it, or of a family: name, range, default",
    )

    run = add("run", _run, "run experiments and print estimates with verdicts")
    add_experiment(run)
    run.add_argument(
        "--target",
        default="aer",
        metavar="T",
        help=f"aer (ideal, default), fake_NAME or properties:FILE (noise model), or a device: {ALLOWED}",
    )
    add_device_options(run)
    add_confidence(run)


def _show(options: argparse.Namespace) -> None:
    if options.parameters:
        _show_parameters(options)
        return
    from qcoord_hw.api import build
    from qcoord_hw.report.protocol import describe_protocol, protocol_text

    with typed(options):
        experiment = build(options.spec, parameters=parameters(options)).experiment
    if not 0 <= options.circuit < len(experiment.circuits):
        last = len(experiment.circuits) - 1
        raise InputError(f"circuit: {options.circuit}; allowed are 0 to {last}")
    if options.json:
        print_json({"ok": True, **describe_protocol(experiment)})
    else:
        say(protocol_text(experiment, options.circuit, width()))


def _show_parameters(options: argparse.Namespace) -> None:
    from qcoord_hw.api.parameters import parameters as declared
    from qcoord_hw.api.parameters import parameters_text

    with typed(options):
        found = declared(options.spec, parameters(options))
    if options.json:
        print_json({"ok": True, **found})
    else:
        say(parameters_text(found))


def _run(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    target, jobs = target_of(options), device_options(options)
    draw_seed(options)
    results = []
    for one in build_all(options, target):
        with progress_bar(options, one.spec.name) as progress:
            result = api.run(
                one,
                target=target,
                seed=options.seed,
                runs=options.runs,
                confidence=options.confidence,
                progress=progress,
                options=jobs,
                idle_noise=options.idle_noise,
            )
        results.append(result)
    show_results(options, results)

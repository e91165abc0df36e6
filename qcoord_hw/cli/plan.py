"""`qcoord plan`: what a run would cost and show, before it is sent."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import Add, integer, print_json, say_path, show_answer
from qcoord_hw.cli.experiment import add_experiment, candidate_of, parameters, target_of, typed
from qcoord_hw.execution.devices.registry import ALLOWED


def register(add: Add) -> None:
    """Add the command."""
    plan = add(
        "plan", _plan, "gates, QPU seconds, best qubits and shots for a verdict, before a run", runs=False
    )
    add_experiment(plan, many=False)
    plan.add_argument(
        "--target",
        default="aer",
        metavar="T",
        help=f"aer, fake_NAME or properties:FILE (calibration snapshot), or a device: {ALLOWED}",
    )
    plan.add_argument(
        "--jobs",
        type=integer,
        default=1,
        metavar="N",
        help="in how many jobs it is sent; overhead counts each (1)",
    )
    plan.add_argument("--html", metavar="FILE", help="write a page of it, with a map of the device")


def _plan(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with typed(options):
        target = target_of(options)
        found = api.plan(
            options.spec,
            target=target,
            shots=options.shots,
            seed=options.seed,
            layout=options.layout,
            jobs=options.jobs,
            parameters=parameters(options),
            random_questions=options.random_questions,
            every_edge=options.every_edge,
            links=options.links,
            html=options.html,
            candidate=candidate_of(options, options.spec, target),
            idle_noise=options.idle_noise,
        )
    if options.json:
        print_json(found.to_json() | ({} if options.html is None else {"html": options.html}))
        return
    show_answer(options, found)
    if options.html is not None:
        say_path("HTML report", options.html)

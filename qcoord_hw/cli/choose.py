"""`qcoord choose`: which way of doing an experiment is the best on a device."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import SPEC, Add, integer, names, progress_bar, show_answer
from qcoord_hw.cli.experiment import (
    add_idle_noise,
    add_links,
    add_parameters,
    located_target,
    parameters,
    typed,
)


def register(add: Add) -> None:
    """Add the command."""
    choose = add("choose", _choose, "rank the ways to do an experiment on a device", runs=False)
    choose.add_argument("spec", metavar="SPEC", help=SPEC)
    choose.add_argument(
        "--target", required=True, type=names, metavar="T,..", help="one or more, as `qcoord plan` takes them"
    )
    choose.add_argument("--seed", type=integer, default=0, metavar="N", help="of random inputs (0)")
    add_links(choose)
    add_idle_noise(choose)
    add_parameters(choose)


def _choose(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with typed(options), progress_bar(options, "choose") as progress:
        found = api.choose(
            options.spec,
            target=[located_target(target, None) for target in options.target],
            seed=options.seed,
            parameters=parameters(options),
            links=options.links,
            progress=progress,
            idle_noise=options.idle_noise,
        )
    show_answer(options, found)

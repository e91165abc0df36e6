"""`qcoord threshold`: how good a device must be for the verdict of an experiment."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import SPEC, Add, integer, progress_bar, say_path, show_answer
from qcoord_hw.cli.experiment import (
    add_idle_noise,
    add_layout,
    add_links,
    add_parameters,
    parameters,
    typed,
)


def register(add: Add) -> None:
    """Add the command."""
    threshold = add(
        "threshold", _threshold, "the factor on a device's errors at which the verdict flips", runs=False
    )
    threshold.add_argument("spec", metavar="SPEC", help=SPEC)
    threshold.add_argument(
        "--target",
        required=True,
        metavar="T",
        help="fake_NAME (calibration snapshot), whose errors are scaled",
    )
    threshold.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="of random inputs and searches (0)"
    )
    add_links(threshold)
    add_layout(threshold)
    threshold.add_argument("--plot", metavar="FILE", help="draw the figure by factor (.png, .svg or .pdf)")
    add_idle_noise(threshold)
    add_parameters(threshold)


def _threshold(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with typed(options), progress_bar(options, "threshold") as progress:
        found = api.threshold(
            options.spec,
            target=options.target,
            seed=options.seed,
            layout=options.layout,
            parameters=parameters(options),
            links=options.links,
            plot=options.plot,
            progress=progress,
            idle_noise=options.idle_noise,
        )
    show_answer(options, found)
    if options.plot is not None and not options.json:
        say_path("figure", options.plot)

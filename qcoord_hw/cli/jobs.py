"""`qcoord submit`, `status` and `collect`: what `run` does, in separate processes."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import RUN, Add, add_confidence, progress_bar, show_result


def register(add: Add) -> None:
    """Add the commands."""
    collect = add("collect", _collect, "finish an interrupted run")
    collect.add_argument("run", metavar="RUN", help=RUN)
    add_confidence(collect)


def _collect(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with progress_bar(options, "collect") as progress:
        result = api.collect(options.run, runs=options.runs, confidence=options.confidence, progress=progress)
    show_result(options, result)

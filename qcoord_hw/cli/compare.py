"""`qcoord compare`: the same experiment on several targets or dates."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import Add, add_confidence, console, print_json, say_path


def register(add: Add) -> None:
    """Add the command."""
    compare = add("compare", _compare, "differences between runs of one experiment")
    compare.add_argument(
        "run",
        metavar="RUN",
        nargs="+",
        help="two or more: folder, unique prefix or 'latest'; or the folder of a sweep",
    )
    compare.add_argument("--plot", metavar="FILE", help="draw the estimates of all runs (.png, .svg or .pdf)")
    compare.add_argument("--html", metavar="FILE", help="write a page of them")
    add_confidence(compare)


def _compare(options: argparse.Namespace) -> None:
    from qcoord_hw import api
    from qcoord_hw.report.comparison import print_differences

    found = api.compare(
        *options.run, runs=options.runs, confidence=options.confidence, plot=options.plot, html=options.html
    )
    written = {key: name for key in ("plot", "html") if (name := getattr(options, key)) is not None}
    if options.json:
        print_json(found.to_json() | written)
        return
    print_differences(found, console())
    for key, name in written.items():
        say_path("figure" if key == "plot" else "HTML report", name)

"""`qcoord export`: what runs counted, as a table for R or pandas."""

from __future__ import annotations

import argparse
import sys

from qcoord_hw.cli.common import RUN, Add, add_confidence, print_json, say_whole
from qcoord_hw.errors import InputError

STANDARD_OUTPUT = "-"


def register(add: Add) -> None:
    """Add the command."""
    export = add("export", _export, "what runs counted as CSV: questions, answers, counts")
    export.add_argument("run", metavar="RUN", nargs="+", help=f"{RUN}; or the folder of a sweep")
    export.add_argument("--csv", required=True, metavar="FILE", help="where it goes; - is standard output")
    export.add_argument("--estimates", action="store_true", help="one row an estimate instead")
    add_confidence(export)


def _export(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    is_printed = options.csv == STANDARD_OUTPUT
    if is_printed and options.json:
        raise InputError("csv: '-' with --json; allowed is one of them on standard output, or a file")
    found = api.export_csv(
        options.run,
        sys.stdout if is_printed else options.csv,
        estimates=options.estimates,
        runs=options.runs,
        confidence=options.confidence,
    )
    if options.json:
        print_json(found.to_json())
    elif not is_printed:
        say_whole(found.table())

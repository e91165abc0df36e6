"""`qcoord import`: counts that somebody else measured, as a sealed run."""

from __future__ import annotations

import argparse

from qcoord_hw.cli.common import SPEC, Add, add_confidence, show_result
from qcoord_hw.cli.experiment import add_parameters, parameters, typed
from qcoord_hw.spec import short_repr


def register(add: Add) -> None:
    """Add the command."""
    found = add("import", _import, "counts that somebody else measured, as a sealed run of kind imported")
    found.add_argument("file", metavar="FILE", help="CSV or JSON, see docs/formats/counts.md")
    found.add_argument("--experiment", required=True, metavar="NAME|FILE", help=f"what was measured: {SPEC}")
    found.add_argument(
        "--bit-order",
        choices=("first", "last"),
        help="of bit strings: which character is classical bit 0 (last: as Qiskit prints them)",
    )
    found.add_argument(
        "--columns",
        type=_columns,
        metavar="OURS=THEIRS,..",
        help="columns with other names, such as question_1=alice,count=hits",
    )
    found.add_argument("--backend", metavar="NAME", help="of a file of several, the one that is meant")
    add_parameters(found)
    add_confidence(found)


def _columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(ours.strip() and theirs.strip() for ours, _, theirs in pairs):
        raise argparse.ArgumentTypeError(f"{short_repr(text)}; allowed are pairs such as count=hits")
    found = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    if len(found) < len(pairs):
        raise argparse.ArgumentTypeError(f"{short_repr(text)}; allowed is every column once")
    return found


def _import(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with typed(options):
        result = api.import_counts(
            options.file,
            experiment=options.experiment,
            bit_order=options.bit_order,
            columns=options.columns,
            backend=options.backend,
            parameters=parameters(options),
            runs=options.runs,
            confidence=options.confidence,
        )
    show_result(options, result)

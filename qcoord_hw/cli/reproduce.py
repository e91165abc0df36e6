"""`qcoord reproduce`: every number and figure of both papers, ours beside theirs."""

from __future__ import annotations

import argparse
import sys
import time

from qcoord_hw.cli.common import Add, console, integer, print_json, progress_bar, say
from qcoord_hw.errors import DifferenceError

EVERY = 2.0
"""Seconds after which a line says where a long work is, where there is no bar."""


def register(add: Add) -> None:
    """Add the command."""
    sub = add("reproduce", _reproduce, "every number and figure of both papers, ours beside theirs")
    sub.add_argument(
        "rows", metavar="ROW", nargs="*", help="names, beginnings, equations (nator-79); all if omitted"
    )
    sub.add_argument("--list", action="store_true", help="the names of the rows, and where they stand")
    sub.add_argument("--run", action="store_true", help="also run the circuits, on aer and on the target")
    sub.add_argument(
        "--target",
        default="fake_torino",
        metavar="T",
        help="with --run: a noise model (fake_torino) or device",
    )
    sub.add_argument(
        "--shots", type=integer, default=1000, metavar="N", help="with --run: per circuit (1000)"
    )
    sub.add_argument("--seed", type=integer, default=7, metavar="N", help="with --run: of each run (7)")
    sub.add_argument("--html", metavar="FILE", help="a page with all rows and the papers' figures")


def _reproduce(options: argparse.Namespace) -> None:
    if options.list:
        _list(options)
        return
    import qcoord_hw as qc

    with progress_bar(options, "reproduce") as bar:
        last = time.monotonic()

        def progress(done: int, planned: int, name: str) -> None:
            nonlocal last
            if bar is not None:
                bar(done, planned)
            elif not options.json and time.monotonic() - last > EVERY:
                last = time.monotonic()
                print(f"qcoord: {done} of {planned} rows, now {name}", file=sys.stderr, flush=True)

        found = qc.reproduce(
            *options.rows,
            run=options.run,
            target=options.target,
            shots=options.shots,
            seed=options.seed,
            runs=options.runs,
            html=options.html,
            progress=progress,
            each=None if options.json or bar is not None else lambda row: say(row.words()),
        )
    if options.json:
        print_json(found.to_json())
    else:
        say(found.table() if bar is not None else found.summary())
    if found.unlisted:
        raise DifferenceError(f"reproduce: no erratum lists how these differ: {', '.join(found.unlisted)}")


def _list(options: argparse.Namespace) -> None:
    from qcoord_hw.papers.items import ROWS, find_rows
    from qcoord_hw.report.tables import add_row, new_table

    rows = find_rows(options.rows, ROWS)
    if options.json:
        print_json(
            {"ok": True, "rows": [{"id": row.id, "place": row.place, "command": row.command} for row in rows]}
        )
    else:
        table = new_table("row", "where it stands")
        for row in rows:
            add_row(table, row.id, row.place)
        console().print(table)

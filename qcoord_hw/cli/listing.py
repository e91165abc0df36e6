"""`qcoord list`, `runs`, `targets` and `states`: what there is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from qcoord_hw.cli.common import Add, console, integer, print_json

if TYPE_CHECKING:
    from qcoord_hw.report.listing import ListAnswer


def register(add: Add) -> None:
    """Add `list`."""
    experiments = add("list", _list, "the catalogue of experiments", runs=False)
    experiments.add_argument("--family", metavar="F", help="only those of this family")
    experiments.add_argument("--fits", metavar="DEVICE", help="only those that find a place on this snapshot")


def register_others(add: Add) -> None:
    """Add what lists other things."""
    runs = add("runs", _runs, "the runs that are here, the latest first")
    runs.add_argument("--experiment", metavar="NAME", help="only those of this experiment")
    runs.add_argument("--target", metavar="T", help="only those on this target")
    runs.add_argument("--state", metavar="S", help="only those that are sealed, unfinished or damaged")
    runs.add_argument("--last", type=integer, metavar="N", help="at most so many")

    targets = add("targets", _targets, "simulators, device snapshots and devices", runs=False)
    targets.add_argument(
        "--qubits", type=integer, default=0, metavar="N", help="only those with so many qubits"
    )

    add("states", _states, "the states that have a name, and their parameters", runs=False)


def _list(options: argparse.Namespace) -> None:
    from qcoord_hw.report.listing import experiments

    _show(options, experiments(family=options.family, fits=options.fits))


def _runs(options: argparse.Namespace) -> None:
    from qcoord_hw.report.listing import runs

    wanted = {key: getattr(options, key) for key in ("experiment", "target", "state", "last")}
    _show(options, runs(options.runs, **wanted))


def _targets(options: argparse.Namespace) -> None:
    from qcoord_hw.report.listing import targets

    _show(options, targets(qubits=options.qubits))


def _states(options: argparse.Namespace) -> None:
    from qcoord_hw.report.listing import states

    _show(options, states())


def _show(options: argparse.Namespace, found: ListAnswer) -> None:
    if options.json:
        print_json(found.to_json())
    else:
        found.print_to(console())

"""`qcoord report`, `verify` and `replay`: what is done with a finished run."""

from __future__ import annotations

import argparse
from pathlib import Path

from qcoord_hw.cli.common import (
    RUN,
    Add,
    add_confidence,
    console,
    print_json,
    print_result,
    progress_bar,
    say_path,
    show_answer,
    show_result,
)
from qcoord_hw.cli.experiment import located_target
from qcoord_hw.record.sweep_folder import is_sweep


def register(add: Add) -> None:
    """Add the commands."""
    report = add("report", _report, "estimates of a run or a sweep, and its HTML page")
    report.add_argument("run", metavar="RUN", help=f"{RUN}; or the folder of a sweep")
    report.add_argument("--html", metavar="FILE", help="where the page goes (default derived/report.html)")
    add_confidence(report)

    verify = add("verify", _verify, "recompute a run's estimates from raw counts and compare with its report")
    verify.add_argument("run", metavar="RUN", help=RUN)
    verify.add_argument("--execute", action="store_true", help="also execute it again at its seed")

    replay = add("replay", _replay, "repeat a run from its record alone, as a new run")
    replay.add_argument("run", metavar="RUN", help=RUN)
    replay.add_argument("--target", metavar="T", help="default: the simulator that was recorded")
    add_confidence(replay)


def _report(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    if is_sweep(options.run, options.runs):
        _report_sweep(options)
        return
    result = api.load_run(options.run, runs=options.runs, confidence=options.confidence)
    page = api.write_report(result, options.html)
    if options.json:
        print_json(result.summary | {"html": str(page)})
    else:
        print_result(result)
        say_path("HTML report", page)


def _report_sweep(options: argparse.Namespace) -> None:
    from qcoord_hw import api
    from qcoord_hw.report.sweep import print_sweep
    from qcoord_hw.sweeps import load_sweep

    found = load_sweep(options.run, runs=options.runs, confidence=options.confidence)
    page = api.write_sweep_report(found, options.html)
    if options.json:
        print_json(found.to_json() | {"html": str(page)})
    else:
        print_sweep(found, console())
        say_path("HTML report", page)


def _verify(options: argparse.Namespace) -> None:
    from qcoord_hw import api
    from qcoord_hw.errors import RecordError

    found = api.verify(options.run, execute=options.execute, runs=options.runs)
    if not found.ok:
        raise RecordError(f"run {Path(found.run).name} differs: " + "; ".join(found.differs))
    show_answer(options, found)


def _replay(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with progress_bar(options, "replay") as progress:
        result = api.replay(
            options.run,
            target=options.target and located_target(options.target, options.runs),
            runs=options.runs,
            confidence=options.confidence,
            progress=progress,
        )
    show_result(options, result)

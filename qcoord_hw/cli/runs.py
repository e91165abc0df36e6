"""`qcoord report`, `verify` and `replay`: what is done with a finished run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qcoord_hw.cli.common import (
    RUN,
    Add,
    add_confidence,
    print_json,
    print_result,
    progress_bar,
    say,
    show_result,
)


def register(add: Add) -> None:
    """Add the commands."""
    report = add("report", _report, "estimates of a run, and its HTML page")
    report.add_argument("run", metavar="RUN", help=RUN)
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

    result = api.load_run(options.run, runs=options.runs, confidence=options.confidence)
    page = api.write_report(result, options.html)
    if options.json:
        print_json(result.summary | {"html": str(page)})
    else:
        print_result(result)
        say(f"HTML report: {page}")


def _verify(options: argparse.Namespace) -> None:
    from qcoord_hw import api
    from qcoord_hw.errors import RecordError

    found = api.verify(options.run, execute=options.execute, runs=options.runs)
    if not found["ok"]:
        raise RecordError(f"run {Path(found['run']).name} differs: " + "; ".join(found["differs"]))
    if options.json:
        print_json(found)
    else:
        again = "; executed again, nothing moved" if options.execute else ""
        say(f"{found['run']}: record intact, estimates recomputed, report: {found['report']}{again}")
        for line in _rule_lines(found):
            say(line)


def _rule_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what is to be said of the versions of the protocol and of the rules of analysis."""
    rules, changed, protocol = found["rules"], found["changed_by_rules"], found["protocol"]
    if protocol["why"]:
        yield f"protocol at one with itself, not compared with its spec: {protocol['why']}"
    if rules["run"] != rules["now"]:
        yield f"made under version {rules['run']} of the rules of analysis, estimated by {rules['now']}"
    if changed:
        yield f"figures of the report that differ since the rule for them changed, {len(changed)}:"
        yield from (f"  {line}" for line in changed)


def _replay(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    with progress_bar(options, "replay") as progress:
        result = api.replay(
            options.run,
            target=options.target,
            runs=options.runs,
            confidence=options.confidence,
            progress=progress,
        )
    show_result(options, result)

"""`qcoord play`: a game round by round in a terminal, or as a page for a lecture hall."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.cli.common import Add, integer, print_json, progress_bar, say, say_path, seconds
from qcoord_hw.cli.experiment import draw_seed
from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr

if TYPE_CHECKING:
    from qcoord_hw.api.result import Result
    from qcoord_hw.families.base import Family

PACE = 0.5
"""Seconds between two rounds that a person watches."""

ROUNDS = {"terminal": 30, "page": 1000}
"""How many there are at most where nothing is said."""


def register(add: Add) -> None:
    """Add `play`."""
    play = add("play", _play, "play a game round by round, or make a page on which an audience plays it")
    play.add_argument(
        "spec", metavar="SPEC|RUN", help="a catalogue name, spec or game file; a run's folder or 'latest'"
    )
    play.add_argument("--target", metavar="T", help="of a game: aer (ideal, default) or fake_NAME")
    play.add_argument("--rounds", type=integer, metavar="N", help="rounds at most (30; on a page 1000)")
    play.add_argument(
        "--seed", type=integer, metavar="N", help="of the run and of the order (default: the run's)"
    )
    play.add_argument(
        "--delay",
        type=seconds,
        metavar="S",
        help=f"seconds to wait after each round ({PACE:g} where a person watches, else 0)",
    )
    play.add_argument(
        "--page", metavar="FILE", help="write one HTML page: an audience, a classical and a quantum team"
    )
    play.add_argument(
        "--humans", action="store_true", help="ask people for all answers, beside the recorded ones"
    )
    play.add_argument("--run", metavar="RUN", help="recorded rounds of SPEC to use, in place of a new run")


def _play(options: argparse.Namespace) -> None:
    where = "terminal" if options.page is None else "page"
    rounds = ROUNDS[where] if options.rounds is None else options.rounds
    most = 100_000 if options.page is None else 20_000
    if not 1 <= rounds <= most:
        raise InputError(f"rounds: {rounds}; allowed are 1 to {most}")
    watched = sys.stdout is not None and sys.stdout.isatty() and not options.json
    delay = (PACE if watched else 0.0) if options.delay is None else options.delay
    if not 0 <= delay <= 60:
        raise InputError(f"delay: {delay}; allowed are 0 to 60 seconds")
    if options.humans and (options.json or options.page is not None):
        raise InputError("humans: beside --json or --page; allowed is a terminal")
    if options.page is not None:
        from qcoord_hw.report.output_files import check_place

        check_place("page", Path(options.page))

    result = _played(options, rounds)
    found = result.record
    seed = (found.intent["seed"] or 0) if options.seed is None else options.seed
    if options.page is not None:
        _write_page(options, result, seed, rounds)
        return
    if options.humans:
        _play_by_hand(options, result, seed, rounds)
        return
    told = _family_of(found.intent).rounds(found, seed, rounds)
    if told is None:
        raise _no_rounds(options.spec, found.intent["experiment"]["play"]["kind"])
    if options.json:
        print_json({"ok": True, "run": str(found.path), "seed": seed, **told.values})
        return
    for line in told.rule:
        say(line)
    for line in told.lines:
        say(line)
        time.sleep(delay)
    say(told.closing)


def _write_page(options: argparse.Namespace, result: Result, seed: int, rounds: int) -> None:
    from qcoord_hw.report.lecture import lecture_data, lecture_page
    from qcoord_hw.report.output_files import write_whole

    lecture = _family_of(result.record.intent).lecture(result.record, seed, rounds)
    if lecture is None:
        raise _no_rounds(options.spec, result.summary["play"])
    data = lecture_data(lecture, result.summary, seed)
    write_whole("page", Path(options.page), lecture_page(data).encode())
    if options.json:
        print_json(data | {"page": options.page})
    else:
        say(f"{len(lecture.rounds)} recorded rounds of {data['title']}, measured on {data['measured']}")
        say_path("Page", options.page)


def _family_of(intent: Mapping[str, Any]) -> Family:
    from qcoord_hw import registry

    return registry.family_of_kind(intent["experiment"]["play"]["kind"])


def _has_rounds(family: Family) -> bool:
    """Whether the runs of a family can be told round by round."""
    from qcoord_hw.families.base import Family

    return type(family).rounds is not Family.rounds


def _no_rounds(given: str, kind: str) -> InputError:
    """Return the refusal of what cannot be told round by round."""
    from qcoord_hw import registry

    told = ", ".join(family.kind for family in registry.every() if _has_rounds(family))
    words = kind.replace("-", " ")
    return InputError(f"spec: {short_repr(given)} is of kind {words}; allowed are kinds with rounds: {told}")


def _play_by_hand(options: argparse.Namespace, result: Result, seed: int, rounds: int) -> None:
    """Ask people for the answers of all players in turn, until the rounds or their answers end."""
    family = _family_of(result.record.intent)
    lecture, told = family.lecture(result.record, seed, rounds), family.rounds(result.record, seed, 1)
    if lecture is None or told is None:
        raise _no_rounds(options.spec, result.summary["play"])
    for line in told.rule:
        say(line)
    yours = recorded = 0.0
    for number, (question, answers) in enumerate(lecture.rounds, start=1):
        given = []
        asked = lecture.questions[question]
        for name, x, size in zip(lecture.players, asked, lecture.answers, strict=True):
            answer = _typed(f"{name}, asked {x}, answers", size)
            if answer is None:
                return
            given.append(answer)
        own, other = lecture.score(question, given), lecture.score(question, answers)
        yours, recorded = yours + own, recorded + other
        found = f"you {yours:g} (now {own:g}), recorded {recorded:g} (now {other:g})"
        say(f"{number:>4}  {found}, classical plan {lecture.classical['value'] * number:g} on average")


def _typed(words: str, size: int) -> int | None:
    """Return an answer that a person types; None at the end of the input."""
    while True:
        say(f"{words} (0 to {size - 1}):")
        text = sys.stdin.readline() if sys.stdin is not None else ""
        if not text:
            return None
        if text.strip() in map(str, range(size)):
            return int(text)


def _played(options: argparse.Namespace, rounds: int) -> Result:
    """Return the finished run of a game that `play` names, after running it if it is no run yet."""
    from qcoord_hw import api, registry
    from qcoord_hw.execution.run import check_seed

    if options.seed is not None:
        check_seed(options.seed)
    is_run = options.spec == "latest" or os.path.isdir(options.spec)
    if is_run and options.run is not None:
        raise InputError(f"run: {short_repr(options.run)}; allowed is none beside a run")
    given = options.spec if is_run else options.run
    if given is not None:
        if options.target is not None:
            raise InputError(f"target: {short_repr(options.target)}; allowed is none for a run")
        result = api.load_run(given, runs=options.runs)
        if not _has_rounds(_family_of(result.record.intent)):
            raise _no_rounds(given, result.summary["play"])
        if not result.record.sealed:
            raise InputError(f"run: {short_repr(given)} is unfinished; {result.record.how_to_finish}")
        if not is_run:
            _check_same(options, result.record.intent["spec"])
        return result
    draw_seed(options)
    built = api.build(options.spec, rounds, target=options.target or "aer", seed=options.seed)
    kind = built.experiment.play.to_json()["kind"]
    if not _has_rounds(registry.family_of_kind(kind)):
        raise _no_rounds(options.spec, kind)
    with progress_bar(options, built.spec.name) as progress:
        return api.run(
            built, target=options.target or "aer", seed=options.seed, runs=options.runs, progress=progress
        )


def _check_same(options: argparse.Namespace, recorded: Mapping[str, Any]) -> None:
    """Check that a run is of the game that stands beside it: whatever the game states, the run states too.

    Raises:
        InputError: when it is of another.
    """
    from qcoord_hw.sources import spec_of
    from qcoord_hw.spec import canonical_json

    stated = spec_of(options.spec, {}).to_json()
    of_run = recorded["parameters"]
    same = stated["family"] == recorded["family"] and all(
        name in of_run and canonical_json(value) == canonical_json(of_run[name])
        for name, value in stated["parameters"].items()
    )
    if not same:
        raise InputError(
            f"run: {short_repr(options.run)} is of {short_repr(recorded['name'])}; "
            f"allowed are runs of {short_repr(options.spec)}"
        )

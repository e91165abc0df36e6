"""`qcoord list`, `show`, `run` and `play`: from the catalogue to counts."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from qcoord_hw.cli.common import (
    SPEC,
    Add,
    add_confidence,
    integer,
    print_json,
    progress_bar,
    say,
    seconds,
    show_results,
)
from qcoord_hw.cli.experiment import (
    add_device_options,
    add_experiment,
    add_parameters,
    build_all,
    device_options,
    draw_seed,
    parameters,
    target_of,
    typed,
)
from qcoord_hw.errors import InputError
from qcoord_hw.spec import shown

if TYPE_CHECKING:
    from qcoord_hw.api.result import Result


def register(add: Add) -> None:
    """Add the commands."""
    add("list", _list, "the catalogue of experiments", runs=False)

    show = add("show", _show, "circuit, owners, counted usage and prediction of an experiment", runs=False)
    show.add_argument("spec", metavar="SPEC", help=SPEC)
    add_parameters(show)
    show.add_argument("--circuit", type=integer, default=0, metavar="K", help="which circuit is drawn (0)")

    run = add("run", _run, "run experiments and print estimates with verdicts")
    add_experiment(run)
    run.add_argument(
        "--target", default="aer", metavar="T", help="aer (ideal, default), fake_NAME (noise model), ibm_NAME"
    )
    add_device_options(run)
    add_confidence(run)


def register_play(add: Add) -> None:
    """Add `play`."""
    play = add("play", _play, "play a game round by round: questions, answers, won or lost")
    play.add_argument(
        "game", metavar="GAME|RUN", help="a catalogue name, spec or game file; a run's folder or 'latest'"
    )
    play.add_argument("--target", metavar="T", help="of a game: aer (ideal, default) or fake_NAME")
    play.add_argument("--rounds", type=integer, default=30, metavar="N", help="rounds at most (30)")
    play.add_argument(
        "--seed", type=integer, metavar="N", help="of the run and of the order (default: the run's)"
    )
    play.add_argument(
        "--delay", type=seconds, default=0.0, metavar="S", help="seconds to wait after each round (0)"
    )


def _list(options: argparse.Namespace) -> None:
    from qcoord_hw.catalogue import catalogue_needs, catalogue_paths
    from qcoord_hw.spec import read_spec

    needs, rows = catalogue_needs(), []
    for path in catalogue_paths().values():
        spec = read_spec(path)
        about = {"name": spec.name, "title": spec.title, "family": spec.family}
        rows.append((about, needs[spec.name]))
    if options.json:
        print_json({"ok": True, "experiments": [about | {"needs": needed} for about, needed in rows]})
        return
    width = 2 + max(len(about["name"]) for about, _ in rows)
    for about, needed in rows:
        nowhere = "" if None in needed["fits"].values() else "  (simulators only: fits no device)"
        say(f"{about['name']:<{width}}{about['title']}{nowhere}")


def _show(options: argparse.Namespace) -> None:
    from qcoord_hw.api import build
    from qcoord_hw.report.protocol import describe_protocol, protocol_text

    with typed(options):
        experiment = build(options.spec, parameters=parameters(options)).experiment
    if not 0 <= options.circuit < len(experiment.circuits):
        last = len(experiment.circuits) - 1
        raise InputError(f"circuit: {options.circuit}; allowed are 0 to {last}")
    if options.json:
        print_json({"ok": True, **describe_protocol(experiment)})
    else:
        say(protocol_text(experiment, options.circuit))


def _run(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    target, jobs = target_of(options), device_options(options)
    draw_seed(options)
    results = []
    for one in build_all(options, target):
        with progress_bar(options, one.spec.name) as progress:
            result = api.run(
                one,
                target=target,
                seed=options.seed,
                runs=options.runs,
                confidence=options.confidence,
                progress=progress,
                options=jobs,
            )
        results.append(result)
    show_results(options, results)


def _play(options: argparse.Namespace) -> None:
    if not 1 <= options.rounds <= 100_000:
        raise InputError(f"rounds: {options.rounds}; allowed are 1 to 100000")
    if not 0 <= options.delay <= 60:
        raise InputError(f"delay: {options.delay}; allowed are 0 to 60 seconds")

    import time
    from dataclasses import asdict

    from qcoord_hw.families.games.rounds import closing_line, play_lines, rounds
    from qcoord_hw.families.games.scoring import GamePlay
    from qcoord_hw.record import interpreting

    found = _played(options).record
    seed = found.intent["seed"] if options.seed is None else options.seed
    with interpreting(found.path):
        play = GamePlay.from_json(found.intent["experiment"]["play"])
    played = list(rounds(found, seed, options.rounds))
    if options.json:
        last = played[-1].wins if played else 0
        print_json(
            {
                "ok": True,
                "run": str(found.path),
                "seed": seed,
                "rounds": [asdict(one) for one in played],
                "wins": round(last) if play.game.score is None else last,
                "played": len(played),
                "classical": play.bound.value,
            }
        )
        return
    for line in play_lines(played, play):
        say(line)
        time.sleep(options.delay)
    say(closing_line(played[-1] if played else None, play))


def _played(options: argparse.Namespace) -> Result:
    """Return the finished run of a game that `play` names, after running it if it is no run yet."""
    from qcoord_hw import api
    from qcoord_hw.execution.run import check_seed
    from qcoord_hw.report.format import GAME

    if options.seed is not None:
        check_seed(options.seed)
    if options.game == "latest" or os.path.isdir(options.game):
        if options.target is not None:
            raise InputError(f"target: {shown(options.target)}; allowed is none for a run")
        result = api.load_run(options.game, runs=options.runs)
        if result.summary["play"] != GAME:
            kind = result.summary["play"].replace("-", " ")
            raise InputError(f"run: {shown(options.game)} is of kind {kind}; allowed are runs of games")
        if not result.record.sealed:
            raise InputError(f"run: {shown(options.game)} is unfinished; {result.record.how_to_finish}")
        return result
    built = api.build(options.game, options.rounds, target=options.target or "aer", seed=options.seed)
    if (kind := built.experiment.play.to_json()["kind"]) != GAME:
        words = kind.replace("-", " ")
        raise InputError(f"game: {shown(options.game)} is of kind {words}; allowed are games")
    with progress_bar(options, built.spec.name) as progress:
        return api.run(
            built, target=options.target or "aer", seed=options.seed, runs=options.runs, progress=progress
        )

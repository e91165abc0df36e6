"""`qcoord list`, `show`, `run` and `play`: from the catalogue to counts."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qcoord_hw.cli.common import (
    SPEC,
    Add,
    add_confidence,
    integer,
    list_lines,
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
from qcoord_hw.execution.devices.registry import ALLOWED
from qcoord_hw.registry import every
from qcoord_hw.spec import short_repr

if TYPE_CHECKING:
    from qcoord_hw.api.result import Result
    from qcoord_hw.families.base import Family


def register(add: Add) -> None:
    """Add the commands."""
    add("list", _list, "the catalogue of experiments, and Bell expressions by name", runs=False)

    show = add("show", _show, "circuit, owners, counted usage and prediction of an experiment", runs=False)
    show.add_argument("spec", metavar="SPEC", help=f"{SPEC}; with --parameters also a family")
    add_parameters(show)
    show.add_argument("--circuit", type=integer, default=0, metavar="K", help="which circuit is drawn (0)")
    show.add_argument(
        "--parameters",
        action="store_true",
        help="what may be asked of it, or of a family: name, range, default",
    )

    run = add("run", _run, "run experiments and print estimates with verdicts")
    add_experiment(run)
    run.add_argument(
        "--target",
        default="aer",
        metavar="T",
        help=f"aer (ideal, default), fake_NAME (noise model), or a device: {ALLOWED}",
    )
    add_device_options(run)
    add_confidence(run)


def register_play(add: Add) -> None:
    """Add `play`."""
    play = add("play", _play, "play a game round by round: questions, answers, won or lost")
    play.add_argument(
        "spec", metavar="SPEC|RUN", help="a catalogue name, spec or game file; a run's folder or 'latest'"
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
    from qcoord_hw.catalogue import catalogue_needs, catalogue_paths, outside_entries
    from qcoord_hw.spec import read_spec

    needs, rows = catalogue_needs(), []
    for spec in [*map(read_spec, catalogue_paths().values()), *outside_entries().values()]:
        about = {"name": spec.name, "title": spec.title, "family": spec.family}
        rows.append((about, needs.get(spec.name)))  # what a family of another package needs is not known
    named = [
        {"name": one.name, "title": one.title, "family": family.name}
        for family in every()
        for one in family.named()
    ]
    if options.json:
        experiments = [about | {"needs": needed} for about, needed in rows]
        print_json({"ok": True, "experiments": experiments, "named": named})
        return
    lines = []
    for about, needed in rows:
        nowhere = needed is not None and None not in needed["fits"].values()
        mark = "  (simulators only: fits no device)" if nowhere else ""
        lines.append((about["name"], f"{about['title']}{mark}"))
    lines += [(about["name"], about["title"]) for about in named]
    say("\n".join(list_lines(lines)))


def _show(options: argparse.Namespace) -> None:
    if options.parameters:
        _show_parameters(options)
        return
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


def _show_parameters(options: argparse.Namespace) -> None:
    from qcoord_hw.api.parameters import parameters as declared
    from qcoord_hw.api.parameters import parameters_text

    with typed(options):
        found = declared(options.spec, parameters(options))
    if options.json:
        print_json({"ok": True, **found})
    else:
        say(parameters_text(found))


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

    found = _played(options).record
    seed = found.intent["seed"] if options.seed is None else options.seed
    told = _family_of(found.intent).rounds(found, seed, options.rounds)
    if told is None:
        raise InputError(f"game: {short_repr(options.spec)} has no rounds; allowed are games")
    if options.json:
        print_json({"ok": True, "run": str(found.path), "seed": seed, **told.values})
        return
    for line in told.lines:
        say(line)
        time.sleep(options.delay)
    say(told.closing)


def _family_of(intent: Mapping[str, Any]) -> Family:
    from qcoord_hw import registry

    return registry.family_of_kind(intent["experiment"]["play"]["kind"])


def _has_rounds(family: Family) -> bool:
    """Whether the runs of a family can be told round by round."""
    from qcoord_hw.families.base import Family

    return type(family).rounds is not Family.rounds


def _played(options: argparse.Namespace) -> Result:
    """Return the finished run of a game that `play` names, after running it if it is no run yet."""
    from qcoord_hw import api, registry
    from qcoord_hw.execution.run import check_seed

    if options.seed is not None:
        check_seed(options.seed)
    if options.spec == "latest" or os.path.isdir(options.spec):
        if options.target is not None:
            raise InputError(f"target: {short_repr(options.target)}; allowed is none for a run")
        result = api.load_run(options.spec, runs=options.runs)
        if not _has_rounds(_family_of(result.record.intent)):
            kind = result.summary["play"].replace("-", " ")
            raise InputError(f"run: {short_repr(options.spec)} is of kind {kind}; allowed are runs of games")
        if not result.record.sealed:
            raise InputError(f"run: {short_repr(options.spec)} is unfinished; {result.record.how_to_finish}")
        return result
    draw_seed(options)
    built = api.build(options.spec, options.rounds, target=options.target or "aer", seed=options.seed)
    kind = built.experiment.play.to_json()["kind"]
    if not _has_rounds(registry.family_of_kind(kind)):
        words = kind.replace("-", " ")
        raise InputError(f"game: {short_repr(options.spec)} is of kind {words}; allowed are games")
    with progress_bar(options, built.spec.name) as progress:
        return api.run(
            built, target=options.target or "aer", seed=options.seed, runs=options.runs, progress=progress
        )

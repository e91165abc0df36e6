"""`qcoord submit`, `status` and `collect`: what `run` does, in separate processes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qcoord_hw.cli.common import RUN, Add, add_confidence, print_json, progress_bar, say, show_results, tell
from qcoord_hw.cli.experiment import (
    add_device_options,
    add_experiment,
    build_all,
    device_options,
    draw_seed,
    target_of,
)
from qcoord_hw.errors import BusyError, InputError, QcoordError, RecordError
from qcoord_hw.execution.devices.registry import ALLOWED
from qcoord_hw.spec import short_repr

if TYPE_CHECKING:
    from qcoord_hw.api.result import Result

ALL = "all unfinished runs; on devices, those begun here"


def register(add: Add) -> None:
    """Add the commands."""
    submit = add("submit", _submit, "send experiments, or what a run lacks, to a device; return at once")
    add_experiment(submit, name="SPEC|RUN")
    submit.add_argument("--target", metavar="T", help=f"{ALLOWED}; of a RUN: none is needed")
    add_device_options(submit)
    add_confidence(submit)

    status = add("status", _status, "ask how far the jobs of runs are; nothing is sent or fetched")
    status.add_argument("run", metavar="RUN", nargs="?", help=f"{RUN}; default: {ALL}")
    add_confidence(status)

    collect = add("collect", _collect, "finish an interrupted run; count what came back from a device")
    collect.add_argument("run", metavar="RUN", nargs="?", help=f"{RUN}; default: {ALL}")
    add_confidence(collect)


def _submit(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    found = [_run_of(name, options) for name in options.specs]
    if any(found):
        if not all(found):
            raise InputError("submit: runs and experiments; allowed are either")
        _check_no_options(options)
        show_results(
            options,
            [
                api.resubmit(run, target=options.target, runs=options.runs, confidence=options.confidence)
                for run in found
                if run
            ],
        )
        return
    if options.target is None:
        raise InputError(
            f"target: none for {short_repr(options.specs[0])}, which is no run; allowed is "
            f"--target with {ALLOWED}"
        )
    target = target_of(options)
    draw_seed(options)
    results: list[Result] = []
    for one in build_all(options, target):
        try:
            result = api.submit(
                one,
                target=target,
                seed=options.seed,
                runs=options.runs,
                confidence=options.confidence,
                options=device_options(options),
            )
        except QcoordError as error:
            if not results:
                raise
            sent = ", ".join(result.path.name for result in results)
            raise type(error)(f"{one.spec.name}: {error}; sent before: {sent}") from None
        results.append(result)
    show_results(options, results)


def _check_no_options(options: argparse.Namespace) -> None:
    """Check that nothing is asked for that a run has decided already.

    Raises:
        InputError: naming the option.
    """
    own = ("specs", "target", "runs", "json", "confidence", "command")
    unset = {"idle_noise": True}
    for name, value in vars(options).items():
        if name not in own and value is not None and value is not unset.get(name, False):
            raise InputError(
                f"{name.replace('_', '-')}: {short_repr(value)}; a run has its own, allowed is none"
            )


def _run_of(name: str, options: argparse.Namespace) -> Path | None:
    """Return the run that a name means, if it means one."""
    from qcoord_hw import record

    if os.path.isfile(name):  # False for what is no file's name at all
        return None
    try:
        return record.find(name, record.runs_folder(options.runs))
    except RecordError:
        if name == "latest" or name[:8].isdecimal():
            raise
        return None


def _status(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    def one(run: str | Path) -> Result:
        return api.status(run, runs=options.runs, confidence=options.confidence)

    _show_each(options, one)


def _collect(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    def one(run: str | Path) -> Result:
        with progress_bar(options, "collect") as progress:
            return api.collect(run, runs=options.runs, confidence=options.confidence, progress=progress)

    _show_each(options, one)


def _show_each(options: argparse.Namespace, look: Callable[[str | Path], Result]) -> None:
    """Look at the run that is named, else at every unfinished one; one that fails does not stop the others.

    A run on a device that was begun elsewhere is shown as it stands, unless it is named.

    Raises:
        QcoordError: the worst failure, after the others and their lines are printed.
    """
    from qcoord_hw import api

    if options.run is not None:
        show_results(options, [look(options.run)])
        return
    results, errors = [], []
    for run in api.unfinished(options.runs):
        try:
            if strangers := api.is_strangers(run):  # nothing reaches a device that nobody here asked for
                tell("note", f"run {run.name}: begun elsewhere; `qcoord collect {run.name}` asks its device")
            results.append(api.load_run(run, confidence=options.confidence) if strangers else look(run))
        except BusyError:  # another process is at it: as it is
            results.append(api.load_run(run, confidence=options.confidence))
        except QcoordError as error:
            errors.append(error)
    if options.json and not errors:
        print_json({"ok": True, "runs": [result.summary for result in results]})
    elif results and not options.json:
        show_results(options, results)
    elif not errors:
        say("no unfinished run")
    if errors:
        worst = max(errors, key=lambda one: one.exit_code)
        for other in errors:
            if other is not worst:
                tell("error", other)
        raise worst

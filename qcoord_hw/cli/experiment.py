"""Which experiment, where and how: the options that `run`, `plan` and `submit` share."""

from __future__ import annotations

import argparse
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw.cli.common import SPEC, add_coordination, coordination, integer, number, rate
from qcoord_hw.errors import InputError
from qcoord_hw.spec import shown

if TYPE_CHECKING:
    from qcoord_hw.api import Built


def add_experiment(sub: argparse.ArgumentParser, *, name: str = "SPEC", many: bool = True) -> None:
    """Add what says which experiment is meant, and with which shots, seed and parameters."""
    if many:
        sub.add_argument("specs", metavar=name, nargs="+", help=SPEC)
    else:
        sub.add_argument("spec", metavar=name, help=SPEC)
    sub.add_argument("--shots", type=integer, metavar="N", help="shots a circuit (default: the spec's, 4096)")
    sub.add_argument("--seed", type=integer, metavar="N", help="root seed (default: a fresh one, printed)")
    add_parameters(sub)
    sub.add_argument(
        "--random-questions", action="store_true", help="games: draw each shot's question at random"
    )
    sub.add_argument(
        "--layout", type=_qubits, metavar="Q,Q,..", help="physical qubits, in order (default: the best)"
    )
    sub.add_argument(
        "--noise-scale", type=number, metavar="F", help="fake_NAME: all errors and decay, times F (1)"
    )


def add_parameters(sub: argparse.ArgumentParser) -> None:
    """Add the parameters of the families."""
    sub.add_argument(
        "--inputs", type=inputs, metavar="all|N", help="linear computations: all inputs, or N random ones"
    )
    sub.add_argument(
        "--inputs-file", metavar="F", help='linear computations: inputs as JSON [{"w1": [..], "w2": [..]}]'
    )
    sub.add_argument(
        "--auxiliary", metavar="A,B,..", help="linear computations: the server of each auxiliary qudit"
    )
    sub.add_argument("--rounds", type=integer, metavar="N", help="games: rounds in a row in one circuit")
    sub.add_argument(
        "--rate",
        type=rate,
        metavar="Q",
        help="games: qubits a round to each player; few mix in classical rounds",
    )
    sub.add_argument(
        "--dimension", type=integer, metavar="D", help="games of your own: local dimension searched, at most"
    )
    add_coordination(sub)


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of the families that the command line states."""
    parameters: dict[str, Any] = {}
    if options.inputs is not None and options.inputs_file is not None:
        raise InputError("inputs: --inputs and --inputs-file; allowed is one of them")
    if options.inputs is not None:
        parameters["inputs"] = options.inputs
    if options.inputs_file is not None:
        from qcoord_hw.families.linear_computation.parameters import read_inputs

        parameters["inputs"] = read_inputs(Path(options.inputs_file))
    for name in ("rounds", "rate", "dimension"):
        if getattr(options, name) is not None:
            parameters[name] = getattr(options, name)
    if options.auxiliary is not None:
        parameters["auxiliary"] = tuple(name for name in options.auxiliary.split(",") if name)
    return parameters | coordination(options)


@contextmanager
def typed(options: argparse.Namespace) -> Iterator[None]:
    """Let errors call a parameter as it was typed: the block length n is `--copies` on the command line."""
    names = {"n": ("copies", options.copies), "inputs": ("inputs-file", options.inputs_file)}
    try:
        yield
    except InputError as error:
        for name, (flag, given) in names.items():
            if given is not None and (found := re.match(rf"(parameters\.)?{name}(?=[: ])", str(error))):
                raise InputError(f"{flag}{str(error)[found.end() :]}") from None
        raise


def inputs(text: str) -> int | str:
    """Return `all` or the number of inputs that an argument states."""
    if text != "all" and not re.fullmatch(r"[0-9]{1,30}", text):
        raise argparse.ArgumentTypeError(f"{shown(text)}; allowed are all or a number of inputs")
    return text if text == "all" else int(text)


def _qubits(text: str) -> tuple[int, ...]:
    return tuple(integer(part.strip()) for part in text.split(","))


def add_device_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of jobs on a device."""
    sub.add_argument("--dynamical-decoupling", metavar="D", help="ibm_NAME: XX, XpXm or XY4 on idle qubits")
    sub.add_argument("--twirling", metavar="T", help="ibm_NAME: random Paulis around gates, measure or all")
    sub.add_argument("--mode", metavar="M", help="ibm_NAME: job (default), or batch to queue jobs together")
    sub.add_argument("--jobs", type=integer, metavar="N", help="ibm_NAME: into how many jobs, at least (1)")
    sub.add_argument(
        "--tiles", type=integer, metavar="N", help="fake_NAME, ibm_NAME: copies that run side by side (1)"
    )


def device_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of jobs that the command line states."""
    names = ("dynamical_decoupling", "twirling", "mode", "jobs", "tiles")
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def target_of(options: argparse.Namespace) -> str:
    """Return the target, with its noise scaled if that is asked for.

    Raises:
        InputError: when it has no noise model to scale.
    """
    if options.noise_scale is None:
        return str(options.target)
    from qcoord_hw.execution.scale import scaled_target

    return scaled_target(options.target, options.noise_scale)


def draw_seed(options: argparse.Namespace) -> None:
    """Draw the root seed where none is stated, before anything is searched for: one seed repeats all."""
    if options.seed is None:
        options.seed = secrets.randbits(32)


def build_all(options: argparse.Namespace, target: str) -> list[Built]:
    """Return every experiment, built, so that all are checked before one runs.

    Raises:
        InputError: naming the first argument or field that is wrong.
    """
    from qcoord_hw import api

    with typed(options):
        return [
            api.build(
                spec,
                options.shots,
                options.layout,
                parameters=parameters(options),
                target=target,
                seed=options.seed,
                random_questions=options.random_questions,
            )
            for spec in options.specs
        ]

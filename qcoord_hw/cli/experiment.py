"""Which experiment, where and how: the options that `run`, `plan` and `submit` share."""

from __future__ import annotations

import argparse
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qcoord_hw.cli.common import SPEC, Parser, integer, number, numbers, progress_bar, tell
from qcoord_hw.errors import InputError
from qcoord_hw.registry import every
from qcoord_hw.schema import Flag, Parameter

if TYPE_CHECKING:
    from qcoord_hw.api import Built


def add_experiment(sub: Parser, *, name: str = "SPEC", many: bool = True) -> None:
    """Add what says which experiment is meant, and with which shots, seed and parameters."""
    if many:
        sub.add_argument("specs", metavar=name, nargs="+", help=SPEC)
    else:
        sub.add_argument("spec", metavar=name, help=SPEC)
    sub.add_argument(
        "--shots", type=integer, metavar="N", help="shots per circuit (default: the spec's, 4096)"
    )
    sub.add_argument("--seed", type=integer, metavar="N", help="root seed (default: a fresh one, printed)")
    add_parameters(sub)
    sub.add_argument(
        "--random-questions", action="store_true", help="games: draw each shot's question at random"
    )
    sub.add_argument("--every-edge", action="store_true", help="not on aer: on every coupling of the chip")
    add_links(sub)
    which = sub.add_mutually_exclusive_group()
    which.add_argument(
        "--candidate", metavar="NAME", help="another way to do it, as `qcoord choose` names them"
    )
    which.add_argument(
        "--choose",
        action="store_true",
        help="the way of which most is expected on the target (`qcoord choose`)",
    )
    add_layout(sub)
    sub.add_argument(
        "--noise-scale",
        type=number,
        metavar="F",
        help="fake_NAME, properties:FILE: all errors and decay, times F (1)",
    )

    add_idle_noise(sub)


def add_idle_noise(sub: argparse.ArgumentParser) -> None:
    """Add whether qubits that wait decay."""
    sub.add_argument(
        "--idle-noise",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="fake_NAME, properties:FILE: decay of qubits while they wait for others (default: with it)",
    )


def add_links(sub: argparse.ArgumentParser) -> None:
    """Add the file of links that cost."""
    sub.add_argument(
        "--links",
        metavar="FILE",
        help="what crossing links costs (docs/formats/links.md)",
    )


def add_layout(sub: argparse.ArgumentParser) -> None:
    """Add the physical qubits."""
    sub.add_argument(
        "--layout", type=_qubits, metavar="Q,Q,..", help="physical qubits, in order (default: the best)"
    )


def add_parameters(sub: Parser) -> None:
    """Add the parameters of the families, when the command is the one that was typed."""
    sub.later.append(_add_flags)


def _add_flags(sub: argparse.ArgumentParser) -> None:
    group = sub.add_argument_group("parameters of the families")
    shared: dict[str, list[tuple[Flag, Parameter, str]]] = {}
    for found in family_flags():
        shared.setdefault(found[0].name, []).append(found)
    for same in shared.values():
        flag, parameter, family = same[-1]
        how: dict[str, Any] = {"type": _text_type(flag, parameter), "metavar": flag.metavar}
        if parameter.type == "boolean" and flag.read is None:
            how = {"action": "store_const", "const": True}
        words = "; ".join(f"{of}: {own.help or one.help}" for own, one, of in same).replace("%", "%%")
        try:
            group.add_argument(flag.name, dest=flag.key, help=words, **how)
        except (argparse.ArgumentError, ValueError) as error:
            raise InputError(f"family {family}: flag {flag.name}: {error}; allowed is a free one") from None


def family_flags() -> list[tuple[Flag, Parameter, str]]:
    """Return the ways to state a parameter, with the parameter and the family; once for each family.

    Raises:
        InputError: when two families have a flag for different parameters.
    """
    found: dict[str, dict[str, tuple[Flag, Parameter, str]]] = {}
    for family in every():
        for parameter in family.parameters:
            for flag in parameter.flags:
                same = found.setdefault(flag.name, {})
                same.setdefault(family.name, (flag, parameter, family.name))
                _, known, first = next(iter(same.values()))
                if (known.name, known.type) != (parameter.name, parameter.type):
                    raise InputError(
                        f"family {family.name}: flag {flag.name} of {parameter.name} is that of {first}'s "
                        f"{known.name}; allowed is another"
                    )
    return [one for same in found.values() for one in same.values()]


def _text_type(flag: Flag, parameter: Parameter) -> Callable[[str], Any]:
    """Return what makes a value of an argument's text."""

    def read(text: str) -> Any:
        assert flag.read is not None
        try:
            return flag.read(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    if flag.read is not None:
        return read
    if parameter.type == "integer":
        return integer
    return numbers(parameter.range().partition(" ")[2]) if parameter.type == "number" else str


def _stated(options: argparse.Namespace) -> list[tuple[Flag, Parameter]]:
    """Return the flags that were typed, each once."""
    found = {flag.name: (flag, one) for flag, one, _ in family_flags()}
    return [(flag, one) for flag, one in found.values() if getattr(options, flag.key, None) is not None]


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of the families that the command line states.

    Raises:
        InputError: when one is stated twice.
    """
    found: dict[str, Any] = {}
    for flag, parameter in (stated := _stated(options)):
        if parameter.name in found:
            both = " and ".join(other.name for other, one in stated if one.name == parameter.name)
            raise InputError(f"{parameter.name}: {both}; allowed is one of them")
        found[parameter.name] = getattr(options, flag.key)
    return found


@contextmanager
def typed(options: argparse.Namespace) -> Iterator[None]:
    """Let errors call a parameter as it was typed: the block length n is `--copies` on the command line."""
    try:
        yield
    except InputError as error:
        for flag, parameter in _stated(options):
            if found := re.match(rf"(parameters\.)?{re.escape(parameter.name)}(?=[: ])", str(error)):
                raise InputError(flag.name.lstrip("-") + str(error)[found.end() :]) from None
        raise


def _qubits(text: str) -> tuple[int, ...]:
    return tuple(integer(part.strip()) for part in text.split(","))


def add_device_options(sub: argparse.ArgumentParser) -> None:
    """Add the options of jobs on a device."""
    sub.add_argument("--dynamical-decoupling", metavar="D", help="devices: XX, XpXm or XY4 on idle qubits")
    sub.add_argument("--twirling", metavar="T", help="devices: random Paulis around gates, measure or all")
    sub.add_argument("--mode", metavar="M", help="devices: job (default), or batch to queue jobs together")
    sub.add_argument("--jobs", type=integer, metavar="N", help="devices: into how many jobs, at least (1)")
    sub.add_argument(
        "--tiles", type=integer, metavar="N", help="fake_NAME, devices: copies that run side by side (1)"
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
    from qcoord_hw.execution.scale import scaled_target

    target = located_target(options.target, getattr(options, "runs", None))
    return target if options.noise_scale is None else scaled_target(target, options.noise_scale)


def located_target(target: str, runs: str | None) -> str:
    """Return a target's name; where it is the calibration of a run, with the folder that is meant.

    Raises:
        InputError: when no run fits, or more than one.
    """
    if not target.startswith("properties:"):
        return target
    from qcoord_hw.execution.calibrations.of_run import located  # loads Qiskit

    return located(target, runs)


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
                every_edge=options.every_edge,
                links=options.links,
                candidate=candidate_of(options, spec, target),
            )
            for spec in options.specs
        ]


def candidate_of(options: argparse.Namespace, spec: str, target: str) -> str | None:
    """Return the candidate that is asked for; with `--choose` that of which most is expected, and say which.

    Raises:
        InputError: when qubits are stated, which are those of one candidate, or none runs there.
    """
    from qcoord_hw import api

    if not options.choose:
        stated: str | None = options.candidate
        return stated
    draw_seed(options)  # what was chosen is built with it
    if options.layout is not None:
        raise InputError("layout: stated; with --choose allowed is none, candidates differ in their qubits")
    with progress_bar(options, "choose") as progress:
        found = api.choose(
            spec,
            target=target,
            seed=options.seed,
            parameters=parameters(options),
            links=options.links,
            progress=progress,
            idle_noise=options.idle_noise,
        )
    best = found.best()
    tell("note", f"choose: {best.name} of {spec} ({best.title}): {best.why}")
    return best.name

"""`qcoord sweep`: every combination of experiments, targets, seeds, shots and fields, one run each."""

from __future__ import annotations

import argparse
import json
import math
import re
from typing import Any

from qcoord_hw.cli.common import (
    SPEC,
    Add,
    add_confidence,
    console,
    integer,
    print_json,
    progress_bar,
    say_path,
)
from qcoord_hw.cli.experiment import (
    add_idle_noise,
    add_links,
    add_parameters,
    located_target,
    parameters,
    typed,
)
from qcoord_hw.errors import InputError, TargetError
from qcoord_hw.spec import short_repr

MAX_RANGE = 100_000

OUTPUTS = {"html": "HTML report", "plot": "figure", "csv": "table"}
"""Option that names a file -> what it is called."""


def register(add: Add) -> None:
    """Add the command."""
    sweep = add("sweep", _sweep, "run every combination of targets, noise, seeds, shots and fields")
    sweep.add_argument("specs", metavar="SPEC", nargs="+", help=SPEC)
    sweep.add_argument(
        "--targets",
        type=_names,
        default=["aer"],
        metavar="T,..",
        help="aer (default), fake_NAME, properties:FILE, VENDOR:DEVICE, MODULE:CALLABLE",
    )
    sweep.add_argument(
        "--noise-scale", type=_numbers, default=[], metavar="F,..", help="times the noise of each fake_NAME"
    )
    add_idle_noise(sweep)
    sweep.add_argument(
        "--seeds", type=_integers, default=[], metavar="N,..", help="root seeds: 1,2,5 or 1..20"
    )
    sweep.add_argument("--shots", type=_integers, default=[], metavar="N,..", help="shots per circuit")
    sweep.add_argument(
        "--set",
        type=_field,
        action="append",
        default=[],
        metavar="FIELD=V,..",
        dest="fields",
        help="values of a spec's field or of a parameter of its family, such as rounds=1,2,4 (repeatable)",
    )
    sweep.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="of the search for a game's strategy (0)"
    )
    add_links(sweep)
    add_parameters(sweep)
    sweep.add_argument("--workers", type=integer, metavar="N", help="processes (default: one a core)")
    sweep.add_argument("--dask", metavar="ADDRESS", help="compute on the Dask cluster of this scheduler")
    sweep.add_argument("--html", metavar="FILE", help="write a page of it: curves, and a row for each point")
    sweep.add_argument("--plot", metavar="FILE", help="draw its curves (.png, .svg or .pdf)")
    sweep.add_argument("--csv", metavar="FILE", help="write a table with a row for each estimate")
    add_confidence(sweep)


def _sweep(options: argparse.Namespace) -> None:
    stated = {name: [value] for name, value in parameters(options).items()}
    names = [*stated, *(name for name, _ in options.fields)]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"set: {twice[0]} stands there twice; allowed is once, here or as an option")

    from qcoord_hw import api
    from qcoord_hw.report.sweep import counted_words, point_words, print_sweep
    from qcoord_hw.sweeps import sweep

    written = {key: name for key in OUTPUTS if (name := getattr(options, key)) is not None}
    api.check_outputs(**{"html": None} | written)
    with typed(options), progress_bar(options, "sweep") as progress:
        found = sweep(
            options.specs,
            targets=[located_target(target, options.runs) for target in options.targets],
            noise_scale=options.noise_scale,
            seeds=options.seeds,
            shots=options.shots,
            fields=stated | dict(options.fields),
            search_seed=options.seed,
            links=options.links,
            workers=options.workers,
            dask=options.dask,
            runs=options.runs,
            confidence=options.confidence,
            progress=progress,
            idle_noise=options.idle_noise,
        )
    api.write_sweep(found, **written)
    if not options.json:
        print_sweep(found, console())
        for key, name in written.items():
            say_path(OUTPUTS[key], name)
    elif found.ok:
        print_json(found.to_json() | written)
    if not found.ok:
        failed = [point for point in found.points if point.error is not None]
        worst = max(failed, key=lambda point: point.exit_code or 0)
        kind = TargetError if worst.exit_code == TargetError.exit_code else InputError
        raise kind(f"sweep: {counted_words(found)}; {point_words(worst)}: {worst.error}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _numbers(text: str) -> list[float]:
    numbers = [_number(part.strip()) for part in text.split(",")]
    if None in numbers:
        raise argparse.ArgumentTypeError(f"{short_repr(text)}; allowed are numbers such as 0,0.5,1")
    return [number for number in numbers if number is not None]


def _integers(text: str) -> list[int]:
    """Return the integers of a list such as `1,2,5..8`."""
    found: list[int] = []
    for part in text.split(","):
        integers = _range(part.strip())
        if integers is None:
            raise argparse.ArgumentTypeError(
                f"{short_repr(text)}; allowed are integers such as 1,2,5 or 1..20"
            )
        found += integers
    return found


def _range(text: str) -> list[int] | None:
    """Return the integers from `1..20` or `7`; None where it is something else."""
    found = re.fullmatch(r"([0-9]{1,30})(?:\.\.([0-9]{1,30}))?", text)
    if not found:
        return None
    low, high = int(found[1]), int(found[2] or found[1])
    if not low <= high < low + MAX_RANGE:
        raise argparse.ArgumentTypeError(
            f"{short_repr(text)}; allowed are ranges such as 1..20, at most {MAX_RANGE} long"
        )
    return list(range(low, high + 1))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _field(text: str) -> tuple[str, list[Any]]:
    """Return name and values of `FIELD=V1,V2`; a value in brackets is a list."""
    name, sign, values = text.partition("=")
    name = name.strip().replace("-", "_")
    parts = [part.strip() for part in _split(values)]
    if not sign or not name or not all(parts):
        raise argparse.ArgumentTypeError(
            f"{short_repr(text)}; allowed is FIELD=VALUE or FIELD=VALUE,VALUE,.."
        )
    found: list[Any] = []
    for part in parts:
        integers = _range(part)
        found += [_value(name, part)] if integers is None else integers
    return name, found


def _split(text: str) -> list[str]:
    """Split a text at the commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _value(name: str, text: str) -> Any:
    """Return true, false, a number or a list, or else the text as it is."""
    if text.startswith("[") or text in ("true", "false"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise argparse.ArgumentTypeError(
                f"{name}: {short_repr(text)}; allowed are lists such as [0,1]"
            ) from None
    if re.fullmatch(r"-[0-9]{1,30}", text):
        return int(text)
    number = _number(text)
    return text if number is None else number

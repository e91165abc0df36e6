"""`qcoord convert`: a published Bell table as a file of ours."""

from __future__ import annotations

import argparse
import re

from qcoord_hw.cli.common import Add, integer, print_json, say
from qcoord_hw.spec import short_repr

NOTATIONS = ("toqito", "ncpol2sdpa", "ine", "sliwa", "faacets")


def register(add: Add) -> None:
    """Add the command."""
    convert = add("convert", _convert, "a published Bell table as a file of ours", runs=False)
    convert.add_argument(
        "file", metavar="FILE", help="in the notation that --from names; of sliwa also 1 to 46"
    )
    convert.add_argument("--from", dest="notation", required=True, choices=NOTATIONS, help="its notation")
    convert.add_argument("-o", "--out", metavar="OUT", help="where it goes; standard output if omitted")
    convert.add_argument("--name", metavar="NAME", help="what it is to be called (the file's name)")
    convert.add_argument(
        "--number", type=integer, metavar="N", help="of several inequalities: ine from 0, sliwa from 1"
    )
    convert.add_argument(
        "--scenario", type=_scenario, metavar="mA,mB,oA,oB", help="where the file does not say it"
    )
    convert.add_argument(
        "--fastest", choices=("first", "last"), help="faacets: which party's index runs fastest"
    )


def _scenario(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9][0-9]?(,[1-9][0-9]?){3}", text):
        raise argparse.ArgumentTypeError(
            f"{short_repr(text)}; allowed are settings and outcomes such as 4,3,2,2"
        )
    return tuple(map(int, text.split(",")))


def _convert(options: argparse.Namespace) -> None:
    from qcoord_hw import api

    found = api.convert(
        options.file,
        options.notation,
        out=options.out,
        name=options.name,
        number=options.number,
        scenario=options.scenario,
        fastest=options.fastest,
    )
    if options.json:
        print_json(found)
    elif options.out is None:
        print_json(found["file"])
    else:
        say(f"{found['written']}: local bound {found['local_bound']:.9g}")

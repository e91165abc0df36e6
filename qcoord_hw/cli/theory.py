"""`qcoord theory`: what is true, with certificates."""

from __future__ import annotations

import argparse
from typing import Any

from qcoord_hw.cli import proof_steps
from qcoord_hw.cli.common import Add, integer, print_json, rate, say, say_path, seconds, show_answer
from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.networks import NETWORKS


def register(add: Add, commands: Any) -> None:
    """Add the commands."""
    kinds = commands.add_parser(
        "theory", help="what is true: rates, certificates", description="What is true, with certificates."
    ).add_subparsers(title="kinds", metavar="KIND", required=True)

    def add_time_limit(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--time-limit", type=seconds, default=60.0, metavar="S", help="seconds for everything (60)"
        )

    linear = add("linear", _theory_linear, "rates of a linear computation", runs=False, among=kinds)
    linear.add_argument("task", metavar="FILE|NAME", help="a task or stabilizer file, a spec or a name")
    linear.add_argument(
        "--export-stabilizers",
        metavar="FILE",
        help="write the scheme's stabilizers (.json), and beside them a circuit (.stim; .chp for odd d)",
    )
    add_time_limit(linear)
    game = add("game", _theory_game, "classical and quantum value of a game", runs=False, among=kinds)
    game.add_argument("game", metavar="FILE|NAME", help="a game or Bell expression (.json), or a name: chsh")
    game.add_argument("--win", type=rate, metavar="W", help="also the rates for this win probability")
    game.add_argument("--correlation", action="store_true", help="also P(answers | questions), as a table")
    game.add_argument(
        "--level",
        choices=("1", "1+AB", "2", "3"),
        help="the only one of the hierarchy of upper bounds (3: slow)",
    )
    game.add_argument("--seed", type=integer, default=0, metavar="N", help="of the searches (0)")
    add_time_limit(game)
    region = add(
        "region", _theory_region, "what a network must send to make a state", runs=False, among=kinds
    )
    region.add_argument(
        "state",
        metavar="FILE|NAME",
        help="a state file (.json) or a name, such as example-1 or werner:visibility=1/3",
    )
    region.add_argument("--network", required=True, metavar="N", help=f"one of {', '.join(NETWORKS)}")
    region.add_argument("--at", metavar="Q1=1,E1=.5,..", help="is this rate tuple inside, and by how much")
    region.add_argument(
        "--frontier", type=integer, default=0, metavar="N", help="classical links: N points (R0, R1)"
    )
    region.add_argument(
        "--exact", action="store_true", help="exact simulation: not taken yet, the error vanishes instead"
    )
    region.add_argument("--plot", metavar="FILE", help="draw the region (.png, .svg or .pdf)")
    region.add_argument("--seed", type=integer, default=0, metavar="N", help="of the searches (0)")
    add_time_limit(region)
    source = add("schumacher", _theory_schumacher, "compression at block length n", runs=False, among=kinds)
    source.add_argument("--spectrum", required=True, metavar="A,B,..", help="eigenvalues of the source state")
    source.add_argument("--n", required=True, type=integer, metavar="N", help="block length")
    source.add_argument("--rate", required=True, type=rate, metavar="R", help="qubits per copy")
    second = add(
        "second-link", _theory_second_link, "cascade: a message beside ebits, n = 1", runs=False, among=kinds
    )
    second.add_argument("state", metavar="FILE|NAME", help="a pure state of A, B and C")
    second.add_argument(
        "--message", required=True, type=integer, metavar="M", help="levels that Bob sends: 2 is a qubit"
    )
    second.add_argument(
        "--ebits", type=integer, default=1, metavar="K", help="rank of what they share: 2 is an ebit (1)"
    )
    proof_steps.register(add, kinds)
    check = add("check", _theory_check, "check an answer and its certificate", runs=False, among=kinds)
    check.add_argument(
        "file", metavar="FILE", help="what `qcoord theory KIND --json` printed, or `show` or `run`"
    )


def _theory_game(options: argparse.Namespace) -> None:
    from qcoord_hw.api.theory import theory_game

    answer = theory_game(
        options.game,
        level=options.level,
        seed=options.seed,
        time_limit=options.time_limit,
        win=options.win,
        correlation=options.correlation,
    )
    show_answer(options, answer)


def _theory_linear(options: argparse.Namespace) -> None:
    from qcoord_hw.api.theory import theory_linear

    answer = theory_linear(options.task, time_limit=options.time_limit, export=options.export_stabilizers)
    show_answer(options, answer)


def _theory_region(options: argparse.Namespace) -> None:
    from qcoord_hw.api.theory import theory_region
    from qcoord_hw.theory.states import EXACT

    if options.exact:
        raise InputError(f"exact: {EXACT}")

    answer = theory_region(
        options.state,
        options.network,
        at=None if options.at is None else read_rates(options.at),
        frontier=options.frontier,
        plot=options.plot,
        seed=options.seed,
        time_limit=options.time_limit,
    )
    show_answer(options, answer)
    if options.plot is not None and not options.json:
        say_path("figure", options.plot)


def read_rates(text: str) -> dict[str, float]:
    """Return the rate tuple that an argument such as Q1=1.8,E1=.8 states.

    Raises:
        InputError: when it states none.
    """
    rates = {}
    for item in text.split(","):
        name, _, value = item.partition("=")
        try:
            if name.strip() in rates:
                raise InputError(f"at: {short_repr(name.strip())} stands there twice; allowed is once")
            rates[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"at: {short_repr(item)}; allowed are rates such as Q1=1.8,E1=.8") from None
    return rates


def _theory_schumacher(options: argparse.Namespace) -> None:
    from qcoord_hw.api.theory import theory_schumacher

    show_answer(options, theory_schumacher(options.spectrum.split(","), options.n, options.rate))


def _theory_second_link(options: argparse.Namespace) -> None:
    import qcoord_hw as qc

    show_answer(options, qc.theory_second_link(options.state, options.message, options.ebits))


def _theory_check(options: argparse.Namespace) -> None:
    from qcoord_hw.api.theory import theory_check

    found = theory_check(options.file)
    if options.json:
        print_json(found.to_json())
    if not found.holds:
        first, *further = found.violations
        more = f" (and {len(further)} more; --json has all)" if further else ""
        raise InputError(f"{options.file}: does not hold: {first}{more}")
    if not options.json:
        say(f"{options.file}: {found.table()}")

"""`qcoord theory resolvability|codebook|binning|redistribution`: what stands behind the theorems."""

from __future__ import annotations

import argparse
from typing import Any

from qcoord_hw.cli.common import Add, integer, rate, seconds, show_answer

STATE = "a state file (.json) or a name"


def integers(text: str) -> list[int]:
    """Return the integers of a list such as 1,2,3."""
    return [integer(part.strip()) for part in text.split(",")]


def rates(text: str) -> list[float]:
    """Return the numbers of a list such as .5,1."""
    return [rate(part.strip()) for part in text.split(",")]


def register(add: Add, kinds: Any) -> None:
    """Add the commands among the kinds of `qcoord theory`."""

    def state_and_n(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("state", metavar="FILE|NAME", help=STATE)
        sub.add_argument("--n", required=True, type=integers, metavar="N[,N..]", help="block lengths")

    own = add("resolvability", _resolvability, "Theorem 10 for an ensemble", runs=False, among=kinds)
    state_and_n(own)
    own.add_argument("--rate", required=True, type=rates, metavar="R[,R..]", help="bits per letter")
    own.add_argument("--draws", type=integer, default=200, metavar="N", help="codebooks where drawn (200)")
    own.add_argument("--seed", type=integer, default=0, metavar="N", help="of the draws (0)")

    book = add(
        "codebook", _codebook, "random codebooks, the steps (76)-(83) of the proof", runs=False, among=kinds
    )
    state_and_n(book)
    book.add_argument("--at", required=True, metavar="R0=..,R1=..", help="rates, bits per letter")
    book.add_argument("--network", default="two-node", metavar="N", help="two-node or classical-broadcast")
    book.add_argument("--draws", type=integer, default=40, metavar="N", help="codebooks drawn (40)")
    book.add_argument("--seed", type=integer, default=0, metavar="N", help="of draws and search (0)")
    book.add_argument(
        "--time-limit", type=seconds, default=60.0, metavar="S", help="seconds for the mixture (60)"
    )

    bins = add("binning", _binning, "collisions (180) of the quantum broadcast", runs=False, among=kinds)
    state_and_n(bins)
    bins.add_argument("--rate", required=True, type=rates, metavar="Q[,Q..]", help="qubits per letter")
    bins.add_argument("--receiver", default="Bob", metavar="WHO", help="Bob (default) or Charlie")
    bins.add_argument("--delta", type=rate, metavar="D", help="slack of typical sets (that of least failure)")

    moved = add("redistribution", _redistribution, "Theorem 11 for a pure state", runs=False, among=kinds)
    moved.add_argument("state", metavar="FILE|NAME", help=STATE)
    moved.add_argument("--sent", default="B", metavar="S", help="goes from Alice to Bob (B)")
    moved.add_argument("--side", default="G", metavar="S", help="Bob has it; may be absent (G)")
    moved.add_argument("--reference", default="R", metavar="S", help="nobody has it; may be absent (R)")


def _resolvability(options: argparse.Namespace) -> None:
    import qcoord_hw as qc

    found = qc.theory_resolvability(
        options.state, options.n, options.rate, draws=options.draws, seed=options.seed
    )
    show_answer(options, found)


def _codebook(options: argparse.Namespace) -> None:
    import qcoord_hw as qc
    from qcoord_hw.cli.theory import read_rates

    found = qc.theory_codebook(
        options.state,
        options.n,
        read_rates(options.at),
        network=options.network,
        draws=options.draws,
        seed=options.seed,
        time_limit=options.time_limit,
    )
    show_answer(options, found)


def _binning(options: argparse.Namespace) -> None:
    import qcoord_hw as qc

    found = qc.theory_binning(
        options.state, options.n, options.rate, receiver=options.receiver, delta=options.delta
    )
    show_answer(options, found)


def _redistribution(options: argparse.Namespace) -> None:
    import qcoord_hw as qc

    found = qc.theory_redistribution(
        options.state, sent=options.sent, side=options.side, reference=options.reference
    )
    show_answer(options, found)

"""Rows of [NatorPereg], Sections I and III: networks whose links carry bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qcoord_hw.papers import closed_forms as closed
from qcoord_hw.papers.asking import ask
from qcoord_hw.papers.closed_forms import h
from qcoord_hw.papers.reading import Data, counted, infeasible, quantity
from qcoord_hw.papers.row import Claim, Row

DSBS = ask("theory region", "dsbs:crossover=0.1", network="two-node")
ERASURE = ask("theory region", "erasure:erasure=0.4", network="two-node", frontier=7)
MIRROR = ask("theory region", "mirror-qubits:x=0.3,z=0.6", network="two-node")
CODES = {n: ask("show", f"two-node-n{n}") for n in (1, 2, 3)}


def no_communication(state: str, **options: Any) -> Any:
    """Return the command for a state without communication."""
    return ask("theory region", state, network="no-communication", **options)


def _code(n: int) -> Row:
    rates = {1: (0, 1), 2: (1 / 2, 1 / 2), 3: (1 / 3, 2 / 3)}[n]
    words = f"n = {n}, (R0, R1) = ({rates[0]:.4g}, {rates[1]:.4g})"
    norm = 0.0 if n == 1 else closed.coset_norm(n)
    return Row(
        f"nator-19-n{n}",
        "Nator",
        f"Definition 1, (16)-(19): a code at n = {n}",
        (
            Claim(f"{words}: || rho - omega ||_1", "<= eps at large n; the coset code", norm, how="at most"),
            Claim("R0 counted", f"{rates[0]:.4g}", rates[0]),
            Claim("R1 counted", f"{rates[1]:.4g}", rates[1]),
        ),
        (CODES[n],),
        lambda d: (
            d["exact"]["trace_norm_exact"],
            counted(d, "common", "random_bits"),
            counted(d, "Alice->Bob", "bits"),
        ),
        note="whole trace norm; the asymptotic rates are those of (21)",
        runs=(f"two-node-n{n}",),
        quick=False,
    )


def _frontier(d: Data) -> list[float]:
    """Return by how much the frontier of the erasure channel misses its closed form, both ends."""
    gaps = []
    for point in d["frontier"]:
        right = closed.erasure_frontier(0.4, point["R0"])
        gaps.append(max(point["lower"] - right, right - point["upper"], point["upper"] - point["lower"], 0.0))
    return [max(gaps)]


def _is_mixed(d: Data) -> bool:
    """Return whether the mixture of the blocks of a state of four letters is the maximally mixed one."""
    ensemble = d["certificate"]["target"]["ensemble"]
    mean = sum(float(one["p"]) * np.array(one["density"])[..., 0] for one in ensemble)
    return bool(np.abs(mean - np.eye(4) / 4).max() < 1e-9)


ROWS = (
    Row(
        "nator-1",
        "Nator",
        "(1), Figure 1: Wyner's common information, a binary source that differs with probability .1",
        (
            Claim("C(X;Y)", "min I(U;XY)", closed.wyner_dsbs(0.1)),
            Claim("R with common randomness", "I(X;Y)", 1 - h(0.1)),
        ),
        (DSBS,),
        lambda d: (quantity(d, "C0"), quantity(d, "R_inf")),
        label="bracket",
    ),
    Row(
        "nator-figure-2",
        "Nator",
        "Figure 2, Section I: a state over a link of qubits; an EPR pair",
        (
            Claim("Q", "H(omega_B)", 1.0),
            Claim("Q with ebits", "I(A;B) / 2", 1.0),
        ),
        (ask("theory region", "epr", network="two-node"),),
        lambda d: [
            d["criteria"][c]["constraints"][0][">="] for c in ("no_entanglement", "entanglement_assisted")
        ],
    ),
    Row(
        "nator-figure-2-mixed",
        "Nator",
        "Figure 2, Section I: the same claim for a mixed state, no pair at all",
        (Claim("Q for the maximally mixed state", "H(omega_B)", 1.0, instead=0.0),),
        (ask("theory region", "werner:visibility=0", network="two-node"),),
        lambda d: [d["criteria"]["no_entanglement"]["constraints"][0][">="]],
        erratum="Nator 5",
        note="each makes its half alone",
    ),
    *(_code(n) for n in (1, 2, 3)),
    Row(
        "nator-19-random",
        "Nator",
        "Definition 1, (16)-(19): a random codebook at n = 2",
        (Claim("|| rho - omega ||_1", "<= eps at large n; all words equal", 0.7 / math.sqrt(2)),),
        (ask("show", "two-node-n2-random"),),
        lambda d: [d["exact"]["trace_norm_exact"]],
        quick=False,
    ),
    Row(
        "nator-definition-1",
        "Nator",
        "Definition 1: the capacity is a supremum of rates",
        (Claim("is R1 = 50 beyond the capacity", "yes, were it a supremum", 1.0, instead=0.0),),
        (ask("theory region", "dsbs:crossover=0.1", network="two-node", at={"R0": 0, "R1": 50}),),
        lambda d: [float(not d["membership"]["theorem"]["inside"])],
        erratum="Nator 10",
        note="every rate above the infimum is achievable, and R0 is what there may be some of",
    ),
    Row(
        "nator-21",
        "Nator",
        "Theorem 1, (2)-(4), (20)-(21): a bit through an erasure channel, .4, seven points",
        (Claim("largest miss of the frontier (R0, R1)", "(21) in closed form", 0.0, tolerance=5e-5),),
        (ERASURE,),
        _frontier,
        label="bracket",
        note="the closed form is taken on a grid of 1/20000",
        quick=False,
    ),
    Row(
        "nator-22",
        "Nator",
        "Corollary 2, (22): no common randomness",
        (
            Claim("dsbs .1: R1", "min I(XB;U)", closed.wyner_dsbs(0.1)),
            Claim("erasure .4: R1", "min I(XB;U)", 1.0),
        ),
        (DSBS, ERASURE),
        lambda d, e: (quantity(d, "C0"), quantity(e, "C0")),
        label="bracket",
    ),
    Row(
        "nator-23",
        "Nator",
        "Corollary 3, (23), and the remark after it: unlimited common randomness",
        (
            Claim("dsbs .1: R1", "I(X;Y)", 1 - h(0.1)),
            Claim("R0 that suffices", "H(Y|X)", h(0.1), tolerance=1e-5),
            Claim("mirror (.3, .6): R1", "min I(X;U)", closed.mirror_rate(0.3, 0.6)),
        ),
        (DSBS, MIRROR),
        lambda d, m: (
            quantity(d, "R_inf"),
            d["quantities"]["R0_for_R_inf"]["upper"],
            quantity(m, "R_inf"),
        ),
        label="bracket",
    ),
    Row(
        "nator-25",
        "Nator",
        "Definition 2, (24)-(25): one bit of common randomness makes the mixture",
        (
            Claim("|| rho - omega ||_1", "<= eps", 0.0),
            Claim("R0 counted", "1"),
        ),
        (ask("show", "no-communication-ghz"),),
        lambda d: (d["exact"]["trace_norm_exact"], counted(d, "common", "random_bits")),
        runs=("no-communication-ghz",),
        quick=False,
    ),
    Row(
        "nator-27",
        "Nator",
        "Theorem 4, (5), (26)-(27): a Werner state of visibility 1/3, mixed of four products",
        (
            Claim("I(U;AB) of the mixture", "H(AB): the products are pure", 0.5 + math.log2(6) / 2),
            Claim("|| rho - omega ||_1", "<= eps", 0.0),
        ),
        (ask("show", "no-communication-werner"),),
        lambda d: (d["rates"]["R0 asymptotic"]["value"], d["exact"]["trace_norm_exact"]),
        label="upper",
        note="an upper bound on C_NC: whether another mixture needs less is not printed",
        runs=("no-communication-werner",),
        quick=False,
    ),
    Row(
        "nator-remark-1",
        "Nator",
        "Remark 1: entanglement cannot be simulated without communication",
        (Claim("some rate suffices for a GHZ state", "no", 0.0),),
        (no_communication("ghz"),),
        lambda d: [1 - infeasible(d)],
    ),
    Row(
        "nator-remark-2",
        "Nator",
        "Remark 2: a product state, the mixture of |000> and |111>, an entangled state",
        (
            Claim("C_NC of a product", "0"),
            Claim("C_NC of the mixture", "1"),
            Claim("C_NC of a GHZ state", "inf"),
        ),
        (
            no_communication("noisy-ghz:visibility=0"),
            no_communication("ghz-mixture"),
            no_communication("ghz"),
        ),
        lambda *found: [quantity(d, "C") for d in found],
    ),
    Row(
        "nator-30",
        "Nator",
        "Theorem 5, (6)-(7), (28)-(30): a bit at Bob, one of two pure states at Charlie",
        (
            Claim("R1", "I(X;U)", 1.0),
            Claim("R0 + R1", "I(XBC;U)", 1.0),
        ),
        (ask("theory region", "mirror-broadcast", network="classical-broadcast"),),
        lambda d: (quantity(d, "R_inf"), quantity(d, "C0")),
        label="bracket",
        note="(28) calls the set S_2-BC, (30) S_BC: they are one (erratum Nator 19)",
    ),
    Row(
        "nator-remark-3",
        "Nator",
        "Remark 3: omega_BC separable; four Bell states labelled by X, whose mixture is",
        (
            Claim("omega_BC has to be separable; it is", "not printed", 1.0),
            Claim("it can be simulated", "not printed", 0.0),
        ),
        (ask("theory region", "bell-labels", network="classical-broadcast"),),
        lambda d: (float(_is_mixed(d)), 1 - infeasible(d)),
        note="each omega_BC^x has to be separable, which says more (erratum Nator 7)",
    ),
)
"""In the order of the paper."""

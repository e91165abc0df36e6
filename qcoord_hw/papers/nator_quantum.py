"""Rows of [NatorPereg], Section IV: networks whose links carry qubits."""

from __future__ import annotations

import math

from qcoord_hw.papers import closed_forms as closed
from qcoord_hw.papers.asking import Ask, ask
from qcoord_hw.papers.closed_forms import LOG3, h
from qcoord_hw.papers.reading import Data, counted, infeasible, sides
from qcoord_hw.papers.row import Claim, Row

EXAMPLE_1 = ask("theory region", "example-1", network="cascade")
EXAMPLE_2 = ask("theory region", "example-2", network="cascade")
PAIRS = ask("theory region", "two-pairs", network="multiple-access")
GHZ_CODE = ask("show", "cascade-ghz2")
FOUR = ("Q1", "Q1+E1", "Q2", "Q2+E2")

UNSETTLED = 1e-5
"""How far apart the bounds on Example 1 under Definition 4 may be, in qubits per copy."""


def broadcast(state: str) -> tuple[Ask]:
    """Return the command for a state of the quantum broadcast network."""
    return (ask("theory region", state, network="quantum-broadcast"),)


def _generation(d: Data) -> list[tuple[float, float]]:
    return sides(d, "generation_outer", "Q1+E1", "Q2", "Q2+E2")


def _first_line(d: Data) -> list[float]:
    """Return the numbers of (41) at the corner with the least Q1 and Q2."""
    line = d["resource_inequalities"][0]["line"]
    return [float(term.split()[0]) for term in line.split(" >= ")[0].split(" + ")]


def _refuted(row: str, state: str, what: str, why: str) -> Row:
    return Row(
        f"nator-57-{row}",
        "Nator",
        f"Theorem 8, (56)-(57): {what}",
        (Claim("can be made", "yes, at the rates (57): (56) holds", 1.0, instead=0.0),),
        broadcast(state),
        lambda d: [1 - infeasible(d)],
        erratum="Nator 2",
        note=why,
    )


def _compressed(name: str, n: int, sent: int, p: float) -> Row:
    """Return the row of a code that sends so many qubits for n copies and keeps the mass p."""
    return Row(
        f"nator-65-{name}",
        "Nator",
        f"Section XI: compression of one sender's .9, .1 at n = {n}, {sent} qubits",
        (
            Claim("fidelity", "P^2 by projection", p * p, how="at least"),
            Claim("Q counted", f"{sent}/{n}"),
        ),
        (ask("show", name),),
        lambda d: (d["exact"]["fidelity_exact"], counted(d, "Alice->Charlie", "qubits")),
        note="a code that prepares instead of projecting may do better",
        runs=(name,) if n < 4 else (),
        quick=False,
    )


def _schumacher(n: int) -> Row:
    p = closed.likeliest(0.8, n, math.floor(2 ** (0.75 * n) + 1e-9) if n < 60 else 2 ** (3 * n // 4))
    return Row(
        f"nator-schumacher-{n}",
        "Nator",
        f"Section XI: Schumacher compression at n = {n}, rate .75, spectrum .8, .2",
        (Claim("P", "the 2^(nR) likeliest strings", p), Claim("fidelity", "P^2", p * p)),
        (ask("theory schumacher", spectrum=["0.8", "0.2"], n=n, rate=0.75),),
        lambda d: (d["P"], d["entanglement_fidelity"]),
    )


ROWS = (
    Row(
        "nator-34",
        "Nator",
        "Definition 3, (31)-(39): a code of the cascade network, GHZ, n = 2",
        (
            Claim("|| rho - omega ||_1 (40)", "<= eps", 0.0),
            Claim("Q1 counted", "0"),
            Claim("E1 counted", "1"),
            Claim("Q2 counted", "1/2"),
            Claim("E2 counted", "1/2"),
        ),
        (GHZ_CODE,),
        lambda d: (
            d["exact"]["trace_norm_exact"],
            counted(d, "Alice->Bob", "qubits"),
            counted(d, "Alice-Bob", "ebits"),
            counted(d, "Bob->Charlie", "qubits"),
            counted(d, "Bob-Charlie", "ebits"),
        ),
        note="encoder of Alice as (34) has it; (150) gives her A^n as well (erratum Nator 20)",
        runs=("cascade-ghz2",),
        quick=False,
    ),
    Row(
        "nator-40",
        "Nator",
        "Definition 4, (40): Example 1 at n = 1 by sending classical trits",
        (
            Claim("made exactly with the Q1 that is counted", "no: Q1 >= 1.7925", 0.0, instead=1.0),
            Claim("Q1 counted", "log 3", LOG3),
            Claim("Q2 counted", "log 3", LOG3),
        ),
        (ask("show", "cascade-example-1"),),
        lambda d: (
            float(d["exact"]["trace_norm_exact"] < 1e-9),
            counted(d, "Alice->Bob", "log2_dim"),
            counted(d, "Bob->Charlie", "log2_dim"),
        ),
        erratum="Nator 1",
        note="Definition 4 scores omega_ABC alone, which trits that are sent on make",
        runs=("cascade-example-1",),
        quick=False,
    ),
    Row(
        "nator-41",
        "Nator",
        "Remark 4, (41): resource inequality, Example 1 at its corner of least Q1 and Q2",
        (
            Claim("[q->q]_A->B", "1.7925"),
            Claim("[qq]_AB", "2.5850 - 1.7925", LOG3 / 2),
            Claim("[q->q]_B->C", "1.2925"),
            Claim("[qq]_BC", "1.5850 - 1.2925", LOG3 / 2 - 0.5),
        ),
        (EXAMPLE_1,),
        _first_line,
    ),
    Row(
        "nator-42",
        "Nator",
        "Theorem 6, (8)-(11), (42), (135)-(136), (139)-(140), (156), (163): Example 1",
        (
            Claim("Q1", "I(BC;R) / 2", LOG3 / 2 + 1),
            Claim("Q1 + E1", "H(BC)", LOG3 + 1),
            Claim("Q2", "I(C;RA) / 2", (LOG3 + 1) / 2),
            Claim("Q2 + E2", "H(C)", LOG3),
        ),
        (EXAMPLE_1,),
        lambda d: sides(d, "redistribution", *FOUR),
        note="the reference is kept and scored, as in (153)",
    ),
    Row(
        "nator-43",
        "Nator",
        "Corollary 7, (43): a pure state, GHZ",
        (
            Claim("Q1", "0"),
            Claim("Q1 + E1", "H(BC)", 1.0),
            Claim("Q2", "I(C;A) / 2", 0.5),
            Claim("Q2 + E2", "H(C)", 1.0),
        ),
        (ask("theory region", "ghz", network="cascade"),),
        lambda d: sides(d, "redistribution", *FOUR),
        runs=("cascade-ghz2",),
    ),
    Row(
        "nator-45",
        "Nator",
        "Example 1, (44)-(45): the purification",
        (Claim("factor of |omega_ABCR>", "1/6", instead=1 / math.sqrt(6)),),
        (EXAMPLE_1,),
        lambda d: [_factor(d)],
        erratum="Nator 8",
        note="with 1/6 its norm squared is 1/6",
    ),
    Row(
        "nator-46",
        "Nator",
        "Example 1, (46)",
        (
            Claim("Q1", "1.7925"),
            Claim("Q1 + E1", "2.5850"),
            Claim("Q2", "1.2925"),
            Claim("Q2 + E2", "1.5850"),
        ),
        (EXAMPLE_1,),
        lambda d: sides(d, "redistribution", *FOUR),
        note="criterion redistribution: the reference is kept",
    ),
    Row(
        "nator-46-definition-4",
        "Nator",
        "Example 1, (46), under Definition 4, which scores omega_ABC alone",
        (
            Claim("Q1 + E1", "2.5850", instead=LOG3, width=UNSETTLED),
            Claim("Q2", "1.2925", instead=LOG3 / 2 - 0.5),
            Claim("Q2 + E2", "1.5850", width=UNSETTLED),
        ),
        (EXAMPLE_1,),
        _generation,
        label="bracket",
        erratum="Nator 1",
        note="a code is counted and simulated at the upper ends",
    ),
    Row(
        "nator-47",
        "Nator",
        "Example 2, (47) and the region after it",
        (
            Claim("Q1 + E1", "1.5850"),
            Claim("Q2", "0.7925"),
            Claim("Q2 + E2", "1.5850"),
        ),
        (EXAMPLE_2,),
        lambda d: sides(d, "redistribution", *FOUR[1:]),
        runs=("cascade-example-2-ebits",),
    ),
    Row(
        "nator-47-lower",
        "Nator",
        "Example 2, last paragraph: with E1 = E2 Alice sends at a lower rate than Bob",
        (
            Claim("Alice's rate is lower at E = 0", "yes", 1.0, instead=0.0),
            Claim("E beyond which it is", "not printed", LOG3 / 2),
        ),
        (EXAMPLE_2,),
        lambda d: (
            float(_rate(d, "1", 0.0) < _rate(d, "2", 0.0) - 1e-9),
            sides(d, "redistribution", "Q1+E1")[0][1] - sides(d, "redistribution", "Q2")[0][1],
        ),
        erratum="Nator 12",
        note="lower only where E > .7925",
    ),
    Row(
        "nator-figure-13a",
        "Nator",
        "Figure 13 (a): corners of Example 1, blue (Q1, E1) and green (Q2, E2)",
        (
            Claim("blue, Q1", "1.7925"),
            Claim("E1 there", "2.5850 - 1.7925", LOG3 / 2),
            Claim("Q1 at E1 = 0", "2.5850"),
            Claim("green, Q2", "1.2925"),
            Claim("E2 there", "1.5850 - 1.2925", LOG3 / 2 - 0.5),
            Claim("Q2 at E2 = 0", "1.5850"),
        ),
        (EXAMPLE_1,),
        lambda d: _corners(d),
    ),
    Row(
        "nator-figure-13b",
        "Nator",
        "Figure 13 (b): corners of Example 2, blue (Q1, E1) and green (Q2, E2)",
        (
            Claim("blue, Q1", "0"),
            Claim("E1 there", "1.5850"),
            Claim("Q1 at E1 = 0", "1.5850"),
            Claim("green, Q2", "0.7925"),
            Claim("E2 there", "0.7925"),
            Claim("Q2 at E2 = 0", "1.5850"),
        ),
        (EXAMPLE_2,),
        lambda d: _corners(d),
    ),
    Row(
        "nator-57",
        "Nator",
        "Theorem 8, (12)-(13), Definitions 5-6 (48)-(55), (57): an EPR pair turned by the questions",
        (
            Claim("Q1", "H(B|X)", 1.0),
            Claim("Q2", "H(C|Y)", 1.0),
        ),
        broadcast("broadcast-epr"),
        lambda d: sides(d, "theorem", "Q1", "Q2"),
        runs=("broadcast-epr",),
    ),
    Row(
        "nator-57-compressed",
        "Nator",
        "Theorem 8, (57): a partially entangled pair, .8",
        (
            Claim("Q1", "H(B|X)", h(0.2)),
            Claim("Q2", "H(C|Y)", h(0.2)),
        ),
        broadcast("broadcast-compressed:p=0.8"),
        lambda d: sides(d, "theorem", "Q1", "Q2"),
        runs=("broadcast-compressed",),
    ),
    _refuted("phase", "phase-pr", "(I x Z^xy) Phi+", "it would win CHSH with certainty"),
    _refuted("signalling", "question-at-bob", "B = y", "Bob would learn the other question"),
    _refuted("product", "question-product", "C = xy", "nobody who prepares C knows x"),
    _refuted("cloning", "pair-to-either", "a pair of A and B if X = Y = 0, of A and C if 1", "no-cloning"),
    Row(
        "nator-remark-5",
        "Nator",
        "Remark 5: tripartite entanglement can be distributed, two pairs with A cannot",
        (
            Claim("a GHZ state can be made", "yes", 1.0),
            Claim("A paired with B and with C", "no: no-cloning theorem", 0.0),
        ),
        (*broadcast("ghz"), *broadcast("pair-to-either")),
        lambda ghz, either: (float(ghz["status"] == "feasible"), 1 - infeasible(either)),
        runs=("broadcast-ghz",),
    ),
    Row(
        "nator-remark-6",
        "Nator",
        "Remark 6, (56): A uncorrelated with XY",
        (Claim("A = x can be made", "no", 0.0),),
        broadcast("question-at-alice"),
        lambda d: [1 - infeasible(d)],
    ),
    Row(
        "nator-64",
        "Nator",
        "Remark 7, (64), (183): the isometry V of two pairs",
        (Claim("|| V|omega> - |phi>|chi> ||", "0"),),
        (PAIRS,),
        lambda d: [d["details"]["distance"]],
    ),
    Row(
        "nator-64-impossible",
        "Nator",
        "Remark 7: coordination is impossible unless omega_AB is a product; GHZ",
        (Claim("some rates suffice", "no", 0.0),),
        (ask("theory region", "ghz", network="multiple-access"),),
        lambda d: [1 - infeasible(d)],
    ),
    Row(
        "nator-66",
        "Nator",
        "Remark 8, (66): resource inequality of two pairs, .8",
        (
            Claim("[q->q]_A->C", "H(A)", h(0.2), tolerance=1e-6),
            Claim("[q->q]_B->C", "H(B)", h(0.2), tolerance=1e-6),
        ),
        (PAIRS,),
        _first_line,
    ),
    Row(
        "nator-67",
        "Nator",
        "Theorem 9, (14)-(15), (67), (184)-(185), Definitions 7-8 (58)-(65): two pairs, .8",
        (
            Claim("Q1", "H(A)", h(0.2)),
            Claim("Q2", "H(B)", h(0.2)),
        ),
        (PAIRS,),
        lambda d: sides(d, "theorem", "Q1", "Q2"),
        runs=("mac-n2", "mac-n3"),
    ),
    Row(
        "nator-67-mixed",
        "Nator",
        "Theorem 9 takes pure states; the mixture of |000> and |111>",
        (Claim("covered", "no", 0.0),),
        (ask("theory region", "ghz-mixture", network="multiple-access"),),
        lambda d: [float(d["status"] != "not_covered")],
    ),
    *(
        _compressed(*one)
        for one in (
            ("mac-n2", 2, 1, closed.likeliest(0.9, 2, 2)),
            ("mac-n3", 3, 2, closed.likeliest(0.9, 3, 4)),
            ("mac-n4", 4, 3, closed.likeliest(0.9, 4, 8)),
            ("mac-n4-low", 4, 2, closed.likeliest(0.9, 4, 4)),
            ("mac-n6", 6, 4, closed.likeliest(0.9, 3, 4) ** 2),
        )
    ),
    *(_schumacher(n) for n in (3, 4, 12, 100, 1000)),
)
"""In the order of the paper."""


def _factor(d: Data) -> float:
    """Return the coefficient of the six kets: the root of their probabilities, which are equal."""
    density = d["certificate"]["target"]["ensemble"][0]["density"]
    return math.sqrt(max(row[k][0] for k, row in enumerate(density)))


def _rate(d: Data, link: str, ebits: float) -> float:
    """Return the least rate of a link with these ebits."""
    least, total = sides(d, "redistribution", f"Q{link}", f"Q{link}+E{link}")
    return max(least[1], total[1] - ebits)


def _corners(d: Data) -> list[float]:
    """Return for each link the least Q, the E there, and the Q at E = 0."""
    found = []
    for link in "12":
        least, total = sides(d, "redistribution", f"Q{link}", f"Q{link}+E{link}")
        found += [least[1], total[1] - least[1], total[1]]
    return found

"""Rows of [NatorPereg], Sections VI to IX: the steps of the proofs that state a number or a construction."""

from __future__ import annotations

import math

from qcoord_hw.papers.asking import ask
from qcoord_hw.papers.closed_forms import LOG3, h, mean_of_signs
from qcoord_hw.papers.reading import Data, counted
from qcoord_hw.papers.row import Claim, Row

MIRROR = "mirror-qubits:x=0.5,z=0.5"
NS = [1, 2, 3, 4, 5, 6]
ABOVE = ask("theory resolvability", MIRROR, n=NS, rate=1.5, draws=60)
LONG = ask("theory resolvability", "dsbs:crossover=0.1", n=[100, 3000], rate=0.6)
AT_I = ask("theory resolvability", "dsbs:crossover=0.1", n=[100, 3000], rate=round(1 - h(0.1), 9))
BOOK = ask("theory codebook", MIRROR, n=NS, at={"R0": 0.4, "R1": 1.0}, draws=20, time_limit=10)
WIDE = ask(
    "theory codebook",
    "mirror-broadcast",
    n=[1, 2, 3],
    at={"R0": 0.5, "R1": 1.9},
    network="classical-broadcast",
    draws=40,
    time_limit=10,
)


def _steps(d: Data) -> tuple[float, float, float]:
    """Return by how much (80) exceeds (77) and (83) exceeds (80) + (82) at the worst n, and the last (83)."""
    steps = [point["expected"] for point in d["points"]]
    first = max(one["encoding"] - one["covering"] for one in steps)
    second = max(one["whole"] - one["encoding"] - one["mean"] for one in steps)
    return max(first, 0.0), max(second, 0.0), steps[-1]["whole"]


def _norms(d: Data) -> list[float]:
    return [point["expected_trace_norm"] for point in d["points"]]


ROWS = (
    Row(
        "nator-71",
        "Nator",
        "Theorem 10, (71): two mirrored qubits, n = 1 to 6, R = 1.5",
        (
            Claim("I(X;A), which R exceeds", "H(A) - H(A|X)", h(0.75) - h((1 + math.sqrt(0.5)) / 2)),
            Claim("E || .. ||_1 at n = 1, M = 3", "mean of three signs, times z", 0.5 * mean_of_signs(3)),
            Claim("E || .. ||_1 at n = 6", "<= delta", 0.1, how="at most"),
        ),
        (ABOVE,),
        lambda d: (d["information"], _norms(d)[0], _norms(d)[-1]),
        note="exact to n = 2, then a mean of 60 codebooks with its standard error",
        quick=False,
    ),
    Row(
        "nator-71-large",
        "Nator",
        "Theorem 10, (71): a binary symmetric channel, .1, n = 3000, R = .6 above I = .5310",
        (Claim("E || .. ||_1", "<= delta", 0.0, tolerance=0.001),),
        (LONG,),
        lambda d: [_norms(d)[-1]],
        label="bracket",
        quick=False,
    ),
    Row(
        "nator-75",
        "Nator",
        "(75), (77), (82): R equal to the mutual information is enough; n = 3000",
        (Claim("E || .. ||_1 vanishes at R = I", "yes", 1.0, instead=0.0),),
        (AT_I,),
        lambda d: [float(_norms(d)[-1] < 0.5)],
        erratum="Nator 16",
        note="it tends to 1, half its largest value: >= has to be >",
        quick=False,
    ),
    Row(
        "nator-83",
        "Nator",
        "Section VI-A, (72)-(83): random codebooks for two mirrored qubits, R0 = .4, R1 = 1, n = 1 to 6",
        (
            Claim("(80) beyond (77)", "0"),
            Claim("(83) beyond (80) + (82)", "0"),
            Claim("E || omega - rho ||_1 at n = 6", "<= 2 delta", 0.25, how="at most"),
            Claim("its standard error", "not printed"),
        ),
        (BOOK,),
        lambda d: (*_steps(d), d["points"][-1]["standard_error"]["whole"]),
        label="upper",
        note="F is undefined where P~ = 0; m1 is uniform there (erratum Nator 14); means of drawn codebooks",
        quick=False,
    ),
    Row(
        "nator-118",
        "Nator",
        "Section VIII-A, (106)-(118): the same for two receivers, R0 = .5, R1 = 1.9",
        (
            Claim("(115) beyond (112)", "0"),
            Claim("(118) beyond (115) + (117)", "0"),
            Claim("E || omega - rho ||_1 at n = 3", "<= 2 delta", 0.4, how="at most"),
        ),
        (WIDE,),
        _steps,
        label="upper",
        note="means of drawn codebooks",
        quick=False,
    ),
    Row(
        "nator-133",
        "Nator",
        "Theorem 11, (133)-(134): Example 2, B is sent, C is Bob's, A the reference",
        (
            Claim("Q", "I(B;R|G) / 2", LOG3 / 2),
            Claim("Q + E", "H(B|G)", 0.0),
        ),
        (ask("theory redistribution", "example-2", sent="B", side="C", reference="A"),),
        lambda d: (d["Q"], d["Q_plus_E"]),
        note="ebits are gained",
    ),
    Row(
        "nator-149",
        "Nator",
        "Section IX-A, (135)-(149): the scheme for GHZ at (Q1, E1, Q2, E2) = (0, 1, 1/2, 1/2)",
        (
            Claim("|| rho - omega ||_1", "<= 2 eps", 0.0),
            Claim("Q2 counted", "I(C;AR) / 2", 0.5),
            Claim("E1 counted", "H(BC)", 1.0),
        ),
        (ask("show", "cascade-ghz2"),),
        lambda d: (
            d["exact"]["trace_norm_exact"],
            counted(d, "Bob->Charlie", "qubits"),
            counted(d, "Alice-Bob", "ebits"),
        ),
        runs=("cascade-ghz2",),
        quick=False,
    ),
)
"""In the order of the paper."""

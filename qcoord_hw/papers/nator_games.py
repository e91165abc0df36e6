"""Rows of [NatorPereg], Sections V and X: nonlocal games, and the binning that is to distribute them."""

from __future__ import annotations

import itertools
import math

import numpy as np

from qcoord_hw.papers.asking import ask
from qcoord_hw.papers.reading import Data
from qcoord_hw.papers.row import Claim, Row

CHSH = ask("theory game", "chsh", correlation=True)
LITERAL = ask("theory region", "broadcast-epr", network="quantum-broadcast")
WIN = math.cos(math.pi / 8) ** 2
AT_8 = ask("theory game", "chsh", win=0.8)
SPECTRUM = "broadcast-compressed:p=0.8"


def _table(d: Data) -> float:
    """Return by how much (69) misses Tr[(F (x) D) rho] for the pair and the angles of its optimum."""
    table = np.array(d["correlation"])
    worst = 0.0
    for x, y, b, c in itertools.product(range(2), repeat=4):
        right = (WIN if b ^ c == x & y else 1 - WIN) / 2
        worst = max(worst, abs(float(table[x, y, b, c]) - right))
    return worst


def _four(d: Data) -> tuple[tuple[float, float], float, float, float]:
    f = d["frontier"]
    rate = f["formula_rate"]["bob"]
    return (
        (rate["lower"], rate["upper"]),
        f["time_shared"]["value"],
        f["strategy_entanglement"]["value"],
        f["circuit_qubits"]["value"],
    )


AFTER = 0.5 + 1 / (8 * math.sqrt(2))
"""What the CHSH correlation wins after the map: both answers are measured in a fresh question's basis."""

WEAKER = 0.5 + math.sqrt(1.5) / 4
"""What the pair of Schmidt weights cos^2, sin^2(pi/8) wins [Horodecki1995]."""


def _weaker(d: Data) -> tuple[float, float, tuple[float, float]]:
    rate, _, ebits, _ = _four(d)
    return float(ebits >= rate[0]), ebits, rate


def _entanglement(win: float) -> float:
    """Return the least ebits of a pure pair of qubits that wins CHSH so often; its angle by bisection."""
    low, high = 0.0, math.pi / 4
    for _ in range(100):
        middle = (low + high) / 2
        reached = 0.5 + math.sqrt(1 + math.sin(2 * middle) ** 2) / 4
        low, high = (middle, high) if reached < win else (low, middle)
    p = math.cos(high) ** 2
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


ROWS = (
    Row(
        "nator-68",
        "Nator",
        "Section V, (68): CHSH with classical correlations",
        (Claim("win probability", "0.75"),),
        (CHSH,),
        lambda d: [d["classical"]["float"]],
        runs=("chsh",),
    ),
    Row(
        "nator-69",
        "Nator",
        "Section V, (69): the correlation P(b, c | x, y) of the optimal strategy",
        (Claim("largest miss of the 16 entries", "Tr[(F (x) D) rho]", 0.0),),
        (CHSH,),
        lambda d: [_table(d)],
    ),
    Row(
        "nator-70",
        "Nator",
        "Section V, (70): CHSH with an EPR pair",
        (Claim("win probability", "cos^2(pi/8)", WIN), Claim("in digits", "0.8535", instead=WIN)),
        (CHSH,),
        lambda d: [(d["quantum"]["lower"], d["quantum"]["upper"])] * 2,
        erratum="Nator 15",
        note="0.85355.. rounds to .8536",
        runs=("chsh", "broadcast-epr"),
    ),
    Row(
        "nator-70-qubits",
        "Nator",
        "Section V: (Q1, Q2) = (1, 1)",
        (Claim("qubits to each player", "1"),),
        (AT_8,),
        lambda d: [d["frontier"]["circuit_qubits"]["value"]],
        note="enough for the optimum, one round at a time",
        quick=False,
    ),
    Row(
        "nator-magic-square",
        "Nator",
        "Section V: the magic square",
        (
            Claim("classical win probability", "below 1", 8 / 9),
            Claim("quantum win probability", "1"),
            Claim("qubits to each player", "2"),
        ),
        (ask("theory game", "magic-square"),),
        lambda d: (
            d["classical"]["float"],
            (d["quantum"]["lower"], d["quantum"]["upper"]),
            math.log2(d["quantum"]["local_dimension"]),
        ),
        runs=("magic-square",),
    ),
    Row(
        "nator-slofstra-vidick",
        "Nator",
        "Section V: the game of Slofstra and Vidick, (1 - e^-T) with Q proportional to T",
        (
            Claim("hardy-1 beside: quantum value", "not printed"),
            Claim("hardy-2", "not printed"),
            Claim("hardy-4", "not printed"),
        ),
        tuple(ask("theory game", f"hardy-{n}", time_limit=15) for n in (1, 2, 4)),
        lambda *found: [(d["quantum"]["lower"], d["quantum"]["upper"]) for d in found],
        label="not reproducible",
        erratum="Nator 4",
        note="neither the game nor a constant is printed, and H(B|X) <= log |B| cannot grow with T",
        runs=("hardy-1",),
        quick=False,
    ),
    Row(
        "nator-s-gamma",
        "Nator",
        "Section V, last sentence: CHSH won with probability .8, four quantities",
        (
            Claim("least H(B|X) of quantum correlations", "not printed"),
            Claim("time sharing with the optimum, qubits", "not printed", 0.05 / (WIN - 0.75)),
            Claim("ebits of a pure pair that wins so often", "not printed", _entanglement(0.8)),
            Claim("qubits of the circuit", "not printed", 1.0),
        ),
        (AT_8,),
        _four,
        label="bracket",
        note="labelled apart: the formula is neither necessary nor proved sufficient (erratum Nator 4)",
        quick=False,
    ),
    Row(
        "nator-s-gamma-necessary",
        "Nator",
        "Section V, last sentence: the constraints of Theorem 8 are necessary; cos(pi/8)|00> + sin(pi/8)|11>",
        (
            Claim("qubits per round that win .8062 are at least H(B|X)", "yes", 1.0, instead=0.0),
            Claim("these qubits", "not printed", _entanglement(WEAKER)),
            Claim("least H(B|X) at that score", "not printed"),
        ),
        (ask("theory game", "chsh", win=WEAKER),),
        _weaker,
        label="bracket",
        erratum="Nator 4",
        quick=False,
    ),
    Row(
        "nator-171",
        "Nator",
        "Section X, (165)-(171), (174)-(179): the measuring map on an EPR pair turned to the CHSH bases",
        (
            Claim(
                "win probability of CHSH after it",
                "that of the target",
                WIN,
                instead=AFTER,
            ),
        ),
        (LITERAL,),
        lambda d: [d["details"]["literal_map"]["chsh"]["BC"]["output"]],
        erratum="Nator 3",
        note="it measures and prepares, and averages over a fresh x",
        runs=("broadcast-epr-literal",),
    ),
    Row(
        "nator-171-pair",
        "Nator",
        "Section X, (169)-(173), (182): the map on a pair of A and B without questions",
        (
            Claim("best CHSH of A and B after it", "that of the target", WIN, instead=0.75),
            Claim("trace norm, whole", "<= eps1 + eps2 + eps4", 0.0, instead=1.0),
        ),
        (ask("theory region", "epr", network="quantum-broadcast"),),
        lambda d: (
            d["details"]["literal_map"]["chsh"]["AB"]["output"],
            d["details"]["literal_map"]["trace_norm"],
        ),
        erratum="Nator 3",
        note="fidelity 1/2: (172)-(173) use half the norm, and see two systems of three",
    ),
    Row(
        "nator-180",
        "Nator",
        "Section X, (180)-(181): random binning above H(B|X) = .7219, Q = .9",
        (
            Claim("failure at n = 1000", "<= eps2", 0.0, tolerance=0.005),
            Claim("H(B|X)", "H(Z|X)", -0.8 * math.log2(0.8) - 0.2 * math.log2(0.2)),
        ),
        (ask("theory binning", SPECTRUM, n=[10, 100, 1000], rate=0.9, delta=0.045),),
        lambda d: (d["points"][-1]["failure"], d["entropy"]),
        quick=False,
    ),
    Row(
        "nator-180-below",
        "Nator",
        "Section X, (180)-(181): random binning below H(B|X), Q = .6",
        (Claim("failure at n = 1000", "-> 1", 1.0),),
        (ask("theory binning", SPECTRUM, n=[10, 100, 1000], rate=0.6, delta=0.045),),
        lambda d: [d["points"][-1]["failure"]],
        quick=False,
    ),
)
"""In the order of the paper."""

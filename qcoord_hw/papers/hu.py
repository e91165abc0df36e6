"""Rows of [Hu2025]: linear computations over a quantum multiple-access channel."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from qcoord_hw.papers.asking import Ask, ask
from qcoord_hw.papers.reading import Data
from qcoord_hw.papers.row import Claim, Row

MATRIX_26 = (
    (2, 0, 1, 1, 2, 0, 0, 0, 0, 0),
    (0, 2, 1, 1, 1, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 1, 0, 1, 1, 1),
    (0, 0, 0, 0, 0, 0, 1, 1, 1, 2),
)
"""As it is printed."""

TASKS = Path(__file__).with_name("tasks")
"""Tasks that the catalogue lacks."""

DATA = 100
"""Random data on which an input-output relation is tried."""


def linear(name: str) -> tuple[Ask]:
    """Return the command for a task of the catalogue."""
    return (ask("theory linear", name),)


def _entries(printed: tuple[tuple[int, ...], ...], d: Data) -> float:
    """Return how many entries of M differ from the printed ones."""
    ours = np.array(d["M"])
    return float("nan") if ours.shape != np.shape(printed) else float((ours != np.array(printed)).sum())


def _opposite(d: Data) -> float:
    """Return how many of p1 + p3 and p2 + p4 are not 0, and entries of M that are not V P or V."""
    p, names = d["field"], d["server_order"]
    one = [int(d["P"][s][0][0]) for s in names]
    v = np.hstack([np.array(d["V"][s]) for s in names])
    right = np.block([[v * one, 0 * v], [0 * v, v]]) % p
    sums = [(one[0] + one[2]) % p, (one[1] + one[3]) % p]
    return float(np.count_nonzero(sums) + (np.array(d["M"]) != right).sum())


def _orthogonal(d: Data) -> float:
    """Return the rank that M lacks, and entries of M J M^T that are not 0; over a prime field."""
    p, m = d["field"], np.array(d["M"])
    half = m.shape[1] // 2
    form = m[:, :half] @ m[:, half:].T - m[:, half:] @ m[:, :half].T
    return float((form % p != 0).sum() + len(m) - _rank(m, p))


def _rank(matrix: Any, p: int) -> int:
    a, rank = np.array(matrix) % p, 0
    for column in range(a.shape[1]):
        hits = np.flatnonzero(a[rank:, column])
        if not hits.size:
            continue
        a[[rank, rank + hits[0]]] = a[[rank + hits[0], rank]]
        a[rank] = a[rank] * pow(int(a[rank, column]), -1, p) % p
        for row in range(len(a)):
            if row != rank:
                a[row] = (a[row] - a[row, column] * a[rank]) % p
        rank += 1
        if rank == len(a):
            break
    return rank


def _answers(d: Data) -> tuple[float, float]:
    """Return how often y = M x is not read: with the generators used, and with the rows taken literally.

    A generator X(a) Z(b) picks up the phase omega^(b.x - a.z) from data X(x) Z(z); y counts it.
    """
    p, m = d["field"], np.array(d["M"])
    n = m.shape[1] // 2
    rng = np.random.default_rng(1)
    generators = np.array([[*one["x"], *one["z"]] for one in d["generators"]])
    wrong = literal = 0
    for _ in range(DATA):
        data = rng.integers(0, p, 2 * n)
        y = m @ data % p
        for rows in (generators, m):
            read = (rows[:, n:] @ data[:n] - rows[:, :n] @ data[n:]) % p
            if rows is generators:
                wrong += bool((read != y).any())
            else:
                literal += bool((read != y).any())
    return float(wrong), float(literal > 0)


def _computed(d: Data) -> float:
    """Return how often what the user reads is not V W for both instances, over random data."""
    p, m = d["field"], np.array(d["M"])
    n, sizes = m.shape[1] // 2, list(d["servers"].values())
    v = [np.array(d["V"][s]) for s in d["server_order"]]
    inverse = [_inverse(np.array(d["P"][s]), p) for s in d["server_order"]]
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(DATA):
        w = [[rng.integers(0, p, size) for size in sizes] for _ in range(2)]
        x = np.zeros(2 * n, dtype=int)
        x[: sum(sizes)] = np.concatenate([q @ own % p for q, own in zip(inverse, w[0], strict=True)])
        x[n : n + sum(sizes)] = np.concatenate(w[1])
        right = [sum(a @ own for a, own in zip(v, one, strict=True)) % p for one in w]
        wrong += bool((m @ x % p != np.concatenate(right)).any())
    return float(wrong)


def _inverse(matrix: Any, p: int) -> Any:
    k = len(matrix)
    both = np.hstack([matrix % p, np.eye(k, dtype=int)])
    for column in range(k):
        hit = column + int(np.flatnonzero(both[column:, column])[0])
        both[[column, hit]] = both[[hit, column]]
        both[column] = both[column] * pow(int(both[column, column]), -1, p) % p
        for row in range(k):
            if row != column:
                both[row] = (both[row] - both[row, column] * both[column]) % p
    return both[:, k:]


def _capacity(d: Data) -> tuple[float, float]:
    """Return the rate of the scheme and the least upper bound on that of any code."""
    optimum = d.get("optimum")
    upper = optimum["rate"] if isinstance(optimum, dict) else d["baselines"]["converse"]
    return float(Fraction(d["rate"])), float(Fraction(upper))


def _corners(d: Data) -> tuple[float, float]:
    """Return the total cost of the region's corners, least and most: all stand on the last face of (6)."""
    totals = [sum(float(Fraction(str(v))) for v in corner.values()) for corner in d["region"]["corners"]]
    return min(totals), max(totals)


def _lemma_2(d: Data) -> tuple[float, float, float]:
    """Return entries off the diagonal of B_1 H G^T B_2^T, those on it, and those of (63) that are not 0."""
    p, found = d["field"], d["lemma_2"]
    names = d["server_order"]
    g = np.hstack([np.array(d["V"][s]) for s in names])
    hh = np.hstack([np.array(d["V"][s]) @ np.array(d["P"][s]) for s in names])
    b1, b2 = np.array(found["B_1"]), np.array(found["B_2"])
    diagonal = b1 @ hh @ g.T @ b2.T % p
    off = diagonal - np.diag(np.diag(diagonal))
    rest = (hh @ g.T + np.array(found["H'"]) @ np.array(found["G'"]).T) % p
    return float((off != 0).sum()), float((np.diag(diagonal) != 0).sum()), float((rest != 0).sum())


def _sum_row(servers: int, order: int) -> Row:
    odd_binary = order == 2 and servers % 2
    return Row(
        f"hu-15-s{servers}-f{order}",
        "Hu",
        f"Remark 3, (15): a sum of {servers} over F_{order}",
        (
            Claim("c", "0", instead=1.0 if odd_binary else None),
            Claim("rate 2/S", str(Fraction(2, servers)), instead=2 / (servers + 1) if odd_binary else None),
        ),
        linear(f"sum-{servers}-f{order}"),
        lambda d: (d["c"], d["rate"]),
        erratum="Hu 5" if odd_binary else None,
        note="over F_4, two instances in a symbol, the rate is reached" if odd_binary else "",
        quick=False,
    )


def _example_3(servers: int, order: int) -> tuple[Ask]:
    """Return the command for Example 3: of the catalogue for three servers, else of a file here."""
    own = TASKS / f"example-3-s{servers}-f{order}.json"
    return linear(f"example-3-f{order}" if servers == 3 else str(own))


ROWS = (
    Row(
        "hu-figure-1",
        "Hu",
        "Figure 1, Section I: two sums of four servers, three ways to compute them",
        (
            Claim("classical", "1/2"),
            Claim("one sum at a time", "2/3"),
            Claim("proposed", "4/5"),
            Claim("qudits per instance", "2.5"),
        ),
        linear("example-1-f3"),
        lambda d: (
            d["baselines"]["classical"],
            d["baselines"]["sigma_qmac"],
            d["rate"],
            d["qudits"] / 2,
        ),
        runs=("example-1-f3", "example-1-f4"),
        quick=False,
    ),
    Row(
        "hu-capacity",
        "Hu",
        "Example 1: the best rate of any code, which the paper does not state",
        (Claim("capacity", "not printed", 4 / 5),),
        linear("example-1-f3"),
        lambda d: [_capacity(d)],
        label="exact",
        note="ours: the converse for four servers meets the scheme",
        quick=False,
    ),
    Row(
        "hu-lemma-1",
        "Hu",
        f"Lemma 1, (5): y = M x, Example 1 over F_3, {DATA} random data",
        (
            Claim("data on which y = M x is not read", "0"),
            Claim("rows read as they stand answer", "yes", 1.0, instead=0.0),
        ),
        linear("example-1-f3"),
        lambda d: (_answers(d)[0], 1 - _answers(d)[1]),
        erratum="Hu 2",
        note="read are X(-M_r) Z(M_l)",
        quick=False,
    ),
    Row(
        "hu-lemma-1-bonus",
        "Hu",
        "Lemma 1, kappa <= N: what a complete measurement tells besides",
        (Claim("further outputs, N - 2K", "not printed", 1.0),),
        linear("example-1-f3"),
        lambda d: [len(d["bonus_outputs"])],
        note="erratum Hu 8 (left open)",
        quick=False,
    ),
    Row(
        "hu-2",
        "Hu",
        "Section II, (1)-(4): both instances of both sums from one transmission",
        (Claim("data on which Y is not V W", "0"), Claim("rate K / sum Delta", "4/5")),
        linear("example-1-f3"),
        lambda d: (_computed(d), d["rate"]),
        quick=False,
    ),
    Row(
        "hu-6",
        "Hu",
        "Theorem 1, (6)-(8), (55): the region of Example 1 over F_3",
        (
            Claim("total cost at every corner", "(sum m_s + c) / 2", 2.5),
            Claim("c", "min rank(sum V_s P_s V_s^T)", 1.0),
            Claim("rate (8)", "2K / (sum m_s + c)", 0.8),
        ),
        linear("example-1-f3"),
        lambda d: (_corners(d), (d["c_lower"], d["c"]), d["rate"]),
        quick=False,
    ),
    Row(
        "hu-6-achievable",
        "Hu",
        "Theorem 1 is achievable; three servers, two dimensions in common, one of each alone",
        (
            Claim("qudits per instance by Theorem 1", "(sum m_s + c) / 2", 5.5),
            Claim("qudits per instance of the best code known", "not printed", 5.25),
        ),
        linear("five-dimensional-f3"),
        lambda d: (d["region"]["cost"], d["beyond"]["cost"]),
        note="achievable, not optimal (erratum Hu 7)",
        quick=False,
    ),
    Row(
        "hu-14",
        "Hu",
        "Remarks 1 and 2, (11), (14), footnote 1: one precoder or two; Example 1 over F_3",
        (
            Claim("c with P on one instance", "min rank(V P V^T)", 1.0),
            Claim("c with P1, P2 on two", "the same", 1.0),
        ),
        linear("example-1-f3"),
        lambda d: (d["c"], _two_precoders(d)),
        quick=False,
    ),
    *(_sum_row(s, q) for s in (2, 3, 4) for q in (2, 3)),
    Row(
        "hu-21",
        "Hu",
        "Example 1, (18)-(21): c over F_3, F_4 and F_5",
        tuple(Claim(f"c over F_{q}", "1") for q in (3, 4, 5)),
        tuple(ask("theory linear", f"example-1-f{q}") for q in (3, 4, 5)),
        lambda *found: [(d["c_lower"], d["c"]) for d in found],
        quick=False,
    ),
    Row(
        "hu-21-f2",
        "Hu",
        "Example 1, (19)-(21): over F_2",
        (
            Claim("c", "1", instead=2.0),
            Claim("rate", "4/5", instead=2 / 3),
            Claim("rate of the symbols of F_4", "not printed", 4 / 5),
        ),
        linear("example-1-f2"),
        lambda d: (d["c"], d["rate"], d["batched"][0]["rate"]),
        erratum="Hu 5",
        note="the paper asks for d >= 3 in the text",
        runs=("example-1-f2-batched",),
        quick=False,
    ),
    Row(
        "hu-21-recipe",
        "Hu",
        "Example 1: p1 = p3 + p4, 2 p2 + p3 + p4 = 0; over F_4",
        (Claim("the recipe has a solution", "yes: d >= 3", 1.0, instead=0.0), Claim("c", "1")),
        linear("example-1-f4"),
        lambda d: (_recipe(d), d["c"]),
        erratum="Hu 4",
        note="in characteristic 2 the second equation says p3 = p4, then p1 = 0",
        quick=False,
    ),
    Row(
        "hu-26",
        "Hu",
        "Example 1, (26): the matrix over F_3, entry by entry",
        (Claim("entries that differ", "0"), Claim("entries of M J M^T that are not 0", "0")),
        linear("example-1-f3"),
        lambda d: (_entries(MATRIX_26, d), _orthogonal(d)),
        quick=False,
    ),
    Row(
        "hu-30",
        "Hu",
        "Example 2, (29)-(30): over F_2, F_3 and F_4",
        tuple(claim for q in (2, 3, 4) for claim in (Claim(f"c over F_{q}", "0"), Claim("rate", "1"))),
        tuple(ask("theory linear", f"example-2-f{q}") for q in (2, 3, 4)),
        lambda *found: [value for d in found for value in (d["c"], d["rate"])],
        runs=("example-2-f3",),
        quick=False,
    ),
    Row(
        "hu-35",
        "Hu",
        "Example 2, (35): the matrix for d = 3, and the capacity",
        (
            Claim("p1 + p3 and p2 + p4", "0"),
            Claim("entries of M J M^T that are not 0", "0"),
            Claim("capacity by Holevo's bound", "1"),
        ),
        linear("example-2-f3"),
        lambda d: (_opposite(d), _orthogonal(d), d["baselines"]["holevo"]),
        note="(35) is one choice of the p_s, for instance",
        quick=False,
    ),
    Row(
        "hu-remark-4",
        "Hu",
        "Remark 4: Example 2 without precoding",
        (
            Claim("c over F_3", "2"),
            Claim("c over F_4", "2", instead=0.0),
        ),
        tuple(ask("theory linear", f"example-2-f{q}") for q in (3, 4)),
        lambda three, four: (three["c_without_precoding"], four["c_without_precoding"]),
        erratum="Hu 6",
        note="not d != 2 but characteristic other than 2",
        quick=False,
    ),
    *(
        Row(
            f"hu-39-s{s}",
            "Hu",
            f"Example 3, (36)-(39): S = {s} over F_3",
            (
                Claim("c", "S - 1", float(s - 1)),
                Claim("rate", "S / (3S/2 - 1)", s / (1.5 * s - 1)),
                Claim("capacity", "S / (3S/2 - 1)", s / (1.5 * s - 1)),
            ),
            _example_3(s, 3),
            lambda d: ((d["c_lower"], d["c"]), d["rate"], _capacity(d)),
            runs=("example-3-f3",) if s == 3 else (),
            quick=False,
        )
        for s in (2, 3, 4)
    ),
    Row(
        "hu-39-f2",
        "Hu",
        "Example 3, (36)-(39): S = 3 over F_2",
        (Claim("c", "S - 1", 2.0, instead=3.0), Claim("rate", "6/7", instead=3 / 4)),
        linear("example-3-f2"),
        lambda d: (d["c"], d["rate"]),
        erratum="Hu 5",
        note="over F_4, two instances in a symbol, 6/7 is reached",
        quick=False,
    ),
    Row(
        "hu-42",
        "Hu",
        "Theorem 1, Section V, (42): P_s as the precoding matrix at server s",
        (Claim("Y is V W with P_s W at the servers", "yes", 1.0, instead=0.0),),
        linear("example-1-f5"),
        lambda d: [_with_p(d)],
        erratum="Hu 3",
        note="the servers apply P_s^-1, as (14) and (42) have it",
        quick=False,
    ),
    Row(
        "hu-lemma-2",
        "Hu",
        "Lemma 2, (45)-(51), (56)-(59): B_1 and B_2, Example 3 over F_3",
        (
            Claim("entries off the diagonal", "0"),
            Claim("entries on it, c", "rank(H G^T)", 2.0),
        ),
        linear("example-3-f3"),
        lambda d: _lemma_2(d)[:2],
        quick=False,
    ),
    Row(
        "hu-lemma-3",
        "Hu",
        "Lemma 3, (54), (60)-(63): H' and G', Example 3 over F_3",
        (
            Claim("entries of [H H'][G G']^T that are not 0", "0"),
            Claim("H' = B_1 times (61), G' = B_2 times (62) do as well", "yes", 1.0, instead=0.0),
        ),
        linear("example-3-f3"),
        lambda d: (_lemma_2(d)[2], float(d["lemma_2"]["literal"])),
        erratum="Hu 1",
        note="it takes the inverses of B_1 and B_2, as (63) has it",
        quick=False,
    ),
)
"""In the order of the paper."""


def _two_precoders(d: Data) -> float:
    """Return the least rank over all pairs of precoders of one symbol each: P1 P2^T is one such P."""
    p, names = d["field"], d["server_order"]
    v = np.hstack([np.array(d["V"][s]) for s in names])
    pairs = itertools.product(range(1, p), repeat=2 * len(names))
    ranks = (_rank(v * np.array(pair[: len(names)]) * pair[len(names) :] @ v.T, p) for pair in pairs)
    return float(min(ranks))


def _recipe(d: Data) -> float:
    """Return whether the recipe has a solution in units of F_4, whose addition is XOR of the symbols."""
    units = range(1, d["field"])
    return float(any(p1 == p3 ^ p4 and p3 ^ p4 == 0 for p1 in units for p3 in units for p4 in units))


def _with_p(d: Data) -> float:
    """Return whether y is right on random data where the servers apply P_s and not its inverse."""
    swapped = dict(d) | {"P": {s: _inverse(np.array(own), d["field"]) for s, own in d["P"].items()}}
    return float(_computed(swapped) == 0)

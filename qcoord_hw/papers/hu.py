"""Rows of [Hu2025]: linear computations over a quantum multiple-access channel."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from qcoord_hw.papers.asking import Ask, ask
from qcoord_hw.papers.matrices import (
    DATA,
    capacity,
    corner_costs,
    diagonal_of,
    least_rank_of_two,
    not_opposite,
    not_orthogonal,
    recipe,
    right_with_p,
    unread,
    wrong_entries,
    wrong_outputs,
)
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


def linear(name: str) -> tuple[Ask]:
    """Return the command for a task of the catalogue."""
    return (ask("theory linear", name),)


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
        lambda d: [capacity(d)],
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
        lambda d: (unread(d)[0], 1 - unread(d)[1]),
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
        lambda d: (wrong_outputs(d), d["rate"]),
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
        lambda d: (corner_costs(d), (d["c_lower"], d["c"]), d["rate"]),
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
        (ask("theory linear", "five-dimensional-f3", time_limit=600),),  # seconds; minutes on a busy machine
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
        lambda d: (d["c"], least_rank_of_two(d)),
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
        lambda d: (recipe(d), d["c"]),
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
        lambda d: (wrong_entries(MATRIX_26, d), not_orthogonal(d)),
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
        lambda d: (not_opposite(d), not_orthogonal(d), d["baselines"]["holevo"]),
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
            lambda d: ((d["c_lower"], d["c"]), d["rate"], capacity(d)),
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
        lambda d: [right_with_p(d)],
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
        lambda d: diagonal_of(d)[:2],
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
        lambda d: (diagonal_of(d)[2], float(d["lemma_2"]["literal"])),
        erratum="Hu 1",
        note="it takes the inverses of B_1 and B_2, as (63) has it",
        quick=False,
    ),
)
"""In the order of the paper."""

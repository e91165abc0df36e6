"""Every item of docs/errata.md on Hu et al., computed."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from pathlib import Path

import galois
import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.theory.linear_computation import (
    auxiliary_rank,
    batched_rates,
    build_scheme,
    minimise_auxiliary,
    reduce_task,
    search_beyond,
    task_from_json,
)

EXAMPLE_1 = {"A": [[1], [0]], "B": [[0], [1]], "C": [[1], [1]], "D": [[1], [1]]}
EXAMPLE_2 = {"A": [[1], [0]], "B": [[0], [1]], "C": [[1], [0]], "D": [[0], [1]]}
EXAMPLE_3 = {"A": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "B": [[1], [0], [0]], "C": [[1], [0], [0]]}
FIVE = {s: [[1, 0, 0], [0, 1, 0], *([0, 0, int(k == j)] for j in range(3))] for k, s in enumerate("ABC")}


def make(field, servers):
    return task_from_json({"field": field, "servers": servers})


def gf(order):
    return galois.GF(order, compile="python-calculate")


def dense_weyl(p, x, z):
    """X(x) Z(z) on digits as a matrix, the first digit the slowest index."""
    word = np.eye(1)
    for u, v in zip(x, z, strict=True):
        one = np.roll(np.eye(p), int(u), axis=0) @ np.diag(np.exp(2j * np.pi / p * int(v) * np.arange(p)))
        word = np.kron(word, one)
    return word


PAGE = Path(__file__).parents[1] / "docs" / "errata.md"
SECTIONS = ["Refuted", "Misprints", "Left open", "Our additions"]


def items_of(page):
    """Return (paper, number, section) of every item."""
    items, paper, section = [], "", ""
    for line in page.splitlines():
        if found := re.match(r"## (\w+) ", line):
            paper, section = found[1], ""
        elif found := re.match(r"### (.+)$", line):
            section = found[1]
        elif found := re.match(r"\s*(?:[-*]|\d+\.) ", line):
            named = re.match(r"- \*\*(Hu|Nator) (\d+)\. ", line)
            assert named, f"an item without a number: {line}"
            assert named[1] == paper
            items.append((paper, int(named[2]), section))
    return items


@pytest.mark.parametrize("paper", ["Hu", "Nator"])
def test_every_item_stands_in_one_section_and_has_a_test(paper):
    page = PAGE.read_text(encoding="utf-8")
    items = [(number, section) for name, number, section in items_of(page) if name == paper]
    numbers = [number for number, _ in items]
    assert sorted(numbers) == list(range(1, len(items) + 1))
    assert {section for _, section in items} == set(SECTIONS)
    assert [line[4:] for line in page.splitlines() if line.startswith("### ")] == 2 * SECTIONS
    file = {"Hu": "test_errata.py", "Nator": "test_errata_coordination.py"}[paper]
    tests = re.findall(r"^def test_item_(\d+)_", Path(__file__).with_name(file).read_text(), re.MULTILINE)
    assert set(map(int, tests)) == set(numbers)


def test_what_refutes_nothing_is_not_called_refuted():
    sections = {(paper, number): section for paper, number, section in items_of(PAGE.read_text())}
    for paper, number in [*(("Hu", n) for n in (2, 7, 8)), *(("Nator", n) for n in (6, 7, 9, 11, 13))]:
        assert sections[paper, number] in SECTIONS[2:]


@pytest.mark.parametrize("d", [3, 4, 5])
def test_item_1_lemma_3_needs_the_inverses(d, rng):
    F = gf(d)
    literal = []
    for _ in range(40):
        h, g = (F(rng.integers(0, d, (3, 5))) for _ in range(2))
        r = h @ g.T
        b1, b2, diagonal = _smith(F, r)
        c = np.count_nonzero(diagonal)
        extra_h, extra_g = F.Zeros((3, c)), F.Zeros((3, c))
        extra_h[range(c), range(c)] = -diagonal[range(c), range(c)]
        extra_g[range(c), range(c)] = 1
        right = np.linalg.inv(b1) @ extra_h, np.linalg.inv(b2) @ extra_g
        assert not (r + right[0] @ right[1].T).any()
        literal.append(not (r + (b1 @ extra_h) @ (b2 @ extra_g).T).any())
    assert not all(literal)


def _smith(F, r):
    """Return B1, B2 invertible with B1 r B2^T diagonal."""
    n = len(r)
    b1, b2, a = F.Identity(n), F.Identity(n), r.copy()
    for k in range(n):
        hits = np.argwhere(np.array(a[k:, k:]) != 0)
        if not len(hits):
            break
        i, j = hits[0] + k
        for m in (a, b1):
            m[[k, i]] = m[[i, k]]
        a[:, [k, j]] = a[:, [j, k]]
        b2[[k, j]] = b2[[j, k]]
        for row in range(n):
            if row != k:
                f = a[row, k] / a[k, k]
                a[row] -= f * a[k]
                b1[row] -= f * b1[k]
        for column in range(n):
            if column != k:
                f = a[k, column] / a[k, k]
                a[:, column] -= f * a[:, k]
                b2[column] -= f * b2[k]
    return b1, b2, a


def test_item_2_literal_rows_answer_wrongly(rng):
    """The phase that a generator picks up from Weyl operators, for Example 2 over F_3 (four digits)."""
    p = 3
    scheme = build_scheme(make(p, EXAMPLE_2), [np.array([[2]]), np.array([[2]]), *[np.array([[1]])] * 2])
    m = scheme.matrix
    wrong = 0
    for _ in range(10):
        x, z = rng.integers(0, p, (2, 4))
        applied = dense_weyl(p, x, z)
        for row in m:
            twisted = dense_weyl(p, -row[4:] % p, row[:4])
            literal = dense_weyl(p, row[:4], row[4:])
            y = int(row @ np.concatenate([x, z])) % p
            omega = np.exp(2j * np.pi / p)
            assert np.allclose(twisted @ applied, omega**y * applied @ twisted)
            wrong += not np.allclose(literal @ applied, omega**y * applied @ literal)
    assert wrong


def test_item_3_data_get_the_inverse(rng):
    task = make(5, EXAMPLE_1)
    scheme = build_scheme(task, minimise_auxiliary(task).P)
    F = gf(5)
    w = F(rng.integers(0, 5, 4))
    encoded = F([int(F(1) / F(int(p[0, 0])) * s) for p, s in zip(scheme.precoders, w, strict=True)])
    assert (F(scheme.left[:, :4]) @ encoded == F(task.matrix) @ w).all()
    with_p = F([int(F(int(p[0, 0])) * s) for p, s in zip(scheme.precoders, w, strict=True)])
    assert (F(scheme.left[:, :4]) @ with_p != F(task.matrix) @ w).any()


def test_item_4_the_recipe_of_example_1():
    F = gf(4)
    units = [F(k) for k in range(1, 4)]
    solutions = [
        (p1, p2, p3, p4)
        for p1, p2, p3, p4 in itertools.product(units, repeat=4)
        if p1 == p3 + p4 and p2 + p2 + p3 + p4 == 0
    ]
    assert not solutions
    task = make(4, EXAMPLE_1)
    for p in itertools.product(units, repeat=4):
        c = auxiliary_rank(task, [np.array([[int(x)]]) for x in p])
        s = p[2] + p[3]
        assert (c == 1) == (s != 0 and F(1) / p[0] + F(1) / p[1] + F(1) / s == 0)
    assert minimise_auxiliary(task).c == minimise_auxiliary(task).c_lower == 1


@pytest.mark.parametrize(
    ("servers", "c", "batched"),
    [
        (EXAMPLE_1, 2, Fraction(4, 5)),
        (EXAMPLE_3, 3, Fraction(6, 7)),
        ({s: [[1]] for s in "ABC"}, 1, Fraction(2, 3)),
    ],
)
def test_item_5_over_two_elements(servers, c, batched):
    task = make(2, servers)
    found = minimise_auxiliary(task)
    precoders = [[p for p in _matrices(m) if round(np.linalg.det(p)) % 2] for m in task.sizes]
    assert min(auxiliary_rank(task, p) for p in itertools.product(*precoders)) == c
    assert found.c == found.c_lower == c
    assert batched_rates(task, max_degree=2)[0].rate == batched


def _matrices(size):
    return [np.array(e).reshape(size, size) for e in itertools.product((0, 1), repeat=size * size)]


@pytest.mark.parametrize("d", [2, 3, 4, 5, 8, 9])
def test_item_6_remark_4_is_about_the_characteristic(d):
    task = make(d, EXAMPLE_2)
    assert auxiliary_rank(task, [np.array([[1]])] * 4) == (0 if d % 2 == 0 else 2)


@pytest.mark.parametrize("d", [3, 4, 5])
def test_item_7_theorem_1_is_not_optimal(d):
    task = make(d, FIVE)
    found = minimise_auxiliary(task)
    assert found.c == found.c_lower == 2
    scheme = search_beyond(task, Fraction(11, 2))
    assert scheme is not None
    assert scheme.cost == Fraction(21, 4)
    F, n = gf(d), sum(scheme.qudits)
    m = F(scheme.M)
    assert not (m[:, :n] @ m[:, n:].T - m[:, n:] @ m[:, :n].T).any()
    assert np.linalg.matrix_rank(m) == 5 * scheme.instances == 20
    data = F(scheme.encoder)
    copies = [np.kron(np.eye(scheme.instances, dtype=int), v) for v in task.matrices]
    assert (m @ data == F(np.hstack(copies))).all()


def test_item_7_five_qubits_for_example_1():
    scheme = search_beyond(make(2, EXAMPLE_1), Fraction(3))
    assert scheme is not None
    assert (scheme.instances, sum(scheme.qudits)) == (2, 5)


def test_item_8_a_complete_measurement_tells_more():
    answer = qc.theory_linear(make(3, EXAMPLE_1))
    assert answer["qudits"] - 2 * answer["K"] == len(answer["bonus_outputs"]) == 1
    F, bonus = gf(3), answer["bonus_outputs"][0]
    functions = [np.hstack([np.array(bonus["function"][s]) for s in "ABCD"])]
    assert np.linalg.matrix_rank(F(np.vstack([make(3, EXAMPLE_1).matrix, *functions]))) == 3
    m, n = np.array(answer["M"]), answer["qudits"]
    row = np.concatenate([bonus["z"], np.zeros(n, dtype=int)])
    product = m[:, :n] @ row[n:] - m[:, n:] @ row[:n]
    assert not (product % 3).any()


def test_reduction_is_not_needed_for_the_examples():
    for servers in (EXAMPLE_1, EXAMPLE_2, EXAMPLE_3, FIVE):
        assert not reduce_task(make(3, servers)).notes

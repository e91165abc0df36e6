"""The transfer matrix with galois, and its generators as dense Weyl operators."""

from __future__ import annotations

import itertools

import galois
import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.scheme import Scheme, build_scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json


def reference(order: int) -> type[galois.FieldArray]:
    return galois.GF(order, compile="python-calculate")


def random_task(rng: np.random.Generator, order: int, rows: int, sizes: tuple[int, ...]) -> LinearTask:
    ref = reference(order)
    while True:
        v = [ref(rng.integers(0, order, (rows, m))) for m in sizes]
        full = all(np.linalg.matrix_rank(block) == block.shape[1] for block in v)
        if full and np.linalg.matrix_rank(ref(np.hstack(v))) == rows:
            servers = {"ABCDEF"[s]: block.tolist() for s, block in enumerate(v)}
            return task_from_json({"field": order, "servers": servers})


def random_scheme(rng: np.random.Generator, order: int, rows: int, sizes: tuple[int, ...]) -> Scheme:
    ref, precoders = reference(order), []
    for m in sizes:
        p = ref(rng.integers(0, order, (m, m)))
        while np.linalg.matrix_rank(p) < m:
            p = ref(rng.integers(0, order, (m, m)))
        precoders.append(np.asarray(p).astype(np.int64))
    return build_scheme(random_task(rng, order, rows, sizes), precoders)


SHAPES = [(2, (1, 1, 1)), (3, (2, 1, 2)), (2, (2, 2)), (1, (1,)), (4, (3, 1, 2, 1)), (3, (3, 1, 1))]


@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, 8, 9])
@pytest.mark.parametrize(("rows", "sizes"), SHAPES)
def test_the_matrix_is_self_orthogonal_of_full_rank(rng, order, rows, sizes):
    ref = reference(order)
    scheme = random_scheme(rng, order, rows, sizes)
    n, m = scheme.qudits, ref(scheme.matrix)
    v = [ref(block) for block in scheme.task.matrices]
    r = ref.Zeros((rows, rows))
    for block, p in zip(v, scheme.precoders, strict=True):
        r = r + block @ ref(p) @ block.T
    c = int(np.linalg.matrix_rank(r))
    assert scheme.auxiliary == c
    assert n == sum(sizes) + c
    assert m.shape == (2 * rows, 2 * n)
    assert np.linalg.matrix_rank(m) == 2 * rows
    form = ref.Zeros((2 * n, 2 * n))
    form[:n, n:] = ref.Identity(n)
    form[n:, :n] = -ref.Identity(n)
    assert not np.any(m @ form @ m.T)
    data, width = sum(sizes), n
    expected = np.hstack([block @ ref(p) for block, p in zip(v, scheme.precoders, strict=True)])
    np.testing.assert_array_equal(m[:rows, :data], expected)
    np.testing.assert_array_equal(m[rows:, width : width + data], np.hstack(v))
    assert not np.any(m[:rows, width:])
    assert not np.any(m[rows:, :width])
    # What each server sends: its own qudits, and auxiliary ones in turns.
    turns = [scheme.task.servers[k % len(sizes)] for k in range(c)]
    expected = {s: size + turns.count(s) for s, size in zip(scheme.task.servers, sizes, strict=True)}
    assert scheme.download == expected


@pytest.mark.parametrize("order", [2, 3, 4, 9])
def test_completion_and_bonus_outputs(rng, order):
    ref = reference(order)
    some = 0
    for rows, sizes in SHAPES:
        scheme = random_scheme(rng, order, rows, sizes)
        more = ref(scheme.completion())
        assert more.shape == (scheme.qudits - 2 * rows, scheme.qudits)
        assert not np.any(more @ ref(scheme.right).T)
        stacked = ref(np.vstack([scheme.left, more]))
        assert np.linalg.matrix_rank(stacked) == len(stacked)
        bonus = scheme.bonus_outputs()
        assert len(bonus) == len(more)
        some += len(bonus)
        w = [ref(rng.integers(0, order, m)) for m in sizes]
        exponents = [np.linalg.inv(ref(p)) @ x for p, x in zip(scheme.precoders, w, strict=True)]
        u = ref(np.concatenate([*exponents, np.zeros(scheme.auxiliary, dtype=int)]))
        for row in bonus:
            read = np.sum(ref(row["z"]) * u)
            said = ref(0)
            for server, x in zip(scheme.task.servers, w, strict=True):
                said = said + np.sum(ref(row["function"][server]) * x)
            assert read == said
            assert row["x"] == [0] * scheme.qudits
            assert row["instance"] == 1
    assert some


def weyl(ref: type[galois.FieldArray], x: list[int], z: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """X(x)Z(z) as a permutation and phase exponents: |j> -> w^tr(z j)|j + x>."""
    order, n = ref.order, len(x)
    every = ref(np.array(list(itertools.product(range(order), repeat=n))))
    moved = np.asarray(every + ref(x)).astype(int) @ order ** np.arange(n)[::-1]
    turn = np.asarray(np.sum(every * ref(z), axis=1).field_trace()).astype(int)
    return moved, turn


def dense(ref: type[galois.FieldArray], x: list[int], z: list[int]) -> np.ndarray:
    moved, turn = weyl(ref, x, z)
    matrix = np.zeros((len(moved), len(moved)), dtype=complex)
    matrix[moved, np.arange(len(moved))] = np.exp(2j * np.pi / ref.characteristic * turn)
    return matrix


@pytest.mark.parametrize(
    ("order", "rows", "sizes"),
    [
        (2, 2, (1, 1, 1)),
        (2, 2, (2, 1)),
        (2, 1, (1, 1, 1)),
        (3, 1, (1, 1)),
        (3, 2, (2, 1)),
        (3, 1, (1, 1, 1)),
        (4, 1, (1, 1)),
        (4, 1, (1, 1, 1)),
        (4, 2, (1, 1, 1)),
    ],
)
def test_generators_commute_and_read_the_outputs(rng, order, rows, sizes):
    """[Hu2025, Lemma 1] with the twist: G E = w^tr(beta y) E G, all operators as matrices."""
    ref = reference(order)
    p = ref.characteristic
    scheme = random_scheme(rng, order, rows, sizes)
    while order**scheme.qudits > 300:
        scheme = random_scheme(rng, order, rows, sizes)
    n = scheme.qudits
    basis = [p**k for k in range(ref.degree)]
    rows_of = scheme.generators()
    assert [row["output"] for row in rows_of] == [f"y{i}[{k}]" for i in (1, 2) for k in range(rows)]
    generators = [
        (dense(ref, (ref(row["x"]) * ref(b)).tolist(), (ref(row["z"]) * ref(b)).tolist()), k, b)
        for k, row in enumerate(rows_of)
        for b in basis
    ]
    for one, _, _ in generators:
        for other, _, _ in generators:
            np.testing.assert_allclose(one @ other, other @ one, atol=1e-9)
    v = ref(scheme.task.matrix)
    for _ in range(6):
        w1, w2 = (ref(rng.integers(0, order, sum(sizes))) for _ in range(2))
        y = [*(v @ w1), *(v @ w2)]
        x, start = [], 0
        for size, precoder in zip(sizes, scheme.precoders, strict=True):
            x += (np.linalg.inv(ref(precoder)) @ w1[start : start + size]).tolist()
            start += size
        idle = [0] * (n - sum(sizes))
        encode = dense(ref, x + idle, w2.tolist() + idle)
        for matrix, k, b in generators:
            exponent = int((ref([b]) * ref([y[k]])).field_trace()[0])
            phase = np.exp(2j * np.pi / p * exponent)
            np.testing.assert_allclose(matrix @ encode, phase * encode @ matrix, atol=1e-9)


def test_auxiliary_qudits_go_where_they_are_told():
    task = task_from_json({"field": 2, "servers": {"A": [[1, 0], [0, 1]], "B": [[1], [1]]}})
    one = [np.array([[1, 0], [0, 1]]), np.array([[1]])]
    c = build_scheme(task, one).auxiliary
    assert c == 2
    scheme = build_scheme(task, one, ["B", "B"])
    assert scheme.download == {"A": 2, "B": 3}
    assert scheme.holders == (0, 0, 1, 1, 1)
    for wrong in ([], ["A"], ["A", "C"], ["A", "B", "A"]):
        with pytest.raises(InputError, match=r"^auxiliary: .*allowed are 2 names among A, B"):
            build_scheme(task, one, wrong)

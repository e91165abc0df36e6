"""The fewest auxiliary qudits against exhaustive search and the values known in closed form."""

from __future__ import annotations

import itertools
import json
import time

import numpy as np
import pytest

from qcoord_hw.theory.linear_computation import precoding as module
from qcoord_hw.theory.linear_computation.checker import arithmetic, check_lower_bound
from qcoord_hw.theory.linear_computation.checker.scheme import ClaimedTask, auxiliary
from qcoord_hw.theory.linear_computation.field import Array, field_of
from qcoord_hw.theory.linear_computation.precoding import (
    auxiliary_rank,
    minimal_precodings,
    minimise_auxiliary,
)
from qcoord_hw.theory.linear_computation.task import LinearTask


def a_task(order: int, matrices: list[Array]) -> LinearTask:
    names = tuple(f"S{s}" for s in range(len(matrices)))
    return LinearTask("t", field_of(order), names, tuple(np.array(v, dtype=np.int64) for v in matrices))


def columns(rows: list[list[int]]) -> list[Array]:
    return [np.array(rows)[:, [j]] for j in range(len(rows[0]))]


def random_task(order: int, rows: int, sizes: list[int], rng: np.random.Generator) -> LinearTask:
    gf = field_of(order)
    while True:
        v = [rng.integers(order, size=(rows, m)) for m in sizes]
        if gf.rank(np.hstack(v)) == rows and all(gf.rank(x) == x.shape[1] for x in v):
            return a_task(order, v)


def invertible(order: int, m: int) -> list[Array]:
    gf = field_of(order)
    every = (np.array(x).reshape(m, m) for x in itertools.product(range(order), repeat=m * m))
    return [p for p in every if gf.rank(p) == m]


def by_brute_force(task: LinearTask) -> int:
    """The least rank over all precodings; sums that are equal are counted once."""
    gf = task.field
    sums = np.zeros((1, task.rows, task.rows), dtype=np.int64)
    for v in task.matrices:
        terms = np.array([gf.matmul(gf.matmul(v, p), v.T) for p in invertible(gf.order, v.shape[1])])
        sums = np.unique(gf.add[sums[:, None], terms].reshape(-1, task.rows, task.rows), axis=0)
    return min(gf.rank(r) for r in sums)


def solved(task: LinearTask, **options: float) -> int:
    """Return c, once everything that is claimed about it has been checked."""
    found = minimise_auxiliary(task, **options)
    v, gf = [x.tolist() for x in task.matrices], task.field
    f = arithmetic(gf.order, list(gf.irreducible_poly) if gf.degree > 1 else None)
    assert found.c == found.c_lower == auxiliary_rank(task, found.P)
    certificate = json.loads(json.dumps(found.certificate))
    assert not check_lower_bound(f, v, found.c_lower, certificate, budget=3000)[0].startswith("refuted")
    claimed = ClaimedTask(f, [str(s) for s in range(len(v))], v)
    assert auxiliary(claimed, [x.tolist() for x in found.P]) == found.c
    return found.c


ORDERS = (2, 3, 4, 5, 7, 8, 9)


@pytest.mark.parametrize("d", ORDERS)
def test_examples_of_the_paper(d: int) -> None:
    assert solved(a_task(d, columns([[1, 0, 1, 1], [0, 1, 1, 1]]))) == (2 if d == 2 else 1)
    assert solved(a_task(d, columns([[1, 0, 1, 0], [0, 1, 0, 1]]))) == 0


@pytest.mark.parametrize(
    ("servers", "d", "c"), [(2, 2, 1), (2, 3, 1), (2, 4, 1), (3, 2, 3), (3, 3, 2), (3, 4, 2), (4, 5, 3)]
)
def test_one_server_knows_all(servers: int, d: int, c: int) -> None:
    one = np.eye(servers, dtype=np.int64)
    assert solved(a_task(d, [one] + [one[:, :1]] * (servers - 1))) == c


@pytest.mark.parametrize("d", ORDERS)
@pytest.mark.parametrize("servers", [1, 2, 3, 4, 5])
def test_sum(servers: int, d: int) -> None:
    expected = 1 if servers == 1 else int(d == 2 and servers % 2)
    assert solved(a_task(d, columns([[1] * servers]))) == expected


@pytest.mark.parametrize(("d", "c"), [(2, 3), (3, 2), (4, 2), (5, 2), (9, 2)])
def test_two_common_dimensions_and_a_private_one_each(d: int, c: int) -> None:
    # Over F_2 all 168^3 precodings have been tried: 3, 4 and 5 are the ranks that occur.
    one = np.eye(5, dtype=np.int64)
    assert solved(a_task(d, [one[:, [0, 1, k]] for k in (2, 3, 4)])) == c


SMALL = [
    (2, 3, [2, 2, 1, 1]),
    (2, 4, [2, 2, 2, 2]),
    (2, 4, [3, 2, 1]),
    (2, 5, [2, 2, 2, 1, 1]),
    (2, 5, [3, 2, 1, 1]),
    (3, 3, [1, 1, 1, 1, 1, 1]),
    (3, 3, [2, 2, 1]),
    (3, 4, [1, 2, 1, 1, 1]),
    (4, 3, [1, 1, 1, 1, 1]),
    (4, 3, [2, 1, 1]),
    (5, 2, [1, 1, 1, 1]),
    (5, 3, [1, 1, 1, 1, 1]),
]


@pytest.mark.few(4)
@pytest.mark.parametrize(("d", "rows", "sizes"), SMALL)
def test_agrees_with_brute_force(d: int, rows: int, sizes: list[int], rng: np.random.Generator) -> None:
    for _ in range(4):
        task = random_task(d, rows, sizes, rng)
        assert solved(task) == by_brute_force(task)


@pytest.mark.few(4)
@pytest.mark.parametrize(("d", "rows", "sizes"), SMALL)
def test_kernels_alone_agree_with_brute_force(
    d: int, rows: int, sizes: list[int], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "rank_bound", lambda gf, spaces: (-99, {"method": "trivial"}))
    monkeypatch.setattr(module, "descend", lambda arrangement, *_: (arrangement.rows, []))
    for _ in range(2):
        task = random_task(d, rows, sizes, rng)
        found = minimise_auxiliary(task)
        assert found.c == found.c_lower == auxiliary_rank(task, found.P) == by_brute_force(task)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("d", "rows", "sizes"),
    [
        (2, 8, [2] * 6),
        (2, 8, [1, 2, 3, 3, 2, 1]),
        (3, 8, [3] * 6),
        (4, 6, [1, 2, 3, 1, 2, 3]),
        (5, 7, [2, 3, 2, 3, 2, 3]),
        (7, 8, [1, 1, 2, 2, 3, 3]),
        (8, 5, [1, 2, 2, 1, 3]),
        (9, 8, [3] * 6),
        (2, 8, [1] * 16),
        (4, 5, [1] * 10),
    ],
)
def test_larger_tasks_are_solved(d: int, rows: int, sizes: list[int], rng: np.random.Generator) -> None:
    solved(random_task(d, rows, sizes, rng), time_limit=20)


def test_direct_sum_names_servers_of_the_task() -> None:
    odd, zero = np.array([[1], [0]]), np.array([[0], [1]])
    task = a_task(2, [odd, zero, odd, zero, odd])
    found = minimise_auxiliary(task)
    assert found.c == found.c_lower == 1
    assert found.certificate["method"] == "direct sum"
    assert [block["servers"] for block in found.certificate["blocks"]] == [[0, 2, 4], [1, 3]]


def test_same_seed_same_result(rng: np.random.Generator) -> None:
    task = random_task(3, 5, [2, 2, 2, 2], rng)
    one, two = (minimise_auxiliary(task, seed=4) for _ in range(2))
    assert one.certificate == two.certificate
    assert all(np.array_equal(p, q) for p, q in zip(one.P, two.P, strict=True))


@pytest.mark.few(1)
@pytest.mark.parametrize(("d", "rows", "sizes"), [(9, 8, [1] * 16), (4, 20, [3] * 12), (2, 64, [48] * 4)])
def test_time_limit(d: int, rows: int, sizes: list[int], rng: np.random.Generator) -> None:
    task = random_task(d, rows, sizes, rng)
    start = time.monotonic()
    found = minimise_auxiliary(task, time_limit=1.0)
    assert time.monotonic() - start < 3.0
    assert found.c_lower <= found.c == auxiliary_rank(task, found.P)
    assert all(field_of(d).rank(p) == len(p) for p in found.P)


@pytest.mark.parametrize("d", [3, 4, 5])
def test_samples_of_a_small_task_are_all_there_are(d: int) -> None:
    task = a_task(d, columns([[1, 0, 1, 1], [0, 1, 1, 1]]))
    every = [
        p
        for p in itertools.product(range(1, d), repeat=4)
        if p[0] == 1 and auxiliary_rank(task, [np.array([[x]]) for x in p]) == 1
    ]
    found = minimal_precodings(task, 1, count=100, seed=0)
    inv, mul = task.field.inv, task.field.mul
    scaled = [tuple(int(mul[inv[p[0][0, 0]], x[0, 0]]) for x in p) for p in found]
    assert sorted(scaled) == every


def test_samples_start_with_the_one_known_and_differ(rng: np.random.Generator) -> None:
    task = random_task(3, 4, [2, 2, 2], rng)
    start = minimise_auxiliary(task)
    found = minimal_precodings(task, start.c, count=25, seed=1, start=start)
    assert len(found) == 25
    assert all(np.array_equal(p, q) for p, q in zip(found[0], start.P, strict=True))
    assert all(auxiliary_rank(task, p) == start.c for p in found)
    assert len({b"".join(x.tobytes() for x in p) for p in found}) == 25
    again = minimal_precodings(task, start.c, count=25, seed=1, start=start)
    assert all(
        np.array_equal(x, y) for p, q in zip(found, again, strict=True) for x, y in zip(p, q, strict=True)
    )


def test_samples_refuse_another_c() -> None:
    with pytest.raises(ValueError, match="start from has 0"):
        minimal_precodings(a_task(3, columns([[1, 1]])), 1, count=3, seed=0)

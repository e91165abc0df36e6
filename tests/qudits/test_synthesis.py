"""How few edges the graphs have, how few qudits the schemes, and who holds the auxiliary ones."""

from __future__ import annotations

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.qudits.synthesis import sparse_scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task, task_from_json


def columns(order: int, rows: list[list[int]]) -> LinearTask:
    servers = {"ABCDEF"[s]: [[row[s]] for row in rows] for s in range(len(rows[0]))}
    return task_from_json({"field": order, "servers": servers})


def example_1(order: int) -> LinearTask:
    return columns(order, [[1, 0, 1, 1], [0, 1, 1, 1]])


def example_2(order: int) -> LinearTask:
    return columns(order, [[1, 0, 1, 0], [0, 1, 0, 1]])


def example_3(order: int, servers: int) -> LinearTask:
    unit = np.eye(servers, dtype=int)
    others = {"BCDEF"[s]: unit[:, :1].tolist() for s in range(servers - 1)}
    return task_from_json({"field": order, "servers": {"A": unit.tolist()} | others})


def total(order: int, servers: int) -> LinearTask:
    return columns(order, [[1] * servers])


# Edges between digits: each costs one entangling gate on digits to make and one to undo.
FEW = [
    (example_1(2), 6, 3),
    (example_1(3), 5, 3),
    pytest.param(example_1(4), 5, 5, marks=pytest.mark.slow),
    (example_2(2), 4, 2),
    (example_2(3), 4, 2),
    (example_2(4), 4, 4),
    (example_2(5), 4, 2),
    pytest.param(example_3(3, 3), 7, 4, marks=pytest.mark.slow),
    pytest.param(example_3(4, 3), 7, 8, marks=pytest.mark.slow),
    (total(2, 2), 2, 1),
    (total(3, 2), 2, 1),
    (total(4, 2), 2, 2),
    (total(5, 2), 2, 1),
    (total(2, 3), 4, 2),
    (total(3, 3), 3, 2),
    (total(4, 3), 3, 4),
    (total(2, 4), 4, 2),
    (total(3, 4), 4, 2),
    (total(4, 4), 4, 4),
]


@pytest.mark.few(5)
@pytest.mark.parametrize(
    ("task", "qudits", "edges"),
    FEW,
    ids=lambda x: f"F{x.field.order}-{x.matrix.tolist()}" if hasattr(x, "field") else x,
)
def test_few_edges_and_qudits(task, qudits, edges):
    """At most what the facts of the paper's examples show to be possible."""
    scheme, code = sparse_scheme(reduce_task(task))
    assert scheme.qudits == qudits
    assert len(code.edges) <= edges


@pytest.mark.slow
def test_example_1_over_f_4_is_five_pairs():
    _, code = sparse_scheme(reduce_task(example_1(4)))
    ends = sorted(end for a, b, _ in code.edges for end in (a, b))
    assert ends == list(range(10))


def test_the_same_task_gives_the_same_graph():
    one, other = (sparse_scheme(reduce_task(example_1(2)))[1] for _ in range(2))
    for name in ("adjacency", "x", "z", "decoder"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.holders == other.holders


@pytest.mark.few(4)
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("places", ["AA", "BC", "CB", "CC", "BA"])
def test_auxiliary_qudits_sit_where_they_are_told(order, places):
    task = example_3(order, 3)
    places = [*places, "B"] if order == 2 else [*places]  # c = 3 over F_2
    scheme, code = sparse_scheme(reduce_task(task), places)
    size = dict(zip(task.servers, task.sizes, strict=True))
    expected = {s: size[s] + places.count(s) for s in task.servers}
    assert scheme.download == expected
    assert {s: code.holders.count(k) for k, s in enumerate(task.servers)} == expected


@pytest.mark.parametrize("places", [[], ["A"], ["A", "D"], ["A", "B", "C"], ["a", "b"]])
def test_other_places_are_refused(places):
    with pytest.raises(InputError, match=r"^auxiliary: .*allowed are 2 names among A, B, C"):
        sparse_scheme(reduce_task(example_3(3, 3)), places)


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize(
    ("servers", "c"),
    [
        ({"A": [[1]]}, 1),
        ({"A": [[1, 0], [0, 1]]}, 2),
        ({"A": [[1], [0]], "B": [[0], [1]]}, 2),
        ({"A": [[1], [0]], "B": [[1], [0]], "C": [[0], [1]]}, 1),
    ],
    ids=str,
)
def test_servers_that_share_no_computation(order, servers, c):
    """What one server alone knows needs an auxiliary qudit for each symbol (dense coding)."""
    scheme, _ = sparse_scheme(reduce_task(task_from_json({"field": order, "servers": servers})))
    assert scheme.auxiliary == c

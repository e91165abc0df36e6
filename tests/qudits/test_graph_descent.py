"""Moves that are scored on plain integers: the same graphs as by matrices, frames that prove themselves."""

from __future__ import annotations

import numpy as np
import pytest

from qcoord_hw.qudits import synthesis
from qcoord_hw.qudits.completions import completions
from qcoord_hw.qudits.graph import digit_code
from qcoord_hw.qudits.graph_descent import GraphPath, Surroundings, descend
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.precoding import minimise_auxiliary
from qcoord_hw.theory.linear_computation.random_tasks import linear_tasks
from qcoord_hw.theory.linear_computation.scheme import build_scheme
from qcoord_hw.theory.linear_computation.task import reduce_task


def codes():
    """Yield the codes of some random tasks, over fields of every characteristic."""
    for task in linear_tasks(12, seed=3):
        reduction = reduce_task(task)
        found = minimise_auxiliary(reduction.task)
        place = [reduction.task.servers[0]] * found.c
        code = digit_code(reduction, build_scheme(reduction.task, found.P, place))
        if 1 < len(code.holders) < 16:
            yield code


@pytest.fixture(scope="module")
def graphs():
    rng = np.random.default_rng(1)
    return [
        (code, synthesis._Graph(rows, code.holders, code.p))
        for code in codes()
        for rows in list(completions(code, rng))[:2]
    ]


def cost(gamma) -> float:
    """Edges, cycles (edges - digits + parts) and large degrees, by the eigenvalues of the Laplacian."""
    edges = (gamma != 0).astype(float)
    degrees = edges.sum(axis=0)
    parts = int((np.linalg.eigvalsh(np.diag(degrees) - edges) < 1e-9).sum())
    count = degrees.sum() / 2
    large = np.maximum(degrees - 2, 0).sum() / 4
    return count + 2 * (count - len(gamma) + parts) + large + (degrees**2).sum() / 1000


def started(code, graph) -> GraphPath:
    return GraphPath.start(graph.gamma, Surroundings.of(code.holders, code.p, field_of(code.p).inv.tolist()))


def test_every_move_makes_the_graph_that_matrices_make(graphs, rng):
    kinds = set()
    for code, graph in graphs:
        path = started(code, graph)
        for _ in range(12):
            n, factor = len(code.holders), int(rng.integers(1, code.p))
            if path.place.pairs and rng.random() < 0.5:
                path = path.add(*path.place.pairs[rng.integers(len(path.place.pairs))], factor)
            else:
                path = path.complement(int(rng.integers(n)), factor)
            again = graph.moved(path.moves)
            assert np.array_equal(path.rows, again.gamma)
            assert path.edges == [sum(1 << int(b) for b in np.flatnonzero(row)) for row in again.gamma]
            assert path.cost == pytest.approx(cost(again.gamma))
            assert path.is_matching == ((again.gamma != 0).sum(axis=0).max() <= 1)
        synthesis._Graph.from_json(again.to_json(), code)  # raises where a frame is none of this graph
        kinds.add((code.p, len(set(code.holders)) < len(code.holders)))
    assert {p for p, _ in kinds} == {2, 3, 5}


def test_a_descent_ends_no_higher_and_repeats_itself(graphs):
    for code, graph in graphs[:8]:
        start = started(code, graph)
        one, other = (descend(start, 30, np.random.default_rng(7)) for _ in range(2))
        assert one.cost <= start.cost
        assert (one.rows, one.moves) == (other.rows, other.moves)


def test_completions_commute_and_contain_the_checks(rng):
    for code in codes():
        n, prime = len(code.holders), field_of(code.p)
        for rows in completions(code, rng):
            assert np.array_equal(rows[: len(code.checks)], code.checks)
            assert rows.shape == (n, 2 * n)
            assert prime.rank(rows) == n
            products = rows[:, :n] @ rows[:, n:].T
            assert ((products - products.T) % code.p == 0).all()

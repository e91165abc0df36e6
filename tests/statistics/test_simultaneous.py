"""Figures that hold together, and sets that may be chosen after looking."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from qcoord_hw.statistics.simultaneous import bonferroni, holm, largest_connected


def test_holm_rejects_what_the_closed_test_of_bonferronis_rejects(rng):
    """A hypothesis is rejected if every intersection that it is part of is."""
    for _ in range(40):
        p = rng.random(5) ** 3
        for k, adjusted in enumerate(holm(p.tolist())):
            others = [j for j in range(5) if j != k]
            subsets = [(k, *s) for n in range(5) for s in itertools.combinations(others, n)]
            closed = max(min(1.0, len(s) * min(p[j] for j in s)) for s in subsets)
            assert adjusted == pytest.approx(closed)


def test_largest_connected_is_the_largest_of_all(rng):
    import rustworkx as rx

    for _ in range(40):
        edges = {
            (int(min(e)), int(max(e))) for e in rng.integers(0, 12, (rng.integers(0, 9), 2)) if e[0] != e[1]
        }
        graph = rx.PyGraph()
        graph.add_nodes_from(range(12))
        graph.add_edges_from_no_data(sorted(edges))
        sizes = [sum(a in part for a, _ in edges) for part in rx.connected_components(graph)]
        found = largest_connected(edges)
        assert len(found) == max(sizes)
        assert set(found) <= edges
        assert len({q for pair in found for q in pair}) <= len(found) + 1


def test_intervals_share_what_may_go_wrong():
    assert 1 - bonferroni(0.95, 1) == pytest.approx(0.05)
    assert 150 * (1 - bonferroni(0.95, 150)) == pytest.approx(0.05)


def test_the_level_holds_where_every_hypothesis_is_true(rng):
    p = rng.random((4000, 20))
    wrong = np.mean([min(holm(row.tolist())) <= 0.05 for row in p])
    assert 0.035 < wrong < 0.062

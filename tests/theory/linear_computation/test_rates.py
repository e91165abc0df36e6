from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.rates import baselines, minimum_cost, region
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task, task_from_json

EXAMPLE_1 = [[[1], [0]], [[0], [1]], [[1], [1]], [[1], [1]]]


def task_of(order: int, matrices: list) -> LinearTask:
    return task_from_json(
        {"field": order, "servers": {f"s{k}": np.array(m).tolist() for k, m in enumerate(matrices)}}
    )


def example_3(order: int, servers: int) -> LinearTask:
    unit = np.eye(servers, dtype=int)
    return task_of(order, [unit] + [unit[:, :1]] * (servers - 1))


def common_and_private(order: int, servers: int, common: int, private: int) -> LinearTask:
    unit = np.eye(common + servers * private, dtype=int)
    own = [list(range(common + s * private, common + (s + 1) * private)) for s in range(servers)]
    return task_of(order, [unit[:, list(range(common)) + columns] for columns in own])


def test_region_of_example_1():
    d_lc = region(task_of(3, EXAMPLE_1), 1)
    assert d_lc.rate == Fraction(4, 5)
    assert d_lc.cost == Fraction(5, 2)
    half = Fraction(1, 2)
    assert len(d_lc.corners()) == 4
    for k, corner in enumerate(d_lc.corners()):
        assert corner == {f"s{j}": half + (half if j == k else 0) for j in range(4)}
        assert d_lc.margin(corner)[0] == 0
    inside = dict.fromkeys(d_lc.servers, Fraction(2, 3))
    assert d_lc.margin(inside) == (Fraction(1, 3), "s0")
    assert d_lc.contains(inside)
    assert d_lc.margin(inside | {"s1": Fraction(1, 4)}) == (Fraction(-1, 2), "s1")
    assert d_lc.margin(dict.fromkeys(d_lc.servers, half)) == (-1, "total")
    assert not d_lc.contains(dict.fromkeys(d_lc.servers, half))
    assert json.loads(json.dumps(d_lc.to_json()))["constraints"][-1] == {
        "name": "total",
        "coefficients": {"s0": 2, "s1": 2, "s2": 2, "s3": 2},
        "at_least": 5,
    }


def test_region_without_auxiliary_qudits_has_one_corner():
    d_lc = region(task_of(2, [[[1]], [[1]]]), 0)
    assert d_lc.corners() == ({"s0": Fraction(1, 2), "s1": Fraction(1, 2)},)


def test_margin_wants_every_server():
    with pytest.raises(InputError, match=r"costs: s0; allowed are s0, s1"):
        region(task_of(2, [[[1]], [[1]]]), 0).margin({"s0": 1})


def test_baselines_of_example_1():
    found = baselines(task_of(3, EXAMPLE_1), 1)
    values = {name: base.value for name, base in found.items()}
    assert values == {
        "theorem1": Fraction(4, 5),
        "classical": Fraction(1, 2),
        "sigma_qmac": Fraction(2, 3),
        "holevo": 1,
        "dense_coding": 1,
        "converse": Fraction(4, 5),  # servers 1 and 2 as one: Example 3 in disguise
        "three_server_optimum": None,
    }
    assert found["theorem1"].kind == "optimum"
    assert found["sigma_qmac"].kind == "achievable"
    assert found["holevo"].kind == found["dense_coding"].kind == found["converse"].kind == "upper bound"
    assert baselines(task_of(2, EXAMPLE_1), 2)["theorem1"].kind == "achievable"
    json.dumps({name: base.to_json() for name, base in found.items()})


@pytest.mark.parametrize("servers", [2, 3, 4, 5])
def test_example_3_is_optimal(servers):
    found = baselines(example_3(3, servers), servers - 1)
    assert found["theorem1"].value == found["converse"].value == Fraction(2 * servers, 3 * servers - 2)


def test_known_costs():
    assert minimum_cost(task_of(3, [[[1]]] * 3)) == Fraction(3, 2)
    assert minimum_cost(common_and_private(3, 3, 2, 1)) == Fraction(21, 4)
    assert minimum_cost(task_of(2, [[[1, 0], [0, 1]]])) == 2
    assert minimum_cost(task_of(2, [[[1]], [[1]]])) == 1


@pytest.mark.parametrize(("common", "private"), [(0, 1), (1, 0), (1, 1), (2, 1), (1, 2), (3, 2), (2, 2)])
def test_symmetric_three_servers_have_the_published_cost(common, private):
    task = common_and_private(2, 3, common, private)
    r1, r2, r3 = common + private, common + 2 * private, common + 3 * private
    assert minimum_cost(task) == max(Fraction(3 * r1, 2) + Fraction(3 * (r3 - r2), 4), Fraction(r3))


def rank_2(rows: list[int]) -> int:
    """The rank over F_2 of rows given as bit masks."""
    basis: list[int] = []
    for row in rows:
        for b in basis:
            row = min(row, row ^ b)
        if row:
            basis.append(row)
    return len(basis)


def bits(rows: np.ndarray) -> list[int]:
    return [int("".join(map(str, row)), 2) for row in rows]


def exhaustive_cost(task: LinearTask) -> Fraction:
    """The least cost of all stabilizer schemes for L = 2 instances of two computations over F_2."""
    pairs = list(itertools.combinations(range(4), 2))
    costs = np.zeros((len(task.servers), 64), dtype=int)  # twice the qudits, by the bits of the form
    for mask in range(64):
        form = np.zeros((4, 4), dtype=int)
        for k, (i, j) in enumerate(pairs):
            form[i, j] = form[j, i] = mask >> k & 1
        for s, v in enumerate(task.matrices):
            inputs = np.kron(np.eye(2, dtype=int), v)
            costs[s, mask] = 2 * rank_2(bits(np.hstack([inputs, form]).T)) - rank_2(bits(form))
    total = costs[0]
    masks = np.arange(64)
    for s in range(1, len(task.servers)):  # forms that sum to a mask, at least cost
        total = (total[:, None] + costs[s][masks[:, None] ^ masks[None, :]]).min(axis=0)
    return Fraction(int(total[0]), 4)


def test_no_stabilizer_scheme_is_below_the_bound(rng):
    """All 64 forms of each server, L = 2, over F_2; Example 1 meets the bound there."""
    for servers in (2, 3, 4):
        for _ in range(15):
            matrices = [rng.integers(0, 2, (2, rng.integers(1, 3))) for _ in range(servers)]
            for v in matrices:
                v[rng.integers(2), ~v.any(axis=0)] = 1
            task = reduce_task(task_of(2, matrices)).task
            if task.rows == 2:
                assert exhaustive_cost(task) >= minimum_cost(task)
    assert exhaustive_cost(task_of(2, EXAMPLE_1)) == minimum_cost(task_of(2, EXAMPLE_1)) == Fraction(5, 2)


def test_many_servers_are_not_grouped():
    assert minimum_cost(task_of(3, [[[1]]] * 9)) == Fraction(9, 2)

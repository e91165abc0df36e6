"""The capacity: the converse against codes in numpy, its certificate, and where the answer says it."""

from __future__ import annotations

import copy
import itertools
import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.api.theory import theory_linear
from qcoord_hw.theory.linear_computation.checker import ClaimedTask, arithmetic, check_linear
from qcoord_hw.theory.linear_computation.checker.rates import least_cost
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.rates import baselines, converse, optimum
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task, task_from_json


def plain(answer):
    return json.loads(json.dumps(answer.to_json()))


@pytest.fixture(scope="module")
def example():
    return plain(theory_linear("example-1-f4", time_limit=5.0))


def entropy(rho):
    p = np.linalg.eigvalsh(rho)
    p = p[p > 1e-13]
    return float(-(p * np.log2(p)).sum())


def marginal(rho, sizes, kept):
    tensor, left = rho.reshape(sizes * 2), list(range(len(sizes)))
    for s in range(len(sizes)):
        if s not in kept:
            at = left.index(s)
            tensor = np.trace(tensor, axis1=at, axis2=at + len(left))
            left.remove(s)
    size = math.prod(sizes[s] for s in kept)
    return tensor.reshape(size, size)


def code(rng, servers, letters):
    """What a random code sends for all data: a random shared state, a random unitary for each letter."""
    sizes = (2,) * servers
    root = rng.normal(size=(2**servers, rng.integers(1, 4))) + 0j
    shared = root @ root.T / np.linalg.norm(root) ** 2
    turns = np.array(
        [
            [np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))[0] for _ in range(letters)]
            for _ in range(servers)
        ]
    )
    sent = {}
    for w in itertools.product(range(letters), repeat=servers):
        whole = np.ones((1, 1))
        for s in range(servers):
            whole = np.kron(whole, turns[s, w[s]])
        sent[w] = whole @ shared @ whole.conj().T
    return sizes, sent


@pytest.mark.parametrize("servers", [2, 3, 4])
def test_the_inequalities_of_the_proof_hold_for_random_codes(servers, rng):
    """Steps 1 to 3 of `docs/linear-converse.md`, with what the data tell in place of r_s and a_i."""
    sizes, sent = code(rng, servers, 2)
    words, everyone = list(sent), tuple(range(servers))

    def averaged(over):
        """Mean entropy of all systems where the data of some servers are averaged."""
        groups = {}
        for w in words:
            groups.setdefault(tuple(x for s, x in enumerate(w) if s not in over), []).append(sent[w])
        return float(np.mean([entropy(sum(g) / len(g)) for g in groups.values()]))

    fixed = averaged(())
    rest = [
        float(np.mean([entropy(marginal(sent[w], sizes, [t for t in everyone if t != s])) for w in words]))
        for s in everyone
    ]
    f = [r - fixed for r in rest]
    told = [averaged((s,)) - fixed for s in everyone]  # I(W_s; Q|W_-s), no less than r_s
    z = [1 - f[s] for s in everyone]
    x = [1 + f[s] - told[s] for s in everyone]
    assert min(*z, *x) > -1e-9
    for i in everyone:
        alone = averaged(everyone) - averaged(tuple(s for s in everyone if s != i))  # I(W_i; Q)
        assert alone <= z[i] + sum(x[s] for s in everyone if s != i) + 1e-9
        assert 2 == pytest.approx(told[i] + x[i] + z[i])


def random_task(rng, order, rows, sizes):
    field = field_of(order)
    matrices = tuple(rng.integers(0, order, (rows, m)) for m in sizes)
    names = tuple("ABCDEF"[: len(sizes)])
    return reduce_task(LinearTask("random", field, names, matrices)).task


def test_a_capacity_is_named_where_a_scheme_meets_the_converse_and_nowhere_else(rng):
    for _ in range(4):
        task = random_task(rng, int(rng.choice([2, 3, 5])), 3, (1, 2, 1, 2))
        bound = converse(task)
        assert sorted(s for group in bound.groups for s in group) == sorted(task.servers)
        rate = task.rows / bound.cost
        assert baselines(task, 0)["converse"].value == rate
        claimed = ClaimedTask(
            arithmetic(task.field.order, None), list(task.servers), [v.tolist() for v in task.matrices]
        )
        assert least_cost(claimed) == bound.cost  # two programs of the same formula
        assert optimum(task, {"one": rate / 2}) is None
        found = optimum(task, {"one": rate / 2, "two": rate, "three": rate})
        assert found is not None
        assert (found.scheme, found.rate, found.certificate) == ("two", rate, bound)


def test_the_sum_over_groups_counts_once_for_all_but_one_of_them():
    """Three servers of one private dimension each and two in common: 9/2 + 3 / (2 x 2) qudits."""
    eye = np.eye(5, dtype=np.int64)
    own = tuple(eye[:, [s, 3, 4]] for s in range(3))
    bound = converse(LinearTask("private", field_of(3), ("A", "B", "C"), own))
    assert (len(bound.groups), bound.ranks, bound.private) == (3, (3, 3, 3), (1, 1, 1))
    assert bound.cost == Fraction(21, 4)


def test_example_1_has_the_capacity_four_fifths(example):
    own = example["optimum"]
    assert (own["rate"], own["cost"], own["scheme"]) == ("4/5", "5/2", "Hu2025, Theorem 1")
    assert own["certificate"] == {
        "groups": [["A", "B"], ["C"], ["D"]],
        "ranks": [2, 1, 1],
        "private": [1, 0, 0],
        "cost": "5/2",
    }
    assert check_linear(example).violations == ()
    assert "optimum" not in "".join(check_linear(example).not_checked)


def test_the_headline_is_the_optimum_beside_theorem_1(example):
    found = theory_linear("example-1-f4", time_limit=5.0)
    head = found.table().splitlines()[1]
    assert head.startswith("optimum ")
    assert "4/5 computations per qudit, for any code; 4/5 by [Hu2025, Theorem 1]" in head


def test_another_certificate_of_the_capacity_is_refused(example, spoils):
    left = tuple(key for key in example if key != "optimum")
    for path, way, spoilt in spoils(example, left):
        assert not check_linear(spoilt).holds, (path, way)
    changes = [
        lambda o: o.update(scheme="batched, F_16"),
        lambda o: o.update(rate="1", cost="2"),
        lambda o: o.update(more=1),
        lambda o: o["certificate"].update(groups=[["A"], ["B"], ["C"], ["D"]], ranks=[1, 1, 1, 1]),
        lambda o: o["certificate"].update(groups=[["A", "B"], ["C"]]),
        lambda o: o["certificate"].update(groups=[["A", "C"], ["B"], ["D"]]),
        lambda o: o["certificate"].update(groups=[["A", "B"], ["C"], ["D"], []]),
        lambda o: o["certificate"].update(ranks=[2, 1, 2]),
    ]
    for change in changes:
        spoilt = copy.deepcopy(example)
        change(spoilt["optimum"])
        assert not check_linear(spoilt).holds
    assert not check_linear({key: value for key, value in example.items() if key != "optimum"}).holds


def test_a_users_task_and_a_stabilizer_file_have_it_too(tmp_path):
    task = {"name": "mine", "field": 4, "servers": {"A": [[1], [0]], "B": [[0], [2]], "C": [[3], [1]]}}
    mine = plain(theory_linear(task_from_json(task), time_limit=1.0))
    assert Fraction(mine["optimum"]["rate"]) == Fraction(mine["baselines"]["converse"])
    assert check_linear(mine).violations == ()
    theory_linear("sum-2-f4", time_limit=1.0, export=tmp_path / "box.json")
    box = plain(theory_linear(tmp_path / "box.json", time_limit=1.0))
    assert box["stabilizers"]["least"]["lower"] == box["optimum"]["cost"]
    assert check_linear(box).violations == ()


def test_where_nothing_meets_the_converse_the_text_says_between_which_rates_the_capacity_is():
    known = theory_linear("example-1-f4", time_limit=5.0)
    answer = replace(known, optimum=None, baselines={"converse": Fraction(1)})
    assert "capacity            from 4/5 to 1 computations per qudit" in answer.table().splitlines()[1]
    assert "optimum" not in answer.to_json()

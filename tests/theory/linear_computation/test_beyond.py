from __future__ import annotations

from fractions import Fraction
from functools import cache

import galois
import numpy as np
import pytest

from qcoord_hw.theory.linear_computation.annealing import anneal_forms
from qcoord_hw.theory.linear_computation.beyond import StabilizerScheme, scheme_of_forms, search_beyond
from qcoord_hw.theory.linear_computation.enumeration import cheapest_forms
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.forms import forms_cost
from qcoord_hw.theory.linear_computation.rates import minimum_cost
from qcoord_hw.theory.linear_computation.task import LinearTask

EXAMPLE_1 = [[[1], [0]], [[0], [1]], [[1], [1]], [[1], [1]]]


@cache
def galois_field(order: int) -> type[galois.FieldArray]:
    return galois.GF(order, compile="python-calculate")


def task_of(order: int, matrices: list) -> LinearTask:
    arrays = tuple(np.array(m, dtype=np.int64) for m in matrices)
    return LinearTask("t", field_of(order), tuple(f"s{k}" for k in range(len(arrays))), arrays)


def arrangement(order, private, shared, common, triangles, rng=None) -> LinearTask:
    """Three servers whose column spaces have these parts, in a random basis if a generator is given."""
    gf = galois_field(order)
    rows = sum(private) + sum(shared) + common + 2 * triangles
    units = iter(np.eye(rows, dtype=int))
    columns: list[list[np.ndarray]] = [[], [], []]
    for s in range(3):
        columns[s] += [next(units) for _ in range(private[s])]
        for _ in range(shared[s]):
            unit = next(units)
            columns[(s + 1) % 3].append(unit)
            columns[(s + 2) % 3].append(unit)
    for _ in range(common):
        unit = next(units)
        for own in columns:
            own.append(unit)
    for _ in range(triangles):
        one, two = next(units), next(units)
        for own, vector in zip(columns, [one, two, one + two], strict=True):
            own.append(vector)
    matrices = [gf(np.array(own).T) for own in columns]
    if rng is not None:
        basis = invertible(gf, rows, rng)
        matrices = [basis @ v @ invertible(gf, v.shape[1], rng) for v in matrices]
    return task_of(order, matrices)


def invertible(gf, size, rng):
    while True:
        m = gf(rng.integers(0, gf.order, (size, size)))
        if np.linalg.matrix_rank(m) == size:
            return m


def check(scheme: StabilizerScheme, rng: np.random.Generator) -> None:
    """The scheme answers random data rightly: with galois, server by server, from M and the encoders."""
    task, instances, total = scheme.task, scheme.instances, sum(scheme.qudits)
    gf = galois_field(task.field.order)
    m = gf(scheme.M)
    assert m.shape == (task.rows * instances, 2 * total)
    assert np.linalg.matrix_rank(m) == len(m)
    assert not np.any(m[:, :total] @ m[:, total:].T - m[:, total:] @ m[:, :total].T)
    exponents, start = gf.Zeros(2 * total), 0
    answer = gf.Zeros(task.rows * instances)
    for v, n, encoder in zip(task.matrices, scheme.qudits, scheme.encoders, strict=True):
        data = gf(rng.integers(0, gf.order, (instances, v.shape[1])))
        assert encoder.shape == (2 * n, data.size)
        own = gf(encoder) @ data.ravel()
        exponents[start : start + n] = own[:n]
        exponents[total + start : total + start + n] = own[n:]
        start += n
        answer += np.concatenate([gf(v) @ w for w in data]).view(gf)
    assert start == total
    np.testing.assert_array_equal(m @ exponents, answer)
    assert scheme.cost == Fraction(total, instances)
    assert scheme.rate == task.rows / scheme.cost
    assert scheme.source == "beyond theorem 1"


@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, 8, 9])
def test_two_common_and_one_private_dimension(order, rng):
    """Theorem 1 needs 5.5 qudits an instance, this 5.25."""
    task = arrangement(order, (1, 1, 1), (0, 0, 0), 2, 0)
    scheme = search_beyond(task, Fraction(11, 2))
    assert scheme is not None
    assert scheme.cost == Fraction(21, 4)
    if order > 2:
        assert (scheme.instances, scheme.qudits) == (4, (7, 7, 7))
    check(scheme, rng)


@pytest.mark.few(2)
@pytest.mark.parametrize("order", [2, 3, 4, 5, pytest.param(9, marks=pytest.mark.slow)])
def test_three_servers_reach_the_bound(order, rng):
    for _ in range(12):
        private, shared = rng.integers(0, 3, 3).tolist(), rng.integers(0, 2, 3).tolist()
        common, triangles = int(rng.integers(1, 3)), int(rng.integers(0, 2))
        task = arrangement(order, private, shared, common, triangles, rng)
        scheme = search_beyond(task, Fraction(10**6))
        assert scheme is not None
        assert scheme.cost == minimum_cost(task)
        check(scheme, rng)


def test_three_servers_with_random_matrices_reach_the_bound(rng):
    for order in (2, 3, 4):
        gf = galois_field(order)
        for _ in range(8):
            rows = int(rng.integers(2, 5))
            task = task_of(
                order, [invertible(gf, rows, rng)[:, : rng.integers(1, rows + 1)] for _ in range(3)]
            )
            if np.linalg.matrix_rank(gf(task.matrix)) == rows:
                scheme = search_beyond(task, Fraction(10**6))
                assert scheme is not None
                assert scheme.cost == minimum_cost(task)
                check(scheme, rng)


def test_bits_of_example_1_need_no_larger_field(rng):
    """Theorem 1 has c = 2 over F_2, that is 3 qubits an instance; 5 for two instances do and are optimal."""
    scheme = search_beyond(task_of(2, EXAMPLE_1), Fraction(3), time_limit=60)
    assert scheme is not None
    assert sum(scheme.qudits) == 5
    assert scheme.instances == 2
    check(scheme, rng)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("order", "counts", "cost"), [(2, (3, 1, 1), 6), (2, (2, 2, 1), 6), (2, (4, 1, 1), 7), (3, (1, 1, 1), 4)]
)
def test_all_forms_of_a_small_task(order, counts, cost, rng):
    """Servers with e1, e2 or e1 + e2, two instances; costs over F_2 by a separate exhaustive search."""
    columns = [[[1], [0]]] * counts[0] + [[[0], [1]]] * counts[1] + [[[1], [1]]] * counts[2]
    task = task_of(order, columns)
    found = cheapest_forms(task, 2)
    assert found is not None
    assert found[0] == Fraction(cost, 2) >= minimum_cost(task)
    scheme = scheme_of_forms(task, found[1], 2)
    assert scheme.cost == found[0]
    check(scheme, rng)
    assert cheapest_forms(task, 4) is None


def test_random_search_for_more_servers(rng):
    """Ten servers are too many for subsets and groupings; the sum of ten bits costs 5."""
    found = anneal_forms(task_of(2, [[[1]]] * 4), Fraction(2), time_limit=20, seed=1)
    assert found is not None
    cost, instances, forms = found
    assert cost == 2
    check(scheme_of_forms(task_of(2, [[[1]]] * 4), forms, instances), rng)
    scheme = search_beyond(task_of(2, [[[1]]] * 10), Fraction(6), time_limit=1)
    assert scheme is not None
    assert scheme.cost == 5
    check(scheme, rng)


def test_sums_of_an_odd_number_of_bits(rng):
    for servers in (3, 5):
        scheme = search_beyond(task_of(2, [[[1]]] * servers), Fraction(servers + 1, 2))
        assert scheme is not None
        assert scheme.cost == Fraction(servers, 2)
        check(scheme, rng)


def test_four_servers_with_common_and_private_dimensions(rng):
    unit = np.eye(6, dtype=int)
    task = task_of(3, [unit[:, [0, 1, 2 + s]] for s in range(4)])
    scheme = search_beyond(task, Fraction(7))
    assert scheme is not None
    assert scheme.cost == minimum_cost(task) == Fraction(20, 3)
    check(scheme, rng)


def test_nothing_is_returned_where_nothing_is_better():
    assert search_beyond(task_of(3, EXAMPLE_1), Fraction(5, 2)) is None  # at the bound
    assert search_beyond(task_of(3, [[[1]], [[1]]]), Fraction(1)) is None
    generic = [[[1], [0], [0]], [[0], [1], [0]], [[0], [0], [1]], [[1], [1], [1]], [[1], [2], [1]]]
    task = task_of(3, generic)
    assert minimum_cost(task) < Fraction(7, 2)
    found = search_beyond(task, minimum_cost(task) + Fraction(1, 100), time_limit=0.3)
    assert found is None or found.cost == minimum_cost(task)


def random_form(gf, size, rng):
    upper = np.triu(rng.integers(0, gf.order, (size, size)), 1)
    return gf.add[upper, gf.neg[upper.T]]


@pytest.mark.parametrize("order", [2, 3, 4, 9])
def test_any_alternating_forms_give_a_scheme_of_the_stated_cost(order, rng):
    gf = field_of(order)
    task = task_of(order, EXAMPLE_1)
    for instances in (1, 2, 3):
        forms = [random_form(gf, 2 * instances, rng) for _ in range(3)]
        forms.append(gf.neg[gf.total(forms)])
        scheme = scheme_of_forms(task, forms, instances)
        assert scheme.cost == forms_cost(task, forms, instances)
        check(scheme, rng)


def test_forms_that_do_not_cancel_are_refused():
    forms = [np.zeros((2, 2), dtype=np.int64) for _ in range(3)] + [np.array([[0, 1], [2, 0]])]
    with pytest.raises(ValueError, match="not self-orthogonal"):
        scheme_of_forms(task_of(3, EXAMPLE_1), forms, 1)


def test_a_search_repeats_itself():
    one, two = (search_beyond(task_of(2, EXAMPLE_1), Fraction(3), time_limit=60, seed=7) for _ in range(2))
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one.M, two.M)

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.batching import batch, batched_rates, degrees, pack, unpack
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.task import task_from_json

EXAMPLE_1 = {"a": [[1], [0]], "b": [[0], [1]], "c": [[1], [1]], "d": [[1], [1]]}


def test_example_1_over_f_2_gains_from_f_4():
    rates = batched_rates(task_from_json({"field": 2, "servers": EXAMPLE_1}), time_limit=20, max_degree=2)
    assert [(r.degree, r.c, r.c_lower, r.rate) for r in rates] == [
        (2, 1, 1, Fraction(4, 5)),
        (1, 2, 2, Fraction(2, 3)),
    ]


def test_equal_rates_prefer_the_smaller_field():
    rates = batched_rates(task_from_json({"field": 3, "servers": EXAMPLE_1}), time_limit=20, max_degree=2)
    assert [r.degree for r in rates] == [1, 2]


@pytest.mark.few(1)
@pytest.mark.parametrize(("p", "r"), [(2, 1), (2, 2), (2, 3), (3, 2), (5, 2), (2, 6)])
def test_digits_of_the_answer_are_the_answers(rng, p, r):
    v = rng.integers(0, p, (3, 4))
    v[0] = 1
    task = task_from_json({"field": p, "servers": {"a": v[:, :2].tolist(), "b": v[:, 2:].tolist()}})
    larger = batch(task, r)
    assert larger.field.order == p**r
    data = rng.integers(0, p, (r, 4))
    symbols = pack(larger.field, data)
    assert symbols.shape == (4,)
    np.testing.assert_array_equal(unpack(larger.field, symbols), data)
    answer = larger.field.matmul(larger.matrix, symbols[:, None])[:, 0]
    np.testing.assert_array_equal(unpack(larger.field, answer), data @ v.T % p)


def test_packing_keeps_further_axes(rng):
    data = rng.integers(0, 3, (2, 5, 4))
    np.testing.assert_array_equal(pack(field_of(9), data), data[0] + 3 * data[1])
    np.testing.assert_array_equal(unpack(field_of(9), pack(field_of(9), data)), data)


def test_refusals():
    with pytest.raises(InputError, match="field: 4; allowed for batching are prime fields"):
        batch(task_from_json({"field": 4, "servers": EXAMPLE_1}), 2)
    with pytest.raises(InputError, match="degree: 4; allowed are integers from 1 to 3"):
        batch(task_from_json({"field": 3, "servers": EXAMPLE_1}), 4)
    with pytest.raises(ValueError, match="3 instances for a field of degree 2"):
        pack(field_of(4), np.zeros((3, 1), dtype=np.int64))
    assert [len(degrees(p)) for p in (2, 3, 5, 7, 11)] == [6, 3, 2, 2, 1]

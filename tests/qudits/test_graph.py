"""Graph codes: all data by linearity against galois, and some of them on dense state vectors."""

from __future__ import annotations

import galois
import numpy as np
import pytest

from qcoord_hw.qudits.graph import GraphCode, computed
from qcoord_hw.qudits.synthesis import sparse_scheme
from qcoord_hw.theory.linear_computation.scheme import Scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task, task_from_json


def reference(order: int, poly: tuple[int, ...] | None = None) -> type[galois.FieldArray]:
    if poly is None:
        return galois.GF(order, compile="python-calculate")
    p = next(q for q in (2, 3, 5, 7) if order % q == 0)
    modulus = galois.Poly(poly, field=galois.GF(p))
    return galois.GF(order, irreducible_poly=modulus, compile="python-calculate")


def task_of(order: int, matrices: list[np.ndarray], poly: tuple[int, ...] | None = None) -> LinearTask:
    data = {"field": order, "servers": {"ABCDEF"[s]: np.asarray(v).tolist() for s, v in enumerate(matrices)}}
    return task_from_json(data | ({"irreducible_poly": list(poly)} if poly else {}))


def random_task(
    rng: np.random.Generator, order: int, rows: int, sizes: tuple[int, ...], poly=None
) -> LinearTask:
    """Also with dependent rows and columns, which have to be taken away and put back."""
    v = [rng.integers(0, order, (rows, m)) for m in sizes]
    if rows > 1 and rng.random() < 0.5:
        for block in v:
            block[-1] = block[0]
    for block in v:
        block[0, (block == 0).all(axis=0)] = 1
    return task_of(order, v, poly)


def answer(task: LinearTask, poly: tuple[int, ...] | None, w: np.ndarray) -> np.ndarray:
    """V w of symbols w, shape (2, sum m_s), by galois."""
    ref = reference(task.field.order, poly)
    return np.asarray(ref(w) @ ref(task.matrix).T).astype(np.int64)


def to_digits(symbols: np.ndarray, p: int, r: int) -> np.ndarray:
    return np.array([[int(s) // p**k % p for k in range(r)] for s in symbols.reshape(-1)]).reshape(-1)


CASES = [
    (2, 2, (1, 1, 1, 1), None),
    (2, 3, (2, 1, 2), None),
    (3, 2, (1, 2, 1), None),
    (3, 3, (2, 2, 1), None),
    (4, 2, (1, 1, 2), None),
    (4, 1, (2, 2), None),
    (5, 2, (1, 1, 2), None),
    (7, 2, (1, 1), None),
    (8, 2, (1, 1, 1), (1, 1, 0, 1)),
    (9, 1, (1, 2), None),
    (9, 2, (1, 1), (1, 0, 1)),
    (16, 1, (1, 1), None),
    (2, 1, (3,), None),
]


def built(rng: np.random.Generator, case: tuple) -> tuple[LinearTask, Scheme, GraphCode]:
    order, rows, sizes, poly = case
    task = random_task(rng, order, rows, sizes, poly)
    scheme, code = sparse_scheme(reduce_task(task))
    return task, scheme, code


@pytest.mark.few(4)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_outcomes_decode_to_the_answers_for_all_data(rng, case):
    task, scheme, code = built(rng, case)
    p, r, n = task.field.characteristic, task.field.degree, len(code.holders)
    width = sum(task.sizes)
    assert (code.p, code.degree) == (p, r)
    assert n == r * scheme.qudits
    gamma = np.asarray(code.adjacency)
    assert gamma.shape == (n, n)
    assert ((gamma >= 0) & (gamma < p)).all()
    np.testing.assert_array_equal(gamma, gamma.T)
    assert not gamma.diagonal().any()
    for a, b, weight in code.edges:
        assert gamma[a, b] == weight > 0
        assert a < b
        assert code.holders[a] != code.holders[b], "an edge inside a server is for nothing"
    assert len(code.edges) == np.count_nonzero(gamma) / 2
    held = [code.holders.count(s) for s in range(len(task.servers))]
    assert held == [r * k for k in scheme.download.values()]
    # One digit of the data after the other; everything else follows from linearity.
    owner = np.repeat(np.arange(len(task.sizes)), task.sizes)
    column = 0
    for instance in range(2):
        for symbol in range(width):
            for digit in range(r):
                w = np.zeros((2, width), dtype=np.int64)
                w[instance, symbol] = p**digit
                expected = to_digits(answer(task, case[3], w), p, r)
                u, v = code.x[:, column], code.z[:, column]
                outcome = (v - gamma @ u) % p
                np.testing.assert_array_equal(code.decoder @ outcome % p, expected)
                np.testing.assert_array_equal(code.transfer[:, column] % p, outcome)
                np.testing.assert_array_equal(computed(task)[:, column], expected)
                touched = np.flatnonzero(u % p + v % p)
                assert {code.holders[k] for k in touched} <= {owner[symbol]}, "on another server's qudit"
                assert set(touched) <= set(code.operated)
                column += 1
    assert code.x.shape == code.z.shape == (n, column)
    idle = [k for k in range(n) if k not in code.operated]
    assert not code.x[idle].any()
    assert not code.z[idle].any()


@pytest.mark.few(3)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_revealed_besides(rng, case):
    """The answers and the bonus together span what the outcomes say, and the bonus adds its number."""
    _, _, code = built(rng, case)
    prime = galois.GF(code.p, compile="python-calculate")
    said = prime(code.transfer % code.p)
    known = prime(code.decoder @ code.transfer % code.p)
    bonus = code.bonus()
    both = prime(np.vstack([known, bonus]))
    rank = np.linalg.matrix_rank
    assert rank(both) == rank(prime(np.vstack([both, said]))) == rank(said)
    assert rank(both) == rank(known) + len(bonus)


def measured(code: GraphCode, w: np.ndarray) -> list[int]:
    """Make the graph state, apply the Weyl operators, undo, and return the outcome, which must be certain."""
    p, n = code.p, len(code.holders)
    root = np.exp(2j * np.pi / p)
    j = np.indices((p,) * n)
    phase = np.zeros((p,) * n, dtype=int)
    for a in range(n):
        for b in range(a + 1, n):
            phase += int(code.adjacency[a, b]) * j[a] * j[b]
    state = root**phase / p ** (n / 2)
    u, v = code.x @ w % p, code.z @ w % p
    for a in range(n):
        state = state * root ** (int(v[a]) * j[a])
        state = np.roll(state, int(u[a]), axis=a)
    state = state * root**-phase
    back = root ** -np.outer(np.arange(p), np.arange(p)) / p**0.5
    for a in range(n):
        state = np.moveaxis(np.tensordot(back, state, axes=(1, a)), 0, a)
    weights = np.abs(state.reshape(-1)) ** 2
    best = int(weights.argmax())
    assert weights[best] == pytest.approx(1, abs=1e-9)
    return [best // p ** (n - 1 - a) % p for a in range(n)]


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "case",
    [
        (2, 2, (1, 1, 1, 1), None),
        (2, 2, (2, 1, 1), None),
        (3, 1, (1, 1, 1), None),
        (3, 2, (1, 1, 1), None),
        (3, 2, (2, 1), None),
        (4, 1, (1, 1, 1), None),
        (4, 2, (1, 1), None),
        (5, 1, (1, 1), None),
        (9, 1, (1, 1), None),
    ],
    ids=str,
)
def test_on_state_vectors(rng, case):
    task, _, code = built(rng, case)
    assert code.p ** len(code.holders) < 70_000
    p, r = code.p, code.degree
    for _ in range(6):
        w = rng.integers(0, task.field.order, (2, sum(task.sizes)))
        outcome = measured(code, to_digits(w, p, r))
        expected = to_digits(answer(task, case[3], w), p, r)
        np.testing.assert_array_equal(code.decoder @ outcome % p, expected)

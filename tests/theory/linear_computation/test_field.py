"""Field tables and linear algebra against galois, and what is refused."""

from __future__ import annotations

import signal

import galois
import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.field import field_of, prime_power

CONWAY = [(d, None) for d in (2, 3, 4, 5, 7, 8, 9, 16, 25, 27, 49, 64, 128, 251, 256)] + [
    pytest.param(d, None, marks=pytest.mark.slow)
    for d in (81, 121, 125, 169, 243)  # galois needs long
]
OTHER = [
    (8, (1, 1, 0, 1)),
    (9, (1, 0, 1)),  # irreducible, not primitive
    (16, (1, 1, 1, 1, 1)),  # not primitive
    (25, (1, 0, 2)),
    (27, (1, 0, 2, 2)),
    (256, (1, 0, 0, 0, 1, 1, 0, 1, 1)),  # of AES, not primitive
]


def reference(order: int, poly: tuple[int, ...] | None) -> type[galois.FieldArray]:
    p, r = next((p, r) for p in (2, 3, 5, 7, 11, 13, 251) for r in range(1, 9) if p**r == order)
    if r == 1:
        return galois.GF(p, compile="python-calculate")
    modulus = None if poly is None else galois.Poly(poly, field=galois.GF(p))
    return galois.GF(p, r, irreducible_poly=modulus, compile="python-calculate")


@pytest.mark.parametrize(("order", "poly"), CONWAY + OTHER)
def test_tables(order, poly):
    gf, ref = field_of(order, poly), reference(order, poly)
    every = ref(np.arange(order))
    assert gf.order == order == gf.characteristic**gf.degree
    assert (gf.characteristic, gf.degree) == (ref.characteristic, ref.degree)
    if gf.degree > 1:
        assert list(gf.irreducible_poly) == [int(c) for c in ref.irreducible_poly.coeffs]
    np.testing.assert_array_equal(gf.add, np.add.outer(every, every))
    np.testing.assert_array_equal(gf.mul, np.multiply.outer(every, every))
    np.testing.assert_array_equal(gf.neg, -every)
    np.testing.assert_array_equal(gf.inv[1:], every[1:] ** -1)
    assert gf.inv[0] == 0
    trace = ref.Zeros(order)
    for k in range(gf.degree):
        trace = trace + every ** (gf.characteristic**k)
    np.testing.assert_array_equal(gf.trace, trace)
    assert gf.trace.max() < gf.characteristic
    np.testing.assert_array_equal(gf.digits(np.arange(order))[:, ::-1], every.vector())
    np.testing.assert_array_equal(gf.undigits(gf.digits(np.arange(order))), np.arange(order))


def test_a_given_conway_polynomial_changes_nothing():
    np.testing.assert_array_equal(field_of(8, (1, 0, 1, 1)).mul, field_of(8).mul)
    assert (field_of(8, (1, 1, 0, 1)).mul != field_of(8).mul).any()


def test_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        field_of(4).mul[0, 0] = 1


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("order", "poly"), [(2, None), (3, None), (4, None), (9, (1, 0, 1)), (5, None), (8, None)]
)
def test_linear_algebra(rng, order, poly):
    gf, ref = field_of(order, poly), reference(order, poly)
    for _ in range(25):
        rows, columns, depth = rng.integers(1, 6, 3)
        a, b = rng.integers(0, order, (rows, columns)), rng.integers(0, order, (columns, depth))
        if rng.random() < 0.5:
            a[-1] = gf.add[a[0], a[0]]
        if rng.random() < 0.3:
            a[:, 0] = 0
        product = np.asarray(ref(a) @ ref(b))
        np.testing.assert_array_equal(gf.matmul(a, b), product)
        np.testing.assert_array_equal(gf.matmul(np.array([a, a]), b), [product, product])
        rank = int(np.linalg.matrix_rank(ref(a)))
        assert gf.rank(a) == rank
        reduced, pivots = gf.rref(a)
        np.testing.assert_array_equal(reduced, ref(a).row_reduce()[:rank])
        assert [int(np.flatnonzero(row)[0]) for row in reduced] == list(pivots)
        kernel = gf.null_space(a)
        assert kernel.shape == (columns - rank, columns)
        if len(kernel):
            assert not np.any(ref(a) @ ref(kernel).T)
            assert np.linalg.matrix_rank(ref(kernel)) == len(kernel)
        x = gf.solve(a, product)
        np.testing.assert_array_equal(ref(a) @ ref(x), product)
        vector = rng.integers(0, order, rows)
        solution = gf.solve(a, vector)
        consistent = np.linalg.matrix_rank(ref(np.column_stack([a, vector]))) == rank
        assert (solution is not None) == consistent
        if consistent:
            np.testing.assert_array_equal(ref(a) @ ref(solution), vector)
        square = rng.integers(0, order, (rows, rows))
        if np.linalg.matrix_rank(ref(square)) == rows:
            np.testing.assert_array_equal(gf.inverse(square), np.linalg.inv(ref(square)))
        else:
            with pytest.raises(ValueError, match="singular"):
                gf.inverse(square)


@pytest.mark.parametrize(("order", "poly"), [(4, None), (8, None), (9, None), (9, (1, 0, 1)), (27, None)])
def test_dual_bases(rng, order, poly):
    gf, ref = field_of(order, poly), reference(order, poly)
    for _ in range(10):
        basis = rng.integers(1, order, gf.degree)
        if np.linalg.matrix_rank(galois.GF(gf.characteristic)(gf.digits(basis))) < gf.degree:
            continue
        dual = gf.dual_basis(basis)
        table = np.multiply.outer(ref(basis), ref(dual)).reshape(-1).field_trace().reshape(gf.degree, -1)
        np.testing.assert_array_equal(table, np.eye(gf.degree))
    assert gf.power_basis.tolist() == [gf.characteristic**k for k in range(gf.degree)]


@pytest.mark.parametrize(
    ("order", "nearest"),
    [
        (6, "5 and 7"),
        (10, "9 and 11"),
        (12, "11 and 13"),
        (14, "13 and 16"),
        (33, "32 and 37"),
        (62, "61 and 64"),
    ]
    + [
        (63, "61 and 64"),
        (1, "2"),
        (0, "2"),
        (-9, "2"),
        (65, "64 and 67"),
        (250, "243 and 251"),
        (257, "256"),
        (10**30, "256"),
    ],
)
def test_other_orders_are_refused_with_the_nearest(order, nearest):
    with pytest.raises(InputError) as caught:
        field_of(order)
    text = str(caught.value)
    assert text.startswith("field: ")
    assert text.endswith(f"the nearest {nearest}")
    assert "\n" not in text


@pytest.mark.parametrize("order", [True, False, 4.0, "4", None, [4], (2, 2), np.nan])
def test_other_types_are_refused(order):
    with pytest.raises(InputError, match=r"^field: .*allowed are prime powers from 2 to 256"):
        field_of(order)


def test_a_huge_prime_is_refused_at_once():
    """Not by trial division up to it; the alarm only keeps a failure from running for hours."""

    def stop(*_: object) -> None:
        raise AssertionError("still at work")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 2)
    try:
        with pytest.raises(InputError, match=r"^field: 2305843009213693951; .*nearest 256"):
            field_of(2**61 - 1)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize(
    ("order", "poly"),
    [
        (4, (1, 0, 1)),  # (x + 1)^2
        (9, (1, 0, 2)),  # (x + 1)(x + 2)
        (8, (1, 1, 1)),
        (4, (1, 0, 1, 1)),
        (4, (0, 1, 1)),
        (9, (2, 0, 2)),
        (4, ()),
        (4, (1, 2, 1)),
        (4, (1, True, 1)),
        (4, (1, 1.0, 1)),
        (4, (1, -1, 1)),
        (4, (1, "1", 1)),
        (4, (1, 10**4000, 1)),
    ],
    ids=str,
)
def test_other_polynomials_are_refused(order, poly):
    with pytest.raises(InputError, match=r"^irreducible_poly.*allowed") as caught:
        field_of(order, poly)
    assert "\n" not in str(caught.value)


def test_prime_powers():
    found = {q: prime_power(q) for q in range(130) if prime_power(q)}
    expected = {p**r: (p, r) for p in range(2, 130) if all(p % q for q in range(2, p)) for r in range(1, 8)}
    assert found == {q: pair for q, pair in sorted(expected.items()) if q < 130}

"""The multiple-access network: which pure states Alice and Bob can make apart, and how Charlie joins them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm

from qcoord_hw.errors import InputError
from qcoord_hw.theory.information import trace_norm
from qcoord_hw.theory.regions.multiple_access import multiple_access
from qcoord_hw.theory.states import make_state, state_from_json


def random_ket(rng, *sizes):
    ket = rng.normal(size=sizes) + 1j * rng.normal(size=sizes)
    return ket / np.linalg.norm(ket)


def pairs(rng, one, other, d_c):
    """Two pairs (a, c1) and (b, c2), with c1 c2 hidden in a larger C."""
    both = np.einsum("ai,bj->abij", one, other)
    both = both.reshape(*both.shape[:2], -1)
    u = np.linalg.qr(rng.normal(size=(d_c, d_c)) + 1j * rng.normal(size=(d_c, d_c)))[0]
    ket = both @ u[: both.shape[2]]
    return make_state("pairs", dict(zip("ABC", ket.shape, strict=True)), [(1.0, (), ket.ravel())])


def entropy(matrix):
    p = np.linalg.svd(matrix, compute_uv=False) ** 2
    p = p[p > 1e-15] / p.sum()
    return float(-(p * np.log2(p)).sum())


FLAT = np.eye(2) / math.sqrt(2)


@pytest.mark.parametrize("d_c", [4, 6, 9])
@pytest.mark.parametrize("flat", [(True, True), (True, False), (False, False)])
def test_two_pairs_are_found_in_charlies_system(d_c, flat, rng):
    one, other = (FLAT if f else random_ket(rng, 3, 2) for f in flat)
    state = pairs(rng, one, other, d_c)
    answer = multiple_access(state)
    assert answer.status == "feasible"
    expected = np.array([(entropy(one), entropy(other))])
    assert answer.criteria["theorem"].corners == pytest.approx(expected, abs=1e-8)
    v = answer.details["V"]
    matrix = v.reshape(-1, d_c)
    assert matrix.shape[0] == 4  # rank of A times rank of B
    assert np.abs(matrix @ matrix.conj().T - np.eye(4)).max() < 1e-10  # Charlie's V^dagger is an isometry
    ket = state.kets()[0].reshape(state.dimensions)
    made = np.einsum("ijc,abc->aibj", v, ket)
    target = np.einsum("ai,bj->aibj", answer.details["phi"], answer.details["chi"])
    assert abs(np.vdot(target, made)) == pytest.approx(1, abs=1e-12)
    back = np.einsum("ijc,aibj->abc", v.conj(), target)
    assert abs(np.vdot(back, ket)) == pytest.approx(1, abs=1e-12)


def test_products_and_missing_parties(rng):
    product = np.einsum("a,b,c->abc", random_ket(rng, 2), random_ket(rng, 3), random_ket(rng, 2))
    state = make_state("product", {"A": 2, "B": 3, "C": 2}, [(1.0, (), product.ravel())])
    assert multiple_access(state).criteria["theorem"].corners == pytest.approx(np.zeros((1, 2)), abs=1e-8)
    lone = make_state("lone", {"A": 2, "C": 2}, [(1.0, (), FLAT.ravel())])
    answer = multiple_access(lone)
    assert answer.criteria["theorem"].corners == pytest.approx(np.array([(1, 0)]), abs=1e-8)
    assert answer.details["V"].shape == (2, 1, 2)


@pytest.mark.parametrize(
    ("ket", "fidelity", "distance"),
    [
        ({"000": 1, "111": 1}, math.sqrt(0.5), 0.5),
        ({"001": 1, "010": 1, "100": 1}, 0.769800359, 4 / 9),
        ({"000": 1, "110": 1}, 0.5, 0.75),
    ],
)
def test_states_that_alice_and_bob_cannot_make_apart(ket, fidelity, distance):
    answer = multiple_access(state_from_json({"systems": {"A": 2, "B": 2, "C": 2}, "ket": ket}))
    assert answer.status == "infeasible"
    assert answer.criteria == {}
    assert answer.details["root_fidelity"] == pytest.approx(fidelity, abs=1e-9)
    assert answer.details["trace_distance"] == pytest.approx(distance, abs=1e-9)
    assert f"root fidelity {fidelity:.9f}" in answer.why


def test_the_root_fidelity_is_that_of_the_reduced_states(rng):
    for _ in range(5):
        ket = random_ket(rng, 2, 3, 4)
        state = make_state("random", {"A": 2, "B": 3, "C": 4}, [(1.0, (), ket.ravel())])
        ab = np.einsum("abc,xyc->abxy", ket, ket.conj())
        product = np.kron(np.einsum("abxb->ax", ab), np.einsum("abay->by", ab))
        ab = ab.reshape(6, 6)
        root = sqrtm(product)
        expected = np.sqrt(np.clip(np.linalg.eigvalsh(root @ ab @ root), 0, None)).sum()
        details = multiple_access(state).details
        assert details["root_fidelity"] == pytest.approx(expected, abs=1e-7)
        assert details["trace_distance"] == pytest.approx(trace_norm(ab - product) / 2, abs=1e-10)
        assert details["root_fidelity"] < 0.999


def test_a_near_miss_is_judged_by_the_vector(rng):
    for size, status in ((1e-9, "feasible"), (1e-4, "infeasible")):
        ket = np.einsum("ai,bj->abij", FLAT, FLAT).ravel() + size * random_ket(rng, 16)
        state = make_state("near", {"A": 2, "B": 2, "C": 4}, [(1.0, (), ket)])
        assert multiple_access(state).status == status


def test_mixed_states_are_not_covered():
    mixed = make_state("mixed", {"A": 2, "C": 2}, [(1.0, (), np.diag([0.5, 0, 0, 0.5]))])
    answer = multiple_access(mixed)
    assert answer.status == "not_covered"
    assert answer.criteria == {}
    classical = make_state("c", {"A": 2, "C": 2}, [(0.5, (i,), np.eye(2)[i]) for i in (0, 1)], ("A",))
    assert multiple_access(classical).status == "not_covered"


def test_another_system_is_refused():
    with pytest.raises(InputError, match="X; allowed in this network are A, B, C"):
        multiple_access(make_state("x", {"X": 2, "C": 2}, [(1.0, (0,), np.eye(2)[0])], ("X",)))

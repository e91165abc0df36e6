"""State redistribution, and the two-node network with a qubit link."""

from __future__ import annotations

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.cascade import cascade
from qcoord_hw.theory.regions.redistribution import redistribution
from qcoord_hw.theory.regions.two_node_quantum import two_node_quantum
from qcoord_hw.theory.states import make_state, state_from_json


def random_ket(rng, *sizes):
    ket = rng.normal(size=sizes) + 1j * rng.normal(size=sizes)
    return ket / np.linalg.norm(ket)


def entropy(ket, axes):
    rest = [i for i in range(ket.ndim) if i not in axes]
    sizes = [ket.shape[i] for i in axes]
    p = np.linalg.svd(ket.transpose([*axes, *rest]).reshape(int(np.prod(sizes)), -1), compute_uv=False) ** 2
    p = p[p > 1e-15]
    return float(-(p * np.log2(p)).sum())


def pure(ket, names):
    return make_state("pure", dict(zip(names, ket.shape, strict=True)), [(1.0, (), ket.ravel())])


def test_the_theorem_for_a_random_state(rng):
    ket = random_ket(rng, 2, 3, 2, 2)  # A B G R
    answer = redistribution(pure(ket, "ABGR"))
    information = entropy(ket, [1, 2]) + entropy(ket, [2, 3]) - entropy(ket, [1, 2, 3]) - entropy(ket, [2])
    conditional = entropy(ket, [1, 2]) - entropy(ket, [2])
    bounds = [c.bound for c in answer.criteria["theorem"].constraints[:2]]
    assert bounds == pytest.approx([information / 2, conditional], abs=1e-8)
    # The information is symmetric in who is the reference, and complementary: I(B;R|G) = I(B;R|A).
    mirrored = redistribution(pure(ket, "GBAR")).details["I(B;R|G)"]
    assert mirrored == pytest.approx(information, abs=1e-8)


def test_special_cases(rng):
    pair = np.eye(2) / np.sqrt(2)
    # Without side information and with R only: Schumacher compression, Q >= H(B) without ebits.
    state = pure(pair, "BR")
    region = redistribution(state).criteria["theorem"]
    assert region.corners == pytest.approx(np.array([(1, 0)]), abs=1e-8)
    # B entangled with what Bob has: merging yields an ebit and costs nothing.
    merged = redistribution(pure(pair, "BG"))
    assert merged.criteria["theorem"].corners == pytest.approx(np.array([(0, 0)]), abs=1e-8)
    assert merged.details["net_entanglement"] == pytest.approx(-1)
    # B entangled with what stays with Alice: an ebit suffices.
    split = redistribution(pure(pair, "AB"))
    assert split.criteria["theorem"].corners == pytest.approx(np.array([(0, 1), (1, 0)]), abs=1e-8)


def test_the_cascade_is_made_of_two_redistributions(rng):
    """Theorem 6: first BC to Bob, who has nothing, then C to Charlie, who has nothing."""
    ket = random_ket(rng, 2, 2, 2, 3)  # A B C R
    rho = np.einsum("ir,jr->ij", ket.reshape(8, 3), ket.reshape(8, 3).conj())
    state = make_state("mixed", {"A": 2, "B": 2, "C": 2}, [(1.0, (), rho)])
    found = [c.bound for c in cascade(state).criteria["redistribution"].constraints[:4]]
    first = redistribution(pure(ket.reshape(2, 4, 3), "ABR")).criteria["theorem"]
    second = redistribution(pure(ket, "abBr").reduced("abBr"), reference="none").criteria["theorem"]
    assert found[:2] == pytest.approx([c.bound for c in first.constraints[:2]], abs=1e-8)
    assert found[3] == pytest.approx(second.constraints[1].bound, abs=1e-8)
    joined = ket.transpose(1, 2, 0, 3).reshape(2, 2, 6)  # B stays, C goes, A R is the reference
    second = redistribution(pure(joined, "ABR")).criteria["theorem"]
    assert found[2:] == pytest.approx([c.bound for c in second.constraints[:2]], abs=1e-8)


def test_names_may_be_chosen(rng):
    ket = random_ket(rng, 2, 2, 2, 2)
    usual = redistribution(pure(ket, "ABGR")).criteria["theorem"].corners
    other = redistribution(pure(ket, "ACBR"), sent="C", side="B").criteria["theorem"].corners
    assert other == usual


def test_wrong_requests_are_refused(rng):
    state = pure(random_ket(rng, 2, 2), "BR")
    with pytest.raises(InputError, match="sent: 'C'; allowed are the systems B, R"):
        redistribution(state, sent="C")
    with pytest.raises(InputError, match="three different"):
        redistribution(state, side="R")
    with pytest.raises(InputError, match="mixed"):
        redistribution(make_state("m", {"B": 2, "R": 2}, [(1.0, (), np.eye(4) / 4)]))


def test_two_nodes_pure(rng):
    ket = random_ket(rng, 3, 2)
    criteria = two_node_quantum(pure(ket, "AB")).criteria
    for region in criteria.values():
        assert region.corners == pytest.approx(np.array([(entropy(ket, [1]),)]), abs=1e-8)


def test_two_nodes_mixed(rng):
    rho = np.einsum("ir,jr->ij", *(2 * [random_ket(rng, 4, 3)]))
    rho = rho @ rho.conj().T
    rho /= np.trace(rho)
    state = make_state("mixed", {"A": 2, "B": 2}, [(1.0, (), rho)])
    answer = two_node_quantum(state)
    half = state.mutual_information("A", "B") / 2
    [constraint] = answer.criteria["no_entanglement"].constraints
    assert constraint.lower == pytest.approx(half, abs=1e-8)
    assert constraint.bound == constraint.upper
    assert constraint.upper == pytest.approx(min(state.entropy("A"), state.entropy("B")), abs=1e-8)
    assert answer.criteria["entanglement_assisted"].corners == pytest.approx(np.array([(half,)]), abs=1e-8)


def test_two_nodes_send_nothing_for_a_product_and_only_what_matters_else():
    product = np.kron(np.diag([0.5, 0.5]), np.diag([0.3, 0.7]))
    state = make_state("product", {"A": 2, "B": 2}, [(1.0, (), product)])
    [constraint] = two_node_quantum(state).criteria["no_entanglement"].constraints
    assert (constraint.lower, constraint.upper) == pytest.approx((0, 0), abs=1e-8)
    # Letters 0 and 1 of both differ in nothing that the other sees.
    p = np.zeros((3, 3))
    p[:2, :2], p[2, 2] = 1 / 8, 1 / 2
    state = make_state("labels", {"A": 3, "B": 3}, [(1.0, (), np.diag(p.ravel()))])
    answer = two_node_quantum(state)
    assert answer.details["core_dimensions"] == {"A": 2, "B": 2}
    assert answer.criteria["no_entanglement"].corners == pytest.approx(np.array([(1,)]), abs=1e-8)
    with pytest.raises(InputError, match="C; allowed"):
        two_node_quantum(state_from_json({"systems": {"C": 2}, "ket": {"0": 1}}))

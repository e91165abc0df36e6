"""The cascade network: the paper's examples, both criteria, codes that are simulated."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.cascade import RATES, cascade
from qcoord_hw.theory.regions.cascade_schemes import simulate
from qcoord_hw.theory.regions.local_part import local_core
from qcoord_hw.theory.states import make_state, state_from_json

LOG3 = math.log2(3)
OUTER_SUMS = (("Q1", "E1"), ("Q2", "E2"))
TRITS = ["".join(p) for p in itertools.permutations("012")]
EXAMPLE_1 = {"systems": dict.fromkeys("ABC", 3), "ensemble": [{"p": "1/6", "ket": {k: 1}} for k in TRITS]}
EXAMPLE_2 = {"systems": dict.fromkeys("ABC", 3), "ket": dict.fromkeys(TRITS, 1)}


def density_state(rho, sizes):
    return make_state(
        "test", dict(zip("ABC", sizes, strict=True)), [(1.0, (), np.asarray(rho, dtype=complex))]
    )


def random_density(rng, d, rank):
    g = rng.normal(size=(d, rank)) + 1j * rng.normal(size=(d, rank))
    return g @ g.conj().T / np.linalg.norm(g) ** 2


def random_unitary(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]


def entropy(rho):
    p = np.linalg.eigvalsh(rho)
    p = p[p > 1e-15]
    return float(-(p * np.log2(p)).sum())


def bounds(region):
    return {tuple(name for name, _ in c.rates): c.bound for c in region.constraints}


def purified(rho, sizes):
    """Entropies of A, B, C, R by an explicit purification, the reference included."""
    values, vectors = np.linalg.eigh(rho)
    ket = (vectors * np.sqrt(np.clip(values, 0, None))).reshape(*sizes, -1)

    def h(names):
        axes = ["ABCR".index(s) for s in names]
        rest = [i for i in range(4) if i not in axes]
        m = ket.transpose(axes + rest).reshape(math.prod(ket.shape[i] for i in axes), -1)
        p = np.linalg.svd(m, compute_uv=False) ** 2
        p = p[p > 1e-15]
        return float(-(p * np.log2(p)).sum())

    return h


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (EXAMPLE_1, (1.792481250, 2.584962501, 1.292481250, 1.584962501)),
        (EXAMPLE_2, (0.0, 1.584962501, 0.792481250, 1.584962501)),
    ],
)
def test_the_papers_examples(data, expected):
    found = bounds(cascade(state_from_json(data)).criteria["redistribution"])
    keys = [("Q1",), ("Q1", "E1"), ("Q2",), ("Q2", "E2")]
    assert [found[key] for key in keys] == pytest.approx(expected, abs=1e-8)


def scrambled(rng):
    """Example 1 with a random local basis for each party."""
    rho = state_from_json(EXAMPLE_1).density()
    u = np.kron(np.kron(random_unitary(rng, 3), random_unitary(rng, 3)), random_unitary(rng, 3))
    return density_state(u @ rho @ u.conj().T, (3, 3, 3))


def relabelled(rng):
    """Example 1 as a distribution with permuted letters, and C listed as classical."""
    orders = [rng.permutation(3) for _ in range(3)]
    entries = []
    for key in TRITS:
        a, b, c = (int(o[int(s)]) for o, s in zip(orders, key, strict=True))
        entries.append({"p": "1/6", "x": {"C": c}, "ket": {f"{a}{b}": 1}})
    return state_from_json({"systems": dict.fromkeys("ABC", 3), "classical": ["C"], "ensemble": entries})


@pytest.mark.parametrize("make", [lambda rng: state_from_json(EXAMPLE_1), scrambled, relabelled])
def test_example_1_needs_less_when_only_the_state_is_scored(make, rng):
    state = make(rng)
    answer = cascade(state)
    tuples = [np.array(scheme.rates) for scheme in answer.details["schemes"]]
    for point in ((LOG3, 0, LOG3, 0), (0, LOG3, LOG3, 0)):
        assert any(np.abs(rates - point).max() < 1e-9 for rates in tuples)
        assert answer.criteria["generation_inner"].margin(point) > -1e-9
        assert answer.criteria["generation_outer"].margin(point) > -1e-9
        assert answer.criteria["redistribution"].margin(point) < -0.9
    assert answer.criteria["redistribution"].margin((1.9, 0.7, 1.3, 0.3)) == pytest.approx(0.0075, abs=1e-4)


def test_schemes_are_codes_of_the_network(rng):
    sizes = (2, 3, 2)
    state = density_state(random_density(rng, 12, 4), sizes)
    schemes = cascade(state).details["schemes"]
    assert len(schemes) >= 6
    for scheme in schemes:
        q1, e1, q2, e2 = (round(2**r) for r in scheme.rates)
        environments = scheme.alice.shape[2], scheme.bob.shape[2], scheme.charlie.shape[1]
        assert scheme.alice.shape == (2, q1, environments[0], e1)
        assert scheme.bob.shape == (3, q2, environments[1], q1, e1, e2)
        assert scheme.charlie.shape == (2, environments[2], q2, e2)
        assert [len(s) for s in scheme.resources] == [e1, e2]
        output = simulate(scheme.resources, scheme.alice, scheme.bob, scheme.charlie)
        assert np.abs(output - state.density()).max() < 1e-12
        assert scheme.trace_norm < 1e-9
        with pytest.raises(ValueError, match="bob"):
            simulate(scheme.resources, scheme.alice, 1.01 * scheme.bob, scheme.charlie)


def test_a_second_link_of_ebits_only_when_a_and_c_are_independent():
    # A-B pair and B-C pair: Bob's system has dimension 4.
    ket = np.einsum("ab,cd->abcd", np.eye(2), np.eye(2)).ravel() / 2
    state = make_state("two pairs", {"A": 2, "B": 4, "C": 2}, [(1.0, (), ket)])
    answer = cascade(state)
    rates = {scheme.rates for scheme in answer.details["schemes"]}
    assert (0.0, 1.0, 0.0, 1.0) in rates
    assert answer.criteria["redistribution"].margin((0, 1, 0, 1)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 2, 2), (2, 1, 3), (2, 3, 1), (1, 2, 2)])
def test_pure_states_have_one_region(sizes, rng):
    ket = rng.normal(size=math.prod(sizes)) + 1j * rng.normal(size=math.prod(sizes))
    state = make_state("pure", dict(zip("ABC", sizes, strict=True)), [(1.0, (), ket)])
    criteria = cascade(state).criteria
    corners = [np.array(region.corners) for region in criteria.values()]
    for other in corners[1:]:
        assert other == pytest.approx(corners[0], abs=1e-8)
    for name in ("generation_inner", "generation_outer"):
        for c in criteria[name].constraints:
            assert c.lower == pytest.approx(c.upper, abs=1e-8)


@pytest.mark.parametrize(("sizes", "rank"), [((2, 2, 2), 2), ((2, 2, 2), 8), ((3, 2, 2), 3), ((2, 3, 2), 5)])
def test_mixed_states_against_an_explicit_purification(sizes, rank, rng):
    rho = random_density(rng, math.prod(sizes), rank)
    criteria = cascade(density_state(rho, sizes)).criteria
    h = purified(rho, sizes)
    found = bounds(criteria["redistribution"])
    assert found["Q1",] == pytest.approx((h("BC") + h("R") - h("BCR")) / 2, abs=1e-8)
    assert found["Q1", "E1"] == pytest.approx(h("BC"), abs=1e-8)
    assert found["Q2",] == pytest.approx((h("C") + h("AR") - h("ACR")) / 2, abs=1e-8)
    assert found["Q2", "E2"] == pytest.approx(h("C"), abs=1e-8)
    outer = bounds(criteria["generation_outer"])
    halves = (h("A") + h("BC") - h("ABC")) / 2, (h("AB") + h("C") - h("ABC")) / 2
    measured = cascade(density_state(rho, sizes)).details["measurements"]
    for rates, half, cut in zip(OUTER_SUMS, halves, ("A:BC", "AB:C"), strict=True):
        told = measured.get(cut, {"information": 0.0})["information"]
        assert outer[rates] == pytest.approx(max(half, told), abs=1e-8)
        assert told == 0 or told > half
    assert outer["Q2",] == pytest.approx((h("A") + h("C") - h("AC")) / 2, abs=1e-8)
    inner = criteria["generation_inner"]
    # Purifier at Bob: B R is Bob's system. The same for the others.
    for b, c in (("B", "C"), ("BR", "C"), ("B", "CR")):
        a = "".join(s for s in "ABCR" if s not in b + c)
        q2 = (h(c) + h(a) - h(b)) / 2
        point = (0, h(a), q2, max(0.0, h(c) - q2))
        assert inner.margin(point) > -1e-8
    assert min(criteria["generation_outer"].margin(corner) for corner in inner.corners) > -1e-8
    assert min(inner.margin(corner) for corner in criteria["redistribution"].corners) > -1e-8
    for region in criteria.values():
        for c in region.constraints:
            assert c.lower <= c.bound + 1e-9
            assert c.bound <= c.upper + 1e-9


def test_nothing_is_sent_for_products():
    mixed = cascade(density_state(np.eye(8) / 8, (2, 2, 2)))
    assert mixed.criteria["generation_inner"].corners == ((0, 0, 0, 0),)
    assert mixed.criteria["redistribution"].corners == ((2, 0, 1, 0),)
    rho = np.kron(np.kron(np.diag([0.7, 0.3]), np.diag([1.0, 0, 0])), np.diag([0.6, 0.4]))
    assert cascade(density_state(rho, (2, 3, 2))).criteria["generation_inner"].corners == ((0, 0, 0, 0),)


def test_a_party_makes_its_own_noise(rng):
    # A pair between A and C; beside it local noise at A, B and C, hidden by local bases.
    pair = np.eye(2).ravel() / math.sqrt(2)
    noise_a, noise_b, noise_c = (random_density(rng, d, d) for d in (2, 2, 3))
    rho = np.outer(pair, pair).reshape(2, 2, 2, 2)
    full = np.einsum("acxz,pq,rs,mn->aprcmxqszn", rho, noise_a, noise_b, noise_c).reshape(48, 48)
    u = np.kron(np.kron(random_unitary(rng, 4), random_unitary(rng, 2)), random_unitary(rng, 6))
    answer = cascade(density_state(u @ full @ u.conj().T, (4, 2, 6)))
    assert answer.details["core_dimensions"] == {"A": 2, "B": 1, "C": 2}
    assert answer.criteria["generation_inner"].margin((1, 0, 1, 0)) > -1e-9
    assert answer.criteria["generation_inner"].corners == pytest.approx(
        np.array(answer.criteria["generation_outer"].corners), abs=1e-8
    )


def test_the_core_of_a_block_structure(rng):
    # A = L0 (x) K0 + L1 (x) K1, of dimensions 2 x 2 + 1 x 3.
    rho = np.zeros((7, 4, 7, 4), dtype=complex)
    left = random_density(rng, 8, 8).reshape(2, 4, 2, 4)
    rho[:4, :, :4, :] = 0.6 * np.einsum("arbs,kl->akrbls", left, random_density(rng, 2, 2)).reshape(
        4, 4, 4, 4
    )
    rho[4:, :, 4:, :] = 0.4 * np.einsum("kl,rs->krls", random_density(rng, 3, 2), random_density(rng, 4, 4))
    u = random_unitary(rng, 7)
    rho = np.einsum("xa,arbs,yb->xrys", u, rho, u.conj()).reshape(28, 28)
    core = local_core(rho, (7, 4))
    assert core.dimensions == (3, 4)
    again = np.einsum(
        "xea,yfr,arbs,zeb,wfs->xyzw",
        core.recover[0],
        core.recover[1],
        core.density.reshape(3, 4, 3, 4),
        core.recover[0].conj(),
        core.recover[1].conj(),
        optimize=True,
    )
    assert np.abs(again.reshape(28, 28) - rho).max() < 1e-12
    assert entropy(core.density) < entropy(rho)


def test_letters_after_which_nothing_differs_are_merged(rng):
    rows = rng.random((3, 4))
    rows /= rows.sum(axis=1, keepdims=True)
    p = np.array([0.1, 0.4, 0.0, 0.2, 0.3])
    table = p[:, None] * rows[[0, 0, 1, 2, 2]]
    core = local_core(np.diag(table.ravel()).astype(complex), (5, 2, 2))
    assert core.dimensions == (2, 2, 2)  # the letter of probability 0 is gone
    merged = np.array([0.5 * rows[0], 0.5 * rows[2]])
    assert entropy(core.density) == pytest.approx(entropy(np.diag(merged.ravel())), abs=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 5, 27])
def test_a_generic_state_is_its_own_core(rank, rng):
    assert local_core(random_density(rng, 27, rank), (3, 3, 3)).dimensions == (3, 3, 3)


def test_a_missing_party_has_dimension_1():
    pair = state_from_json({"systems": {"B": 2, "C": 2}, "ket": {"00": 1, "11": 1}})
    expected = np.array([(0, 0, 0, 1), (0, 0, 1, 0)])
    for region in cascade(pair).criteria.values():
        assert region.corners == pytest.approx(expected, abs=1e-8)


def test_another_system_is_refused():
    pair = state_from_json({"systems": {"A": 2, "D": 2}, "ket": {"00": 1, "11": 1}})
    with pytest.raises(InputError, match="D; allowed in this network are A, B, C"):
        cascade(pair)


def test_json_has_the_three_criteria():
    data = cascade(state_from_json(EXAMPLE_1)).to_json()
    assert list(data["criteria"]) == ["redistribution", "generation_inner", "generation_outer"]
    assert {"rates", ">=", "lower", "upper", "source"} == set(
        data["criteria"]["redistribution"]["constraints"][0]
    )
    assert set(data["criteria"]["redistribution"]["corners"][0]) == set(RATES)


@pytest.mark.parametrize("noise", [1e-4, 1e-7, 1e-8, 1e-10, 1e-12])
def test_almost_pure_states(noise, rng):
    rho = (1 - noise) * random_density(rng, 18, 1) + noise * random_density(rng, 18, 18)
    criteria = cascade(density_state(rho, (2, 3, 3))).criteria
    inner, outer = criteria["generation_inner"], criteria["generation_outer"]
    assert min(outer.margin(corner) for corner in inner.corners) > -1e-8
    assert min(inner.margin(corner) for corner in criteria["redistribution"].corners) > -1e-8
    assert np.max(inner.corners) < 2

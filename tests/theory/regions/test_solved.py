"""Mixed targets under Definition 4: what is closed and proved, and that no bracket became wider."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from qcoord_hw.theory.digest import digest
from qcoord_hw.theory.information import binary_entropy
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.regions.auxiliary.checker.answer import check_region_answer
from qcoord_hw.theory.regions.cascade import cascade
from qcoord_hw.theory.regions.measured import best_measurement
from qcoord_hw.theory.states import make_state
from tests.theory.regions.seeded_targets import COUNT, target

BEFORE = {
    row["seed"]: row for row in json.loads((Path(__file__).parent / "data" / "brackets.json").read_text())
}
"""What was answered before measurements and codebooks were used."""

LOG3 = math.log2(3)
ROUNDED = 2e-9
FEW = (2, 13, 17, 20)


def sides(region):
    return {tuple(name for name, _ in c.rates): (c.lower, c.upper) for c in region.constraints}


def test_example_1_is_closed_under_definition_4():
    found = cascade(named_state("example-1")).criteria
    exact = {("Q1", "E1"): LOG3, ("Q2",): LOG3 - 1.292481250360578, ("Q2", "E2"): LOG3}
    for name in ("generation_inner", "generation_outer"):
        ends = sides(found[name])
        for rates, value in exact.items():
            assert ends[rates] == pytest.approx((value, value), abs=1e-9), (name, rates)
    inner, outer = (np.array(found[f"generation_{side}"].corners) for side in ("inner", "outer"))
    assert inner == pytest.approx(outer, abs=1e-9)


@pytest.mark.parametrize("parties", [2, 3])
def test_a_shared_bit_needs_a_whole_qubit(parties):
    state = named_state(f"ghz-mixture:parties={parties}")
    if parties == 2:
        found = coordination_region(state, "two-node").criteria["no_entanglement"]
        assert sides(found)["Q",] == pytest.approx((1, 1), abs=1e-9)
    found = coordination_region(state, "cascade").criteria
    assert found["generation_inner"].corners == pytest.approx(np.array(found["generation_outer"].corners))
    assert sides(found["generation_outer"])["Q1", "E1"] == pytest.approx((1, 1), abs=1e-9)


def isotropic_codebook(fidelity):
    """C of an isotropic pair of qubits: S(omega) - 2 g(sqrt|4F - 1|)."""
    rest = (1 - fidelity) / 3
    entropy = -fidelity * math.log2(fidelity) - 3 * rest * math.log2(rest)
    return entropy - 2 * binary_entropy((1 + math.sqrt(abs(4 * fidelity - 1))) / 2)


@pytest.mark.slow
@pytest.mark.parametrize("fidelity", [0.3, 0.4])
def test_an_isotropic_pair_is_made_by_its_codebook(fidelity):
    state = named_state(f"isotropic:fidelity={fidelity}")
    found = coordination_region(state, "two-node", time_limit=60).criteria["no_entanglement"]
    assert sides(found)["Q",][1] == pytest.approx(isotropic_codebook(fidelity), abs=1e-6)
    inner = coordination_region(state, "cascade", time_limit=60).criteria["generation_inner"]
    assert sides(inner)["Q1", "E1"][1] == pytest.approx(isotropic_codebook(fidelity), abs=1e-6)


def test_a_classical_pair_needs_its_mutual_information_and_no_more_than_its_common_information():
    for flip in (0.1, 0.3):
        p = np.array([[1 - flip, flip], [flip, 1 - flip]]) / 2
        state = make_state("pair", {"A": 2, "B": 2}, [(1.0, (), np.diag(p.ravel()) + 0j)])
        found = sides(coordination_region(state, "two-node").criteria["no_entanglement"])["Q",]
        wyner = 1 + binary_entropy(flip) - 2 * binary_entropy((1 - math.sqrt(1 - 2 * flip)) / 2)
        assert found == pytest.approx((1 - binary_entropy(flip), wyner), abs=1e-6)
        corners = coordination_region(state, "cascade").criteria["generation_inner"].corners
        assert corners == pytest.approx(np.array([(0, wyner, 0, 0), (wyner, 0, 0, 0)]), abs=1e-6)


def check_against_before(seed, time_limit):
    state, network = target(seed)
    answer, before = coordination_region(state, network, time_limit=time_limit), BEFORE[seed]
    assert (before["network"], before["status"]) == (network, answer.status)
    for name, old in before["criteria"].items():
        region, inner = answer.criteria[name], name == "generation_inner"
        for c in region.constraints:
            assert c.lower <= c.upper + 1e-9
        for c in old["constraints"]:
            least = region.least(c["rates"].items())
            if name == "generation_outer":
                assert least >= c["lower"] - ROUNDED
            elif inner:
                assert least <= c["upper"] + ROUNDED
            else:
                (now,) = [n for n in region.constraints if dict(n.rates) == c["rates"]]
                slack = 1e-6 if answer.quantities else ROUNDED  # what searches over U aim at
                assert now.lower >= c["lower"] - slack
                assert now.upper <= c["upper"] + slack
        for corner in old["corners"] if inner else ():
            assert region.contains(corner, ROUNDED)
    if "generation_inner" in answer.criteria:
        inner, outer = answer.criteria["generation_inner"], answer.criteria["generation_outer"]
        assert min(outer.margin(corner) for corner in inner.corners) > -1e-8


@pytest.mark.parametrize("seed", FEW)
def test_no_bracket_of_a_seeded_target_is_wider_than_it_was(seed):
    check_against_before(seed, 1)


@pytest.mark.few(0, slow=8)
@pytest.mark.parametrize("seed", range(COUNT))
def test_no_bracket_of_thirty_seeded_targets_is_wider_than_it_was(seed):
    check_against_before(seed, 20)


def test_a_measurement_tells_what_is_said(rng):
    for sizes in ((2, 2), (3, 2)):
        whole = math.prod(sizes)
        root = rng.normal(size=(whole, 2)) + 1j * rng.normal(size=(whole, 2))
        rho = root @ root.conj().T / np.linalg.norm(root) ** 2
        found = best_measurement(rho, sizes, seed=int(rng.integers(100)))
        tensor = rho.reshape(sizes * 2)
        tensor = tensor if found.side == 0 else tensor.transpose(1, 0, 3, 2)
        left = [np.einsum("a,abcd,c->bd", v.conj(), tensor, v) for v in found.vectors]
        sums = np.einsum("yb,yc->bc", found.vectors.conj(), found.vectors)
        assert np.abs(sums - np.eye(len(sums))).max() < 1e-12
        average = sum(left)
        told = entropy(average) - sum(
            np.trace(s).real * entropy(s / np.trace(s).real) for s in left if np.trace(s).real > 1e-12
        )
        assert found.information == pytest.approx(told, abs=1e-9)
        bases = best_measurement(rho, sizes, deadline=-math.inf)
        assert found.information >= bases.information - 1e-12
        both = [np.einsum("abcb->ac", rho.reshape(sizes * 2)), np.einsum("abac->bc", rho.reshape(sizes * 2))]
        assert told <= min(map(entropy, both)) + 1e-9


def entropy(rho):
    p = np.linalg.eigvalsh(rho)
    p = p[p > 1e-15]
    return float(-(p * np.log2(p)).sum())


def sealed(answer):
    certificate = {key: value for key, value in answer["certificate"].items() if key != "sha256"}
    return {**answer, "certificate": {**certificate, "sha256": digest(certificate)}}


@pytest.mark.parametrize("network", ["cascade", "two-node"])
def test_a_measurement_or_codebook_spoilt_is_refused_although_it_is_sealed_again(network):
    pair = make_state("pair", {"A": 2, "B": 2}, [(1.0, (), np.diag([0.4, 0.1, 0.1, 0.4]) + 0j)])
    text = json.dumps(coordination_region(pair, network, time_limit=5).to_json())
    assert check_region_answer(json.loads(text)).holds
    cut = {"cascade": "A:BC", "two-node": "A:B"}[network]
    for spoil in (
        lambda c: c["measurements"][cut]["vectors"][0][0].__setitem__(0, 0.9),
        lambda c: c["measurements"][cut]["vectors"].pop(),
        lambda c: c["measurements"][cut].__setitem__("side", 1 - c["measurements"][cut]["side"]),
        lambda c: c["measurements"].pop(cut),
        lambda c: c["codebook"]["decomposition"][0].__setitem__("p", 0.1),
        lambda c: c["codebook"]["decomposition"].pop(),
        lambda c: c.__setitem__("codebook", None),
        lambda c: c["codebook"]["reduced"][0].reverse(),
    ):
        answer = json.loads(text)
        spoil(answer["certificate"])
        assert not check_region_answer(sealed(answer)).holds
    for spoil in (
        lambda vectors: vectors.pop(),
        lambda vectors: vectors.extend(vectors[:1]),
        lambda vectors: vectors[0][0].__setitem__(0, 1 + 1e-6),
    ):
        answer = json.loads(text)
        spoil(answer["certificate"]["measurements"][cut]["vectors"])
        lines = check_region_answer(sealed(answer)).violations
        assert any("miss the identity" in line for line in lines)

"""What is measured: two-basis bounds, fewest settings, and the play in a record."""

from __future__ import annotations

import functools
import json
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.measurement.design import choose
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.theory.pauli_measurements.paulis import expectation, expectations, reads
from qcoord_hw.theory.pauli_measurements.stabilizer import two_bases
from qcoord_hw.theory.pauli_measurements.target import Output, Target

PARTIES = ("Alice", "Bob", "Charlie")


def ghz(size):
    vector = np.zeros(2**size, dtype=complex)
    vector[[0, -1]] = 1 / math.sqrt(2)
    return vector


def graph_state(size, edges):
    index = np.arange(2**size)
    bit = [(index >> (size - 1 - q)) & 1 for q in range(size)]
    return ((-1.0) ** sum(bit[a] * bit[b] for a, b in edges) / 2 ** (size / 2)).astype(complex)


def random_vector(rng, size):
    vector = rng.normal(size=2**size) + 1j * rng.normal(size=2**size)
    return vector / np.linalg.norm(vector)


def random_clifford(rng):
    h, s = np.array([[1, 1], [1, -1]]) / math.sqrt(2), np.diag([1, 1j])
    return functools.reduce(np.matmul, [(h, s)[i] for i in rng.integers(0, 2, 6)])


def outputs(size, copies=1):
    return tuple(Output(PARTIES[q * 3 // size if copies == 1 else q % 3], q // 3) for q in range(size))


def one_case(vector):
    return (Target("", 1.0, ((0, 1.0),), vector, tuple(range(len(vector).bit_length() - 1))),)


def mean(estimator, settings, state):
    """Return an estimator's value for a vector, by the expectation of every parity it reads."""
    size = len(state).bit_length() - 1
    total = estimator.offset
    for term in estimator.terms:
        for weight, pooled in term.strata:
            basis = settings[pooled[0]].basis
            for mask, c in zip(term.masks, term.coefficients, strict=True):
                x = sum(1 << (size - 1 - q) for q in range(size) if mask >> q & 1 and basis[q] in "XY")
                z = sum(1 << (size - 1 - q) for q in range(size) if mask >> q & 1 and basis[q] in "YZ")
                total += weight * c * expectation(state[:, None], x, z)
    return total


@pytest.mark.parametrize(
    "vector",
    [ghz(2), ghz(4), np.kron(ghz(3), ghz(3)), graph_state(5, [(0, 1), (1, 2), (2, 3), (3, 4)]), np.eye(4)[2]],
)
def test_two_bases_generate_the_group(rng, vector):
    size = len(vector).bit_length() - 1
    turned = functools.reduce(np.kron, [random_clifford(rng) for _ in range(size)]) @ vector
    strings = expectations(turned[:, None])
    pair = two_bases(strings)
    one, two = reads(pair, strings)
    assert one.sum() * two.sum() // (one & two).sum() == 2**size  # order of the product of two subgroups
    design = choose(one_case(turned), [turned[:, None]], outputs(size), tomography=False)
    bound, fidelity = (
        next(e for e in design.estimators if e.name == n) for n in ("fidelity_bound", "fidelity_dfe")
    )
    assert bound.ideal == pytest.approx(1)
    assert {design.settings[s].basis for t in bound.terms for _, p in t.strata for s in p} == set(pair)
    for _ in range(20):
        noisy = turned + rng.uniform(0, 1.5) * random_vector(rng, size)
        noisy = noisy / np.linalg.norm(noisy)
        right = abs(np.vdot(turned, noisy)) ** 2
        assert mean(fidelity, design.settings, noisy) == pytest.approx(right)
        assert mean(bound, design.settings, noisy) <= right + 1e-9


def test_no_two_bases(rng):
    ring = graph_state(5, [(i, (i + 1) % 5) for i in range(5)])
    assert two_bases(expectations(ring[:, None])) is None
    assert two_bases(expectations(random_vector(rng, 3)[:, None])) is None
    assert two_bases(expectations(np.array([[0.6], [0.8]], dtype=complex))) is None


def test_the_corner_of_two_ghz_pairs():
    """Stabilizer, 25 bases; no state separable across a cut of the parties comes above 1/4."""
    vector = np.kron(ghz(3), ghz(3))
    design = choose(one_case(vector), [vector[:, None]], outputs(6, copies=2))
    assert len(design.settings) == 25
    assert [e.name for e in design.estimators] == ["fidelity_bound", "fidelity_dfe"]
    assert design.cases[0].separable == pytest.approx(0.25)
    assert not design.tomography
    assert design.exact == (
        {"trace_norm_exact": pytest.approx(0, abs=1e-7), "fidelity_exact": pytest.approx(1)},
    )


def test_example_2_needs_no_draw():
    """The antisymmetric state of three trits on six qubits takes 126 bases."""
    vector = np.zeros(64, dtype=complex)
    for a, b, c in ((1, 2, 3), (2, 3, 1), (3, 1, 2), (1, 3, 2), (2, 1, 3), (3, 2, 1)):
        vector[16 * a + 4 * b + c] = 1 / math.sqrt(6)
    design = choose(one_case(vector), [vector[:, None]], outputs(6, copies=2))
    (estimator,) = design.estimators
    assert (estimator.name, estimator.draws, len(design.settings)) == ("fidelity_dfe", 0, 126)


def test_all_bases_for_three_outputs(rng):
    vector = random_vector(rng, 3)
    design = choose(one_case(vector), [ghz(3)[:, None]], outputs(3))
    assert design.tomography
    assert len(design.settings) == 27
    assert np.allclose(design.cases[0].ideal, np.outer(ghz(3), ghz(3)))
    few = choose(one_case(ghz(3)), [ghz(3)[:, None]], outputs(3), tomography=False)
    assert len(few.settings) == 5
    assert few.cases[0].ideal is None


def test_a_witness_that_takes_too_many_bases_is_left_out(rng):
    vector = random_vector(rng, 4)
    design = choose(one_case(vector), [random_vector(rng, 4)[:, None]], outputs(4), limit=30)
    assert {e.name for e in design.estimators} == {"fidelity_dfe"}
    assert any(note.startswith("no witness: it takes more") for note in design.notes)


def test_a_short_witness_has_the_same_ideal_value(rng):
    """Real states with angles in one plane: without the letter Y few bases do, and the norm is told."""
    angles = rng.uniform(0, math.pi, size=(6, 4))
    vectors = [
        functools.reduce(np.kron, [[math.cos(a), math.sin(a)] for a in own]).astype(complex) for own in angles
    ]
    target = sum(np.outer(v, v) for v in vectors[3:]) / 3
    cases = (Target("", 1.0, tuple((k, 1 / 3) for k in range(3)), target, (0, 1, 2, 3)),)
    states = [v[:, None] for v in vectors[:3]]
    full, short = (choose(cases, states, outputs(4), limit=limit) for limit in (81, 16))
    assert {s.basis for s in full.settings} > {s.basis for s in short.settings}
    assert all("Y" not in s.basis for s in short.settings)
    assert [e.ideal for e in short.estimators] == pytest.approx([e.ideal for e in full.estimators])
    assert short.notes[-1].startswith("witness without the Pauli strings")
    assert full.notes == ()


def test_something_is_measured_even_if_nothing_is_estimated():
    mixed = np.eye(16, dtype=complex) / 16
    cases = (Target("", 1.0, ((0, 1.0),), mixed, (0, 1, 2, 3)),)
    design = choose(cases, [mixed], outputs(4), density=True)
    assert design.estimators == ()
    assert [s.basis for s in design.settings] == ["ZZZZ"]


def test_a_case_that_is_exact_counts_as_zero(rng):
    mixed = np.diag([0.5, 0.5]).astype(complex)
    cases = (Target("x=0", 0.5, ((0, 1.0),), mixed, (0,)), Target("x=1", 0.5, ((1, 1.0),), mixed, (0,)))
    states = [mixed, np.diag([0.8, 0.2]).astype(complex)]
    design = choose(cases, states, outputs(1), density=True)
    assert [(e.case, e.name, len(e.terms)) for e in design.estimators] == [
        (0, "trace_norm_witness", 0),
        (1, "trace_norm_witness", 1),
    ]
    assert [e.ideal for e in design.estimators] == pytest.approx([0, 0.6])


def test_settings_that_are_drawn():
    states = [np.diag([1.0, 0]).astype(complex), np.diag([0, 1.0]).astype(complex)]
    cases = tuple(
        Target(f"x={x}", p, ((0, w), (1, 1 - w)), np.diag([w, 1 - w]).astype(complex), (0,))
        for x, p, w in ((0, 0.25, 0.5), (1, 0.75, 0.1), )
    )  # fmt: skip
    design = choose(cases, states, outputs(1), density=True, sampled=True)
    shares = {(s.case, s.preparation, s.basis): s.share for s in design.settings}
    assert len(shares) == len(design.settings) == 12
    assert shares[1, 0, "Z"] == pytest.approx(0.75 * 0.1 / 3)
    assert sum(shares.values()) == pytest.approx(1)


def test_an_output_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="beyond the last"):
        choose((Target("a", 1.0, ((0, 1.0),), ghz(2), (0, 2)),), [ghz(2)[:, None]], outputs(2))


@pytest.mark.parametrize("pure", [True, False])
def test_the_play_in_a_record(rng, pure):
    made = random_vector(rng, 3)
    goal = random_vector(rng, 2) if pure else np.diag(rng.dirichlet(np.ones(4))).astype(complex)
    cases = (Target("", 1.0, ((0, 1.0),), goal, (0, 2)),)
    design = choose(cases, [made[:, None]], outputs(3))
    play = CoordinationScoring(
        network="cascade",
        copies=2,
        outputs=outputs(3),
        cases=design.cases,
        settings=design.settings,
        estimators=design.estimators,
        bits=(2, 0, 1),
        tomography=design.tomography,
        rates={"Q1 asymptotic": {"value": 1.0, "source": "a test"}},
        exact={"trace_norm_exact": 0.1},
        notes=("a note",),
    )
    text = json.dumps(play.to_json())
    again = CoordinationScoring.from_json(json.loads(text))
    assert json.dumps(again.to_json()) == text
    assert json.loads(text)["kind"] == "coordination"
    assert again.settings == play.settings
    assert again.estimators == play.estimators
    assert np.array_equal(again.cases[0].state, play.cases[0].state)
    assert np.allclose(again.cases[0].ideal, play.cases[0].ideal)
    with pytest.raises(InputError, match=r"^bits"):
        CoordinationScoring("n", 1, outputs(3), design.cases, (), (), (0, 1))


def test_large_mixed_targets_are_kept_if_they_are_products():
    pair = np.diag([0.5, 0.25, 0.25, 0]).astype(complex)
    product = Target("", 1.0, ((0, 1.0),), np.kron(np.kron(pair, pair), pair), tuple(range(6)))
    data = json.loads(json.dumps(product.to_json()))
    assert [factor["size"] for factor in data["state"]["density"]] == [4, 4, 4]
    np.testing.assert_allclose(Target.from_json(data).state, product.state, atol=1e-15)
    ends = np.zeros((64, 64), dtype=complex)
    ends[0, 0] = ends[63, 63] = 0.5
    whole = Target("", 1.0, ((0, 1.0),), ends, tuple(range(6)))
    assert Target.from_json(json.loads(json.dumps(whole.to_json()))).state[63, 63] == 0.5
    dense = np.eye(64) / 64 + np.full((64, 64), 1e-4) - 1e-4 * np.eye(64)
    large = Target("", 1.0, ((0, 1.0),), dense.astype(complex), tuple(range(6)))
    assert Target.from_json(json.loads(json.dumps(large.to_json()))).state is None


def test_probabilities_of_cases_sum_to_one():
    cases = (Target("", 0.5, ((0, 1.0),), ghz(2), (0, 1)),)
    with pytest.raises(InputError, match=r"^cases"):
        CoordinationScoring("n", 1, outputs(2), cases, (), (), (0, 1))
    CoordinationScoring("n", 1, outputs(2), cases, (), (), (0, 1), combine="independent")

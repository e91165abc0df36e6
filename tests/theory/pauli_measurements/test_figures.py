"""Distances and fidelities against dense matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.theory.information import partial_trace
from qcoord_hw.theory.pauli_measurements.figures import (
    branches_of,
    case_figures,
    exact_figures,
    figures_of,
    figures_of_product,
    reduced,
    trace_norm_between,
)
from qcoord_hw.theory.pauli_measurements.target import Target


def branches(rng, size, count):
    made = rng.normal(size=(2**size, count)) + 1j * rng.normal(size=(2**size, count))
    return made / np.linalg.norm(made)


def density(made):
    return made @ made.conj().T


def dense_norm(matrix):
    return np.abs(np.linalg.eigvalsh(matrix)).sum()


@pytest.mark.parametrize(("size", "one", "other"), [(1, 1, 1), (3, 1, 1), (4, 2, 5), (3, 8, 8), (3, 20, 1)])
def test_trace_norm_from_branches(rng, size, one, other):
    a, b = branches(rng, size, one), branches(rng, size, other)
    assert trace_norm_between(a, b) == pytest.approx(dense_norm(density(a) - density(b)), abs=1e-12)
    assert trace_norm_between(a, a) == pytest.approx(0, abs=1e-12)


def test_twelve_outputs_are_small_when_the_branches_are_few(rng):
    a, b = branches(rng, 12, 3), branches(rng, 12, 1)
    assert 0 < trace_norm_between(a, b) <= 2
    with pytest.raises(TooLargeError, match="trace norm"):
        trace_norm_between(branches(rng, 11, 2000), b[:2048])


def test_reduced_states(rng):
    made = branches(rng, 4, 3)
    right = partial_trace(density(made), (2, 2, 2, 2), (1, 3))
    assert np.allclose(density(reduced(made, (1, 3))), right)
    assert np.allclose(density(branches_of(right)), right)


@pytest.mark.parametrize("places", [[(0, 1, 2, 3)], [(3, 0), (2, 1)], [(2,), (0, 4, 1), (3,)]])
@pytest.mark.parametrize("few", [1, 3, 8])
def test_figures_of_a_product_that_is_not_put_together(rng, places, few):
    size = sum(map(len, places))
    parts = [branches(rng, len(own), min(few, 2 ** len(own))) for own in places]
    whole, order = np.ones((1, 1)), [q for own in places for q in own]
    for part in parts:
        whole = np.kron(whole, part)
    whole = whole.reshape((2,) * size + (-1,)).transpose([*np.argsort(order), size]).reshape(2**size, -1)
    near = whole[:, 0] / np.linalg.norm(whole[:, 0])
    for vector in (branches(rng, size, 1)[:, 0], near):
        right = figures_of(Target("", 1.0, ((0, 1.0),), vector, tuple(range(size))), whole)
        found = figures_of_product(vector, list(zip(places, parts, strict=True)))
        assert found == {name: pytest.approx(value, abs=1e-7) for name, value in right.items()}


@pytest.mark.parametrize("form", ["branches", "density"])
def test_figures_of_cases(rng, form):
    made = [branches(rng, 3, 2) for _ in range(3)]
    vector, mixed = branches(rng, 2, 1)[:, 0], density(branches(rng, 3, 4))
    pure = Target("a", 0.4, ((0, 0.25), (1, 0.75)), vector, (0, 2))
    other = Target("b", 0.6, ((2, 1.0), (0, 0.0)), mixed, (0, 1, 2))
    states = made if form == "branches" else [density(m) for m in made]
    one, two = case_figures([pure, other], states, density=form == "density")
    own = sum(w * partial_trace(density(made[k]), (2, 2, 2), (0, 2)) for k, w in pure.mixture)
    assert one["fidelity_exact"] == pytest.approx((vector.conj() @ own @ vector).real)
    assert one["trace_norm_exact"] == pytest.approx(dense_norm(own - np.outer(vector, vector.conj())))
    assert two == {"trace_norm_exact": pytest.approx(dense_norm(density(made[2]) - mixed))}
    both = exact_figures([pure, other], states, density=form == "density")
    assert both == {
        "trace_norm_exact": pytest.approx(0.4 * one["trace_norm_exact"] + 0.6 * two["trace_norm_exact"])
    }


def test_independent_cases_show_the_worst(rng):
    a, b = branches(rng, 1, 1)[:, 0], branches(rng, 1, 1)[:, 0]
    cases = [Target("Alice", 1.0, ((0, 1.0),), a, (0,)), Target("Bob", 1.0, ((0, 1.0),), b, (1,))]
    state = np.kron(density(branches(rng, 1, 2)), density(branches(rng, 1, 2)))
    each = case_figures(cases, [state], density=True)
    found = exact_figures(cases, [state], density=True, combine="independent")
    values = [own["fidelity_exact"] for own in each]
    assert found["fidelity_exact"] == min(values)
    assert found["fidelity_exact_all"] == pytest.approx(math.prod(values))
    assert found["trace_norm_exact"] == max(own["trace_norm_exact"] for own in each)


def test_a_pure_density_matrix_is_a_vector(rng):
    vector = branches(rng, 2, 1)[:, 0]
    target = Target("", 1.0, ((0, 1.0),), np.outer(vector, vector.conj()), (0, 1))
    assert target.pure
    assert abs(np.vdot(target.state, vector)) == pytest.approx(1)


def test_bad_input_is_refused(rng):
    vector = branches(rng, 2, 1)[:, 0]
    with pytest.raises(InputError, match=r"^state: shape"):
        Target("", 1.0, ((0, 1.0),), vector, (0,))
    with pytest.raises(InputError, match=r"^state: norm"):
        Target("", 1.0, ((0, 1.0),), 2 * vector, (0, 1))
    with pytest.raises(InputError, match=r"^outputs"):
        Target("", 1.0, ((0, 1.0),), vector, (1, 0))
    with pytest.raises(InputError, match=r"^mixture"):
        Target("", 1.0, ((0, 0.9),), vector, (0, 1))
    with pytest.raises(InputError, match=r"^probability"):
        Target("", 0.0, ((0, 1.0),), vector, (0, 1))
    good = Target("", 1.0, ((0, 1.0),), vector, (0, 1))
    with pytest.raises(InputError, match=r"^states\[0\]: trace"):
        exact_figures([good], [2 * vector[:, None]])
    with pytest.raises(InputError, match="no target"):
        exact_figures([Target("", 1.0, ((0, 1.0),), None, (0, 1))], [vector[:, None]])

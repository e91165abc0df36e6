"""Degenerate programs, short limits, targets on the border of the separable states, spoiled regions."""

import copy
import itertools
import json
import time

import numpy as np
import pytest

from qcoord_hw.theory import regions
from qcoord_hw.theory.regions.auxiliary import bound, reduction
from qcoord_hw.theory.regions.auxiliary.border import Border, kernels_of, operator
from qcoord_hw.theory.regions.auxiliary.checker import check_region
from qcoord_hw.theory.regions.auxiliary.dictionary import Dictionary, linear_program
from qcoord_hw.theory.regions.auxiliary.feasibility import coarser, find_mixture
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import Party, Problem
from qcoord_hw.theory.regions.auxiliary.solve import Workspace, solve
from qcoord_hw.theory.states import make_state


def random_states(rng, count, dimension, rank=None):
    a = rng.normal(size=(count, dimension, rank or dimension, 2)) @ np.array([1, 1j])
    states = a @ a.conj().swapaxes(1, 2)
    return states / np.einsum("naa->n", states)[:, None, None]


def two_node(letters, dimension, seed):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(letters))
    parties = (Party("X", "classical", letters), Party("B", "quantum", dimension))
    return Problem(parties, shares[:, None, None] * random_states(rng, letters, dimension), True)


def pair_of(count, sizes, seed, rank=1):
    """A mixture of a few random products of two parties."""
    rng = np.random.default_rng(seed)
    one, two = (random_states(rng, count, d, rank) for d in sizes)
    parties = tuple(Party(n, "quantum", d) for n, d in zip("AB", sizes, strict=True))
    target = np.einsum("u,uab,ucd->acbd", rng.dirichlet(np.full(count, 3.0)), one, two)
    return Problem(parties, target.reshape(sizes[0] * sizes[1], -1), False)


def werner(share):
    """The two-qubit state with this weight on the singlet; 1/2 is the border."""
    singlet = np.array([0, 1, -1, 0]) / np.sqrt(2)
    flat = np.outer(singlet, singlet)
    target = share * flat + (1 - share) / 3 * (np.eye(4) - flat)
    return Problem((Party("A", "quantum", 2), Party("B", "quantum", 2)), target.astype(complex), False)


def test_a_mixture_is_repaired_by_other_products_that_are_as_good():
    model = Model(two_node(3, 2, 1))
    dictionary = Workspace(model).dictionary
    gains = dictionary.entropies.sum(axis=1)
    found = dictionary.mixture(gains)
    assert np.abs(found @ dictionary.columns - dictionary.target).max() < 1e-11
    # the products that occur no longer suffice: take one away
    broken = found.copy()
    broken[np.flatnonzero(found > 1e-9)[0]] = 0.0
    for reduced_costs in (np.zeros(len(found)), np.full(len(found), np.inf)):
        repaired = dictionary.exact(broken, reduced_costs)
        assert np.abs(repaired @ dictionary.columns - dictionary.target).max() < 1e-11
        assert repaired.min() >= 0
    assert dictionary.exact(np.zeros(len(found)), np.zeros(len(found))).sum() == pytest.approx(1)


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_with_one_quantum_party_there_is_always_a_mixture(beta, monkeypatch):
    monkeypatch.setattr(Dictionary, "exact", lambda self, p, costs: None)
    problem = two_node(4, 2, 2)
    found = solve(problem, beta, time_limit=0.5)
    assert len(found.products) == 4
    assert found.lower <= found.upper < np.inf


def test_a_linear_program_without_time_has_no_answer():
    assert linear_program(np.ones(3), time.monotonic() - 1, bounds=(0, 1)) is None


def test_three_qutrits_are_not_branched_on():
    rng = np.random.default_rng(0)
    parties = tuple(Party(n, "quantum", 3) for n in "ABC")
    three = Model(Problem(parties, random_states(rng, 1, 27)[0], False))
    assert not bound.can_branch(three.faces[0], (1.0, 1.0, 1.0))
    assert bound.can_branch(Model(werner(0.2)).faces[0], (1.0, 1.0))


def test_a_cover_without_time_proves_nothing():
    face = Model(pair_of(9, (3, 3), 3, rank=3)).faces[0]
    dual = np.zeros(tuple(s.size for s in face.spaces))
    late = bound.prove(face, (1.0, 1.0), dual, 0.0, 1e-6, time.monotonic() - 1)
    assert late.delta == np.inf


def test_products_that_differ_in_one_party_are_merged():
    one, two = np.array([[1.0, 0], [1.0, 0], [0, 1.0]]), np.array([[1.0, 0], [0.5, 0.5], [0, 1.0]])
    merged = coarser([one, two], np.array([0.2, 0.3, 0.5]))
    assert [p.tolist() for p in merged] == [[[1.0, 0.0]], [[0.7, 0.3]]]


def test_the_borders_operators_vanish_on_the_target_and_on_no_product_are_negative():
    problem = pair_of(3, (2, 2), 5)
    rng = np.random.default_rng(6)
    a, b = random_states(rng, 200, 2, 1), random_states(rng, 200, 2, 1)
    found = kernels_of(problem)
    assert {parties for _, (parties, _) in found} == {(), (1,)}
    for cell, kernel in found:
        own = operator(problem, cell, kernel)
        assert abs(np.trace(own @ problem.target)) < 1e-9
        values = np.einsum("nab,ncd,bdac->n", a, b, own.reshape(2, 2, 2, 2)).real
        assert values.min() > -1e-12
        assert values.max() > 0.1
    assert not kernels_of(werner(0.3))


@pytest.mark.parametrize(("count", "sizes"), [(3, (2, 2)), (4, (3, 3)), (5, (4, 4))])
def test_mixtures_of_few_products_are_found(count, sizes):
    problem = pair_of(count, sizes, 7)
    found = find_mixture(problem, time_limit=5)
    assert found.products is not None
    total = sum(p.probability * np.kron(*p.states) for p in found.products)
    assert np.abs(total - problem.target).max() < 1e-12


@pytest.mark.slow
def test_a_smaller_dual_on_the_border_is_nearly_as_good(monkeypatch):
    workspace = Workspace(Model(pair_of(4, (2, 3), 4)))
    assert workspace.find_mixture(time.monotonic() + 5)
    best = workspace.optimise(1.0, time.monotonic() + 3)
    small = workspace.temper(1.0, time.monotonic() + 10)
    assert np.abs(best.dual).max() > 1000
    assert np.abs(small.dual).max() < 300
    assert small.level < best.level + 1.1e-3
    monkeypatch.setattr(bound, "PATIENCE", 100_000)
    monkeypatch.setattr(bound, "MOST_CELLS", 60_000)
    face = workspace.model.faces[0]
    proof = bound.prove(face, (1.0, 1.0), small.dual, small.excess, 1e-6, time.monotonic() + 3)
    assert proof.witness is None
    assert small.excess <= proof.delta < 0.01


@pytest.fixture(scope="module")
def answer():
    problem = two_node(3, 2, 8)
    letters = [(float(np.trace(b).real), (x,), b / np.trace(b).real) for x, b in enumerate(problem.target)]
    state = make_state("random", {"X": 3, "B": 2}, letters, ("X",))
    found = regions.coordination_region(state, "two-node", time_limit=10, frontier=4)
    return json.loads(json.dumps(found.to_json()))


def numbers(data, path=()):
    if isinstance(data, dict | list):
        for key, entry in data.items() if isinstance(data, dict) else enumerate(data):
            yield from numbers(entry, (*path, key))
    elif isinstance(data, int | float):
        yield path


@pytest.mark.slow
def test_the_region_in_an_answer_is_checked(answer):
    assert check_region(answer) == ()
    paths = list(numbers(answer["criteria"]))
    assert len(paths) > 15
    for path, step in zip(paths, itertools.cycle((1e-6, -1e-6)), strict=False):
        spoiled = copy.deepcopy(answer)
        place = spoiled["criteria"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] += step
        assert any(line.startswith("answer.criteria.theorem") for line in check_region(spoiled)), path


def three_products(seed, real):
    """A fair bit, and for each letter a random mixture of three products of two qubits."""
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(2):
        kets = rng.normal(size=(3, 2, 2)) + (0 if real else 1j) * rng.normal(size=(3, 2, 2))
        kets /= np.linalg.norm(kets, axis=2)[..., None]
        shares, pairs = rng.dirichlet([1] * 3), [np.kron(*own) for own in kets]
        blocks.append(sum(p * np.outer(v, v.conj()) / 2 for p, v in zip(shares, pairs, strict=True)))
    parties = tuple(Party(n, k, 2) for n, k in (("X", "classical"), ("B", "quantum"), ("C", "quantum")))
    return reduction.reduce(Problem(parties, np.array(blocks, dtype=complex), True)).problem


@pytest.mark.parametrize("real", [True, False])
def test_products_are_moved_onto_the_border(real):
    model = Model(three_products(8, real))
    border = Border(model)
    assert len(border.directions) == 4
    assert np.abs((border.directions * model.target).sum(axis=(1, 2, 3))).max() < 1e-12
    rng = np.random.default_rng(9)
    anything = [space.random(40, rng, *([] if space.kind == "classical" else [1])) for space in model.spaces]
    assert border.distances(anything).min() > 1e-12
    mixture = find_mixture(model.problem, time_limit=20, seed=1).products
    exact = model.coordinates(mixture)
    assert border.distances(exact).max() < 1e-12
    near = [0.99 * p + 0.01 * q[: len(p)] for p, q in zip(exact, anything, strict=True)]
    assert border.distances(near).min() > 1e-6
    moved = border.reach(near)
    assert len(moved[0]) >= len(mixture)
    assert border.distances(moved).max() < 1e-12
    for space, points in zip(model.spaces, moved, strict=True):
        assert space.eigenvalues(points).min() > -1e-12
        np.testing.assert_allclose(points @ space.trace, 1, atol=1e-12)
    for u in range(len(mixture)):  # each is met again
        gaps = [np.abs(points - own[u]).max(axis=1) for points, own in zip(moved, exact, strict=True)]
        assert np.max(gaps, axis=0).min() < 0.1


def test_targets_inside_have_no_border():
    model = Model(werner(0.3))
    assert not len(Border(model).directions)
    points = [space.random(3, np.random.default_rng(1)) for space in model.spaces]
    assert not Border(model).distances(points).any()
    assert not len(Border(model).reach(points)[0])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_mixtures_of_three_products_have_narrow_brackets(seed):
    problem = three_products(seed, seed % 2 == 0)
    workspace = Workspace(Model(problem), 0)
    for beta in (1.0, 0.0):
        found = solve(problem, beta, time_limit=12, workspace=workspace)
        assert found.upper - found.lower < 0.02 * found.upper

"""Closed forms, random targets and degenerate inputs of the optimisation over U."""

import json

import numpy as np
import pytest

from qcoord_hw.theory.regions.auxiliary import bound
from qcoord_hw.theory.regions.auxiliary.certificate import program_data, reduction_data
from qcoord_hw.theory.regions.auxiliary.feasibility import find_mixture
from qcoord_hw.theory.regions.auxiliary.model import Model, _to_tensor
from qcoord_hw.theory.regions.auxiliary.pricing import objective, start_points
from qcoord_hw.theory.regions.auxiliary.problem import Party, Problem, Solution
from qcoord_hw.theory.regions.auxiliary.reduction import reduce
from qcoord_hw.theory.regions.auxiliary.solve import Workspace, rates, solve, solve_rate

X2, B2 = Party("X", "classical", 2), Party("B", "quantum", 2)
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def h(p):
    return 0.0 if p <= 0 or p >= 1 else float(-p * np.log2(p) - (1 - p) * np.log2(1 - p))


def g(r):
    return h((1 + r) / 2)


def bloch(*r):
    return 0.5 * (np.eye(2) + np.tensordot(np.array(r, dtype=float), PAULI, 1))


def distribution(p):
    p = np.asarray(p, dtype=float)
    names = "XYZ"[: p.ndim]
    parties = tuple(Party(n, "classical", s) for n, s in zip(names, p.shape, strict=True))
    return Problem(parties, p[..., None, None].astype(complex), True)


def binary(a):
    return distribution([[(1 - a) / 2, a / 2], [a / 2, (1 - a) / 2]])


def mirror(x, z):
    return Problem((X2, B2), 0.5 * np.array([bloch(x, 0, z), bloch(x, 0, -z)]), True)


def isotropic(f):
    phi = np.zeros(4)
    phi[[0, 3]] = np.sqrt(0.5)
    pair = np.outer(phi, phi)
    parties = (Party("A", "quantum", 2), B2)
    return Problem(parties, (f * pair + (1 - f) / 3 * (np.eye(4) - pair)).astype(complex), False)


def random_target(letters, dimension, seed, rank=None):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(letters, dimension, rank or dimension, 2)) @ np.array([1, 1j])
    states = a @ a.conj().swapaxes(1, 2)
    states /= np.einsum("naa->n", states)[:, None, None]
    p = rng.dirichlet(np.full(letters, 2.0))
    parties = (Party("X", "classical", letters), Party("B", "quantum", dimension))
    return Problem(parties, p[:, None, None] * states, True)


def separable(dimensions, count, seed):
    rng = np.random.default_rng(seed)
    total = 0
    for q in rng.dirichlet(np.ones(count)):
        product = np.eye(1)
        for d in dimensions:
            v = rng.normal(size=(d, 2)) @ np.array([1, 1j])
            product = np.kron(product, np.outer(v, v.conj()) / np.vdot(v, v).real)
        total = total + q * product
    parties = tuple(Party("ABC"[i], "quantum", d) for i, d in enumerate(dimensions))
    return Problem(parties, total, False)


def block(problem, product):
    state = np.ones(())
    for party, own in zip(problem.parties, product.states, strict=True):
        if party.kind == "classical":
            state = np.multiply.outer(state, own)
    matrix = np.ones((1, 1))
    for party, own in zip(problem.parties, product.states, strict=True):
        if party.kind == "quantum":
            assert np.linalg.eigvalsh(own).min() > -1e-12
            matrix = np.kron(matrix, own)
    return product.probability * np.multiply.outer(state, matrix)


def check(problem: Problem, solution: Solution | None, gap: float) -> Solution:
    """Assert all that a solution promises, but for the global bound."""
    assert solution is not None
    mixture = sum(block(problem, product) for product in solution.products)
    assert np.abs(mixture - problem.target).max() < 1e-10
    sender, total = rates(problem, solution.products)
    beta = solution.beta
    assert solution.upper == pytest.approx((1 - beta) * sender + beta * total, abs=1e-12)
    assert -1e-12 <= solution.upper - solution.lower <= gap
    if solution.dual is not None:
        model = Model(problem)
        exact = model.constant(beta) - (solution.dual * problem.target.swapaxes(-1, -2)).sum().real
        assert solution.lower == pytest.approx(exact - solution.delta, abs=1e-9)
        other = Problem(problem.parties, solution.dual, problem.sender)
        dual = _to_tensor(other, list(model.spaces))
        rng = np.random.default_rng(0)
        for face in model.faces:
            points = start_points(face, 400, rng)
            value = objective(face.spaces, problem.weights(beta), face.restrict(dual), points)
            assert value.max() <= solution.delta
    return solution


@pytest.mark.parametrize("a", [0.02, 0.1, 0.3, 0.47])
def test_doubly_symmetric_binary_source(a):
    problem = binary(a)
    truth = 1 + h(a) - 2 * h((1 - np.sqrt(1 - 2 * a)) / 2)
    workspace = Workspace(Model(problem))
    common = check(problem, solve(problem, 1.0, workspace=workspace), 1e-6)
    assert common.lower <= truth + 1e-12
    assert common.upper == pytest.approx(truth, abs=1e-7)
    unlimited = check(problem, solve(problem, 0.0, workspace=workspace), 1e-6)
    assert unlimited.upper == pytest.approx(1 - h(a), abs=1e-7)


@pytest.mark.few(1)
@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
def test_erasure_channel_frontier(p):
    problem = distribution([[(1 - p) / 2, p / 2, 0], [0, p / 2, (1 - p) / 2]])
    r = np.linspace(1 - p, min(2 * (1 - p), 1), 4001)
    total = h(p) + r * (1 - np.vectorize(h)(np.clip((1 - p) / r, 0, 1)))
    workspace = Workspace(Model(problem))
    common = check(problem, solve(problem, 1.0, workspace=workspace), 1e-6)
    assert common.upper == pytest.approx(np.minimum(total.min(), 1), abs=1e-6)
    unlimited = check(problem, solve(problem, 0.0, workspace=workspace), 1e-6)
    assert unlimited.upper == pytest.approx(1 - p, abs=1e-7)
    for randomness in (0.1, 0.3):
        point = solve_rate(problem, randomness, workspace=workspace)
        truth = np.maximum(r, total - randomness).min()
        assert point.lower <= truth + 1e-9
        assert point.upper == pytest.approx(truth, abs=1e-3)  # the grid of r
        assert point.upper - point.lower <= 2e-6


@pytest.mark.few(1)
@pytest.mark.parametrize(("x", "z"), [(0.4, 0.6), (0.1, 0.9), (0.7, 0.2)])
def test_mirror_qubits(x, z):
    problem = reduce(mirror(x, z)).problem
    least = z / np.sqrt(1 - x * x)
    t = np.linspace(least, 1, 20001)
    own = np.vectorize(g)
    total = 1 + g(np.hypot(x, z)) - own(t) - own(np.minimum(np.sqrt(x * x + z * z / t**2), 1))
    workspace = Workspace(Model(problem))
    unlimited = check(problem, solve(problem, 0.0, workspace=workspace), 1e-6)
    assert unlimited.upper == pytest.approx(1 - g(least), abs=1e-7)
    sender, every = rates(problem, unlimited.products)
    assert every - sender == pytest.approx(total[0] - (1 - g(least)), abs=1e-5)
    common = check(problem, solve(problem, 1.0, workspace=workspace), 1e-6)
    assert common.upper == pytest.approx(total.min(), abs=1e-6)
    point = solve_rate(problem, 0.1, workspace=workspace)
    assert point.upper == pytest.approx(np.maximum(1 - own(t), total - 0.1).min(), abs=1e-4)
    assert point.upper - point.lower <= 2e-6


@pytest.mark.parametrize("dimension", [2, 3, 5])
def test_distinct_pure_states_cost_the_whole_letter(dimension):
    problem = random_target(4, dimension, dimension, rank=1)
    for beta in (1.0, 0.0, 0.4):
        solution = check(problem, solve(problem, beta), 1e-8)
        assert solution.upper == pytest.approx(Model(problem).sender_entropy, abs=1e-9)


def test_pure_duplicates_and_empty_letters_are_merged():
    problem = random_target(3, 2, 7, rank=1)
    p = np.array([0.3, 0.0, 0.7, 0.2])
    copies = np.stack([problem.target[0] * w for w in p] + [problem.target[1], problem.target[2]])
    copies /= np.einsum("naa->", copies)
    reduction = reduce(Problem((Party("X", "classical", 6), B2), copies, True))
    assert [k.letters for k in reduction.parties][0] == ((0, 2, 3), (4,), (5,))
    solution = check(reduction.problem, solve(reduction.problem, 1.0), 1e-8)
    assert solution.upper == pytest.approx(Model(reduction.problem).sender_entropy, abs=1e-9)


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", range(6))
def test_random_two_node_targets(seed):
    problem = random_target(2 + seed % 2, 2, 50 + seed)
    workspace = Workspace(Model(problem))
    for beta in (1.0, 0.0):
        check(problem, solve(problem, beta, workspace=workspace), 1e-6)


def test_partly_rank_deficient_blocks():
    target = np.array([0.3 * bloch(0, 0, 1), 0.3 * bloch(0.6, 0, 0), 0.4 * bloch(0.2, 0.1, -0.3)])
    problem = Problem((Party("X", "classical", 3), B2), target, True)
    workspace = Workspace(Model(problem))
    assert len(workspace.model.faces) == 2
    for beta in (1.0, 0.0):
        check(problem, solve(problem, beta, workspace=workspace), 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("f", [0.1, 0.4])
def test_isotropic_states_without_communication(f, monkeypatch):
    monkeypatch.setattr(bound, "PATIENCE", 50_000)
    monkeypatch.setattr(bound, "GOOD_ENOUGH", 5e-3)
    problem = isotropic(f)
    solution = check(problem, solve(problem, 1.0, tolerance=1e-3), 1e-2)
    truth = Model(problem).entropy - 2 * g(np.sqrt(abs(4 * f - 1)))
    assert solution.lower <= truth <= solution.upper + 1e-12
    assert solution.upper == pytest.approx(truth, abs=1e-6)


def test_entangled_target_has_no_mixture():
    assert find_mixture(isotropic(0.6)).products is None
    assert solve(isotropic(0.6), 1.0, time_limit=5) is None


@pytest.mark.parametrize(("dimensions", "count"), [((2, 2), 2), ((2, 2), 4), ((2, 2, 2), 20)])
def test_separable_targets_are_decomposed(dimensions, count):
    problem = separable(dimensions, count, 3)
    found = find_mixture(problem)
    assert found.products is not None
    mixture = sum(block(problem, product) for product in found.products)
    assert np.abs(mixture - problem.target).max() < 1e-11


def scrambled(problem, seed):
    """Rotate the quantum parties, embed them in more dimensions and add a qubit in tensor product."""
    rng = np.random.default_rng(seed)
    d = problem.target.shape[-1]
    u = np.linalg.qr(rng.normal(size=(d + 1, d + 1, 2)) @ np.array([1, 1j]))[0][:, :d]
    target = u @ problem.target @ u.conj().T
    target = np.kron(target, np.broadcast_to(bloch(0.1, 0.2, 0.3), (*target.shape[:-2], 2, 2))[0])
    parties = (*problem.classical, Party("B", "quantum", d + 1), Party("C", "quantum", 2))
    return Problem(parties, target, True)


def test_reduction_of_a_scrambled_source():
    a = 0.1
    blocks = np.array([np.diag([(1 - a) / 4, (1 - a) / 4, a / 2]), np.diag([a / 4, a / 4, (1 - a) / 2])])
    problem = scrambled(Problem((X2, Party("B", "quantum", 3)), blocks.astype(complex), True), 4)
    reduction = reduce(problem)
    assert reduction.split_off == ("C",)
    assert [p.kind for p in reduction.problem.parties] == ["classical", "classical"]
    assert reduction.problem.target.shape == (2, 2, 1, 1)
    kept = reduction.parties[1]
    blocks = np.einsum("xabcb->xac", problem.target.reshape(2, 4, 2, 4, 2))
    diagonal = np.einsum("ak,xab,bk->xk", kept.basis.conj(), blocks, kept.basis).real
    merged = np.stack([diagonal[:, list(group)].sum(axis=1) for group in kept.letters], axis=1)
    assert np.abs(merged - reduction.problem.target[..., 0, 0]).max() < 1e-10


def test_reduction_of_a_product_leaves_nothing():
    target = np.array([0.2, 0.8])[:, None, None] * bloch(0.3, 0.1, 0.2)
    reduction = reduce(Problem((X2, B2), target, True))
    assert reduction.problem.parties == ()
    assert reduction.split_off == ("X", "B")
    solution = solve(reduction.problem, 1.0)
    assert solution.upper == solution.lower == 0


def test_reduction_makes_two_qubit_states_real():
    reduction = reduce(random_target(2, 2, 1))
    assert np.abs(reduction.problem.target.imag).max() < 1e-12
    before, after = random_target(2, 2, 1), reduction.problem
    one, two = solve(before, 1.0), solve(after, 1.0)
    assert one.upper == pytest.approx(two.upper, abs=1e-8)


def test_time_limit_still_gives_a_bracket():
    problem = random_target(5, 4, 2)
    check(problem, solve(problem, 1.0, time_limit=0.3), 3.0)


def test_certificate_is_plain_data():
    reduction = reduce(mirror(0.4, 0.6))
    solution = solve(reduction.problem, 1.0)
    data = {**reduction_data(reduction), "programs": [program_data("C0", reduction.problem, solution)]}
    read = json.loads(json.dumps(data))
    assert np.array(read["reduced"]).shape == (2, 2, 2, 2)
    assert read["programs"][0]["delta"] == solution.delta
    assert set(read["programs"][0]["decomposition"][0]["states"]) == {"X", "B"}

"""Blocks of two qubits with kernels: which products are left, by the solver and by the checker apart."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.regions.auxiliary import circle
from qcoord_hw.theory.regions.auxiliary.checker import kernels, ring
from qcoord_hw.theory.regions.auxiliary.checker.answer import check_region_answer
from qcoord_hw.theory.regions.auxiliary.checker.bound import check_delta
from qcoord_hw.theory.regions.auxiliary.checker.ring import SIGMA, Ring
from qcoord_hw.theory.regions.auxiliary.checker.support import Face, Supports
from qcoord_hw.theory.regions.auxiliary.circle import Circle
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import Party, Problem
from qcoord_hw.theory.states import make_state

KINDS = ("real", "complex", "shared", "one in common", "of six", "narrow")
"""Of products: all real, generic, the same for both letters in other shares, one the same for both, of Pauli
eigenstates, and with second states that hardly differ."""

SIX = [[1, 0], [0, 1], [1, 1], [1, -1], [1, 1j], [1, -1j]]
SEEDS = range(4)
Products = list[list[tuple[float, np.ndarray, np.ndarray]]]


def three_products(kind: str, seed: int) -> Products:
    """Return for each of two letters three products of pure qubits, with their probabilities."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])

    def ket() -> np.ndarray:
        own = np.array(SIX[rng.integers(6)], complex) if kind == "of six" else rng.normal(size=2) + 0j
        if kind not in ("of six", "real"):
            own = own + 1j * rng.normal(size=2)
        return own / np.linalg.norm(own)

    if kind == "narrow":
        return [
            [(1 / 3, ket(), np.array([1, 0.01 * rng.normal()]) / 1.0) for _ in range(3)] for _ in range(2)
        ]
    common = [(ket(), ket()) for _ in range({"shared": 3, "one in common": 1}.get(kind, 0))]
    return [
        [
            (p, *(common[u] if u < len(common) else (ket(), ket())))
            for u, p in enumerate(rng.dirichlet(np.ones(3)))
        ]
        for _ in range(2)
    ]


def projector(ket: np.ndarray) -> np.ndarray:
    return np.outer(ket, ket.conj()) / np.vdot(ket, ket).real


def blocks(products: Products) -> np.ndarray:
    """Return the blocks of the target, the letters being equally likely."""
    return np.array([sum(p / 2 * np.kron(projector(b), projector(c)) for p, b, c in own) for own in products])


def model(target: np.ndarray) -> Model:
    parties = (
        Party("X", "classical", len(target)),
        Party("B", "quantum", 2),
        Party("C", "quantum", 2),
    )
    return Model(Problem(parties, target, True))


def answer(target: np.ndarray) -> dict:
    state = make_state(
        "t", {"X": 2, "B": 2, "C": 2}, [(1.0, (x,), block) for x, block in enumerate(target)], ("X",)
    )
    return json.loads(json.dumps(coordination_region(state, "classical-broadcast").to_json()))


def solver_allows(whole: Model, letters: tuple[int, ...], b: np.ndarray, c: np.ndarray) -> bool:
    """Whether a product of pure qubits may occur with some letters, as the solver sees it."""
    states = [own.coordinates(projector(k)[None])[0] for own, k in zip(whole.spaces[1:], (b, c), strict=True)]
    for face in whole.faces or ():
        held = [
            np.abs(e @ (e.T @ s) - s).max() < 1e-6 for e, s in zip(face.embeddings[1:], states, strict=True)
        ]
        if all(held) and all(face.embeddings[0][x].any() for x in letters):
            return True
    return any(set(letters) <= set(one.letters[0]) and on(one, *states) for one in whole.circles)


def on(one: Circle, *states: np.ndarray) -> bool:
    """Whether a product lies in the span of a circle's, which has no other pure products."""
    span = [a[:, :, None] * b[:, None, :] for a, b in [one.points(one.grid)[1:]]][0]
    rows = np.linalg.svd(span.reshape(len(span), -1), full_matrices=False)[2][:5]
    product = np.outer(*states).ravel()
    return bool(np.abs(product - product @ rows.T @ rows).max() < 1e-6)


def corners(piece: Face | Ring):
    """Yield pure products of what the checker allows."""
    if isinstance(piece, Face):
        for b in piece.bases[0].T:
            yield from ((b, c) for c in piece.bases[1].T)
        return
    for angle in range(5):
        y = np.array([1, np.cos(angle), np.sin(angle)])
        found = []
        for frame in (piece.first, piece.second):
            v = frame @ y
            found.append(np.linalg.eigh(np.tensordot(v * np.sign(v[0]), SIGMA, 1))[1][:, 1])
        yield tuple(found)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_what_is_allowed_is_the_same_for_solver_and_checker_and_holds_what_made_the_state(kind):
    seen = set()
    for seed in SEEDS:
        products = three_products(kind, seed)
        target = blocks(products)
        whole = model(target)
        faces, rings = kernels.refined(target, Supports(target, (2, 2)))
        for x, own in enumerate(products):
            for _, b, c in own:
                assert solver_allows(whole, (x,), b, c), (seed, x)
        for piece in (*faces, *rings):
            for b, c in corners(piece):
                assert solver_allows(whole, piece.letters[0], b, c), (seed, piece)
        seen |= {type(piece) for piece in (*faces, *rings)}
    assert (Ring in seen) or kind == "of six"


@pytest.mark.parametrize("kind", ["real", "shared", "narrow"])
def test_a_bound_on_a_circle_is_the_largest_value_and_the_checker_agrees(kind, rng):
    for seed in range(2):
        target = blocks(three_products(kind, seed))
        whole = model(target)
        dual, weights = rng.normal(size=whole.shape), (0.6, 0.3, 0.3)
        rings = kernels.refined(target, Supports(target, (2, 2)))[1]
        for one in whole.circles:
            cells, share = one.letters[0], 0.6 if len(one.letters[0]) > 1 else 0.0
            angles = np.concatenate([one.grid, np.linspace(0, 2 * np.pi, 5_000)])
            points = one.points(angles)
            many = [p[: len(angles)] for p in points[1:]]
            costs = np.einsum("xij,ni,nj->xn", dual[list(cells)], *many)
            top = float((share * np.log2(np.exp2(-costs / share).sum(0)) if share else -costs.min(0)).max())
            found, values = one.maxima(dual, weights)
            proved = one.bound(dual, weights, 1e-7)
            assert top - 1e-12 <= proved <= top + 1e-3  # the sample's largest may be missed
            assert values[0] == pytest.approx(proved, abs=2e-7)
            assert np.abs(found[0].sum(axis=1) - 1).max() < 1e-12
            matrices = whole.dual_matrices(dual)
            (other,) = [own for own in rings if own.letters == one.letters]
            assert other.exceeds(matrices, weights, proved + 1e-7) is None
            assert other.exceeds(matrices, weights, proved - 1e-6) is not None


def test_control_values_are_those_of_the_curve(rng):
    """On arcs of every size the curve of the control points is on the circle, forms are their quartics."""
    form = rng.normal(size=(2, 3, 3))
    form = form + form.swapaxes(1, 2)
    start, half = rng.uniform(0, 6, size=9), rng.uniform(0.01, 1.2, size=9)
    control, points = circle._control(form, arc := circle._arc(start, start + 2 * half)), np.linspace(0, 1, 5)
    for t in points:
        y = (1 - t) ** 2 * arc[0] + 2 * t * (1 - t) * arc[1] + t**2 * arc[2]
        assert np.allclose(y[0] ** 2, y[1] ** 2 + y[2] ** 2)
        shares = np.array([math.comb(4, k) * t**k * (1 - t) ** (4 - k) for k in range(5)])
        assert np.allclose(np.einsum("k,fkn->fn", shares, control), np.einsum("in,fij,jn->fn", y, form, y))


def test_the_checker_s_coefficients_are_those_of_its_quartics(rng):
    quartics, low = rng.normal(size=(6, 2, 5)), rng.uniform(-1, 0, size=6)
    width = rng.uniform(0.1, 1, size=6)
    found = ring._bernstein(quartics, low, low + width)
    for t in np.linspace(0, 1, 5):
        shares = np.array([math.comb(4, k) * t**k * (1 - t) ** (4 - k) for k in range(5)])
        powers = (low + t * width)[:, None] ** np.arange(5)
        assert np.allclose(np.einsum("k,fkn->fn", shares, found), np.einsum("nfk,nk->fn", quartics, powers))


def test_three_generic_products_a_letter_cost_all_entropies():
    """No product occurs with two letters, and all are pure: nothing is gained by any mixture."""
    target = blocks(three_products("complex", 3))
    found = answer(target)
    values = np.concatenate([np.linalg.eigvalsh(block) for block in target])
    values = values[values > 1e-12]
    exact = {"C0": float(-(values * np.log2(values)).sum()), "R_inf": 1.0}
    for name, value in exact.items():
        bracket = found["quantities"][name]
        assert bracket["lower"] <= value + 1e-9
        assert bracket["upper"] >= value - 1e-9
        assert bracket["upper"] - bracket["lower"] < 1e-5
    verdict = check_region_answer(found)
    assert verdict.holds
    assert not [line for line in verdict.not_checked if "delta" in line]


@pytest.mark.parametrize("kind", [pytest.param("real", marks=pytest.mark.slow), "shared"])
def test_brackets_are_narrow_and_a_smaller_delta_is_refused(kind):
    found = answer(blocks(three_products(kind, 1)))
    for name in ("C0", "R_inf"):
        bracket = found["quantities"][name]
        assert bracket["upper"] - bracket["lower"] < 1e-4 * bracket["upper"]
    assert check_region_answer(found).holds
    certificate = found["certificate"]
    target, program = np.array(certificate["reduced"]) @ [1, 1j], certificate["programs"][0]
    dual, weights = np.array(program["dual"]) @ [1, 1j], [1.0, program["beta"], program["beta"]]
    faces, rings = kernels.refined(target, Supports(target, (2, 2)))

    def refused(delta: float) -> bool:
        above = [own.exceeds(dual, weights, delta) for own in rings]
        return (
            any(top is not None for top in above)
            or check_delta(dual, faces, weights, delta, math.inf) is not None
        )

    assert not refused(program["delta"])
    assert refused(program["delta"] - 1e-5)

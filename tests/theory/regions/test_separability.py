"""Proofs of entanglement: known states on both sides of the border, and the certificates checked anew."""

import itertools
import json
import math
import time

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.separability import Undecided, Witness, entanglement_witness, search
from qcoord_hw.theory.regions.separability.extension import Extension
from qcoord_hw.theory.regions.separability.results import MIN_MARGIN

ZERO, ONE, PLUS, MINUS = (1, 0), (0, 1), (1, 1), (1, -1)


def product_ket(*factors):
    ket = np.ones(1)
    for factor in factors:
        ket = np.kron(ket, np.asarray(factor) / np.linalg.norm(factor))
    return ket


def complement(kets):
    """The state of the projector on what is orthogonal to an unextendible product basis."""
    rho = np.eye(len(kets[0])) - sum(np.outer(ket, ket.conj()) for ket in kets)
    return rho / np.trace(rho).real


def shifts():
    return complement([product_ket(*kets) for kets in (
        (ZERO, ONE, PLUS), (ONE, PLUS, ZERO), (PLUS, ZERO, ONE), (MINUS, MINUS, MINUS))])  # fmt: skip


def tiles():
    a, b, c = np.eye(3)
    return complement([product_ket(*kets) for kets in (
        (a, a - b), (c, b - c), (a - b, c), (b - c, a), (a + b + c, a + b + c))])  # fmt: skip


def horodecki_3x3(a):
    """P. Horodecki, Phys. Lett. A 232, 333 (1997), the 3 x 3 family: PPT and entangled for 0 < a < 1."""
    rho = a * np.eye(9)
    for i, j in ((0, 4), (0, 8), (4, 8)):
        rho[i, j] = rho[j, i] = a
    rho[6, 6] = rho[8, 8] = (1 + a) / 2
    rho[6, 8] = rho[8, 6] = math.sqrt(1 - a * a) / 2
    return rho / (8 * a + 1)


def horodecki_2x4(b):
    """The 2 x 4 family of the same paper: PPT and entangled for 0 < b < 1."""
    rho = b * np.eye(8)
    for i in range(3):
        rho[i, 5 + i] = rho[5 + i, i] = b
    rho[4, 4] = rho[7, 7] = (1 + b) / 2
    rho[4, 7] = rho[7, 4] = math.sqrt(1 - b * b) / 2
    return rho / (7 * b + 1)


def isotropic(d, fidelity):
    ket = np.eye(d).ravel() / math.sqrt(d)
    top = np.outer(ket, ket)
    return fidelity * top + (1 - fidelity) * (np.eye(d * d) - top) / (d * d - 1)


def werner(d, antisymmetric):
    """The Werner state with this weight on the antisymmetric subspace: separable up to 1/2."""
    swap = np.eye(d * d).reshape([d] * 4).transpose(1, 0, 2, 3).reshape(d * d, d * d)
    plus, minus = (np.eye(d * d) + swap) / 2, (np.eye(d * d) - swap) / 2
    return antisymmetric * minus / np.trace(minus) + (1 - antisymmetric) * plus / np.trace(plus)


def random_ket(rng, d, real=False):
    ket = rng.normal(size=d) + (0 if real else 1j * rng.normal(size=d))
    return ket / np.linalg.norm(ket)


def random_separable(rng, dims, terms, real=False):
    weights = rng.dirichlet(np.ones(terms))
    kets = [product_ket(*(random_ket(rng, d, real) for d in dims)) for _ in range(terms)]
    return sum(w * np.outer(ket, ket.conj()) for w, ket in zip(weights, kets, strict=True))


def rotated(rng, rho, dims):
    unitary = np.eye(1)
    for d in dims:
        own = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]
        unitary = np.kron(unitary, own)
    return unitary @ rho @ unitary.conj().T


# The certificate, from its description alone: no code of the module.


def complex_array(pairs):
    return np.asarray(pairs)[..., 0] + 1j * np.asarray(pairs)[..., 1]


def transposed(matrix, dims, systems):
    n = len(dims)
    axes = list(range(2 * n))
    for i in systems:
        axes[i], axes[n + i] = axes[n + i], axes[i]
    return matrix.reshape(list(dims) * 2).transpose(axes).reshape(matrix.shape)


def permutation_matrix(dims, order):
    """The operator that moves factor order[i] to place i; the dims must agree."""
    size = math.prod(dims)
    source = np.arange(size).reshape(dims).transpose(order).ravel()
    matrix = np.zeros((size, size))
    matrix[np.arange(size), source] = 1
    return matrix


def proved_margin(rho, dims, names, certificate):
    """The margin that a certificate proves: -tr(W rho) less everything rounding could hide; and W."""
    certificate = json.loads(json.dumps(certificate))
    names = list(names)
    if certificate["kind"] == "partial transpose":
        vector = complex_array(certificate["vector"])
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-12)
        side = [names.index(s) for s in certificate["systems"]]
        witness = transposed(np.outer(vector, vector.conj()), dims, side)
        margin = -np.vdot(vector, transposed(rho, dims, side) @ vector).real
        assert margin == pytest.approx(certificate["margin"], abs=1e-12)
        return margin, witness
    assert list(certificate["copies"]) == names
    order = certificate["order"]
    owner = [(i, c) for i, name in enumerate(names) for c in range(certificate["copies"][name])]
    expected = [names[i] if certificate["copies"][names[i]] == 1 else f"{names[i]}{c + 1}" for i, c in owner]
    assert order == expected
    factors = [dims[i] for i, _ in owner]
    projector = np.eye(math.prod(factors))
    for i in range(len(dims)):
        places = [place for place, (party, _) in enumerate(owner) if party == i]
        total = np.zeros_like(projector)
        for moved in itertools.permutations(places):
            permuted = list(range(len(factors)))
            for place, to in zip(places, moved, strict=True):
                permuted[place] = to
            total += permutation_matrix(factors, permuted)
        projector = projector @ total / math.factorial(len(places))
    witness = complex_array(certificate["W"])
    assert np.abs(witness - witness.conj().T).max() <= 1e-15
    assert np.abs(np.linalg.eigvalsh(witness)).sum() == pytest.approx(1, abs=1e-12)
    first = [place for place, (_, c) in enumerate(owner) if c == 0]
    others = [place for place, (_, c) in enumerate(owner) if c > 0]
    spread = np.kron(witness, np.eye(math.prod(factors[place] for place in others)))
    move = permutation_matrix(factors, first + others)  # owner order -> first copies, then the others
    extended = move.T @ spread @ move
    total, slack = np.zeros_like(extended), 0.0
    for term in certificate["terms"]:
        matrix = complex_array(term["Z"])
        assert np.abs(matrix - matrix.conj().T).max() <= 1e-15
        slack += max(0.0, -np.linalg.eigvalsh(matrix)[0])
        total = total + transposed(matrix, factors, [order.index(c) for c in term["transpose"]])
    error = np.linalg.norm(projector @ (extended - total) @ projector, 2)
    assert error <= 1e-12
    assert slack <= 1e-12
    margin = -np.trace(witness @ rho).real
    assert margin == pytest.approx(certificate["margin"], abs=1e-12)
    return margin - error - slack, witness


def smallest_on_products(rng, witness, dims, count=10_000):
    """The least expectation of a witness in random product states."""
    kets = np.ones((count, 1))
    for d in dims:
        own = rng.normal(size=(count, d)) + 1j * rng.normal(size=(count, d))
        own /= np.linalg.norm(own, axis=1, keepdims=True)
        kets = np.einsum("na,nb->nab", kets, own).reshape(count, -1)
    return np.einsum("na,ab,nb->n", kets.conj(), witness, kets, optimize=True).real.min()


def assert_entangled(rho, dims, names="ABCD", kind=None, seed=7):
    names = names[: len(dims)]
    found = entanglement_witness(rho, dims, names)
    assert isinstance(found, Witness)
    if kind is not None:
        assert found.certificate["kind"] == kind
    margin, witness = proved_margin(np.asarray(rho), dims, names, found.certificate)
    assert margin > MIN_MARGIN / 2
    assert smallest_on_products(np.random.default_rng(seed), witness, dims) >= -1e-12
    noise = np.eye(len(rho)) / len(rho)
    assert np.trace(witness @ ((1 - found.noise) * rho + found.noise * noise)).real == pytest.approx(
        0, abs=1e-10
    )
    return found


@pytest.mark.parametrize("dims", [(2, 2), (2, 3), (3, 3), (2, 2, 2), (2, 2, 2, 2), (2, 3, 4)])
def test_random_pure_states_are_entangled(dims):
    rng = np.random.default_rng(3)
    for _ in range(3):
        ket = random_ket(rng, math.prod(dims))
        assert_entangled(np.outer(ket, ket.conj()), dims, kind="partial transpose")


@pytest.mark.parametrize("d", [2, 3])
def test_isotropic_and_werner_states_at_the_border(d):
    """Separable up to F = 1/d and up to half the weight on the antisymmetric subspace."""
    for family, border in ((isotropic, 1 / d), (werner, 1 / 2)):
        assert_entangled(family(d, border + 1e-3), (d, d), kind="partial transpose")
        found = entanglement_witness(family(d, border - 1e-3), (d, d), "AB")
        assert isinstance(found, Undecided)
        assert found.ppt_decides == (d == 2)
        # F - 1/d^2 (or the weight's distance from the identity's) grows by the factor 1 + s along the ray.
        middle = 1 / d**2 if family is isotropic else (d - 1) / (2 * d)
        assert 1 + found.margin == pytest.approx((border - middle) / (border - 1e-3 - middle), abs=1e-5)


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize(
    ("rho", "dims"),
    [
        (shifts(), (2, 2, 2)),
        (tiles(), (3, 3)),
        (horodecki_3x3(0.3), (3, 3)),
        (horodecki_2x4(0.3), (2, 4)),
    ],
)
def test_states_that_no_partial_transpose_betrays(rho, dims, local):
    """In the basis of the literature (real matrices) and in random local bases."""
    if local:
        rho = rotated(np.random.default_rng(11), rho, dims)
    found = assert_entangled(rho, dims, kind="extension")
    assert found.noise < 0.2


@pytest.mark.slow
def test_shifts_state_at_both_sides_of_the_border_of_one_further_copy():
    """The border, weight 2 sqrt(2) - 2 of the Shifts state in white noise, was found by this module."""
    rng, border, offset = np.random.default_rng(13), 2 * math.sqrt(2) - 2, 1e-3
    above, below = (
        rotated(rng, weight * shifts() + (1 - weight) * np.eye(8) / 8, (2, 2, 2))
        for weight in (border + offset, border - offset)
    )
    assert assert_entangled(above, (2, 2, 2)).noise == pytest.approx(offset / (border + offset), rel=0.05)
    found = entanglement_witness(below, (2, 2, 2), "ABC")
    assert isinstance(found, Undecided)
    assert sum(found.level.values()) > 3
    assert found.margin == pytest.approx(offset / (border - offset), rel=0.1)


@pytest.mark.slow
def test_three_qutrits_and_four_qubits():
    assert_entangled(np.kron(np.eye(3) / 3, tiles()), (3, 3, 3), kind="extension")
    rho = rotated(np.random.default_rng(17), np.kron(np.eye(2) / 2, shifts()), (2,) * 4)
    assert_entangled(rho, (2,) * 4, kind="extension")


def test_a_spoiled_certificate_fails_the_check():
    rng = np.random.default_rng(19)
    good = json.dumps(entanglement_witness(tiles(), (3, 3), "AB").certificate)
    for _ in range(20):
        spoiled = json.loads(good)
        matrices = [spoiled["W"], *(term["Z"] for term in spoiled["terms"])]
        matrix = matrices[rng.integers(len(matrices))]
        matrix[rng.integers(len(matrix))][rng.integers(len(matrix))][rng.integers(2)] += 1e-6
        with pytest.raises(AssertionError):
            proved_margin(tiles(), (3, 3), "AB", spoiled)


def test_two_extended_systems_in_one_certificate():
    """A level with copies of two systems, in the identity that is checked."""
    extension = Extension((2, 3), (2, 2), real=False)
    rho = np.outer(*[np.eye(6)[[0, 4]].sum(axis=0) / math.sqrt(2)] * 2)  # a Bell state
    found = search._extended(rho + 0j, extension, {"A": 2, "B": 2}, 1.0, time.monotonic() + 60)
    margin, witness = proved_margin(rho, (2, 3), "AB", found.certificate)
    assert margin > 0.1
    assert smallest_on_products(np.random.default_rng(1), witness, (2, 3)) >= -1e-12


@pytest.mark.parametrize("dims", [(2, 2), (2, 3), pytest.param((3, 3), marks=pytest.mark.slow), (2, 2, 2)])
@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_separable_mixtures_are_never_rejected(dims, real):
    rng = np.random.default_rng(5)
    for terms in (1, 2, math.prod(dims), 3 * math.prod(dims)):
        rho = random_separable(rng, dims, terms, real)
        found = entanglement_witness(rho, dims, "ABC"[: len(dims)], time_limit=1)
        assert isinstance(found, Undecided)
        assert found.margin > -1e-6
        ranks = [min(terms, d) for d in dims if min(terms, d) > 1]
        assert found.ppt_decides == (len(ranks) < 3 and math.prod(ranks) <= 6)


def test_a_separable_state_within_the_border_of_an_extension_has_a_margin():
    found = entanglement_witness(0.5 * shifts() + 0.5 * np.eye(8) / 8, (2, 2, 2), "ABC")
    assert isinstance(found, Undecided)
    assert sum(found.level.values()) > 3
    assert found.margin == pytest.approx((1 - 0.1715728) / 0.5 - 1, abs=1e-2)
    assert not found.ppt_decides


def test_pure_and_unentangled_systems_do_not_count_in_what_ppt_decides():
    rho = np.kron(np.kron(isotropic(2, 0.4), np.diag([1, 0, 0])), np.eye(1))
    found = entanglement_witness(rho, (2, 2, 3, 1), "ABCD")
    assert isinstance(found, Undecided)
    assert found.ppt_decides
    assert entanglement_witness(np.eye(5) / 5, (5,), "A").ppt_decides


def test_names_that_copies_would_have_are_left_alone():
    names = ("C", "C1", "C2")
    found = entanglement_witness(shifts(), (2, 2, 2), names)
    assert isinstance(found, Witness)
    assert found.certificate["copies"]["C"] == 1
    margin, _ = proved_margin(shifts(), (2, 2, 2), names, found.certificate)
    assert margin > MIN_MARGIN


def test_large_states_are_only_transposed():
    dims = (2,) * 6
    ghz = np.zeros(64)
    ghz[[0, -1]] = math.sqrt(0.5)
    assert_entangled(np.outer(ghz, ghz), dims, "ABCDEF", kind="partial transpose")
    found = entanglement_witness(np.eye(64) / 64, dims, "ABCDEF")
    assert isinstance(found, Undecided)
    assert not found.ppt_decides
    assert "not tried" in found.why


def test_the_time_limit_is_told():
    before = time.monotonic()
    found = entanglement_witness(shifts(), (2, 2, 2), "ABC", time_limit=0.0)
    assert isinstance(found, Undecided)
    assert "out of time" in found.why
    assert time.monotonic() - before < 60


@pytest.mark.parametrize(
    ("rho", "dims", "names", "message"),
    [
        (np.eye(4) / 4, (2, 3), "AB", "rho: shape"),
        (np.eye(4) / 4, (2, 2), "AA", "names: "),
        (np.eye(4) / 4, (2, 2), "ABC", "names: "),
        (np.eye(4), (2, 2), "AB", "rho: off a density matrix"),
        (np.diag([1.5, -0.5, 0, 0]), (2, 2), "AB", "rho: off a density matrix"),
        (np.full((4, 4), np.nan), (2, 2), "AB", "rho: entries"),
    ],
)
def test_what_is_no_state_is_refused(rho, dims, names, message):
    with pytest.raises(InputError, match=message):
        entanglement_witness(rho, dims, names)

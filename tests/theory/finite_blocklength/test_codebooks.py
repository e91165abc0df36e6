"""Codebooks of the two-node network against states written out in full, and the known coset codebooks."""

from itertools import product

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength import (
    codebook_distance,
    codebooks,
    decomposition,
    random_codebook,
    resolvability,
)

ZERO = np.diag([1.0, 0.0])
PLUS = np.full((2, 2), 0.5)
FLIP = [[0.85, 0.15], [0.15, 0.85]]


def random_state(rng, d, complex_entries=True):
    root = rng.normal(size=(d, d)) + (1j * rng.normal(size=(d, d)) if complex_entries else 0)
    rho = root @ root.conj().T
    return rho / np.trace(rho).real


def whole_norm(book, p_u, channel, states):
    """|| rho_hat - omega ||_1 from (76)-(78): one matrix on X^n B^n, built codeword by codeword."""
    m0s, m1s, n = book.shape
    letters, d = channel.shape[1], states.shape[-1]
    strings = list(product(range(letters), repeat=n))
    joint = np.zeros((letters**n * d**n,) * 2, dtype=complex)
    omega = sum(p_u[u] * np.kron(np.diag(channel[u]), states[u]) for u in range(len(p_u)))
    for index, x in enumerate(strings):
        p_x = np.prod([p_u @ channel[:, letter] for letter in x])
        block = np.zeros((d**n, d**n), dtype=complex)
        for m0 in range(m0s):
            seen = [np.prod([channel[book[m0, m1, k], x[k]] for k in range(n)]) for m1 in range(m1s)]
            for m1 in range(m1s):
                chance = seen[m1] / sum(seen) if sum(seen) > 0 else 1 / m1s
                state = np.eye(1)
                for k in range(n):
                    state = np.kron(state, states[book[m0, m1, k]])
                block += chance / m0s * state
        target = np.eye(1)
        for letter in x:
            target = np.kron(target, omega[letter * d : (letter + 1) * d, letter * d : (letter + 1) * d])
        here = slice(index * d**n, (index + 1) * d**n)
        joint[here, here] = p_x * block - target
    return np.abs(np.linalg.eigvalsh(joint)).sum()


def test_against_the_definition():
    rng = np.random.default_rng(1)
    for letters_u, letters_x, d, n, m0, m1 in [
        (2, 2, 2, 1, 1, 1),
        (2, 2, 2, 3, 2, 3),
        (3, 2, 2, 2, 3, 2),
        (2, 3, 3, 2, 1, 4),
    ]:
        p_u = rng.dirichlet(np.ones(letters_u))
        channel = rng.dirichlet(np.ones(letters_x), size=letters_u)
        channel[0] = np.eye(letters_x)[0]  # so that some x^n is impossible for some m0
        states = np.array([random_state(rng, d, n != 2) for _ in range(letters_u)])
        target = decomposition(p_u, channel, states)
        for _ in range(3):
            book = random_codebook(target, n, (m0, m1), rng)
            score = codebook_distance(book, target)
            assert score.trace_norm == pytest.approx(whole_norm(book, p_u, channel, states), abs=1e-11)
            assert score.trace_distance == score.trace_norm / 2


def cosets(code, leaders):
    return np.array(
        [[[(a + b) % 2 for a, b in zip(word, lead, strict=True)] for word in code] for lead in leaders]
    )


REPETITION2 = cosets([(0, 0), (1, 1)], [(0, 0), (0, 1)])
EVEN3 = cosets([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)], [(0, 0, 0), (1, 0, 0)])
REPETITION3 = cosets([(0, 0, 0), (1, 1, 1)], [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)])
ONE = np.array([[[0], [1]]])


def test_coset_codebooks():
    """The whole norm: X = U + Bern(.15), Bob's states |0>, |+>; then Charlie's at Bloch angle pi/3."""
    target = decomposition([0.5, 0.5], FLIP, [ZERO, PLUS])
    assert (target.rate_x, target.rate_xb) == pytest.approx((0.3902, 0.7502), abs=5e-5)
    known = [(ONE, 0), (REPETITION2, 0.3055), (EVEN3, 0.1925), (REPETITION3, 0.4661)]
    for book, norm in known:
        assert codebook_distance(book, target).trace_norm == pytest.approx(norm, abs=5e-5)
    tilted = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    broadcast = decomposition([0.5, 0.5], FLIP, [ZERO, PLUS], [ZERO, np.outer(tilted, tilted)])
    assert broadcast.rate_xb == pytest.approx(0.8176, abs=5e-5)
    for book, norm in [(ONE, 0), (REPETITION2, 0.354), (EVEN3, 0.2295)]:
        assert codebook_distance(book, broadcast).trace_norm == pytest.approx(norm, abs=5e-5)


def test_triangle_inequality_of_the_proof():
    """(83): the score is at most the covering error (77) plus the resolvability error (82)."""
    rng = np.random.default_rng(2)
    target = decomposition([0.4, 0.6], [[0.9, 0.1], [0.3, 0.7]], [random_state(rng, 2), random_state(rng, 2)])
    for n in (1, 2, 3):
        book = random_codebook(target, n, (2, 3), rng)
        score = codebook_distance(book, target)
        second = resolvability.codebook_distance(book.reshape(-1, n), target.p_u, target.joint)
        assert score.trace_norm <= score.covering + second + 1e-12


def test_expected_distance():
    target = decomposition([0.5, 0.5], FLIP, [ZERO, PLUS])
    point = codebooks.expected_distance(target, 2, 0.5, 0.5, draws=200, seed=3)
    exact = np.mean(
        [
            codebook_distance(np.array(book).reshape(2, 2, 2), target).trace_norm
            for book in product(range(2), repeat=8)
        ]
    )
    assert abs(point.value - exact) < 4 * point.error
    assert point.error < 0.02
    curve = codebooks.curve(target, (1, 2), [(0.5, 0.5), (1, 1)], draws=10)
    assert curve.rates == (1, 2, 1, 2)
    assert curve.threshold == target.rate_xb


@pytest.mark.slow
def test_eight_letters():
    target = decomposition([0.5, 0.5], FLIP, [ZERO, PLUS])
    book = random_codebook(target, 8, (4, 16), np.random.default_rng(4))
    assert 0.1 < codebook_distance(book, target).trace_norm < 2


@pytest.mark.parametrize(
    ("p_u", "channel", "theta", "word"),
    [
        ([0.5, 0.6], FLIP, [ZERO, PLUS], "p_u"),
        ([0.5, 0.5], [[0.9, 0.2], [0, 1]], [ZERO, PLUS], "p_x_given_u"),
        ([0.5, 0.5], FLIP, [ZERO, 2 * PLUS], "theta"),
        ([0.5, 0.5], FLIP, [ZERO, np.array([[0.5, 0.6], [0.6, 0.5]])], "theta"),
        ([0.5, 0.5], FLIP, [ZERO], "theta"),
    ],
)
def test_refused(p_u, channel, theta, word):
    with pytest.raises(InputError, match=f"^{word}: "):
        decomposition(p_u, channel, theta)


def test_refused_codebooks():
    target = decomposition([0.5, 0.5], FLIP, [ZERO, PLUS])
    for book in (np.zeros((2, 2)), np.zeros((2, 2, 2)), np.full((1, 1, 2), 2), np.full((1, 1, 2), -1)):
        with pytest.raises(InputError, match="^codebook: "):
            codebook_distance(book, target)
    with pytest.raises(InputError, match="^n: "):
        codebooks.expected_distance(target, 9, 0.5, 0.5)
    with pytest.raises(InputError, match="^rate: "):
        codebooks.expected_distance(target, 4, 5.0, 5.0)
    with pytest.raises(InputError, match="^draws: "):
        codebooks.expected_distance(target, 2, 0.5, 0.5, draws=1)

"""Resolvability against every codebook listed in turn."""

from itertools import product

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength import holevo, resolvability


def pure(angle):
    vector = np.array([np.cos(angle), 1j * np.sin(angle)])
    return np.outer(vector, vector.conj())


def average_over_all(p, states, n, size):
    words = list(product(range(len(p)), repeat=n))
    matrices, weights = [], []
    for word in words:
        matrix = np.eye(1)
        for letter in word:
            matrix = np.kron(matrix, states[letter])
        matrices.append(matrix)
        weights.append(np.prod([p[letter] for letter in word]))
    mean = sum(w * m for w, m in zip(weights, matrices, strict=True))
    total = 0.0
    for book in product(range(len(words)), repeat=size):
        gap = mean - sum(matrices[i] for i in book) / size
        total += np.prod([weights[i] for i in book]) * np.abs(np.linalg.eigvalsh(gap)).sum()
    return total


def test_exact_against_every_codebook():
    p, states = [0.3, 0.7], [pure(0.2), pure(1.1)]
    for n, size in [(1, 1), (1, 2), (1, 4), (2, 1), (2, 2), (2, 4), (3, 2)]:
        point = resolvability.expected_distance(p, states, n, np.log2(size) / n)
        assert point.accuracy == "exact"
        assert point.value == pytest.approx(average_over_all(p, states, n, size), abs=1e-11)


def test_estimate_agrees_with_exact(monkeypatch):
    p, states = [0.25, 0.25, 0.5], [np.diag([1.0, 0]), np.diag([0, 1.0]), pure(0.7)]
    exact = resolvability.expected_distance(p, states, 2, 1.0)
    assert exact.accuracy == "exact"
    monkeypatch.setattr(resolvability, "MAX_CODEBOOKS", 1)
    estimate = resolvability.expected_distance(p, states, 2, 1.0, draws=2000, seed=8)
    assert estimate.accuracy == "estimate"
    assert abs(estimate.value - exact.value) < 4 * estimate.error


def test_letters_that_do_not_matter():
    plain = resolvability.expected_distance([0.5, 0.5], [pure(0.1), pure(1)], 2, 1.0)
    split = resolvability.expected_distance(
        [0.2, 0.5, 0, 0.3], [pure(0.1), pure(1), pure(2), pure(0.1)], 2, 1.0
    )
    assert split.value == pytest.approx(plain.value, abs=1e-12)
    assert resolvability.expected_distance([0.5, 0.5], [pure(1), pure(1)], 3, 0).value == pytest.approx(
        0, abs=1e-12
    )


def test_one_codebook():
    p, states = np.array([0.3, 0.7]), [pure(0.2), pure(1.1)]
    mean = p[0] * states[0] + p[1] * states[1]
    gap = np.kron(mean, mean) - (np.kron(states[0], states[1]) + np.kron(states[1], states[1])) / 2
    distance = resolvability.codebook_distance([[0, 1], [1, 1]], p, states)
    assert distance == pytest.approx(np.abs(np.linalg.eigvalsh(gap)).sum(), abs=1e-12)


def test_holevo_and_curve():
    states = [pure(0), pure(np.pi / 4)]
    root = (1 + np.cos(np.pi / 4)) / 2
    binary = -root * np.log2(root) - (1 - root) * np.log2(1 - root)
    assert holevo([0.5, 0.5], states) == pytest.approx(binary, abs=1e-12)
    curve = resolvability.curve([0.5, 0.5], states, (1, 2), (0.0, 1.0, 3.0))
    assert curve.threshold == pytest.approx(binary, abs=1e-12)
    assert curve.values[2] < curve.values[1] < curve.values[0]
    assert curve.values[5] < curve.values[4] < curve.values[3]


@pytest.mark.parametrize(
    ("p", "n", "rate", "word"),
    [([0.5, 0.4], 2, 1, "p_x"), ([1.0], 2, 1, "rho_x"), ([0.5, 0.5], 9, 1, "n"), ([0.5, 0.5], 2, -1, "rate")],
)
def test_refused(p, n, rate, word):
    with pytest.raises(InputError, match=f"^{word}: "):
        resolvability.expected_distance(p, [pure(0), pure(1)], n, rate)


def test_refused_codebooks():
    for book in ([0, 1], [[0, 2]], [[-1, 0]], [[0.5, 1]]):
        with pytest.raises(InputError, match="^codebook: "):
            resolvability.codebook_distance(book, [0.5, 0.5], [pure(0), pure(1)])

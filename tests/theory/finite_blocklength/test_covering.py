"""Symmetric covering against every codebook listed in turn, sampling, and the Gaussian prediction."""

from itertools import product
from math import log, log2, sqrt

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength import binary_erasure, binary_symmetric, covering, doubly_symmetric
from qcoord_hw.theory.finite_blocklength.covering import expected_shortfall


def average_over_all(channel, n, size):
    """E TV of `size` uniform words through a channel of shape (2, outputs), every codebook listed."""
    words = list(product(range(2), repeat=n))
    rows = []
    for word in words:
        row = np.ones(1)
        for letter in word:
            row = np.kron(row, channel[letter])
        rows.append(row)
    rows = np.array(rows)
    target = rows.mean(axis=0)
    books = product(range(len(words)), repeat=size)
    return np.mean([np.abs(rows[list(book)].mean(axis=0) - target).sum() / 2 for book in books])


CASES = [(1, 1), (1, 3), (1, 8), (2, 1), (2, 2), (2, 5), (3, 2), (3, 4)]


@pytest.mark.few(3)
@pytest.mark.parametrize(("n", "size"), CASES)
def test_against_every_codebook(n, size):
    rate = log2(size) / n
    for p in (0.0, 0.11, 0.3, 0.5, 0.8):
        flip = np.array([[1 - p, p], [p, 1 - p]])
        doubled = np.array([np.kron(row, row) for row in flip])
        erased = np.array([[1 - p, 0, p], [0, 1 - p, p]])
        for function, channel in [
            (binary_symmetric, flip),
            (doubly_symmetric, doubled),
            (binary_erasure, erased),
        ]:
            point = function(n, rate, p)
            exact = average_over_all(channel, n, size)
            assert abs(point.value - exact) <= point.error + 1e-12
            assert point.error <= 2e-6


def test_the_bound_at_other_accuracies():
    fine = binary_symmetric(30, 0.55, 0.11, accuracy=5e-7)
    for accuracy in (1e-2, 1e-4, 2e-6):
        coarse = binary_symmetric(30, 0.55, 0.11, accuracy)
        assert abs(coarse.value - fine.value) <= coarse.error + fine.error


def test_against_sampling():
    rng = np.random.default_rng(3)
    n, p, size, runs = 20, 0.15, 300, 4000
    distance = rng.binomial(n, 0.5, size=(runs, size))
    s = (2.0**n * p**distance * (1 - p) ** (n - distance)).mean(axis=1)
    short = np.maximum(0, 1 - s)
    point = binary_symmetric(n, log2(size) / n, p)
    assert abs(short.mean() - point.value) < 4 * short.std() / sqrt(runs)


def test_general_terms():
    """Three values of a term, M = 4: listed against the series."""
    mass, ratio = np.array([0.2, 0.5, 0.3]), np.array([0.0, 0.8, 2.0])
    listed = sum(
        mass[list(draw)].prod() * max(0.0, 1 - ratio[list(draw)].mean())
        for draw in product(range(3), repeat=4)
    )
    with np.errstate(divide="ignore"):
        found = expected_shortfall(np.log(mass), np.log(ratio), log(4), 1e-6)
    assert abs(found.value - listed) <= found.error + 1e-12


def test_many_codewords():
    """Far above the threshold S is nearly Gaussian: the value is sd(S) / sqrt(2 pi)."""
    n, p, bits = 20, 0.2, 40
    square = (2 * (p**2 + (1 - p) ** 2)) ** n  # E g^2
    point = binary_symmetric(n, bits / n, p)
    assert point.value == pytest.approx(sqrt((square - 1) / 2**bits / (2 * np.pi)), rel=1e-4)


def test_extreme_rates():
    assert binary_symmetric(3000, 5, 0.11).value == 0
    assert binary_symmetric(3000, 1.2, 0.11).value < 1e-11
    assert binary_symmetric(3000, 0, 0.11).value == pytest.approx(1, abs=1e-12)
    useless = binary_symmetric(3000, 0.01, 0.5)  # every codeword looks alike: the truth is 0
    assert useless.value <= useless.error < 1e-8


@pytest.mark.few(1)
@pytest.mark.parametrize(("n", "within"), [(30, 0.07), (3000, 0.01)])
def test_gaussian_prediction(n, within):
    p = 0.11
    mean = 1 + p * log2(p) + (1 - p) * log2(1 - p)
    step = sqrt(p * (1 - p) / n) * log2((1 - p) / p)
    for z in (-2, -1, 0, 1, 2):
        point = binary_symmetric(n, mean + z * step, p)
        assert abs(point.value - point.prediction) < within


def test_targets_at_three_thousand():
    for target, parameter, rate in [("doubly_symmetric", 0.1, 0.75), ("binary_erasure", 0.41, 0.6)]:
        point = covering.value(target, parameter, 3000, rate, accuracy=1e-3)
        assert 0.01 < point.value < 0.99
        assert abs(point.value - point.prediction) < 0.01


def test_curve():
    curve = covering.curve("binary_symmetric", 0.11, (10, 100), (0.2, 0.9))
    assert curve.threshold == pytest.approx(0.5000840, abs=1e-6)
    assert curve.values[2] > curve.values[0] > curve.values[1] > curve.values[3]


def test_refused():
    with pytest.raises(InputError, match="^crossover: "):
        binary_symmetric(3, 0.5, 1.2)
    with pytest.raises(InputError, match="^erasure: "):
        binary_erasure(3, 0.5, -0.1)
    with pytest.raises(InputError, match="^accuracy: "):
        binary_symmetric(3000, 0.5, 0.11, 1e-12)
    with pytest.raises(InputError, match="^accuracy: "):
        binary_symmetric(30, 0.5, 0.11, 0.0)
    with pytest.raises(InputError, match="^target: "):
        covering.value("ternary", 0.1, 3, 0.5)

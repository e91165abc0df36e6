"""Readout mitigation: an exact inverse, and the nearest distribution by an independent optimiser."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.optimize import minimize

from qcoord_hw.statistics.mitigation import invert_readout, project_to_simplex


def random_confusions(rng: np.random.Generator, bits: int) -> np.ndarray:
    """Return column-stochastic matrices [bit, read, true] with errors up to 30 %."""
    p10, p01 = rng.uniform(0, 0.3, (2, bits))
    return np.array([[[1 - a, b], [a, 1 - b]] for a, b in zip(p10, p01, strict=True)])


def test_the_inverse_undoes_random_confusions(rng):
    for bits in (1, 2, 3, 5):
        truth = rng.dirichlet(np.full(2**bits, 0.5))
        matrices = random_confusions(rng, bits)
        noisy = functools.reduce(np.kron, matrices) @ truth  # axis 0 is the most significant index
        found = invert_readout(noisy.reshape((2,) * bits), matrices)
        np.testing.assert_allclose(found.reshape(-1), truth, atol=1e-12)
        assert np.abs(noisy - truth).max() > 1e-3


def test_confusion_acts_on_its_own_bit():
    """Bit 0 always read right, bit 1 flipped up with 20 %: by hand."""
    matrices = np.array([np.eye(2), [[0.8, 0.0], [0.2, 1.0]]])
    read = np.array([[0.0, 0.0], [0.8, 0.2]])  # true outcome 10
    np.testing.assert_allclose(invert_readout(read, matrices), [[0, 0], [1, 0]], atol=1e-12)


def test_projection_is_the_nearest_distribution(rng):
    for size in (2, 3, 4, 8):
        for _ in range(5):
            quasi = rng.normal(1 / size, 0.4, size)
            found = project_to_simplex(quasi)
            solved = minimize(
                lambda p, q=quasi: ((p - q) ** 2).sum(),
                np.full(size, 1 / size),
                method="SLSQP",
                bounds=[(0, 1)] * size,
                constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
                options={"ftol": 1e-14, "maxiter": 500},
            )
            assert solved.success
            np.testing.assert_allclose(found, solved.x, atol=1e-5)
            assert ((found - quasi) ** 2).sum() <= solved.fun + 1e-9
            assert found.min() >= 0
            assert found.sum() == pytest.approx(1)


def test_projection_beats_every_other_distribution(rng):
    quasi = rng.normal(0, 1, (2, 2, 2))
    found = project_to_simplex(quasi)
    assert found.shape == quasi.shape
    others = rng.dirichlet(np.ones(8), 5000).reshape(-1, 2, 2, 2)
    assert ((others - quasi) ** 2).sum(axis=(1, 2, 3)).min() >= ((found - quasi) ** 2).sum()


def test_a_distribution_is_its_own_projection(rng):
    for p in (rng.dirichlet(np.ones(4)), np.array([1.0, 0, 0, 0]), np.array([0.5, 0.5, 0, 0])):
        np.testing.assert_allclose(project_to_simplex(p), p, atol=1e-12)

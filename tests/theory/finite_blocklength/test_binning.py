"""Binning collisions against every string listed in turn and against exact integers."""

from fractions import Fraction
from itertools import product
from math import comb, log2, prod

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength import best_slack, binning, collision, slack_threshold


def listed(p_x, rows, n, bins, delta):
    """Collision (a mean over typical pairs), atypical mass and failure from every (x^n, z^n)."""
    near = delta * n + 1e-9
    typical_mass = hit = 0.0
    letters = range(len(p_x))
    for x in product(letters, repeat=n):
        if any(abs(x.count(a) - n * p_x[a]) > near for a in letters):
            continue
        members = []
        for z in product(range(rows.shape[1]), repeat=n):
            pairs = [(a, c) for a in letters for c in range(rows.shape[1])]
            counts = {pair: sum((s, t) == pair for s, t in zip(x, z, strict=True)) for pair in pairs}
            if all(
                abs(counts[a, c] - rows[a, c] * x.count(a)) <= near and (rows[a, c] > 0 or not counts[a, c])
                for a, c in pairs
            ):
                members.append(z)
        mass = sum(prod(p_x[a] * rows[a, c] for a, c in zip(x, z, strict=True)) for z in members)
        typical_mass += mass
        hit += mass * (1 - (1 - 1 / bins) ** (len(members) - 1))
    return hit / typical_mass, 1 - typical_mass, 1 - typical_mass + hit


def test_against_every_string():
    rng = np.random.default_rng(9)
    for xs, zs, n in [(1, 2, 6), (1, 3, 5), (2, 2, 5), (2, 3, 4), (3, 2, 4)]:
        p_x = rng.dirichlet(5 * np.ones(xs))
        rows = rng.dirichlet(np.ones(zs), size=xs)
        if zs == 3:
            rows[0] = [0.4, 0.6, 0]
        for delta in (0.15, 0.3):
            for bins in (1, 2, 7):
                point = collision(rows, n, log2(bins) / n, delta, p_x.tolist())
                expected = listed(p_x, rows, n, bins, delta)
                assert (point.collision, point.atypical, point.failure) == pytest.approx(expected, abs=1e-12)


def test_exact_integers_at_five_thousand():
    n, qubits, delta = 5000, 3800, 0.02
    low, high = 900, 1100  # n (.2 -+ .02)
    size = sum(comb(n, k) for k in range(low, high + 1))
    load = float(Fraction(size - 1, 2**qubits))
    point = collision([0.8, 0.2], n, qubits / n, delta)
    assert point.collision == pytest.approx(-np.expm1(-load), rel=1e-9)
    assert 2.0 ** (n * point.typical_rate - qubits) == pytest.approx(load, rel=1e-8)


def test_a_fixed_delta_bites():
    """Between H(Z) and the threshold of the slack collisions become certain; a shrinking slack wins."""
    p, delta, rate = [0.8, 0.2], 0.1, 0.8
    assert slack_threshold(p, delta) == pytest.approx(-0.3 * log2(0.3) - 0.7 * log2(0.7), abs=1e-9)
    points = [collision(p, n, rate, delta) for n in (20, 100, 1000, 5000)]
    assert points[-1].collision == pytest.approx(1, abs=1e-12)
    assert points[0].collision < 0.9
    assert points[-1].typical_rate == pytest.approx(slack_threshold(p, delta), abs=2e-3)
    assert best_slack(p, 5000, rate).failure < 1e-6


def test_slack_threshold_by_search():
    rng = np.random.default_rng(10)
    p_x = [0.3, 0.7]
    rows = rng.dirichlet(np.ones(3), size=2)
    delta = 0.04
    best = 0.0
    for a, row in zip(p_x, rows, strict=True):
        joint = a * row
        grid = np.linspace(-delta, delta, 161)
        q0, q1 = np.meshgrid(joint[0] + grid, joint[1] + grid)
        q = np.stack([q0, q1, a - q0 - q1])
        allowed = (np.abs(q[2] - joint[2]) <= delta + 1e-12) & (q > 1e-12).all(axis=0)
        q = q[:, allowed]
        best -= (q * np.log2(q / a)).sum(axis=0).min()
    threshold = slack_threshold(rows, delta, p_x)
    assert best - 1e-9 <= threshold <= best + 2e-3


def test_degenerate():
    assert collision([1.0], 5, 0, 0.1).failure == 0
    empty = collision([0.5, 0.5], 3, 1, 0.01)  # no count within .03 of 1.5
    assert (empty.collision, empty.atypical, empty.failure) == (1, 1, 1)
    assert collision([0.8, 0.2], 10, 0, 0.1).collision == 1
    curve = binning.curve([0.8, 0.2], (50, 500), (0.5, 0.95), 0.05)
    assert curve.values[2] > 0.999
    assert curve.values[3] < 1e-9


@pytest.mark.parametrize(
    ("rows", "p_x", "n", "rate", "delta", "word"),
    [
        ([0.8, 0.3], None, 5, 1, 0.1, "p_z_given_x"),
        ([[0.8, 0.2], [1, 0]], None, 5, 1, 0.1, "p_x"),
        ([[0.8, 0.2], [1, 0]], [1.0], 5, 1, 0.1, "p_x"),
        ([[0.8, 0.2], [1]], [0.5, 0.5], 5, 1, 0.1, "p_z_given_x"),
        ([0.8, 0.2], None, 0, 1, 0.1, "n"),
        ([0.8, 0.2], None, 5, -1, 0.1, "rate"),
        ([0.8, 0.2], None, 5, 1, 0.0, "delta"),
        ([0.25] * 4, None, 5000, 1, 0.1, "n"),
    ],
)
def test_refused(rows, p_x, n, rate, delta, word):
    with pytest.raises(InputError, match=f"^{word}: "):
        collision(rows, n, rate, delta, p_x)

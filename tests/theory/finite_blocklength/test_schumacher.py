"""Schumacher compression against exact integers and against the channel written out as matrices."""

from fractions import Fraction
from itertools import product
from math import factorial, log2, prod, sqrt

import numpy as np
import pytest
from scipy.stats import binom

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.answer import schumacher_answer
from qcoord_hw.theory.finite_blocklength import compress, schumacher
from qcoord_hw.theory.finite_blocklength.schumacher import value


def exact_mass(spectrum, n, count):
    """P by exact arithmetic: types sorted by the exact likelihood of their strings."""
    p = [Fraction(x).limit_denominator(10**6) for x in spectrum]
    types = []
    for head in product(range(n + 1), repeat=len(p) - 1):
        if sum(head) <= n:
            counts = (*head, n - sum(head))
            size = factorial(n) // prod(factorial(k) for k in counts)
            types.append((prod(q**k for q, k in zip(p, counts, strict=True)), size))
    types.sort(reverse=True)
    mass, left = Fraction(0), count
    for likelihood, size in types:
        mass += likelihood * min(size, left)
        left -= min(size, left)
    return float(mass), float(1 - mass)


def sent(spectrum, n, count, failure):
    """The purified source and what arrives; `failure` is a state of the kept strings, or None for a flag."""
    d = len(spectrum)
    strings = list(product(range(d), repeat=n))
    p = np.array([prod(spectrum[i] for i in s) for s in strings])
    kept = set(np.argsort(-p, kind="stable")[:count].tolist())
    receiver = len(strings) + (failure is None)  # the flag is one more dimension of the receiver
    phi = np.zeros((len(strings), receiver))
    projected = np.zeros_like(phi)
    arrived = np.zeros((phi.size, phi.size))
    for i, weight in enumerate(p):
        phi[i, i] = sqrt(weight)
        if i in kept:
            projected[i, i] = sqrt(weight)
            continue
        tau = np.zeros((receiver, receiver))
        if failure is None:
            tau[-1, -1] = 1
        else:
            tau[np.ix_(sorted(kept), sorted(kept))] = failure
        source = np.zeros((len(strings), len(strings)))
        source[i, i] = weight
        arrived += np.kron(source, tau)
    arrived += np.outer(projected.ravel(), projected.ravel())
    return phi.ravel(), arrived


def half_norm(matrix):
    return np.abs(np.linalg.eigvalsh(matrix)).sum() / 2


def test_stated_figures():
    point = compress((0.8, 0.2), 1000, 0.75)
    assert point.P == pytest.approx(0.914671338, abs=1e-9)
    assert point.entanglement_fidelity == pytest.approx(0.836623657, abs=1e-9)
    assert point.trace_distance == pytest.approx(0.325273471, abs=1e-9)


@pytest.mark.parametrize(
    ("n", "qubits", "fidelity"),
    [(2, 1, 0.81), (3, 2, 0.9448), (4, 2, 0.7653), (4, 3, 0.9448), (6, 4, 0.8926)],
)
def test_small_compressors(n, qubits, fidelity):
    assert compress((0.9, 0.1), n, qubits / n).entanglement_fidelity == pytest.approx(fidelity, abs=5e-5)


def test_against_the_channel_itself():
    rng = np.random.default_rng(5)
    for d, n in [(2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2)]:
        spectrum = rng.dirichlet(np.ones(d))
        count = int(rng.integers(1, d**n))
        point = compress(spectrum, n, log2(count) / n)
        root = rng.normal(size=(count, count))
        mixed = root @ root.T / np.trace(root @ root.T)
        for failure in (None, mixed):
            phi, arrived = sent(spectrum, n, count, failure)
            assert np.trace(arrived) == pytest.approx(1)
            assert phi @ arrived @ phi == pytest.approx(point.entanglement_fidelity, abs=1e-12)
            distance = half_norm(np.outer(phi, phi) - arrived)
            assert distance == pytest.approx(point.trace_distance, abs=1e-10)


def test_two_senders_against_the_channels_themselves():
    rng = np.random.default_rng(6)
    for n, count1, count2 in [(1, 1, 1), (2, 2, 3), (2, 1, 3)]:
        one, two = rng.dirichlet(np.ones(2)), rng.dirichlet(np.ones(2))
        point = compress(one, n, log2(count1) / n, two, log2(count2) / n)
        phi1, arrived1 = sent(one, n, count1, np.eye(count1) / count1)
        phi2, arrived2 = sent(two, n, count2, np.eye(count2) / count2)
        phi, arrived = np.kron(phi1, phi2), np.kron(arrived1, arrived2)
        assert phi @ arrived @ phi == pytest.approx(point.two_sender_entanglement_fidelity, abs=1e-12)
        distance = half_norm(np.outer(phi, phi) - arrived)
        assert distance == pytest.approx(point.two_sender_trace_distance, abs=1e-10)
    same = compress(one, 2, 0.5)
    assert same == compress(one, 2, 0.5, one, 0.5)
    assert same.two_sender_P == pytest.approx(same.P**2, abs=1e-15)


def test_exact_integers_at_random():
    rng = np.random.default_rng(7)
    for d, n in [(2, 7), (2, 40), (2, 300), (3, 12), (3, 30), (4, 9)] * 3:
        weights = rng.integers(1, 50, size=d)
        spectrum = weights / weights.sum()
        qubits = int(rng.integers(0, int(n * log2(d)) + 1))
        mass, lost = exact_mass([Fraction(int(w), int(weights.sum())) for w in weights], n, 2**qubits)
        point = compress(spectrum, n, qubits / n)
        assert point.P == pytest.approx(mass, abs=2e-12)
        assert point.lost == pytest.approx(lost, abs=2e-12, rel=1e-9)


@pytest.mark.slow
def test_exact_integers_at_a_hundred_thousand():
    n, qubits = 10**5, 72_500
    size, filled, k = 1, 0, 0
    while filled + size <= 2**qubits:
        filled += size
        size = size * (n - k) // (k + 1)
        k += 1
    part = float(Fraction(2**qubits - filled, size))
    exact = binom.cdf(k - 1, n, 0.2) + part * binom.pmf(k, n, 0.2)
    assert compress((0.2, 0.8), n, qubits / n).P == pytest.approx(exact, abs=1e-9)


def test_the_number_of_strings_is_exact():
    # n R = 1.9999... and 2^(nR) = 26.999... are the integers meant; a rate just short of one is not.
    assert compress((0.9, 0.1), 3, 2 / 3).P == pytest.approx(0.972, abs=1e-15)
    spectrum = (0.5, 0.3, 0.1, 0.1)
    brute = np.sort([prod(s) for s in product(spectrum, repeat=3)])[::-1]
    for count in (1, 2, 5, 26, 27, 63):
        assert compress(spectrum, 3, log2(count) / 3).P == pytest.approx(brute[:count].sum(), abs=1e-13)
        if count > 1:
            less = compress(spectrum, 3, log2(count - 1e-6) / 3).P
            assert less == pytest.approx(brute[: count - 1].sum(), abs=1e-13)


def test_extreme_rates():
    assert compress((0.7, 0.3), 4, 0).P == pytest.approx(0.7**4, abs=1e-15)
    for spectrum, rate in [((0.7, 0.3), 1), ((0.7, 0.3), 5), ((0.5, 0.3, 0.2), log2(3)), ((1.0,), 0)]:
        for n in (1, 3, 100):
            point = compress(spectrum, n, rate)
            assert (point.P, point.lost, point.trace_distance) == (1.0, 0.0, 0.0)
    assert compress((0.8, 0.2), 2000, 0.98).lost < 1e-20  # and not rounded to 0
    assert compress((0.8, 0.2), 2000, 0.98).lost > 0


def test_flat_and_degenerate_spectra():
    for rank, n, qubits in [(2, 10, 7), (3, 5, 4), (5, 40, 60)]:
        point = compress([1 / rank] * rank + [0.0], n, qubits / n)
        assert point.P == pytest.approx(2.0**qubits / rank**n, rel=1e-12)
        assert point.second_order == pytest.approx(point.P, rel=1e-12)
        assert (point.varentropy, point.entropy) == (0.0, log2(rank))
    mass, _ = exact_mass([Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], 12, 2**15)
    assert compress((0.25, 0, 0.5, 0.25), 12, 15 / 12).P == pytest.approx(mass, abs=1e-13)
    mass, _ = exact_mass([Fraction(4, 10)] * 2 + [Fraction(1, 10)] * 2, 9, 2**14)
    assert compress((0.1, 0.4, 0.4, 0.1), 9, 14 / 9).P == pytest.approx(mass, abs=1e-13)


def test_second_order_approaches():
    errors = []
    for n in (100, 10_000, 100_000):
        point = compress((0.8, 0.2), n, 0.7219280948873623 + 0.5 / sqrt(n))
        errors.append(abs(point.P - point.second_order))
    assert errors[0] < 0.05
    assert errors[2] < 2e-3


def test_values_and_curve():
    curve = schumacher.curve((0.8, 0.2), (10, 100), (0.5, 0.9))
    assert curve.ns == (10, 10, 100, 100)
    assert curve.rates == (0.5, 0.9, 0.5, 0.9)
    assert curve.threshold == pytest.approx(0.721928, abs=1e-6)
    assert curve.values[1] == compress((0.8, 0.2), 10, 0.9).trace_distance
    assert curve.values[3] < curve.values[1] < curve.values[0] < curve.values[2]
    assert value((0.8, 0.2), 10, 0.5, "P").value == compress((0.8, 0.2), 10, 0.5).P
    assert value((0.8, 0.2), 10, 0.5, "P").prediction == compress((0.8, 0.2), 10, 0.5).second_order


def test_json():
    out = schumacher_answer([0.8, 0.2], 1000, 0.75)
    assert {"ok": True, "spectrum": [0.8, 0.2], "n": 1000, "rate": 0.75}.items() <= out.items()
    assert out["varentropy"] == pytest.approx(0.64)
    for key in ("P", "entanglement_fidelity", "trace_distance", "second_order", "two_sender_trace_distance"):
        assert 0 <= out[key] <= 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (((0.8, 0.3), 3, 0.5), "spectrum"),
        (((1.2, -0.2), 3, 0.5), "spectrum"),
        (((), 3, 0.5), "spectrum"),
        ((("a",), 3, 0.5), "spectrum"),
        (((0.8, 0.2), 0, 0.5), "n"),
        (((0.8, 0.2), 2.5, 0.5), "n"),
        (((0.8, 0.2), 3, -0.1), "rate"),
        (((0.8, 0.2), 3, float("nan")), "rate"),
        (((0.5, 0.3, 0.2), 10**5, 1.4), "n"),
    ],
)
def test_refused(arguments, word):
    with pytest.raises(InputError, match=f"^{word}: "):
        compress(*arguments)
    with pytest.raises(InputError, match="quantity"):
        value((0.8, 0.2), 3, 0.5, "fidelity")


def test_repaired():
    assert compress((0.8, 0.2 + 5e-10), 20, 0.7).P == pytest.approx(compress((0.8, 0.2), 20, 0.7).P, abs=1e-7)

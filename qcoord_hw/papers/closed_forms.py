"""What the papers' formulas are in closed form, for the examples of the rows; no solver is asked.

Logarithms are to base 2.
"""

from __future__ import annotations

import math

import numpy as np

LOG3 = math.log2(3)


def h(p: float) -> float:
    """Return the binary entropy.

    >>> h(0.5)
    1.0
    """
    return sum(-q * math.log2(q) for q in (p, 1 - p) if q > 0)


def wyner_dsbs(crossover: float) -> float:
    """Return Wyner's common information (1) of two bits that differ with this probability [Wyner1975].

    Both see U through the same crossover a, 2 a (1 - a) = crossover: 1 + h(crossover) - 2 h(a).
    """
    a = (1 - math.sqrt(1 - 2 * crossover)) / 2
    return 1 + h(crossover) - 2 * h(a)


def erasure_sum(erasure: float, r1: float) -> float:
    """Return the least R0 + R1 for a bit through an erasure channel, given R1 [Cuff2008].

    U sees the bit through an erasure channel with r1 = 1 - erasure': h(e) + r1 (1 - h((1 - e) / r1)).
    """
    return h(erasure) + r1 * (1 - h((1 - erasure) / r1))


def erasure_frontier(erasure: float, r0: float) -> float:
    """Return the least R1 at R0 for the erasure channel: the envelope of `erasure_sum`, on a grid."""
    rates = [k / 20000 for k in range(math.ceil(20000 * max(1 - erasure, 0.5)), 20001)]
    return min(max(r1, erasure_sum(erasure, r1) - r0) for r1 in rates)


def mirror_rate(x: float, z: float) -> float:
    """Return min I(X;U) for a uniform bit and Bloch vectors (x, 0, +-z).

    The pure states that make them have Bloch vectors (x, 0, +-sqrt(1 - x^2)): U tells the sign of X with bias
    t = z / sqrt(1 - x^2), so the rate is 1 - h((1 + t) / 2).
    """
    return 1 - h((1 + z / math.sqrt(1 - x * x)) / 2)


def likeliest(p: float, n: int, kept: int) -> float:
    """Return the mass of the `kept` likeliest of the 2^n strings of a source (p, 1 - p), p > 1/2.

    Strings are counted by the number k of their less likely letters, in whole numbers.
    """
    mass = 0.0
    for k in range(n + 1):
        count = min(math.comb(n, k), kept)
        mass += math.exp(math.log(count) + (n - k) * math.log(p) + k * math.log(1 - p)) if count else 0.0
        kept -= count
    return mass


def mean_of_signs(m: int) -> float:
    """Return the expected absolute value of the mean of m fair signs.

    >>> mean_of_signs(3)
    0.5
    """
    return float(sum(math.comb(m, k) * abs(m - 2 * k) for k in range(m + 1)) / m / 2**m)


def coset_norm(n: int) -> float:
    """Return (19) for the coset code of two nodes at n = 2 or 3, with the encoder (76), matrix by matrix.

    X is U through a crossover of 0.15, and theta^0 = |0>, theta^1 = |+>. m0 says the parity of the words that
    m1 numbers (at n = 2 whether they are 00, 11 or 01, 10, which is the same).
    """
    ket = np.array([[1, 0], [1 / math.sqrt(2), 1 / math.sqrt(2)]])
    strings = [tuple(x >> (n - 1 - k) & 1 for k in range(n)) for x in range(2**n)]
    states, chances = {}, {}
    for u in strings:
        vector = ket[u[0]]
        for letter in u[1:]:
            vector = np.kron(vector, ket[letter])
        states[u] = np.outer(vector, vector)
        chances[u] = {
            x: math.prod(0.85 if a == b else 0.15 for a, b in zip(x, u, strict=True)) for x in strings
        }
    norm = 0.0
    for x in strings:
        made, target = np.zeros((2**n, 2**n)), np.zeros((2**n, 2**n))
        for m0 in (0, 1):
            words = [u for u in strings if sum(u) % 2 == m0]
            total = sum(chances[u][x] for u in words)
            for u in words:
                made += chances[u][x] / total / 2 / 2**n * states[u]
        for u in strings:
            target += chances[u][x] / 2**n * states[u]
        norm += float(np.abs(np.linalg.eigvalsh(made - target)).sum())
    return norm

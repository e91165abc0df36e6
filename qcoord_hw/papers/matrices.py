"""What rows of [Hu2025] read off V, P and M: plain arithmetic of prime fields, on its own."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np

from qcoord_hw.papers.reading import Data

DATA = 100
"""Random data on which an input-output relation is tried."""


def wrong_entries(printed: tuple[tuple[int, ...], ...], d: Data) -> float:
    """Return how many entries of M differ from the printed ones."""
    ours = np.array(d["M"])
    return float("nan") if ours.shape != np.shape(printed) else float((ours != np.array(printed)).sum())


def not_opposite(d: Data) -> float:
    """Return how many of p1 + p3 and p2 + p4 are not 0, and entries of M that are not V P or V."""
    p, names = d["field"], d["server_order"]
    one = [int(d["P"][s][0][0]) for s in names]
    v = np.hstack([np.array(d["V"][s]) for s in names])
    right = np.block([[v * one, 0 * v], [0 * v, v]]) % p
    sums = [(one[0] + one[2]) % p, (one[1] + one[3]) % p]
    return float(np.count_nonzero(sums) + (np.array(d["M"]) != right).sum())


def not_orthogonal(d: Data) -> float:
    """Return the rank that M lacks, and entries of M J M^T that are not 0; over a prime field."""
    p, m = d["field"], np.array(d["M"])
    half = m.shape[1] // 2
    form = m[:, :half] @ m[:, half:].T - m[:, half:] @ m[:, :half].T
    return float((form % p != 0).sum() + len(m) - rank(m, p))


def rank(matrix: Any, p: int) -> int:
    """Return the rank of a matrix over F_p, p prime."""
    a, found = np.array(matrix) % p, 0
    for column in range(a.shape[1]):
        hits = np.flatnonzero(a[found:, column])
        if not hits.size:
            continue
        a[[found, found + hits[0]]] = a[[found + hits[0], found]]
        a[found] = a[found] * pow(int(a[found, column]), -1, p) % p
        for row in range(len(a)):
            if row != found:
                a[row] = (a[row] - a[row, column] * a[found]) % p
        found += 1
        if found == len(a):
            break
    return found


def unread(d: Data) -> tuple[float, float]:
    """Return how often y = M x is not read: with the generators used, and with the rows taken literally.

    A generator X(a) Z(b) picks up the phase omega^(b.x - a.z) from data X(x) Z(z); y counts it.
    """
    p, m = d["field"], np.array(d["M"])
    n = m.shape[1] // 2
    rng = np.random.default_rng(1)
    generators = np.array([[*one["x"], *one["z"]] for one in d["generators"]])
    wrong = literal = 0
    for _ in range(DATA):
        data = rng.integers(0, p, 2 * n)
        y = m @ data % p
        for rows in (generators, m):
            read = (rows[:, n:] @ data[:n] - rows[:, :n] @ data[n:]) % p
            if rows is generators:
                wrong += bool((read != y).any())
            else:
                literal += bool((read != y).any())
    return float(wrong), float(literal > 0)


def wrong_outputs(d: Data) -> float:
    """Return how often what the user reads is not V W for both instances, over random data."""
    p, m = d["field"], np.array(d["M"])
    n, sizes = m.shape[1] // 2, list(d["servers"].values())
    v = [np.array(d["V"][s]) for s in d["server_order"]]
    precode = [inverse(np.array(d["P"][s]), p) for s in d["server_order"]]
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(DATA):
        w = [[rng.integers(0, p, size) for size in sizes] for _ in range(2)]
        x = np.zeros(2 * n, dtype=int)
        x[: sum(sizes)] = np.concatenate([q @ own % p for q, own in zip(precode, w[0], strict=True)])
        x[n : n + sum(sizes)] = np.concatenate(w[1])
        right = [sum(a @ own for a, own in zip(v, one, strict=True)) % p for one in w]
        wrong += bool((m @ x % p != np.concatenate(right)).any())
    return float(wrong)


def inverse(matrix: Any, p: int) -> Any:
    """Return the inverse of an invertible matrix over F_p, p prime."""
    k = len(matrix)
    both = np.hstack([matrix % p, np.eye(k, dtype=int)])
    for column in range(k):
        hit = column + int(np.flatnonzero(both[column:, column])[0])
        both[[column, hit]] = both[[hit, column]]
        both[column] = both[column] * pow(int(both[column, column]), -1, p) % p
        for row in range(k):
            if row != column:
                both[row] = (both[row] - both[row, column] * both[column]) % p
    return both[:, k:]


def capacity(d: Data) -> tuple[float, float]:
    """Return the rate of the scheme and the least upper bound on that of any code."""
    optimum = d.get("optimum")
    upper = optimum["rate"] if isinstance(optimum, dict) else d["baselines"]["converse"]
    return float(Fraction(d["rate"])), float(Fraction(upper))


def corner_costs(d: Data) -> tuple[float, float]:
    """Return the total cost of the region's corners, least and most: all stand on the last face of (6)."""
    totals = [sum(float(Fraction(str(v))) for v in corner.values()) for corner in d["region"]["corners"]]
    return min(totals), max(totals)


def diagonal_of(d: Data) -> tuple[float, float, float]:
    """Return entries off the diagonal of B_1 H G^T B_2^T, those on it, and those of (63) that are not 0."""
    p, found = d["field"], d["lemma_2"]
    names = d["server_order"]
    g = np.hstack([np.array(d["V"][s]) for s in names])
    hh = np.hstack([np.array(d["V"][s]) @ np.array(d["P"][s]) for s in names])
    b1, b2 = np.array(found["B_1"]), np.array(found["B_2"])
    diagonal = b1 @ hh @ g.T @ b2.T % p
    off = diagonal - np.diag(np.diag(diagonal))
    rest = (hh @ g.T + np.array(found["H'"]) @ np.array(found["G'"]).T) % p
    return float((off != 0).sum()), float((np.diag(diagonal) != 0).sum()), float((rest != 0).sum())


def least_rank_of_two(d: Data) -> float:
    """Return the least rank over all pairs of precoders of one symbol each: P1 P2^T is one such P."""
    p, names = d["field"], d["server_order"]
    v = np.hstack([np.array(d["V"][s]) for s in names])
    pairs = itertools.product(range(1, p), repeat=2 * len(names))
    ranks = (rank(v * np.array(pair[: len(names)]) * pair[len(names) :] @ v.T, p) for pair in pairs)
    return float(min(ranks))


def recipe(d: Data) -> float:
    """Return whether the recipe has a solution in units of F_4, whose addition is XOR of the symbols."""
    units = range(1, d["field"])
    return float(any(p1 == p3 ^ p4 and p3 ^ p4 == 0 for p1 in units for p3 in units for p4 in units))


def right_with_p(d: Data) -> float:
    """Return whether y is right on random data where the servers apply P_s and not its inverse."""
    swapped = dict(d) | {"P": {s: inverse(np.array(own), d["field"]) for s, own in d["P"].items()}}
    return float(wrong_outputs(swapped) == 0)

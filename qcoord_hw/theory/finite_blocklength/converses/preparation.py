"""Converses where the sender prepares, and where the reference is given: closed forms at any block length.

Of a pure target let p be the squared Schmidt coefficients across a cut, largest first, and P the sum of the
`rank` largest. What crosses the cut with a message of dimension M and ebits of rank K has Schmidt rank M K at
most, as has any mixture of such states, so that

- F <= P, attained by the kept part, normalised (two senders who do not know of each other: F <= P1 P2);
- half the trace norm T >= (w.v)^2 - (sum of the `rank` largest w^2) for v = sqrt(p) and every unit vector w:
  |w><w| is an observable, and no state of that rank gives it more than the second term. `trace_distance`
  finds the best w: w_i ~ v_i / (T + c_i), where c_i = clip(v_i / mu - T, 0, 1) sum to the rank;
- of a mixed target, T >= <phi|omega|phi> - (sum of the `rank` largest coefficients of phi) for every phi.

Where the reference is given instead (source coding), every encoder and decoder has F_e <= P^2, attained by
the projection; ebits count as dimensions there too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.task import ComplexArray, Cut, FloatArray

STEPS = 60
"""Of a bisection: to the last digits of a float."""

TINY = 1e-300


@dataclass(frozen=True, eq=False)
class TraceBound:
    """A lower bound on half the trace norm.

    Attributes:
        value: T.
        w: the unit vector that proves it, in the order of the spectrum.
    """

    value: float
    w: FloatArray


def spectrum(state: ComplexArray, side: Sequence[int]) -> FloatArray:
    """Return the squared Schmidt coefficients of a vector of qubits across a cut, largest first.

    Args:
        state: shape (2^k,), a unit vector.
        side: the qubits of one side.
    """
    return _schmidt(state, side)[1] ** 2


def _schmidt(state: ComplexArray, side: Sequence[int]) -> tuple[ComplexArray, FloatArray, ComplexArray]:
    size = len(state).bit_length() - 1
    others = [q for q in range(size) if q not in side]
    matrix = state.reshape((2,) * size).transpose([*side, *others]).reshape(2 ** len(side), -1)
    return np.linalg.svd(matrix, full_matrices=False)


def kept_mass(values: FloatArray, rank: int) -> float:
    """Return P, the sum of the `rank` largest eigenvalues.

    >>> round(kept_mass(np.array([.81, .09, .09, .01]), 2), 6)
    0.9
    """
    return min(1.0, float(np.sort(values)[::-1][:rank].sum()))


def trace_distance(values: FloatArray, rank: int) -> TraceBound:
    """Return the least T of any state of this Schmidt rank, randomness shared, with its proof.

    >>> round(2 * trace_distance(np.array([.81, .09, .09, .01]), 2).value, 4)
    0.3677

    Args:
        values: the squared Schmidt coefficients p, shape (k,); they sum to 1.
        rank: the largest Schmidt rank.
    """
    p = np.asarray(values, dtype=float)
    if rank >= np.count_nonzero(p > 0):
        return TraceBound(0.0, np.sqrt(p))
    v = np.sqrt(p)

    def shares(t: float) -> FloatArray:
        """Return the c of this T: those that sum to the rank."""
        low, high = 0.0, float(v.max()) / max(t, TINY)
        for _ in range(STEPS):
            mu = (low + high) / 2
            if np.clip(v / max(mu, TINY) - t, 0, 1).sum() > rank:
                low = mu
            else:
                high = mu
        return np.asarray(np.clip(v / max(high, TINY) - t, 0, 1))

    low, high = 0.0, 1.0
    for _ in range(STEPS):
        t = (low + high) / 2
        if (p / np.maximum(t + shares(t), TINY)).sum() > 1:
            low = t
        else:
            high = t
    w = v / np.maximum(high + shares(high), TINY)
    w = w / np.linalg.norm(w)
    value = float((w @ v) ** 2 - np.sort(w**2)[::-1][:rank].sum())
    return TraceBound(max(0.0, value), np.asarray(w))


def mixed_bound(density: ComplexArray, cut: Cut) -> tuple[float, ComplexArray]:
    """Return a lower bound on T for a mixed target, and the vector phi that proves it.

    The eigenvectors of the target are tried: where one of large weight is entangled, its weight is too much.
    """
    values, vectors = np.linalg.eigh(density)
    gains = [
        float(value) - kept_mass(spectrum(ket, cut.side), cut.rank)
        for value, ket in zip(values, vectors.T, strict=True)
    ]
    best = int(np.argmax(gains))
    return max(0.0, gains[best]), vectors[:, best]

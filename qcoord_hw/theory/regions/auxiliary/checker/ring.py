"""Pure products of two qubits on a circle (see `kernels`): a proof that F does not exceed a limit there.

With one letter F = -<K, theta> is a ratio of quadratic forms of a vector y on a cone: by the S-lemma it is at
most l just where form + l norm is positive semidefinite up to a multiple of the cone's own form. With
several letters F = w log2 sum_x 2^(-<K_x, theta> / w) is convex in theta; on y = (1 + s^2, +-(1 - s^2), 2 s),
for s in an interval, theta is a mean of what the Bernstein coefficients of its quartic polynomials make, so F
is at most the largest of its values there. Intervals whose bound exceeds the limit are halved.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats

HALVINGS = 70
MOST_INTERVALS = 300_000
SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
CONE = np.diag([1.0, -1.0, -1.0, -1.0])
CHARTS = np.array([[[1, 0, 1], [sign, 0, -sign], [0, 2 * sign, 0]] for sign in (1.0, -1.0)])
"""Of y, by powers of s: each for s from -1 to 1, half of the circle."""


@dataclass(frozen=True, eq=False)
class Ring:
    """Pure products (E y, F y) of some letters, for y on the cone of diag(1, -1, -1).

    Attributes:
        letters: of each classical party; at most one of them has several.
        first: E, shape (4, 3): Stokes vectors.
        second: F.
    """

    letters: tuple[tuple[int, ...], ...]
    first: Floats
    second: Floats

    def exceeds(self, dual: Complexes, weights: Sequence[float], limit: float) -> float | None:
        """Return None if F <= limit for all of these products, else what some reach or may reach.

        Args:
            dual: K, shape (*letters, 4, 4).
            weights: of the parties' entropies, the classical ones first.
            limit: bits.
        """
        norm = np.outer(self.first[0], self.second[0])
        blocks = dual[np.ix_(*self.letters, range(4), range(4))].reshape(-1, 2, 2, 2, 2)
        tensors = np.einsum("xiajb,mji,nba->xmn", blocks, SIGMA, SIGMA).real / 4
        forms = self.first.T @ tensors @ self.second
        if len(forms) == 1:
            whole = forms[0] + limit * norm
            scale = float(np.abs(whole).max())
            if highest((whole + whole.T) / 2, CONE[:3, :3])[0] >= -1e-14 * scale:
                return None
        weight = sum(w for w, own in zip(weights, self.letters, strict=False) if len(own) > 1)
        return _above(np.array([*forms, norm]), weight, limit)


def _above(forms: Floats, weight: float, limit: float) -> float | None:
    """Return what F, of the ratios of all forms to the last, reaches above a limit; None if it does not."""
    quartics = np.stack([_quartics(forms, chart) for chart in CHARTS])
    chart, low, high = np.array([0, 1]), np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    while len(low):
        middle = (low + high) / 2
        there = np.einsum("nfk,nk->fn", quartics[chart], middle[:, None] ** np.arange(5))
        top = float(_value(there, weight).max())
        if top > limit:
            return top
        bound = _value(_bernstein(quartics[chart], low, high), weight).max(axis=0)
        keep = bound > limit
        if keep.sum() > MOST_INTERVALS:
            return float(bound.max())
        chart, low, middle, high = chart[keep], low[keep], middle[keep], high[keep]
        chart = np.concatenate([chart, chart])
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    return None


def _quartics(forms: Floats, chart: Floats) -> Floats:
    """Return the coefficients of y^T M y by powers of s, shape (forms, 5)."""
    result = np.zeros((len(forms), 5))
    for i, j in itertools.product(range(3), repeat=2):
        result += forms[:, i, j, None] * np.convolve(chart[i], chart[j])
    return result


def _bernstein(quartics: Floats, low: Floats, high: Floats) -> Floats:
    """Return the Bernstein coefficients of quartics (N, forms, 5) on intervals: shape (forms, 5, N)."""
    width, found = high - low, []
    moved = [
        sum(math.comb(k, j) * quartics[:, :, k] * (low ** (k - j))[:, None] for k in range(j, 5))
        * (width**j)[:, None]
        for j in range(5)
    ]
    for i in range(5):
        found.append(sum(math.comb(i, j) / math.comb(4, j) * moved[j] for j in range(i + 1)))
    return np.array(found).transpose(2, 0, 1)


def _value(values: Floats, weight: float) -> Floats:
    """Return F of the values of forms; infinite where the last one, the trace, is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        energies = np.where(values[-1] > 0, values[:-1] / values[-1], -np.inf)
    least = energies.min(axis=0)
    finite = np.isfinite(least)
    shift = np.where(finite, energies - np.where(finite, least, 0.0), 0.0)
    more = weight * np.log2(np.exp2(-shift / weight).sum(axis=0)) if weight and len(energies) > 1 else 0.0
    return np.asarray(np.where(finite, more - least, np.inf))


def highest(form: Floats, other: Floats) -> tuple[float, float]:
    """Return the largest least eigenvalue of form + m other over m, and that m; `other` is J or -J."""
    sign = other[0, 0]
    ends = sorted((-sign * form[0, 0], sign * float(np.diag(form)[1:].min())))
    size = float(np.abs(form).max())
    low, high = ends[0] - size, ends[1] + size
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        lowest = np.linalg.eigh(form + middle * other)[1][:, 0]
        low, high = (middle, high) if lowest @ other @ lowest > 0 else (low, middle)  # its slope in m
    return float(np.linalg.eigvalsh(form + middle * other)[0]), middle

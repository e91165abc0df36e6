"""A circle of pure products of two qubits (see `pairs`): local maxima of F there, and a proved bound.

On a circle the states are linear in y = (1, cos t, sin t), so <K, product> is a ratio of two quadratic forms
of y for each letter, and F = w log2 sum_x 2^(-ratio_x / w): the entropies of the qubits vanish. On an arc y
is a quadratic Bezier curve, so a product is a convex combination of the five control operators of a quartic
one, and F, convex in the operator, is at most the largest of its values there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qcoord_hw.theory.regions.auxiliary.pairs import PureCircle
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray
from qcoord_hw.theory.regions.auxiliary.spaces import ZERO_WEIGHT, Space

GRID = 128  # points of a circle from which the maxima are looked for
NARROW = 1e-6  # first step from where a state turns fastest
MOST = 8  # maxima that are told
GOLDEN, SECTIONS = 0.6180339887498949, 40
LEVELS, MOST_ARCS = 48, 200_000
ROOM = 1e-9  # bits: a bound is never closer to the largest value that was found


@dataclass(frozen=True, eq=False)
class Circle:
    """A circle of pure products that may occur with some letters, in coordinates.

    Attributes:
        letters: of each classical party; only one of them has more than one.
        sizes: of the classical parties' coordinates.
        first: of y the state of the first qubit, not normalised: shape (3, size).
        second: of y that of the second.
        traces: of both, shape (3,).
    """

    letters: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    first: FloatArray
    second: FloatArray
    traces: tuple[FloatArray, FloatArray]

    @classmethod
    def of(
        cls,
        circle: PureCircle,
        letters: tuple[tuple[int, ...], ...],
        sizes: tuple[int, ...],
        spaces: tuple[Space, ...],
    ) -> Circle:
        """Return it in the coordinates of two qubits' spaces."""
        first, second = spaces[0].coordinates(circle.first), spaces[1].coordinates(circle.second)
        return cls(letters, sizes, first, second, (first @ spaces[0].trace, second @ spaces[1].trace))

    @cached_property
    def grid(self) -> FloatArray:
        """Angles all around, denser where a trace is small, as there a state turns fast: shape (N,)."""
        parts = [np.arange(GRID) * (2 * np.pi / GRID)]
        near = np.geomspace(NARROW, np.pi, GRID // 2)
        for _, x, z in self.traces:
            parts += [np.arctan2(-z, -x) + side * near for side in (1, -1)]
        return np.unique(np.concatenate(parts) % (2 * np.pi))

    def points(self, angles: FloatArray) -> list[FloatArray]:
        """Return products with every letter and with all of them alike, (N, size) for each party."""
        count = len(self._cells)
        shares = np.concatenate([np.eye(count), np.full((1, count), 1 / count)][: min(count, 2)])
        return self._products(np.tile(angles, len(shares)), np.repeat(shares, len(angles), axis=0))

    def maxima(self, dual: FloatArray, weights: tuple[float, ...]) -> tuple[list[FloatArray], FloatArray]:
        """Return local maxima of F as products, (N, size) for each party, the largest first, and F there."""
        forms, norm = self._forms(dual)
        weight = self._weight(weights)

        def value(angles: FloatArray) -> FloatArray:
            y = _y(angles)
            return _free(_form(forms, y, y) / _form(norm, y, y), weight)

        grid = np.concatenate([self.grid[-1:] - 2 * np.pi, self.grid, self.grid[:1] + 2 * np.pi])
        known = value(grid)
        tops = 1 + np.flatnonzero((known[1:-1] >= known[:-2]) & (known[1:-1] >= known[2:]))
        tops = tops[np.argsort(-known[tops], kind="stable")[:MOST]]
        low, high = grid[tops - 1], grid[tops + 1]
        for _ in range(SECTIONS):
            one, two = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
            left = value(one) > value(two)
            low, high = np.where(left, low, one), np.where(left, two, high)
        angles = np.concatenate([(low + high) / 2, grid[tops]])
        found = value(angles)
        order = np.argsort(-found, kind="stable")[:MOST]
        y = _y(angles[order])
        return self._products(angles[order], _shares(_form(forms, y, y) / _form(norm, y, y), weight)), found[
            order
        ]

    def bound(self, dual: FloatArray, weights: tuple[float, ...], tolerance: float) -> float:
        """Return a proved bound of F, `tolerance` above its largest value where arcs may be as short."""
        forms, norm = self._forms(dual)
        weight = self._weight(weights)
        known = float(self.maxima(dual, weights)[1][0])
        start, end = self.grid, np.append(self.grid[1:], self.grid[0] + 2 * np.pi)
        for _ in range(LEVELS):
            middle, points = (start + end) / 2, _arc(start, end)
            traces = _control(norm[None], points)
            values = _free(_control(forms, points) / np.where(traces > 0, traces, np.nan), weight)
            bounds = np.where(np.isnan(values), np.inf, values).max(axis=0)
            above = bounds > known + tolerance
            if not above.any():
                return known + max(tolerance, ROOM)
            if above.sum() > MOST_ARCS:
                break
            start, middle, end = start[above], middle[above], end[above]
            start, end = np.concatenate([start, middle]), np.concatenate([middle, end])
        return float(bounds.max()) + ROOM

    @property
    def _cells(self) -> list[tuple[int, ...]]:
        return list(itertools.product(*self.letters))

    def _weight(self, weights: tuple[float, ...]) -> float:
        """Return the weight of the entropy of the party that has several letters."""
        own = [w for w, letters in zip(weights, self.letters, strict=False) if len(letters) > 1]
        return own[0] if own else 0.0

    def _forms(self, dual: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the forms of <K, product> of every letter, (letters, 3, 3), and of the trace, (3, 3)."""
        forms = np.array([self.first @ dual[cell] @ self.second.T for cell in self._cells])
        norm = np.outer(*self.traces)
        return (forms + forms.swapaxes(1, 2)) / 2, (norm + norm.T) / 2

    def _products(self, angles: FloatArray, shares: FloatArray) -> list[FloatArray]:
        """Return products with shares (N, letters) of the letters."""
        cells, y = np.array(self._cells).reshape(len(self._cells), -1), _y(angles).T
        points = [shares @ np.eye(size)[cells[:, i]] for i, size in enumerate(self.sizes)]
        for own, trace in zip((self.first, self.second), self.traces, strict=True):
            points.append(y @ own / (y @ trace)[:, None])
        return points


def _y(angles: FloatArray) -> FloatArray:
    return np.stack([np.ones(len(angles)), np.cos(angles), np.sin(angles)])


def _arc(start: FloatArray, end: FloatArray) -> list[FloatArray]:
    """Return the control points of y on arcs, up to factors: (3, N) each."""
    middle, half = (start + end) / 2, (end - start) / 2
    return [_y(start), np.stack([np.cos(half), np.cos(middle), np.sin(middle)]), _y(end)]


def _form(matrices: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a^T M b of one or several matrices, for columns a and b."""
    return np.asarray(((matrices @ a) * b).sum(axis=-2))


def _control(matrices: FloatArray, points: list[FloatArray]) -> FloatArray:
    """Return the control values of quartics y^T M y on arcs, shape (matrices, 5, N)."""
    a, b, c = points
    middle = (_form(matrices, a, c) + 2 * _form(matrices, b, b)) / 3
    ends = [
        _form(matrices, a, a),
        _form(matrices, a, b),
        middle,
        _form(matrices, b, c),
        _form(matrices, c, c),
    ]
    return np.stack(ends, axis=1)


def _free(energies: FloatArray, weight: float) -> FloatArray:
    """Return w log2 sum_x 2^(-energy_x / w) over the first axis."""
    low = energies.min(axis=0)
    if len(energies) == 1 or weight <= ZERO_WEIGHT:
        return np.asarray(-low)
    return np.asarray(weight * np.log2(np.exp2((low - energies) / weight).sum(axis=0)) - low)


def _shares(energies: FloatArray, weight: float) -> FloatArray:
    """Return the letters' probabilities that attain `_free`, shape (N, letters)."""
    low = energies.min(axis=0)
    if weight <= ZERO_WEIGHT:
        return np.asarray(np.eye(len(energies))[energies.argmin(axis=0)])
    own = np.exp2((low - energies) / weight)
    return np.asarray((own / own.sum(axis=0)).T)

"""A proof, by branch and bound of the checker's own, that no product exceeds delta.

The function is F = sum_i w_i H(theta_i) - <K, theta_1 (x) theta_2 ..>. One party, the largest, is maximised
in closed form; phi(others) = w log2 tr 2^(-K(others)/w) is convex in each of the others, so over a product of
simplices it is at most the multilinear interpolation of its values at the vertices. What is left, entropies
plus that interpolation, is maximised party by party: for an affine function a of one state theta in a simplex
with vertices v_j and any state sigma of full rank,

    w H(theta) + a(theta) <= max_j [ a(v_j) - w tr(v_j log2 sigma) ]           (relative entropy >= 0),

used with sigma at the centroid, and with the Gibbs state of a, where it reads w log2 tr 2^(a/w). Simplices
whose bound exceeds delta are bisected along the edge along which K changes most.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats, Side, hermitian_basis
from qcoord_hw.theory.regions.auxiliary.checker.support import Face

SLACK = 1e-9  # bits by which delta may be exceeded
BATCH = 32768  # vertex values bounded at once
NOT_RECHECKED = "not rechecked: "


def check_delta(
    dual: Complexes,
    faces: Sequence[Face] | None,
    weights: Sequence[float],
    delta: float,
    deadline: float,
) -> str | None:
    """Prove that F <= delta on every face.

    Args:
        dual: K, shape (*letters, D, D).
        faces: the products that may occur; None if they are too many.
        weights: w, one per party, the classical ones first.
        delta: the claimed bound, bits.
        deadline: value of time.monotonic() at which to give up.

    Returns:
        None if proved, else a line: a product that exceeds delta, or one after NOT_RECHECKED.
    """
    if faces is None:
        return f"{NOT_RECHECKED}delta, for too many sets of letters may occur together"
    for face in faces:
        tensor, sides = _restrict(dual, face, weights)
        line = _Search(tensor, sides, delta).run(deadline)
        if line is not None:
            return line
    return None


def refusal(delta: float, top: float) -> str:
    """Return the line that says that a product exceeds delta."""
    return f"delta: {delta:.12g} given; a product that may occur reaches {top:.12g}"


def _restrict(dual: Complexes, face: Face, weights: Sequence[float]) -> tuple[Floats, list[Side]]:
    """Return -K on the face as a real tensor, one axis a party that has a choice, and those parties."""
    block = dual[np.ix_(*face.letters, *(range(n) for n in dual.shape[-2:]))]
    isometry = np.eye(1, dtype=complex)
    for basis in face.bases:
        isometry = np.kron(isometry, basis)
    block = isometry.conj().T @ block @ isometry
    sides = [Side(w, len(s)) for w, s in zip(weights, face.letters, strict=False)]
    # With one quantum party and K real, F is the same at the transpose of a state and concave in it: the
    # average of the two is real and no worse.
    sizes = [basis.shape[1] for basis in face.bases]
    real = sum(m > 1 for m in sizes) == 1 and bool(np.abs(block.imag).max() < 1e-12)
    quantum = [
        Side(w, len(g), g)
        for w, g in zip(weights[len(sides) :], (hermitian_basis(m, real) for m in sizes), strict=True)
    ]
    tensor = block.reshape(block.shape[:-2] + tuple(sizes) * 2)
    for i, side in enumerate(quantum):  # tr(K G): the row axis of the next party is always at this place
        assert side.basis is not None
        rows = len(sides)
        tensor = np.moveaxis(tensor, (rows, rows + len(sizes) - i), (-2, -1))
        tensor = np.tensordot(tensor, side.basis, axes=((-2, -1), (2, 1)))
    # The new axes come last in order; parties without a choice have the one coordinate 1.
    sides += quantum
    return np.squeeze(-tensor.real), [side for side in sides if side.size > 1]


class _Search:
    """Branch and bound over the parties that are not maximised in closed form."""

    def __init__(self, tensor: Floats, sides: list[Side], delta: float) -> None:
        self.limit = delta + SLACK
        # The largest party last (a quantum one of two): it is the one maximised in closed form.
        order = sorted(range(len(sides)), key=lambda i: (sides[i].size, sides[i].basis is not None))
        self.sides = [sides[i] for i in order]
        self.tensor = np.transpose(tensor, order) if sides else tensor
        self.free = self.sides[:-1]
        self.metrics = [self._metric(i) for i in range(len(self.free))]

    def run(self, deadline: float) -> str | None:
        """Return None if F <= delta + SLACK everywhere, else why that is not proved."""
        if len(self.sides) < 2:
            top = float(self.sides[0].best(self.tensor)) if self.sides else float(self.tensor)
            return None if top <= self.limit else refusal(self.limit - SLACK, top)
        rng = np.random.default_rng(0)
        starts = [self._random(side, rng, 64) for side in self.sides]
        if (top := self._climb(starts, 200)) > self.limit:
            return refusal(self.limit - SLACK, top)
        batch = max(1, BATCH // math.prod(side.size for side in self.free))
        stack = [self._first_cells()]
        while stack:
            if time.monotonic() > deadline:
                left = sum(len(values) for _, values in stack)
                return f"{NOT_RECHECKED}delta {self.limit - SLACK:.9g} at the time limit, {left} cells left"
            cells, values = stack.pop()
            if not len(values):  # all of the last halves lay outside the states
                continue
            if len(values) > batch:
                stack.append(([v[batch:] for v in cells], values[batch:]))
                cells, values = [v[:batch] for v in cells], values[:batch]
            bound = self._bound(cells, values)
            keep = bound > self.limit
            if not keep.any():
                continue
            worst = int(bound.argmax())
            points = [v[worst : worst + 1].mean(axis=1) for v in cells]
            if (top := self._climb([*points, points[0][:, :0]], 20)) > self.limit:
                return refusal(self.limit - SLACK, top)
            stack.append(self._bisect([v[keep] for v in cells], values[keep]))
        return None

    def _metric(self, i: int) -> Floats:
        """Return the matrix that maps an edge of party i to a vector as long as K changes along it.

        Changes of K by constants do not count: phi is affine along them.
        """
        flat = np.moveaxis(self.tensor, i, 0).reshape(self.sides[i].size, -1)
        unit: Floats = np.ones(1)
        for j, side in enumerate(self.sides):
            if j != i:
                unit = np.kron(unit, side.unit)
        unit = unit / np.linalg.norm(unit)
        flat = flat - np.outer(flat @ unit, unit)
        values, vectors = np.linalg.eigh(flat @ flat.T)
        return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))

    def _contract(self, operands: list[Floats], skip: int | None = None) -> Floats:
        """Return K applied to points (N, size) or to simplices (N, vertices, size) of all parties but one."""
        skip = len(self.sides) - 1 if skip is None else skip
        axes = list(range(1, len(self.sides) + 1))
        arguments: list[Any] = [self.tensor, axes]
        out, fresh = [0], len(axes) + 1
        for i, operand in enumerate(operands):
            if i == skip:
                continue
            labels = [0, axes[i]]
            if operand.ndim == 3:
                labels.insert(1, fresh)
                out.append(fresh)
                fresh += 1
            arguments += [operand, labels]
        result: Floats = np.einsum(*arguments, [*out, axes[skip]], optimize="greedy")
        return result

    def _first_cells(self) -> tuple[list[Floats], Floats]:
        covers = [side.cover() for side in self.free]
        picks = np.array(list(itertools.product(*(range(len(cover)) for cover in covers))))
        cells = [cover[picks[:, i]] for i, cover in enumerate(covers)]
        return cells, self.sides[-1].best(self._contract(cells))

    def _bound(self, cells: list[Floats], values: Floats) -> Floats:
        """Return upper bounds of F over N products of simplices; values: (N, vertices of each party)."""
        for side, vertices in zip(reversed(self.free), reversed(cells), strict=True):
            n, size = len(values), side.size
            table = values.reshape(n, -1, size)
            affine = np.linalg.solve(vertices, table.transpose(0, 2, 1)).transpose(0, 2, 1)
            centres = side.surprise(vertices.mean(axis=1))
            tangent = side.weight * np.einsum("nja,na->nj", vertices, centres)
            bound = np.minimum(side.best(affine), (table + tangent[:, None, :]).max(axis=2))
            values = bound.reshape(values.shape[:-1])
        return values

    def _bisect(self, cells: list[Floats], values: Floats) -> tuple[list[Floats], Floats]:
        count = len(values)
        lengths, places = np.full(count, -1.0), np.zeros((count, 3), dtype=int)
        for i, vertices in enumerate(cells):
            image = vertices @ self.metrics[i]
            for j, k in itertools.combinations(range(vertices.shape[1]), 2):
                length = ((image[:, j] - image[:, k]) ** 2).sum(axis=1)
                longer = length > lengths
                lengths[longer], places[longer] = length[longer], (i, j, k)
        new_cells: list[list[Floats]] = [[] for _ in cells]
        new_values = []
        for i, j, k in np.unique(places, axis=0):
            chosen = (places == (i, j, k)).all(axis=1)
            own = [v[chosen] for v in cells]
            middle = (own[i][:, j] + own[i][:, k]) / 2
            fresh = self.sides[-1].best(self._contract([*own[:i], middle, *own[i + 1 :]]))
            for corner in (j, k):
                simplices, table = own[i].copy(), np.moveaxis(values[chosen], i + 1, 1).copy()
                simplices[:, corner], table[:, corner] = middle, fresh
                inside = ~self.free[i].outside(simplices)
                for party, v in enumerate(own):
                    new_cells[party].append((simplices if party == i else v)[inside])
                new_values.append(np.moveaxis(table, 1, i + 1)[inside])
        return [np.concatenate(v) for v in new_cells], np.concatenate(new_values)

    def _climb(self, states: list[Floats], sweeps: int) -> float:
        """Return the largest F met by maximising over one party after another; the last state is not read."""
        states, last = list(states), len(self.sides) - 1
        for _ in range(sweeps):
            for i in (last, *range(last)):
                states[i] = self.sides[i].maximiser(self._contract(states, skip=i))
        value = (self._contract(states) * states[last]).sum(axis=-1)
        for side, state in zip(self.sides, states, strict=True):
            value = value + side.weight * side.entropy(state)
        return float(value.max())

    @staticmethod
    def _random(side: Side, rng: np.random.Generator, count: int) -> Floats:
        if side.basis is None:
            return rng.dirichlet(np.full(side.size, 0.5), size=count)
        size = side.basis.shape[1]
        roots = rng.normal(size=(count, size, size)) + 1j * rng.normal(size=(count, size, size))
        states = roots @ roots.conj().swapaxes(1, 2)
        states /= np.trace(states, axis1=1, axis2=2)[:, None, None]
        return np.tensordot(states, side.basis, axes=((1, 2), (2, 1))).real

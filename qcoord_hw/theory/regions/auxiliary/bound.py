"""Branch and bound: a proved upper bound of F = sum_i w_i H(theta_i) - <K, theta_1 x ..> over a face.

One party is eliminated in closed form: max over its states of w H - <field, state> = w log2 tr 2^(-field / w)
=: G, convex in the state of each other party, as its field is linear in each. The states of each other party
are covered by simplices. On a cell (a simplex for each) every entropy is at most its tangent, -tr v log2 c at
a state c near the cell, which is linear in v, so that the sum of tangents and G, convex in each argument, is
largest at the vertices:

    F <= max over the vertices of the cell of sum_i w_i (-tr v_i log2 c_i) + G(v).

The gap is quadratic in the size of the cell. Vertices may lie outside the set of states; cells wholly outside
are dropped.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.model import Face
from qcoord_hw.theory.regions.auxiliary.pricing import objective
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray
from qcoord_hw.theory.regions.auxiliary.spaces import Space

ROUNDING = 1e-10  # added to every proved bound
MOST_FREEDOM = 8  # of a quantum party that is branched on (a real qutrit has 5, a qutrit 8)
MOST_TOGETHER = 11  # of all of them: the cover has 2^(this) cells
MOST_CELLS = 1_500_000  # held at a time
SURPRISE = 0.1  # of the level: a product that is so far above what was known is a witness
GOOD_ENOUGH, PATIENCE = 1e-3, 1_000_000  # bits, and cells after which that is


@dataclass(frozen=True)
class Bound:
    """What branch and bound proved.

    Attributes:
        delta: F <= delta on the face; it may be infinite.
        witness: a product with F far above what was known (coordinates, one row each), which ended the
            search; else None.
        cells: number of cells visited.
    """

    delta: float
    witness: list[FloatArray] | None
    cells: int


def can_branch(face: Face, weights: tuple[float, ...]) -> bool:
    """Return whether `prove` has a cover for the face: not for quantum parties of large dimension."""
    rest = [face.spaces[i] for i in _rest(face.spaces, weights)]
    quantum = [s.freedom for s in rest if s.kind != "classical"]
    classical = [s.freedom for s in rest if s.kind == "classical"]
    return (
        max(quantum, default=0) <= MOST_FREEDOM
        and sum(quantum) <= MOST_TOGETHER
        and max(classical, default=0) <= 12
    )


def _rest(spaces: tuple[Space, ...], weights: tuple[float, ...]) -> list[int]:
    """Return the parties that are branched on: all but the largest, of equals that of least weight."""
    eliminated = max(range(len(spaces)), key=lambda i: (spaces[i].freedom, -weights[i]))
    return [i for i in range(len(spaces)) if i != eliminated]


def prove(
    face: Face,
    weights: tuple[float, ...],
    dual: FloatArray,
    known: float,
    tolerance: float,
    deadline: float,
    batch: int = 2048,
) -> Bound:
    """Bound F over a face.

    Args:
        face: the face.
        weights: w_i.
        dual: K over the face (`Face.restrict`).
        known: the largest value of F found so far, over all faces.
        tolerance: the search ends when F <= known + tolerance is proved.
        deadline: time.monotonic() at which to stop with what is proved by then.
        batch: cells split together.
    """
    search = _Search(face.spaces, weights, dual)
    if not search.rest:
        return Bound(float(search.eliminated(search.dual)) + ROUNDING, None, 1)
    goal = known + tolerance
    pile: list[Cells] = []
    for vertices in search.start():
        pile.append(search.bounds(vertices, search.table(vertices)))
        if time.monotonic() > deadline:
            return Bound(np.inf, None, sum(len(c[2]) for c in pile))
    pile = [_join(pile)]
    cells = len(pile[0][2])
    proved = float(pile[0][2].max(initial=-np.inf))
    level = max(proved - known, tolerance)
    last = False  # no room to remember the cells that are below this level
    while level > tolerance and not last:
        if level <= GOOD_ENOUGH and cells > PATIENCE:
            break
        level = max(level / 2, tolerance)
        stack: list[Cells] = pile
        pile = []
        kept = 0
        while stack:
            current = stack.pop()
            while stack and len(current[2]) + len(stack[-1][2]) <= batch:
                current = _join([current, stack.pop()])
            above = current[2] > known + level
            if not last:
                below = _take(current, ~above & (current[2] > goal))
                pile.append(below)
                kept += len(below[2])
            current = _take(current, above)
            if not len(current[2]):
                continue
            if len(current[2]) > batch:
                stack.append(_take(current, slice(None, -batch)))
                current = _take(current, slice(-batch, None))
            if kept + sum(len(c[2]) for c in stack) > MOST_CELLS:
                pile, kept, last = [], 0, True
            if time.monotonic() > deadline:
                highest = max(float(c[2].max(initial=-np.inf)) for c in (*stack, current))
                return Bound(min(proved, max(highest, known + level)) + ROUNDING, None, cells)
            children = search.bounds(*search.split(*current[:2]))
            cells += len(children[2])
            witness = search.witness(children[0], children[2], goal)
            if witness is not None:
                value = float(objective(face.spaces, weights, dual, witness)[0])
                if value > known + SURPRISE * level:
                    return Bound(proved + ROUNDING, witness, cells)
                known, goal = value, value + tolerance
            stack.append(children)
        pile = [_join(pile)] if pile else []
        proved = min(proved, known + level)
    return Bound(max(proved, known) + ROUNDING, None, cells)


Cells = tuple[list[FloatArray], FloatArray, FloatArray]


def _take(cells: Cells, chosen: Any) -> Cells:
    vertices, table, bounds = cells
    return [v[chosen] for v in vertices], table[chosen], bounds[chosen]


def _join(parts: list[Cells]) -> Cells:
    if len(parts) == 1:
        return parts[0]
    vertices = [np.concatenate(v) for v in zip(*(p[0] for p in parts), strict=True)]
    return vertices, np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts])


class _Search:
    """The geometry of one branch and bound.

    Cells are held as, for each party branched on, vertices (N, corners, size), and G at all tuples of
    vertices.
    """

    def __init__(self, spaces: tuple[Space, ...], weights: tuple[float, ...], dual: FloatArray) -> None:
        rest = _rest(spaces, weights)
        last = next(i for i in range(len(spaces)) if i not in rest)
        trivial = [i for i in rest if spaces[i].size == 1]
        dual = np.transpose(dual, [*(i for i in rest if i not in trivial), last, *trivial])
        self.all_spaces = spaces
        self.rest = [i for i in rest if i not in trivial]
        self.last = last
        self.spaces = [spaces[i] for i in self.rest]
        self.weights = [weights[i] for i in self.rest]
        self.last_space, self.last_weight = spaces[last], weights[last]
        self.dual = dual.reshape(dual.shape[: len(self.rest) + 1])  # a trivial party's only coordinate is 1

    def eliminated(self, fields: FloatArray) -> FloatArray:
        """Return G for fields (..., size of the eliminated party)."""
        flat = fields.reshape(-1, self.last_space.size)
        return self.last_space.free_energy(flat, self.last_weight).reshape(fields.shape[:-1])

    def table(self, vertices: list[FloatArray]) -> FloatArray:
        """Return G at all tuples of vertices, shape (N, corners of party 1, ..)."""
        count, corners = len(vertices[0]), [v.shape[1] for v in vertices]
        fields: FloatArray = np.tensordot(vertices[0], self.dual, (2, 0)).reshape(count, corners[0], -1)
        for v in vertices[1:]:
            fields = fields.reshape(count, fields.shape[1], v.shape[2], -1)
            corner_fields = np.einsum("nwj,ncje->ncwe", v, fields, optimize=True)
            fields = corner_fields.reshape(count, fields.shape[1] * v.shape[1], -1)
        return self.eliminated(fields.reshape(count, *corners, self.last_space.size))

    def start(self, batch: int = 2048) -> Iterator[list[FloatArray]]:
        """Yield the vertices of cells that cover the products of the states branched on, some at a time."""
        covers = [_cover(space) for space in self.spaces]
        index = itertools.product(*(range(len(c)) for c in covers))
        while chosen := list(itertools.islice(index, batch)):
            yield [c[[own[i] for own in chosen]] for i, c in enumerate(covers)]

    def bounds(self, vertices: list[FloatArray], table: FloatArray) -> Cells:
        """Return the cells that are not outside the states, with their bounds."""
        total = table
        inside = np.ones(len(table), dtype=bool)
        cuts: list[FloatArray | None] = []
        for i, (space, weight, v) in enumerate(zip(self.spaces, self.weights, vertices, strict=True)):
            centre = v.mean(axis=1)
            cut = None
            if space.kind != "classical":
                cut = np.einsum("nj,nvj->nv", space.gibbs(centre, 0.0), v)
                inside &= cut.max(axis=1) >= -1e-12
                cut = cut if cut.min() < 0 else None
            cuts.append(cut)
            if weight > 0:
                gradient = space.entropy_gradient(_pull(space, centre, v))
                tangent = weight * np.einsum("nvj,nj->nv", v, gradient)
                shape = [len(v)] + [1] * len(vertices)
                shape[i + 1] = v.shape[1]
                total = total + tangent.reshape(shape)
        for i, cut in enumerate(cuts):
            if cut is not None:
                total = _clip(total, cut, i + 1)
        bounds = total.reshape(len(table), -1).max(axis=1)
        if inside.all():
            return vertices, table, bounds
        return _take((vertices, table, bounds), inside)

    def split(self, vertices: list[FloatArray], table: FloatArray) -> tuple[list[FloatArray], FloatArray]:
        """Bisect the longest edge of every cell; return the halves."""
        edges = [_longest(v) for v in vertices]
        party = np.argmax([e[2] for e in edges], axis=0)
        pieces = []
        for r in range(len(vertices)):
            mask = party == r
            if not mask.any():
                continue
            own = [v[mask] for v in vertices]
            a, b = edges[r][0][mask], edges[r][1][mask]
            row = np.arange(len(a))
            middle = 0.5 * (own[r][row, a] + own[r][row, b])
            slab = self.table([*own[:r], middle[:, None], *own[r + 1 :]])  # axis r + 1 has length 1
            slab = np.moveaxis(slab, r + 1, 1)[:, 0]
            for corner in (a, b):
                half = own[r].copy()
                half[row, corner] = middle
                values = np.moveaxis(table[mask], r + 1, 1).copy()
                values[row, corner] = slab
                pieces.append(([*own[:r], half, *own[r + 1 :]], np.moveaxis(values, 1, r + 1)))
        joined = [np.concatenate(v) for v in zip(*(p[0] for p in pieces), strict=True)]
        return joined, np.concatenate([p[1] for p in pieces])

    def witness(self, vertices: list[FloatArray], bounds: FloatArray, goal: float) -> list[FloatArray] | None:
        """Return a product with F > goal at the centre of a promising cell, if there is one."""
        if not len(bounds):
            return None
        chosen = np.argsort(-bounds)[:8]
        centres = [v[chosen].mean(axis=1) for v in vertices]
        value = self.table([c[:, None] for c in centres]).reshape(-1)
        valid = np.ones(len(chosen), dtype=bool)
        for space, weight, c in zip(self.spaces, self.weights, centres, strict=True):
            valid &= space.eigenvalues(c).min(axis=1) >= 0
            value = value + weight * space.entropy(c)
        value = np.where(valid, value, -np.inf)
        best = int(value.argmax())
        if not value[best] > goal:
            return None
        points = [np.ones((1, space.size)) for space in self.all_spaces]
        for i, c in zip(self.rest, centres, strict=True):
            points[i] = c[best : best + 1]
        fields = self.dual
        for c in centres:
            fields = np.tensordot(c[best], fields, 1)
        points[self.last] = self.last_space.gibbs(fields[None], self.last_weight)
        return points


def _longest(vertices: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the ends and the squared length of every simplex's longest edge."""
    pairs = np.array(list(itertools.combinations(range(vertices.shape[1]), 2)))
    edges = vertices[:, pairs[:, 0]] - vertices[:, pairs[:, 1]]
    lengths = np.einsum("npj,npj->np", edges, edges)
    best = lengths.argmax(axis=1)
    return pairs[best, 0], pairs[best, 1], lengths[np.arange(len(best)), best]


def _cover(space: Space) -> FloatArray:
    """Return simplices (N, size, size) that cover the states; if quantum, orthants of a cross-polytope."""
    n = space.size
    if space.kind == "classical":
        return np.eye(n)[None]
    freedom, d = n - 1, space.dimension
    reach = np.sqrt(freedom * (1 - 1 / d)) * (1 + 1e-12)  # the states lie in a ball of radius sqrt(1 - 1/d)
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=freedom)))
    simplices = np.zeros((len(signs), n, n))
    simplices[:, :, 0] = 1 / np.sqrt(d)
    for j in range(freedom):
        simplices[:, j + 1, j + 1] = signs[:, j] * reach
    return simplices


def _clip(total: FloatArray, cut: FloatArray, axis: int) -> FloatArray:
    """Return the values at the corners of simplices cut by a half-space.

    Its corners are the vertices inside and the points where edges cross.

    Args:
        total: values of a function that is convex along every edge of the simplex of this axis; the value
            where an edge crosses is at most the interpolated one.
        cut: shape (N, corners): the half-space is cut >= 0.
        axis: of total, the corners.
    """
    total = np.moveaxis(total, axis, 1)
    pairs = np.array(list(itertools.combinations(range(cut.shape[1]), 2)))
    first, second = cut[:, pairs[:, 0]], cut[:, pairs[:, 1]]
    crosses = (first < 0) != (second < 0)
    share = np.where(crosses, first / np.where(crosses, first - second, 1.0), 0.0)
    extra = (slice(None), slice(None)) + (None,) * (total.ndim - 2)
    edges = (1 - share[extra]) * total[:, pairs[:, 0]] + share[extra] * total[:, pairs[:, 1]]
    # what does not occur is replaced by a corner that does, or by the highest one
    best = np.where((cut >= 0)[extra], total, -np.inf).max(axis=1, keepdims=True)
    best = np.where(np.isfinite(best), best, total.max(axis=1, keepdims=True))
    values = np.concatenate(
        [np.where((cut >= 0)[extra], total, best), np.where(crosses[extra], edges, best)], axis=1
    )
    return np.moveaxis(values, 1, axis)


def _pull(space: Space, centre: FloatArray, vertices: FloatArray) -> FloatArray:
    """Return states of full rank near the centres of cells: where the tangents touch."""
    if space.kind == "classical":
        return centre
    size = np.abs(vertices - centre[:, None]).max(axis=(1, 2))
    floor = np.clip(0.2 * size, 1e-9, 0.5 / space.dimension)
    if space.dimension == 2:
        radius = np.sqrt(np.einsum("nj,nj->n", centre[:, 1:], centre[:, 1:]))
        most = np.sqrt(0.5) * (1 - 2 * floor)
        result = centre.copy()
        result[:, 1:] *= np.minimum(1.0, most / np.maximum(radius, 1e-300))[:, None]
        return result
    values, vectors = np.linalg.eigh(space.matrices(centre))
    values = np.maximum(values, floor[:, None])
    values /= values.sum(axis=1, keepdims=True)
    return space.coordinates(np.einsum("nak,nk,nbk->nab", vectors, values, vectors.conj(), optimize=True))

"""Products that violate a dual: local maxima of F = sum_i w_i H(theta_i) - <K, theta_1 x ..>.

With all other states fixed the best state of a party is a Gibbs state of its field (the contraction of K with
the others), so alternating over the parties never lowers F. Done for many starts at once.
"""

from __future__ import annotations

import time

import numpy as np

from qcoord_hw.theory.regions.auxiliary.model import Face, Model
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray
from qcoord_hw.theory.regions.auxiliary.spaces import Space


def field(dual: FloatArray, points: list[FloatArray], party: int) -> FloatArray:
    """Return K contracted with the states of all other parties, shape (N, size of the party)."""
    return _contracted(np.moveaxis(dual, party, -1), points, party)


def _contracted(tensor: FloatArray, points: list[FloatArray], party: int) -> FloatArray:
    """Return a tensor whose last axis is the party's contracted with all others, fast if tiny."""
    size, batched = tensor.shape[-1], False
    for i, point in enumerate(points):
        if i == party:
            continue
        count, own = point.shape
        if not batched:
            tensor = point @ tensor.reshape(own, -1)
            batched = True
        else:
            tensor = (point[:, None] @ tensor.reshape(count, own, -1))[:, 0]
    return tensor if batched else np.broadcast_to(tensor, (len(points[party]), size))


def objective(
    spaces: tuple[Space, ...], weights: tuple[float, ...], dual: FloatArray, points: list[FloatArray]
) -> FloatArray:
    """Return F at products."""
    value = -np.einsum("nj,nj->n", field(dual, points, 0), points[0])
    for space, weight, point in zip(spaces, weights, points, strict=True):
        if weight:
            value = value + weight * space.entropy(point)
    return np.asarray(value)


def ascend(
    spaces: tuple[Space, ...],
    weights: tuple[float, ...],
    dual: FloatArray,
    points: list[FloatArray],
    rounds: int = 60,
    tolerance: float = 1e-13,
    deadline: float = np.inf,
) -> tuple[list[FloatArray], FloatArray]:
    """Alternate Gibbs states from products `points`; return where they end and F there.

    At `deadline`, in the time of time.monotonic(), they end where they are.
    """
    points = [p.copy() for p in points]
    order = [i for i, space in enumerate(spaces) if space.size > 1]
    last = len(spaces) - 1 if not order else order[-1]
    value = np.full(len(points[0]), -np.inf)
    turned = {i: np.ascontiguousarray(np.moveaxis(dual, i, -1)) for i in order or [0]}
    active = np.arange(len(value))
    current = points
    for _ in range(rounds):
        previous = value[active]
        for i in order or [0]:
            own = _contracted(turned[i], current, i)
            current[i] = spaces[i].gibbs(own, weights[i])
        new = spaces[last].free_energy(own, weights[last])
        for i, space in enumerate(spaces):
            if i != last and weights[i]:
                new = new + weights[i] * space.entropy(current[i])
        value[active] = new
        moving = new - previous > tolerance
        if not moving.all():
            for i, point in enumerate(current):
                points[i][active] = point
            active = active[moving]
            current = [p[active] for p in points]
        if not len(active) or time.monotonic() > deadline:
            break
    for i, point in enumerate(current):
        points[i][active] = point
    return points, value


def distinct(points: list[FloatArray], value: FloatArray, most: int, digits: int = 5) -> FloatArray:
    """Return the indices of different products, the largest values first."""
    order = np.argsort(-value, kind="stable")
    stacked = np.concatenate([p[order] for p in points], axis=1)
    chosen: list[int] = []
    kept = np.empty((0, stacked.shape[1]))
    for index, row in zip(order, stacked, strict=True):
        if len(kept) and np.abs(kept - row).max(axis=1).min() < 10.0**-digits:
            continue
        kept = np.concatenate([kept, row[None]])
        chosen.append(int(index))
        if len(chosen) >= most:
            break
    return np.array(chosen, dtype=int)


def start_points(face: Face, count: int, rng: np.random.Generator) -> list[FloatArray]:
    """Return random products of a face: half of low rank."""
    pure = count // 2
    points = []
    for space in face.spaces:
        if space.kind == "classical":
            sharp = rng.dirichlet(np.full(space.dimension, 0.2), size=pure)
            points.append(np.concatenate([sharp, space.random(count - pure, rng)]))
        else:
            points.append(np.concatenate([space.random(pure, rng, 1), space.random(count - pure, rng)]))
    return points


def inside(face: Face, points: list[FloatArray]) -> tuple[list[FloatArray], np.ndarray]:
    """Return those products that lie on a face, in its coordinates, and which they are."""
    own = [p @ e for p, e in zip(points, face.embeddings, strict=True)]
    error = np.zeros(len(points[0]))
    for p, o, e in zip(points, own, face.embeddings, strict=True):
        error = np.maximum(error, np.abs(o @ e.T - p).max(axis=1))
    mask = error < 1e-9
    return [o[mask] for o in own], mask


def price(
    model: Model,
    weights: tuple[float, ...],
    dual: FloatArray,
    warm: list[FloatArray],
    rng: np.random.Generator,
    deadline: float = np.inf,
    *,
    count: int = 32,
    rounds: int = 60,
    tolerance: float = 1e-13,
    most: int = 24,
) -> tuple[list[FloatArray], FloatArray]:
    """Return local maxima of F, largest first, from warm starts and `count` random ones a face.

    After `deadline`, in the time of time.monotonic(), no further face is looked at.
    """
    found: list[list[FloatArray]] = []
    values = []
    for face in model.faces or ():
        known, _ = inside(face, warm)
        fresh = start_points(face, count, rng)
        starts = [np.concatenate([a, b]) for a, b in zip(known, fresh, strict=True)]
        own = face.restrict(dual)
        points, value = ascend(face.spaces, weights, own, starts, rounds, tolerance, deadline)
        chosen = distinct(points, value, most)
        found.append(face.embed([p[chosen] for p in points]))
        values.append(value[chosen])
        if time.monotonic() > deadline:
            break
    for circle in model.circles:
        points, value = circle.maxima(dual, weights)
        found.append(points)
        values.append(value)
    if not found:  # too many faces to list: no new products
        return [p[:0] for p in warm], np.empty(0)
    value = np.concatenate(values)
    order = np.argsort(-value, kind="stable")[: most * 4]
    return [np.concatenate(parts)[order] for parts in zip(*found, strict=True)], value[order]

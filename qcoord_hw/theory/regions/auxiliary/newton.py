"""Newton's method for the dual: it converges quadratically once the optimal products are roughly known.

Near a dual K every local maximiser u of F moves smoothly with K, so its value F_u(K) is smooth, with gradient
-sigma_u (the product itself) and a Hessian that follows from the curvature of F at the maximiser. Minimising
<K, target> subject to F_u(K) <= 0 is then a smooth program whose Newton step solves one linear system for the
change of K and the probabilities p_u:

    sum_u p_u Hessian_u dK - sum_u p_u sigma_u = -target,      <sigma_u, dK> = F_u.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from qcoord_hw.theory.regions.auxiliary.model import Face, Model
from qcoord_hw.theory.regions.auxiliary.pricing import field
from qcoord_hw.theory.regions.auxiliary.problem import FloatArray
from qcoord_hw.theory.regions.auxiliary.spaces import LOG2E, ZERO_WEIGHT, Space


def step(
    model: Model,
    weights: tuple[float, ...],
    dual: FloatArray,
    points: list[FloatArray],
    value: FloatArray,
    probabilities: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the Newton step's K and probabilities, from the local maximisers `points` of F for `dual`.

    Args:
        model: the problem.
        weights: w_i.
        dual: K.
        points: coordinates (N, size) of each party: local maximisers of F.
        value: F there.
        probabilities: a guess of p_u (for the Hessian).
    """
    sigmas = reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(a), -1), points)
    hessians = np.array([_hessian(model, weights, dual, [p[u] for p in points]) for u in range(len(value))])
    rows = model.rows
    if rows is not None:
        sigmas = sigmas @ rows.T
        hessians = rows @ hessians @ rows.T
    target = model.target.reshape(-1) if rows is None else rows @ model.target.reshape(-1)
    active = np.arange(len(value))
    p = np.maximum(probabilities, 1e-4)
    size = len(target)
    while True:
        own = sigmas[active]
        curvature = np.tensordot(p[active] / p[active].sum(), hessians[active], 1)
        scale = max(float(np.trace(curvature)) / size, 1e-3)
        system = np.zeros((size + len(active),) * 2)
        system[:size, :size] = curvature + 1e-9 * scale * np.eye(size)
        system[:size, size:] = -own.T
        system[size:, :size] = -own
        right = np.concatenate([-target, -value[active]])
        solution = np.linalg.lstsq(system, right, rcond=1e-13)[0]
        new = solution[size:]
        if new.min() >= -1e-9 or len(active) <= 1:
            break
        active = active[new > new.min() * 0.5] if (new < -1e-9).sum() > 1 else active[new > -1e-9]
    change = solution[:size] if rows is None else solution[:size] @ rows
    result = np.zeros(len(value))
    result[active] = np.maximum(new, 0.0)
    return dual + change.reshape(dual.shape), result


def _hessian(
    model: Model, weights: tuple[float, ...], dual: FloatArray, point: list[FloatArray]
) -> FloatArray:
    """Return the Hessian of F_u(K) with respect to K."""
    face, own = _face(model, point)
    local = face.restrict(dual)
    batch = [p[None] for p in own]
    tangents, curvatures = [], []
    for i, (space, weight) in enumerate(zip(face.spaces, weights, strict=True)):
        tangent, curvature = _tangent(space, weight, own[i], field(local, batch, i)[0])
        tangents.append(tangent)
        curvatures.append(curvature)
    sizes = [len(c) for c in curvatures]
    ends = np.cumsum([0, *sizes])
    matrix = np.zeros((ends[-1], ends[-1]))
    for i in range(len(own)):
        matrix[ends[i] : ends[i + 1], ends[i] : ends[i + 1]] = np.diag(curvatures[i])
        for j in range(i):
            block = tangents[i].T @ _pair(local, own, i, j) @ tangents[j]
            matrix[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = block
            matrix[ends[j] : ends[j + 1], ends[i] : ends[i + 1]] = block.T
    parts = []
    for i in range(len(own)):
        factors = [e @ (tangents[i] if i == j else own[j][:, None]) for j, e in enumerate(face.embeddings)]
        parts.append(reduce(_kron, factors).T)
    jacobian = np.concatenate(parts)
    values, vectors = np.linalg.eigh(matrix)
    values = np.maximum(values, 1e-7 * max(1.0, float(np.abs(values).max(initial=0.0))))
    half = (vectors / np.sqrt(values)).T @ jacobian
    return np.asarray(half.T @ half)


def _kron(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.kron(a, b), dtype=float)


def _face(model: Model, point: list[FloatArray]) -> tuple[Face, list[FloatArray]]:
    """Return the face that contains a product, and its coordinates there."""

    def error(face: Face) -> float:
        return max(float(np.abs(e @ (p @ e) - p).max()) for p, e in zip(point, face.embeddings, strict=True))

    faces = model.faces or ()
    face = faces[0] if len(faces) == 1 else min(faces, key=error)
    return face, [p @ e for p, e in zip(point, face.embeddings, strict=True)]


def _pair(dual: FloatArray, point: list[FloatArray], i: int, j: int) -> FloatArray:
    """Return K contracted with all states but those of parties i and j, axes (i, j)."""
    tensor = dual
    for axis in reversed(range(len(point))):
        if axis not in (i, j):
            tensor = np.tensordot(tensor, point[axis], (axis, 0))
    return tensor if i < j else tensor.T


def _tangent(
    space: Space, weight: float, point: FloatArray, own: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return directions (columns) in which a state can move, and the curvature of -F along them."""
    if space.kind == "classical":
        energies, states, vectors = own, point, np.eye(space.size)
    else:
        matrix = space.matrices(own[None])[0]
        energies, vectors = np.linalg.eigh(matrix)
        states = np.einsum("ak,ab,bk->k", vectors.conj(), space.matrices(point[None])[0], vectors).real
    directions = []
    curvatures = []
    if space.kind != "classical":
        for a in range(space.dimension):
            for b in range(a):
                gap = states[b] - states[a]
                if states[a] + states[b] < 1e-14:
                    continue
                curvature = (energies[a] - energies[b]) / gap if abs(gap) > 1e-9 else None
                if curvature is None:
                    curvature = weight * LOG2E / max(states[a], 1e-300)
                outer = np.outer(vectors[:, a], vectors[:, b].conj()) / np.sqrt(2)
                matrices = [outer + outer.conj().T]
                if space.kind == "complex":
                    matrices.append(1j * (outer - outer.conj().T))
                directions += list(space.coordinates(np.array(matrices)))
                curvatures += [float(curvature)] * len(matrices)
    if weight > ZERO_WEIGHT:
        kept = np.flatnonzero(states > 1e-15)
        if len(kept) > 1:
            # directions inside the simplex in which the entropy's curvature w log2(e) / p is diagonal
            root = np.sqrt(states[kept])
            basis = np.linalg.svd(root[None])[2][1:]
            spread = root[:, None] * basis.T
            if space.kind == "classical":
                diagonal = np.zeros((space.size, len(kept) - 1))
                diagonal[kept] = spread
            else:
                projectors = np.einsum("ak,bk->kab", vectors[:, kept], vectors[:, kept].conj())
                diagonal = space.coordinates(projectors).T @ spread
            directions += list(diagonal.T)
            curvatures += [weight * LOG2E] * (len(kept) - 1)
    if not directions:
        return np.zeros((space.size, 0)), np.zeros(0)
    return np.array(directions).T, np.array(curvatures)

"""Some mixture of products that equals the target: an explicit separable decomposition of every block.

A block is written as sum_u psi_u psi_u^dagger with product vectors psi_u (not normalised): local optimisation
first, then Gauss-Newton steps. A block on the border of the separable states forbids directions: psi_u is
orthogonal to its kernel, and with the vectors of some parties conjugated to the kernel of its partial
transpose. These equations, linear in each vector, are added, without which the steps would converge slowly
there.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from functools import reduce

import numpy as np

from qcoord_hw.theory.regions.auxiliary.border import KERNEL, block_kernels
from qcoord_hw.theory.regions.auxiliary.local import augmented_lagrangian
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray, Problem, Product
from qcoord_hw.theory.regions.auxiliary.spaces import Space

EXACT = 1e-13
SAME = 1e-9  # of coordinates
FAR = 1e-2  # a block that misses by more after some attempts is taken to be entangled
ROUNDS, PASSES = 4, 3


@dataclass(frozen=True, eq=False)
class Feasibility:
    """Whether a mixture of products was found.

    Attributes:
        products: a mixture that equals the target in every entry to 1e-12; None if none was found.
        residual: the largest entry by which the best mixture found misses the target, in orthonormal
            coordinates. It proves nothing: a witness of entanglement has to come from elsewhere.
        cell: the letters of the block where it is largest.
    """

    products: tuple[Product, ...] | None
    residual: float
    cell: tuple[int, ...]


def find_mixture(problem: Problem, *, time_limit: float = 20.0, seed: int = 0) -> Feasibility:
    """Look for a mixture of products that equals the target, block by block.

    Args:
        problem: any number of parties.
        time_limit: in seconds.
        seed: of the random starts.
    """
    deadline = time.monotonic() + time_limit
    rng = np.random.default_rng(seed)
    classical = [p.dimension for p in problem.classical]
    products: list[Product] = []
    missed: dict[tuple[int, ...], float] = {}
    for cell in itertools.product(*(range(n) for n in classical)):
        weight = float(np.trace(problem.target[cell]).real)
        if weight < 1e-12:
            continue
        if len(problem.quantum) < 2:
            letters = tuple(np.eye(n)[x] for n, x in zip(classical, cell, strict=True))
            own = (problem.target[cell] / weight,) if problem.quantum else ()
            products.append(Product(weight, (*letters, *own)))
        else:
            missed[cell] = 1.0
    for _ in range(PASSES):
        for k, cell in enumerate(pending := list(missed)):
            now = time.monotonic()
            share = now + (deadline - now) / (len(pending) - k)
            block = problem.target[cell]
            weight = float(np.trace(block).real)
            vectors, error = _block(problem, block / weight, rng, share)
            if error > EXACT:
                missed[cell] = min(missed[cell], error)
                continue
            del missed[cell]
            letters = tuple(np.eye(n)[x] for n, x in zip(classical, cell, strict=True))
            for u in range(len(vectors[0])):
                norms = [float(np.vdot(v[u], v[u]).real) for v in vectors]
                states = [np.outer(v[u], v[u].conj()) / n for v, n in zip(vectors, norms, strict=True)]
                products.append(Product(weight * float(np.prod(norms)), (*letters, *states)))
        # what one block has left over serves those that missed, unless one of them is far off
        if not missed or max(missed.values()) > FAR or time.monotonic() > deadline:
            break
    where = max(missed, key=lambda cell: missed[cell], default=tuple(0 for _ in classical))
    return Feasibility(None if missed else tuple(products), missed.get(where, 0.0), where)


def _block(
    problem: Problem, block: ComplexArray, rng: np.random.Generator, deadline: float
) -> tuple[list[ComplexArray], float]:
    """Return product vectors (N, d) of each party that add up to a state, and by how much they miss it."""
    model = Model(Problem(problem.quantum, block, False))
    dimensions = [p.dimension for p in problem.quantum]
    kernels = block_kernels(block, dimensions)
    best: tuple[list[ComplexArray], float] = ([np.ones((1, d), dtype=complex) for d in dimensions], 1.0)
    many = min(max(16, model.target.size), 100)
    rank = int((np.linalg.eigvalsh(block) > KERNEL).sum())
    # on the border as many products as the rank may be all there are, and are found fast
    few = (rank,) if rank < len(block) else ()
    for attempt, count in enumerate((*few, many, *few, many, 2 * many) * ROUNDS):
        weights = tuple(0.0 for _ in dimensions)
        now = time.monotonic()
        share = now + 0.4 * (deadline - now) if count == rank else deadline
        found = augmented_lagrangian(model, weights, rng, count, share, rank=1)
        vectors = []
        for space, points in zip(model.spaces, found.points, strict=True):
            states, most = np.linalg.eigh(space.matrices(points))
            vectors.append(most[:, :, -1] * np.sqrt(np.maximum(states[:, -1:], 0)))
        vectors[0] = vectors[0] * np.sqrt(found.probabilities)[:, None]
        chosen = found.probabilities > 1e-9
        polished = _polish(block, [v[chosen].astype(complex) for v in vectors], kernels, deadline)
        if polished[1] < best[1]:
            best = polished
        if best[1] < EXACT or time.monotonic() > deadline or (attempt >= 3 and best[1] > FAR):
            break
    return best


def coarser(points: list[FloatArray], probabilities: FloatArray) -> list[FloatArray]:
    """Return products in which those that differ in one party only are merged, for every party.

    Args:
        points: coordinates (N, size) of each party.
        probabilities: shape (N,).
    """
    merged: list[list[FloatArray]] = [[] for _ in points]
    for party in range(len(points)):
        others = np.concatenate([p for i, p in enumerate(points) if i != party], axis=1)
        free = np.ones(len(probabilities), dtype=bool)
        for u in range(len(probabilities)):
            same = free & (np.abs(others - others[u]).max(axis=1, initial=0.0) < SAME)
            free &= ~same
            if same.sum() > 1:
                for own, p in zip(merged, points, strict=True):
                    own.append(probabilities[same] @ p[same] / probabilities[same].sum())
    return [np.array(own).reshape(-1, p.shape[1]) for own, p in zip(merged, points, strict=True)]


def _polish(
    block: ComplexArray,
    vectors: list[ComplexArray],
    kernels: list[tuple[tuple[int, ...], ComplexArray]],
    deadline: float,
) -> tuple[list[ComplexArray], float]:
    """Take Gauss-Newton steps of least norm; return the vectors and the largest coordinate of the error."""
    basis = Space(len(block), "complex").basis

    def products(vectors: list[ComplexArray], conjugated: tuple[int, ...] = ()) -> ComplexArray:
        own = [v.conj() if i in conjugated else v for i, v in enumerate(vectors)]
        return reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(a), -1), own)

    def residual(vectors: list[ComplexArray]) -> tuple[FloatArray, float]:
        psi = products(vectors)
        missing = block - psi.T @ psi.conj()
        rows = np.einsum("jab,ba->j", basis, missing).real
        parts = [rows]
        for conjugated, kernel in kernels:
            amplitude = -(products(vectors, conjugated) @ kernel.conj()).ravel()
            parts += [amplitude.real, amplitude.imag]
        return np.concatenate(parts), float(np.abs(rows).max())

    def jacobian(vectors: list[ComplexArray]) -> FloatArray:
        psi = products(vectors)
        count = len(psi)
        moved = np.einsum("jab,nb->nja", basis, psi)
        columns: list[FloatArray] = []
        for i, v in enumerate(vectors):
            for phase in (1.0, 1.0j):
                for a in range(v.shape[1]):
                    unit = np.zeros_like(v)
                    unit[:, a] = phase
                    changed = [unit if j == i else w for j, w in enumerate(vectors)]
                    change = products(changed)
                    top = 2 * np.einsum("nja,na->jn", moved.conj(), change).real
                    parts = [top]
                    for conjugated, kernel in kernels:
                        amplitude = products(changed, conjugated) @ kernel.conj()  # N, kernel
                        wide = np.zeros((count, kernel.shape[1], count), dtype=complex)
                        wide[np.arange(count), :, np.arange(count)] = amplitude
                        own = wide.reshape(-1, count)
                        parts += [own.real, own.imag]
                    columns.append(np.concatenate(parts))
        return np.concatenate(columns, axis=1)

    def shifted(vectors: list[ComplexArray], step: FloatArray) -> list[ComplexArray]:
        result, position = [], 0
        for v in vectors:
            size = v.size
            own = step[position : position + 2 * size].reshape(2, v.shape[1], len(v))
            result.append(v + (own[0] + 1j * own[1]).T)
            position += 2 * size
        return result

    rows, error = residual(vectors)
    for _ in range(60):
        if error < 0.1 * EXACT or time.monotonic() > deadline:
            break
        left, values, right = np.linalg.svd(jacobian(vectors), full_matrices=False)
        along = left.T @ rows
        norm = float(np.linalg.norm(rows))
        for damping in (0.0, 1e-6, 1e-4, 1e-2, 1e-1):
            kept = values > 1e-12 * values[0]
            scale = values[kept] / (values[kept] ** 2 + (damping * values[0]) ** 2)
            trial = shifted(vectors, right[kept].T @ (scale * along[kept]))
            new_rows, new_error = residual(trial)
            if np.linalg.norm(new_rows) < 0.95 * norm:
                break
        else:
            break
        vectors, rows, error = trial, new_rows, new_error
    return vectors, error

"""Targets on the border of the separable states: which products they leave, and how to reach these.

Where a block of the target, or a partial transpose of it, has a kernel, every product of a mixture is
orthogonal to that kernel (with the vectors of the transposed parties conjugated). The projector on it,
transposed back, is an operator that vanishes on the target and is negative on no product: a multiple of it
costs the dual K nothing, and forbids all other products where it is large. Products that only come near are
useless for a mixture; `Border.reach` moves them to where the equations, linear in each vector, hold.
"""

from __future__ import annotations

import itertools
import math
from functools import reduce

import numpy as np

from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray, Problem

KERNEL = 1e-9  # of eigenvalues
HELD = 1e-12  # of the sum of squared amplitudes: a product that is on the border to rounding
FLOORS = (1e-3, 1e-2, 1e-1)  # eigenvalues and letters below are dropped before the steps; each is tried
STEPS = 12

Kernel = tuple[tuple[int, ...], ComplexArray]
"""Parties transposed, and an orthonormal basis of the kernel of that partial transpose, as columns."""


class Border:
    """What the kernels of a target's blocks demand of products.

    Attributes:
        model: the target.
        directions: the operators, one a kernel, in coordinates; shape (kernels, *shape of the target).
    """

    def __init__(self, model: Model) -> None:
        """Find the kernels; there are none with fewer than two quantum parties, where faces say all."""
        self.model = model
        problem = model.problem
        self._sizes = [party.dimension for party in problem.quantum]
        self._kernels = list(kernels_of(problem)) if len(self._sizes) > 1 else []
        found = [model.tensor(operator(problem, cell, kernel)) for cell, kernel in self._kernels]
        self.directions: FloatArray = np.array(found).reshape(len(found), *model.shape)

    def distances(self, points: list[FloatArray]) -> FloatArray:
        """Return for products (N, size) of each party how far they are from what is allowed, shape (N,)."""
        total = self.directions.sum(axis=0)
        tensor = np.broadcast_to(total, (len(points[0]), *total.shape))
        for point in points:
            tensor = np.einsum("nj,nj...->n...", point, tensor)
        return np.asarray(tensor)

    def reach(self, points: list[FloatArray]) -> list[FloatArray]:
        """Return products that are allowed, near those that are given; none for those with none near."""
        found: list[list[FloatArray]] = [[] for _ in points]
        for u in range(len(points[0]) if len(self.directions) else 0):
            tried = set()
            for floor in FLOORS:
                letters, factors = self._without([point[u] for point in points], floor)
                ranks = (*(int(np.count_nonzero(own)) for own in letters), *(a.shape[1] for a in factors))
                if ranks not in tried:
                    tried.add(ranks)
                    for own, one in zip(found, self._moved(letters, factors) or (), strict=False):
                        own.append(one)
        return [np.array(own).reshape(-1, point.shape[1]) for own, point in zip(found, points, strict=True)]

    def _without(
        self, product: list[FloatArray], floor: float
    ) -> tuple[list[FloatArray], list[ComplexArray]]:
        """Return the letters of a product, and factors A A^dagger of its states, without what is small."""
        n = len(self.model.problem.classical)
        letters = [np.where(p > floor * p.max(), p, 0.0) for p in product[:n]]
        factors = []
        for space, point in zip(self.model.spaces[n:], product[n:], strict=True):
            values, vectors = np.linalg.eigh(space.matrices(point[None])[0])
            kept = values > floor * values[-1]
            factors.append(vectors[:, kept] * np.sqrt(values[kept]))
        return letters, factors

    def _moved(self, letters: list[FloatArray], factors: list[ComplexArray]) -> list[FloatArray] | None:
        """Return the product after Gauss-Newton steps of least norm; None where they lead nowhere."""
        spaces = self.model.spaces[len(letters) :]
        kernels = [
            kernel
            for cell, kernel in self._kernels
            if all(own[x] > 0 for own, x in zip(letters, cell, strict=True))
        ]
        real = all(space.kind == "real" for space in spaces)
        for _ in range(STEPS):
            missed, slopes = _equations(factors, kernels)
            if np.abs(missed).max(initial=0.0) < 1e-15:
                break
            step: FloatArray = np.asarray(np.linalg.lstsq(slopes, -missed, rcond=1e-12)[0], dtype=float)
            factors = _shifted(factors, step, real)
        states = [a @ a.conj().T for a in factors]
        moved = [own / own.sum() for own in letters]
        for space, state in zip(spaces, states, strict=True):
            moved.append(space.coordinates((state / np.trace(state).real)[None])[0])
        return moved if self.distances([one[None] for one in moved])[0] < HELD else None


def kernels_of(problem: Problem) -> list[tuple[tuple[int, ...], Kernel]]:
    """Return the kernels of all partial transposes of every block that occurs, with the block's letters."""
    sizes = [party.dimension for party in problem.quantum]
    found = []
    for cell in itertools.product(*(range(party.dimension) for party in problem.classical)):
        block = problem.target[cell]
        weight = float(np.trace(block).real)
        if weight >= 1e-12:
            found += [(cell, kernel) for kernel in block_kernels(block / weight, sizes)]
    return found


def block_kernels(block: ComplexArray, dimensions: list[int]) -> list[Kernel]:
    """Return (parties transposed, kernel of the partial transpose) for all transposes that have one."""
    k = len(dimensions)
    tensor = block.reshape(*dimensions, *dimensions)
    result = []
    for size in range(k):
        for parties in itertools.combinations(range(1, k), size):
            turned = tensor.transpose(_axes(parties, k)).reshape(block.shape)
            values, vectors = np.linalg.eigh(turned)
            if values[0] < KERNEL:
                result.append((parties, vectors[:, values < KERNEL]))
    return result


def operator(problem: Problem, cell: tuple[int, ...], kernel: Kernel) -> ComplexArray:
    """Return the projector on a kernel, transposed back, in the layout of Problem.target."""
    parties, basis = kernel
    sizes = [party.dimension for party in problem.quantum]
    projector = (basis @ basis.conj().T).reshape(*sizes, *sizes)
    result = np.zeros_like(problem.target)
    result[cell] = projector.transpose(_axes(parties, len(sizes))).reshape(result[cell].shape)
    return result


def _axes(parties: tuple[int, ...], k: int) -> list[int]:
    """Return the order of the axes (rows, columns) in which some parties are transposed."""
    axes = list(range(2 * k))
    for i in parties:
        axes[i], axes[k + i] = k + i, i
    return axes


def _equations(factors: list[ComplexArray], kernels: list[Kernel]) -> tuple[FloatArray, FloatArray]:
    """Return the amplitudes that should vanish, and their slopes in real and imaginary parts of factors."""
    missed, slopes = [np.zeros(0)], [np.zeros((0, 2 * sum(a.size for a in factors)))]
    for conjugated, basis in kernels:
        turned = [a.conj() if i in conjugated else a for i, a in enumerate(factors)]
        amplitudes = basis.conj().T @ reduce(_kron, turned)
        own = []
        for i, a in enumerate(factors):
            unit = np.eye(len(a), dtype=complex)
            left = [b.shape[1] for b in factors[:i]]
            right = [b.shape[1] for b in factors[i + 1 :]]
            moved = basis.conj().T @ reduce(_kron, [unit if j == i else b for j, b in enumerate(turned)])
            moved = moved.reshape(len(moved), math.prod(left), len(a), math.prod(right))
            # d amplitude[k, l, c', r] / d a[p, c] = moved[k, l, p, r] [c = c']
            wide = np.einsum("klpr,cd->klcrpd", moved, np.eye(a.shape[1])).reshape(amplitudes.size, a.size)
            phase = -1j if i in conjugated else 1j
            own.append(np.stack([wide, phase * wide], axis=2).reshape(amplitudes.size, 2 * a.size))
        joined = np.concatenate(own, axis=1)
        missed += [amplitudes.real.ravel(), amplitudes.imag.ravel()]
        slopes += [joined.real, joined.imag]
    return np.concatenate(missed), np.concatenate(slopes)


def _kron(a: ComplexArray, b: ComplexArray) -> ComplexArray:
    product = a[:, None, :, None] * b[None, :, None, :]
    return np.asarray(product.reshape(len(a) * len(b), a.shape[1] * b.shape[1]))


def _shifted(factors: list[ComplexArray], step: FloatArray, real: bool) -> list[ComplexArray]:
    result, start = [], 0
    for a in factors:
        own = step[start : start + 2 * a.size].reshape(*a.shape, 2)
        start += 2 * a.size
        result.append(a + own[..., 0] if real else a + own[..., 0] + 1j * own[..., 1])
    return result

"""Mixtures by local optimisation: all probabilities and states at once, by an augmented Lagrangian.

The states are written theta = A A^dagger / tr (letters: squares), the probabilities as squares, so that no
constraint is left but sum_u p_u sigma_u = target; its multiplier is an estimate of the dual K. `polish` then
makes the mixture equal the target to rounding by Gauss-Newton steps in the same variables.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import reduce

import numpy as np

from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.pricing import field
from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray
from qcoord_hw.theory.regions.auxiliary.spaces import Space

EXACT = 2e-14
SINGULAR_VALUES = 1e-9  # seconds, about: of an m x n matrix's decomposition, over m^2 n for m < n


@dataclass
class Mixture:
    """A mixture near the target.

    Attributes:
        probabilities: shape (N,).
        points: coordinates (N, size) of each party.
        error: largest entry of the difference from the target, in coordinates.
        dual: the multiplier: an estimate of K.
    """

    probabilities: FloatArray
    points: list[FloatArray]
    error: float
    dual: FloatArray


class _Variables:
    """Packs roots: s (N,) with p = s^2 / sum, and for each party (N, d) or (N, d, r) factors."""

    def __init__(self, model: Model, count: int, ranks: list[int]) -> None:
        self.model = model
        self.count = count
        self.shapes = [
            (count, s.dimension) if s.kind == "classical" else (count, s.dimension, r)
            for s, r in zip(model.spaces, ranks, strict=True)
        ]
        self.complex = [s.kind == "complex" for s in model.spaces]

    def random(self, rng: np.random.Generator) -> FloatArray:
        size = self.count + sum(
            int(np.prod(shape)) * (2 if c else 1) for shape, c in zip(self.shapes, self.complex, strict=True)
        )
        vector = rng.normal(size=size)
        vector[: self.count] = 1 + 0.2 * vector[: self.count]
        return vector

    def factors(self, vector: FloatArray) -> list[ComplexArray | FloatArray]:
        """Return the factors of each party."""
        position = self.count
        result: list[ComplexArray | FloatArray] = []
        for shape, is_complex in zip(self.shapes, self.complex, strict=True):
            size = int(np.prod(shape))
            own = vector[position : position + size].reshape(shape)
            position += size
            if is_complex:
                result.append(own + 1j * vector[position : position + size].reshape(shape))
                position += size
            else:
                result.append(own)
        return result

    def states(self, vector: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Return probabilities and coordinates."""
        roots = vector[: self.count]
        points = []
        for space, factor in zip(self.model.spaces, self.factors(vector), strict=True):
            if space.kind == "classical":
                squares = np.abs(factor) ** 2
                points.append(squares / squares.sum(axis=1, keepdims=True))
            else:
                own = factor @ factor.conj().swapaxes(1, 2)
                points.append(space.coordinates(own / np.einsum("naa->n", own).real[:, None, None]))
        return roots**2 / (roots @ roots), points

    def pull_back(
        self, vector: FloatArray, by_probability: FloatArray, by_point: list[FloatArray]
    ) -> FloatArray:
        """Return the gradient with respect to the variables, from those for probabilities and coordinates.

        The leading axes of the gradients may be longer: shape (.., N) and (.., N, size).
        """
        roots = vector[: self.count]
        p = roots**2 / (roots @ roots)
        lead = by_probability.shape[:-1]
        mean = (by_probability * p).sum(axis=-1, keepdims=True)
        parts = [2 * roots * (by_probability - mean) / (roots @ roots)]
        for space, factor, gradient in zip(self.model.spaces, self.factors(vector), by_point, strict=True):
            if space.kind == "classical":
                total = (factor**2).sum(axis=1, keepdims=True).real
                own = (factor**2).real / total
                mean = (gradient * own).sum(axis=-1, keepdims=True)
                parts.append((2 * factor.real * (gradient - mean) / total).reshape(*lead, -1))
                continue
            total = (np.abs(factor) ** 2).sum(axis=(1, 2))[:, None, None]
            matrices = np.tensordot(gradient, space.basis, 1)
            moved = matrices @ factor
            mean = np.einsum("nar,...nar->...n", factor.conj(), moved).real[..., None, None] / total
            moved = 2 * (moved - mean * factor) / total
            parts.append(moved.real.reshape(*lead, -1))
            if space.kind == "complex":
                parts.append(moved.imag.reshape(*lead, -1))
        return np.concatenate(parts, axis=-1)


def _tensor(points: list[FloatArray]) -> FloatArray:
    """Return products (N, size_1, size_2, ..)."""
    result = points[0]
    for p in points[1:]:
        result = result[..., None] * p.reshape(len(p), *([1] * (result.ndim - 1)), -1)
    return result


def augmented_lagrangian(
    model: Model,
    weights: tuple[float, ...],
    rng: np.random.Generator,
    count: int,
    deadline: float,
    *,
    rank: int | None = None,
    rounds: int = 12,
    penalty: float = 20.0,
    error: float = 1e-9,
) -> Mixture:
    """Return a local optimum of max sum_u p_u sum_i w_i H_i(u) over mixtures near the target.

    Args:
        model: the problem.
        weights: all zero for a mixture of any gain.
        rng: source of the start.
        count: number of products.
        deadline: time.monotonic() at which to stop.
        rank: of the factors A; by default full.
        rounds: updates of the multiplier.
        penalty: first weight of the squared error.
        error: the largest error that ends the rounds.
    """
    variables = _Variables(model, count, [rank or s.dimension for s in model.spaces])
    vector = variables.random(rng)
    multiplier = np.zeros(model.shape)
    target = model.target
    entropic = any(weights)

    from scipy.optimize import minimize  # slow to import

    def lagrangian(vector: FloatArray) -> tuple[float, FloatArray]:
        if time.monotonic() > deadline:
            raise TimeoutError
        p, points = variables.states(vector)
        residual = target - np.tensordot(p, _tensor(points), 1)
        dual = -(multiplier + penalty * residual)
        gains = np.zeros(count)
        slopes = []
        for i, (space, weight, point) in enumerate(zip(model.spaces, weights, points, strict=True)):
            slope = field(dual, points, i)
            if i == 0:
                costs = np.einsum("nj,nj->n", slope, point)
            if weight:
                gains = gains + weight * space.entropy(point)
                mixed = (1 - 1e-12) * point + 1e-12 * space.trace / space.dimension
                slope = slope - weight * space.entropy_gradient(mixed)
            slopes.append(p[:, None] * slope)
        value = -float(p @ gains) + float((multiplier * residual).sum())
        value += 0.5 * penalty * float((residual**2).sum())
        return value, variables.pull_back(vector, costs - gains, slopes)

    try:
        for _ in range(rounds):
            steps = 300 if entropic else 600
            result = minimize(
                lagrangian,
                vector,
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 20},
            )
            vector = result.x
            p, points = variables.states(vector)
            residual = target - np.tensordot(p, _tensor(points), 1)
            multiplier = multiplier + penalty * residual
            size = float(np.abs(residual).max())
            if size < error:
                break
            penalty = min(penalty * 3, 1e5)
    except TimeoutError:
        pass
    p, points = variables.states(vector)
    residual = target - np.tensordot(p, _tensor(points), 1)
    mixture = Mixture(p, points, float(np.abs(residual).max()), -multiplier)
    if mixture.error < 1e-3:
        candidates = [mixture, _polish(variables, vector, mixture.dual, deadline)]
        if candidates[1].error > EXACT:
            candidates.append(_polish_essential(variables, vector, mixture.dual, deadline))
        mixture = min(candidates, key=lambda c: c.error)
    return mixture


def _polish_essential(
    variables: _Variables, vector: FloatArray, dual: FloatArray, deadline: float
) -> Mixture:
    """Polish again without products that hardly occur or occur twice, near which Gauss-Newton is slow."""
    model = variables.model
    p, points = variables.states(vector)
    stacked = np.concatenate(points, axis=1)
    kept: list[int] = []
    mass: list[float] = []
    for u in np.argsort(-p):
        distance = [float(np.abs(stacked[u] - stacked[k]).max()) for k in kept]
        if distance and min(distance) < 1e-2:
            mass[int(np.argmin(distance))] += float(p[u])
        elif p[u] > 1e-4:
            kept.append(int(u))
            mass.append(float(p[u]))
    smaller = _Variables(model, len(kept), [s[2] if len(s) == 3 else 1 for s in variables.shapes])
    parts = [np.sqrt(mass)]
    for factor, is_complex in zip(variables.factors(vector), variables.complex, strict=True):
        own = factor[kept]
        parts.append(own.real.ravel())
        if is_complex:
            parts.append(own.imag.ravel())
    return _polish(smaller, np.concatenate(parts), dual, deadline)


def _polish(variables: _Variables, vector: FloatArray, dual: FloatArray, deadline: float) -> Mixture:
    """Take Gauss-Newton steps of least norm towards the target; where one fails, a more cautious one."""
    model = variables.model

    def at(vector: FloatArray) -> tuple[Mixture, FloatArray, FloatArray]:
        p, points = variables.states(vector)
        tensor = _tensor(points)
        residual = (model.target - np.tensordot(p, tensor, 1)).reshape(-1)
        return Mixture(p, points, float(np.abs(residual).max()), dual), tensor, residual

    best, tensor, residual = at(vector)
    short, long = sorted((len(residual), len(vector)))
    needed = SINGULAR_VALUES * short**2 * long
    for _ in range(40):
        if best.error < EXACT or time.monotonic() + needed > deadline:
            break
        p, points = best.probabilities, best.points
        by_point = []
        for i, space in enumerate(model.spaces):
            one = np.broadcast_to(np.eye(space.size), (len(p), space.size, space.size))
            factors = [one if i == j else q[:, :, None] for j, q in enumerate(points)]
            by_point.append(np.moveaxis(reduce(_kron, factors) * p[:, None, None], 1, 0))
        jacobian = variables.pull_back(vector, tensor.reshape(len(p), -1).T, by_point)
        left, values, right = np.linalg.svd(jacobian, full_matrices=False)
        along = left.T @ residual
        for cut in (1e-9, 1e-6, 1e-4, 1e-2):
            kept = values > cut * values[0]
            trial = vector + right[kept].T @ (along[kept] / values[kept])
            new, new_tensor, new_residual = at(trial)
            if new.error < 0.9 * best.error:
                break
        else:
            break
        vector, best, tensor, residual = trial, new, new_tensor, new_residual
    return best


def _kron(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return Kronecker products of batches of matrices."""
    product = np.einsum("nij,nkl->nikjl", a, b)
    return np.asarray(product).reshape(len(a), a.shape[1] * b.shape[1], a.shape[2] * b.shape[2])


__all__ = ["Mixture", "Space", "augmented_lagrangian"]

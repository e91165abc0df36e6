"""Good codes on links of bits, by descent from random starts: the upper ends of the brackets.

Encoder (softmax of logits) and decoders (L L^dagger / tr, a product over the receivers) together are moved by
L-BFGS; the trace norm sum |l| is smoothed to sum sqrt(l^2 + eps^2) with eps falling. Nothing is proved of
what is found but its own error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from qcoord_hw.theory.finite_blocklength.converses.code import LinkCode, best_of
from qcoord_hw.theory.finite_blocklength.converses.task import ComplexArray, FloatArray, LinkTask

SMOOTH = (3e-2, 3e-3, 3e-4, 3e-5)
"""The eps of each stage."""

FIRST = 60
"""Iterations of a start before only the best go on."""

POOL = 6
"""Codes from which is hopped: the best so far."""

KICKS = (0.02, 0.05, 0.1, 0.2, 0.4)
"""By how much decoders are moved in a hop, of their norm 1."""

LOGITS = (0.3, 1.0, 2.0, 4.0)
"""By how much logits are moved in a hop; some of them, all, or a tenth."""

SHARES = (0.1, 0.5, 1.0)
HARD = 6.0
"""Logits up to which a chance can still be moved."""

HOP = (1e-2, 1e-3, 1e-4)
"""The eps of a hop's stages."""

NEAR = 3e-4
"""A hop that ends this close to the best code is followed to the end."""


def search_code(task: LinkTask, starts: int, seed: int = 0, iterations: int = 600, hops: int = 0) -> LinkCode:
    """Return the best code that descents find.

    Args:
        task: what is to be made.
        starts: random starts; the best third of them is followed to the end.
        seed: of the starts.
        iterations: of each stage at most.
        hops: from the best codes, each disturbed and followed again.
    """
    descent = _Descent(task)
    rng = np.random.default_rng(seed)
    begun = [descent.run(rng.normal(size=descent.size), SMOOTH[:1], FIRST) for _ in range(starts)]
    begun.sort(key=lambda point: descent.value(point, SMOOTH[0])[0])
    kept = begun[: max(1, starts // 3)]
    found = [descent.run(point, SMOOTH, iterations) for point in kept]
    if hops:
        found = _hopped(descent, found, hops, iterations, rng)
    return best_of([descent.code(point) for point in found], task)


def _hopped(
    descent: _Descent, found: list[FloatArray], hops: int, iterations: int, rng: np.random.Generator
) -> list[FloatArray]:
    """Return the best points after so many hops."""
    pool = sorted(
        ((descent.error(point), k, point) for k, point in enumerate(found)), key=lambda one: one[:2]
    )
    for hop in range(hops):
        pool = pool[:POOL]
        point = descent.kicked(pool[rng.integers(len(pool))][2], rng)
        point = descent.run(point, HOP, iterations // 4)
        if descent.error(point) < pool[0][0] + NEAR:
            point = descent.run(point, SMOOTH[-1:], iterations)
            pool.append((descent.error(point), len(found) + hop, point))
            pool.sort(key=lambda one: one[:2])
    return [point for _, _, point in pool]


class _Descent:
    """The error of a code as a function of a vector, with its gradient."""

    def __init__(self, task: LinkTask) -> None:
        self._task = task
        # The real part of a decoder does as well for a real target, but that of a product is no product.
        self._complex = not task.is_real or len(task.sizes) > 1
        self._states = task.states.real if task.is_real else task.states
        count = task.common * task.messages
        self._logits = (len(task.probabilities), task.common, task.messages)
        self._shapes = [(count, d, d) for d in task.sizes]
        parts = 2 if self._complex else 1
        self.size = (int(np.prod(self._logits)) if task.messages > 1 else 0) + parts * sum(
            int(np.prod(shape)) for shape in self._shapes
        )

    def run(self, point: FloatArray, stages: tuple[float, ...], iterations: int) -> FloatArray:
        from scipy.optimize import minimize  # slow to import

        for eps in stages:
            point = minimize(
                self.value,
                point,
                args=(eps,),
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": iterations, "maxcor": 20, "ftol": 1e-11, "gtol": 1e-9},
            ).x
        return np.asarray(point)

    def kicked(self, point: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return a point nearby: of some chances, and of all decoders."""
        encoder, factors = self._read(point)
        moved = []
        if self._logits[2] > 1:
            logits = np.clip(np.log(np.maximum(encoder, np.exp(-2 * HARD))), -2 * HARD, None) + HARD
            some = rng.random(size=logits.shape) < rng.choice(SHARES)
            moved.append((logits + some * rng.choice(LOGITS) * rng.normal(size=logits.shape)).ravel())
        kick = rng.choice(KICKS)
        for own in factors:
            unit = own / np.linalg.norm(own, axis=(1, 2), keepdims=True)
            size = kick / np.sqrt(own[0].size)
            moved.append((unit.real + size * rng.normal(size=own.shape)).ravel())
            if self._complex:
                moved.append((unit.imag + size * rng.normal(size=own.shape)).ravel())
        return np.concatenate(moved)

    def error(self, point: FloatArray) -> float:
        """Return the error of a point, not smoothed."""
        return self.code(point).error(self._task)

    def code(self, point: FloatArray) -> LinkCode:
        encoder, factors = self._read(point)
        return LinkCode(encoder, tuple(own.astype(complex) for own in factors))

    def _read(self, point: FloatArray) -> tuple[FloatArray, list[ComplexArray]]:
        encoder: FloatArray = np.ones(self._logits)
        at = 0
        if self._logits[2] > 1:
            at = int(np.prod(self._logits))
            encoder = softmax(point[:at].reshape(self._logits), axis=2)
        factors: list[ComplexArray] = []
        for shape in self._shapes:
            size = int(np.prod(shape))
            own: Any = point[at : at + size].reshape(shape)
            at += size
            if self._complex:
                own = own + 1j * point[at : at + size].reshape(shape)
                at += size
            factors.append(own)
        return encoder, factors

    def value(self, point: FloatArray, eps: float) -> tuple[float, FloatArray]:
        """Return the smoothed error, and its gradient."""
        task = self._task
        encoder, factors = self._read(point)
        code = LinkCode(encoder, tuple(factors))
        states = code.states()
        flat = encoder.reshape(len(encoder), -1) / task.common
        values, vectors = np.linalg.eigh(np.tensordot(flat, states, 1) - self._states)
        smooth = np.sqrt(values**2 + eps**2)
        slopes = (vectors * (values / smooth)[:, None]) @ vectors.conj().swapaxes(1, 2)
        slopes = slopes * task.probabilities[:, None, None]
        gradient = []
        if task.messages > 1:
            pull = np.einsum("xij,mji->xm", slopes, states).real.reshape(encoder.shape) / task.common
            mean = (encoder * pull).sum(axis=2, keepdims=True)
            gradient.append((encoder * (pull - mean)).ravel())
        on_states = np.tensordot(flat.T, slopes, 1)
        gradient += self._on_factors(on_states, factors)
        return float(task.probabilities @ smooth.sum(axis=1)), np.concatenate(gradient)

    def _on_factors(self, on_states: ComplexArray, factors: list[ComplexArray]) -> list[FloatArray]:
        """Return the gradient of the factors of each receiver from that of the products."""
        sizes = self._task.sizes
        traces = [np.einsum("mij,mij->m", own, own.conj()).real for own in factors]
        states = [
            own @ own.conj().swapaxes(1, 2) / t[:, None, None] for own, t in zip(factors, traces, strict=True)
        ]
        found = []
        for k, (own, norm) in enumerate(zip(factors, traces, strict=True)):
            pull = on_states.reshape(len(own), *sizes, *sizes)
            for other in reversed(
                range(len(sizes))
            ):  # from the last on, so that earlier axes keep their places
                if other != k:
                    half = (pull.ndim - 1) // 2
                    pull = _contracted(pull, states[other], 1 + other, 1 + half + other)
            mean = np.einsum("mij,mji->m", pull, states[k]).real
            moved = 2 * (pull @ own - mean[:, None, None] * own) / norm[:, None, None]
            found.append(moved.real.ravel())
            if self._complex:
                found.append(moved.imag.ravel())
        return found


def _contracted(pull: ComplexArray, states: ComplexArray, row: int, column: int) -> ComplexArray:
    """Return Tr_j [pull (sigma_j (x) 1)] for each message: axes `row` and `column` are those of j."""
    moved = np.moveaxis(pull, (row, column), (-2, -1))
    return np.asarray(np.einsum("m...ij,mji->m...", moved, states))

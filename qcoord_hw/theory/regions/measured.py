"""What a measurement proves about a link of qubits: Q + E >= I(M(A);B), where Theorem 6 gives but I(A;B)/2.

A code makes rho_AB by a link of Q qubits and E ebits per copy. Right after the link Bob holds nothing of
Alice's but a system of dimension 2^{n(Q+E)}. Whatever she measures on A^n, Holevo's bound limits what that
system tells of her outcomes: I(M(A^n);B^n) <= n(Q+E). Whatever Bob measures leaves her, with a purification
of her noise, in an ensemble whose average has the entropy of that system: the same bound. With n copies of
one measurement and the continuity of entropy, Q + E >= I(M(A);B) and Q + E >= I(A;M(B)) for every measurement
M. For a classical system M reads its letters, and nothing is lost; every M gives a valid bound, so a local
maximum is but weaker.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.information import complex_data, von_neumann_entropy
from qcoord_hw.theory.regions.constraint import Term

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]

MOST_NUMBERS = 1_000
"""Complex numbers of a measurement that is looked for; the two bases are always tried."""

STARTS, STEPS = 3, 150
SMALL = 1e-13
"""Eigenvalues of what an outcome leaves, and probabilities, are at least this in a logarithm."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """A measurement of one side of a cut, of outcomes of rank one.

    Attributes:
        side: 0 if the first part is measured, 1 if the second.
        vectors: shape (outcomes, dimension of that side), such that the sum of |v><v| is the identity.
        marginal: entropy of the other side, bits.
        conditional: the same given the outcome: mean over the outcomes.
    """

    side: int
    vectors: ComplexArray
    marginal: float
    conditional: float

    @property
    def information(self) -> float:
        """What the outcome and the other side have in common, bits."""
        return self.marginal - self.conditional

    def to_json(self) -> dict[str, Any]:
        """Return `side` (0 or 1) and `vectors`."""
        return {"side": self.side, "vectors": complex_data(self.vectors)}


def best_measurement(
    density: ComplexArray,
    sizes: tuple[int, int],
    *,
    above: float = 0.0,
    seed: int = 0,
    deadline: float = math.inf,
) -> Measurement:
    """Return the best measurement found, of either side of a bipartite state.

    The basis that is written and the eigenbasis are tried first. From near the latter, from a random basis
    and from random outcomes, as many as a best measurement may need (the square of the dimension) or as are
    practical, the information climbs to a local maximum, in turn for each side until the deadline.

    Args:
        density: shape (d, d), d the product of the sizes.
        sizes: dimensions of the two sides.
        above: bits; where no measurement can tell more than this, nothing but the bases is tried.
        seed: of the random starts.
        deadline: in the time of `time.monotonic`.
    """
    rng = np.random.default_rng(seed)
    tensor = density.reshape(sizes * 2)
    sides = [_Side(k, tensor.transpose(order)) for k, order in enumerate(((0, 1, 2, 3), (1, 0, 3, 2)))]
    found = [side.measured(vectors) for side in sides for vectors in side.bases()]
    limit = min(side.marginal for side in sides) - 1e-9
    for k in range(STARTS):
        for side in sides:
            if time.monotonic() > deadline or max(above, *(m.information for m in found)) > limit:
                break
            start = side.start(rng, k)
            if start is not None:
                found.append(side.measured(side.ascent(start, deadline)))
    return max(found, key=lambda m: round(m.information, 10))  # of equal ones the simplest, tried first


class _Side:
    """One side of a cut, as the first axis of the state (axes: own, other, own, other)."""

    def __init__(self, side: int, tensor: ComplexArray) -> None:
        self.side, self.size, self.other = side, tensor.shape[0], tensor.shape[1]
        self.own = np.einsum("abcb->ac", tensor)
        self.marginal = von_neumann_entropy(np.einsum("abac->bc", tensor))
        self.map = tensor.transpose(0, 2, 1, 3).reshape(self.size**2, self.other**2)

    def bases(self) -> list[ComplexArray]:
        return [np.eye(self.size, dtype=complex), np.linalg.eigh(self.own)[1].conj().T]

    def start(self, rng: np.random.Generator, k: int) -> ComplexArray | None:
        """Return outcomes to climb from; None where there is nothing to choose or too much."""
        outcomes = self.size if k < 2 else min(self.size**2, MOST_NUMBERS // self.size)
        if self.size == 1 or outcomes < self.size or outcomes * self.size > MOST_NUMBERS:
            return None
        noise = rng.normal(size=(outcomes, self.size)) + 1j * rng.normal(size=(outcomes, self.size))
        return self.bases()[1] + 0.1 * noise if k == 0 else noise

    def measured(self, vectors: ComplexArray) -> Measurement:
        left, p = self._left(vectors)
        kept = p > SMALL
        entropies = [von_neumann_entropy(s / q) for s, q in zip(left[kept], p[kept], strict=True)]
        return Measurement(self.side, vectors, self.marginal, float(p[kept] @ np.array(entropies)))

    def ascent(self, start: ComplexArray, deadline: float) -> ComplexArray:
        """Return a measurement at which the information is locally largest, or as far as the time allows."""
        from scipy.optimize import minimize  # slow to import

        shape = start.shape

        def cost(flat: FloatArray) -> tuple[float, FloatArray]:
            x = (flat[: flat.size // 2] + 1j * flat[flat.size // 2 :]).reshape(shape)
            value, gradient = self._cost(x)
            return value, np.concatenate([gradient.real.ravel(), gradient.imag.ravel()])

        def late(_: FloatArray) -> None:
            if time.monotonic() > deadline:
                raise StopIteration

        flat = np.concatenate([start.real.ravel(), start.imag.ravel()])
        options = {"maxiter": STEPS, "ftol": 1e-13, "gtol": 1e-8}
        result = minimize(cost, flat, jac=True, method="L-BFGS-B", callback=late, options=options)
        found = (result.x[: flat.size // 2] + 1j * result.x[flat.size // 2 :]).reshape(shape)
        for _ in range(2):  # once more, so that the sum is the identity to rounding
            found = _complete(found)[0]
        return np.asarray(found)

    def _left(self, vectors: ComplexArray) -> tuple[ComplexArray, FloatArray]:
        """Return what each outcome leaves on the other side, not normalised, and its probability."""
        pairs = vectors.conj()[:, :, None] * vectors[:, None, :]
        left = (pairs.reshape(len(vectors), -1) @ self.map).reshape(-1, self.other, self.other)
        return left, np.einsum("ybb->y", left).real

    def _cost(self, x: ComplexArray) -> tuple[float, ComplexArray]:
        """Return the mean entropy that is left, in bits, and its gradient by x, whose polar factor measures.

        The cost of an outcome is the trace of left (log p - log left), and its derivative by `left` is
        log p - log left: the other terms cancel.
        """
        vectors, root, values, basis = _complete(x)
        left, p = self._left(vectors)
        spectra, eigen = np.linalg.eigh(left)
        logs = np.log2(np.maximum(spectra, SMALL * 1e-3))
        log_p = np.log2(np.maximum(p, SMALL))
        value = float((p * log_p).sum() - (spectra * logs).sum())
        by_left = -(eigen * logs[:, None, :]) @ eigen.conj().swapaxes(1, 2)
        by_left += log_p[:, None, None] * np.eye(left.shape[1])
        seen = by_left.swapaxes(1, 2).reshape(len(vectors), -1) @ self.map.T
        by_vectors = (seen.reshape(-1, self.size, self.size) @ vectors[:, :, None])[:, :, 0]
        # Through v = x (x^+ x)^(-1/2), by the divided differences of the inverse root.
        differences = -1 / (
            np.sqrt(np.outer(values, values)) * np.add.outer(np.sqrt(values), np.sqrt(values))
        )
        mixed = x.conj().T @ by_vectors
        inner = basis.conj().T @ (mixed + mixed.conj().T) @ basis
        through = basis @ (differences * inner) @ basis.conj().T
        return value, 2 * (by_vectors @ root + x @ through)


def _complete(x: ComplexArray) -> tuple[ComplexArray, ComplexArray, FloatArray, ComplexArray]:
    """Return the polar factor of x, (x^+ x)^(-1/2), and the eigenvalues and eigenvectors of x^+ x."""
    values, basis = np.linalg.eigh(x.conj().T @ x)
    values = np.maximum(values, 1e-300)
    root = (basis / np.sqrt(values)) @ basis.conj().T
    return x @ root, root, values, basis


def measured_terms(measurement: Measurement, first: str, second: str) -> tuple[Term, ...]:
    """Return what adds up to the information of a measurement: S(C), less S(C|M(AB)).

    Args:
        measurement: of one of the two sides.
        first: the systems of side 0.
        second: those of side 1.
    """
    own, other = (first, second) if measurement.side == 0 else (second, first)
    return (
        Term(f"S({other})", measurement.marginal),
        Term(f"S({other}|M({own}))", measurement.conditional, -1.0),
    )


def told(measurement: Measurement, first: str, second: str) -> dict[str, Any]:
    """Return what is said of a measurement: `measured`, `outcomes` and `information` in bits."""
    return {
        "measured": first if measurement.side == 0 else second,
        "outcomes": len(measurement.vectors),
        "information": measurement.information,
    }

"""How far output states are from their targets: trace norms and fidelities, exactly.

States are kept as branches, a matrix of shape (2^k, e) with rho = sum of the outer products of its columns,
so that a difference of few branches is a small eigenvalue problem however many qubits there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.theory.pauli_measurements.target import TRACE, Combine, Target

ComplexArray = npt.NDArray[np.complex128]

LARGEST = 1024
"""Dimension of the largest eigenvalue problem."""

TINY = 1e-15
"""Half a trace norm that is not told from 0."""


def branches_of(state: npt.NDArray[Any]) -> ComplexArray:
    """Return the branches of a vector, shape (2^k,), or of a density matrix, shape (2^k, 2^k)."""
    if state.ndim == 1:
        return np.asarray(state[:, None], dtype=complex)
    values, vectors = np.linalg.eigh(state)
    kept = values > values[-1] * np.finfo(float).eps * len(values)
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]), dtype=complex)


def reduced(branches: ComplexArray, outputs: Sequence[int]) -> ComplexArray:
    """Return the branches of some of the qubits, in the order given; shape (2^len(outputs), ..)."""
    size = len(branches).bit_length() - 1
    others = [q for q in range(size) if q not in outputs]
    tensor = branches.reshape((2,) * size + (-1,)).transpose([*outputs, *others, size])
    return np.asarray(tensor.reshape(2 ** len(outputs), -1))


def case_branches(case: Target, states: Mapping[int, ComplexArray] | Sequence[ComplexArray]) -> ComplexArray:
    """Return the branches of the mixture that a case makes of its outputs.

    Args:
        case: the case.
        states: branches of all outputs, of every preparation.
    """
    parts = [math.sqrt(w) * reduced(states[k], case.outputs) for k, w in case.mixture if w > 0]
    together = np.concatenate(parts, axis=1)
    together = together[:, np.abs(together).max(axis=0) > 0]
    if together.shape[1] > len(together):  # more branches than dimensions: as many will do
        together = branches_of(together @ together.conj().T)
    return np.asarray(together)


def trace_norm_between(one: ComplexArray, other: ComplexArray) -> float:
    """Return the sum of the absolute eigenvalues of rho - sigma, both given as branches.

    With [one, other] = Q R and S = diag(1, .., -1, ..) they are those of R S R^dagger: no matrix is larger
    than the number of branches.

    Raises:
        TooLargeError: when both the dimension and the number of branches exceed `LARGEST`.
    """
    together = np.concatenate([one, other], axis=1)
    if min(together.shape) > LARGEST:
        raise TooLargeError(f"trace norm: {min(together.shape)} dimensions; allowed are up to {LARGEST}")
    if together.shape[1] < together.shape[0]:
        together = np.asarray(np.linalg.qr(together, mode="r"))
    signs = np.repeat([1.0, -1.0], [one.shape[1], other.shape[1]])
    return float(np.abs(np.linalg.eigvalsh((together * signs) @ together.conj().T)).sum())


def fidelity_to(vector: ComplexArray, branches: ComplexArray) -> float:
    """Return <t|rho|t>."""
    return min(1.0, float((np.abs(vector.conj() @ branches) ** 2).sum()))


def case_figures(
    cases: Sequence[Target], states: Sequence[npt.NDArray[Any]], *, density: bool = False
) -> list[dict[str, float]]:
    """Return `trace_norm_exact`, and `fidelity_exact` where the target is pure, of every case.

    Args:
        cases: with their targets.
        states: state of all outputs of each preparation: branches, shape (2^k, e).
        density: whether `states` are density matrices, shape (2^k, 2^k), or vectors instead.

    Raises:
        InputError: when a state's trace is not 1, or a case has no target.
        TooLargeError: when a case is too large, see `trace_norm_between`.
    """
    made = as_branches(states, density=density)
    return [figures_of(case, case_branches(case, made)) for case in cases]


def figures_of(case: Target, branches: ComplexArray) -> dict[str, float]:
    """Return the figures of one case from the state of its own outputs; see `case_figures`.

    Args:
        case: with its target.
        branches: shape (2^k, e); of a density matrix `branches_of` makes them.

    Raises:
        InputError: when the case has no target.
        TooLargeError: see `trace_norm_between`.
    """
    if case.state is None:
        raise InputError(f"case {case.label!r}: no target; it was too large to be kept in the record")
    figures = {"trace_norm_exact": trace_norm_between(branches, branches_of(case.state))}
    if case.pure:
        figures["fidelity_exact"] = fidelity_to(case.state, branches)
    return figures


def figures_of_product(
    target: ComplexArray, factors: Sequence[tuple[Sequence[int], ComplexArray]]
) -> dict[str, float]:
    """Return the figures of a pure target from the factors of a product state, which is never put together.

    With <v|t> the components of the target in the product's eigenbasis and p its eigenvalues, the fidelity
    is sum p |<v|t>|^2. Taking |t><t| away leaves at most one eigenvalue below 0; it is -x with
    sum |<v|t>|^2 / (p + x) = 1 (Golub, SIAM Rev. 15, 318 (1973)), and the trace norm is Tr rho - 1 + 2 x.

    Args:
        target: shape (2^k,).
        factors: positions of a factor's qubits among the target's k, and its branches, shape (2^j, e).
    """
    size = len(target).bit_length() - 1
    components, spectrum = target.reshape((2,) * size), np.ones((1,) * size)
    for places, branches in factors:
        vectors, scales, _ = np.linalg.svd(branches)
        own, k = np.zeros(len(vectors)), len(places)
        own[: len(scales)] = scales**2
        turned = np.tensordot(vectors.conj().T.reshape((2,) * (2 * k)), components, (range(k, 2 * k), places))
        components = np.moveaxis(turned, range(k), places)
        ascending = own.reshape((2,) * k).transpose(np.argsort(places))
        spectrum = spectrum * ascending.reshape([2 if q in places else 1 for q in range(size)])
    weights, p = (np.abs(components) ** 2).ravel(), spectrum.ravel()

    def excess(x: float) -> float:
        return float((weights / (p + x)).sum()) - 1

    from scipy.optimize import brentq  # slow to import

    below = 0.0 if excess(TINY) <= 0 else float(brentq(excess, TINY, 1.0, xtol=1e-15))
    return {
        "trace_norm_exact": float(p.sum()) - 1 + 2 * below,
        "fidelity_exact": min(1.0, float((weights * p).sum())),
    }


def as_branches(states: Sequence[npt.NDArray[Any]], *, density: bool = False) -> list[ComplexArray]:
    """Return checked branches of the states of the preparations; see `case_figures`.

    Raises:
        InputError: when a state's trace is not 1.
    """
    made = [branches_of(s) if density or s.ndim == 1 else np.asarray(s, dtype=complex) for s in states]
    for k, state in enumerate(made):
        if abs(trace := float((np.abs(state) ** 2).sum()) - 1) > TRACE:
            raise InputError(f"states[{k}]: trace {trace + 1:.9g}; allowed is 1 within {TRACE:g}")
    return made


def combined(
    figures: Sequence[Mapping[str, float]], cases: Sequence[Target], combine: Combine
) -> dict[str, float]:
    """Return the figures of an experiment from those of its cases; see `CoordinationScoring.combine`."""
    together: dict[str, float] = {}
    for name in figures[0]:
        if not all(name in own for own in figures):
            continue
        values = [own[name] for own in figures]
        if combine == "mean":
            together[name] = math.fsum(c.probability * v for c, v in zip(cases, values, strict=True))
            continue
        together[name] = min(values) if name.startswith("fidelity") else max(values)
        if name == "fidelity_exact" and len(values) > 1:
            together["fidelity_exact_all"] = math.prod(values)
    return together


def exact_figures(
    cases: Sequence[Target],
    states: Sequence[npt.NDArray[Any]],
    *,
    density: bool = False,
    combine: Combine = "mean",
) -> dict[str, float]:
    """Return the figures of an experiment: the whole trace norm (0 to 2), and the fidelity to pure targets.

    `trace_norm_exact` is the sum over cases of p ||rho - target||_1, `fidelity_exact` that of p <t|rho|t>.
    For independent cases they are those of the worst case, and `fidelity_exact_all` is the product.

    Args:
        cases: see `case_figures`.
        states: see `case_figures`.
        density: see `case_figures`.
        combine: see `CoordinationScoring`.
    """
    return combined(case_figures(cases, states, density=density), cases, combine)

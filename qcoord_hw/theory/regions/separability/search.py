"""The search for a proof of entanglement: partial transposes, then extensions to more and more copies."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.separability.extension import Extension, Matrix
from qcoord_hw.theory.regions.separability.ppt import transpose_witness
from qcoord_hw.theory.regions.separability.relaxation import Dual, Relaxation
from qcoord_hw.theory.regions.separability.results import MIN_MARGIN, Undecided, Witness, noise_margin, pairs

LARGEST = 32
"""Largest dimension of a state that is extended; larger ones are only transposed."""

LARGEST_EXTENDED = 256
"""Largest dimension of all copies together: the certificate has matrices of this size."""

EXTRA_COPIES = 2
"""Copies beyond one of each system, at most."""

ON_BORDER = 1e-4
TIGHTER = 0.99
"""Two further copies are tried where one moved the border to less than this part of the margin (for random
separable states it was never seen to), or where the margin is below ON_BORDER, where this cannot be told."""


def entanglement_witness(
    rho: npt.ArrayLike, dims: Sequence[int], names: Sequence[str], *, time_limit: float = 60.0
) -> Witness | Undecided:
    """Prove that a state is not fully separable, or say how far it is from failing the tests.

    States within some 1e-6 (weight of white noise) of the border of an extension may be left undecided.

    Args:
        rho: the density matrix, shape (D, D), D the product of `dims`, first system most significant.
        dims: dimension of each system.
        names: names of the systems, all different.
        time_limit: seconds, about; partial transposes are always tried.

    Raises:
        InputError: when the shapes differ, names repeat, or rho is not a state within 1e-9.
    """
    state, sizes = _checked(rho, dims, names)
    deadline = time.monotonic() + time_limit
    found = transpose_witness(state, sizes, names)
    if isinstance(found, Witness) or found.ppt_decides:
        return found
    if len(state) > LARGEST:
        return replace(found, why=f"{found.why}; extensions were not tried above dimension {LARGEST}")
    passed, border = found.why, found.margin
    for copies in _ladder(sizes, names):
        if sum(copies) > len(sizes) + 1 and ON_BORDER < found.margin > TIGHTER * border:
            return replace(found, why=f"{passed}; no further copy moved the border")
        level = dict(zip(names, copies, strict=True))
        shown = " ".join(f"{name}:{k}" for name, k in level.items())
        if time.monotonic() >= deadline:
            return replace(found, why=f"{passed}; out of time before the extension {shown}")
        extension = Extension(sizes, copies, real=not state.imag.any())
        result = _extended(state, extension, level, found.margin, deadline)
        if isinstance(result, Witness):
            return result
        passed += f", extension {shown} not refuted"
        if result.margin < found.margin:
            found = result
    return replace(found, why=passed)


def _checked(rho: npt.ArrayLike, dims: Sequence[int], names: Sequence[str]) -> tuple[Matrix, tuple[int, ...]]:
    """Return the state, exactly Hermitian and of trace 1, and the dimensions."""
    state = np.asarray(rho, dtype=complex)
    sizes = tuple(int(d) for d in dims)
    if not sizes or min(sizes) < 1 or state.shape != (math.prod(sizes),) * 2:
        allowed = f"a square matrix of the product of dims {list(sizes)}"
        raise InputError(f"rho: shape {state.shape}; allowed is {allowed}")
    if len(set(names)) != len(sizes) or len(names) != len(sizes):
        raise InputError(f"names: {list(names)}; allowed is a different one for each of {len(sizes)} systems")
    if not np.isfinite(state).all():
        raise InputError("rho: entries that are not numbers; allowed is a density matrix")
    error = max(float(np.abs(state - state.conj().T).max()), abs(float(np.trace(state).real) - 1))
    state = (state + state.conj().T) / 2
    error = max(error, -float(np.linalg.eigvalsh(state)[0]))
    if error > MIN_MARGIN:
        raise InputError(f"rho: off a density matrix by {error:.1e}; allowed is {MIN_MARGIN}")
    return state / np.trace(state).real, sizes


def _ladder(dims: tuple[int, ...], names: Sequence[str]) -> list[tuple[int, ...]]:
    """Return numbers of copies: one further copy, then two, and of those the smaller programs first."""
    most = [  # only systems whose copies have names of their own
        1 if d == 1 or any(f"{name}{i + 1}" in names for i in range(EXTRA_COPIES + 1)) else EXTRA_COPIES + 1
        for d, name in zip(dims, names, strict=True)
    ]

    def cost(copies: tuple[int, ...]) -> tuple[int, int]:
        extension = Extension(dims, copies, real=True)
        return sum(copies), sum(extension.transposed_size(t) ** 3 for t in extension.transposes)

    levels = itertools.product(*(range(1, k + 1) for k in most))
    fitting = (
        c
        for c in levels
        if 0 < sum(c) - len(dims) <= EXTRA_COPIES
        and math.prod(d**k for d, k in zip(dims, c, strict=True)) <= LARGEST_EXTENDED
    )
    return sorted(fitting, key=cost)


def _extended(
    state: Matrix, extension: Extension, level: dict[str, int], ceiling: float, deadline: float
) -> Witness | Undecided:
    """Solve one level until a witness is proved or the solver has nothing better."""
    margin, dim = 1.0, len(state)
    for dual in Relaxation(state, extension).duals(ceiling, deadline):
        value = float(np.trace(dual.operator @ state).real)
        size = float(np.abs(np.linalg.eigvalsh(dual.operator)).sum())
        here = noise_margin(value, float(np.trace(dual.operator).real), dim)
        margin = min(margin, here)
        if value < -MIN_MARGIN * size:
            return Witness(-value / size, -here, _certificate(dual, size, -value / size, extension, level))
    return Undecided(margin, level, False, "")


def _certificate(
    dual: Dual, size: float, margin: float, extension: Extension, level: dict[str, int]
) -> dict[str, Any]:
    """Return a proof in plain data, W of trace norm 1."""
    copies = {name: [name] if k == 1 else [f"{name}{i + 1}" for i in range(k)] for name, k in level.items()}
    terms = [
        {
            "transpose": [c for own, m in zip(copies.values(), t, strict=True) for c in own[:m]],
            "Z": pairs(extension.lift(t, matrix) / size),
        }
        for t, matrix in dual.terms.items()
    ]
    return {
        "kind": "extension",
        "copies": dict(level),
        "order": [c for own in copies.values() for c in own],
        "W": pairs(dual.operator / size),
        "terms": terms,
        "margin": margin,
    }

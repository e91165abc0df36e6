"""Density matrices and entropies of a target, and tensors of a certificate: for networks with qubit links."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.reading import complexes, refuse
from qcoord_hw.theory.regions.auxiliary.checker.reduction import State
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats

LARGEST = 256
"""Dimension of a density matrix at most."""

MOST = 200_000
"""Entries of a tensor at most."""


def entropy_of(state: State, systems: Iterable[str]) -> float:
    """Return H of some systems in bits; those that the state lacks count as trivial."""
    wanted = set(systems)
    for name in (*state.classical, *state.quantum):
        if name not in wanted:
            state = state.without(name)
    return state.entropy() + 0.0


def dense(state: State, order: Sequence[str]) -> tuple[Complexes, tuple[int, ...]]:
    """Return the density matrix of systems in this order, classical ones as diagonal, and their dimensions.

    Systems that the state lacks have dimension 1; it has no others.
    """
    tensor, n, m = state.tensor, len(state.classical), len(state.quantum)
    labels = [*state.classical, *state.quantum, *(f"{name}'" for name in state.quantum)]
    for name in state.classical:  # the letter becomes a row and a column that agree
        at = labels.index(name)
        tensor = np.moveaxis(tensor, at, -1)[..., None] * np.eye(tensor.shape[at])
        labels = [*labels[:at], *labels[at + 1 :], name, f"{name}'"]
    present = [name for name in order if name in labels]
    if len(present) != n + m:
        raise refuse("certificate.target.systems", labels[: n + m], ", ".join(order))
    axes = [labels.index(name) for name in present] + [labels.index(f"{name}'") for name in present]
    tensor = tensor.transpose(axes)
    sizes = dict(zip(present, tensor.shape, strict=False))
    whole = math.prod(sizes.values())
    if whole > LARGEST:
        raise refuse("certificate.target.systems", sizes, f"dimensions that multiply to at most {LARGEST}")
    return tensor.reshape(whole, whole), tuple(sizes.get(name, 1) for name in order)


def reduced(density: Complexes, sizes: Sequence[int], keep: Sequence[int]) -> Complexes:
    """Return the reduced state of the systems with these positions, in their order."""
    tensor, left = density.reshape(*sizes, *sizes), list(range(len(sizes)))
    for i in range(len(sizes)):
        if i not in keep:
            at = left.index(i)
            tensor = tensor.trace(axis1=at, axis2=at + len(left))
            left.remove(i)
    size = math.prod(sizes[i] for i in keep)
    return np.asarray(tensor).reshape(size, size)


def spectrum_entropy(values: Floats) -> float:
    """Return the entropy of probabilities in bits; what is not positive counts as 0."""
    kept = values[values > 0]
    return float(-(kept * np.log2(kept)).sum()) + 0.0


def trace_norm(matrix: Complexes) -> float:
    """Return the sum of the absolute eigenvalues of a Hermitian matrix."""
    return float(np.abs(np.linalg.eigvalsh((matrix + matrix.conj().T) / 2)).sum())


def tensor_of(data: Any, where: str, axes: int) -> Complexes:
    """Return a tensor of complex numbers with so many axes, whose sizes the data say."""
    shape: list[int] = []
    inside = data
    for _ in range(axes):
        if not isinstance(inside, list) or not inside or math.prod(shape) * len(inside) > MOST:
            raise refuse(where, data, f"a tensor with {axes} axes and at most {MOST} entries")
        shape.append(len(inside))
        inside = inside[0]
    return complexes(data, where, tuple(shape))


def isometry_gap(matrix: Complexes) -> float:
    """Return by how much the columns are not orthonormal."""
    return float(np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max())


def subsets(names: str) -> list[str]:
    """Return all sets of names that are not empty, as text."""
    return ["".join(s) for k in range(1, len(names) + 1) for s in itertools.combinations(names, k)]

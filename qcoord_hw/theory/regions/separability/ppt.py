"""Partial transposes of a state of several systems."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from qcoord_hw.theory.regions.separability.extension import Matrix
from qcoord_hw.theory.regions.separability.results import MIN_MARGIN, Undecided, Witness, noise_margin, pairs

RANK_TOLERANCE = 1e-12


def transpose_witness(state: Matrix, dims: tuple[int, ...], names: Sequence[str]) -> Witness | Undecided:
    """Return the most negative partial transpose over all cuts, or that all are positive [Peres1996].

    Args:
        state: density matrix, shape (D, D).
        dims: dimension of each system.
        names: name of each system. The side of the cut without the first one is transposed.
    """
    n, dim = len(dims), len(state)
    tensor = state.reshape(dims + dims)
    least, side, vector = math.inf, list[int](), np.zeros(dim, dtype=complex)
    for choice in itertools.product((False, True), repeat=n - 1):
        systems = list(itertools.compress(range(1, n), choice))
        axes = np.arange(2 * n)
        axes[systems], axes[[n + i for i in systems]] = axes[[n + i for i in systems]], axes[systems]
        values, vectors = np.linalg.eigh(tensor.transpose(axes).reshape(dim, dim))
        if values[0] < least:
            least, side, vector = float(values[0]), systems, vectors[:, 0]
    margin = noise_margin(least, 1.0, dim)
    if side and least < -MIN_MARGIN:
        certificate = {
            "kind": "partial transpose",
            "systems": [names[i] for i in side],
            "vector": pairs(vector),
            "margin": -least,
        }
        return Witness(-least, -margin, certificate)
    mixed = [rank for rank in _local_ranks(state, dims) if rank > 1]
    decides = len(mixed) < 2 or (len(mixed) == 2 and math.prod(mixed) <= 6)
    why = "all partial transposes are positive" + (", which decides for these ranks" if decides else "")
    return Undecided(margin, dict.fromkeys(names, 1), decides, why)


def _local_ranks(state: Matrix, dims: tuple[int, ...]) -> list[int]:
    ranks = []
    for i, d in enumerate(dims):
        before, after = math.prod(dims[:i]), math.prod(dims[i + 1 :])
        marginal = np.einsum("abcadc->bd", state.reshape(before, d, after, before, d, after))
        ranks.append(int((np.linalg.eigvalsh(marginal) > RANK_TOLERANCE).sum()))
    return ranks

"""The smallest strategy inside one that was found: measurements in blocks, and the best block of each player.

The operators of a player's measurements generate an algebra. If something else commutes with all of them,
they have common blocks, and the state's share of every choice of blocks wins by itself: the best choice wins
no less than the whole [Jordan1875, Masanes2006]. Two questions with two answers always leave blocks of at
most two dimensions.
"""

from __future__ import annotations

import itertools
from functools import reduce

import numpy as np

from qcoord_hw.theory.games.payoffs import FloatArray, strategy_value
from qcoord_hw.theory.games.strategies import ComplexArray, QuantumStrategy

COMMUTES = 1e-7
"""Largest singular value of commutators that is rounding of a search."""

APART = 1e-6
"""Eigenvalues of a random element of the commutant that belong to different blocks differ by more."""

EQUAL = 1e-9
"""Payoffs, relative to their size, that are worth a smaller strategy."""


def smallest_blocks(
    tensor: FloatArray, strategy: QuantumStrategy, scale: float, seed: int = 0
) -> QuantumStrategy:
    """Return the best of the blocks, of equal ones the smallest; the strategy itself where it has none.

    Args:
        tensor: payoffs, shape (X_1, .., X_k, B_1, .., B_k).
        strategy: what was found.
        scale: size of the payoffs, of which 1e-9 may be lost to rounding.
        seed: of the random elements.
    """
    players = tensor.ndim // 2
    rng = np.random.default_rng(seed)
    asked = [
        np.abs(tensor).sum(axis=tuple(a for a in range(2 * players) if a != p)) > 0 for p in range(players)
    ]
    frames = [
        _blocks(np.concatenate([m for m, on in zip(own, used, strict=True) if on] or [own[0]]), rng)
        for own, used in zip(strategy.measurements, asked, strict=True)
    ]
    if all(len(own) == 1 for own in frames):
        return strategy
    found = [_restricted(tensor, strategy, chosen) for chosen in itertools.product(*frames)]
    values = [strategy_value(tensor, own) for own in found]
    best = max(values)
    if best < strategy_value(tensor, strategy) - EQUAL * scale:  # the blocks were none, by rounding
        return strategy
    good = [own for own, value in zip(found, values, strict=True) if value >= best - EQUAL * scale]
    return min(good, key=lambda own: (max(own.dimensions), sum(own.dimensions)))


def _blocks(operators: ComplexArray, rng: np.random.Generator) -> list[ComplexArray]:
    """Return orthonormal bases, shapes (d, d_1), (d, d_2), .., of common blocks of Hermitian operators."""
    d = operators.shape[-1]
    one = np.eye(d)
    # rows of vec(A H - H A) = (A x 1 - 1 x A^T) vec(H)
    commutators = np.concatenate([np.kron(a, one) - np.kron(one, a.T) for a in operators])
    _, values, vectors = np.linalg.svd(commutators, full_matrices=False)
    commutant = vectors[values < COMMUTES].conj().reshape(-1, d, d)
    weights = rng.normal(size=(2, len(commutant)))
    mixed = np.tensordot(weights[0] + 1j * weights[1], commutant, axes=1)
    levels, basis = np.linalg.eigh(mixed + mixed.conj().T)
    cuts = np.flatnonzero(np.diff(levels) > APART) + 1
    return np.split(basis, cuts, axis=1)


def _restricted(
    tensor: FloatArray, strategy: QuantumStrategy, chosen: tuple[ComplexArray, ...]
) -> QuantumStrategy:
    """Return the measurements on one block a player, with the best state."""
    measurements = tuple(
        tuple(basis.conj().T @ m @ basis for m in own)
        for own, basis in zip(strategy.measurements, chosen, strict=True)
    )
    players = tensor.ndim // 2
    dimensions = tuple(basis.shape[1] for basis in chosen)
    size = int(np.prod(dimensions))
    bell = np.zeros((size, size), dtype=np.complex128)
    for index in map(tuple, np.argwhere(tensor)):
        own = [m[x][b] for m, x, b in zip(measurements, index[:players], index[players:], strict=True)]
        bell += tensor[index] * reduce(np.kron, own)
    state = np.linalg.eigh(bell)[1][:, -1]
    return QuantumStrategy(dimensions, state, measurements)

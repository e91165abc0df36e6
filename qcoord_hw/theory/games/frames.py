"""Pauli words for given commutation relations, in a frame in which measurements need few gates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcoord_hw.theory.games.binary import System, members
from qcoord_hw.theory.games.graph_form import diagonalised
from qcoord_hw.theory.games.words import anticommute

STARTS = 6
"""Random frames from which a descent begins, beside the one found first."""

MOST_STEPS = 40

MOST_QUBITS = 3
"""Of a player, for which frames are compared."""

Contexts = Sequence[tuple[float, Sequence[int]]]
"""Weights and the words (indices) that are measured together."""


def words_of(form: Sequence[int]) -> tuple[list[int], int]:
    """Return words with these commutation relations, and their number of qubits: half of the rank.

    Symplectic Gram-Schmidt: two that anticommute become X and Z of a new qubit, and of the others what
    commutes with both is left.

    Args:
        form: rows of a symmetric matrix with zero diagonal, as masks.
    """
    count = len(form)
    rows, found = list(form), [0] * count
    pairs: list[tuple[int, int]] = []
    # rows[v] holds what is left of v against what is left of all w
    for v in range(count):
        if not rows[v]:
            continue
        w = next(members(rows[v]))
        q, with_v, with_w = len(pairs), rows[v], rows[w]
        pairs.append((v, w))
        for u in range(count):
            a, b = with_v >> u & 1, with_w >> u & 1
            # u = X^b' Z^a' times what commutes: it anticommutes with v = X where it has Z
            found[u] |= (b << 2 * q) | (a << 2 * q + 1)
            rows[u] ^= (with_w if a else 0) ^ (with_v if b else 0)
    size = len(pairs)
    return [_deinterleaved(word, size) for word in found], size


def _deinterleaved(word: int, size: int) -> int:
    mask = 0
    for q in range(size):
        mask |= (word >> 2 * q & 1) << q | (word >> 2 * q + 1 & 1) << size + q
    return mask


def aligned(
    left: Sequence[int], right: Sequence[int], pairs: Sequence[tuple[int, int]], size: int
) -> list[int]:
    """Return the right words in the frame in which paired words are equal, where pairs fix one.

    Args:
        left: words of one player.
        right: words of the other, on as many qubits.
        pairs: (v, w): left v and right w are perfectly correlated.
        size: qubits of each.
    """
    columns = []  # of the linear map from right words to left ones
    for k in range(2 * size):
        system = System()
        for v, w in pairs:
            system.add(right[w], left[v] >> k & 1)
        if len(system.free(2 * size)):
            return list(right)
        columns.append(system.solution())
    return [sum((word & column).bit_count() % 2 << k for k, column in enumerate(columns)) for word in right]


def with_few_gates(words: Sequence[int], contexts: Contexts, size: int) -> list[int]:
    """Return the words in a frame in which the measurements need few two-qubit gates.

    A descent over transvections w -> w + <w, u> u, which generate all changes of frame, from some starts.
    """
    if not 2 <= size <= MOST_QUBITS:
        return list(words)
    rng = np.random.default_rng(0)
    best, least = list(words), _cost(words, contexts, size)
    for start in range(STARTS + 1):
        now = list(words)
        for u in rng.integers(1, 1 << 2 * size, size=4 * size if start else 0).tolist():
            now = _moved(now, u, size)
        cost = _cost(now, contexts, size)
        for _ in range(MOST_STEPS):
            moves = [_moved(now, u, size) for u in range(1, 1 << 2 * size)]
            costs = [_cost(moved, contexts, size) for moved in moves]
            k = int(np.argmin(costs))
            if costs[k] >= cost:
                break
            now, cost = moves[k], costs[k]
        if cost < least:
            best, least = now, cost
    return best


def _moved(words: Sequence[int], u: int, size: int) -> list[int]:
    return [word ^ u if anticommute(word, u, size) else word for word in words]


def _cost(words: Sequence[int], contexts: Contexts, size: int) -> float:
    return sum(
        weight * len(diagonalised(tuple(sorted({words[v] for v in own})), size).edges)
        for weight, own in contexts
    )

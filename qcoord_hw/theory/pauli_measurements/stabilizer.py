"""The bound F >= P_1 + P_2 - 1 from two local bases, for stabilizer targets that have one.

P_i is the probability that basis i finds all of the target's stabilizers that it reads. Where those of both
bases generate the whole group, the projectors obey 1 - |t><t| <= (1 - Pi_1) + (1 - Pi_2) [TothGuehne2005].
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.pauli_measurements.paulis import PauliSum, all_bases, reads

BLOCK = 6
"""Qubits of the largest entangled block in which bases are looked for."""


def two_bases(strings: PauliSum) -> tuple[str, str] | None:
    """Return two bases whose stabilizers generate the group; None where none do, or for another state.

    A product of states is treated block by block.

    Args:
        strings: non-zero expectation values of the target, the identity among them.
    """
    if len(strings.x) != 2**strings.size or np.abs(np.abs(strings.values) - 1).max() > 1e-6:
        return None
    letters = [["Z"] * strings.size, ["Z"] * strings.size]
    for block in _blocks(strings):
        pair = _pair_of(strings, block) if len(block) <= BLOCK else None
        if pair is None:
            return None
        for basis, own in zip(letters, pair, strict=True):
            for qubit, letter in zip(block, own, strict=True):
                basis[qubit] = letter
    return "".join(letters[0]), "".join(letters[1])


def _blocks(strings: PauliSum) -> list[list[int]]:
    """Return the qubits of each factor of the state: connected ones in the reduced generators of the group.

    The reduced row echelon form of a direct sum is that of its parts.
    """
    size = strings.size
    shifts = np.arange(size - 1, -1, -1)
    rows = np.concatenate([strings.x[:, None] >> shifts & 1, strings.z[:, None] >> shifts & 1], axis=1)
    order = [q + half * size for q in range(size) for half in (0, 1)]  # both halves of a qubit together
    generators = _reduced_rows(rows[:, order].astype(np.uint8))
    groups: list[set[int]] = []
    for row in generators:
        own = {int(column) // 2 for column in np.flatnonzero(row)}
        joined = [g for g in groups if g & own]
        groups = [g for g in groups if not g & own] + [own.union(*joined)]
    return sorted(sorted(group) for group in groups)


def _reduced_rows(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the reduced row echelon form modulo 2, without zero rows."""
    rows, rank = rows.copy(), 0
    for column in range(rows.shape[1]):
        pivots = rank + np.flatnonzero(rows[rank:, column])
        if not len(pivots):
            continue
        rows[[rank, pivots[0]]] = rows[[pivots[0], rank]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != rank]] ^= rows[rank]
        rank += 1
    return rows[:rank]


def _pair_of(strings: PauliSum, block: list[int]) -> tuple[str, str] | None:
    """Return two bases of a block; of all pairs those that read most, with the fewest letters Y."""
    size, whole = len(block), strings.size
    mask = sum(1 << (whole - 1 - q) for q in block)
    own = strings.take(strings.support & ~mask == 0)
    x, z = (
        sum(((m >> (whole - 1 - q)) & 1) << (size - 1 - i) for i, q in enumerate(block))
        for m in (own.x, own.z)
    )
    inside = PauliSum(size, np.asarray(x), np.asarray(z), own.values)
    candidates = sorted(all_bases(size), key=lambda basis: (basis.count("Y"), basis))
    table = reads(candidates, inside).astype(np.int64)
    rank = np.log2(table.sum(axis=1)).round().astype(np.int64)
    if size == 1:  # one stabilizer, which the first basis reads
        return candidates[int(rank.argmax())], candidates[int(rank.argmin())]
    useful = np.flatnonzero(rank)
    found: tuple[int, int, int] | None = None
    for a, b in combinations(useful, 2):
        if rank[a] + rank[b] < size or (found and rank[a] + rank[b] <= found[0]):
            continue
        shared = int(np.log2((table[a] & table[b]).sum()).round())
        if rank[a] + rank[b] - shared == size:
            found = int(rank[a] + rank[b]), int(a), int(b)
    if found is None:
        return None
    return candidates[found[1]], candidates[found[2]]

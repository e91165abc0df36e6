"""Linear algebra on whole stacks of small matrices at once; the leading axis is the stack."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.linear_computation.field import Array, Field


def product(gf: Field, a: Array, b: Array) -> Array:
    """Return a b for a stack of matrices a (.., n, m) and a single b (m, q), fast when they are large.

    An extension field's product is written over its prime field, where floating point is exact and quick.
    """
    p, r = gf.characteristic, gf.degree
    if r == 1:
        return np.asarray((a.astype(np.float64) @ b.astype(np.float64)) % p).astype(np.int64)
    table = gf.digits(np.arange(gf.order)).astype(np.float64)
    left = table[a].reshape(*a.shape[:-1], a.shape[-1] * r)
    right = table[gf.mul[gf.power_basis[:, None], b[:, None, :]]].reshape(b.shape[0] * r, b.shape[1] * r)
    digits = (left @ right).reshape(*a.shape[:-1], b.shape[1], r) % p
    return np.asarray(digits @ gf.power_basis.astype(np.float64)).astype(np.int64)


def eliminate(gf: Field, stack: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return reduced row echelon forms, zero rows last, and which columns hold pivots.

    Args:
        gf: the field.
        stack: shape (B, n, m).

    Returns:
        Shapes (B, n, m) and (B, m).
    """
    a = np.array(stack, dtype=np.int64)
    b, n, m = a.shape
    pivots = np.zeros((b, m), dtype=bool)
    rank = np.zeros(b, dtype=np.int64)
    rows = np.arange(n)
    for column in range(m):
        usable = (a[:, :, column] != 0) & (rows >= rank[:, None])
        which = np.flatnonzero(usable.any(axis=1))
        if which.size == 0:
            continue
        first, now = usable[which].argmax(axis=1), rank[which]
        row = a[which, first]
        a[which, first] = a[which, now]
        row = gf.mul[gf.inv[row[:, column]][:, None], row]
        a[which, now] = 0
        block = a[which]
        factor = gf.neg[block[:, :, column]]
        if gf.degree == 1:
            a[which] = (block + factor[:, :, None] * row[:, None, :]) % gf.order
        else:
            a[which] = gf.add[block, gf.mul[factor[:, :, None], row[:, None, :]]]
        a[which, now] = row
        pivots[which, column] = True
        rank[which] += 1
    return a, pivots


def ranks(gf: Field, stack: Array) -> Array:
    """Return the rank of every matrix of a stack: shape (B,)."""
    if 0 in stack.shape[1:]:
        return np.zeros(len(stack), dtype=np.int64)
    if min(stack.shape[1:]) == 1:
        return np.asarray(stack.any(axis=(1, 2)).astype(np.int64))
    if stack.shape[1:] == (2, 2):
        ad, bc = gf.mul[stack[:, 0, 0], stack[:, 1, 1]], gf.mul[stack[:, 0, 1], stack[:, 1, 0]]
        return np.asarray(stack.any(axis=(1, 2)).astype(np.int64) + (ad != bc))
    if stack.shape[1] > stack.shape[2]:
        stack = stack.transpose(0, 2, 1)
    return np.asarray(eliminate(gf, stack)[1].sum(axis=1))


def null_spaces(gf: Field, stack: Array) -> Iterator[tuple[Array, Array]]:
    """Yield (members, bases) for every nullity that occurs, smallest first.

    Members are indices into the stack (B, n, m); bases have shape (members, nullity, m), rows x with a x = 0.
    """
    reduced, pivots = eliminate(gf, stack)
    rank, m = pivots.sum(axis=1), stack.shape[2]
    order = np.argsort(~pivots, axis=1, kind="stable")  # pivot columns first
    for r in sorted({int(x) for x in rank}, reverse=True):
        members = np.flatnonzero(rank == r)
        lead, free = order[members, :r], order[members, r:]
        bases = np.zeros((len(members), m - r, m), dtype=np.int64)
        index = np.arange(len(members))[:, None, None]
        bases[index[..., 0], np.arange(m - r), free] = 1
        values = gf.neg[reduced[members][index, np.arange(r)[:, None], free[:, None, :]]]
        bases[index, np.arange(m - r)[:, None], lead[:, None, :]] = values.transpose(0, 2, 1)
        yield members, bases

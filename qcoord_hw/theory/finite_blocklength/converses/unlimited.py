"""A lower bound for any amount of common randomness: what M1 messages cannot do, however they are chosen.

For matrices S_x with ||S_x|| <= p_x every code has D >= -sum Tr S_x omega_x + (the least over deterministic
encoders f of sum_m lambda_min(sum of the S_x with f(x) = m)): the first two lines of duality, and for a given
f the best decoder. The program over S is convex; encoders are partitions of the inputs into M1 sets, and
those that are violated are added one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from qcoord_hw.theory.finite_blocklength.converses.programs import Program, from_triangle, to_triangle
from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray

MAX_INPUTS = 9
"""Inputs x^n up to which all encoders are gone through."""

MAX_ROUNDS = 12
NEW = 40
"""Encoders that are added in a round at most."""

CLOSE = 1e-5
"""An encoder that violates the bound by less ends the search."""

Sets = tuple[int, ...]
"""Sets of inputs, each as a bit mask."""


def applies(task: Reduced) -> bool:
    """Whether all encoders can be gone through, and there is a message at all."""
    return 1 <= task.messages < len(task.states) <= MAX_INPUTS


def partitions(count: int, most: int) -> Iterator[Sets]:
    """Yield the partitions of `count` inputs into at most `most` sets."""

    def grow(x: int, sets: Sets) -> Iterator[Sets]:
        if x == count:
            yield sets
            return
        for k in range(len(sets)):
            yield from grow(x + 1, (*sets[:k], sets[k] | 1 << x, *sets[k + 1 :]))
        if len(sets) < most:
            yield from grow(x + 1, (*sets, 1 << x))

    return grow(0, ())


def unlimited_bound(task: Reduced) -> FloatArray:
    """Return the S_x that the search ends with, shape (X, d, d)."""
    count, size = len(task.states), task.states.shape[-1]
    every = list(partitions(count, task.messages))
    place = [list(sets) for sets in every]
    active = {every[0]}
    found = np.zeros_like(task.states)
    for _ in range(MAX_ROUNDS):
        found, bound = _solve(task, sorted(active))
        least = _least(found, size)
        values = np.array([least[sets].sum() for sets in place])
        order = np.argsort(values)[:NEW]
        worse = {every[i] for i in order if values[i] < bound - CLOSE} - active
        if not worse:
            break
        active |= worse
    return found


def _least(matrices: FloatArray, size: int) -> FloatArray:
    """Return lambda_min of the sum over each set of inputs, indexed by its bit mask."""
    sums = np.zeros((2 ** len(matrices), size, size))
    for mask in range(1, len(sums)):
        low = mask & -mask
        sums[mask] = sums[mask ^ low] + matrices[low.bit_length() - 1]
    return np.asarray(np.linalg.eigvalsh(sums)[:, 0])


def _solve(task: Reduced, encoders: list[Sets]) -> tuple[FloatArray, float]:
    """Return the best S_x against some encoders, and the least sum of eigenvalues that it has there."""
    count, size = len(task.states), task.states.shape[-1]
    triangles = to_triangle(task.states)
    k = triangles.shape[1]
    masks = sorted({mask for sets in encoders for mask in sets})
    at = {mask: count * k + i for i, mask in enumerate(masks)}
    width = count * k + len(masks) + 1
    gain = np.zeros(width)
    gain[: count * k] = -triangles.ravel()
    gain[-1] = 1
    program = Program(gain)
    rows = sp.lil_matrix((len(encoders), width))
    for i, sets in enumerate(encoders):
        rows[i, [at[mask] for mask in sets]] = 1
        rows[i, width - 1] = -1
    program.require(rows, np.zeros(len(encoders)))
    one = to_triangle(np.eye(size))
    eye = sp.identity(k)
    for mask in masks:
        own = sp.hstack([eye if mask >> x & 1 else sp.csr_matrix((k, k)) for x in range(count)])
        rest = sp.lil_matrix((k, width - count * k))
        rest[:, at[mask] - count * k] = -one[:, None]
        program.require_positive(size, sp.hstack([own, rest]), np.zeros(k))
    for x in range(count):
        for sign in (1, -1):
            block = sp.lil_matrix((k, width))
            block[:, x * k : (x + 1) * k] = sign * eye
            program.require_positive(size, block, task.probabilities[x] * one)
    found = program.solve()
    return from_triangle(found[: count * k].reshape(count, k), size), float(found[-1])

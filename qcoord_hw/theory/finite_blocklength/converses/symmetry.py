"""Permutations of the inputs that a rotation of the outputs undoes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray

EQUAL = 1e-9

Permutation = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Symmetry:
    """omega_(image of x) = rotation omega_x rotation^T for every x, and their probabilities are equal."""

    images: Permutation
    rotation: FloatArray


def symmetries(task: Reduced) -> tuple[Symmetry, ...]:
    """Return the symmetries of a task of few inputs, the identity first; all permutations are tried."""
    found = []
    p = task.probabilities
    for images in itertools.permutations(range(len(p))):
        if np.abs(p - p[list(images)]).max() < EQUAL:
            rotation = _rotation(task.states, task.states[list(images)])
            if rotation is not None:
                found.append(Symmetry(images, rotation))
    return tuple(found)


def _rotation(before: FloatArray, after: FloatArray) -> FloatArray | None:
    """Return an orthogonal G with after_x = G before_x G^T for all x; None if there is none.

    All G with after_x G = G before_x form a linear space; the orthogonal factor of a generic one is one as
    well.
    """
    size = before.shape[-1]
    one = np.eye(size)
    equations = np.concatenate(
        [np.kron(a, one) - np.kron(one, b) for a, b in zip(after, before, strict=True)]
    )
    _, values, rows = np.linalg.svd(equations)
    kernel = rows[values < 1e-8]
    if not len(kernel):
        return None
    generic = np.random.default_rng(0).normal(size=len(kernel)) @ kernel
    left, _, right = np.linalg.svd(generic.reshape(size, size))
    rotation = np.asarray(left @ right)
    misses = np.abs(rotation @ before @ rotation.T - after).max()
    return rotation if misses < EQUAL else None


Pair = tuple[int, int]
Case = tuple[Pair, Pair]
"""For each m0 the input whose chance of message 1 is 0, and the one whose chance is 1."""


def cases(count: int, group: Sequence[Permutation]) -> list[Case]:
    """Return one of each orbit of the pairs of pairs of inputs, order left aside."""
    pairs = list(itertools.combinations(range(count), 2))
    seen: set[Case] = set()
    found = []
    for case in itertools.combinations_with_replacement(pairs, 2):
        if case in seen:
            continue
        found.append(case)
        for images in group:
            moved = sorted(tuple(sorted((images[a], images[b]))) for a, b in case)
            seen.add((moved[0], moved[1]))  # type: ignore[arg-type]
    return found

"""Branch and bound for two values of common randomness and two messages.

For each m0 Bob may be taken to have the encoder's chances q_x of message 1 at 0 for some input and at 1 for
another (else mixtures of his two states do as well): one case for each pair of such pairs, up to the task's
symmetries, with the other chances free in [0, 1]. For S_x with ||S_x|| <= p_x every code with chances q has

    D >= -sum Tr S_x omega_x + 1/2 sum over m0 of (lambda_min(sum q_x S_x) + lambda_min(sum (1 - q_x) S_x)),

which is concave in q: over a box it is least at a vertex. The best S for a box is a small semidefinite
program. Boxes whose bound stays below the goal are split. Private coins of all parties are covered, and
receivers are taken as one.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.programs import Program, from_triangle, to_triangle
from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.symmetry import Case, Symmetry, cases, symmetries
from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray

DECIMALS = 4
"""Of the S_x, as they are written down."""

TRIED = 400
"""Matrices S of other boxes that are tried before a program is solved."""

Box = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Leaf:
    """A box that is done: its case, the free chances' ranges, m0 = 0 first, and which S proves it."""

    case: int
    box: Box
    proof: int


@dataclass(frozen=True, eq=False)
class Tree:
    """A proof that no code is better than the goal.

    Attributes:
        goal: the bound.
        group: the symmetries.
        cases: representatives of all cases.
        proofs: the S_x, shape (proofs, X, d, d), in `DECIMALS` decimals.
        leaves: the boxes.
    """

    goal: float
    group: tuple[Symmetry, ...]
    cases: tuple[Case, ...]
    proofs: FloatArray
    leaves: tuple[Leaf, ...]


def applies(task: Reduced) -> bool:
    """Whether the task has two messages and two values of common randomness."""
    return task.common == 2 and task.messages == 2 and 2 < len(task.states) <= 4


def branch_and_bound(task: Reduced, goal: float, seconds: float) -> Tree | None:
    """Return a proof that every code has an error of at least the goal; None if time runs out.

    Args:
        task: two messages, two values of common randomness.
        goal: below the error of the best code, or no proof is ever found.
        seconds: of work at most.
    """
    end = time.monotonic() + seconds
    group = symmetries(task)
    listed = cases(len(task.states), [one.images for one in group])
    proofs: list[FloatArray] = []
    leaves: list[Leaf] = []
    free = 2 * (len(task.states) - 2)
    for number, case in enumerate(listed):
        todo: list[Box] = [((0.0, 1.0),) * free]
        while todo:
            box = todo.pop()
            if time.monotonic() > end:
                return None
            corners = _corners(case, box, len(task.states))
            known = _known(task, corners, proofs, goal)
            if known is None:
                found = _rounded(task, _best(task, corners))
                if _bounds(task, corners, found[None])[0] < goal:
                    todo += _split(box)
                    continue
                proofs.append(found)
                known = len(proofs) - 1
            leaves.append(Leaf(number, box, known))
    return Tree(goal, group, tuple(listed), np.array(proofs), tuple(leaves))


def _corners(case: Case, box: Box, count: int) -> FloatArray:
    """Return the chances at the vertices of a box, shape (2, vertices, X)."""
    each = len(box) // 2
    found = []
    for m0, (zero, one) in enumerate(case):
        ranges = iter(box[m0 * each : (m0 + 1) * each])
        ends = [(0.0,) if x == zero else (1.0,) if x == one else next(ranges) for x in range(count)]
        found.append(list(itertools.product(*ends)))
    return np.array(found)


def _bounds(task: Reduced, corners: FloatArray, proofs: FloatArray) -> FloatArray:
    """Return what each S proves for a box, shape (proofs,)."""
    sums = np.einsum("avx,sxij->savij", corners, proofs)
    rest = proofs.sum(axis=1)[:, None, None] - sums
    least = np.linalg.eigvalsh(sums)[..., 0] + np.linalg.eigvalsh(rest)[..., 0]
    constant = -np.einsum("sxij,xij->s", proofs, task.states)
    return np.asarray(constant + least.min(axis=2).sum(axis=1) / 2)


def _known(task: Reduced, corners: FloatArray, proofs: list[FloatArray], goal: float) -> int | None:
    """Return a proof found before that proves a box as well, the last ones tried first."""
    first = max(0, len(proofs) - TRIED)
    if first == len(proofs):
        return None
    values = _bounds(task, corners, np.array(proofs[first:]))
    best = int(values.argmax())
    return first + best if values[best] >= goal else None


def _best(task: Reduced, corners: FloatArray) -> FloatArray:
    """Return the best S_x for a box. Variables: triangles, two eigenvalues a vertex, a t for each m0."""
    count, size = len(task.states), task.states.shape[-1]
    triangles = to_triangle(task.states)
    k, vertices = triangles.shape[1], corners.shape[1]
    width = count * k + 4 * vertices + 2
    gain = np.zeros(width)
    gain[: count * k] = -triangles.ravel()
    gain[-2:] = 0.5
    program = Program(gain)
    one, eye = to_triangle(np.eye(size)), np.eye(k)
    sums = np.zeros((2 * vertices, width))
    blocks = []
    for m0, vertex in itertools.product(range(2), range(vertices)):
        row = m0 * vertices + vertex
        sums[row, width - 2 + m0] = -1
        for side, chances in enumerate((corners[m0, vertex], 1 - corners[m0, vertex])):
            at = count * k + 2 * row + side
            sums[row, at] = 1
            block = np.zeros((k, width))
            block[:, : count * k] = np.hstack([chance * eye for chance in chances])
            block[:, at] = -one
            blocks.append(block)
    program.require(sums, np.zeros(2 * vertices))
    for block in blocks:
        program.require_positive(size, block, np.zeros(k))
    for x in range(count):
        for sign in (1, -1):
            block = np.zeros((k, width))
            block[:, x * k : (x + 1) * k] = sign * eye
            program.require_positive(size, block, task.probabilities[x] * one)
    return from_triangle(program.solve()[: count * k].reshape(count, k), size)


def _rounded(task: Reduced, matrices: FloatArray) -> FloatArray:
    """Return S_x in few decimals, none with a norm above its probability."""
    limits = task.probabilities * (1 - 10.0**-DECIMALS * 8)
    norms = np.abs(np.linalg.eigvalsh(matrices)).max(axis=1)
    shrunk = matrices * np.minimum(1, limits / np.maximum(norms, 1e-12))[:, None, None]
    return np.asarray(np.round(shrunk, DECIMALS))


def _split(box: Box) -> Iterator[Box]:
    """Yield the halves of a box across its widest side."""
    widest = max(range(len(box)), key=lambda k: box[k][1] - box[k][0])
    low, high = box[widest]
    for half in ((low, (low + high) / 2), ((low + high) / 2, high)):
        yield (*box[:widest], half, *box[widest + 1 :])

"""A lower bound from dimensions alone: few messages make states of a small affine space.

With M0 values of common randomness and M1 messages the outputs rho_x lie in an affine space of dimension
M0 (M1 - 1). If that is below |X| - 1, some lambda with sum 0 has sum lambda_x rho_x = 0. Scaled so that
|lambda_x| <= p_x with equality for some x, D >= || sum lambda_x omega_x ||_1. Equality at x is a face, one
convex problem each; its dual (W with ||W|| <= 1, and mu) proves

    D >= p_x (Tr W omega_x + mu) - sum over the other y of p_y |Tr W omega_y + mu|   on that face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.programs import Program, from_triangle, to_triangle
from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.task import FloatArray


@dataclass(frozen=True, eq=False)
class Face:
    """The proof of one face: W, real symmetric with ||W|| <= 1, and mu."""

    w: FloatArray
    mu: float


def applies(task: Reduced) -> bool:
    """Whether the outputs must be affinely dependent."""
    return task.common * (task.messages - 1) < len(task.states) - 1


def affine_bound(task: Reduced) -> tuple[Face, ...]:
    """Return the proof of every face, in the order of the inputs; what it proves is the least of them."""
    return tuple(_face(task, x) for x in range(len(task.states)))


def _face(task: Reduced, x: int) -> Face:
    """Solve the dual of one face. Variables: the triangle of W, mu, and t_y >= |Tr W omega_y + mu|."""
    size, count = task.states.shape[-1], len(task.states)
    triangles = to_triangle(task.states)
    k = triangles.shape[1]
    others = [y for y in range(count) if y != x]
    values = np.hstack([triangles, np.ones((count, 1)), np.zeros((count, count - 1))])
    gain = task.probabilities[x] * values[x]
    gain[k + 1 :] = -task.probabilities[others]
    program = Program(gain)
    slack = np.zeros((count - 1, values.shape[1]))
    slack[:, k + 1 :] = np.eye(count - 1)
    for sign in (1, -1):
        program.require(slack + sign * values[others], np.zeros(count - 1))
        rows = np.zeros((k, values.shape[1]))
        rows[:, :k] = sign * np.eye(k)
        program.require_positive(size, rows, to_triangle(np.eye(size)))
    found = program.solve()
    return Face(from_triangle(found[:k], size), float(found[k]))

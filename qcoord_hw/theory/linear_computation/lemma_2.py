"""Lemmas 2 and 3 of [Hu2025] as printed: B_1 and B_2 make H G^T diagonal, H' and G' make it self-orthogonal.

H = V P and G = V. `scheme.build_scheme` takes a shorter way to H' and G'; these are the paper's own matrices,
with the inverses of B_1 and B_2 where Lemma 3 prints them without (`docs/errata.md`, Hu 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.task import LinearTask


@dataclass(frozen=True, eq=False)
class Lemma2:
    """The matrices of both lemmas, symbols of F_d.

    Attributes:
        B_1: invertible, shape (K, K).
        B_2: the same.
        diagonal: the c entries h_i^T g_i that are not 0, of B_1 H G^T B_2^T (59).
        H: H' of (54), B_1^-1 times (61), shape (K, c).
        G: G' of (54), B_2^-1 times (62), shape (K, c).
        literal: whether the matrices as Lemma 3 prints them, B_1 times (61) and B_2 times (62), happen to be
            self-orthogonal as well.
    """

    B_1: Array
    B_2: Array
    diagonal: tuple[int, ...]
    H: Array
    G: Array
    literal: bool


def lemma_2(task: LinearTask, precoders: Sequence[Array]) -> Lemma2:
    """Return the matrices of Lemmas 2 and 3 for M_o = blkdiag(V P, V).

    Args:
        task: rank(V) = K, rank(V_s) = m_s.
        precoders: P_s, invertible.
    """
    gf, k = task.field, task.rows
    h = np.hstack([gf.matmul(v, p) for v, p in zip(task.matrices, precoders, strict=True)])
    r = gf.matmul(h, task.matrix.T)
    b_1, left = _reduced(gf, r)  # B_1 R in echelon form
    b_2, diagonal = _reduced(gf, left.T)  # B_2 (B_1 R)^T: a diagonal of ones after the columns are cleared
    values = tuple(int(diagonal[i, i]) for i in range(k) if diagonal[i, i])
    c = len(values)
    bar_h, bar_g = np.zeros((k, c), dtype=r.dtype), np.zeros((k, c), dtype=r.dtype)
    for i, value in enumerate(values):
        bar_h[i, i], bar_g[i, i] = gf.neg[value], 1
    added = gf.matmul(gf.inverse(b_1), bar_h), gf.matmul(gf.inverse(b_2), bar_g)
    printed = gf.matmul(gf.matmul(b_1, bar_h), gf.matmul(b_2, bar_g).T)
    return Lemma2(b_1, b_2, values, *added, not gf.total([r, printed]).any())


def _reduced(gf: Field, a: Array) -> tuple[Array, Array]:
    """Return an invertible B, and B A in reduced row echelon form."""
    both, _ = gf.rref(np.hstack([a, np.eye(len(a), dtype=a.dtype)]))
    return both[:, a.shape[1] :], both[:, : a.shape[1]]

"""Alternating forms, one per server: what a stabilizer scheme is made of (see `beyond`)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.task import LinearTask


def copies(v: Array, instances: int) -> Array:
    """Return I_L (x) V: the matrix of L instances, instance 1 first."""
    return np.kron(np.eye(instances, dtype=np.int64), v)


def wedge(gf: Field, c: int, u: Array, v: Array) -> Array:
    """Return the alternating matrix c (u v^T - v u^T) of two vectors."""
    product = gf.mul[gf.mul[c, u][:, None], v]
    return np.asarray(gf.add[product, gf.neg[product.T]])


def server_cost(gf: Field, space: Array, form: Array) -> Fraction:
    """Return n_s = dim(U_s + col A_s) - rank(A_s)/2, in qudits for L instances.

    Args:
        gf: the field.
        space: shape (K L, L m_s): its columns span U_s.
        form: A_s, shape (K L, K L).
    """
    return gf.rank(np.hstack([space, form])) - Fraction(gf.rank(form), 2)


def forms_cost(task: LinearTask, forms: Sequence[Array], instances: int) -> Fraction:
    """Return sum_s n_s / L, in qudits an instance, of the scheme that the forms define."""
    costs = [
        server_cost(task.field, copies(v, instances), form)
        for v, form in zip(task.matrices, forms, strict=True)
    ]
    return sum(costs, Fraction(0)) / instances

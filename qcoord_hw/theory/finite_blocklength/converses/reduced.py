"""A task of bits in the smallest real form: only what the targets occupy, without imaginary parts.

A channel that sends everything outside the common support of the targets into it changes no target and
increases no trace norm: so states may be taken to live there. And [[Re, -Im], [Im, Re]] / 2 has the trace
norm of a Hermitian matrix, and keeps mixtures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.task import ComplexArray, FloatArray, LinkTask

SUPPORT = 1e-10
"""Eigenvalues of the sum of the targets below this are 0."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """A task in real symmetric matrices.

    Attributes:
        probabilities: shape (X,), all positive.
        states: shape (X, d, d), real symmetric, of trace 1.
        basis: the columns that span the common support, shape (D, k).
        common: M0.
        messages: M1.
    """

    probabilities: FloatArray
    states: FloatArray
    basis: ComplexArray
    common: int
    messages: int

    @classmethod
    def of(cls, task: LinkTask) -> Reduced:
        """Return the reduced form."""
        seen = task.probabilities > 0
        states = task.states[seen]
        values, vectors = np.linalg.eigh(states.real.sum(axis=0) if task.is_real else states.sum(axis=0))
        basis = vectors[:, values > SUPPORT]
        inside = np.einsum("di,xde,ej->xij", basis.conj(), states, basis)
        real = inside.real if task.is_real else as_real(inside)
        return cls(task.probabilities[seen], real, basis.astype(complex), task.common, task.messages)


def as_real(matrices: ComplexArray) -> FloatArray:
    """Return Hermitian matrices (.., d, d) as real symmetric ones (.., 2d, 2d) of the same trace norm."""
    real, imaginary = matrices.real, matrices.imag
    return np.block([[real, -imaginary], [imaginary, real]]) / 2

"""A fixed witness of the distance: W = sign(rho - omega) of the ideal output rho and the target omega.

tr W (rho' - omega) is estimated without bias for whatever state rho' the device makes. It is at most the
trace norm of rho' - omega, and equal to it for the ideal output: a lower bound on the distance, never an
upper one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.pauli_measurements.figures import branches_of
from qcoord_hw.theory.pauli_measurements.paulis import ComplexArray, PauliSum, expansion, matrix_of

LARGEST = 6
"""Outputs at most."""

NOTHING = 1e-9
"""Eigenvalues up to here are zero: there the witness is too."""


@dataclass(frozen=True, eq=False)
class Witness:
    """An observable whose mean, less that of the target, tells of the distance.

    Attributes:
        offset: minus its mean for the target; the identity is left out of both.
        strings: its Pauli strings and coefficients; none where the ideal output is the target.
        norm: its largest absolute eigenvalue: divided by it, the mean is a lower bound on the distance.
    """

    offset: float
    strings: PauliSum
    norm: float = 1.0


def trace_norm_witness(branches: ComplexArray, target: ComplexArray, *, short: bool = False) -> Witness:
    """Return the sign of rho - omega.

    Args:
        branches: of the ideal output, shape (2^k, e).
        target: a vector or a density matrix.
        short: leave out the strings that rho - omega lacks, which changes nothing for the ideal output but
            may raise the norm above 1.
    """
    goal = branches_of(target)
    goal = goal @ goal.conj().T
    difference = branches @ branches.conj().T - goal
    values, vectors = np.linalg.eigh(difference)
    signs = np.where(np.abs(values) > NOTHING, np.sign(values), 0.0)
    strings = expansion((vectors * signs) @ vectors.conj().T)
    strings = strings.take(strings.support != 0)
    norm = 1.0
    if short:
        present = expansion(difference)
        size = strings.size
        strings = strings.take(np.isin(strings.x << size | strings.z, present.x << size | present.z))
        norm = float(np.abs(np.linalg.eigvalsh(matrix_of(strings))).max())
    return Witness(-float(np.trace(matrix_of(strings) @ goal).real), strings, norm)

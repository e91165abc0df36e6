"""Fidelity to a pure target from local measurements of Pauli strings.

F = <t|rho|t> = 2^-k sum over strings of <P>_t <P>_rho. Where few bases read all strings that the target has,
this is measured as it stands; else strings are drawn with probability <P>_t^2 / 2^k [FlammiaLiu2011].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.pauli_measurements.paulis import PauliSum, cover

DRAWS = 150
"""Strings drawn where there are too many to measure all."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What is to be measured, of the outputs of one case: offset + sum of values <P>.

    Attributes:
        offset: the constant.
        strings: the strings, with what each counts.
        bases: bases that read all of them.
        draws: strings drawn at random; 0 where all are measured.
        norm: of a witness: divided by it, its value is a lower bound on the distance.
    """

    offset: float
    strings: PauliSum
    bases: list[str]
    draws: int = 0
    norm: float = 1.0


def direct_fidelity(strings: PauliSum, limit: int, given: Sequence[str], rng: np.random.Generator) -> Reading:
    """Return how the fidelity to a vector is measured in at most `limit` bases.

    A drawn string's mean is compared with that of the target: F = 1 + (1 - 2^-k) E[<P>_rho / <P>_t - 1] over
    strings but the identity. The variance of a draw is then at most the squared Hilbert-Schmidt norm of
    rho - |t><t|, so at most 2 (1 - F).

    Args:
        strings: non-zero expectation values of the target.
        limit: bases at most.
        given: bases that are measured anyway.
        rng: for the draw.
    """
    strings = strings.take(strings.support != 0)
    whole = 1 / 2**strings.size
    bases = cover(strings, limit, given)
    if bases is not None:
        return Reading(whole, strings.scaled(whole), bases)
    weights = strings.values**2
    drawn = rng.choice(len(weights), size=DRAWS, p=weights / weights.sum())
    which, times = np.unique(drawn, return_counts=True)
    chosen = strings.take(which)
    share = (1 - whole) * times / DRAWS
    bases = cover(chosen, len(given) + DRAWS, given)
    assert bases is not None  # a basis a string would do
    return Reading(whole, PauliSum(chosen.size, chosen.x, chosen.z, share / chosen.values), bases, DRAWS)

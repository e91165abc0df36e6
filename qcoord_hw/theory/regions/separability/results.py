"""What a search for a proof of entanglement returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.separability.extension import Matrix

MIN_MARGIN = 1e-9
"""Margin of the weakest witness returned: far above the rounding of a certificate."""


@dataclass(frozen=True)
class Witness:
    """A proof that a state is not fully separable.

    Attributes:
        margin: -tr(W rho) > 0 for the witness W of the certificate.
        noise: weight of white noise that must be mixed into the state before this witness says nothing.
        certificate: the proof in plain data, see the package's docstring.
    """

    margin: float
    noise: float
    certificate: dict[str, Any]


@dataclass(frozen=True)
class Undecided:
    """No proof of entanglement was found.

    Attributes:
        margin: rho + s (rho - 1/D) is proved entangled, or is no state, for s just above this (1 where the
            tests were not pushed further): how far from the border of the tests the state is. At the border
            it may be a rounding error below 0.
        level: copies of each system at the test that has this margin; all 1 for the partial transposes.
        ppt_decides: True when the state is separable, because all partial transposes are positive and at
            most two systems, with local ranks 2 and 2 or 2 and 3, are not pure [Horodecki1996].
        why: which tests the state passed, and what was not tried.
    """

    margin: float
    level: dict[str, int]
    ppt_decides: bool
    why: str


def noise_margin(value: float, trace: float, dim: int) -> float:
    """Return the s, at most 1, at which tr(W (rho + s (rho - 1/D))) = 0.

    Args:
        value: tr(W rho).
        trace: tr W.
        dim: D.
    """
    slope = trace / dim - value
    return min(1.0, value / slope) if slope > 0 else 1.0


def pairs(array: Matrix) -> Any:
    """Return an array of complex numbers as nested lists of pairs [re, im]."""
    return np.stack([array.real, array.imag], axis=-1).tolist()

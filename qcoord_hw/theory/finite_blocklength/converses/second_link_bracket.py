"""The bracket of one copy over Bob's link to Charlie, with its certificate: a dual and a code."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.bracket import BestAtN, down, up
from qcoord_hw.theory.finite_blocklength.converses.checker.second_link import (
    second_link_reached,
    second_link_value,
)
from qcoord_hw.theory.finite_blocklength.converses.second_link import (
    USED,
    SecondLink,
    second_link_dual,
)
from qcoord_hw.theory.finite_blocklength.converses.second_link_code import second_link_code
from qcoord_hw.theory.finite_blocklength.converses.task import ComplexArray, entries_of, matrix_entries

KIND = "second-link"
SOURCE = (
    "upper end: duality, Bob's link to Charlie alone, codes with positive partial transposes; "
    "lower end: a code, in full"
)
STARTS = 12


def second_link_bracket(task: SecondLink, starts: int = STARTS) -> BestAtN:
    """Return the largest fidelity of one copy with these levels and ebits on Bob's link to Charlie.

    Args:
        task: what is to be made; levels that the target does not use are left out.
        starts: of the search for a code.
    """
    small = SecondLink(used_levels(task.ket), task.message, task.ebits)
    found = second_link_dual(small)
    dual = {
        "Y": [matrix_entries(own) for own in found.y.values()],
        "S": [matrix_entries(own) for own in found.s.values()],
        "Z": matrix_entries(found.z),
    }
    certificate: dict[str, Any] = {
        "kind": KIND,
        "sizes": list(small.ket.shape),
        "ket": entries_of(small.ket.ravel()),
        "message": small.message,
        "ebits": small.ebits,
        "dual": dual,
        "code": second_link_code(small, starts).written(),
    }
    upper = up(second_link_value(certificate, "certificate"))
    return BestAtN(
        figure="fidelity",
        task="preparation",
        lower=min(upper, down(second_link_reached(certificate, "certificate"))),
        upper=upper,
        certified="both",
        certificate=certificate,
        source=SOURCE,
    )


def used_levels(ket: ComplexArray) -> ComplexArray:
    """Return a vector without the levels of each party that have no amplitude: no code needs them."""
    for axis in range(ket.ndim):
        others = tuple(k for k in range(ket.ndim) if k != axis)
        ket = np.compress(np.abs(ket).max(axis=others) > USED, ket, axis=axis)
    return np.asarray(ket / np.linalg.norm(ket))

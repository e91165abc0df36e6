"""Mixtures of products in closed form, for the named states that need no solver."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.mixture import read_target
from qcoord_hw.families.coordination.parameters import PHASES
from qcoord_hw.schema import refusal
from qcoord_hw.spec import Plain
from qcoord_hw.theory.states import State

FloatArray = npt.NDArray[np.float64]

PHASED = "for the state noisy-ghz of a visibility up to 1/5"


def known_mixture(state: str, phases: int | None = None) -> dict[str, Plain]:
    """Return the options of the mixture of a named state that is known in closed form.

    Args:
        state: its name.
        phases: 8 or 9 (default), how many phase products make a noisy GHZ state; None for other states.

    Raises:
        InputError: for another state, or one beyond the reach of its mixture.
    """
    target = read_target(state)
    name = state.partition(":")[0]
    if name not in KNOWN:
        raise refusal("state", state, f"without a mixture p_u are {', '.join(KNOWN)}")
    if phases is not None and name != "noisy-ghz":
        raise refusal("phases", phases, PHASED)
    return {"state": state, **KNOWN[name](target, phases or PHASES[0])}


def _ghz_mixture(target: State, phases: int) -> dict[str, Plain]:
    """Return |0..0> and |1..1>."""
    ends: Plain = ((0, 0, 1), (0, 0, -1))
    return {"p_u": (0.5, 0.5), **{f"theta_{system}": ends for system in target.systems}}


def _werner(target: State, phases: int) -> dict[str, Plain]:
    """Return four pairs of opposite Bloch vectors on a tetrahedron, of length sqrt(3 v) at visibility v."""
    visibility = 1 - 4 * float(target.density()[0, 0].real)
    if visibility > 1 / 3 + 1e-12:
        raise InputError(f"state: {target.name!r} is entangled; allowed are visibilities up to 1/3")
    r = math.sqrt(max(0.0, min(1.0, 3 * visibility)) / 3)
    corners = [(r, r, r), (r, -r, -r), (-r, r, -r), (-r, -r, r)]
    return {
        "p_u": (0.25,) * 4,
        "theta_A": tuple(corners),
        "theta_B": tuple(tuple(-c for c in corner) for corner in corners),
    }


def _noisy_ghz(target: State, phases: int) -> dict[str, Plain]:
    """Return products of (|0> + e^{ia}|1>) whose phases sum to 0, and computational products.

    The phases run over a group that averages every coherence to zero except |000><111|.
    """
    visibility = 2 * float(target.density()[0, 7].real)
    if not 0 <= visibility <= 1 / 5 + 1e-12:
        raise InputError(f"state: {target.name!r}; allowed for its phase products are visibilities up to 1/5")
    angles = _PHASES[phases]
    p_u = [4 * visibility / len(angles)] * len(angles)
    vectors = [tuple((math.cos(a), math.sin(a), 0.0) for a in row) for row in angles]
    diagonal = (1 - visibility) / 8
    for bits in itertools.product((0, 1), repeat=3):
        share = diagonal if len(set(bits)) == 1 else diagonal - visibility / 2
        if share > 1e-12:
            p_u.append(share)
            vectors.append(tuple((0.0, 0.0, 1.0 - 2 * b) for b in bits))
    by_party = zip(*vectors, strict=True)
    return {"p_u": tuple(p_u), **{f"theta_{s}": own for s, own in zip("ABC", by_party, strict=True)}}


def _turns(order: int, *steps: tuple[int, int, int]) -> list[FloatArray]:
    """Return the phases 2 pi (j . steps) / order for all j."""
    powers = itertools.product(range(order), repeat=len(steps))
    return [2 * np.pi * ((np.array(j) @ np.array(steps)) % order) / order for j in powers]


_PHASES = {9: _turns(3, (1, 0, 2), (0, 1, 2)), 8: _turns(8, (1, 2, 5))}
"""Phases of A, B and C: all multiples of 2 pi / 3 that sum to 0, and the multiples of (1, 2, 5) pi / 4."""

KNOWN: dict[str, Callable[[State, int], dict[str, Plain]]] = {
    "ghz-mixture": _ghz_mixture,
    "werner": _werner,
    "noisy-ghz": _noisy_ghz,
}
"""Named states with a mixture in closed form."""

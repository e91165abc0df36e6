"""Figures of the exact states that a protocol's circuits make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.base import OutputState
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.network.ideal_state import few_columns
from qcoord_hw.theory.pauli_measurements.figures import combined, figures_of, figures_of_product


def exact_figures(
    play: CoordinationScoring, states: Callable[[], Sequence[OutputState | None]]
) -> dict[str, float]:
    """Return trace norm and fidelity of what circuits make on a simulator, by name.

    Nothing is returned where a state is too large, or a circuit measures on its way.

    Args:
        play: the targets; its preparations are the circuits.
        states: computes the state of the outputs of each circuit.
    """
    if any(case.state is None for case in play.cases):
        return {}
    made, figures = states(), []
    for case in play.cases:
        used = [(made[k], weight) for k, weight in case.mixture]
        bits = [play.bits[q] for q in case.outputs]
        own = _together(used, bits)
        if own is not None:
            figures.append(figures_of(case, own))
            continue
        factors = used[0][0].independent(bits) if used[0][0] is not None and len(used) == 1 else []
        if case.state is None or not case.pure or not factors:
            return {}
        figures.append(figures_of_product(case.state, factors))
    return combined(figures, play.cases, play.combine)


def _together(
    used: Sequence[tuple[OutputState | None, float]], bits: Sequence[int]
) -> npt.NDArray[np.complex128] | None:
    """Return the branches of a mixture of states; None where one of them is too large."""
    parts = []
    for state, weight in used:
        own = None if state is None else state.branches(bits)
        if own is None:
            return None
        parts.append(math.sqrt(weight) * own)
    return few_columns(np.concatenate(parts, axis=1))

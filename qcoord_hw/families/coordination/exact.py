"""Figures of the exact states that a protocol's circuits make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from qcoord_hw.families.base import OutputState
from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.network.ideal_state import few_columns
from qcoord_hw.theory.pauli_measurements.figures import combined, figures_of


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
        bits = [play.bits[q] for q in case.outputs]
        parts = []
        for k, weight in case.mixture:
            state = made[k]
            own = None if state is None else state.branches(bits)
            if own is None:
                return {}
            parts.append(math.sqrt(weight) * own)
        figures.append(figures_of(case, few_columns(np.concatenate(parts, axis=1))))
    return combined(figures, play.cases, play.combine)

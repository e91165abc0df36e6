"""The no-communication network: parties that share random bits and nothing else [NatorPereg, Theorem 4]."""

from __future__ import annotations

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.classical_links import Question, classical_links
from qcoord_hw.theory.regions.region import RegionAnswer
from qcoord_hw.theory.states import State


def no_communication(
    state: State, *, frontier: int, at: tuple[float, ...] | None, seed: int, deadline: float
) -> RegionAnswer:
    """Return the least rate R0 of common randomness; each system of the state is a party of its own.

    An entangled target is `infeasible` with C = infinity. Classical systems are parties like others.

    Raises:
        InputError: when points of a frontier are asked for: there is one rate.
    """
    if frontier:
        raise InputError(f"frontier: {frontier}; allowed is 0 in this network, which has one rate, R0")
    source = "[NatorPereg, Theorem 4, eq. (27)]"
    return classical_links(Question("no-communication", source, state, None, 0, at, seed, deadline))

"""The two-node network: a classical source X at Alice, bits to Bob, and shared randomness.

The region is [NatorPereg, Theorem 1].

With a classical B it is the network of Figure 1: C0 is Wyner's common information, the region Cuff's.
"""

from __future__ import annotations

from qcoord_hw.theory.regions.classical_links import Question, classical_links
from qcoord_hw.theory.regions.holders import sender_of
from qcoord_hw.theory.regions.region import RegionAnswer
from qcoord_hw.theory.states import State


def two_node(
    state: State, *, frontier: int, at: tuple[float, ...] | None, seed: int, deadline: float
) -> RegionAnswer:
    """Return the region (R0, R1) of a state of a classical sender and at most one other system.

    Quantities: C0 (Corollary 2), R_inf (Corollary 3) and R0_for_R_inf, the common randomness I(U;B|X) with
    which the mixture behind R_inf attains it.

    Raises:
        InputError: when the state has no classical system or too many others.
    """
    sender = sender_of(state, 1)
    return classical_links(
        Question("two-node", "[NatorPereg, Theorem 1, eq. (21)]", state, sender, frontier, at, seed, deadline)
    )

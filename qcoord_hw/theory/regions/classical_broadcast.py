"""The broadcast network with classical links: one sender, two receivers [NatorPereg, Theorem 5].

Every omega_BC^x must be separable, not only their mixture (Remark 3 says less, see `docs/errata.md`).
"""

from __future__ import annotations

from qcoord_hw.theory.regions.classical_links import Question, classical_links
from qcoord_hw.theory.regions.holders import sender_of
from qcoord_hw.theory.regions.region import RegionAnswer
from qcoord_hw.theory.states import State


def classical_broadcast(
    state: State, *, frontier: int, at: tuple[float, ...] | None, seed: int, deadline: float
) -> RegionAnswer:
    """Return the region (R0, R1) of a state of a classical sender and at most two other systems.

    Raises:
        InputError: when the state has no classical system or too many others.
    """
    sender = sender_of(state, 2)
    source = "[NatorPereg, Theorem 5, eq. (30)]"
    return classical_links(
        Question("classical-broadcast", source, state, sender, frontier, at, seed, deadline)
    )

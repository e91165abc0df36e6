"""State redistribution [NatorPereg, Theorem 11]: Alice holds A and B of |psi_AGBR>, and B goes to Bob.

The paper's letters: A stays with Alice, B is sent, G is Bob's side information, R is the reference. With
ebits shared at rate E,

    Q >= I(B;R|G) / 2,      Q + E >= H(B|G).

Where the second bound is smaller than the first, entanglement is left over: it is reported as a negative net
rate, while the region has E >= 0 as everywhere in the paper.
"""

from __future__ import annotations

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.regions.constraint import Term, at_least
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer
from qcoord_hw.theory.states import State

RATES = ("Q", "E")
SOURCE = "[NatorPereg, Theorem 11, eq. (133)-(134)]"


def redistribution(state: State, *, sent: str = "B", side: str = "G", reference: str = "R") -> RegionAnswer:
    """Return the region (Q, E) of redistributing one system of a pure state; the rest stays with Alice.

    Args:
        state: a pure state, of four systems or fewer.
        sent: the system that moves from Alice to Bob.
        side: the system that Bob has; may be absent (state splitting).
        reference: the system that nobody has; may be absent.

    Returns:
        Criterion `theorem`. Details: `I(B;R|G)` and `H(B|G)` by the given names, in bits, and
        `net_entanglement`, the rate E at the least Q: negative where entanglement is gained.

    Raises:
        InputError: when the state is mixed, the names are not distinct or the system to be sent is missing.
    """
    if sent not in state.systems:
        raise InputError(f"sent: {short_repr(sent)}; allowed are the systems {', '.join(state.systems)}")
    if len({sent, side, reference}) < 3:
        raise InputError(f"systems: {sent}, {side}, {reference}; allowed are three different ones")
    if len(state.letters) > 1 or not state.pure:
        raise InputError(f"state: {state.name!r} is mixed; allowed here are pure states")
    h = state.entropy
    conditional = h((sent, side)) - h((side,))
    # The rest is pure, so H(B R G) is the entropy of what stays with Alice.
    stays = tuple(s for s in state.systems if s not in (sent, side, reference))
    information = h((sent, side)) + h((reference, side)) - h(stays) - h((side,))
    name = state.name
    return RegionAnswer(
        network="redistribution",
        state=name,
        status="feasible",
        why=f"{sent} goes to the holder of {side} while {reference} is the reference",
        criteria={
            "theorem": RateRegion.from_constraints(
                RATES,
                [
                    at_least([Term(f"I({sent};{reference}|{side})", information, 0.5)], SOURCE, Q=1),
                    at_least([Term(f"H({sent}|{side})", conditional)], SOURCE, Q=1, E=1),
                ],
            )
        },
        details={
            f"I({sent};{reference}|{side})": information,
            f"H({sent}|{side})": conditional,
            "net_entanglement": conditional - information / 2,
        },
    )

"""The two-node network with a qubit link, Alice to Bob: Figure 2 of the introduction of [NatorPereg].

The introduction states Q >= H(B), and Q >= I(A;B)/2 with shared entanglement. Which of them is exact depends
on what is scored (`docs/errata.md`):

- `no_entanglement`: omega_AB alone is scored, and nothing is shared. For a pure state Q >= H(B) is exact. For
  a mixed one it is not needed: Alice may also send half of a purification of A, and neither party has to
  send what it can make by itself. No less than I(A;B)/2 ever suffices.
- `entanglement_assisted`: A is the reference of a channel whose output is B, any entanglement is free, and
  the quantum reverse Shannon theorem gives exactly I(A;B)/2. If instead Alice makes A herself, free
  entanglement makes every state without any qubit.
"""

from __future__ import annotations

from qcoord_hw.theory.information import von_neumann_entropy
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.local_part import local_core
from qcoord_hw.theory.regions.region import Constraint, RateRegion, RegionAnswer, at_least
from qcoord_hw.theory.states import State

RATES = ("Q",)
PARTIES = ("A", "B")
PURE = "[NatorPereg, Figure 2]: Schumacher compression; exact for a pure state"
MIXED = (
    "upper: the lesser entropy of A and B without what is made locally, with the purifier at the other "
    "party; lower: I(A;B)/2. [NatorPereg, Figure 2] states H(B)"
)
ASSISTED = (
    "[NatorPereg, Figure 2], quantum reverse Shannon theorem: simulating a channel with reference A and "
    "output B; making the state alone may cost less with free entanglement, a pure one nothing"
)


def two_node_quantum(state: State) -> RegionAnswer:
    """Return the regions (Q) of a state of A and B; a system it lacks has dimension 1.

    Returns:
        Criteria `no_entanglement` (its right side is the upper end of the bracket, which is achievable) and
        `entanglement_assisted`. Details: `entropies` in bits and `core_dimensions` (A, B without what is made
        locally).

    Raises:
        InputError: when the state has another system.
    """
    check_systems(state, PARTIES)
    dimensions = state.sizes(PARTIES)
    density = state.density(PARTIES)
    entropies = {s: state.entropy(s) for s in ("A", "B", "AB")}
    half = max(0.0, state.mutual_information("A", "B") / 2)
    core = local_core(density, dimensions)
    if entropies["AB"] < 1e-9:
        rate = at_least(entropies["B"], PURE, Q=1)
    else:
        tensor = core.density.reshape(core.dimensions * 2)
        ends = (tensor.trace(axis1=1, axis2=3), tensor.trace(axis1=0, axis2=2))
        upper = max(half, min(entropies["A"], entropies["B"], *map(von_neumann_entropy, ends)))
        rate = Constraint((("Q", 1.0),), half, upper, MIXED)
    return RegionAnswer(
        network="two-node-quantum",
        state=state.name,
        status="feasible",
        why="every state of two parties can be made with a qubit link",
        criteria={
            "no_entanglement": RateRegion.from_constraints(RATES, [rate]),
            "entanglement_assisted": RateRegion.from_constraints(RATES, [at_least(half, ASSISTED, Q=1)]),
        },
        details={
            "entropies": entropies,
            "core_dimensions": dict(zip(PARTIES, core.dimensions, strict=True)),
        },
        certificate={"target": state.to_json(), "core": core},
    )

"""The two-node network with a qubit link, Alice to Bob: Figure 2 of the introduction of [NatorPereg].

The introduction states Q >= H(B), and Q >= I(A;B)/2 with shared entanglement. Which of them is exact depends
on what is scored (`docs/errata.md`):

- `no_entanglement`: omega_AB alone is scored, and nothing is shared. For a pure state Q >= H(B) is exact. For
  a mixed one it is not needed: Alice may also send half of a purification of A, neither party has to send
  what it can make by itself, and a separable state is made by the index of Theorem 4 (`codebook`). No less
  than I(A;B)/2 ever suffices, nor less than what a measurement of either side finds (`measured`).
- `entanglement_assisted`: A is the reference of a channel whose output is B, any entanglement is free, and
  the quantum reverse Shannon theorem gives exactly I(A;B)/2. If instead Alice makes A herself, free
  entanglement makes every state without any qubit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from qcoord_hw.theory.information import von_neumann_entropy
from qcoord_hw.theory.regions.codebook import Codebook, cheapest_codebook, proofs
from qcoord_hw.theory.regions.constraint import Constraint, Term, at_least, signed_sum
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.local_part import Core, local_core
from qcoord_hw.theory.regions.measured import Measurement, best_measurement, measured_terms, told
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer
from qcoord_hw.theory.states import State

RATES = ("Q",)
PARTIES = ("A", "B")
CLOSED = 1e-9
"""Bits; bounds that are closer have met."""
PURE = "[NatorPereg, Figure 2]: Schumacher compression; exact for a pure state"
PURIFIED = (
    "upper: the lesser entropy of A and B without what is made locally, with the purifier at the other party"
)
INDEXED = "upper: the index of [NatorPereg, Theorem 4] is sent"
HALF = "lower: I(A;B)/2"
MEASURED = "lower: I(A;B) once either side is measured [Holevo1973]"
STATED = "[NatorPereg, Figure 2] states H(B)"
ASSISTED = (
    "[NatorPereg, Figure 2], quantum reverse Shannon theorem: simulating a channel with reference A and "
    "output B; making the state alone may cost less with free entanglement, a pure one nothing"
)


def two_node_quantum(state: State, *, seed: int = 0, deadline: float | None = None) -> RegionAnswer:
    """Return the regions (Q) of a state of A and B; a system it lacks has dimension 1.

    Args:
        state: the target.
        seed: of the searches.
        deadline: of the searches for a measurement and for a codebook, as in `cascade`.

    Returns:
        Criteria `no_entanglement` (its right side is the upper end of the bracket, which is achievable) and
        `entanglement_assisted`. Details: `entropies` in bits, `core_dimensions` (A, B without what is made
        locally), `measurements` and `codebook` as in `cascade`; so is the certificate.

    Raises:
        InputError: when the state has another system.
    """
    check_systems(state, PARTIES)
    a, b = state.sizes(PARTIES)
    density = state.density(PARTIES)
    entropies = {s: state.entropy(s) for s in ("A", "B", "AB")}
    half = tuple(Term(f"S({s})", entropies[s], c) for s, c in (("A", 0.5), ("B", 0.5), ("AB", -0.5)))
    assisted = at_least(half, ASSISTED, Q=1)
    core = local_core(density, (a, b))
    measurement: Measurement | None = None
    codebook: Codebook | None = None
    if entropies["AB"] < 1e-9:
        rate = at_least([Term("S(B)", entropies["B"])], PURE, Q=1)
    else:
        upper = _purified(entropies, core)
        now = time.monotonic()
        limit = -math.inf if deadline is None else now + (deadline - now) / 2
        found = best_measurement(density, (a, b), above=assisted.bound, seed=seed, deadline=limit)
        lower, why = half, HALF
        if found.information > assisted.bound + CLOSED:
            measurement, lower, why = found, measured_terms(found, *PARTIES), MEASURED
        if deadline is not None and upper.value > signed_sum(lower) + CLOSED:
            codebook = cheapest_codebook(state, below=upper.value, seed=seed, deadline=deadline)
        achieved: tuple[Term, ...] = (upper,)
        how = PURIFIED
        if codebook is not None and codebook.rate < upper.value:
            achieved, how = codebook.terms, INDEXED
        rate = _bracket(lower, achieved, f"{how}; {why}. {STATED}")
    return RegionAnswer(
        network="two-node-quantum",
        state=state.name,
        status="feasible",
        why="every state of two parties can be made with a qubit link",
        criteria={
            "no_entanglement": RateRegion.from_constraints(RATES, [rate]),
            "entanglement_assisted": RateRegion.from_constraints(RATES, [assisted]),
        },
        details={
            "entropies": entropies,
            "core_dimensions": dict(zip(PARTIES, core.dimensions, strict=True)),
            "measurements": {} if measurement is None else {"A:B": told(measurement, *PARTIES)},
            "codebook": None if codebook is None else {"C": codebook.rate},
        },
        certificate={
            "target": state.to_json(),
            "core": core,
            **proofs({} if measurement is None else {"A:B": measurement}, codebook),
        },
    )


def _purified(entropies: Mapping[str, float], core: Core) -> Term:
    """Return the least entropy that is sent when one party keeps the purifier, of the state or its core."""
    tensor = core.density.reshape(core.dimensions * 2)
    ends = (tensor.trace(axis1=1, axis2=3), tensor.trace(axis1=0, axis2=2))
    known = [Term(f"S({s})", entropies[s]) for s in PARTIES]
    known += [
        Term(f"S({s}) of the core", von_neumann_entropy(end)) for s, end in zip(PARTIES, ends, strict=True)
    ]
    return min(known, key=lambda term: round(term.value, 12))


def _bracket(lower: tuple[Term, ...], upper: tuple[Term, ...], source: str) -> Constraint:
    """Return the constraint between two ends, which rounding may not exchange."""
    low, up = max(0.0, signed_sum(lower)), max(0.0, signed_sum(upper))
    return Constraint((("Q", 1.0),), min(low, up), up, source, terms=upper, lower_terms=lower)

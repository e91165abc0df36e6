"""The cascade network: Alice sends qubits to Bob, Bob to Charlie, neighbours share ebits [NatorPereg, IV-A].

Two criteria, which differ for mixed targets (`docs/errata.md`):

- `redistribution`: the reference R of a purification is kept and scored, as in (153). Theorem 6 is exact.
- generation: omega_ABC alone is scored, as in Definition 4. The region is not known in general, so there are
  an inner and an outer bound on it.

Inner: a party may keep R and throw it away at the end; then the target is pure and Theorem 6 (Corollary 7)
holds with R moved to that party. First each system's part that its party can make by itself is taken off.
`generation_inner` is the convex hull (time sharing) of these regions and of one-shot codes that are built and
simulated. Outer: no system of dimension d carries more than 2 log d of mutual information.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from qcoord_hw.theory.information import partial_trace, von_neumann_entropy
from qcoord_hw.theory.regions.cascade_schemes import HOLDERS, Holder, exact_schemes
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.local_part import ComplexArray, local_core
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer, at_least, bracketed, hull
from qcoord_hw.theory.states import State

RATES = ("Q1", "E1", "Q2", "E2")
PARTIES = ("A", "B", "C")

REDISTRIBUTION = "[NatorPereg, Theorem 6, eq. (42)], reference kept and scored"
INNER = (
    "achievable for Definition 4: convex hull of [NatorPereg, Theorem 6] with the purifier held by Alice, "
    "Bob or Charlie, and of simulated one-shot codes"
)
OUTER = "necessary for Definition 4: I(sender; receiver) <= 2 (Q + E), and <= 2 Q without shared ebits"

MAX_PRINTED = 50_000
"""Complex numbers in the maps of a one-shot code, above which it is left out: answers carry their proofs."""

Entropies = Callable[[str], float]


def cascade(state: State) -> RegionAnswer:
    """Return the regions (Q1, E1, Q2, E2) of a state of A, B and C; a system it lacks has dimension 1.

    A classical system is treated as the diagonal state that it is.

    Returns:
        Criteria `redistribution`, `generation_inner` and `generation_outer`. Details: `entropies` (bits, of
        each set of systems), `core_dimensions` (A, B, C without what is made locally), `purifier_regions`
        (by holder), `schemes` (the one-shot codes; none for states too large to simulate or print them). The
        certificate has the target, its core and the maps of the schemes.

    Raises:
        InputError: when the state has another system.
    """
    check_systems(state, PARTIES)
    dimensions = state.sizes(PARTIES)
    density = state.density(PARTIES)
    entropies = _entropies(density, dimensions)
    core = local_core(density, dimensions)
    core_entropies = entropies if core.dimensions == dimensions else _entropies(core.density, core.dimensions)
    holders = {holder: purifier_region(core_entropies, holder) for holder in HOLDERS}
    schemes = [s for s in exact_schemes(density, core) if s.entries <= MAX_PRINTED]
    points = [RateRegion.from_corners(RATES, [scheme.rates], scheme.name) for scheme in schemes]
    inner, outer = bracketed(hull([*holders.values(), *points], INNER), _outer(entropies))
    purity = "pure, so the criteria agree (Corollary 7)" if entropies("ABC") < 1e-9 else "mixed"
    return RegionAnswer(
        network="cascade",
        state=state.name,
        status="feasible",
        why=f"every state can be made in the cascade network; this one is {purity}",
        criteria={
            "redistribution": redistribution_region(entropies),
            "generation_inner": inner,
            "generation_outer": outer,
        },
        details={
            "entropies": {s: entropies(s) for s in ("A", "B", "C", "AB", "AC", "BC", "ABC")},
            "core_dimensions": dict(zip(PARTIES, core.dimensions, strict=True)),
            "purifier_regions": holders,
            "schemes": schemes,
        },
        certificate={
            "target": state.to_json(),
            "core": core,
            "schemes": [scheme.maps_json() for scheme in schemes],
        },
    )


def redistribution_region(entropies: Entropies) -> RateRegion:
    """Return Theorem 6's region; with a purification, H(R) = H(ABC), H(RA) = H(BC) and H(RAC) = H(B)."""
    h, source = entropies, REDISTRIBUTION
    return RateRegion.from_constraints(
        RATES,
        [
            at_least((h("BC") + h("ABC") - h("A")) / 2, source, Q1=1),
            at_least(h("BC"), source, Q1=1, E1=1),
            at_least((h("C") + h("BC") - h("B")) / 2, source, Q2=1),
            at_least(h("C"), source, Q2=1, E2=1),
        ],
    )


def purifier_region(entropies: Entropies, holder: Holder) -> RateRegion:
    """Return Corollary 7's region of the pure state in which one party holds the purifying system too.

    Args:
        entropies: of the target without the purifying system.
        holder: who keeps that system, and throws it away at the end.
    """
    h = entropies
    # (H(C C'), I(C C'; A A')) with the purifying system counted to its holder, by complements.
    first = h("BC") if holder == "Alice" else h("A")
    second = h("AB") if holder == "Charlie" else h("C")
    both = {"Alice": h("B"), "Bob": h("AC"), "Charlie": h("B")}[holder]
    source = f"[NatorPereg, Corollary 7] with the purifier at {holder}"
    return RateRegion.from_constraints(
        RATES,
        [
            at_least(first, source, Q1=1, E1=1),
            at_least((first + second - both) / 2, source, Q2=1),
            at_least(second, source, Q2=1, E2=1),
        ],
    )


def _outer(entropies: Entropies) -> RateRegion:
    h = entropies
    return RateRegion.from_constraints(
        RATES,
        [
            at_least((h("A") + h("BC") - h("ABC")) / 2, OUTER, Q1=1, E1=1),
            at_least((h("A") + h("C") - h("AC")) / 2, OUTER, Q2=1),
            at_least((h("AB") + h("C") - h("ABC")) / 2, OUTER, Q2=1, E2=1),
        ],
    )


def _entropies(density: ComplexArray, dimensions: tuple[int, ...]) -> Entropies:
    """Return the entropy, in bits, of each non-empty set of A, B and C."""
    table: dict[str, float] = {}
    for names in ("A", "B", "C", "AB", "AC", "BC", "ABC"):
        keep = tuple(PARTIES.index(name) for name in names)
        if math.prod(dimensions[i] for i in keep) == 1:
            table[names] = 0.0
        else:
            table[names] = von_neumann_entropy(np.asarray(partial_trace(density, dimensions, keep)))
    return table.__getitem__

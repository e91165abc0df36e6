"""The cascade network: Alice sends qubits to Bob, Bob to Charlie, neighbours share ebits [NatorPereg, IV-A].

Two criteria, which differ for mixed targets (`docs/errata.md`):

- `redistribution`: the reference R of a purification is kept and scored, as in (153). Theorem 6 is exact.
- generation: omega_ABC alone is scored, as in Definition 4. The region is not known in general, so there are
  an inner and an outer bound on it.

Inner: a party may keep R and throw it away at the end; then the target is pure and Theorem 6 (Corollary 7)
holds with R moved to that party. First each system's part that its party can make by itself is taken off.
A separable target can be made by the codebook of Theorem 4 (`codebook`) too. `generation_inner` is the convex
hull (time sharing) of these regions and of one-shot codes that are built and simulated.
Outer: no system of dimension d carries more than 2 log d of mutual information, and no more than log d of
what a measurement finds (`measured`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import numpy as np

from qcoord_hw.theory.information import partial_trace, von_neumann_entropy
from qcoord_hw.theory.regions.cascade_schemes import HOLDERS, Holder, Scheme, exact_schemes
from qcoord_hw.theory.regions.codebook import Codebook, cheapest_codebook, proofs
from qcoord_hw.theory.regions.constraint import Constraint, Term, at_least, combined, signed_sum
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.local_part import ComplexArray, local_core
from qcoord_hw.theory.regions.measured import Measurement, best_measurement, measured_terms, told
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer, bracketed, hull
from qcoord_hw.theory.states import State

RATES = ("Q1", "E1", "Q2", "E2")
PARTIES = ("A", "B", "C")

REDISTRIBUTION = "[NatorPereg, Theorem 6, eq. (42)], reference kept and scored"
INNER = (
    "achievable for Definition 4: convex hull of [NatorPereg, Theorem 6] with the purifier held by Alice, "
    "Bob or Charlie, of simulated one-shot codes, and of the codebook of [NatorPereg, Theorem 4]"
)
OUTER = "necessary for Definition 4: I(sender; receiver) <= 2 (Q + E), and <= 2 Q without shared ebits"
MEASURED = (
    "necessary for Definition 4: I(sender; receiver) <= Q + E once either side is measured [Holevo1973]"
)
CODEBOOK = "[NatorPereg, Theorem 4] with the index sent, or measured on ebits"

CUTS = {"A:BC": ("Q1", "E1"), "AB:C": ("Q2", "E2")}
"""Sender and receiver of each link, and its rates."""

MAX_PRINTED = 50_000
"""Complex numbers in the maps of a one-shot code, above which it is left out: answers carry their proofs."""

CLOSED = 1e-9
"""Bits; bounds that are closer have met."""

Entropies = Callable[[str], float]


def cascade(state: State, *, seed: int = 0, deadline: float | None = None) -> RegionAnswer:
    """Return the regions (Q1, E1, Q2, E2) of a state of A, B and C; a system it lacks has dimension 1.

    A classical system is treated as the diagonal state that it is.

    Args:
        state: the target.
        seed: of the searches.
        deadline: of the searches for a measurement and for a codebook, in the time of `time.monotonic`; None
            for neither: then both systems of a link are measured in two bases, and there is no codebook.

    Returns:
        Criteria `redistribution`, `generation_inner` and `generation_outer`. Details: `entropies` (bits, of
        each set of systems), `core_dimensions` (A, B, C without what is made locally), `purifier_regions`
        (by holder), `schemes` (the one-shot codes; none for states too large to simulate or print them),
        `measurements` (by cut, where one proves more than the mutual information), `codebook` (its rate C;
        None where none is known or useful). The certificate has the target, its core, the maps of the
        schemes, the measurements and the mixture of the codebook.

    Raises:
        InputError: when the state has another system.
    """
    check_systems(state, PARTIES)
    dimensions = state.sizes(PARTIES)
    density = state.density(PARTIES)
    entropies = _entropies(density, dimensions)
    core = local_core(density, dimensions)
    whole = core.dimensions == dimensions
    core_entropies = entropies if whole else _entropies(core.density, core.dimensions)
    holders = {h: purifier_region(core_entropies, h, "" if whole else " of the core") for h in HOLDERS}
    schemes = [s for s in exact_schemes(density, core) if s.entries <= MAX_PRINTED]
    known = [*holders.values(), *(_scheme_region(k, scheme) for k, scheme in enumerate(schemes))]
    measurements = _measurements(density, dimensions, entropies, seed, deadline)
    outer = _outer(entropies, measurements)
    inner = hull(known, INNER)
    codebook = None
    if deadline is not None and any(inner.least(c.rates) > c.bound + CLOSED for c in outer.constraints):
        below = max(inner.least((rate, 1.0) for rate in rates) for rates in CUTS.values())
        codebook = cheapest_codebook(state, below=below, seed=seed, deadline=deadline)
    if codebook is not None:
        inner = hull([*known, codebook_region(codebook)], INNER)
    inner, outer = bracketed(inner, outer)
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
            "measurements": {cut: told(m, *cut.split(":")) for cut, m in measurements.items()},
            "codebook": None if codebook is None else {"C": codebook.rate},
        },
        certificate={
            "target": state.to_json(),
            "core": core,
            "schemes": [scheme.maps_json() for scheme in schemes],
            **proofs(measurements, codebook),
        },
    )


def redistribution_region(entropies: Entropies) -> RateRegion:
    """Return Theorem 6's region; with a purification, H(R) = H(ABC), H(RA) = H(BC) and H(RAC) = H(B)."""
    source = REDISTRIBUTION
    return RateRegion.from_constraints(
        RATES,
        [
            at_least(_sum(entropies, BC=0.5, ABC=0.5, A=-0.5), source, Q1=1),
            at_least(_sum(entropies, BC=1), source, Q1=1, E1=1),
            at_least(_sum(entropies, C=0.5, BC=0.5, B=-0.5), source, Q2=1),
            at_least(_sum(entropies, C=1), source, Q2=1, E2=1),
        ],
    )


def purifier_region(entropies: Entropies, holder: Holder, of: str = "") -> RateRegion:
    """Return Corollary 7's region of the pure state in which one party holds the purifying system too.

    Args:
        entropies: of the target without the purifying system.
        holder: who keeps that system, and throws it away at the end.
        of: what the names of the entropies end with.
    """
    # (H(C C'), I(C C'; A A')) with the purifying system counted to its holder, by complements.
    first = "BC" if holder == "Alice" else "A"
    second = "AB" if holder == "Charlie" else "C"
    both = {"Alice": "B", "Bob": "AC", "Charlie": "B"}[holder]
    source = f"[NatorPereg, Corollary 7] with the purifier at {holder}"
    return RateRegion.from_constraints(
        RATES,
        [
            at_least(_sum(entropies, of, **{first: 1}), source, Q1=1, E1=1),
            at_least(_sum(entropies, of, **{first: 0.5, second: 0.5, both: -0.5}), source, Q2=1),
            at_least(_sum(entropies, of, **{second: 1}), source, Q2=1, E2=1),
        ],
    )


def codebook_region(codebook: Codebook) -> RateRegion:
    """Return what suffices when the parties learn the index of a mixture of products.

    On link 1 it is sent, or both ends measure ebits. On link 2 it has to be Alice's, so that it is sent, with
    or without superdense coding. Nothing goes to Charlie if he makes his system alone, and nothing comes from
    Alice if she does; then Bob and Charlie may measure ebits.
    """
    whole, half = codebook.terms, combined([(0.5, codebook.terms)])
    alice, charlie = ("A" in codebook.conditional), ("C" in codebook.conditional)
    return RateRegion.from_constraints(
        RATES,
        [
            at_least(whole if alice else (), CODEBOOK, Q1=1, E1=1),
            at_least(half if alice and charlie else (), CODEBOOK, Q2=1),
            at_least(whole if charlie else (), CODEBOOK, Q2=1, E2=1),
        ],
    )


def _scheme_region(k: int, scheme: Scheme) -> RateRegion:
    """Return what suffices for a one-shot code, the k-th in `details`."""
    sizes = zip(RATES, ("M1", "T_A", "M2", "T_C"), scheme.rates, strict=True)
    return RateRegion.from_constraints(
        RATES,
        [at_least([Term(f"log2 |{n}| of code {k}", r)], scheme.name, **{rate: 1}) for rate, n, r in sizes],
    )


def _measurements(
    density: ComplexArray,
    dimensions: tuple[int, ...],
    entropies: Entropies,
    seed: int,
    deadline: float | None,
) -> dict[str, Measurement]:
    """Return by cut the measurement that proves more than half the mutual information, where one is found."""
    a, b, c = dimensions
    found = {}
    for k, (cut, sizes) in enumerate(zip(CUTS, ((a, b * c), (a * b, c)), strict=True)):
        half = signed_sum(_half(entropies, cut))
        now = time.monotonic()
        limit = -math.inf if deadline is None else now + (k + 1) / 4 * (deadline - now)
        best = best_measurement(density, sizes, above=half, seed=seed, deadline=limit)
        if best.information > half + CLOSED:
            found[cut] = best
    return found


def _outer(entropies: Entropies, measurements: Mapping[str, Measurement]) -> RateRegion:
    def cut(name: str) -> Constraint:
        rates = dict.fromkeys(CUTS[name], 1.0)
        if name in measurements:
            return at_least(measured_terms(measurements[name], *name.split(":")), MEASURED, **rates)
        return at_least(_half(entropies, name), OUTER, **rates)

    alone = at_least(_half(entropies, "A:C"), OUTER, Q2=1)
    return RateRegion.from_constraints(RATES, [cut("A:BC"), alone, cut("AB:C")])


def _half(entropies: Entropies, cut: str) -> tuple[Term, ...]:
    """Return half the mutual information of the two sides of a cut."""
    one, other = cut.split(":")
    return _sum(entropies, **{one: 0.5, other: 0.5, one + other: -0.5})


def _sum(entropies: Entropies, of: str = "", /, **coefficients: float) -> tuple[Term, ...]:
    """Return a sum of entropies by sets of systems; `of` is what their names end with."""
    return tuple(Term(f"S({s}){of}", entropies(s), c) for s, c in coefficients.items())


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

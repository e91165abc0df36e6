"""The broadcast network with qubit links: Alice to Bob, who knows X, and to Charlie, who knows Y.

Theorem 8 of [NatorPereg] lacks conditions (`docs/errata.md`): most ensembles that satisfy (56) cannot be made
at any rate. For pure states sigma^{xy} whose support of p_XY is connected: possible if and only if
sigma^{xy} = (V_x (x) W_y) sigma up to a phase.

- If: Alice makes sigma, compresses B and C to their entropies (Schumacher), and Bob and Charlie apply V_x and
  W_y, whatever p_XY is.
- Only if: in a protocol without error the states of two cells of one column differ by an act of Bob alone.
  Pure states come with an environment in a product; Uhlmann's unitary is unique on the support and has
  this product form too. So unitaries that fit one column or row fit everywhere.

Then (57) holds: Q1 >= H(B|X) and Q2 >= H(C|Y), since B^n has that entropy of entanglement with all the rest.
"""

from __future__ import annotations

from typing import Any

from qcoord_hw.theory.regions.cells import Cells
from qcoord_hw.theory.regions.constraint import Term, at_least
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.literal_map import literal_map
from qcoord_hw.theory.regions.local_unitaries import FIT, local_unitaries
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer, Status
from qcoord_hw.theory.states import State

RATES = ("Q1", "Q2")
SOURCE = "[NatorPereg, Theorem 8, eq. (57)]"


def quantum_broadcast(state: State) -> RegionAnswer:
    """Return the region (Q1, Q2) of a state of X, Y (classical), A, B and C, or why there is none.

    Any of the systems may be absent. Pure ensembles are decided where p_XY has connected support, and where
    unitaries are found or a necessary condition fails; otherwise they are `undetermined`. Mixed ones are
    `infeasible` if a necessary condition fails, else `not_covered`.

    Returns:
        Criterion `theorem` where the state can be made. Details: `formula` (H(B|X) and H(C|Y), which are
        rates only if the state can be made), `literal_map` (what the paper's own map makes of the state; see
        `literal_map`), and for pure states `local_unitaries` with `V` by x, `W` by y, `reference`, `worst`,
        `distance`.

    Raises:
        InputError: when the state has another system, or X or Y is not classical.
        TooLargeError: when the states of all letters take too much memory.
    """
    check_systems(state, ("X", "Y", "A", "B", "C"), classical=("X", "Y"))
    cells = Cells.of(state)
    formula = {
        "H(B|X)": max(0.0, state.entropy(("B", "X")) - state.entropy("X")),
        "H(C|Y)": max(0.0, state.entropy(("C", "Y")) - state.entropy("Y")),
    }
    details: dict[str, Any] = {"formula": formula, "literal_map": literal_map(cells)}
    reason = cells.impossible()
    if not cells.pure:
        status: Status = "not_covered" if reason is None else "infeasible"
        return _answer(state, status, reason or "mixed states, and Theorem 8 takes pure ones", details)
    unitaries = local_unitaries(cells.kets())
    x, y = unitaries.reference
    details["local_unitaries"] = {
        "V": unitaries.bob,
        "W": unitaries.charlie,
        "reference": unitaries.reference,
        "worst": unitaries.worst,
        "distance": unitaries.distance,
    }
    if reason is not None:
        return _answer(state, "infeasible", reason, details)
    if unitaries.found:
        why = (
            f"local unitaries V_x, W_y take cell x = {x}, y = {y} to every other; the largest distance of "
            f"the vectors is {unitaries.distance:.2g}"
        )
        return _answer(state, "feasible", why, details)
    missed = (
        f"cell x = {unitaries.worst[0]}, y = {unitaries.worst[1]} is {unitaries.distance:.3g} from "
        f"(V_x (x) W_y) of cell x = {x}, y = {y}; allowed is {FIT:g}"
    )
    if unitaries.joined:
        why = (
            f"the support of p_XY falls into {unitaries.parts} parts, each of which can be made by itself; "
            f"no local unitaries between them were found ({missed}), and no necessary condition fails"
        )
        return _answer(state, "undetermined", why, details)
    why = f"no local unitaries V_x, W_y make all cells from one, as a protocol would: {missed}"
    return _answer(state, "infeasible", why, details)


def _answer(state: State, status: Status, why: str, details: dict[str, Any]) -> RegionAnswer:
    criteria = {}
    if status == "feasible":
        bounds = [
            at_least(
                [Term(f"S({x}{b})", state.entropy((x, b))), Term(f"S({x})", state.entropy(x), -1.0)],
                SOURCE,
                **{rate: 1},
            )
            for rate, x, b in (("Q1", "X", "B"), ("Q2", "Y", "C"))
        ]
        criteria["theorem"] = RateRegion.from_constraints(RATES, bounds)
    certificate = {"target": state.to_json()}
    return RegionAnswer(
        "quantum-broadcast", state.name, status, why, criteria, details, certificate=certificate
    )

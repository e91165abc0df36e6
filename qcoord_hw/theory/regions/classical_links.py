"""What networks with classical links have in common: one optimisation over U [NatorPereg, Theorems 1, 4, 5].

Their regions are not polyhedra with known corners: every number here is a bracket, its upper end an explicit
mixture of products and its lower end a dual, both in the certificate, which `auxiliary.checker` proves again.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.certificate import (
    frontier_data,
    frontier_lower,
    program_data,
    reduction_data,
)
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import Party, Problem, Solution
from qcoord_hw.theory.regions.auxiliary.reduction import Reduction, reduce
from qcoord_hw.theory.regions.auxiliary.solve import (
    FrontierPoint,
    Workspace,
    data_processing,
    rates,
    solve,
    solve_rate,
)
from qcoord_hw.theory.regions.constraint import Constraint, Term, combined
from qcoord_hw.theory.regions.region import BOUNDARY, RateRegion, RegionAnswer, where
from qcoord_hw.theory.regions.separability import Witness, entanglement_witness
from qcoord_hw.theory.states import State

TOLERANCE = 1e-6
"""Bits; the certified gap that is aimed at."""

WITNESS_SHARE = 0.3
"""Part of the time that may go into proving that a target is entangled."""

TRIES = 2
"""Searches for any mixture at all, before the programs, which search again."""

SAME = 1e-9
"""Bits; targets whose entropies differ by less are the same, for the names of entropies."""

ACHIEVED = "an explicit mixture over U; lower: an explicit dual"


@dataclass(frozen=True)
class Question:
    """What is asked about a target.

    Attributes:
        network: its name on the command line.
        theorem: where the region stands in the paper.
        state: the target.
        sender: the system that gets its letters from Nature; None without communication.
        frontier: how many points of the frontier are wanted, evenly spaced in R0.
        at: a pair (R0, R1), or (R0,) without communication, whose membership is wanted.
        seed: of the searches.
        deadline: in the time of `time.monotonic`.
    """

    network: str
    theorem: str
    state: State
    sender: str | None
    frontier: int
    at: tuple[float, ...] | None
    seed: int
    deadline: float

    def left(self, share: float = 1.0) -> float:
        """Return a share of the seconds that are left, at least a hundredth of a second."""
        return max(0.01, share * (self.deadline - time.monotonic()))


def classical_links(question: Question) -> RegionAnswer:
    """Return the region of a target: infeasible with a witness, or certified brackets, or undetermined."""
    state = question.state
    reduction = reduce(problem_of(state, question.sender))
    several = len(reduction.problem.quantum) > 1
    passed = ""
    if several:
        found = _entangled(question)
        if isinstance(found, RegionAnswer):
            return found
        passed = found
    workspace = Workspace(Model(reduction.problem), question.seed)
    for _ in range(TRIES):  # each takes a part of the time that is left; one that succeeds is the last
        if not workspace.searched:
            workspace.find_mixture(question.deadline)
    if question.sender is None:
        return _without_communication(question, reduction, workspace, passed)
    return _with_sender(question, reduction, workspace, passed)


def problem_of(state: State, sender: str | None) -> Problem:
    """Return the program of a target: the sender first, other classical systems, then the quantum ones."""
    classical = sorted(state.classical, key=lambda system: system != sender)
    order = [state.classical.index(system) for system in classical]
    n = len(order)
    parties = tuple(Party(s, "classical", state.dimension(s)) for s in classical)
    parties += tuple(Party(s, "quantum", state.dimension(s)) for s in state.quantum)
    return Problem(parties, state.tensor().transpose(*order, n, n + 1), sender is not None)


def _entangled(question: Question) -> RegionAnswer | str:
    """Return the answer that the target is entangled for some letter, or which tests it passed."""
    state, passed = question.state, []
    for k, (letter, block) in enumerate(zip(state.letters, state.blocks, strict=True)):
        limit = question.left(WITNESS_SHARE / (len(state.letters) - k))
        found = entanglement_witness(block, state.sizes(state.quantum), state.quantum, time_limit=limit)
        where = dict(zip(state.classical, map(int, letter), strict=True))
        words = "".join(f" for {system} = {x}" for system, x in where.items())
        if not isinstance(found, Witness):
            passed.append(f"{found.why} (margin {found.margin:.3g}){words}")
            continue
        infinite = {"lower": math.inf, "upper": math.inf}
        names = ("C",) if question.sender is None else ("C0", "R_inf")
        kind = found.certificate["kind"]
        return RegionAnswer(
            question.network,
            state.name,
            "infeasible",
            f"{', '.join(state.quantum)} are entangled{words}, and classical links make no entanglement: "
            f"{kind} witness with expectation {-found.margin:.6g}",
            {},
            quantities={name: dict(infinite) for name in names},
            certificate={
                "target": state.to_json(),
                "letter": where,
                "witness": found.certificate,
            },
        )
    return "; ".join(passed)


def _undetermined(
    question: Question, reduction: Reduction, workspace: Workspace, passed: str, betas: dict[str, float]
) -> RegionAnswer:
    """Return the answer that neither a mixture nor a witness was found."""
    lowers = {name: data_processing(workspace.model, beta) for name, beta in betas.items()}
    programs = [
        {"name": name, "beta": betas[name], "lower": lower, "upper": "inf", "decomposition": None}
        | {"dual": None, "delta": 0.0}
        for name, lower in lowers.items()
    ]
    return RegionAnswer(
        question.network,
        question.state.name,
        "undetermined",
        f"neither a mixture of products nor an entanglement witness was found; {passed}",
        {},
        quantities={name: {"lower": lower, "upper": math.inf} for name, lower in lowers.items()},
        certificate=_certificate(question, reduction, programs),
    )


def _certificate(question: Question, reduction: Reduction, programs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"target": question.state.to_json(), **reduction_data(reduction), "programs": programs}


def _bracket(solution: Solution) -> dict[str, float]:
    return {"lower": solution.lower, "upper": solution.upper}


def _half_space(
    question: Question, reduction: Reduction, found: Solution, **coefficients: float
) -> Constraint:
    rates = tuple((name, value) for name, value in coefficients.items() if value)
    terms = _terms(question, reduction, found)
    return Constraint(rates, found.lower, found.upper, f"{question.theorem}: {ACHIEVED}", terms=terms)


def _terms(question: Question, reduction: Reduction, found: Solution) -> tuple[Term, ...]:
    """Return what adds up to (1 - beta) I(X;U) + beta I(all;U) of the mixture that was found."""
    problem, beta = reduction.problem, found.beta
    if not problem.parties:
        return ()
    model, weights = Model(problem), problem.weights(beta)
    of = "" if abs(model.entropy - Model(reduction.original).entropy) < SAME else " of the reduced target"
    names = [party.name for party in problem.parties]
    given = model.conditional_entropies(found.products)
    own = [(1 - beta, Term(f"S({names[0]}){of}", model.sender_entropy))] if problem.sender else []
    whole = (beta, Term(f"S({''.join(names)}){of}", model.entropy))
    parts = [*own, whole, *((-w, Term(f"S({n}|U)", given[n])) for w, n in zip(weights, names, strict=True))]
    return combined((weight, [term]) for weight, term in parts)


def _without_communication(
    question: Question, reduction: Reduction, workspace: Workspace, passed: str
) -> RegionAnswer:
    problem = reduction.problem
    found = solve(
        problem,
        1.0,
        time_limit=question.left(),
        seed=question.seed,
        tolerance=TOLERANCE,
        workspace=workspace,
    )
    if found is None:
        return _undetermined(question, reduction, workspace, passed, {"C": 1.0})
    bracket = _bracket(found)
    half_space = _half_space(question, reduction, found, R0=1)
    region = RateRegion(("R0",), (half_space,), ((found.upper,),))
    membership = {}
    if question.at is not None:
        placed = _placed(question.at[0], found.lower, found.upper, BOUNDARY)
        membership["theorem"] = {**placed, "slacks": region.slacks(question.at)}
    return RegionAnswer(
        question.network,
        question.state.name,
        "feasible",
        _why(reduction, found),
        {"theorem": region},
        details=_details(reduction),
        quantities={"C": bracket},
        placed=membership,
        certificate=_certificate(question, reduction, [program_data("C", problem, found)]),
    )


def _with_sender(question: Question, reduction: Reduction, workspace: Workspace, passed: str) -> RegionAnswer:
    problem, betas = reduction.problem, {"C0": 1.0, "R_inf": 0.0}
    asked = question.at is not None
    parts = 2 + question.frontier + asked
    solutions: dict[str, Solution] = {}
    for k, (name, beta) in enumerate(betas.items()):
        share = question.left(1 / (parts - k))
        found = solve(
            problem, beta, time_limit=share, seed=question.seed, tolerance=TOLERANCE, workspace=workspace
        )
        if found is None:
            return _undetermined(question, reduction, workspace, passed, betas)
        solutions[name] = found
    sender, total = rates(problem, solutions["R_inf"].products)
    enough = max(0.0, total - sender)
    grid = [float(r0) for r0 in np.linspace(0, enough, question.frontier)]
    wanted = list(dict.fromkeys([*grid, *(question.at or ())[:1]]))
    solved: dict[float, FrontierPoint] = {}
    for k, r0 in enumerate(wanted):
        share = question.left(1 / (len(wanted) - k))
        point = solve_rate(
            problem, r0, time_limit=share, seed=question.seed, tolerance=TOLERANCE, workspace=workspace
        )
        if point is not None:
            solved[r0] = point
    points = list(solved.values())
    programs = [program_data(name, problem, found) for name, found in solutions.items()]
    known = [*solutions.values(), *(point.solution for point in points)]
    programs += [frontier_data(problem, point) for point in points]
    frontier = [
        {"R0": p.randomness, "R1": p.upper, "lower": frontier_lower(known, p.randomness), "upper": p.upper}
        for p in (solved[r0] for r0 in grid if r0 in solved)
    ]
    region = _region(question, reduction, solutions, points, enough)
    membership = {}
    if question.at is not None:
        r0, r1 = question.at
        reached = float(np.interp(r0, *np.array(region.corners).T))  # time sharing between the corners
        # R1 falls by at most 1 where R0 grows by 1, so a step in both moves the tuple by two in R1.
        placed = _placed(r1, frontier_lower(known, r0), reached, 2 * BOUNDARY)
        membership["theorem"] = {**placed, "slacks": region.slacks(question.at)}
    quantities = {name: _bracket(found) for name, found in solutions.items()}
    quantities["R0_for_R_inf"] = {"upper": enough}
    return RegionAnswer(
        question.network,
        question.state.name,
        "feasible",
        _why(reduction, solutions["C0"]),
        {"theorem": region},
        details=_details(reduction),
        quantities=quantities,
        frontier=tuple(frontier),
        placed=membership,
        certificate=_certificate(question, reduction, programs),
    )


def _region(
    question: Question,
    reduction: Reduction,
    solutions: dict[str, Solution],
    points: list[FrontierPoint],
    enough: float,
) -> RateRegion:
    """Return the half-spaces that are proved and, as corners, the points that are reached."""
    constraints = [
        _half_space(question, reduction, solutions["R_inf"], R1=1),
        _half_space(question, reduction, solutions["C0"], R0=1, R1=1),
    ]
    constraints += [
        _half_space(question, reduction, p.solution, R0=p.solution.beta, R1=1)
        for p in points
        if 0 < p.solution.beta < 1
    ]
    reached = [(0.0, solutions["C0"].upper), (enough, solutions["R_inf"].upper)]
    reached += [(point.randomness, point.upper) for point in points]
    hull = RateRegion.from_corners(("R0", "R1"), np.maximum(reached, 0), question.theorem)
    return RateRegion(("R0", "R1"), tuple(constraints), hull.corners)


def _placed(rate: float, lower: float, upper: float, step: float) -> dict[str, Any]:
    """Return where a rate is, the least one being in a bracket, and by how much it suffices or not."""
    found = where(rate - step - upper, rate + step - upper, rate + step - lower)
    margin = rate - (lower if found["inside"] is False else upper)
    return {**found, "margin": margin, "least": {"lower": lower, "upper": upper}}


def _why(reduction: Reduction, found: Solution) -> str:
    words = f"a mixture of {len(found.products)} products makes it"
    if reduction.split_off:
        words += f"; {', '.join(reduction.split_off)} in tensor product with the rest, so it costs nothing"
    return words


def _details(reduction: Reduction) -> dict[str, Any]:
    return {
        "parties": [
            {"name": p.name, "kind": p.kind, "dimension": p.dimension} for p in reduction.problem.parties
        ]
    }

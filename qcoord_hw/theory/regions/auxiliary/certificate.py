"""The certificate as plain data, for an independent checker and for `--json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from qcoord_hw.theory.information import complex_data
from qcoord_hw.theory.regions.auxiliary.problem import Problem, Product, Solution
from qcoord_hw.theory.regions.auxiliary.reduction import Reduction
from qcoord_hw.theory.regions.auxiliary.solve import FrontierPoint


def reduction_data(reduction: Reduction) -> dict[str, Any]:
    """Return the entries "split_off", "parties", "reduced" and "sender" of a certificate."""
    parties = []
    for kept in reduction.parties:
        entry: dict[str, Any] = {"name": kept.name, "kind": kept.kind}
        if kept.letters is not None:
            entry["letters"] = [list(group) for group in kept.letters]
        if kept.basis is not None:
            entry["basis"] = complex_data(kept.basis)
        parties.append(entry)
    return {
        "split_off": list(reduction.split_off),
        "parties": parties,
        "reduced": complex_data(reduction.problem.target),
        "sender": reduction.problem.sender,
    }


def mixture_data(problem: Problem, products: Iterable[Product]) -> list[dict[str, Any]]:
    """Return the entry "decomposition": the products of a mixture."""
    decomposition = []
    for product in products:
        states: dict[str, Any] = {}
        for party, state in zip(problem.parties, product.states, strict=True):
            states[party.name] = (
                complex_data(state) if party.kind == "quantum" else [float(v) for v in np.real(state)]
            )
        decomposition.append({"p": product.probability, "states": states})
    return decomposition


def program_data(name: str, problem: Problem, solution: Solution) -> dict[str, Any]:
    """Return one entry of "programs": a value with its mixture and its dual."""
    return {
        "name": name,
        "beta": float(solution.beta),
        "lower": float(solution.lower),
        "upper": float(solution.upper),
        "decomposition": mixture_data(problem, solution.products),
        "dual": None if solution.dual is None else complex_data(solution.dual),
        "delta": float(solution.delta),
    }


def frontier_data(problem: Problem, point: FrontierPoint) -> dict[str, Any]:
    """Return the entry of "programs" that belongs to a point of the frontier."""
    entry = program_data(f"R0={point.randomness!r}", problem, point.solution)
    return {**entry, "R0": float(point.randomness), "R1_upper": float(point.upper)}


def frontier_lower(programs: Iterable[Solution], randomness: float) -> float:
    """Return the best lower bound of R1 at an R0 from all programs: value(beta) - beta R0, at least 0."""
    return max([0.0, *(s.lower - s.beta * randomness for s in programs)])

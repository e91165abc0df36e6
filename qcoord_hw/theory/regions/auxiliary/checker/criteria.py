"""The region that an answer prints: every half-space has to be a program, every corner a mixture's rates."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import product
from typing import Any

from qcoord_hw.theory.regions.auxiliary.checker.programs import Program, differs
from qcoord_hw.theory.regions.auxiliary.checker.reading import field, items, number, refuse
from qcoord_hw.theory.regions.auxiliary.checker.reduction import TOLERANCE


def criteria_faults(answer: dict[str, Any], network: str, programs: Collection[Program]) -> list[str]:
    """Return where `criteria.theorem` is not what the programs prove; it may be missing.

    With a sender beta R0 + R1 >= value(beta), so that R1 has the coefficient 1 and R0 that of a program;
    without communication R0 >= value(1).

    Args:
        answer: parsed JSON.
        network: its name.
        programs: of the certificate, already read.

    Raises:
        InputError: a field is missing or malformed.
    """
    criteria = answer.get("criteria") or {}
    if not isinstance(criteria, dict):
        raise refuse("answer.criteria", criteria, "an object")
    faults = [
        f"answer.criteria.{name}: no program proves it"
        for name in sorted(map(str, criteria))
        if name != "theorem"
    ]
    if "theorem" not in criteria:
        return faults
    theorem, where = criteria["theorem"], "answer.criteria.theorem"
    sender = network != "no-communication"
    for i, constraint in enumerate(items(field(theorem, "constraints", where), f"{where}.constraints")):
        faults += _constraint_faults(constraint, f"{where}.constraints[{i}]", sender, programs)
    reached = [point for program in programs for point in _points(program, sender)]
    corners: list[list[float]] = []
    for i, corner in enumerate(items(field(theorem, "corners", where), f"{where}.corners")):
        here = f"{where}.corners[{i}]"
        names = ("R0", "R1") if sender else ("R0",)
        if not isinstance(corner, dict) or set(corner) != set(names):
            raise refuse(here, corner, f"an object with {' and '.join(names)}")
        point = [number(corner[name], f"{here}.{name}") for name in names]
        if not any(all(abs(a - b) <= TOLERANCE for a, b in zip(point, p, strict=True)) for p in reached):
            faults.append(f"{here}: no program's mixture has these rates")
        corners.append(point)
    for p in reached:
        if all(rate < math.inf for rate in p) and not _reaches(corners, p):
            rates = ", ".join(f"{rate:.12g}" for rate in p)
            faults.append(f"{where}.corners: none leads to the rates {rates} of a program's mixture")
            break
    return faults


def _reaches(corners: Sequence[Sequence[float]], point: Sequence[float]) -> bool:
    """Return whether corners, or what lies between two of them, need no more than a point of the region."""
    for a, b in product(corners, repeat=2):
        between = 0.0 if len(point) == 1 or a[0] == b[0] else (point[0] - a[0]) / (b[0] - a[0])
        share = min(1.0, max(0.0, between))
        mixed = [(1 - share) * x + share * y for x, y in zip(a, b, strict=True)]
        if all(x <= y + TOLERANCE for x, y in zip(mixed, point, strict=True)):
            return True
    return False


def _constraint_faults(constraint: Any, where: str, sender: bool, programs: Collection[Program]) -> list[str]:
    rates = field(constraint, "rates", where)
    if not isinstance(rates, dict):
        raise refuse(f"{where}.rates", rates, "an object")
    given = {name: number(value, f"{where}.rates.{name}") for name, value in rates.items()}
    lower = number(field(constraint, "lower", where), f"{where}.lower", infinite=True)
    upper = number(field(constraint, "upper", where), f"{where}.upper", infinite=True)
    bound = number(field(constraint, ">=", where), f"{where}.>=", infinite=True)
    faults = differs(f"{where}.>=", bound, upper)
    if sender:
        known = set(given) <= {"R0", "R1"} and abs(given.get("R1", 0.0) - 1) <= TOLERANCE
        beta = given.get("R0", 0.0)
    else:
        known, beta = set(given) == {"R0"} and abs(given["R0"] - 1) <= TOLERANCE, 1.0
    own = [p for p in programs if abs(p.beta - beta) <= TOLERANCE] if known else []
    if not own:
        return [*faults, f"{where}.rates: no program has these coefficients"]
    if not any(not differs("", lower, p.lower) and not differs("", upper, p.upper) for p in own):
        closest = min(own, key=lambda p: abs(p.lower - lower) + abs(p.upper - upper))
        faults += differs(f"{where}.lower", lower, closest.lower)
        faults += differs(f"{where}.upper", upper, closest.upper)
    return faults


def _points(program: Program, sender: bool) -> list[tuple[float, ...]]:
    """Return the rates that a program's mixture is printed to reach."""
    if not sender:
        return [(max(program.upper, 0.0),)]
    if program.shared is not None and program.sender_upper is not None:
        return [(program.shared, max(program.sender_upper, 0.0))]
    if program.name == "R_inf":
        return [(max(program.sum_rate - program.sender_rate, 0.0), max(program.upper, 0.0))]
    return [(0.0, max(program.upper, 0.0))]

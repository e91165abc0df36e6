"""The terms behind each constraint have the values of what they name, and add up to the right side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qcoord_hw.theory.claims import brief, is_number, near, same
from qcoord_hw.theory.regions.auxiliary.checker.half_spaces import NOT_NEGATIVE

TOLERANCE = 1e-9
NOTHING = 1e-11
TERM = {"name", "coefficient", "value", "unit"}
ENTRY = {"criterion", "constraint", "rates", ">=", "terms"}


Lookup = Callable[[str, int], Mapping[str, float]]


def term_faults(answer: dict[str, Any], known: Lookup, formula: Lookup | None = None) -> list[str]:
    """Return where `terms` does not explain the constraints of the answer.

    Args:
        answer: parsed JSON, with `criteria` that were checked.
        known: the values in bits by name that the terms of a constraint may have, by criterion and the
            constraint's place in it.
        formula: in the same way the coefficients by name, less what follows a space in it; where none is
            given the sum has to tell them.
    """
    listed = answer.get("terms")
    expected = [
        (criterion, k, constraint)
        for criterion, region in answer["criteria"].items()
        for k, constraint in enumerate(region["constraints"])
        if constraint["source"] != NOT_NEGATIVE
    ]
    if not isinstance(listed, list) or len(listed) != len(expected):
        return [f"terms: not a list of {len(expected)}"]
    faults = []
    for i, (entry, (criterion, k, constraint)) in enumerate(zip(listed, expected, strict=True)):
        where = f"terms.{i}"
        more = {"lower", "lower_terms"} if isinstance(entry, dict) and "lower_terms" in entry else set()
        told = {"sum", "lower_sum"} if more else {"sum"}
        if not isinstance(entry, dict) or set(entry) - told != ENTRY | more:
            faults.append(f"{where}: not an object of {', '.join(sorted(ENTRY | more))}")
            continue
        words = " + ".join(r if c == 1 else f"{c:.6g} {r}" for r, c in constraint["rates"].items())
        named = [entry["criterion"], entry["constraint"], entry["rates"]]
        if not same(named, [criterion, words, constraint["rates"]]):
            faults.append(f"{where}: not constraint {k} of {criterion}")
        values = known(criterion, k)
        faults += _sum_faults(entry, ("terms", ">=", "sum"), constraint, values, where)
        if formula is not None and not faults:
            faults += _formula_faults(entry["terms"], formula(criterion, k), where)
        if more:
            faults += _sum_faults(entry, ("lower_terms", "lower", "lower_sum"), constraint, values, where)
    return faults


def _formula_faults(terms: list[Any], formula: Mapping[str, float], where: str) -> list[str]:
    """Return where coefficients are not those of a formula."""
    for term in terms:
        should = formula.get(term["name"].partition(" ")[0], 0.0)
        if not near(term["coefficient"], should, TOLERANCE):
            return [f"{where}: {brief(term['name'])} has the coefficient {should:.12g}"]
    return []


def _sum_faults(
    entry: Mapping[str, Any],
    keys: tuple[str, str, str],
    constraint: Mapping[str, Any],
    known: Mapping[str, float],
    where: str,
) -> list[str]:
    """Return why terms do not add up to the end of a constraint, or have no such value.

    Where they add up to less than 0, which the end never is, what they add up to has to stand beside them:
    else nothing tells their coefficients.
    """
    key, end, told = keys
    terms, claimed, should = entry[key], entry[end], constraint[end]
    if not is_number(claimed) or not is_number(should) or not near(claimed, should, TOLERANCE):
        return [f"{where}: {brief(claimed)}; the constraint has {brief(should)}"]
    if not isinstance(terms, list):
        return [f"{where}: no list of terms"]
    total = 0.0
    for term in terms:
        if not isinstance(term, dict) or set(term) != TERM or term["unit"] != "bits":
            return [f"{where}: a term is no object of {', '.join(sorted(TERM))}, in bits"]
        name, coefficient, value = term["name"], term["coefficient"], term["value"]
        if not isinstance(name, str) or name not in known or not is_number(coefficient):
            return [f"{where}: {brief(name)} is nothing that was proved"]
        if not near(value, known[name], TOLERANCE):
            return [f"{where}: {brief(name)} is {known[name]:.12g}, not {brief(value)}"]
        if abs(value) <= NOTHING:
            return [f"{where}: {brief(name)} is 0, so that its coefficient cannot be told"]
        total += coefficient * value
    stated = entry.get(told, should)
    if not is_number(stated) or not near(stated, total, TOLERANCE):
        return [f"{where}: its terms add up to {total:.12g}, not to {brief(stated)}"]
    if not abs(max(0.0, total) - should) <= TOLERANCE:
        return [f"{where}: its terms add up to {total:.12g}, not to {should:.12g}"]
    return []

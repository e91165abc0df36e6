"""Terms of a constraint whose sum the constraint cuts off at 0: nothing else tells their coefficients."""

from __future__ import annotations

from typing import Any

import pytest

from qcoord_hw.theory.regions.auxiliary.checker.terms import term_faults
from qcoord_hw.theory.regions.constraint import Constraint, Term

KNOWN = {"S(A)": 1.0, "S(B)": 1.5}


def answer(*coefficients: float) -> dict[str, Any]:
    """Return an answer of one constraint on Q, with the end that its terms give."""
    terms = tuple(Term(name, KNOWN[name], c) for name, c in zip(KNOWN, coefficients, strict=True))
    end = max(0.0, sum(term.coefficient * term.value for term in terms))
    one = Constraint((("Q", 1.0),), end, end, "a theorem", terms=terms)
    return {"criteria": {"c": {"constraints": [one.to_json()]}}, "terms": [one.terms_json("c")]}


def faults(given: dict[str, Any]) -> list[str]:
    return term_faults(given, lambda criterion, place: KNOWN)


@pytest.mark.parametrize("coefficients", [(1, -0.5), (1.5, -1), (0.5, -0.5), (0.5, -1)])
def test_a_coefficient_is_told_also_where_the_sum_is_cut_off(coefficients):
    good = answer(*coefficients)
    assert faults(good) == []
    total = sum(c * KNOWN[name] for name, c in zip(KNOWN, coefficients, strict=True))
    assert good["terms"][0].get("sum", good["terms"][0][">="]) == pytest.approx(total)
    for k in range(2):
        for wrong in {0, -1, 2} - {coefficients[k]}:
            spoilt = answer(*coefficients)
            spoilt["terms"][0]["terms"][k]["coefficient"] = wrong
            assert faults(spoilt), (k, wrong)


def test_a_sum_that_is_told_is_that_of_the_terms():
    for total in (0, -0.5, "x", None):
        spoilt = answer(0.5, -1)
        spoilt["terms"][0]["sum"] = total
        assert faults(spoilt)

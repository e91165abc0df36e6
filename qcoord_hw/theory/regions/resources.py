"""Resource inequalities with numbers: (41) of the cascade and (66) of the multiple-access network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EQUATIONS = {
    "cascade": (
        "(41)",
        {"Q1": "[q->q]_A->B", "E1": "[qq]_AB", "Q2": "[q->q]_B->C", "E2": "[qq]_BC"},
    ),
    "multiple-access": ("(66)", {"Q1": "[q->q]_A->C", "Q2": "[q->q]_B->C"}),
}
"""Network -> its equation in [NatorPereg], and the unit of each rate."""

REACHED = ("theorem", "redistribution", "generation_inner")
"""Criteria whose corners a protocol reaches."""


def resource_inequalities(network: str, criteria: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return (41) or (66) at each corner that is reached, a line each.

    Args:
        network: its name.
        criteria: as in the object that `qcoord theory region --json` prints.
    """
    if network not in EQUATIONS:
        return []
    equation, units = EQUATIONS[network]
    return [
        {
            "equation": equation,
            "criterion": name,
            "line": f"{line_of(corner, units)} >= <omega_ABC>",
        }
        for name in REACHED
        if name in criteria
        for corner in criteria[name]["corners"]
    ]


def line_of(corner: Mapping[str, float], units: Mapping[str, str]) -> str:
    """Return a sum of resources; a rate of 0 is left out.

    >>> line_of({"Q1": 0.5, "E1": 0}, {"Q1": "[q->q]_A->B", "E1": "[qq]_AB"})
    '0.500000 [q->q]_A->B'
    """
    terms = [f"{corner[rate]:.6f} {unit}" for rate, unit in units.items() if corner[rate] > 5e-7]
    return " + ".join(terms) or "0"

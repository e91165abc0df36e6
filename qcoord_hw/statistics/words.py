"""Figures and estimates in words: the same wherever they are shown.

An estimate is given as its JSON object (`Estimate.to_json`), as records and reports keep it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

MANY, WORST = 12, 8
"""Of more than `MANY` rows the `WORST` stand in a table."""

_SMALLEST = 2.3e-308  # binomial tails below the smallest normal number are reported as that number
_UNITS = ("qubits", "qudits", "log2_dim", "bits", "ebits", "random_bits")

Row = TypeVar("Row", bound=Mapping[str, Any])
Item = TypeVar("Item")


def number(value: float, decimals: int = 4) -> str:
    """Return a number without trailing zeros.

    >>> number(0.75), number(2), number(0.8535533905932737)
    ('0.75', '2', '0.8536')
    """
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def number_exactly(value: float) -> str:
    """Return a number that was computed, to six decimals; rounding errors about zero are zero.

    >>> number_exactly(0.30554263676), number_exactly(-3e-16)
    ('0.305543', '0')
    """
    return number(round(value, 6) + 0.0, 6)


def digits(estimate: Mapping[str, Any]) -> int:
    """Return how many decimals show the width of an interval: at least four."""
    width = estimate["high"] - estimate["low"]
    return min(9, max(4, 1 - math.floor(math.log10(width)))) if width > 0 else 4


def interval(estimate: Mapping[str, Any]) -> str:
    """Return `best [low, high]`.

    >>> interval({"low": 0.836, "best": 0.8386, "high": 0.8411})
    '0.8386 [0.8360, 0.8411]'
    """
    low, best, high = (f"{estimate[key]:.{digits(estimate)}f}" for key in ("low", "best", "high"))
    return f"{best} [{low}, {high}]"


def p_words(p_value: float) -> str:
    """Return `= p`, or `< 1e-300` where p is too small to be told from zero."""
    return "< 1e-300" if p_value <= _SMALLEST else f"= {p_value:.2g}"


def is_exact(estimate: Mapping[str, Any]) -> bool:
    """Whether a figure was computed for the target, not counted."""
    return estimate.get("origin") == "computed"


def found_words(estimate: Mapping[str, Any]) -> str:
    """Return an estimate with its interval, or what was computed.

    >>> found_words({"origin": "computed", "best": 0.25})
    '0.25 exact'
    """
    return f"{number_exactly(estimate['best'])} exact" if is_exact(estimate) else interval(estimate)


def main_estimate(estimates: Sequence[Row]) -> Row | None:
    """Return the estimate that stands for a run: the headline, else the first; None of none."""
    return next((e for e in estimates if e.get("headline")), next(iter(estimates), None))


def verdict_words(estimate: Mapping[str, Any]) -> str:
    """Return in one sentence what an estimate says of the bound it is judged against."""
    found = f"{estimate['title']} {found_words(estimate)}"
    if estimate["bound"] is None:
        return f"{found}."
    bound = f"the {estimate['bound_label']} {number(estimate['bound']['value'])}"
    claim = f"is {estimate['verdict']} {bound}"
    if estimate["verdict"] == "inconclusive":
        claim = f"is inconclusive: its interval holds {bound}"
    p_value = [] if estimate["p_value"] is None else [f"p {p_words(estimate['p_value'])}"]
    rests_on = "; ".join([*p_value, *filter(None, [estimate["assumes"]])])
    return f"{found} {claim} ({rests_on})." if rests_on else f"{found} {claim}."


def confidence_words(estimate: Mapping[str, Any]) -> str:
    """Return what an interval is and what it rests on; of an exact figure, how it was computed."""
    if is_exact(estimate):
        return str(estimate["method"])
    estimand = f"{estimate['estimand']}; " if estimate.get("estimand") else ""
    assumes = f"; assumes {estimate['assumes']}" if estimate["assumes"] else ""
    return f"{estimand}{100 * estimate['confidence']:g}% {estimate['method']}{assumes}"


def cell(row: Mapping[str, Any] | None) -> str:
    """Return the number of a row (a `value`, an interval, or what is known of it); nothing for none.

    >>> cell({"value": 0.5}), cell({"lower": 0.25}), cell({"lower": 0.25, "upper": 0.5})
    ('0.5', 'at least 0.25', '0.25 to 0.5')
    """
    if row is None:
        return ""
    if "best" in row:
        return interval(row)
    if "value" in row:
        return number_exactly(row["value"])
    ends = {key: number_exactly(row[key]) for key in ("lower", "upper") if row.get(key) is not None}
    if len(ends) == 2:
        return f"{ends['lower']} to {ends['upper']}"
    return next(
        (f"at {'least' if key == 'lower' else 'most'} {end}" for key, end in ends.items()), "not known"
    )


def worst(rows: Sequence[Item], key: Callable[[Item], float]) -> list[Item]:
    """Return the rows of the lowest keys if there are more than `MANY`; else all, in order."""
    return list(rows) if len(rows) <= MANY else sorted(rows, key=key)[:WORST]


def units(usage: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the units in which use is counted: the usual ones first."""
    found = {unit for used in usage.values() for unit in used}
    return [u for u in _UNITS if u in found] + sorted(found.difference(_UNITS))


def some(names: Sequence[str], most: int = 8) -> str:
    """Return the first of some names, and that there are more: of thousands nobody reads all.

    >>> some(["a", "b", "c"], 2)
    'a, b, ..'
    """
    return ", ".join(names[:most]) + (", .." if len(names) > most else "")

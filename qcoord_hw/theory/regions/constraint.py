"""Half-spaces of rates, and the terms that their right sides are sums of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

NOT_NEGATIVE = "rates are not negative"

DIGITS = 12
"""Of a coefficient: what is beyond is rounding."""


NOTHING = 1e-11
"""Bits; what is less is rounding of 0."""


@dataclass(frozen=True)
class Term:
    """A part of the right side of a constraint: coefficient times value.

    Attributes:
        name: an entropy of the target, such as `S(BC)`; `S(B|U)` and `S(B|M(A))`, its mean given an index or
            the outcome of a measurement; or `log2 |M1|`, the size of a system that a code sends or shares.
        value: of what is named, in bits.
        coefficient: with its sign.
    """

    name: str
    value: float
    coefficient: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Return `name`, `coefficient`, `value` and `unit`."""
        coefficient, value = plain(self.coefficient), plain(self.value)
        return {"name": self.name, "coefficient": coefficient, "value": value, "unit": "bits"}


def combined(parts: Iterable[tuple[float, Iterable[Term]]]) -> tuple[Term, ...]:
    """Return a weighted sum of sums of terms, each name once; what cancels is left out.

    >>> half = (0.5, [Term("S(A)", 1.0), Term("S(B)", 2.0)])
    >>> [(t.name, t.coefficient) for t in combined([half, (0.5, [Term("S(B)", 2.0, -1.0)])])]
    [('S(A)', 0.5)]
    """
    coefficients: dict[str, float] = {}
    values: dict[str, float] = {}
    for weight, terms in parts:
        for term in terms:
            values[term.name] = term.value
            coefficients[term.name] = coefficients.get(term.name, 0.0) + weight * term.coefficient
    rounded = {name: round(c, DIGITS) for name, c in coefficients.items()}
    return tuple(Term(name, values[name], c) for name, c in rounded.items() if c)


def signed_sum(terms: Iterable[Term]) -> float:
    """Return what terms add up to, in bits."""
    return sum((term.coefficient * term.value for term in terms), 0.0)


@dataclass(frozen=True)
class Constraint:
    """A half-space: sum of coefficient times rate >= bound.

    Attributes:
        rates: (name, coefficient) pairs; coefficients are positive.
        lower: certified lower bound on the least value of the left side among all achievable rates, in bits.
        upper: certified upper bound on the same; equal to `lower` where a theorem settles it.
        source: theorem, equation or citation key in `docs/refs.bib`.
        bound: the right side in this region, in bits; `upper` unless given.
        terms: what adds up to the right side.
        lower_terms: what adds up to `lower`, where that is something else and has a formula.
    """

    rates: tuple[tuple[str, float], ...]
    lower: float
    upper: float
    source: str
    bound: float = math.nan
    terms: tuple[Term, ...] = ()
    lower_terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        """Let the bound default to the upper end."""
        if math.isnan(self.bound):
            object.__setattr__(self, "bound", self.upper)

    @property
    def words(self) -> str:
        """The left side as text: `Q1 + .5 E1`."""
        return rates_words(dict(self.rates))

    def to_json(self) -> dict[str, Any]:
        """Return the constraint in the shape of `qcoord theory region --json`."""
        return {
            "rates": {name: plain(c) for name, c in self.rates},
            ">=": plain(self.bound),
            "lower": plain(self.lower),
            "upper": plain(self.upper),
            "source": self.source,
        }

    def terms_json(self, criterion: str) -> dict[str, Any]:
        """Return the entry of this constraint under `terms` of `qcoord theory region --json`."""
        entry = {
            "criterion": criterion,
            "constraint": self.words,
            "rates": {name: plain(c) for name, c in self.rates},
            ">=": plain(self.bound),
            "terms": _counted(self.terms),
            **_below("sum", self.terms, self.bound),
        }
        if not self.lower_terms:
            return entry
        entry |= {"lower": plain(self.lower), "lower_terms": _counted(self.lower_terms)}
        return entry | _below("lower_sum", self.lower_terms, self.lower)


def _below(key: str, terms: Sequence[Term], end: float) -> dict[str, Any]:
    """Return what terms add up to where that is less than the end of a constraint, which is at least 0."""
    total = signed_sum(terms)
    return {key: plain(total)} if terms and total < end - NOTHING else {}


def _counted(terms: Iterable[Term]) -> list[Any]:
    """Return the terms that are not 0, of which a sum could not tell the coefficients."""
    return [plain(term) for term in terms if abs(term.value) > NOTHING]


def at_least(value: float | Iterable[Term], source: str, **rates: float) -> Constraint:
    """Return a settled constraint; a negative value, which says nothing about rates, becomes 0.

    Args:
        value: the right side in bits, or the terms that add up to it.
        source: theorem, equation or citation key.
        rates: coefficients by name.

    >>> at_least(1.5, "an example", Q1=1, E1=1).to_json()["rates"]
    {'Q1': 1, 'E1': 1}
    >>> at_least([Term("S(A)", 1.0), Term("S(B)", 0.5, -1.0)], "another", Q1=1).bound
    0.5
    """
    terms = () if isinstance(value, int | float) else tuple(value)
    bound = max(0.0, value if isinstance(value, int | float) else signed_sum(terms))
    return Constraint(tuple(rates.items()), bound, bound, source, terms=terms)


def rates_words(rates: Mapping[str, float]) -> str:
    """Return a sum of rates as text."""
    return " + ".join(rate if factor == 1 else f"{factor:.6g} {rate}" for rate, factor in rates.items())


def plain(value: Any) -> Any:
    """Return nested plain JSON values."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value

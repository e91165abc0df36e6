"""Bell expressions in exact numbers: correlators, Collins-Gisin tables, probabilities or terms.

Whatever the notation, an expression is a sum of terms: a coefficient and, for every party, nothing or a
setting with a value for each of its outcomes (1, -1 for a correlator; 1 for one outcome and 0 for the others
for a probability). On behaviours without signalling it is the same as its Collins-Gisin table
[CollinsGisin2004], in which every term has one form: two expressions are equal there if and only if their
tables are.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_text, short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.games.exact import ObjectArray, fraction, object_array, strings

MAX_PARTIES = 6
MAX_OUTCOMES = 64
"""Of a setting."""

MAX_ENTRIES = 50_000
"""Entries of the table of all settings and outcomes: those of a game that a run can ask."""

MAX_COMMON = 4096
"""Bits of the common denominator of the coefficients."""

NOTATIONS = ("correlators", "collins-gisin", "probabilities", "terms")
_KEYS = ("name", "outcomes", "expression", "local_bound")

Factor = tuple[int, tuple[int, ...]]
"""A setting, and the value of each of its outcomes."""

Term = tuple[Fraction, tuple[Factor | None, ...]]
"""A coefficient, and a factor of every party; None where a party is not asked."""

Outcomes = tuple[tuple[int, ...], ...]
"""By party and setting."""

Slots = tuple[int, ...]
"""An entry of a Collins-Gisin table: of every party 0 (not asked), or the place of a setting and outcome."""


@dataclass(frozen=True, eq=False)
class BellExpression:
    """A sum of terms in the outcomes of several parties.

    Attributes:
        name: one line of text.
        outcomes: how many outcomes each setting of each party has.
        terms: coefficients that are not zero, with their factors, as they were written.
        written: the notation, and what stands there, numbers as exact strings.
        local_bound: the largest value of local models, if it was stated; nothing was checked yet.
    """

    name: str
    outcomes: Outcomes
    terms: tuple[Term, ...]
    written: tuple[str, Any]
    local_bound: Fraction | None = None

    @property
    def parties(self) -> int:
        """How many parties there are."""
        return len(self.outcomes)

    @property
    def settings(self) -> tuple[int, ...]:
        """How many settings each party has."""
        return tuple(map(len, self.outcomes))

    @property
    def answers(self) -> tuple[int, ...]:
        """The largest number of outcomes of each party's settings."""
        return tuple(map(max, self.outcomes))

    def questions(self) -> Iterator[tuple[int, ...]]:
        """Yield every choice of settings."""
        yield from itertools.product(*map(range, self.settings))

    def sizes(self, question: Sequence[int]) -> tuple[int, ...]:
        """Return how many outcomes the settings of a question have."""
        return tuple(own[x] for own, x in zip(self.outcomes, question, strict=True))

    @cached_property
    def table(self) -> dict[Slots, Fraction]:
        """The Collins-Gisin table: its entries that are not zero."""
        return table_of(self.outcomes, self.terms)

    def white_noise(self) -> Fraction:
        """Return the value where all outcomes of all settings are equally likely."""
        means = (c * math.prod(Fraction(sum(f[1]), len(f[1])) for f in own if f) for c, own in self.terms)
        return sum(means, Fraction(0))

    def to_json(self) -> dict[str, Any]:
        """Return the expression in its file format, numbers as exact strings."""
        notation, content = self.written
        data = {
            "name": self.name,
            "outcomes": [list(own) for own in self.outcomes],
            "expression": {notation: content},
        }
        return data if self.local_bound is None else data | {"local_bound": str(self.local_bound)}

    @classmethod
    def from_json(cls, data: Any) -> BellExpression:
        """Build an expression from its file format.

        Raises:
            InputError: naming the field that is wrong.
        """
        if not isinstance(data, dict):
            raise InputError(f"expression: {short_repr(data)}; allowed is an object with {', '.join(_KEYS)}")
        for key in data:
            if key not in _KEYS:
                raise InputError(
                    f"{short_repr(key)}: unknown{meant(key, _KEYS)}; allowed are {', '.join(_KEYS)}"
                )
        for key in _KEYS[:3]:
            if key not in data:
                raise InputError(f"{key}: missing; a Bell expression needs name, outcomes and expression")
        check_text("name", data["name"])
        outcomes = _outcomes(data["outcomes"])
        inner = data["expression"]
        if not isinstance(inner, dict) or len(inner) != 1 or next(iter(inner)) not in NOTATIONS:
            given = ", ".join(map(str, inner))[:80] if isinstance(inner, dict) else inner
            raise InputError(
                f"expression: {short_repr(given)}; allowed is exactly one of {', '.join(NOTATIONS)}"
            )
        notation, content = next(iter(inner.items()))
        terms, written = _READERS[notation](f"expression.{notation}", content, outcomes)
        terms = tuple(term for term in terms if term[0])
        _check_common(terms)
        stated = data.get("local_bound")
        bound = None if stated is None else fraction("local_bound", stated)
        return cls(data["name"], outcomes, terms, (notation, written), bound)


def starts(outcomes: Sequence[int]) -> list[int]:
    """Return the place of every setting's first outcome in a party's axis of a Collins-Gisin table."""
    return [1 + sum(outcomes[:x]) - x for x in range(len(outcomes))]


def table_of(outcomes: Outcomes, terms: Iterable[Term]) -> dict[Slots, Fraction]:
    """Return the entries of the Collins-Gisin table of a sum of terms that are not zero."""
    places = [starts(own) for own in outcomes]
    table: defaultdict[Slots, Fraction] = defaultdict(Fraction)
    for coefficient, factors in terms:
        parts = [_slots(places[p], f) if f else [(0, 1)] for p, f in enumerate(factors)]
        for chosen in itertools.product(*parts):
            table[tuple(slot for slot, _ in chosen)] += coefficient * math.prod(v for _, v in chosen)
    return {slots: value for slots, value in table.items() if value}


def _slots(places: list[int], factor: Factor) -> list[tuple[int, int]]:
    """Return a factor as a sum of probabilities of all outcomes but the last, and of 1."""
    x, values = factor
    last = values[-1]
    parts = [(places[x] + a, value - last) for a, value in enumerate(values[:-1])]
    return [(slot, value) for slot, value in [(0, last), *parts] if value]


def _check_common(terms: Iterable[Term]) -> None:
    """Check that exact sums stay short.

    Raises:
        InputError: when they would not.
    """
    common = 1
    for denominator in {c.denominator for c, _ in terms}:
        if (common := math.lcm(common, denominator)).bit_length() > MAX_COMMON:
            raise InputError(
                f"expression: a common denominator of more than {MAX_COMMON} bits; allowed is a simpler one"
            )


def _outcomes(data: Any) -> Outcomes:
    nested = isinstance(data, list) and all(isinstance(own, list) and own for own in data)
    if not nested or not 1 <= len(data) <= MAX_PARTIES:
        raise InputError(
            f"outcomes: {short_repr(data)}; allowed is a list for each of 1 to {MAX_PARTIES} "
            "parties, with the "
            "number of outcomes of each of its settings"
        )
    for number in itertools.chain(*data):
        if type(number) is not int or not 2 <= number <= MAX_OUTCOMES:
            raise InputError(f"outcomes: {short_repr(number)}; allowed are integers from 2 to {MAX_OUTCOMES}")
    if math.prod(len(own) * max(own) for own in data) > MAX_ENTRIES:
        raise InputError(f"outcomes: more than {MAX_ENTRIES} entries of all questions; allowed are fewer")
    return tuple(map(tuple, data))


Read = tuple[tuple[Term, ...], Any]


def _correlators(field: str, content: Any, outcomes: Outcomes) -> Read:
    if any(size != 2 for own in outcomes for size in own):
        raise InputError(f"{field}: given; allowed where every setting has two outcomes")
    axes = [[(x, (1, -1)) for x in range(len(own))] for own in outcomes]
    return _table(field, content, axes, "of each party the identity, then its settings")


def _collins_gisin(field: str, content: Any, outcomes: Outcomes) -> Read:
    axes = [[(x, unit(size, a)) for x, size in enumerate(own) for a in range(size - 1)] for own in outcomes]
    return _table(
        field, content, axes, "of each party none, then setting by setting all outcomes but the last"
    )


def _table(field: str, content: Any, axes: Sequence[Sequence[Factor]], what: str) -> Read:
    """Read a table with an axis for each party: nothing, then these factors."""
    if not isinstance(content, list):
        raise InputError(f"{field}: {short_repr(content)}; allowed is a nested list")
    array = object_array(field, content)
    shape = tuple(1 + len(own) for own in axes)
    if array.shape != shape:
        raise InputError(f"{field}: shape {array.shape}; allowed is {shape}: {what}")
    exact = _exact(field, array)
    factors: list[list[Factor | None]] = [[None, *own] for own in axes]
    entries = np.ndenumerate(exact)
    terms = ((c, tuple(own[i] for own, i in zip(factors, place, strict=True))) for place, c in entries)
    return tuple(terms), strings(exact)


def _exact(field: str, array: ObjectArray) -> ObjectArray:
    return np.array([fraction(field, number) for number in array.flat], dtype=object).reshape(array.shape)


def unit(size: int, outcome: int) -> tuple[int, ...]:
    """Return the values by which a factor is the probability of one outcome."""
    return tuple(int(a == outcome) for a in range(size))


def _probabilities(field: str, content: Any, outcomes: Outcomes) -> Read:
    """Read [x][y]..[a][b]..; settings may have different numbers of outcomes."""
    sizes = tuple(map(len, outcomes))
    terms: list[Term] = []

    def read(at: tuple[int, ...], part: Any) -> Any:
        """Return what stands below some settings, numbers as strings."""
        p = len(at)
        if p < len(sizes):
            if not isinstance(part, list) or len(part) != sizes[p]:
                raise InputError(f"{field}: at settings {list(at)}; allowed is a list of {sizes[p]} settings")
            return [read((*at, x), inner) for x, inner in enumerate(part)]
        shape = tuple(own[x] for own, x in zip(outcomes, at, strict=True))
        if not isinstance(part, list):
            raise InputError(f"{field}: at settings {list(at)}; allowed is a table of shape {shape}")
        array = object_array(field, part)
        if array.shape != shape:
            raise InputError(f"{field}: shape {array.shape} at settings {list(at)}; allowed is {shape}")
        exact = _exact(field, array)
        for place, c in np.ndenumerate(exact):
            terms.append((c, tuple((x, unit(shape[i], place[i])) for i, x in enumerate(at))))
        return strings(exact)

    written = read((), content)
    return tuple(terms), written


def _terms(field: str, content: Any, outcomes: Outcomes) -> Read:
    if not isinstance(content, list) or not content or len(content) > MAX_ENTRIES:
        raise InputError(f"{field}: {short_repr(content)}; allowed is a list of 1 to {MAX_ENTRIES} terms")
    terms, written = [], []
    for k, entry in enumerate(content):
        here = f"{field}[{k}]"
        keys = set(entry) if isinstance(entry, dict) else set()
        if keys not in ({"c", "E"}, {"c", "x", "a"}):
            raise InputError(f'{here}: {short_repr(entry)}; allowed are {{"c", "E"}} and {{"c", "x", "a"}}')
        c = fraction(f"{here}.c", entry["c"])
        asked = _indices(f"{here}.{'E' if 'E' in keys else 'x'}", entry.get("E", entry.get("x")), outcomes)
        sizes = [0 if x is None else outcomes[p][x] for p, x in enumerate(asked)]
        factors: tuple[Factor | None, ...]
        if "E" in keys:
            if any(size not in (0, 2) for size in sizes):
                raise InputError(f"{here}.E: a setting of more than two outcomes; allowed are those of two")
            factors = tuple(None if x is None else (x, (1, -1)) for x in asked)
            written.append({"c": str(c), "E": asked})
        else:
            said = entry["a"]
            fits = isinstance(said, list) and len(said) == len(asked)
            if not fits or any(
                a is not None if x is None else type(a) is not int or not 0 <= a < size
                for a, x, size in zip(said, asked, sizes, strict=True)
            ):
                raise InputError(
                    f"{here}.a: {short_repr(said)}; allowed is an outcome of every setting in x, else null"
                )
            triples = zip(asked, said, sizes, strict=True)
            factors = tuple(None if x is None else (x, unit(size, a)) for x, a, size in triples)
            written.append({"c": str(c), "x": asked, "a": said})
        terms.append((c, factors))
    return tuple(terms), written


def _indices(field: str, given: Any, outcomes: Outcomes) -> list[int | None]:
    """Return the settings of a term, a party each; None where it is not asked."""
    fits = isinstance(given, list) and len(given) == len(outcomes)
    if not fits or any(
        x is not None and (type(x) is not int or not 0 <= x < len(own))
        for x, own in zip(given, outcomes, strict=True)
    ):
        raise InputError(f"{field}: {short_repr(given)}; allowed is a setting of every party, or null")
    return list(given)


_READERS = {
    "correlators": _correlators,
    "collins-gisin": _collins_gisin,
    "probabilities": _probabilities,
    "terms": _terms,
}

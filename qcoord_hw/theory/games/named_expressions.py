"""Bell expressions by name: `ch`, or with a parameter `cglmp:d=4`, `tilted-chsh:alpha=1/2`, `sliwa-7`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import exact_number
from qcoord_hw.spec import short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.games.expression import BellExpression
from qcoord_hw.theory.games.sliwa import FACETS

Content = dict[str, Any]
"""Outcomes, expression and, where the literature states one, local bound, as in a file."""


@dataclass(frozen=True)
class Named:
    """A Bell expression, or a family of them with one parameter.

    Attributes:
        title: what it is, with its source.
        build: from the parameter, if there is one, to what stands in a file.
        parameter: name, default, lowest and highest value of it; integers where the default is one.
    """

    title: str
    build: Callable[..., Content]
    parameter: tuple[str, int | Fraction, int, int] | None = None

    def typed(self, name: str) -> str:
        """Return the name as it is typed, the parameter at its default."""
        return name if self.parameter is None else f"{name}:{self.parameter[0]}={self.parameter[1]}"

    def described(self) -> str:
        """Return what it is, and which values its parameter takes."""
        if self.parameter is None:
            return f"Bell expression: {self.title}"
        key, _, low, high = self.parameter
        return f"Bell expression: {self.title}; {key} from {low} to {high}"

    def value_of(self, name: str, given: str) -> int | Fraction | None:
        """Return the parameter that is given as `key=value` or as a value alone.

        Raises:
            InputError: naming it, and what is allowed.
        """
        if self.parameter is None:
            if given:
                raise InputError(f"expression: {name} has no parameter; given is {short_repr(given)}")
            return None
        key, default, low, high = self.parameter
        if not given:
            return default
        stated, _, text = given.rpartition("=")
        kind = "integers" if isinstance(default, int) else "numbers"
        allowed = f"allowed is {name}:{key}=.. with {kind} from {low} to {high}"
        try:
            value = exact_number(text)
        except ValueError:
            raise InputError(f"expression: {short_repr(given)}; {allowed}") from None
        if stated not in ("", key) or not low <= value <= high:
            raise InputError(f"expression: {short_repr(given)}; {allowed}")
        if not isinstance(default, int):
            return value
        if value.denominator != 1:
            raise InputError(f"expression: {short_repr(given)}; {allowed}")
        return int(value)


def is_named(text: str) -> bool:
    """Return whether a text begins with the name of a Bell expression."""
    return _parts(text)[0] in EXPRESSIONS


def named_expression(text: str) -> BellExpression:
    """Return a Bell expression by name; `sliwa-7` is `sliwa:facet=7`.

    Raises:
        InputError: naming the name or the parameter, and what is allowed.
    """
    name, given = _parts(text)
    if name not in EXPRESSIONS:
        close = meant(name, EXPRESSIONS)
        raise InputError(
            f"expression: unknown {short_repr(name)}{close}; allowed are {', '.join(EXPRESSIONS)}"
        )
    value = EXPRESSIONS[name].value_of(name, given)
    full = name if value is None else f"{name}-{str(value).replace('/', '-over-')}"
    content = EXPRESSIONS[name].build() if value is None else EXPRESSIONS[name].build(value)
    return BellExpression.from_json({"name": full} | content)


def _parts(text: str) -> tuple[str, str]:
    """Return the name and what is said of its parameter."""
    if numbered := re.fullmatch(r"(.+)-([0-9]{1,9})", text):
        stem, number = numbered.groups()
        if stem in EXPRESSIONS and EXPRESSIONS[stem].parameter:
            return stem, number
    name, _, given = text.partition(":")
    return name, given


def _ch() -> Content:
    table = [[0, -1, 0], [-1, 1, 1], [0, 1, -1]]
    return {"outcomes": [[2, 2]] * 2, "expression": {"collins-gisin": table}, "local_bound": "0"}


def _i3322() -> Content:
    table = [[0, -2, -1, 0], [-1, 1, 1, 1], [0, 1, 1, -1], [0, 1, -1, 0]]
    return {"outcomes": [[2, 2, 2]] * 2, "expression": {"collins-gisin": table}, "local_bound": "0"}


def _elegant() -> Content:
    table = [[0, 0, 0, 0, 0], [0, 1, 1, -1, -1], [0, 1, -1, 1, -1], [0, 1, -1, -1, 1]]
    return {"outcomes": [[2] * 3, [2] * 4], "expression": {"correlators": table}, "local_bound": "6"}


def _tilted(alpha: Fraction) -> Content:
    table = [[0, 0, 0], [str(alpha), 1, 1], [0, 1, -1]]
    return {"outcomes": [[2, 2]] * 2, "expression": {"correlators": table}, "local_bound": str(2 + alpha)}


def _chained(n: int) -> Content:
    terms = [{"c": 1, "E": [x, y]} for x in range(n) for y in (x, x - 1) if y >= 0]
    terms.append({"c": -1, "E": [0, n - 1]})
    return {"outcomes": [[2] * n] * 2, "expression": {"terms": terms}, "local_bound": str(2 * n - 2)}


def _mermin(parties: int) -> Content:
    """Return the imaginary part of the product of A_j + i A'_j over all parties."""
    signs = (0, 1, 0, -1)
    return _symmetric(parties, lambda ones: signs[ones % 4]) | {"local_bound": str(2 ** (parties // 2))}


def _svetlichny(parties: int) -> Content:
    return _symmetric(parties, lambda ones: (-1) ** (ones * (ones - 1) // 2))


def _symmetric(parties: int, sign: Callable[[int], int]) -> Content:
    """Return full correlators whose sign hangs on how many parties have setting 1."""
    asked = itertools.product((0, 1), repeat=parties)
    terms = [{"c": sign(sum(x)), "E": list(x)} for x in asked if sign(sum(x))]
    return {"outcomes": [[2, 2]] * parties, "expression": {"terms": terms}}


def _cglmp(d: int) -> Content:
    terms: list[dict[str, Any]] = []

    def add(weight: Fraction, x: int, y: int, shift: int) -> None:
        """Add a multiple of P(A_x = B_y + shift mod d)."""
        terms.extend({"c": str(weight), "x": [x, y], "a": [(b + shift) % d, b]} for b in range(d))

    for k in range(d // 2):
        weight = 1 - Fraction(2 * k, d - 1)
        # B_0 = A_1 + k + 1 is A_1 = B_0 - k - 1, and so on
        for x, y, shift in ((0, 0, k), (1, 0, -k - 1), (1, 1, k), (0, 1, -k)):
            add(weight, x, y, shift)
        for x, y, shift in ((0, 0, -k - 1), (1, 0, k), (1, 1, -k - 1), (0, 1, k + 1)):
            add(-weight, x, y, shift)
    return {"outcomes": [[d, d]] * 2, "expression": {"terms": terms}, "local_bound": "2"}


def sliwa_table(row: Sequence[int] | Sequence[Fraction]) -> Content:
    """Return what stands in a file for a row of 27 numbers as in `sliwa.FACETS`."""
    table = [[[-row[9 * c + 3 * b + a] for c in range(3)] for b in range(3)] for a in range(3)]
    table[0][0][0] = 0
    return {"outcomes": [[2, 2]] * 3, "expression": {"correlators": table}, "local_bound": str(row[0])}


EXPRESSIONS = {
    "ch": Named("Clauser and Horne: P(00|xy) with marginals [ClauserHorne1974]", _ch),
    "i3322-cg": Named("I3322 as Collins and Gisin write it [CollinsGisin2004]", _i3322),
    "elegant": Named("the elegant inequality: 3 and 4 settings [Gisin2007]", _elegant),
    "tilted-chsh": Named(
        "CHSH and alpha times Alice's first marginal [Acin2012]", _tilted, ("alpha", Fraction(1), 0, 100)
    ),
    "chained": Named("n settings in a chain [BraunsteinCaves1990]", _chained, ("n", 3, 2, 100)),
    "mermin": Named("Mermin's polynomial [Mermin1990]", _mermin, ("parties", 3, 3, 6)),
    "svetlichny": Named("Svetlichny's polynomial [Svetlichny1987]", _svetlichny, ("parties", 3, 2, 6)),
    "cglmp": Named("two settings of d outcomes [CGLMP2002]", _cglmp, ("d", 3, 2, 16)),
    "sliwa": Named(
        "the facets of three parties, two settings and outcomes [Sliwa2003]",
        lambda facet: sliwa_table(FACETS[facet - 1]),
        ("facet", 1, 1, len(FACETS)),
    ),
}
"""By name."""

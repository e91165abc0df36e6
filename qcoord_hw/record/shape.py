"""Shapes of plain values: what a record of a stranger is held against before anything is made of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from qcoord_hw.spec import short_repr

Shape = Callable[[Any, str], None]
"""Raises a `Misfit` when a value, called by its place, is none of this shape."""

MAX_TEXT = 10_000


class Misfit(ValueError):
    """A value of a record is not what a record has there."""

    def __init__(self, where: str, value: object, allowed: str) -> None:
        """Say what stands where, and what is allowed."""
        super().__init__(f"{where.lstrip('.') or 'it'}: {short_repr(value)}; allowed {allowed}")
        self.where, self.value, self.allowed = where, value, allowed

    def inside(self, where: str) -> Misfit:
        """Return the same of a value in another one: places are put together only where one is wrong."""
        return Misfit(where + self.where, self.value, self.allowed)


def integer(low: int, high: int) -> Shape:
    """Return the shape of integers from `low` to `high`."""

    def check(value: Any, where: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise Misfit(where, value, f"are integers from {low} to {high}")

    return check


def real(low: float = -1e18, high: float = 1e18) -> Shape:
    """Return the shape of finite numbers from `low` to `high`."""

    def check(value: Any, where: str) -> None:
        if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
            raise Misfit(where, value, f"are numbers from {low:g} to {high:g}")

    return check


def text(pattern: str = r"(?s).*", most: int = MAX_TEXT) -> Shape:
    """Return the shape of texts that fit a pattern."""
    compiled = re.compile(pattern)

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or len(value) > most or not compiled.fullmatch(value):
            raise Misfit(where, value, f"is a text of at most {most} characters")

    return check


def boolean(value: Any, where: str) -> None:
    """Check that a value is true or false."""
    if not isinstance(value, bool):
        raise Misfit(where, value, "are true and false")


def anything(value: Any, where: str) -> None:
    """Accept every value: one that is kept and shown, but that nothing is computed from."""


def maybe(shape: Shape) -> Shape:
    """Return the shape of null and of values of a shape."""

    def check(value: Any, where: str) -> None:
        if value is not None:
            shape(value, where)

    return check


def list_of(shape: Shape, least: int = 0, most: int = 10**7) -> Shape:
    """Return the shape of lists of `least` to `most` values of a shape."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            several = f"{len(value)} values" if isinstance(value, list) else value
            raise Misfit(where, several, f"is a list of {least} to {most} values")
        _check_each(enumerate(value), shape, where + "[{}]")

    return check


def tuple_of(*shapes: Shape) -> Shape:
    """Return the shape of lists with one value of each shape."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) != len(shapes):
            raise Misfit(where, value, f"is a list of {len(shapes)} values")
        i = 0
        try:
            for i, one in enumerate(value):
                shapes[i](one, "")
        except Misfit as misfit:
            raise misfit.inside(f"{where}[{i}]") from None

    return check


def _check_each(values: Iterable[tuple[object, Any]], shape: Shape, where: str) -> None:
    """Check values, each with its number or name."""
    place: object = None
    try:
        for place, one in values:  # noqa: B007 (for the error)
            shape(one, "")
    except Misfit as misfit:
        raise misfit.inside(where.replace("{}", str(place))) from None


def table(shape: Shape) -> Shape:
    """Return the shape of objects whose values have a shape, by whatever names."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(where, value, "is an object")
        _check_each(value.items(), shape, where + ".{}")

    return check


def fields(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Return the shape of objects with some fields; what else they have is not looked at."""
    every = {**needed, **(optional or {})}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(where, value, "is an object")
        name = ""
        try:
            for name, shape in every.items():
                if name in value:
                    shape(value[name], "")
                elif name in needed:
                    raise Misfit("", None, "is a value: it is missing")
        except Misfit as misfit:
            raise misfit.inside(f"{where}.{name}") from None

    return check


def rows_of(needed: Mapping[str, Shape], optional: Mapping[str, Shape], most: int) -> Shape:
    """Return the shape of lists of at most `most` objects whose fields are ranges of integers.

    A hundred thousand are checked by column: a range holds all where it holds the least and the largest.
    """
    every, slowly = {**needed, **optional}, list_of(fields(needed, optional), most=most)

    def fits(rows: list[Any], name: str, shape: Shape) -> bool:
        try:
            column = list(map(itemgetter(name), rows))
        except KeyError:
            if name in needed or any(name in row for row in rows):
                return False
            column = []
        if column and {int}.issuperset(map(type, column)):
            shape(min(column), "")
            shape(max(column), "")
            return True
        return not column

    def check(value: Any, where: str) -> None:
        try:
            if (
                {dict}.issuperset(map(type, value))
                and len(value) <= most
                and all(fits(value, name, shape) for name, shape in every.items())
            ):
                return
        except (Misfit, TypeError):
            pass
        slowly(value, where)  # which says where it does not

    return check


def require(holds: bool, where: str, value: object, allowed: str) -> None:
    """Check what fits together.

    Raises:
        Misfit: when it does not hold.
    """
    if not holds:
        raise Misfit(where, value, allowed)


WORDS = text()
INDEX = integer(0, 10**7)
BITS = list_of(integer(0, 10_000), least=1, most=62)
"""Positions in the outcome string of bits that are read together."""

SHARE = real(0, 1)
KIND = text("exact|lower|upper|bracket", 10)
VALUE = fields({"value": real(), "kind": KIND, "source": WORDS})
"""Something that theory says, with its kind and source."""

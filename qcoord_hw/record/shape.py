"""Shapes of plain values: what a record of a stranger is held against before anything is made of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from qcoord_hw.spec import shown

Shape = Callable[[Any, str], None]
"""Raises a `Misfit` when a value, called by its place, is none of this shape."""

MAX_TEXT = 10_000


class Misfit(ValueError):
    """A value of a record is not what a record has there."""

    def __init__(self, where: str, value: object, allowed: str) -> None:
        """Say what stands where, and what is allowed."""
        super().__init__(f"{where.lstrip('.') or 'it'}: {shown(value)}; allowed {allowed}")


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


def listed(shape: Shape, least: int = 0, most: int = 10**7) -> Shape:
    """Return the shape of lists of `least` to `most` values of a shape."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Misfit(where, value, f"is a list of {least} or more values")
        for i, one in enumerate(value):
            shape(one, f"{where}[{i}]")

    return check


def tuple_of(*shapes: Shape) -> Shape:
    """Return the shape of lists with one value of each shape."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) != len(shapes):
            raise Misfit(where, value, f"is a list of {len(shapes)} values")
        for i, (one, shape) in enumerate(zip(value, shapes, strict=True)):
            shape(one, f"{where}[{i}]")

    return check


def table(shape: Shape) -> Shape:
    """Return the shape of objects whose values have a shape, by whatever names."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(where, value, "is an object")
        for name, one in value.items():
            shape(one, f"{where}.{name}")

    return check


def fields(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """Return the shape of objects with some fields; what else they have is not looked at."""
    others = optional or {}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(where, value, "is an object")
        for name, shape in needed.items():
            if name not in value:
                raise Misfit(f"{where}.{name}", None, "is a value: it is missing")
            shape(value[name], f"{where}.{name}")
        for name, shape in others.items():
            if name in value:
                shape(value[name], f"{where}.{name}")

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
BITS = listed(integer(0, 10_000), least=1, most=62)
"""Positions in the outcome string of bits that are read together."""

SHARE = real(0, 1)
KIND = text("exact|lower|upper|bracket", 10)
VALUE = fields({"value": real(), "kind": KIND, "source": WORDS})
"""Something that theory says, with its kind and source."""

"""Finds protocol families: ours in their table of lazy lines, those of other packages by entry points.

This stands at the bottom of the house so that specs, records and reports find a family without knowing any.
A package adds one by an entry point of the group `qcoord_hw.families`, called like the family, which names a
`qcoord_hw.families.base.Family`. Those are looked up only where a name is none of ours or a list of all is
wanted; one that is incomplete is refused before anything is executed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import isclass
from typing import TYPE_CHECKING, Any

from qcoord_hw.errors import InputError
from qcoord_hw.families import OURS
from qcoord_hw.text import one_line, short_repr

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from qcoord_hw.families.base import Family

GROUP = "qcoord_hw.families"


def family(name: str) -> Family:
    """Return the family of that name.

    Raises:
        InputError: when there is none, or it is incomplete.
    """
    if name in OURS:
        return _ours(name)
    points = _entry_points()
    if name not in points:
        raise InputError(f"family: {short_repr(name)}; allowed are {', '.join([*OURS, *points])}")
    return _outside(name)


def family_of_kind(kind: object) -> Family:
    """Return the family whose scoring is of that kind.

    Raises:
        InputError: when there is none.
    """
    found: list[Family] = []
    for one in every():
        found.append(one)
        if one.kind == kind:
            return one
    raise InputError(f"play.kind: {short_repr(kind)}; allowed are {', '.join(f.kind for f in found)}")


def every() -> Iterator[Family]:
    """Yield all families: ours first, and only then those of other packages are looked up.

    Raises:
        InputError: when one of another package is incomplete.
    """
    yield from families()
    yield from outside()


def families() -> tuple[Family, ...]:
    """Return our families; no other package is looked up."""
    return tuple(map(_ours, OURS))


def outside() -> Iterator[Family]:
    """Yield the families of other packages.

    Raises:
        InputError: when one is incomplete.
    """
    yield from map(_outside, _entry_points())


@cache
def _ours(name: str) -> Family:
    module, _, attribute = OURS[name].partition(":")
    found: Family = getattr(import_module(module), attribute)
    return found


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP) if point.name not in OURS}


@cache
def _outside(name: str) -> Family:
    point = _entry_points()[name]
    try:
        loaded = point.load()
        found = loaded() if isclass(loaded) else loaded
    except Exception as error:
        wrong = f"cannot be loaded ({type(error).__name__}: {one_line(error, 120)})"
        raise InputError(f"family {name} ({one_line(point.value)}): {wrong}") from error
    return _checked(name, point.value, found)


def _checked(name: str, where: str, found: Any) -> Family:
    """Return a family, whole.

    Raises:
        InputError: naming what it lacks.
    """
    from qcoord_hw.families.base import Family

    stem = f"family {name} ({one_line(where)})"
    if not isinstance(found, Family):
        raise InputError(f"{stem}: is a {type(found).__name__}; allowed is a qcoord_hw.families.base.Family")
    types = {"name": str, "kind": str, "parameters": tuple, "samples": tuple}
    for attribute, kind in types.items():
        value = getattr(found, attribute, None)
        if not isinstance(value, kind):
            raise InputError(f"{stem}: {attribute}: {short_repr(value)}; allowed is a {kind.__name__}")
    if found.name != name:
        raise InputError(
            f"{stem}: name: {short_repr(found.name)}; allowed is that of its entry point, {name!r}"
        )
    methods = [m for m in vars(Family) if not m.startswith("_") and callable(getattr(Family, m))]
    for method in methods:
        if not callable(getattr(found, method, None)):
            raise InputError(f"{stem}: {method}: is no method; allowed is one as in Family.{method}")
    others = {one.kind: one.name for one in families()}
    if found.kind in others:
        raise InputError(
            f"{stem}: kind: {found.kind!r} is that of family {others[found.kind]}; allowed is another"
        )
    return found

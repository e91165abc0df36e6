"""Where the protocol families are: ours by one lazy line each, those of other packages by entry points.

This stands at the bottom of the house so that specs, records and reports find a family without knowing any.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from qcoord_hw.errors import InputError
from qcoord_hw.text import shown

if TYPE_CHECKING:
    from qcoord_hw.families.base import Family

OURS = {
    "nonlocal-game": "qcoord_hw.families.games.family:FAMILY",
    "linear-computation": "qcoord_hw.families.linear_computation.family:FAMILY",
    "coordination": "qcoord_hw.families.coordination.family:FAMILY",
}
"""The `family` of a spec -> where its object is."""


@cache
def family(name: str) -> Family:
    """Return the family of that name.

    Raises:
        InputError: when there is none.
    """
    if name not in OURS:
        raise InputError(f"family: {shown(name)}; allowed are {', '.join(OURS)}")
    module, _, attribute = OURS[name].partition(":")
    found: Family = getattr(import_module(module), attribute)
    return found


def every() -> Iterator[Family]:
    """Yield all families."""
    yield from map(family, OURS)

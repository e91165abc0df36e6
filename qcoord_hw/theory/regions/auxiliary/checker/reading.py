"""Numbers out of parsed JSON: whatever is not as it should be gives one line that names the field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats


def refuse(where: str, given: object, allowed: str) -> InputError:
    """Return the error for a field, on one line."""
    words = " ".join(short_repr(given).split())
    return InputError(f"{where}: {words if len(words) <= 60 else words[:57] + '...'}; allowed is {allowed}")


def field(data: Any, key: str, where: str) -> Any:
    """Return data[key] of an object."""
    if not isinstance(data, dict):
        raise refuse(where, data, "an object")
    if key not in data:
        raise InputError(f"{where}.{key}: nothing given; allowed is an answer that has this field")
    return data[key]


def items(data: Any, where: str) -> list[Any]:
    """Return a list as it is."""
    if not isinstance(data, list):
        raise refuse(where, data, "a list")
    return data


def text(data: Any, where: str, allowed: tuple[str, ...] = ()) -> str:
    """Return a string, one of `allowed` if those are given."""
    if not isinstance(data, str) or (allowed and data not in allowed):
        raise refuse(where, data, "one of " + ", ".join(allowed) if allowed else "a string")
    return data


def names(data: Any, where: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return distinct names among `allowed`."""
    found = tuple(text(name, f"{where}[{i}]", allowed) for i, name in enumerate(items(data, where)))
    if len(set(found)) < len(found):
        raise refuse(where, data, "each name once")
    return found


def integer(data: Any, where: str, low: int, high: int) -> int:
    """Return a whole number of low..high."""
    if isinstance(data, bool) or not isinstance(data, int) or not low <= data <= high:
        raise refuse(where, data, f"a whole number of {low}..{high}")
    return data


def number(data: Any, where: str, infinite: bool = False) -> float:
    """Return a finite number; with `infinite` also the string "inf"."""
    if infinite and data == "inf" and isinstance(data, str):
        return math.inf
    if _finite(data):
        return float(data)
    raise refuse(where, data, f'a number up to {LARGEST:g} or "inf"' if infinite else "a finite number")


def numbers(data: Any, where: str, shape: tuple[int, ...]) -> Floats:
    """Return nested lists of finite numbers as an array of this shape."""
    flat = []
    for entry, place in _leaves(data, where, shape):
        if not _finite(entry):
            raise refuse(place, entry, "a finite number")
        flat.append(float(entry))
    return np.array(flat).reshape(shape)


def complexes(data: Any, where: str, shape: tuple[int, ...]) -> Complexes:
    """Return nested lists of pairs [re, im] as an array of this shape."""
    pairs = numbers(data, where, (*shape, 2))
    return np.asarray(pairs[..., 0] + 1j * pairs[..., 1])


LARGEST = 1e30
"""What a number may be at most, so that no product overflows."""


def _finite(data: Any) -> bool:
    return isinstance(data, int | float) and not isinstance(data, bool) and -LARGEST <= data <= LARGEST


def _leaves(data: Any, where: str, shape: tuple[int, ...]) -> Iterator[tuple[Any, str]]:
    if not shape:
        yield data, where
        return
    if not isinstance(data, list) or len(data) != shape[0]:
        raise refuse(where, data, f"a list of {shape[0]}")
    for i, entry in enumerate(data):
        yield from _leaves(entry, f"{where}[{i}]", shape[1:])

"""Arrays of exact numbers from nested lists as they stand in a file; errors name the field."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import exact_number
from qcoord_hw.spec import short_repr

ObjectArray = npt.NDArray[Any]
"""An array of Python objects: exact fractions here."""

MAX_ENTRIES = 10_000_000
MAX_LEVELS = 32


def object_array(field: str, nested: Any) -> ObjectArray:
    """Return a nested list, or an array of any type, as an array of Python objects.

    Raises:
        InputError: naming the field, when it is empty, ragged, too deep or too large.
    """
    if isinstance(nested, np.ndarray):
        if nested.size > MAX_ENTRIES:
            raise InputError(f"{field}: {nested.size} entries; allowed are at most {MAX_ENTRIES}")
        return nested.astype(object)
    shape: list[int] = []
    level = [nested]
    while any(isinstance(entry, list) for entry in level):
        size = len(level[0]) if isinstance(level[0], list) else -1
        if misfit := [i for i, e in enumerate(level) if not isinstance(e, list) or len(e) != size]:
            where = [int(i) for i in np.unravel_index(misfit[0], shape)] if shape else []
            raise InputError(f"{field}: ragged at {where}; allowed is a regular nested list")
        if size == 0:
            raise InputError(f"{field}: an empty list; allowed is at least one entry a level")
        shape.append(size)
        if len(shape) > MAX_LEVELS:
            raise InputError(
                f"{field}: more than {MAX_LEVELS} levels deep; allowed is one per player and list"
            )
        if math.prod(shape) > MAX_ENTRIES:
            raise InputError(f"{field}: more than {MAX_ENTRIES} entries; allowed are at most that many")
        level = [entry for row in level for entry in row]
    array = np.empty(len(level), dtype=object)
    array[:] = level
    return array.reshape(shape)


def fractions(field: str, array: ObjectArray) -> ObjectArray:
    """Return the numbers of an array as fractions from 0 to 1, decimals read literally.

    Raises:
        InputError: naming the field and the first entry that is no such number.
    """
    exact = np.array([_share(field, number) for number in array.flat], dtype=object)
    return exact.reshape(array.shape)


def fraction(field: str, number: Any, allowed: str = "numbers") -> Fraction:
    """Return a number as it stands in a file as a fraction, a decimal read literally.

    Raises:
        InputError: naming the field, when it is no number.
    """
    if isinstance(number, Fraction):
        return number
    try:
        if isinstance(number, bool | np.bool_):
            raise ValueError
        return exact_number(str(number))
    except ValueError:
        raise InputError(
            f'{field}: {_literal(number)}; allowed are {allowed} and strings such as "1/3"'
        ) from None


def _share(field: str, number: Any) -> Fraction:
    exact = fraction(field, number, "numbers from 0 to 1")
    if not 0 <= exact <= 1:
        more = ", or a file with `expression` in place of `score`" if field == "score" else ""
        raise InputError(f"{field}: {str(number)[:40]}; allowed are numbers from 0 to 1{more}")
    return exact


def _literal(entry: Any) -> str:
    return str(entry)[:60] if isinstance(entry, Decimal) else short_repr(entry)


def bits(field: str, array: ObjectArray) -> npt.NDArray[np.uint8]:
    """Return an array whose entries are the numbers 0 and 1 as small integers.

    Raises:
        InputError: naming the field and the first entry that is neither.
    """
    for entry in array.flat:
        if isinstance(entry, str | bool | np.bool_) or entry not in (0, 1):
            raise InputError(f"{field}: {_literal(entry)} is not 0 or 1; allowed are the numbers 0 and 1")
    return array.astype(np.uint8)


def strings(array: ObjectArray) -> Any:
    """Return an array of fractions as nested lists of strings."""
    return [strings(a) for a in array] if array.ndim > 1 else [str(p) for p in array]

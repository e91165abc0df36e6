"""Frozen dataclasses as plain JSON values and back, by their fields and the types of these.

For classes whose JSON is their fields. A class with a form of its own has `to_json` and `from_json`, which
are used wherever it stands as a field of another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]

_JSON = {int, float, str, bool, NoneType}
_LEAVES: dict[Any, tuple[type, ...]] = {int: (int,), float: (float, int), str: (str,), bool: (bool,)}


def to_plain(value: Any, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a dataclass as an object of its fields.

    Args:
        value: an instance.
        without: fields that are left out where they are None.
    """
    found = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return {key: one for key, one in found.items() if one is not None or key not in without}


def from_plain(kind: type[T], data: dict[str, Any]) -> T:
    """Build a dataclass from what `to_plain` returned, after a pass through JSON.

    Raises:
        KeyError: when `data` has another key than the fields.
        TypeError: when a field without a default is missing, or a value is of another type.
        ValueError: when a pair has another length.
    """
    readers = _readers(cast("Any", kind))
    return kind(**{key: readers[key](value) for key, value in data.items()})


def _plain(value: Any) -> Any:
    if type(value) in _JSON:
        return value
    if isinstance(value, list | tuple):
        return list(value) if {type(one) for one in value} <= _JSON else [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if hasattr(value, "to_json"):
        return value.to_json()
    return to_plain(value) if is_dataclass(value) else value


@cache
def _readers(kind: Any) -> dict[str, Reader]:
    """Return what reads each field of a dataclass."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


@cache
def _reader(kind: Any) -> Reader:
    """Return what makes a value of a type of a value of JSON."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (other,) = map(_reader, set(parts) - {NoneType})
        return lambda value: None if value is None else other(value)
    if origin is tuple and parts[1:] == (...,):
        return _leaves(*_LEAVES[parts[0]]) if parts[0] in _LEAVES else _row(_reader(parts[0]))
    if origin is tuple:
        return _pair(tuple(map(_reader, parts)))
    if kind in _LEAVES:
        leaf = _leaves(*_LEAVES[kind])
        return lambda value: leaf([value])[0]
    if hasattr(kind, "from_json"):
        return lambda value: kind.from_json(value)
    if is_dataclass(kind):
        return lambda value: from_plain(cast("Any", kind), value)
    return _one_of(parts) if origin is Literal else lambda value: value


def _leaves(*kinds: type) -> Reader:
    """Return what reads a list of values of JSON itself; a boolean is no number."""

    def read(values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list) or not {type(one) for one in values} <= {*kinds}:
            raise TypeError(f"{values!r:.60} is no list of {kinds[0].__name__}")
        return tuple(values)

    return read


def _row(read: Reader) -> Reader:
    return lambda values: tuple(map(read, values))


def _pair(readers: tuple[Reader, ...]) -> Reader:
    return lambda values: tuple(read(one) for read, one in zip(readers, values, strict=True))


def _one_of(values: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        if value not in values:
            raise TypeError(f"{value!r} is none of {values}")
        return value

    return read

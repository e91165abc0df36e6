"""Frozen dataclasses as plain JSON values and back, by their fields and the types of these.

For classes whose JSON is their fields. A class with a form of its own has `to_json` and `from_json`, which
are used wherever it stands as a field of another.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

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
    types = _types(cast("Any", kind))
    return kind(**{key: _built(types[key], value) for key, value in data.items()})


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(value: Any) -> Any:
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return to_plain(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _built(kind: Any, value: Any) -> Any:
    """Return a value of JSON as one of a type."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (other,) = set(parts) - {NoneType}
        return None if value is None else _built(other, value)
    if origin is tuple and parts[1:] == (...,):
        return tuple(value) if _all_leaves(parts[0], value) else tuple(_built(parts[0], one) for one in value)
    if origin is tuple:
        return tuple(_built(part, one) for part, one in zip(parts, value, strict=True))
    if hasattr(kind, "from_json"):
        return kind.from_json(value)
    if is_dataclass(kind) and isinstance(kind, type):
        return from_plain(kind, value)
    if kind in _LEAVES and not _all_leaves(kind, [value]) or origin is Literal and value not in parts:
        raise TypeError(f"{value!r} is no {kind}")
    return value


def _all_leaves(kind: Any, values: Any) -> bool:
    """Return whether all values are of a type of JSON itself; a boolean is no number."""
    return kind in _LEAVES and isinstance(values, list) and all(type(one) in _LEAVES[kind] for one in values)

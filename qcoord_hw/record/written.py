"""How a record writes JSON: laid out for people, and the same without spaces, of which a checksum is made.

A value is encoded once, into a text with marks for the spaces of its layout; both are made of it. The marks
are control characters, which JSON never has as they are, and nor has it line breaks but those of its layout.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeGuard

LEVELS = 3
"""Of a JSON file of a record: lists and objects that are written line by line."""

_SPACE, _ESCAPED = "\x01", "\x02"
"""Marks of a space between values, and before a character of a name that is to be written in ASCII."""

_BREAKS = tuple("\n" + _SPACE * level for level in range(LEVELS + 1))
_NAMED = ":" + _SPACE
_PRETTY = bytes.maketrans(_SPACE.encode(), b" ")
_MARKS = f"\n{_SPACE}{_ESCAPED}".encode()
_SCALARS = frozenset((str, int, float, bool, type(None)))


def _encoder(between: str) -> json.JSONEncoder:
    return json.JSONEncoder(
        sort_keys=True, separators=("," + between, _NAMED), ensure_ascii=False, allow_nan=False
    )


_INNER, *_ROWS = (_encoder(between) for between in (_SPACE, *_BREAKS))
"""What writes a value on one line; and, by their level, values line by line."""


def laid_out(content: Mapping[str, Any]) -> dict[str, str]:
    """Return each field of an object, encoded with marks.

    Raises:
        ValueError: when a value is no JSON.
    """
    return {key: _laid_out(value) for key, value in content.items()}


def canonical(fields: Mapping[str, str]) -> bytes:
    """Return an object of encoded fields with sorted keys and no spaces, as `canonical_json` writes it."""
    return _whole(fields).encode().translate(None, _MARKS)


def pretty(fields: Mapping[str, str]) -> bytes:
    """Return an object of encoded fields for people, the outer levels line by line; below them on one line.

    So a thousand settings stay readable.
    """
    text = _whole(fields) + _BREAKS[0]
    if _ESCAPED in text:
        text = re.sub(f"{_ESCAPED}(.)", lambda found: json.dumps(found[1])[1:-1], text)
    return text.encode().translate(_PRETTY)


def _whole(fields: Mapping[str, str]) -> str:
    if not fields:
        return "{}"
    named = (f"{_name(key)}{_NAMED}{text}" for key, text in sorted(fields.items()))
    return "{" + _BREAKS[1] + f",{_BREAKS[1]}".join(named) + _BREAKS[0] + "}"


@lru_cache(maxsize=1000)
def _name(key: str) -> str:
    return re.sub(r"([^\x00-\x7e])", rf"{_ESCAPED}\1", json.dumps(key, ensure_ascii=False))


class _Laid(NamedTuple):
    """Text in its order, with places for values that are encoded together; and these, one kind each."""

    parts: list[str]
    inner: list[Any]
    rows: list[Any]


_INNER_PLACE, _ROW_PLACE = "a value on one line", "a value line by line"
"""Places, by what they are and not by what they say."""


def _laid_out(value: Any) -> str:
    laid = _Laid([], [], [])
    _lay(value, 1, laid)
    inner, rows = iter(each(laid.inner, _INNER)), iter(each(laid.rows, _ROWS[LEVELS]))
    for k, part in enumerate(laid.parts):
        if part is _INNER_PLACE:
            laid.parts[k] = next(inner)
        elif part is _ROW_PLACE:
            laid.parts[k] = next(rows)[1:-1]  # its brackets are there
    return "".join(laid.parts)


def _lay(value: Any, level: int, laid: _Laid) -> None:
    """Lay out a value on several lines; what stands on one line is only collected."""
    parts = laid.parts
    if level == LEVELS or not value or not isinstance(value, (dict, list, tuple, Mapping)):
        parts.append(_INNER_PLACE)
        laid.inner.append(value)
        return
    named = isinstance(value, Mapping)
    outer, inner = _BREAKS[level], _BREAKS[level + 1]
    opening, closing = ("{" if named else "[") + inner, outer + ("}" if named else "]")
    if level == LEVELS - 1 and is_flat(value):  # there may be many: all are encoded together
        parts += opening, _ROW_PLACE, closing
        laid.rows.append(value)
        return
    if type(value) is list and is_flat(value):
        parts += opening, _ROWS[level + 1].encode(value)[1:-1], closing
        return
    if level == LEVELS - 2 and type(value) is list and (rows := _numbered(value)) is not None:
        parts += opening, rows, closing
        return
    before = opening
    for key in sorted(value) if named else range(len(value)):
        parts.append(f"{before}{_name(key)}{_NAMED}" if named else before)
        _lay(value[key], level + 1, laid)
        before = "," + inner
    parts.append(closing)


def is_flat(value: Any) -> TypeGuard[dict[str, Any] | list[Any]]:
    """Return whether a list or object has no others in it, and names that are written in one way only."""
    if type(value) is list:
        return _SCALARS.issuperset(map(type, value))
    return (
        type(value) is dict
        and _SCALARS.issuperset(map(type, value.values()))
        and all(map(str.isascii, value))
    )


def _numbered(value: list[Any]) -> str | None:
    """Return objects of the same names and whole numbers alone, as a plan has them; None for other values."""
    names = sorted(value[0]) if {dict}.issuperset(map(type, value)) else []
    if not names or {len(names)} != set(map(len, value)) or not all(map(str.isascii, names)):
        return None
    if not {int}.issuperset(map(type, chain.from_iterable(map(dict.values, value)))):
        return None
    inner, own = _BREAKS[LEVELS - 1], _BREAKS[LEVELS]
    texts = (json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in names)
    row = "{" + ",".join(f"{own}{text}{_NAMED}%d" for text in texts) + inner + "}"
    try:
        return f",{inner}".join(map(row.__mod__, map(itemgetter(*names), value)))
    except KeyError:
        return None


def each(values: Sequence[Any], encoder: json.JSONEncoder) -> list[str]:
    """Return the JSON of each value, all made in one go: one by one a hundred thousand take a second."""
    between, rows = encoder.item_separator, list[str]()
    for mark in "\0", secrets.token_hex(16):  # no value has the first in a list, and none can have the other
        marked: list[Any] = [mark] * (2 * len(values) - 1)
        marked[::2] = values
        rows = encoder.encode(marked)[1:-1].split(f"{between}{json.dumps(mark)}{between}")
        if len(rows) == len(values):
            break
    return rows

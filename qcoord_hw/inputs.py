"""The files that users hand in: read when they are regular files of a bearable size, refused at once else."""

from __future__ import annotations

import json
import math
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.text import one_line, short_repr

MAX_BYTES = 32 * 2**20
MAX_VALUES = 500_000
"""Values in a JSON file: more would take hundreds of megabytes before the first of them is looked at."""

MAX_DEPTH = 100

MAX_STRETCH = 100_000
"""Bytes of JSON without a comma or a quotation mark: one text, or one number."""

LEAST, LARGEST = 1e-100, 1e100
"""Between these is the size of every number but 0 that a person hands in: products of a few of them are still
numbers, and none vanishes."""

_SEPARATORS = (b",", b"[", b"{")
_NESTS = frozenset((dict, list))
_HUGE_EXPONENT = re.compile(r"[eE][+-]?[0-9_]{4}")  # `Fraction` would write out that many digits


def exact_number(text: str) -> Fraction:
    """Return the number that a short text states: a decimal, or a fraction such as "1/3".

    Raises:
        ValueError: when it states none, one of more digits than anybody writes, or one so small or large that
            it would vanish or be infinite.
    """
    if len(text) > 100 or not text.isascii() or "_" in text or _HUGE_EXPONENT.search(text):
        raise ValueError("not a short number")
    try:
        value = Fraction(text)
    except ZeroDivisionError:
        raise ValueError("a fraction of 0") from None
    if not is_bearable(value):
        raise ValueError(f"not 0, and not of a size from {LEAST:g} to {LARGEST:g}")
    return value


def is_bearable(value: Fraction | float) -> bool:
    """Return whether a number neither vanishes nor grows beyond all bounds in a product of a few."""
    if not value:
        return True
    return -10 * LARGEST < value < 10 * LARGEST and LEAST <= abs(float(value)) <= LARGEST


def decimal(text: str) -> float:
    """Return the number that a decimal of JSON states.

    Raises:
        InputError: when no float is near it: it is not 0 and would be read as 0, or would be infinite.
    """
    value = float(text)
    vanishes = abs(value) < sys.float_info.min and any(c in "123456789" for c in re.split("[eE]", text)[0])
    if vanishes or math.isinf(value):
        raise InputError(
            f"{short_repr(text)[1:-1]}: allowed are 0 and numbers of size {LEAST:g} to {LARGEST:g}"
        )
    return value


def read_file(path: Path, what: str = "JSON", most: int = MAX_BYTES) -> bytes:
    """Return the content of a regular file, behind a link if the user names one.

    Args:
        path: of the file.
        what: kind of file, for the error.
        most: bytes at most.

    Raises:
        InputError: when it is a folder, a device or a pipe, is too large, or cannot be read.
    """
    given, allowed = one_line(path), f"allowed is a {what} file"
    try:
        _check_regular(os.stat(path), most)  # before it is opened: a pipe would wait, a device do something
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
        with open(number, "rb") as file:
            _check_regular(os.fstat(number), most)
            content = file.read(most + 1)
    except InputError as error:
        raise InputError(f"{given}: cannot be read ({error}); {allowed}") from None
    except OSError as error:
        raise InputError(f"{given}: cannot be read ({error.strerror}); {allowed}") from None
    except ValueError as error:  # a zero byte in the name
        raise InputError(f"{given}: is no file's name ({one_line(error)}); {allowed}") from None
    if len(content) > most:
        raise InputError(f"{given}: more than {most} bytes; allowed are at most that many")
    return content


def _check_regular(status: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError("a folder" if stat.S_ISDIR(status.st_mode) else "no regular file")
    if status.st_size > most:
        raise InputError(f"{status.st_size} bytes; allowed are at most {most}")


def read_json(path: Path, parse_float: Callable[[str], Any] = decimal) -> Any:
    """Return the content of a user's JSON file; a key that stands there twice is refused.

    Args:
        path: of the file.
        parse_float: what makes a number of a decimal.

    Raises:
        InputError: when it cannot be read, is not JSON, or holds more than anybody writes.
    """
    content = read_file(path)
    try:
        return parse_json(content, parse_float=parse_float, object_pairs_hook=without_twins)
    except InputError as error:
        raise InputError(f"{one_line(path.name)}: {error}") from None
    except (ValueError, ArithmeticError) as error:  # ArithmeticError: a decimal of another world
        raise InputError(f"{one_line(path)}: not valid JSON ({one_line(error, 160)})") from None


def parse_json(content: bytes, most: int = MAX_VALUES, **hooks: Any) -> Any:
    """Return what JSON states, if it is neither too much nor too deep.

    Args:
        content: in UTF-8.
        most: values at most.
        hooks: as `json.loads` takes them.

    Raises:
        ValueError: when it is no JSON in UTF-8, has more values than allowed or a text without end, or is
            nested too deeply. The counting comes first: of what is refused for its size, nothing is made.
    """
    if (values := separators(content)) > most:
        raise ValueError(f"about {values} values; allowed are at most {most}")
    if _stretches(content, MAX_STRETCH):
        raise ValueError(f"a text or a number of more than {MAX_STRETCH} bytes")
    try:
        value = json.loads(content.decode("utf-8"), **hooks)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level, depth = [value] if type(value) in _NESTS else [], 0
    while level:
        if (depth := depth + 1) > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
        level = _nested(level)
    return value


def _nested(level: list[Any]) -> list[Any]:
    """Return the lists and objects in some others; where there is none, this is found out quickly."""

    def inner() -> Iterator[Any]:
        objects = map(dict.values, (v for v in level if type(v) is dict))
        return chain.from_iterable(chain(objects, (v for v in level if type(v) is list)))

    return [] if _NESTS.isdisjoint(map(type, inner())) else [v for v in inner() if type(v) in _NESTS]


def separators(content: bytes) -> int:
    """Return about how many values JSON has: an upper bound, counted without parsing."""
    return sum(map(content.count, _SEPARATORS))


def separators_of(lines: Sequence[bytes]) -> list[int]:
    """Return about how many values each of some lines has: as `separators`."""
    return [
        sum(found) for found in zip(*(map(bytes.count, lines, repeat(s)) for s in _SEPARATORS), strict=True)
    ]


def _stretches(content: bytes, most: int) -> bool:
    """Return whether there are more bytes than `most` in a row without a comma or a quotation mark."""
    place = 0
    while len(content) - place > most:
        end = place + most + 1
        if (last := max(content.rfind(sign, place, end) for sign in (b",", b'"'))) < 0:
            return True
        place = last + 1
    return False


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, refusing a key that stands there twice (JSON itself would drop the first)."""
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise InputError(f"{short_repr(key)} stands there twice; allowed is once")
        seen[key] = value
    return seen

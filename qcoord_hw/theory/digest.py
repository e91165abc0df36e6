"""A digest of plain data by value: it does not depend on how numbers are written or keys are ordered."""

from __future__ import annotations

import hashlib
import json
from typing import Any

MAX_DEPTH = 60


def digest(data: Any) -> str:
    """Return the SHA-256, in hexadecimal, of nested plain data.

    Numbers count by their value as floats, so that 1 and 1.0 are the same; objects by their sorted keys.

    >>> digest({"a": 1, "b": [0.5]}) == digest({"b": [0.5], "a": 1.0})
    True

    Raises:
        ValueError: when something is nested too deeply, no float can hold a number, or a value is not plain.
    """
    state = hashlib.sha256()
    # What is still to be hashed, in reverse: a string is hashed as it is, a pair is a value and its depth.
    todo: list[str | tuple[Any, int]] = [(data, 0)]
    while todo:
        entry = todo.pop()
        if isinstance(entry, str):
            state.update(entry.encode())
            continue
        value, depth = entry
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")
        if isinstance(value, dict):
            todo.append("}")
            for key in sorted(value, reverse=True):
                todo += [(value[key], depth + 1), json.dumps(key) + ":"]
            todo.append("{")
        elif isinstance(value, list):
            todo.append("]")
            todo += [(one, depth + 1) for one in reversed(value)]
            todo.append("[")
        else:
            state.update(_text(value).encode())
    return state.hexdigest()


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value) + ","
    if not isinstance(value, int | float):
        raise ValueError(f"a {type(value).__name__} is not plain data")
    try:
        return repr(float(value) + 0.0) + ","  # -0.0 is 0.0
    except OverflowError:
        raise ValueError("an integer that no float can hold") from None

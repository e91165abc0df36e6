"""Files of a record are written byte by byte as they always were, though many values are encoded together."""

from __future__ import annotations

import json
import random

import pytest

from qcoord_hw.record import files, written
from qcoord_hw.spec import canonical_json

NAMES = ("", "a", "a!", 'a"', "é", "\0", "\x01", "\x02\x03", "\n ", "%d", '", "', "}, {", "\\", '": ', "😀")
SCALARS = (0, 1, -5, 1.5, 1e300, True, None, 10**30, *NAMES)


def one_by_one(value, level=0):
    """Lay out JSON as the format says: lists and objects of the three outer levels line by line."""
    if level == written.LEVELS or not value or not isinstance(value, (dict, list, tuple)):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    indent = "\n" + " " * level
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {one_by_one(value[key], level + 1)}" for key in sorted(value)]
        return "{" + ",".join(f"{indent} {item}" for item in items) + indent + "}"
    return "[" + ",".join(f"{indent} {one_by_one(item, level + 1)}" for item in value) + indent + "]"


def anything(rng, depth):
    """Return plain values of all kinds: rows of a plan among them, and lists that are nearly rows."""
    kind, size = rng.randrange(8), rng.randrange(4)
    if depth == 0 or kind < 2:
        return rng.choice(SCALARS)
    if kind == 2:
        names = rng.sample(NAMES, 2)
        rows = [{name: rng.randrange(9) for name in names} for _ in range(size)]
        return (
            [
                *rows,
                rng.choice(
                    ({}, {"a": 1}, {names[0]: 1, names[1]: 1.5}, {names[0]: 1, names[1]: 1, "z": 1}, 1)
                ),
            ]
            if rng.random() < 0.5
            else rows
        )
    if kind == 3:
        return [rng.choice(SCALARS) for _ in range(size)]
    if kind < 6:
        return [anything(rng, depth - 1) for _ in range(size)]
    return {rng.choice(NAMES) + rng.choice(NAMES): anything(rng, depth - 1) for _ in range(size)}


@pytest.mark.parametrize("seed", range(12))
def test_what_is_encoded_together_is_written_as_one_by_one(seed):
    rng = random.Random(seed)
    for _ in range(40):
        content = {rng.choice(NAMES): anything(rng, 5) for _ in range(rng.randrange(5))}
        fields = written.laid_out(content)
        assert written.pretty(fields).decode() == one_by_one(content) + "\n"
        assert written.canonical(fields) == canonical_json(content).encode()
        again = files.parse_json(written.pretty(fields), 10**6)
        assert again == content


def test_each_of_some_values_is_encoded_as_alone():
    values = [
        "\0",
        ["\0", "\0", "\0"],
        '", "',
        {},
        [],
        {"a": ["\0"]},
        0,
        None,
        1.5,
        "é",
        ["\0", "\0"],
        "}, {",
    ]
    encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
    assert written.each(values, encoder) == [encoder.encode(value) for value in values]

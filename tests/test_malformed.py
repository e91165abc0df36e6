"""Malformed files of every format: made of the pages' own examples, each refused in one line."""

from __future__ import annotations

import copy
import itertools
import json
import math
import re

import numpy as np
import pytest

from tests.calls import call
from tests.format_pages import PAGES, examples, reader

EXAMPLES = [(page, name) for page in PAGES for name in examples(page)]
WRONG = (
    None,
    True,
    -1,
    -0.5,
    10**400,
    1e-30,
    math.nan,
    math.inf,
    "x",
    "",
    "1/0",
    "\x00",
    [],
    {},
    [[]],
    {"x": 1},
)
"""What stands in the place of a value."""

FAST, ALL = 60, 300


def places(data, path=()):
    """Yield the path of every value within nested lists and objects."""
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        else:
            yield (*path, key)


def changed(data, path, change):
    """Return a copy in which what stands at a path was changed; the whole is at the empty path."""
    whole = [copy.deepcopy(data)]
    inner, last = whole, 0
    for key in path:
        inner, last = inner[last], key
    change(inner, last)
    return whole[0]


def put(value):
    return lambda inner, key: inner.__setitem__(key, value)


def remove(inner, key):
    del inner[key]


def repeated(inner, key):
    if isinstance(inner, list):
        inner.insert(key, inner[key])
    else:
        inner[f"{key}2"] = inner[key]


def cut(inner, key):
    value = inner[key]
    inner[key] = value[:-1] if isinstance(value, str | list) else {"x": value}


def wrapped(inner, key):
    inner[key] = [inner[key]]


def spoilt_json(rng, text):
    """Return a JSON text with one mistake."""
    if rng.random() < 0.1:
        return text[: int(rng.integers(len(text.rstrip())))]
    data = json.loads(text)
    all_places = list(places(data))
    path = all_places[int(rng.integers(1, len(all_places)))]
    changes = [put(value) for value in WRONG] + [remove, repeated, cut, wrapped]
    return json.dumps(changed(data, path, changes[int(rng.integers(len(changes)))]))


def spoilt_text(rng, text):
    """Return a text of lines and words with one mistake."""
    lines = text.splitlines()
    full = [k for k, line in enumerate(lines) if line.strip()]
    k = full[int(rng.integers(len(full)))]
    how = int(rng.integers(6))
    words = lines[k].split(" ")
    i = int(rng.integers(len(words)))
    if how == 0:
        return text[: int(rng.integers(len(text.rstrip())))]
    if how == 1:
        del lines[k]
    elif how == 2:
        del words[i]
    else:
        words[i] = ["x", "nan", "1/0", "-7", "[", "=", "\x00", "1e999"][int(rng.integers(8))]
    if how > 1:
        lines[k] = " ".join(words)
    return "\n".join(lines) + "\n"


def spoilt(rng):
    """Yield page, name and text of a file with a mistake, all examples in turn."""
    for page, name in itertools.cycle(EXAMPLES):
        text = examples(page)[name]
        yield page, name, (spoilt_json if name.endswith(".json") else spoilt_text)(rng, text)


def refused(capsys, folder, rng, count):
    """Return how many files of how many were refused, each of them in one line."""
    task = folder / "task.json"
    task.write_text(examples("linear-tasks")["task.json"])
    found = tried = 0
    for page, name, text in spoilt(rng):
        if found >= count:
            return found, tried
        tried += 1
        path = folder / name
        path.write_text(text)
        given = {"FILE": str(path), "TASK": str(task)}
        status, out, err = call(capsys, *(given.get(word, word) for word in reader(page, name)))
        if status == 0:  # the mistake was none: another name, another number
            continue
        assert (status, out, err.count("\n")) == (2, "", 1), (name, text, err)
        assert re.match(r"qcoord( \w+)?: error: ", err)
        assert 20 < len(err) < 700, err
        found += 1
    raise AssertionError("no file is left")


def test_some_malformed_files_of_every_format_get_one_line(capsys, tmp_path, rng):
    found, tried = refused(capsys, tmp_path, rng, FAST)
    assert found > 0.6 * tried


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_all_malformed_files_of_every_format_get_one_line(capsys, tmp_path, rng, part):
    found, tried = refused(capsys, tmp_path, rng, ALL)
    assert found > 0.6 * tried


def test_the_mistakes_are_mistakes(rng):
    """Every example is spoilt in turn, and never comes out as it was."""
    made = list(itertools.islice(spoilt(rng), 3 * len(EXAMPLES)))
    assert {(page, name) for page, name, _ in made} == set(EXAMPLES)
    same = sum(text == examples(page)[name] for page, name, text in made)
    assert same == 0
    assert np.mean([len(text) for _, _, text in made]) > 20

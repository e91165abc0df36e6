"""What is wrong in the counts of a run is found by little work, and named as it always was."""

from __future__ import annotations

import json
import sys

import pytest

from qcoord_hw.errors import RecordError
from qcoord_hw.record import counts, files

CHUNKS = 1000
SHOTS = dict.fromkeys(range(CHUNKS), 30)
LINES = [
    files.signed_line({"chunk": k, "counts": {"00": 1 + k % 5, "01": 9, "11": 20 - k % 5}})
    for k in range(CHUNKS)
]


def signed(content):
    return files.signed_line(content)


def forged(text):
    """Return a line of any bytes, with their checksum."""
    return f'{text[:-1]},"sha256":"{files.digest(text.encode())}"}}\n'


def changed(old, new):
    def change(line, k):
        assert old in line
        return line.replace(old, new)

    return change


DAMAGED = "does not match its checksum"
UNPLANNED = "is there twice or is not what was planned"
UNKNOWN = "is not a chunk"
SPOILED = {
    "another count": (changed('"01":9', '"01":8'), DAMAGED),
    "another checksum": (changed('"}', 'x"}'), DAMAGED),
    "a checksum in capitals": (lambda line, k: line[:-67] + line[-67:-3].upper() + line[-3:], DAMAGED),
    "spaces": (changed(",", ", "), DAMAGED),
    "a key twice": (changed('{"00"', '{"00":1,"00"'), DAMAGED),
    "keys in another order": (
        lambda line, k: signed({"chunk": k, "counts": {"01": 9, "11": 21}}).replace(
            '"01":9,"11":21', '"11":21,"01":9'
        ),
        DAMAGED,
    ),
    "a key twice, and its checksum": (
        lambda line, k: forged(f'{{"chunk":{k},"counts":{{"00":1,"00":30}}}}'),
        DAMAGED,
    ),
    "another order, and its checksum": (
        lambda line, k: forged(f'{{"chunk":{k},"counts":{{"11":1,"00":29}}}}'),
        DAMAGED,
    ),
    "spaces, and their checksum": (
        lambda line, k: forged(f'{{"chunk":{k},"counts":{{"00":1, "11":29}}}}'),
        DAMAGED,
    ),
    "escapes, and their checksum": (
        lambda line, k: forged(f'{{"chunk":{k},"counts":{{"0\\u0031":30}}}}'),
        DAMAGED,
    ),
    "two counts, and their checksum": (
        lambda line, k: forged(f'{{"chunk":{k},"counts":{{"00":30}},"counts":{{"00":30}}}}'),
        DAMAGED,
    ),
    "a number with a point": (changed('"01":9', '"01":9.0'), DAMAGED),
    "a leading zero": (changed('"chunk":', '"chunk":0'), DAMAGED),
    "NaN": (changed('"01":9', '"01":NaN'), DAMAGED),
    "escapes": (changed('"01"', '"0\\u0031"'), DAMAGED),
    "no object": (lambda line, k: "7\n", DAMAGED),
    "two objects": (lambda line, k: line[:-1] + ",{}\n", DAMAGED),
    "nothing": (lambda line, k: "\n", DAMAGED),
    "twice": (lambda line, k: LINES[k - 1], UNPLANNED),
    "too many shots": (lambda line, k: signed({"chunk": k, "counts": {"00": 31}}), UNPLANNED),
    "no shot": (lambda line, k: signed({"chunk": k, "counts": {"00": 30, "11": 0}}), UNPLANNED),
    "no outcome": (lambda line, k: signed({"chunk": k, "counts": {}}), UNPLANNED),
    "half a shot": (lambda line, k: signed({"chunk": k, "counts": {"00": 29.5, "11": 0.5}}), UNPLANNED),
    "true": (lambda line, k: signed({"chunk": k, "counts": {"00": 29, "11": True}}), UNPLANNED),
    "a long outcome": (lambda line, k: signed({"chunk": k, "counts": {"000": 30}}), UNPLANNED),
    "no such chunk": (lambda line, k: signed({"chunk": CHUNKS, "counts": {"00": 30}}), UNKNOWN),
    "a chunk below 0": (lambda line, k: signed({"chunk": -1, "counts": {"00": 30}}), UNKNOWN),
    "a list of counts": (lambda line, k: signed({"chunk": k, "counts": [30]}), UNKNOWN),
    "no counts": (lambda line, k: signed({"chunk": k}), UNKNOWN),
    "a chunk that is a list": (lambda line, k: signed({"chunk": [k], "counts": {"00": 30}}), UNKNOWN),
}
PLACES = {"first": 1, "middle": CHUNKS // 2, "last": CHUNKS - 1}
CALLS = 8
"""Calls of functions, ours and those of C, for each line of counts, at most; one by one it takes fifty."""


def read(folder, lines):
    """Read counts, and return how many calls that takes."""
    (folder / counts.COUNTS).write_text("".join(lines))
    calls = 0

    def look(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    found = {}
    sys.setprofile(look)
    try:
        found = counts.read_counts(folder, SHOTS, 2)
    finally:
        sys.setprofile(None)
        read.calls = calls
    return found


@pytest.fixture(autouse=True)
def batch(monkeypatch):
    """Few lines are read together, so that few tell as much as many."""
    monkeypatch.setattr(files, "BATCH", 4096)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", SPOILED)
def test_a_spoilt_line_is_named_and_costs_little(tmp_path, how, place):
    change, said = SPOILED[how]
    k = PLACES[place]
    with pytest.raises(RecordError, match=rf"line {k + 1}\b.*{said}"):
        read(tmp_path, [*LINES[:k], change(LINES[k], k), *LINES[k + 1 :]])
    # the lines that are read together with the spoilt one are then read one by one
    together = files.BATCH // min(map(len, LINES))
    assert read.calls < CALLS * CHUNKS + 100 * together


def test_counts_are_read_by_little_work(tmp_path):
    found = read(tmp_path, LINES)
    assert found == {k: json.loads(line)["counts"] for k, line in enumerate(LINES)}
    assert read.calls < CALLS * CHUNKS


def test_lines_are_written_together_as_each_alone():
    every = [(k, {"é": 1} if k == 7 else json.loads(line)["counts"]) for k, line in enumerate(LINES)]
    alone = [files.signed_line({"chunk": k, "counts": one}) for k, one in every]
    assert counts.lines_of(every) == "".join(alone)


def test_a_line_of_many_outcomes_is_read(tmp_path):
    many = {f"{k:016b}": 1 for k in range(5000)}
    lines = [files.signed_line({"chunk": k, "counts": many}) for k in range(3)]
    (tmp_path / counts.COUNTS).write_text("".join(lines) + lines[0][:50])
    assert counts.read_counts(tmp_path, dict.fromkeys(range(3), 5000), 16) == dict.fromkeys(range(3), many)

"""The frame of the checkers: what is not confirmed is named, and nothing that is no number passes for one."""

from __future__ import annotations

import math

import pytest

from qcoord_hw.theory.claims import (
    ANY,
    MAX_LINE,
    MAX_LINES,
    Findings,
    as_fraction,
    brief,
    dotted,
    is_integer,
    is_number,
    near,
    numbers,
    same,
    unconfirmed,
)

ANSWER = {
    "c": 1,
    "rate": "4/5",
    "none": None,
    "word": "text",
    "list": [{"a": 1.5, "b": [2, 3]}, {"a": 2.5, "b": []}],
    "flag": True,
}


def test_every_number_is_listed():
    assert [dotted(path) for path, _ in numbers(ANSWER)] == [
        "c",
        "rate",
        "none",
        "list.0.a",
        "list.0.b.0",
        "list.0.b.1",
        "list.1.a",
        "flag",
    ]


@pytest.mark.parametrize(
    ("confirmed", "left"),
    [
        ([], ["c", "rate", "none", "list", "flag"]),
        ([("c",), ("list", 0)], ["rate", "none", "list.1", "flag"]),
        ([("c",), ("rate",), ("none",), ("flag",), ("list", ANY, "a")], ["list.0.b"]),
        ([(key,) for key in ANSWER], []),
        ([()], []),
    ],
)
def test_what_is_not_confirmed_is_named(confirmed, left):
    assert [dotted(path) for path in unconfirmed(ANSWER, confirmed)] == left


def test_a_key_with_a_dot_does_not_pass_for_a_path():
    assert dotted(("V", "a.b")) == 'V."a.b"' != dotted(("V", "a", "b"))
    assert dotted(("\x1b[31m",)) == '"\\u001b[31m"'
    assert dotted(("*", ANY)) == "*.*"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "1", [], True, 10**400])
def test_what_is_no_number_is_near_none(value):
    assert not near(value, 1.0, 10.0)
    assert not is_number(value)
    assert not same(value, 1)


def test_values_are_equal_with_their_types():
    assert same({"a": [1, None, "x"], "b": 2.0}, {"b": 2.0, "a": [1, None, "x"]})
    for a, b in ((1, True), (1, 1.0), (0, False), ([1], [1, 1]), ({"a": 1}, {"b": 1}), (math.nan, math.nan)):
        assert not same(a, b)
    assert is_integer(3, 0, 3)
    assert not is_integer(True, 0, 3)


@pytest.mark.parametrize("text", ["1e999999999", "1" * 10_000, "x", "", "1/0", 3, None])
def test_no_text_asks_for_much_memory(text):
    assert as_fraction(text) is None


def test_lines_are_short_and_few():
    findings = Findings({"a": {str(k): [k] * 10**5 for k in range(3)}, "b": 10**4000})
    for k in range(2 * MAX_LINES):
        findings.wrong(("x" * 1000, k), "y" * 1000)
    lines = findings.verdict().violations
    assert len(lines) == MAX_LINES + 1
    assert all(len(line) <= MAX_LINE for line in lines)
    assert brief(10**4000) == "an integer of 13288 bits"
    assert len(brief("z" * 10**6)) < 100


def test_what_may_not_stay_unproved_is_a_violation():
    findings = Findings(ANSWER)
    findings.confirm("c")
    assert findings.verdict().holds
    assert findings.verdict([("list",)]).violations == ("list: not proved",)
    assert findings.verdict([("list", ANY, "a")]).violations == ("list: not proved",)
    findings.close(("list", 0, "a"), 1.5, 1e-9)
    findings.equal(("rate",), "4/5")
    assert findings.verdict([("rate",), ("c",)]).holds
    findings.equal(("missing",), 1)
    findings.close(("c",), math.nan, 1.0)
    assert findings.verdict().violations == ("missing: missing", "c: 1; it is nan")

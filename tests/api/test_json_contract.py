"""`--json` is what it was before its objects were typed: keys in their order, numbers; keys may be added.

Text with a space in it is for people and may be worded anew; other text is for programs.
"""

from __future__ import annotations

import json

import json_contract
import pytest

VERSIONED = ("rules", "not_checked")
"""What changes with the rules of analysis and with what the checker proves; it is there, whatever it says."""

BEFORE = json.loads(json_contract.RECORDED.read_text())


@pytest.fixture(scope="module")
def now(as_written, tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return json_contract.outputs(folder)


@pytest.mark.slow
@pytest.mark.parametrize("command", json_contract.COMMANDS)
def test_what_was_printed_is_printed(command, now):
    assert list(missing(BEFORE[command], now[command])) == []


def test_what_is_lost_is_seen():
    before = {"a": 1, "b": [{"c": 0.5}, {"c": None}]}
    assert list(missing(before, {"z": 0} | before | {"d": 1})) == []
    assert list(missing({"certificate": ["a", "c"]}, {"certificate": ["a", "b", "c"]})) == []
    assert len(list(missing({"certificate": ["a", "c"]}, {"certificate": ["c", "a"]}))) == 1
    for other in (
        {"b": before["b"], "a": 1},
        {"a": 1},
        before | {"b": before["b"][:1]},
        before | {"b": [{"c": 0.5001}, {"c": None}]},
        before | {"b": [{"c": 0.5}, {"c": 0}]},
        before | {"a": True},
        before | {"a": 1.0},
        before | {"b": "two words"},
    ):
        assert len(list(missing(before, other))) == 1, other


def missing(before, after, where=""):
    """Yield a line for each value of before that is not there, is another, or stands in another order."""
    if isinstance(before, dict) and isinstance(after, dict):
        kept = [key for key in after if key in before]
        if kept != list(before):
            yield f"{where}: keys {list(before)}, now {list(after)}"
            return
        for key in set(before).difference(VERSIONED):
            yield from missing(before[key], after[key], f"{where}.{key}")
    elif where.endswith(".side_by_side") and len(before) < len(after):  # rows may be added, as keys may
        known = {row["section"] for row in before}
        yield from missing(before, [row for row in after if row["section"] in known], where)
    elif where.endswith(".certificate") and isinstance(before, list):  # its keys
        kept = [key for key in after if key in before]
        if kept != before:
            yield f"{where}: keys {before}, now {after}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, pair in enumerate(zip(before, after, strict=True)):
            yield from missing(*pair, f"{where}[{place}]")
    elif isinstance(before, str) and " " in before and isinstance(after, str):
        return
    elif type(before) is not type(after) or before != (
        pytest.approx(after, rel=1e-6, abs=1e-9) if isinstance(before, float) else after
    ):
        yield f"{where}: {before!r}, now {after!r}"

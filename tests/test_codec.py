"""Dataclasses as plain JSON values and back: nothing is lost, and no other type is taken."""

import json
from dataclasses import dataclass
from typing import Literal

import pytest

from qcoord_hw.codec import from_plain, to_plain
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.families.experiment import Setting


@dataclass(frozen=True)
class Own:
    text: str

    def to_json(self):
        return {"own": self.text}

    @classmethod
    def from_json(cls, data):
        return cls(data["own"])


@dataclass(frozen=True)
class Inner:
    pairs: tuple[tuple[float, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Outer:
    own: Own
    inner: tuple[Inner, ...]
    kind: Literal["a", "b"] = "a"
    table: dict[str, dict[str, float]] | None = None
    flag: bool = False


OUTER = Outer(Own("x"), (Inner(((0.5, (1, 2)), (1e22, ()))),), "b", {"q": {"value": 1.0}}, True)
SETTINGS = [Setting("x=0"), Setting("y", 3, (0.5, 1e-7), (1, 0), "derived:frame", 2)]
SNAPSHOT = Snapshot(
    "d",
    "1",
    "now",
    2,
    (QubitCalibration(1, None, 2e-4, 0.1, 0.2),),
    (GateCalibration("cx", (0, 1), None, 0.1),),
)


@pytest.mark.parametrize("value", [OUTER, *SETTINGS, SNAPSHOT])
def test_there_and_back(value):
    data = json.loads(json.dumps(to_plain(value)))
    assert from_plain(type(value), data) == value
    assert list(data) == list(value.__dataclass_fields__)


def test_what_is_none_may_be_left_out():
    assert "table" in to_plain(Outer(Own("x"), ()))
    short = to_plain(Outer(Own("x"), ()), without=("table", "kind"))
    assert set(short) == {"own", "inner", "kind", "flag"}
    assert from_plain(Outer, short) == Outer(Own("x"), ())


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"kind": "c"},
        {"flag": 1},
        {"inner": 3},
        {"inner": [{"pairs": [[0.5, [1], 2]]}]},
        {"inner": [{"pairs": [["x", [1]]]}]},
        {"inner": [{"pairs": [[True, [1]]]}]},
        {"inner": [{"pairs": [[0.5, [1.5]]]}]},
        {"inner": [{"pairs": [[0.5, "12"]]}]},
        {"inner": [{}]},
    ],
)
def test_another_type_is_refused(change):
    data = json.loads(json.dumps(to_plain(OUTER))) | change
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_plain(Outer, data)

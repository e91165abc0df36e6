"""Numbers of a user's file that would vanish or be infinite are refused in one line, by their field."""

from __future__ import annotations

import json

import pytest

from qcoord_hw.inputs import decimal, exact_number, is_bearable
from tests.hostile import ends_well

SMALL = ["1e-320", "5e-324", "1e-400", "1e-999", '"1e-320"', '"1e-999"', "1e-101", '"1e-101"']
LARGE = ["1e101", '"1e101"', "1e308", "1e400", "1e999", '"1e999"']
STATE = '{"systems":{"A":2,"B":2},'
FILES = {
    "ket": STATE + '"ket":{"00":N,"11":N}}',
    "one of a ket": STATE + '"ket":{"00":1,"11":N}}',
    "imaginary part": STATE + '"ket":{"00":[1,N],"11":1}}',
    "density": STATE + '"density":[[N,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,1]]}',
    "p": '{"systems":{"X":2,"B":2},"classical":["X"],"ensemble":[{"p":N,"x":{"X":0},"ket":{"0":1}},'
    '{"p":1,"x":{"X":1},"ket":{"1":1}}]}',
}
GAMES = {
    "prob": '{"name":"g","prob":[[N,"1/4"],["1/4","1/4"]],"win":[[[[1,0],[0,1]],[[1,0],[0,1]]],'
    "[[[1,0],[0,1]],[[0,1],[1,0]]]]}",
    "score": '{"name":"g","prob":[["1/4","1/4"],["1/4","1/4"]],"score":[[[[N,0],[0,1]],[[1,0],[0,1]]],'
    "[[[1,0],[0,1]],[[0,1],[1,0]]]]}",
}


@pytest.mark.few(40)
@pytest.mark.parametrize("number", [*SMALL, *LARGE])
@pytest.mark.parametrize("what", [*FILES, *GAMES])
def test_no_number_vanishes_or_overflows(tmp_path, what, number):
    place = tmp_path / "own.json"
    place.write_text((FILES | GAMES)[what].replace("N", number))
    command = ("theory", "region", "--network", "two-node") if what in FILES else ("theory", "game")
    status, out, err = ends_well(command[0], command[1], str(place), *command[2:])
    assert (status, out) == (2, "")
    assert "allowed" in err


@pytest.mark.parametrize("text", ["0", "0.0", "0e-999", "1e-100", "-2.5e-9", "1e100", "1/3"])
def test_what_people_write_is_read(text):
    assert is_bearable(exact_number(text))
    if "/" not in text:
        assert decimal(text) == float(text)
        assert json.loads(f"[{text}]", parse_float=decimal) == [float(text)]

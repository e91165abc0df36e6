"""`qcoord theory check`: what holds, what is refused, and that refusing costs nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.calls import call, call_json

OWN = {
    "name": "mine",
    "prob": [["1/4", "1/4"], ["1/4", "1/4"]],
    "win": [[[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
}


@pytest.fixture
def answers(capsys, tmp_path) -> dict[str, dict[str, Any]]:
    game = tmp_path / "own.json"
    game.write_text(json.dumps(OWN))
    return {
        "linear": call_json(capsys, "theory", "linear", "sum-2-f5"),
        "game": call_json(capsys, "theory", "game", game),
    }


def write(tmp_path, content: Any):
    path = tmp_path / "answer.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def assert_refused(capsys, path) -> dict[str, Any]:
    """Exit 2 and one line; with --json the verdict all the same."""
    status, out, err = call(capsys, "theory", "check", path)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert len(err) < 400
    status, out, err = call(capsys, "theory", "check", path, "--json")
    assert status == 2
    assert len(err.splitlines()) == 1
    return json.loads(out) if out else {}


@pytest.mark.parametrize("kind", ["linear", "game"])
def test_an_answer_holds_and_a_spoilt_one_is_refused(capsys, tmp_path, answers, kind):
    path = write(tmp_path, answers[kind])
    found = call_json(capsys, "theory", "check", path)
    assert (found["ok"], found["holds"], found["violations"]) == (True, True, [])
    assert found["lower_bound"] == "confirmed"
    assert "seconds" in found["not_checked"]
    status, out, _ = call(capsys, "theory", "check", path)
    assert status == 0
    assert "not checked: " in out
    key = {"linear": "c", "game": "players"}[kind]
    found = assert_refused(capsys, write(tmp_path, answers[kind] | {key: 7}))
    assert (found["ok"], found["holds"]) == (True, False)
    assert found["violations"][0].startswith(f"{key}: 7; it is ")


@pytest.mark.parametrize("content", ["[]", "{}", "3", "null", '"V"', '{"name": "x"}', "[" * 100_000, "{"])
def test_what_is_no_answer_is_bad_input(capsys, tmp_path, content):
    assert assert_refused(capsys, write(tmp_path, content)) == {}


HUGE = 10**4000
DEEP = json.loads("[" * 80 + "]" * 80)


@pytest.mark.few(8)
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("linear", {"field": 65537}),
        ("linear", {"field": 2**16}),
        ("linear", {"field": (2**61 - 1) * (2**89 - 1)}),
        ("linear", {"field": HUGE}),
        ("linear", {"field": 64, "irreducible_poly": [1] * 10_000}),
        ("linear", {"V": {"A": [[1] * 300] * 300}, "server_order": ["A"]}),
        ("linear", {"M": [[0] * 300] * 300}),
        ("linear", {"M": DEEP}),
        ("linear", {"beyond": {"instances": HUGE}}),
        ("linear", {"c": HUGE, "c_lower": HUGE}),
        ("linear", {"certificate": {"method": "direct sum", "blocks": [{"servers": [0]}] * 10_000}}),
        ("linear", {"name": 3, "ok": 1}),
        ("linear", {"optimum": {"rate": "7"}}),
        ("game", {"players": HUGE}),
        ("game", {"game": DEEP}),
        ("game", {"game": {}}),
        ("game", {"quantum": {"lower": 1e308}}),
        ("game", {"quantum": None}),
        ("game", {"classical": "3/4"}),
        (
            "game",
            {"classical": {"value": "1e999999999", "float": float("inf"), "strategy": [[0, 0], [0, 0]]}},
        ),
        ("game", {"frontier": {"win": float("nan"), "classical": 0.75}}),
        ("game", {"bell_inequality": {"name": "I3322", "scale": 8, "offset": -6}}),
    ],
    ids=lambda x: str(x)[:40],
)
def test_hostile_answers_are_refused_at_once(capsys, tmp_path, answers, kind, change):
    found = assert_refused(capsys, write(tmp_path, answers[kind] | change))
    assert found["holds"] is False
    assert found["violations"]
    assert all(len(line) <= 300 for line in found["violations"])


def test_hostile_certificates_are_refused_at_once(capsys, tmp_path, answers):
    for key, bad in (
        ("lower_certificate", {"dimensions": [10**9, 10**9]}),
        ("lower_certificate", {"dimensions": [2000, 1000]}),
        ("lower_certificate", {"state": DEEP}),
        ("upper_certificate", {"words": [[[[0, 0]] * 1000, []]] * 5}),
        ("upper_certificate", {"dual": [[0.0]] * 10_000}),
        ("upper_certificate", {"dual": [[1e308] * (i + 1) for i in range(5)]}),
        ("upper_certificate", {"level": "3"}),
    ):
        quantum = answers["game"]["quantum"]
        spoilt = quantum | {key: quantum[key] | bad}
        assert assert_refused(capsys, write(tmp_path, answers["game"] | {"quantum": spoilt}))["violations"]


def test_a_level_is_called_level(capsys, tmp_path):
    def said(game: str) -> str:
        return " ".join(call(capsys, "theory", "game", game)[1].split())

    assert "upper bound 0.853553391 (level 1 of the hierarchy)" in said(write(tmp_path, OWN))
    assert re.search(r"upper bound 0.8162277\d+ \(level 1\+AB of the hierarchy\)", said("tilted"))
    assert "upper bound 1 (the best answers of every question)" in said("ghz-3")


@pytest.mark.few(2)
@pytest.mark.parametrize(("name", "seconds"), [("chsh", 15), ("ghz-3", 15), ("cglmp-3", 15), ("i3322", 1)])
def test_an_own_game_is_of_one_kind_in_theory_and_in_run(capsys, tmp_path, name, seconds):
    """Exact where the bracket is closed, in both; one that no time closes is a lower bound in `run`."""
    from qcoord_hw.theory.games.catalogue import GAMES

    limit = ("--time-limit", str(seconds))
    path = write(tmp_path, GAMES[name]().to_json() | {"name": "own"})
    kind = call_json(capsys, "theory", "game", path, *limit)["quantum"]["kind"]
    assert kind == ("bracket" if name == "i3322" else "exact")
    estimate = call_json(capsys, "run", path, *limit, "--shots", "50", "--seed", "1")["estimates"][0]
    assert estimate["theory"]["kind"] == {"exact": "exact", "bracket": "lower"}[kind]


def test_a_certificate_of_another_game_makes_nothing_exact():
    from qcoord_hw.errors import InputError
    from qcoord_hw.families.games.user_game import spec_of_game, value_of, with_strategy
    from qcoord_hw.theory.games.catalogue import GAMES

    parameters = {
        name: with_strategy(name, spec_of_game(GAMES[name]()).options) for name in ("chsh", "ghz-3")
    }
    assert value_of(GAMES["chsh"](), parameters["chsh"]["strategy"]).kind == "exact"
    text = json.loads(str(parameters["chsh"]["strategy"]))
    del text["upper"]["dual"]
    with pytest.raises(InputError, match="upper"):
        value_of(GAMES["chsh"](), json.dumps(text))
    text["upper"] = {"level": "0", "bound": 1.0}  # holds, and closes nothing
    assert value_of(GAMES["chsh"](), json.dumps(text)).kind == "lower"

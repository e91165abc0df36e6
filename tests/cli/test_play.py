"""`qcoord play`: the rounds are the record's shots, in an order of their own."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.errors import InputError
from qcoord_hw.families.games.analysis import tally
from qcoord_hw.families.games.lecture import check_playable
from qcoord_hw.families.games.rounds import rounds
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.theory.games.catalogue import chsh, ghz
from qcoord_hw.theory.games.game import Game
from tests.calls import call, call_json, refused


def test_all_rounds_are_all_shots():
    record = qc.run("chsh", target="fake_torino", shots=100, seed=3).record
    play = GameScoring.from_json(record.intent["experiment"]["play"])
    played = list(rounds(record, 1, 10**6))
    assert [one.number for one in played] == list(range(1, 401))
    assert played[-1].wins == sum(cell.wins for cell in tally(record, play))
    counted = Counter((one.question, one.answers) for one in played)
    for cell in tally(record, play):
        whole = cell.tally.sum(axis=0)
        for b in range(2):
            for c in range(2):
                assert counted[cell.question, (b, c)] == whole[b, c]
    assert list(rounds(record, 1, 10**6)) == played != list(rounds(record, 2, 10**6))
    assert len({one.question for one in rounds(record, 1, 30)}) == 4


def test_questions_come_as_the_game_asks_them():
    record = qc.run("biased-chsh", shots=1000, seed=3).record
    game = GameScoring.from_json(record.intent["experiment"]["play"]).game
    played = list(rounds(record, 1, 10**6))
    asked = Counter(one.question for one in played)
    for question in game.questions():
        assert asked[question] / len(played) == pytest.approx(float(game.prob[question]), abs=2 / len(played))


@pytest.mark.few(3)
@pytest.mark.parametrize("name", ["chsh", "ghz-4", "magic-square", "sequential-chsh", "cglmp-3", "tilted"])
def test_a_game_is_run_and_played(capsys, name, runs_dir):
    found = call_json(capsys, "play", name, "--rounds", 12, "--seed", 5)
    assert (found["ok"], found["played"], len(found["rounds"])) == (True, 12, 12)
    assert len(list(runs_dir.iterdir())) == 1
    play = GameScoring.from_json(qc.load_run("latest").record.intent["experiment"]["play"])
    assert found["classical"] == play.bound.value
    total = 0.0
    for one in found["rounds"]:
        leaked = None in one["answers"]
        worth = 0.0 if leaked else float(play.game.table[(*one["question"], *one["answers"])])
        total += worth
        assert (one["score"], one["wins"]) == pytest.approx((worth, total))
        assert one["won"] is (None if play.game.score is not None else worth == 1)
    assert found["wins"] == pytest.approx(total)
    assert call_json(capsys, "play", "latest", "--rounds", 12)["rounds"] == found["rounds"]


def test_lines_and_summary(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    status, out, err = call(capsys, "play", "ghz-3", "--rounds", 5, "--seed", 5, "--delay", 0.001)
    assert (status, err) == (0, "")
    *lines, last = out.splitlines()
    assert lines[0].endswith("then may not talk any more.")
    assert lines[4].endswith("answers 0 or 1.")
    lines = lines[8:]
    assert len(lines) == 5
    assert all("won" in line and "win rate 1.000  classical bound 0.75" in line for line in lines)
    assert last.startswith("5 of 5 rounds won, win rate 1; classical bound 0.75.")
    assert "not a network" in last


@pytest.mark.parametrize("name", ["magic-square", "hardy-1", "cglmp-3"])
def test_show_play_and_page_state_the_same_rule(capsys, monkeypatch, tmp_path, name):
    monkeypatch.setenv("COLUMNS", "1000")
    rule = call_json(capsys, "show", name)["rule"]
    assert len(rule) > 5
    shown = call(capsys, "show", name)[1].splitlines()
    assert [line[10:] for line in shown if line[10:] in rule] == rule
    played = call(capsys, "play", name, "--rounds", 3, "--seed", 5)[1].splitlines()
    assert played[: len(rule)] == rule
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert call(capsys, "play", "latest", "--rounds", 3, "--humans")[1].splitlines()[: len(rule)] == rule
    data = call_json(capsys, "play", "latest", "--rounds", 3, "--page", tmp_path / "page.html")
    assert data["is_told"] is not any(line.startswith(" ") for line in rule)
    assert data["rule"] == [line for line in rule if not line.startswith(" ")]
    rows = [line.partition(": ")[2] for line in rule if line.startswith(" ")]
    assert data["is_told"] or [row.split(" ", data["is_scored"] or 2)[-1] for row in rows] == data["wins"]


def test_a_terminal_of_40_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    status, out, _ = call(capsys, "play", "chsh", "--rounds", 2, "--seed", 5)
    assert status == 0
    assert max(map(len, out.splitlines())) <= 40
    assert "classical bound 0.75" in " ".join(out.split())


def test_people_answer_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n0\n" + "0\n" * 19 + "1\n"))
    status, out, _ = call(capsys, "play", "chsh", "--rounds", 12, "--seed", 5, "--humans")
    asked = re.findall(r"Bob, asked (\d).*\nCharlie, asked (\d)", out.split("(0 to 1):\n", 1)[1])
    told = re.findall(r"^ +(\d+)  you (\d+) \(now", out, re.M)
    assert status == 0
    assert len(told) == 10  # "2" is asked again; the last answer has no partner
    assert int(told[-1][1]) == sum((x, y) != ("1", "1") for x, y in asked[:10])


def test_a_page_holds_the_game_and_each_recorded_round(capsys, tmp_path):
    name, path = "</script><b>&", tmp_path / "page.html"
    own = chsh()
    file = tmp_path / "game.json"
    file.write_text(json.dumps(own.to_json() | {"name": name}), encoding="utf-8")
    found = call_json(capsys, "play", file, "--page", path, "--rounds", 50, "--seed", 5)
    text = path.read_text(encoding="utf-8")
    assert "<b>" not in text
    assert text.count("</script>") == 1
    link = re.search(r'href="data:application/json;base64,([^"]+)"', text)[1]
    data = json.loads(base64.b64decode(link))
    assert data == {key: value for key, value in found.items() if key != "page"}
    questions = list(own.questions())
    assert [tuple(q) for q in data["questions"]] == questions
    assert data["probabilities"] == [float(own.prob[q]) for q in questions]
    assert data["worth"] == [own.win[q].reshape(-1).tolist() for q in questions]
    assert data["classical"]["value"] == 0.75
    assert (
        sum(own.win[q][tuple(s[x] for s, x in zip(data["strategy"], q, strict=True))] for q in questions) == 3
    )
    assert data["rule"][-2:] == [
        "If Bob is asked 1 and Charlie 1, they win if their answers differ.",
        "In all other cases they win if their answers are equal.",
    ]
    assert data["wins"] == ["if their answers are equal"] * 3 + ["if their answers differ"]
    record = qc.load_run(found["run"]).record
    told = [(questions.index(one.question), list(one.answers)) for one in rounds(record, 5, 50)]
    assert [(q, answers) for q, answers in data["rounds"]] == told
    again = ("--page", path, "--rounds", 50, "--seed", 5)
    assert call_json(capsys, "play", file, "--run", found["run"], *again) == found
    assert call_json(capsys, "play", found["run"], *again) == found
    assert "allowed are runs of" in refused(capsys, "play", "ghz-3", "--run", found["run"], *again)


@pytest.mark.parametrize(
    ("game", "field"),
    [(ghz(4), "players"), (Game("wide", [[1]], [[np.ones((17, 1), int).tolist()]]), "answers")],
)
def test_what_nobody_can_play_by_hand_has_no_page(game, field):
    with pytest.raises(InputError, match=field):
        check_playable(game)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["nonsense"], "experiment"),
        (["chsh", "--rounds", "0"], "rounds"),
        (["chsh", "--delay", "nan"], "delay"),
        (["chsh", "--seed", "-1"], "seed"),
        (["chsh", "--target", "nothing"], "target"),
        (["latest"], "run"),
        (["latest", "--run", "latest"], "run"),
        (["chsh", "--page", "."], "page"),
        (["chsh", "--page", "a.html", "--humans"], "humans"),
        (["chsh", "--page", "no/where.html"], "page"),
        (["chsh", "--page", "a.html", "--rounds", "20001"], "rounds"),
        (["latest", "--target", "aer"], "target"),
        (["example-1-f2-batched"], "linear computation"),
    ],
)
def test_wrong_arguments_are_one_line(capsys, runs_dir, arguments, field):
    status, out, err = call(capsys, "play", *arguments)
    assert (status, out) == (2, "")
    assert field in err
    assert err.count("\n") == 1
    assert not runs_dir.exists()

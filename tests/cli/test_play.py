"""`qcoord play`: the rounds are the record's shots, in an order of their own."""

from __future__ import annotations

from collections import Counter

import pytest

import qcoord_hw as qc
from qcoord_hw.families.games.analysis import tally
from qcoord_hw.families.games.rounds import rounds
from qcoord_hw.families.games.scoring import GameScoring
from tests.calls import call, call_json


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


def test_lines_and_summary(capsys):
    status, out, err = call(capsys, "play", "ghz-3", "--rounds", 5, "--seed", 5, "--delay", 0.001)
    assert (status, err) == (0, "")
    *lines, last = out.splitlines()
    assert len(lines) == 5
    assert all("won" in line and "win rate 1.000  classical bound 0.75" in line for line in lines)
    assert last.startswith("5 of 5 rounds won, win rate 1; classical bound 0.75.")
    assert "not a network" in last


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["nonsense"], "experiment"),
        (["chsh", "--rounds", "0"], "rounds"),
        (["chsh", "--delay", "nan"], "delay"),
        (["chsh", "--seed", "-1"], "seed"),
        (["chsh", "--target", "nothing"], "target"),
        (["latest"], "run"),
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

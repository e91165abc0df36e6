"""The command line for nonlocal games: theory with certificates, runs of games of your own, and refusals."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.theory.games.checker import check_strategy, check_upper, payoff_of
from tests.calls import call, call_json

pytestmark = pytest.mark.usefixtures("work_clock")

XOR = [[[[int((b ^ c) == (x & y)) for c in (0, 1)] for b in (0, 1)] for y in (0, 1)] for x in (0, 1)]
MINE = {"name": "my game", "prob": [["3/10", "1/5"], ["3/10", "1/5"]], "win": XOR}
MINE_VALUE = 1 / 2 + math.sqrt(13 / 25) / 2  # 1/2 + sqrt(2 (p^2 + (1-p)^2) (q^2 + (1-q)^2)) / 2, Lawson 2010
FLAT = [[0.25, 0.25], [0.25, 0.25]]
SCORED = {
    "name": "scored",
    "prob": FLAT,
    "score": [[[["3/4" if won else 0.25 for won in a] for a in own] for own in row] for row in XOR],
}
SCORED_VALUE = 1 / 4 + math.cos(math.pi / 8) ** 2 / 2


def write(path, data):
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


@pytest.fixture
def my_game(tmp_path):
    return write(tmp_path / "my_game.json", MINE)


@pytest.fixture
def scored(tmp_path):
    return write(tmp_path / "scored.json", SCORED)


def check_contract(found, prob, table):
    """What every answer has; both certificates are checked from the game's data alone."""
    assert found["ok"] is True
    assert {"name", "players", "questions", "answers", "classical", "quantum", "seconds"} <= set(found)
    quantum, classical = found["quantum"], found["classical"]
    assert quantum["lower"] <= quantum["upper"]
    assert classical["float"] <= quantum["upper"]
    assert quantum["kind"] == ("exact" if quantum["upper"] - quantum["lower"] <= 1e-6 else "bracket")
    assert quantum["level"] in ("0", "1", "1+AB", "2", "3")
    assert quantum["local_dimension"] == max(quantum["lower_certificate"]["dimensions"])
    assert set(found["seconds"]) == {"classical", "lower", "upper"}
    assert all(value >= 0 for value in found["seconds"].values())
    score, asked = np.array(table, dtype=float), np.array(prob, dtype=float)
    assert found["questions"] == list(asked.shape)
    assert found["answers"] == list(score.shape[found["players"] :])
    b, c = classical["strategy"]
    assert classical["float"] == pytest.approx(
        sum(asked[x, y] * score[x, y, b[x], c[y]] for x, y in np.ndindex(asked.shape)), abs=1e-12
    )
    value, violations = check_strategy(payoff_of(prob, table), quantum["lower_certificate"])
    assert violations == []
    assert value >= quantum["lower"] - 1e-15
    value, violations = check_upper(payoff_of(prob, table), quantum["upper_certificate"])
    assert violations == []
    assert value <= quantum["upper"]


def numbers(nested):
    """Fractions as strings, read as floats; halves, quarters and the like stay exact."""
    return [numbers(n) for n in nested] if isinstance(nested, list) else float(Fraction(str(nested)))


@pytest.mark.parametrize(
    ("name", "classical", "value", "dimension"),
    [
        ("chsh", "3/4", math.cos(math.pi / 8) ** 2, 2),
        ("magic-square", "8/9", 1, 4),
        ("rac-3", "3/4", 1 / 2 + 1 / (2 * math.sqrt(3)), 2),
        ("ffl", "2/3", 2 / 3, 1),
    ],
)
def test_theory_prints_the_contract(capsys, name, classical, value, dimension):
    from qcoord_hw.theory.games.catalogue import GAMES

    found = call_json(capsys, "theory", "game", name)
    game = GAMES[name]()
    check_contract(found, game.prob.tolist(), game.win.tolist())
    assert (found["name"], found["players"], found["classical"]["value"]) == (name, 2, classical)
    quantum = found["quantum"]
    assert quantum["lower"] - 1e-9 <= value <= quantum["upper"] + 1e-15
    assert (quantum["kind"], quantum["local_dimension"]) == ("exact", dimension)
    assert "bell_inequality" not in found
    text = call(capsys, "theory", "game", name)[1]
    assert "classical value" in text
    assert "quantum value" in text


@pytest.mark.slow
def test_i3322_is_a_bell_inequality(capsys):
    found = call_json(capsys, "theory", "game", "i3322", "--level", "2")
    bell = found["bell_inequality"]
    assert (bell["name"], bell["classical"]) == ("I3322", 0)
    assert 0.2499999 <= bell["lower"] <= bell["upper"] <= 0.25095
    assert bell["upper"] >= 0.250875  # reached in large dimension [PalVertesi2010]
    assert (found["quantum"]["level"], found["quantum"]["kind"]) == ("2", "bracket")
    assert bell["upper"] == pytest.approx(8 * found["quantum"]["upper"] - 6)
    assert "I3322" in call(capsys, "theory", "game", "i3322", "--level", "2")[1]


def test_theory_of_a_file_with_wins(capsys, my_game):
    found = call_json(capsys, "theory", "game", my_game)
    check_contract(found, numbers(MINE["prob"]), MINE["win"])
    assert (found["name"], found["classical"]["value"]) == ("my game", "4/5")
    assert found["quantum"]["lower"] - 1e-9 <= MINE_VALUE <= found["quantum"]["upper"] + 1e-12


def test_theory_of_a_file_with_scores(capsys, scored):
    found = call_json(capsys, "theory", "game", scored)
    check_contract(found, FLAT, numbers(SCORED["score"]))
    assert (found["name"], found["classical"]["value"]) == ("scored", "5/8")
    assert found["quantum"]["lower"] - 1e-9 <= SCORED_VALUE <= found["quantum"]["upper"] + 1e-12


@pytest.mark.few(3)
@pytest.mark.parametrize(("questions", "answers"), [((3, 3), (2, 2)), ((2, 3), (3, 2)), ((2, 2), (3, 3))])
@pytest.mark.parametrize("kind", ["win", "score"])
def test_the_checker_accepts_the_certificates_of_random_games(
    capsys, tmp_path, rng, questions, answers, kind
):
    weights = rng.integers(1, 8, questions)
    total = 2 ** int(np.ceil(np.log2(weights.sum())))  # binary fractions are exact as floats and in JSON
    weights[0, 0] += total - weights.sum()
    prob = (weights / total).tolist()
    high = 2 if kind == "win" else 9
    table = rng.integers(0, high, questions + answers)
    table = table.tolist() if kind == "win" else (table / 8).tolist()
    path = write(tmp_path / "random.json", {"name": "random", "prob": prob, kind: table})
    found = call_json(capsys, "theory", "game", path, "--time-limit", 4, "--seed", 3)
    check_contract(found, prob, table)


@pytest.mark.parametrize("level", ["1", "1+AB", "2", "3"])
def test_a_level_is_that_of_the_bound(capsys, my_game, level):
    found = call_json(capsys, "theory", "game", my_game, "--level", level)
    assert found["quantum"]["upper"] == pytest.approx(MINE_VALUE, abs=1e-6)
    check_contract(found, numbers(MINE["prob"]), MINE["win"])


@pytest.mark.parametrize("name", ["chsh", "i3322"])
def test_a_game_of_your_own_may_be_called_like_one_of_the_catalogue(capsys, tmp_path, name):
    """A name alone brings neither the strategy nor the Bell inequality of another game."""
    table = np.zeros((3, 2, 2, 2), dtype=int)
    table[..., 0, 0] = 1
    path = write(tmp_path / "other.json", {"name": name, "prob": [["1/6"] * 2] * 3, "win": table.tolist()})
    found = call_json(capsys, "theory", "game", path)
    assert (found["classical"]["value"], found["quantum"]["kind"]) == ("1", "exact")
    assert "bell_inequality" not in found


BAD = [
    ("", "not valid JSON"),
    ("{", "not valid JSON"),
    ("[1]", "game|task"),
    ("[" * 100000, "not valid JSON"),
    ('{"name": "a", "name": "b"}', "twice"),
    ({"name": "a", "prob": FLAT}, "win"),
    ({"name": "a", "win": XOR}, "prob"),
    ({"prob": FLAT, "win": XOR}, "name"),
    (MINE | {"extra": 1}, "extra"),
    (MINE | {"score": XOR}, "score"),
    (MINE | {"name": ""}, "name"),
    (MINE | {"name": 3}, "name"),
    (MINE | {"prob": [["3/10", "1/5"], ["3/10", "1/6"]]}, "prob"),
    (MINE | {"prob": [["1/2", "1/2"], ["1/2", "-1/2"]]}, "prob"),
    (MINE | {"prob": [["1/2", "1/2"], ["x", 0]]}, "prob"),
    (MINE | {"prob": [["1/2", "1/2"], ["1/0", 0]]}, "prob"),
    (MINE | {"prob": [[0.25, 0.25], [0.5]]}, "prob"),
    (MINE | {"prob": {}}, "prob"),
    (MINE | {"prob": [[True, 0], [0, 0]]}, "prob"),
    (MINE | {"prob": FLAT + FLAT}, "prob|win"),
    (MINE | {"win": [[1, 0], [0, 1]]}, "win"),
    (MINE | {"win": XOR[:1]}, "win"),
    (MINE | {"win": "yes"}, "win"),
    (json.dumps(MINE).replace("[1, 0]", "[2, 0]", 1), "win"),
    (json.dumps(MINE).replace("[1, 0]", "[1]", 1), "win"),
    (json.dumps(MINE).replace('"3/10"', "NaN", 1), "prob|NaN"),
    (json.dumps(SCORED).replace('"3/4"', "1.5"), "score"),
    (json.dumps(SCORED).replace('"3/4"', '"-1/4"'), "score"),
]


@pytest.mark.few(28)
@pytest.mark.parametrize(("data", "word"), BAD, ids=[str(k) for k in range(len(BAD))])
@pytest.mark.parametrize("command", [("theory", "game"), ("run",)], ids=["theory", "run"])
def test_malformed_games_are_refused_in_one_line(capsys, tmp_path, runs_dir, data, word, command):
    path = write(tmp_path / "bad.json", data)
    status, out, err = call(capsys, *command, path, "--json")
    assert (status, out) == (2, ""), err
    assert len(err.splitlines()) == 1
    assert re.search(word, err), err
    assert not runs_dir.exists() or not list(runs_dir.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-game",),
        ("missing.json",),
        ("",),
        ("sum-3-f2",),
        ("chsh", "--level", "4"),
        ("chsh", "--time-limit", "0"),
        ("chsh", "--time-limit", "nan"),
        ("chsh", "--time-limit", "soon"),
        ("chsh", "--seed", "x"),
        ("chsh", "--seed", "-1"),
        ("i3322", "--level", "1", "--seed", "-1", "--time-limit", "5"),
        (),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(capsys, arguments):
    status, out, err = call(capsys, "theory", "game", *arguments, "--json")
    assert (status, out) == (2, ""), err
    assert len(err.splitlines()) == 1


def test_a_game_of_your_own_runs_as_theory_says(capsys, my_game):
    found = call_json(capsys, "run", my_game, "--seed", 1, "--shots", 2000, "--confidence", 0.9999)
    theory = call_json(capsys, "theory", "game", my_game)["quantum"]
    estimates = {e["name"]: e for e in found["estimates"]}
    win = estimates["win_probability"]
    assert win["theory"]["value"] == pytest.approx(MINE_VALUE, abs=1e-9)
    assert theory["lower"] - 1e-9 <= win["theory"]["value"] <= theory["upper"] + 1e-9
    assert win["low"] <= win["theory"]["value"] <= win["high"]
    assert (win["bound"]["value"], win["verdict"]) == (pytest.approx(0.8), "above")
    if "leakage" in estimates:
        assert estimates["leakage"]["best"] == 0
    assert found["shots"] == 8000
    for link in ("Alice->Bob", "Alice->Charlie"):
        assert found["usage"][link] == {"qubits": 1, "log2_dim": 1, "bits": 0}
    assert call_json(capsys, "verify", found["run"], "--execute")["ok"] is True
    again = call_json(capsys, "run", my_game, "--seed", 1, "--shots", 2000, "--confidence", 0.9999)
    assert again["estimates"] == found["estimates"]


def test_a_game_with_scores_has_a_mean_score(capsys, scored):
    found = call_json(capsys, "run", scored, "--seed", 1, "--shots", 2000, "--confidence", 0.9999)
    estimates = {e["name"]: e for e in found["estimates"]}
    assert "win_probability" not in estimates
    mean = estimates["mean_score"]
    assert mean["theory"]["value"] == pytest.approx(SCORED_VALUE, abs=1e-9)
    assert mean["low"] <= SCORED_VALUE <= mean["high"]
    assert mean["bound"]["value"] == pytest.approx(5 / 8)
    assert call_json(capsys, "verify", found["run"], "--execute")["ok"] is True


def test_three_players_of_your_own(capsys, tmp_path):
    """The GHZ game under another name, its promise in the probabilities; won always."""
    prob, win = np.zeros((2, 2, 2)), np.zeros((2,) * 6, dtype=int)
    for q, required in (((0, 0, 0), 0), ((0, 1, 1), 1), ((1, 0, 1), 1), ((1, 1, 0), 1)):
        prob[q] = 0.25
        for answers in np.ndindex(2, 2, 2):
            win[q + answers] = sum(answers) % 2 == required
    path = write(tmp_path / "three.json", {"name": "three", "prob": prob.tolist(), "win": win.tolist()})
    found = call_json(capsys, "run", path, "--seed", 1, "--shots", 300, "--confidence", 0.9999)
    estimate = found["estimates"][0]
    assert estimate["theory"]["value"] == pytest.approx(1, abs=1e-6)
    assert estimate["low"] <= estimate["theory"]["value"] <= estimate["high"]
    assert estimate["bound"]["value"] == 0.75
    assert set(found["usage"]) == {"Alice->Bob", "Alice->Charlie", "Alice->Dave"}


@pytest.mark.slow
def test_g14_wins_every_shot(capsys):
    found = call_json(capsys, "run", "g14", "--seed", 1, "--shots", 50)
    win = found["estimates"][0]
    assert (win["best"], win["theory"]["value"], win["verdict"]) == (1.0, 1, "above")
    assert [link["qubits"] for link in found["usage"].values()] == [2, 2]


@pytest.mark.parametrize("target", ["aer", "fake_torino"])
@pytest.mark.parametrize("seed", [1, 2])
def test_ffl_is_never_above(capsys, target, seed):
    """Entanglement does not help in it: both values are 2/3."""
    found = call_json(
        capsys, "run", "ffl", "--seed", seed, "--shots", 2000, "--target", target, "--confidence", 0.9999
    )
    win = found["estimates"][0]
    assert win["verdict"] != "above"
    assert win["low"] <= 2 / 3
    assert win["theory"]["value"] == pytest.approx(2 / 3)
    assert all(link["qubits"] == 0 for link in found["usage"].values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["g14", "magic-square-cv"])
def test_two_pairs_run_on_a_noise_model(capsys, name):
    found = call_json(capsys, "run", name, "--seed", 1, "--shots", 20, "--target", "fake_torino")
    assert len(set(found["layout"])) == 4
    assert found["gates"]["two_qubit_executed"] > found["gates"]["two_qubit"]  # routed
    win = found["estimates"][0]
    assert 0.85 < win["best"] <= 1
    assert [link["qubits"] for link in found["usage"].values()] == [2, 2]
    assert call_json(capsys, "verify", found["run"])["ok"] is True

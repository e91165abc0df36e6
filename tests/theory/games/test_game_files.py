"""Game files: what is read, exactly, and what is refused in one line that names the field."""

from __future__ import annotations

import copy
import json
import os
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw import inputs
from qcoord_hw.errors import InputError
from qcoord_hw.theory.games import exact
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.files import read_game
from qcoord_hw.theory.games.game import Game

WIN = [[[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]]
QUARTERS = [["1/4", "1/4"], ["1/4", "1/4"]]
GOOD = {"name": "g", "prob": QUARTERS, "win": WIN}


@pytest.fixture
def write(tmp_path):
    def write(content, name="my_game.json"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def refused(path, pattern):
    with pytest.raises(InputError, match=pattern) as caught:
        read_game(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    return str(caught.value)


@pytest.mark.parametrize("name", GAMES)
def test_the_catalogue_survives_a_file(write, name):
    game = GAMES[name]()
    again = read_game(write(game.to_json()))
    assert again.name == game.name
    assert (again.prob == game.prob).all()
    assert (again.score is None) == (game.score is None)
    np.testing.assert_array_equal(again.table, game.table)
    np.testing.assert_array_equal(again.payoff, game.payoff)
    assert again.to_json() == game.to_json()


@pytest.mark.parametrize("players", [1, 2, 3, 4, 5])
def test_any_number_of_players(write, rng, players):
    shape = tuple(int(n) for n in rng.integers(1, 4, 2 * players))
    weights = rng.integers(0, 9, shape[:players])
    weights.flat[0] += 1
    prob = np.array([Fraction(int(w), int(weights.sum())) for w in weights.flat], dtype=object)
    win = rng.integers(0, 2, shape)
    game = read_game(write(Game("g", prob.reshape(weights.shape), win).to_json()))
    assert game.players == players
    assert game.answers == shape[players:]
    assert len(list(game.questions())) == np.count_nonzero(weights)
    np.testing.assert_array_equal(game.win, win)
    np.testing.assert_allclose(game.payoff.sum(), (game.payoff * game.win).sum())


def test_decimals_are_read_literally(write):
    """As text, not through a float: neither 0.1 nor twenty digits are rounded."""
    text = json.dumps(GOOD).replace(
        json.dumps(QUARTERS), "[[0.1, 0.12345678901234567890], [1e-1, 0.67654321098765432110]]"
    )
    assert read_game(write(text)).prob.tolist() == [
        [Fraction(1, 10), Fraction(12345678901234567890, 10**20)],
        [Fraction(1, 10), Fraction(67654321098765432110, 10**20)],
    ]


def test_a_score_in_place_of_win(write):
    score = np.where(np.array(WIN), 1, 0.5).tolist()
    score[0][0][0][0] = "1/3"
    game = read_game(write({"name": "s", "prob": QUARTERS, "score": score}))
    assert game.score[0, 0, 0, 0] == Fraction(1, 3)
    assert game.score[0, 0, 0, 1] == Fraction(1, 2)
    assert game.payoff[0, 0, 0, 0] == pytest.approx(1 / 12)
    assert classical_value(game) == Fraction(1, 4) * (Fraction(1) + 1 + 1 + Fraction(1, 2))
    with pytest.raises(InputError, match=r"^win: game 's' has a score"):
        _ = game.win
    with pytest.raises(ValueError, match="read-only"):
        game.score[0, 0, 0, 0] = Fraction(1)


def test_scores_of_0_and_1_are_worth_as_much_as_win(write):
    scored = read_game(write({"name": "s", "prob": QUARTERS, "score": WIN}))
    np.testing.assert_array_equal(scored.payoff, read_game(write(GOOD)).payoff)
    assert classical_value(scored) == Fraction(3, 4)


def test_questions_of_probability_0_stay(write):
    game = read_game(write(GOOD | {"prob": [["1/2", 0], [0.5, 0]]}))
    assert game.prob.shape == (2, 2)
    assert list(game.questions()) == [(0, 0), (1, 0)]


def test_floats_of_any_distribution_are_accepted(write, rng):
    """A sum that is off by rounding, as numpy's json has it; the exact sum is 1 again."""
    for _ in range(20):
        prob = rng.dirichlet(np.ones(12)).reshape(3, 4)
        game = read_game(
            write({"name": "f", "prob": prob.tolist(), "win": np.ones((3, 4, 2, 2), int).tolist()})
        )
        assert sum(game.prob.flat) == 1
        np.testing.assert_allclose(game.prob.astype(float), prob, rtol=1e-14)


def test_games_from_arrays():
    """Python's own numbers, numpy's, and nested lists make the same game."""
    games = [
        Game("g", QUARTERS, WIN),
        Game("g", np.full((2, 2), 0.25), np.array(WIN, dtype=np.uint8)),
        Game("g", np.full((2, 2), 0.25, dtype=np.float32), np.array(WIN, dtype=np.int64)),
        Game("g", np.array(QUARTERS), np.array(WIN, dtype=float)),
        Game("g", [[0.25, Fraction(1, 4)], [0.25, 0.25]], WIN),
    ]
    for game in games:
        assert game.to_json() == games[0].to_json()
        assert {type(p) for p in game.prob.flat} == {Fraction}
        assert game.win.dtype == np.uint8


def test_the_array_given_stays_writeable_and_apart():
    win = np.array(WIN, dtype=np.uint8)
    game = Game("g", QUARTERS, win)
    win[0, 0, 0, 0] = 0
    assert game.win[0, 0, 0, 0] == 1


SCORE = np.array(WIN).tolist()
MALFORMED = {
    "negative": (
        GOOD | {"prob": [["3/4", "1/2"], ["-1/4", 0]]},
        r"prob: -1/4; allowed are numbers from 0 to 1",
    ),
    "sum": (GOOD | {"prob": [[0.25, 0.25], [0.25, 0.250001]]}, r"prob: sums to 1\.000001; allowed is 1"),
    "zero": (GOOD | {"prob": [[0, 0], [0, 0]]}, r"prob: sums to 0"),
    "nan": (GOOD | {"prob": [[float("nan"), 0.5], [0.25, 0.25]]}, r"prob: nan; allowed"),
    "infinity": (GOOD | {"prob": [[float("inf"), 0.5], [0.25, 0.25]]}, r"prob: inf; allowed"),
    "minus infinity": (GOOD | {"prob": [[float("-inf"), 0.5], [0.25, 0.25]]}, r"prob: -inf; allowed"),
    "true": (GOOD | {"prob": [[True, 0], [0, 0]]}, r"prob: True; allowed"),
    "text": (GOOD | {"prob": [["half", 0.5], [0, 0]]}, r"prob: 'half'; allowed"),
    "null": (GOOD | {"prob": [[None, 1], [0, 0]]}, r"prob: None; allowed"),
    "object": (GOOD | {"prob": [[{}, 1], [0, 0]]}, r"prob: \{\}; allowed"),
    "empty prob": (GOOD | {"prob": []}, r"prob: an empty list"),
    "empty rows": (GOOD | {"prob": [[], []]}, r"prob: an empty list"),
    "ragged prob": (GOOD | {"prob": [["1/2", "1/4"], ["1/4"]]}, r"prob: ragged at \[1\]"),
    "half nested": (GOOD | {"prob": [["1/2", ["1/4"]], ["1/4", 0]]}, r"prob: ragged at \[0, 0\]"),
    "prob a number": (GOOD | {"prob": 1}, r"prob: 1; allowed is a nested list"),
    "prob null": (GOOD | {"prob": None}, r"prob: None; allowed is a nested list"),
    "one player's prob": (GOOD | {"prob": ["1/2", "1/2"]}, r"win: shape \(2, 2, 2, 2\) does not fit"),
    "two": (GOOD | {"win": [[[[2]] * 2] * 2] * 2}, r"win: 2 is not 0 or 1"),
    "predicate 2": (GOOD | {"win": json.loads(json.dumps(WIN).replace("1", "2"))}, r"win: 2 is not 0 or 1"),
    "predicate 1/2": (
        GOOD | {"win": json.loads(json.dumps(WIN).replace("1", "0.5"))},
        r"win: 0\.5 is not 0 or 1",
    ),
    "predicate true": (
        GOOD | {"win": json.loads(json.dumps(WIN).replace("1", "true"))},
        r"win: True is not 0 or 1",
    ),
    "predicate text": (
        GOOD | {"win": json.loads(json.dumps(WIN).replace("1", '"1"'))},
        r"win: '1' is not 0 or 1",
    ),
    "predicate nan": (
        GOOD | {"win": json.loads(json.dumps(WIN).replace("1", "NaN"))},
        r"win: nan is not 0 or 1",
    ),
    "win ragged": (GOOD | {"win": [WIN[0], [WIN[1][0], [[0, 1], [1]]]]}, r"win: ragged at \[1, 1, 1\]"),
    "win transposed": (
        GOOD | {"win": [[[[1, 0]] * 2] * 3] * 2},
        r"win: shape \(2, 3, 2, 2\) does not fit prob",
    ),
    "win empty": (GOOD | {"win": [[[[], []]] * 2] * 2}, r"win: an empty list"),
    "score above 1": (
        {"name": "s", "prob": QUARTERS, "score": json.loads(json.dumps(WIN).replace("1", "1.5"))},
        r"score: 1\.5; allowed are numbers from 0 to 1",
    ),
    "score below 0": (
        {"name": "s", "prob": QUARTERS, "score": json.loads(json.dumps(WIN).replace("1", "-1"))},
        r"score: -1; allowed",
    ),
    "score true": (
        {"name": "s", "prob": QUARTERS, "score": json.loads(json.dumps(WIN).replace("1", "true"))},
        r"score: True; allowed",
    ),
    "score of another shape": (
        {"name": "s", "prob": [[1]], "score": SCORE},
        r"score: shape \(2, 2, 2, 2\) does not",
    ),
    "both": (GOOD | {"score": SCORE}, r"score: .*exactly one of win and score"),
    "both, one null": (GOOD | {"win": None, "score": SCORE}, r"exactly one of win and score"),
    "neither": ({"name": "g", "prob": QUARTERS}, r"win: missing"),
    "no name": ({"prob": QUARTERS, "win": WIN}, r"name: missing"),
    "no prob": ({"name": "g", "win": WIN}, r"prob: missing"),
    "unknown key": (GOOD | {"players": 2}, r"'players': unknown; allowed are name, prob, win, score"),
    "bad name": (GOOD | {"name": "two\nlines"}, r"name: 'two\\nlines'; allowed is one line of text"),
    "name a number": (GOOD | {"name": 3}, r"name: 3; allowed"),
    "long name": (GOOD | {"name": "n" * 201}, r"name: 201 characters"),
    "a list": ([GOOD], r"game: .*allowed is an object"),
    "null file": (None, r"game: None; allowed is an object"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_files_are_refused_by_field(write, case):
    content, pattern = MALFORMED[case]
    before = copy.deepcopy(content)
    message = refused(write(content), pattern)
    assert message.startswith("my_game.json: ")
    assert repr(content) == repr(before)


def test_malformed_json(write, tmp_path):
    refused(write("{"), "not valid JSON")
    refused(write(""), "not valid JSON")
    refused(write(b"\xff\xfe\x00"), "not valid JSON")
    refused(write("[" * 100_000), "not valid JSON")
    refused(write('{"name": "g", "prob": [[1' + "0" * 5000 + "]]}"), "not valid JSON")
    refused(tmp_path / "missing.json", "cannot be read")
    refused(tmp_path, "cannot be read")


def test_a_key_that_stands_twice(write):
    text = json.dumps(GOOD)
    refused(write(text[:-1] + ', "name": "h"}'), r"'name' stands there twice; allowed is once")


def test_numbers_of_absurd_size(write):
    for number in ("1e400", "1e999999999", "1e-999999999999999999999999", '"1e400000"', "1" + "0" * 300):
        text = json.dumps(GOOD).replace('"1/4"', number, 1)
        refused(write(text), "prob: |not valid JSON")


def test_too_deep(write):
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    refused(write(GOOD | {"prob": deep}), r"prob: more than 32 levels deep")
    deep = "1"
    for _ in range(17):
        deep = [deep]
    refused(write(GOOD | {"prob": deep}), r"prob: shape .* of 1 to 16 players")


def test_too_large(write, monkeypatch):
    monkeypatch.setattr(exact, "MAX_ENTRIES", 15)
    refused(write(GOOD), r"win: more than 15 entries")
    with pytest.raises(InputError, match=r"^win: 16 entries; allowed are at most 15"):
        Game("g", QUARTERS, np.array(WIN))
    path = write(GOOD)
    os.truncate(path, inputs.MAX_BYTES + 1)
    refused(path, r"my_game.json: cannot be read \(\d+ bytes; allowed are at most \d+\)")


def test_exactly_one_of_win_and_score_from_python():
    with pytest.raises(InputError, match="exactly one of win and score"):
        Game("g", QUARTERS)
    with pytest.raises(InputError, match="exactly one of win and score"):
        Game("g", QUARTERS, WIN, score=WIN)

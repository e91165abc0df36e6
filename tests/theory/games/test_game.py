"""The game file format: round trips, exact numbers, and every malformed input refused by its field."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games import Game, chsh, ghz, magic_square

WIN = [[[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]]
GOOD = {"name": "g", "prob": [["1/4", "1/4"], ["1/4", "1/4"]], "win": WIN}


def changed(**fields: object) -> dict[str, object]:
    return copy.deepcopy(GOOD) | fields


@pytest.mark.parametrize("game", [chsh(), magic_square(), ghz(3), ghz(4)], ids=lambda g: g.name)
def test_round_trip_through_text(game):
    again = Game.from_json(json.loads(json.dumps(game.to_json())))
    assert again.name == game.name
    assert again.prob.shape == game.prob.shape
    assert all(isinstance(p, Fraction) for p in again.prob.flat)
    assert (again.prob == game.prob).all()
    np.testing.assert_array_equal(again.win, game.win)
    assert again.win.dtype == np.uint8
    assert list(again.questions()) == list(game.questions())


def test_round_trip_of_random_games(rng):
    for _ in range(20):
        shape = tuple(int(n) for n in rng.integers(1, 4, 6))
        weights = rng.integers(1, 50, shape[:3])
        prob = np.array([Fraction(int(w), int(weights.sum())) for w in weights.flat], dtype=object)
        game = Game("r", prob.reshape(shape[:3]), rng.integers(0, 2, shape).astype(np.uint8))
        again = Game.from_json(json.loads(json.dumps(game.to_json())))
        assert (again.prob == game.prob).all()
        np.testing.assert_array_equal(again.win, game.win)


def test_exact_strings_and_numbers_are_read_literally():
    game = Game.from_json(changed(prob=[["1/3", 0.1], ["0.5", "1/15"]]))
    assert game.prob.tolist() == [
        [Fraction(1, 3), Fraction(1, 10)],
        [Fraction(1, 2), Fraction(1, 15)],
    ]
    game = Game.from_json(changed(prob=[[0, 1], [0, 0]]))
    assert list(game.questions()) == [(0, 1)]


def test_a_sum_off_by_rounding_is_divided_out():
    given = [[0.3333333333, 0.3333333333], [0.3333333333, 0]]
    game = Game.from_json(changed(prob=given))
    assert game.prob.tolist() == [[Fraction(1, 3), Fraction(1, 3)], [Fraction(1, 3), 0]]
    off = Fraction(1, 10**9)
    shares = [["1/2", str(Fraction(1, 2) + off)], [0, 0]]
    game = Game.from_json(changed(prob=shares))
    assert game.prob[0, 0] == Fraction(1, 2) / (1 + off)
    assert sum(game.prob.flat) == 1


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_off_by_more_is_refused(sign):
    off = sign * Fraction(1001, 10**12)
    with pytest.raises(InputError, match=r"^prob: sums to"):
        Game.from_json(changed(prob=[["1/2", str(Fraction(1, 2) + off)], [0, 0]]))


MALFORMED = {
    "prob": [
        [["1/2", "1/2"], ["1/2", "1/2"]],
        [[0, 0], [0, 0]],
        [["3/4", "3/4"], ["-1/4", "-1/4"]],
        [["1/4", "1/4"], ["1/2"]],
        [["1/4", "1/4"], "1/2"],
        [["1/4", ["1/4"]], ["1/4", "1/4"]],
        [],
        [[], []],
        [[float("nan"), "1/4"], ["1/4", "1/4"]],
        [["nan", "1/4"], ["1/4", "1/4"]],
        [[float("inf"), "1/4"], ["1/4", "1/4"]],
        [["inf", "1/4"], ["1/4", "1/4"]],
        [["one quarter", "1/4"], ["1/4", "1/4"]],
        [["1/0", "1/4"], ["1/4", "1/4"]],
        [["", "1/4"], ["1/4", "1/4"]],
        [["1e400", "1/4"], ["1/4", "1/4"]],
        [[10**400, 0], [0, 0]],
        [[True, False], [False, False]],
        [[None, "1/2"], ["1/4", "1/4"]],
        [[{}, "1/2"], ["1/4", "1/4"]],
        "1",
        "rubbish",
        1,
        None,
        {"0": "1"},
    ],
    "win": [
        [[[[2, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
        [[[[-1, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
        [[[[0.5, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
        [[[["1", 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
        [[[[None, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
        [[[[1], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
        [[[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]]]],
        [[[[1, 0], [0, 1]], [[1, 0], [0, 1]]]],
        [[1, 0], [0, 1]],
        [[[1, 0], [0, 1]], [[1, 0], [0, 1]]],
        [[[[[1], [0]], [[0], [1]]]] * 2] * 2,
        [[[[], []], [[], []]], [[[], []], [[], []]]],
        [],
        1,
        None,
        "rubbish",
        float("nan"),
    ],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(f, v) for f, values in MALFORMED.items() for v in values],
    ids=lambda v: repr(v)[:40],
)
def test_malformed_values_are_refused_by_field(field, value):
    with pytest.raises(InputError) as caught:
        Game.from_json(changed(**{field: value}))
    assert str(caught.value).startswith(f"{field}:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["name", "prob", "win"])
def test_missing_key_is_named(field):
    data = copy.deepcopy(GOOD)
    del data[field]
    with pytest.raises(InputError, match=rf"^{field}: missing"):
        Game.from_json(data)


@pytest.mark.parametrize("name", [None, 5, ["g"], "", "two\nlines"])
def test_a_name_that_is_not_one_line_of_text_is_refused(name):
    with pytest.raises(InputError, match=r"^name:"):
        Game.from_json(changed(name=name))


@pytest.mark.parametrize("data", [[GOOD], "game", 5, None], ids=["list", "text", "number", "null"])
def test_a_file_that_is_not_an_object_is_refused(data):
    with pytest.raises(InputError):
        Game.from_json(data)


def test_reading_leaves_the_given_data_alone():
    data = changed()
    Game.from_json(data)
    assert data == GOOD


def test_direct_construction_checks_the_predicate():
    """`__post_init__` says that it checks shapes, probabilities and predicate."""
    one = np.array([[Fraction(1)]], dtype=object)
    with pytest.raises(InputError, match=r"^win:"):
        Game("g", one, np.full((1, 1, 1, 1), 2, np.uint8))


@pytest.mark.parametrize(
    ("prob", "win", "field"),
    [
        (np.array([[Fraction(1, 2)]], dtype=object), np.ones((1, 1, 2, 2), np.uint8), "prob"),
        (
            np.array([[Fraction(3, 2), Fraction(-1, 2)]], dtype=object),
            np.ones((1, 2, 2, 2), np.uint8),
            "prob",
        ),
        (np.empty((0, 2), dtype=object), np.ones((0, 2, 2, 2), np.uint8), "prob"),
        (np.array([[Fraction(1)]], dtype=object), np.ones((1, 1, 2), np.uint8), "win"),
        (np.array([[Fraction(1)]], dtype=object), np.ones((2, 1, 2, 2), np.uint8), "win"),
        (np.array([[Fraction(1)]], dtype=object), np.ones((1, 1, 0, 2), np.uint8), "win"),
    ],
)
def test_direct_construction_names_the_field(prob, win, field):
    with pytest.raises(InputError, match=rf"^{field}:"):
        Game("g", prob, win)


def test_arrays_are_read_only():
    game = chsh()
    with pytest.raises(ValueError, match="read-only"):
        game.prob[0, 0] = Fraction(1)
    with pytest.raises(ValueError, match="read-only"):
        game.win[0, 0, 0, 0] = 0

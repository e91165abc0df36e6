"""How a run is scored survives the record: GameScoring through JSON text."""

from __future__ import annotations

import json

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.families.games.scoring import GameScoring, LinearFigure
from qcoord_hw.theory.games import chsh, ghz
from qcoord_hw.theory.value import Value

PLAYS = {
    "one-round": GameScoring(
        game=chsh(),
        players=("Bob", "Charlie"),
        questions=(((0, 0),), ((0, 1),), ((1, 0),), ((1, 1),)),
        answers=(((1,), (0,)),),
        theory=Value(0.85, "lower", "somebody"),
        bound=Value(0.75, "exact", "search"),
        figures=(
            LinearFigure("s", 8, -4, Value(2.8, "upper", "a"), Value(2.0, "bracket", "b")),
            LinearFigure("t", 1.5, 0.25, Value(1.0, "exact", "c"), Value(0.5, "exact", "d")),
        ),
    ),
    "rounds": GameScoring(
        game=ghz(3),
        players=("B", "C", "D"),
        questions=(((0, 0, 0), (0, 1, 1)), ((1, 1, 0), (1, 0, 1))),
        answers=(((0,), (1,), (2,)), ((5,), (4,), (3,))),
        theory=Value(1.0, "exact", "x"),
        bound=Value(0.75, "exact", "y"),
    ),
}


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS.keys())
def test_round_trip_through_text(play):
    text = json.dumps(play.to_json(), allow_nan=False)
    again = GameScoring.from_json(json.loads(text))
    assert again.players == play.players
    assert again.questions == play.questions
    assert again.answers == play.answers
    assert (again.theory, again.bound) == (play.theory, play.bound)
    assert again.figures == play.figures
    assert again.game.name == play.game.name
    assert (again.game.prob == play.game.prob).all()
    np.testing.assert_array_equal(again.game.win, play.game.win)
    assert again.rounds == play.rounds == len(play.answers)
    assert json.dumps(again.to_json()) == text
    assert hash(again.questions) == hash(play.questions)  # tuples all the way down, not lists


@pytest.mark.parametrize("scale", [0, -1.5, float("nan")])
def test_a_figure_that_falls_with_the_win_probability_is_refused(scale):
    with pytest.raises(InputError, match="scale"):
        LinearFigure("t", scale, 0.25, Value(1.0, "exact", "c"), Value(0.5, "exact", "d"))

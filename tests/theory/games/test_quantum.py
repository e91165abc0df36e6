"""The bracket of the quantum value: never crossed, closed where theory says what it is."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.checker import check_strategy, check_upper, payoff_of
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.quantum import _Search, quantum_value, strategy_json
from qcoord_hw.theory.games.strategies import win_probability
from tests.parity_games import bipartite, incidence

CLOSED = [
    "chsh",
    "tilted",
    "odd-cycle-5",
    "magic-square",
    "rac-4",
    "cglmp-3",
    "ffl",
    "chained-4",
    "ghz-4",
    "hardy-1",
]


def renamed(name):
    """The game under a name that has no known strategy."""
    data = GAMES[name]().to_json()
    return Game.from_json(data | {"name": "a game of my own"})


def assert_certified(game, bracket):
    """Both certificates survive JSON and the checker."""
    lower, violations = check_strategy(
        payoff_of(game.prob, game.table), json.loads(json.dumps(bracket.lower_certificate, allow_nan=False))
    )
    assert violations == []
    assert lower == pytest.approx(bracket.lower, abs=1e-10)
    upper, violations = check_upper(
        payoff_of(game.prob, game.table), json.loads(json.dumps(bracket.upper_certificate, allow_nan=False))
    )
    assert violations == []
    assert lower <= upper <= bracket.upper


@pytest.mark.parametrize("name", CLOSED)
def test_brackets_close_without_known_strategies(name):
    game = renamed(name)
    bracket = quantum_value(game, seed=2)
    value = {"hardy-1": 0.8017766953}.get(name) or EXPLICIT[name].value.value
    assert bracket.lower - 1e-10 <= value <= bracket.upper + 1e-10
    assert 0 <= bracket.upper - bracket.lower <= 1e-6
    assert bracket.kind == "exact"
    assert bracket.lower <= win_probability(game, bracket.strategy)
    assert bracket.local_dimension == max(bracket.strategy.dimensions)
    assert_certified(game, bracket)


@pytest.mark.slow
def test_i3322_and_chsh_mod_3_stay_open():
    bracket = quantum_value(GAMES["i3322"](), level="2")
    assert bracket.kind == "bracket"
    # the catalogue's game is I/8 + 3/4
    assert bracket.lower >= 0.75 + 0.2499999 / 8
    assert bracket.upper <= 0.75 + 0.25095 / 8
    assert bracket.level == "2"
    bracket = quantum_value(GAMES["chsh-mod-3"](), level="1")
    assert bracket.lower == pytest.approx(0.71239, abs=1e-5)
    assert bracket.upper == pytest.approx(0.71823, abs=1e-5)
    assert_certified(GAMES["chsh-mod-3"](), bracket)


def random_game(rng, questions, answers):
    weights = rng.integers(0, 10, questions)
    weights.flat[0] += 1
    prob = [[f"{w}/{weights.sum()}" for w in row] for row in weights.tolist()]
    win = rng.integers(0, 2, questions + answers).tolist()
    return Game.from_json({"name": "random", "prob": prob, "win": win})


def test_random_games_are_bracketed_between_classical_and_one(rng):
    gaps = []
    for _ in range(8):
        questions = tuple(int(n) for n in rng.integers(2, 4, 2))
        answers = tuple(int(n) for n in rng.integers(2, 4, 2))
        game = random_game(rng, questions, answers)
        bracket = quantum_value(game, seed=1, time_limit=3)
        classical = float(classical_optimum(game).value)
        assert classical - 1e-12 <= bracket.lower <= bracket.upper <= 1 + 1e-12
        assert_certified(game, bracket)
        gaps.append(bracket.upper - bracket.lower)
    assert np.median(gaps) < 1e-5


def test_random_xor_games_are_closed_fast(rng):
    size = 12
    signs = rng.integers(0, 2, (size, size))
    win = [[[[int(s == 0), int(s == 1)], [int(s == 1), int(s == 0)]] for s in row] for row in signs]
    prob = [[f"1/{size * size}"] * size] * size
    game = Game.from_json({"name": "xor", "prob": prob, "win": win})
    bracket = quantum_value(game)
    assert bracket.upper - bracket.lower < 1e-6
    assert bracket.level == "1"
    assert_certified(game, bracket)


@pytest.mark.few(2)
@pytest.mark.parametrize("level", ["1", "1+AB", "2", "3"])
def test_every_level_can_be_asked_for(level):
    bracket = quantum_value(renamed("tilted"), level=level)
    assert bracket.level == level
    assert bracket.lower <= 1 / 2 + math.sqrt(10) / 10 <= bracket.upper
    assert (bracket.upper < 0.8163) == (level != "1")


def test_known_strategies_are_where_it_begins():
    game = renamed("magic-square")
    bracket = quantum_value(game, known=[EXPLICIT["magic-square"].build()])
    assert bracket.kind == "exact"
    assert bracket.level == "0"  # nothing wins more than always
    assert bracket.lower_certificate == strategy_json(EXPLICIT["magic-square"].build())


def test_a_name_of_the_catalogue_does_not_make_its_strategy_fit():
    """The file's rules decide, not its name."""
    other = Game.from_json(GAMES["magic-square"]().to_json() | {"name": "chsh"})
    assert quantum_value(other).upper == pytest.approx(1)
    same_shape = Game.from_json(GAMES["ffl"]().to_json() | {"name": "chsh"})
    bracket = quantum_value(same_shape)
    assert bracket.lower == pytest.approx(2 / 3, abs=1e-9)


def test_bell_functionals_of_any_size_and_sign(rng):
    payoff = 1000 * rng.normal(size=(2, 2, 2, 2))
    bracket = quantum_value(payoff)
    assert bracket.kind == "exact"
    assert 0 <= bracket.upper - bracket.lower <= 1e-2
    assert check_upper(payoff_of(np.ones((2, 2)), payoff), bracket.upper_certificate)[1] == []


def test_no_time_gives_the_best_bracket_there_is():
    bracket = quantum_value(renamed("chsh-mod-3"), time_limit=0.0)
    assert 2 / 3 - 1e-9 <= bracket.lower <= bracket.upper <= 1 + 1e-12


def test_one_player_is_classical(rng):
    game = Game.from_json({"name": "alone", "prob": ["1/3", "2/3"], "win": [[0, 1], [0, 0]]})
    bracket = quantum_value(game)
    assert (bracket.kind, bracket.local_dimension) == ("exact", 1)
    assert bracket.lower == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.slow
def test_same_seed_same_bracket():
    first, second = (quantum_value(renamed("cglmp-3"), seed=4) for _ in range(2))
    assert (first.lower, first.upper) == (second.lower, second.upper)
    assert first.lower_certificate == second.lower_certificate


def test_bad_levels_are_refused():
    with pytest.raises(InputError, match="level"):
        quantum_value(GAMES["chsh"](), level="1+ABC")


@pytest.mark.parametrize(
    ("game", "gain", "steps"),
    [
        (GAMES["hardy-4"](), 1e-4, [2, 3, 4, "1", 5, 6, 7, 8]),
        (GAMES["hardy-4"](), 0, [2, 3, 4, "1", "1+AB"]),
        (incidence(bipartite(2, 4), {0}), 0, [2, "1+AB", 4, "2", 8]),
    ],
    ids=["hardy", "no gain", "parities"],
)
def test_bounds_come_before_what_takes_longer(monkeypatch, game, gain, steps):
    """And observables of a game of parities are looked for where they can anticommute."""
    taken = []

    def climb(self, dimension, seed=0):
        taken.append(dimension)
        self.lower += gain

    def bound(self, own, *, quick=False):
        taken.append(own)
        self.solved.add(own)

    monkeypatch.setattr(_Search, "climb", climb)
    monkeypatch.setattr(_Search, "bound", bound)
    quantum_value(game, classical=[[0] * n for n in game.prob.shape])
    assert taken[: len(steps)] == steps

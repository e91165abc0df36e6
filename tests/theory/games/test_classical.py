"""The exact classical value against an enumeration of every player's deterministic strategy."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.theory.games import Game, chsh, classical_value, ghz, magic_square


def enumerated(game: Game) -> Fraction:
    """Return the best score over all deterministic strategies of ALL players, one by one, in fractions."""
    questions = list(game.questions())
    tables = [
        list(itertools.product(range(answers), repeat=asked))
        for asked, answers in zip(game.prob.shape, game.answers, strict=True)
    ]
    best = Fraction(0)
    for strategies in itertools.product(*tables):
        score = Fraction(0)
        for q in questions:
            answer = tuple(table[x] for table, x in zip(strategies, q, strict=True))
            if game.win[q + answer] == 1:
                score += game.prob[q]
        best = max(best, score)
    return best


def random_game(rng: np.random.Generator, asked: tuple[int, ...], answers: tuple[int, ...]) -> Game:
    """Return a game with random rational probabilities (some of them zero) and a random predicate."""
    weights = [int(w) for w in rng.integers(0, 30, math.prod(asked))]
    weights[int(rng.integers(len(weights)))] += 1
    prob = np.array([Fraction(w, sum(weights)) for w in weights], dtype=object).reshape(asked)
    win = (rng.random(asked + answers) < rng.uniform(0.2, 0.7)).astype(np.uint8)
    return Game("random", prob, win)


@pytest.mark.parametrize("players", [2, 3])
def test_random_games_match_enumeration(rng, players):
    done, largest = 0, 0
    while done < 50:
        asked = tuple(int(x) for x in rng.integers(1, 4, players))
        answers = tuple(int(b) for b in rng.integers(1, 4, players))
        strategies = math.prod(b**x for b, x in zip(answers, asked, strict=True))
        if strategies > 1000:
            continue
        game = random_game(rng, asked, answers)
        assert classical_value(game) == enumerated(game), game.to_json()
        done, largest = done + 1, max(largest, strategies)
    assert largest > 100


def test_largest_small_alphabets_match_enumeration(rng):
    for asked, answers in [((3, 3), (3, 3)), ((3, 2, 2), (3, 3, 2)), ((2, 2, 3), (2, 2, 3))]:
        game = random_game(rng, asked, answers)
        assert classical_value(game) == enumerated(game), game.to_json()


def test_value_does_not_depend_on_the_order_of_players(rng):
    for _ in range(10):
        game = random_game(rng, (2, 3, 1), (3, 2, 2))
        for order in itertools.permutations(range(3)):
            turned = Game(
                "turned",
                game.prob.transpose(order).copy(),
                game.win.transpose([*order, *(3 + o for o in order)]).copy(),
            )
            assert classical_value(turned) == classical_value(game)


def test_one_player_answers_each_question_at_best(rng):
    game = random_game(rng, (4,), (3,))
    expected = sum((game.prob[x] for x in range(4) if game.win[x].any()), Fraction(0))
    assert classical_value(game) == expected


def test_known_values():
    assert classical_value(chsh()) == Fraction(3, 4)
    assert classical_value(magic_square()) == Fraction(8, 9)
    for n in (3, 4, 5, 6):
        assert classical_value(ghz(n)) == Fraction(1, 2) + Fraction(1, 2 ** math.ceil(n / 2))


def test_catalogue_predicates_match_their_rules():
    """The tables themselves, cell by cell, from the rules in words."""
    for (x, y, b, c), won in np.ndenumerate(chsh().win):
        assert won == ((b + c) % 2 == x * y)
    square = magic_square()
    for (x, y, b, c), won in np.ndenumerate(square.win):
        row, column = [b // 2, b % 2], [c // 2, c % 2]
        row.append(sum(row) % 2)  # even row
        column.append((sum(column) + (1 if y == 2 else 0)) % 2)  # odd last column
        assert sum(row) % 2 == 0
        assert sum(column) % 2 == (1 if y == 2 else 0)
        assert won == (row[y] == column[x])
    assert set(square.prob.flat) == {Fraction(1, 9)}
    assert set(chsh().prob.flat) == {Fraction(1, 4)}
    for n in (3, 4):
        game = ghz(n)
        for x in itertools.product((0, 1), repeat=n):
            asked = sum(x) % 2 == 0
            assert game.prob[x] == (Fraction(1, 2 ** (n - 1)) if asked else 0)
            for b in itertools.product((0, 1), repeat=n):
                assert game.win[x + b] == (asked and sum(b) % 2 == (sum(x) // 2) % 2)


def test_large_denominators_do_not_overflow():
    """A game that is always won has value 1, whatever the denominators."""
    denominator = 3 * 2**62
    shares = [Fraction(3 * 2**60 + k, denominator) for k in (1, -1, 0, 0)]
    prob = np.array(shares, dtype=object).reshape(2, 2)
    assert classical_value(Game("sure", prob, np.ones((2, 2, 1, 1), np.uint8))) == 1


def test_decimals_with_many_digits_are_handled():
    data = {
        "name": "decimals",
        "prob": [[0.7, 0.2], [0.09999, 1.0000000000000123e-05]],
        "win": [[[[1]], [[1]]], [[[1]], [[0]]]],
    }
    game = Game.from_json(data)
    assert classical_value(game) == game.prob[0, 0] + game.prob[0, 1] + game.prob[1, 0]

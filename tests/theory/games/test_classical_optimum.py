"""The optimal deterministic strategy: against enumeration, in every branch of the search, at its limits."""

from __future__ import annotations

import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games import search
from qcoord_hw.theory.games.catalogue import chsh, ffl, g14, ghz, magic_square, parallel
from qcoord_hw.theory.games.classical import classical_optimum, classical_value
from qcoord_hw.theory.games.game import Game


def enumerated(game: Game) -> Fraction:
    """Return the best value over all deterministic strategies of ALL players, in fractions."""
    questions = list(game.questions())
    tables = [
        list(itertools.product(range(answers), repeat=asked))
        for asked, answers in zip(game.prob.shape, game.answers, strict=True)
    ]
    return max(value_of(game, strategy, questions) for strategy in itertools.product(*tables))


def value_of(game: Game, strategy, questions=None) -> Fraction:
    total = Fraction(0)
    for q in questions or game.questions():
        cell = game.table[q + tuple(own[x] for own, x in zip(strategy, q, strict=True))]
        total += game.prob[q] * (cell if game.score is not None else int(cell))
    return total


def random_game(rng, asked, answers, *, scored=False, denominator=None) -> Game:
    """Return a game with random rational probabilities, some zero, and a random predicate or score."""
    weights = rng.integers(0, 30, math.prod(asked)) * (rng.random(math.prod(asked)) < 0.8)
    weights[rng.integers(len(weights))] += 1
    shares = [Fraction(int(w), int(weights.sum())) for w in weights]
    if denominator:  # moves a little from one question to another: huge common denominators
        i, j = int(weights.argmax()), int(rng.integers(len(shares)))
        shares[i] -= Fraction(1, denominator)
        shares[j] += Fraction(1, denominator)
    prob = np.array(shares, dtype=object).reshape(asked)
    shape = tuple(asked) + tuple(answers)
    if scored:
        score = [Fraction(int(a), int(a + b)) for a, b in rng.integers([0, 1], 12, (math.prod(shape), 2))]
        return Game("random", prob, score=np.array(score, dtype=object).reshape(shape))
    return Game("random", prob, (rng.random(shape) < rng.uniform(0.2, 0.7)).astype(np.uint8))


def random_sizes(rng, players, most):
    while True:
        asked = tuple(int(x) for x in rng.integers(1, 4, players))
        answers = tuple(int(b) for b in rng.integers(1, 4, players))
        if math.prod(b**x for b, x in zip(answers, asked, strict=True)) <= most:
            return asked, answers


@pytest.mark.few(0)
@pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])
@pytest.mark.parametrize("players", [1, 2, 3, 4])
def test_random_games_match_enumeration(rng, monkeypatch, players, nested):
    if nested:  # the bounds that are kept for large games
        monkeypatch.setattr(search, "SMALL", 0)
        monkeypatch.setattr(search, "BLOCK", 64)
    for i in range(60):
        asked, answers = random_sizes(rng, players, 300)
        game = random_game(
            rng, asked, answers, scored=i % 3 == 1, denominator=10**21 + 7 if i % 3 == 2 else None
        )
        found = classical_optimum(game)
        assert found.value == enumerated(game), game.to_json()
        assert value_of(game, found.strategy) == found.value
        assert [len(own) for own in found.strategy] == list(asked)
        assert classical_value(game) == found.value


def test_larger_random_games_agree_with_all_of_one_players_strategies(rng):
    """The other player answers at best: an enumeration of its own, without bounds."""
    for _ in range(20):
        x, y, a, b = (int(n) for n in rng.integers(2, 6, 4))
        game = random_game(rng, (x, y), (a, b), scored=bool(rng.random() < 0.5))
        scale = math.lcm(*(p.denominator for p in game.prob.flat), *(s.denominator for s in game.table.flat))
        gains = np.empty(game.table.shape, dtype=object)
        for cell in np.ndindex(gains.shape):
            gains[cell] = int(game.prob[cell[:2]] * game.table.item(cell) * scale * scale)
        best = max(
            sum(gains[range(x), :, own].sum(axis=0).max(axis=-1))
            for own in itertools.product(range(a), repeat=x)
        )
        assert classical_value(game) == Fraction(best, scale * scale)


def test_large_xor_games_agree_with_gray_code(rng):
    """Two halves of Bob's answers are combined by brute force: 2^15 strategies of one player."""
    n = 15
    signs = rng.choice([-1, 1], (n, n))
    equal = (signs == 1).astype(np.uint8)
    win = np.array([[equal, 1 - equal], [1 - equal, equal]]).transpose(2, 3, 0, 1)
    game = Game("xor", np.full((n, n), Fraction(1, n * n), dtype=object), win)
    answers = 1 - 2 * np.array(list(itertools.product((0, 1), repeat=n)))
    best = int(np.abs(answers @ signs).sum(axis=1).max())
    assert classical_value(game) == Fraction(1, 2) + Fraction(best, 2 * n * n)


def test_known_values_of_repeated_and_large_games():
    assert classical_value(parallel(ffl(), 2)) == Fraction(2, 3)
    assert classical_value(parallel(chsh(), 2)) == Fraction(5, 8)
    assert classical_value(parallel(chsh(), 3)) == Fraction(31, 64)
    assert classical_value(g14()) == Fraction(43, 44)
    assert classical_value(parallel(ghz(3), 2)) == Fraction(5, 8)


@pytest.mark.slow
def test_magic_square_twice_in_seconds():
    game = parallel(magic_square(), 2)
    before = time.process_time()
    found = classical_optimum(game)
    assert found.value == Fraction(22, 27) == value_of(game, found.strategy)
    assert time.process_time() - before < 10


def test_xor_24_in_seconds(rng):
    signs = rng.integers(0, 2, (24, 24))
    b, c = np.indices((2, 2))
    win = (signs[:, :, None, None] == (b ^ c)).astype(np.uint8)
    game = Game("xor-24", np.full((24, 24), Fraction(1, 576), dtype=object), win)
    before = time.process_time()
    found = classical_optimum(game)
    assert time.process_time() - before < 5
    assert found.value == value_of(game, found.strategy)
    flipped = [[1 - a for a in own] for own in found.strategy]
    assert value_of(game, flipped) == found.value  # the symmetry of every XOR game


def test_a_game_that_is_always_won_or_lost_is_settled_at_once():
    prob = np.full((30, 30), Fraction(1, 900), dtype=object)
    assert classical_value(Game("won", prob, np.ones((30, 30, 4, 4), np.uint8))) == 1
    assert classical_value(Game("lost", prob, np.zeros((30, 30, 4, 4), np.uint8))) == 0


def test_too_large_games_are_refused_with_cost_and_limit(rng):
    signs = rng.integers(0, 2, (40, 40))
    b, c = np.indices((2, 2))
    win = (signs[:, :, None, None] == (b ^ c)).astype(np.uint8)
    game = Game("huge", np.full((40, 40), Fraction(1, 1600), dtype=object), win)
    with pytest.raises(TooLargeError, match=r"huge.*about \de\+\d\d additions; allowed are 3e\+07") as caught:
        classical_optimum(game, limit=3e7)
    assert "\n" not in str(caught.value)


def test_too_large_games_of_three_players_are_refused(rng):
    with pytest.raises(TooLargeError, match="additions"):
        classical_optimum(random_game(rng, (6, 6, 6), (4, 4, 4)), limit=1e6)

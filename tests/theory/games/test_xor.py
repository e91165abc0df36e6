"""XOR games: both certificates checked from the game itself, known values, and the observables."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.theory.games.catalogue import GAMES, biased_chsh, chained, chsh, odd_cycle, rac
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.strategies import win_probability
from qcoord_hw.theory.games.xor import anticommuting, vector_strategy, xor_value

XOR_GAMES = {
    "chsh": math.cos(math.pi / 8) ** 2,
    "biased-chsh": 1 / 2 + math.sqrt(2 * (5 / 9) * (13 / 25)) / 2,
    **{f"odd-cycle-{n}": math.cos(math.pi / (4 * n)) ** 2 for n in (3, 5, 7, 9, 11, 13)},
    **{f"chained-{n}": math.cos(math.pi / (4 * n)) ** 2 for n in range(3, 11)},
    **{f"rac-{n}": 1 / 2 + 1 / (2 * math.sqrt(n)) for n in (2, 3, 4)},
}


def checked(game: Game, gap: float = 1e-9) -> tuple[float, float]:
    """Return the bounds that the certificates prove, computed from the game cell by cell."""
    solution = xor_value(game)
    assert solution is not None
    rows, columns = game.prob.shape
    np.testing.assert_allclose(np.linalg.norm(solution.bob, axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(solution.charlie, axis=1), 1, atol=1e-12)
    assert solution.bob.shape == (rows, solution.rank)
    lower = upper = 0.0
    whole = np.diag(solution.dual)
    for x, y in game.questions():
        equal, different = (float(game.prob[x, y]) * float(game.table[x, y, 0, c]) for c in (0, 1))
        lower += (equal + different) / 2 + (equal - different) / 2 * float(
            solution.bob[x] @ solution.charlie[y]
        )
        upper += (equal + different) / 2
        whole[x, rows + y] = whole[rows + y, x] = -(equal - different) / 4
    upper += float(solution.dual.sum())
    assert np.linalg.eigvalsh(whole)[0] >= 0
    assert solution.lower == pytest.approx(lower, abs=1e-13)
    assert solution.upper == pytest.approx(upper, abs=1e-13)
    assert solution.lower <= lower
    assert solution.upper >= upper
    assert 0 <= solution.upper - solution.lower < gap
    return solution.lower, solution.upper


@pytest.mark.parametrize("name", XOR_GAMES)
def test_known_values(name):
    lower, upper = checked(GAMES[name]())
    assert lower <= XOR_GAMES[name] <= upper


@pytest.mark.parametrize(
    ("p", "q"), [("4/5", "4/5"), ("1", "1/2"), ("1/2", "1/2"), ("9/10", "1/2"), ("2/3", "3/4")]
)
def test_biased_chsh(p, q):
    """The two cases of [Lawson2010]: no quantum gain where p >= 1/(2q)."""
    game = biased_chsh(p, q)
    p, q = float(Fraction(p)), float(Fraction(q))
    gained = 1 / 2 + math.sqrt(2 * (q * q + (1 - q) ** 2) * (p * p + (1 - p) ** 2)) / 2
    expected = gained if p < 1 / (2 * q) else float(classical_value(game))
    lower, upper = checked(game)
    assert lower <= expected <= upper


@pytest.mark.parametrize("others", [(1, 1, 1), (1, 1, 2), (1, 2, 3), (2, 3, 5), (1, 4, 9)])
def test_where_the_quantum_gain_just_ends(others):
    """CHSH where 1/p(1,1) is the sum of the other 1/p: the optimum is not unique, the problem degenerate."""
    weights = [Fraction(one) for one in others]
    weights.append(1 / sum(1 / one for one in weights))
    chances = [str(one / sum(weights)) for one in weights]
    agree, differ = [[1, 0], [0, 1]], [[0, 1], [1, 0]]
    win = [[agree, agree], [agree, differ]]
    game = Game.from_json({"name": "edge", "prob": [chances[:2], chances[2:]], "win": win})
    lower, upper = checked(game)
    assert lower <= float(classical_value(game)) <= upper


def test_ranks_are_low():
    for game, rank in (
        (chsh(), 2),
        (odd_cycle(9), 2),
        (chained(6), 2),
        (rac(3), 3),
        (rac(4), 4),
        (rac(5), 5),
    ):
        solution = xor_value(game)
        assert solution.rank == rank
        assert solution.local_dimension == 2 ** (rank // 2)
    assert xor_value(biased_chsh("4/5", "4/5")).rank == 1  # classical, so without a shared state


def random_xor(rng, rows, columns, *, kind) -> Game:
    p = rng.random((rows, columns))
    if kind == "sparse":
        p *= rng.random((rows, columns)) < 0.4
        p[0, 0] += 0.1
    if kind == "skew":
        p = 10.0 ** rng.uniform(-9, 0, (rows, columns))
    p /= p.sum()
    b, c = np.indices((2, 2))
    if kind == "score":
        score = rng.integers(0, 8, (rows, columns, 2))[:, :, b ^ c]
        return Game(
            "score", p, score=[[[[f"{s}/7" for s in r] for r in q] for q in x] for x in score.tolist()]
        )
    return Game(kind, p, (rng.integers(0, 2, (rows, columns))[:, :, None, None] == (b ^ c)).astype(np.uint8))


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", ["dense", "sparse", "skew", "score"])
def test_random_games(rng, kind):
    for _ in range(40):
        game = random_xor(rng, *(int(n) for n in rng.integers(1, 8, 2)), kind=kind)
        lower, upper = checked(game)
        assert float(classical_value(game)) <= upper + 1e-15
        strategy = xor_value(game).strategy()
        assert win_probability(game, strategy) == pytest.approx(lower, abs=1e-12)


def test_no_vectors_exceed_the_upper_bound(rng):
    for _ in range(20):
        game = random_xor(rng, 4, 4, kind="dense")
        bob, charlie = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.standard_normal((2, 4, 5)))
        assert win_probability(game, vector_strategy(bob, charlie)) <= xor_value(game).upper


def test_large_games(rng):
    checked(random_xor(rng, 24, 24, kind="dense"))
    checked(random_xor(rng, 10, 40, kind="dense"))


def test_questions_without_consequence():
    """A row never asked, and a game in which nothing matters."""
    prob = [[0, 0], ["1/2", "1/2"]]
    equal = [[1, 0], [0, 1]]
    assert checked(Game("row", prob, [[equal, equal], [equal, equal]]))[1] == pytest.approx(1)
    always = [[1, 1], [1, 1]]
    lower, upper = checked(Game("sure", prob, [[always, always], [always, always]]))
    assert lower == pytest.approx(1)
    assert upper == pytest.approx(1)


def test_what_is_not_asked_does_not_matter():
    """CHSH with a third question, never asked, that no XOR rule describes."""
    prob = np.zeros((3, 2), dtype=object)
    prob[:2] = Fraction(1, 4)
    win = np.concatenate([chsh().win, [[[[1, 1], [0, 1]], [[0, 0], [0, 0]]]]])
    lower, upper = checked(Game("chsh-3", prob, win))
    assert lower <= XOR_GAMES["chsh"] <= upper


@pytest.mark.parametrize(
    "name", ["tilted", "magic-square", "ghz-3", "ffl", "cglmp-3", "magic-square-cv", "i3322"]
)
def test_other_games_are_none(name):
    assert xor_value(GAMES[name]()) is None


@pytest.mark.parametrize("count", range(8))
def test_generators_anticommute(count):
    generators = anticommuting(count)
    dimension = 2 ** (count // 2)
    assert generators.shape == (count, dimension, dimension) or count == 0
    for i, first in enumerate(generators):
        np.testing.assert_array_equal(first, first.conj().T)
        for j, second in enumerate(generators):
            np.testing.assert_allclose(
                first @ second + second @ first, 2 * (i == j) * np.eye(dimension), atol=1e-15
            )


def test_correlations_of_the_observables_are_scalar_products(rng):
    for rank in range(1, 7):
        bob, charlie = (
            v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.standard_normal((2, 3, rank))
        )
        strategy = vector_strategy(bob, charlie)
        for x, y in np.ndindex(3, 3):
            table = strategy.probabilities((x, y))
            assert table[0, 0] + table[1, 1] - table[0, 1] - table[1, 0] == pytest.approx(bob[x] @ charlie[y])
            np.testing.assert_allclose(table.sum(axis=0), 1 / 2 if rank > 1 else table.sum(axis=0))
        for own in strategy.measurements:
            for m in own:
                np.testing.assert_allclose(m.sum(axis=0), np.eye(len(m[0])), atol=1e-14)
                np.testing.assert_allclose(m @ m, m, atol=1e-14)

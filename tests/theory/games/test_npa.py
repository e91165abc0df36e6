"""The NPA hierarchy: known bounds, and that a bound holds however bad the dual is."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.checker import check_upper, payoff_of
from qcoord_hw.theory.games.moments import relaxation
from qcoord_hw.theory.games.npa import algebraic_bound, npa_bound
from qcoord_hw.theory.games.seesaw import seesaw

CHSH = math.cos(math.pi / 8) ** 2
KNOWN = [  # name, level, value of the level, accuracy
    ("chsh", "1", CHSH, 1e-8),
    ("chsh", "1+AB", CHSH, 1e-7),
    ("chsh", "2", CHSH, 1e-6),
    ("biased-chsh", "1", 1 / 2 + math.sqrt(2 * (5 / 9) * (13 / 25)) / 2, 1e-8),
    ("tilted", "1+AB", 1 / 2 + math.sqrt(10) / 10, 1e-7),
    ("odd-cycle-5", "1", math.cos(math.pi / 20) ** 2, 1e-8),
    ("odd-cycle-9", "1", math.cos(math.pi / 36) ** 2, 1e-7),
    ("magic-square", "1", 1, 1e-7),
    ("rac-3", "1", 1 / 2 + 1 / (2 * math.sqrt(3)), 1e-7),
    ("rac-3", "1+AB", 1 / 2 + 1 / (2 * math.sqrt(3)), 1e-6),
    ("rac-4", "1", 3 / 4, 1e-7),
    ("chsh-squared", "1", CHSH**2, 1e-7),
    ("ffl", "1+AB", 2 / 3, 1e-7),
    # words and adjoints not identified would give .86720 here
    ("cglmp-3", "1+AB", 1 / 2 + (1 + math.sqrt(11 / 3)) / 8, 1e-6),
    ("ghz-3", "1", 1, 1e-6),
    # probabilities that may be negative would give .8828 and 3/4 here
    ("tilted", "1", 0.84, 1e-7),
    ("ffl", "1", 2 / 3, 1e-7),
]


def i3322():
    """I3322 in the form of [CollinsGisin2004]."""
    payoff = np.zeros((3, 3, 2, 2))
    payoff[:, :, 0, 0] = [[1, 1, 1], [1, 1, -1], [1, -1, 0]]
    payoff[0, 0, 0, :] -= 1
    payoff[0, 0, :, 0] -= 2
    payoff[0, 1, :, 0] -= 1
    return payoff


@pytest.mark.few(8)
@pytest.mark.parametrize(("name", "level", "value", "accuracy"), KNOWN, ids=lambda v: str(v)[:12])
def test_known_bounds(name, level, value, accuracy):
    game = GAMES[name]()
    bound = npa_bound(game, level)
    assert value <= bound.value <= value + accuracy
    assert bound.level == level == bound.certificate["level"]
    proved, violations = check_upper(
        payoff_of(game.prob, game.table), json.loads(json.dumps(bound.certificate))
    )
    assert violations == []
    assert value <= proved <= bound.value


@pytest.mark.parametrize(("level", "value"), [("1", 0.3660254), ("1+AB", 0.2514709), ("2", 0.2509398)])
def test_i3322(level, value):
    assert value - 1e-7 <= npa_bound(i3322(), level).value <= value + 1e-5
    scaled = npa_bound(500 * i3322() + 3, level)
    assert value - 1e-7 <= (scaled.value - 3 * 9) / 500 <= value + 1e-5
    assert npa_bound(-i3322(), "1").value >= 0  # the other side of the functional


def test_i3322_at_level_2_is_as_tight_as_the_level():
    assert 0.25 <= npa_bound(i3322(), "2").value <= 0.25095


def test_moments_of_i3322():
    """1 + 6 + 9 + 12 words; distinct moments counted by hand for level 1: 1, 6 singles, 15 pairs."""
    level_1 = relaxation(i3322(), "1")
    assert len(level_1.words) == 7
    assert len(np.unique(level_1.cells)) == 1 + 6 + 15
    assert len(relaxation(i3322(), "1+AB").words) == 16
    assert len(relaxation(i3322(), "2").words) == 28
    assert (level_1.cells == level_1.cells.T).all()


def test_a_bound_holds_for_any_dual_matrix(rng):
    game = GAMES["cglmp-3"]()
    value = seesaw(game, 3, seed=0)[0]
    for size in (1e-6, 1e-3, 1.0, 1e3):

        def noise(words, size=size):
            return size * rng.normal(size=(len(words), len(words)))

        bound = npa_bound(game, "1+AB", dual=noise)
        assert bound.value >= value
        proved, violations = check_upper(
            payoff_of(game.prob, game.table), json.loads(json.dumps(bound.certificate))
        )
        assert violations == []
        assert proved >= value


@pytest.mark.parametrize(("name", "value"), [("chsh", CHSH), ("magic-square", 1)])
def test_no_time_still_gives_a_valid_bound(name, value):
    for limit in (0.0, 0.02):
        assert npa_bound(GAMES[name](), "1+AB", time_limit=limit).value >= value


@pytest.mark.few(1)
@pytest.mark.parametrize(("players", "most"), [(1, 3), (2, 3), (3, 2)])
def test_random_payoffs_lie_above_strategies_and_below_level_1(rng, players, most):
    for _ in range(5):
        questions = tuple(int(n) for n in rng.integers(1, most + 1, players))
        answers = tuple(int(n) for n in rng.integers(1, 4, players))
        payoff = rng.normal(size=questions + answers) * 10.0 ** rng.integers(-3, 4)
        size = np.abs(payoff).sum()
        lower = seesaw(payoff, 2, starts=5, seed=1)[0]
        first, second = npa_bound(payoff, "1").value, npa_bound(payoff, "1+AB").value
        assert lower - 1e-12 * size <= second <= first + 1e-6 * size
        assert lower - 1e-12 * size <= algebraic_bound(payoff).value


def test_algebraic_bound_takes_the_best_answers(rng):
    payoff = rng.normal(size=(2, 3, 2, 2))
    assert algebraic_bound(payoff).value == pytest.approx(payoff.max(axis=(2, 3)).sum(), abs=1e-12)
    assert algebraic_bound(GAMES["magic-square"]()).value == pytest.approx(1, abs=1e-14)


def test_constant_payoffs():
    for payoff in (np.zeros((2, 2, 2, 2)), np.full((2, 3, 2, 2), -0.25), np.full((2, 2, 1, 1), 3.0)):
        expected = payoff[:, :, 0, 0].sum()
        assert expected <= npa_bound(payoff, "1").value <= expected + 1e-9


def test_bad_levels_are_refused():
    with pytest.raises(InputError, match="level"):
        npa_bound(GAMES["chsh"](), "4")
    with pytest.raises(TooLargeError, match="words"):
        npa_bound(GAMES["g14"](), "2")


def test_level_3_has_words_of_three_letters_and_the_checker_reads_them():
    bound = npa_bound(GAMES["chsh"](), "3")
    words = bound.certificate["words"]
    assert max(sum(map(len, word)) for word in words) == 3
    assert len(words) == 1 + 4 + (4 + 4) + (2 * 2 + 2 * 4)
    game = GAMES["chsh"]()
    assert bound.value == pytest.approx(math.cos(math.pi / 8) ** 2, abs=1e-6)
    assert check_upper(payoff_of(game.prob, game.table), bound.certificate)[1] == []
    for wrong in ("2", "1+AB", "4"):
        assert check_upper(payoff_of(game.prob, game.table), bound.certificate | {"level": wrong})[1]

"""The see-saw: known optima, exact strategies, and that no step loses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games import seesaw as module
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.payoffs import strategy_value
from qcoord_hw.theory.games.seesaw import _Batch, seesaw
from qcoord_hw.theory.games.strategies import win_probability

CHSH = math.cos(math.pi / 8) ** 2
KNOWN = [
    ("chsh", 1, 3 / 4),
    ("chsh", 2, CHSH),
    ("biased-chsh", 2, 1 / 2 + math.sqrt(2 * (5 / 9) * (13 / 25)) / 2),
    ("tilted", 2, 1 / 2 + math.sqrt(10) / 10),
    ("odd-cycle-5", 2, math.cos(math.pi / 20) ** 2),
    ("odd-cycle-9", 2, math.cos(math.pi / 36) ** 2),
    ("magic-square", 4, 1),
    ("rac-3", 2, 1 / 2 + 1 / (2 * math.sqrt(3))),
    ("rac-4", 3, 0.7414814566),
    ("rac-4", 4, 3 / 4),
    ("cglmp-3", 3, 1 / 2 + (1 + math.sqrt(11 / 3)) / 8),
    ("chsh-mod-3", 3, 0.7123860142),
    ("ffl", 3, 2 / 3),
    ("chsh-squared", 4, CHSH**2),
    ("ghz-3", 2, 1),
    ("ghz-4", 2, 1),
]


def assert_exact(strategy):
    """Unit vector, complete and positive measurements, to machine precision."""
    assert abs(np.linalg.norm(strategy.state) - 1) < 1e-14
    for own, d in zip(strategy.measurements, strategy.dimensions, strict=True):
        for elements in own:
            assert np.abs(elements.sum(axis=0) - np.eye(d)).max() < 1e-14
            assert np.linalg.eigvalsh(elements).min() > -1e-14


@pytest.mark.few(6)
@pytest.mark.parametrize(("name", "dimension", "value"), KNOWN, ids=lambda v: str(v)[:12])
def test_known_optima_are_reached(name, dimension, value):
    game = GAMES[name]()
    found, strategy = seesaw(game, dimension, seed=1)
    assert found == pytest.approx(value, abs=1e-9)
    assert found == pytest.approx(win_probability(game, strategy), abs=1e-13)
    assert strategy.dimensions == (dimension,) * game.players
    assert_exact(strategy)


@pytest.mark.parametrize("name", ["chsh", "tilted", "odd-cycle-5", "cglmp-3", "ghz-3", "rac-4"])
def test_a_start_climbs_on_where_sweeps_are_over(name, monkeypatch):
    dimension, value = next(own[1:] for own in reversed(KNOWN) if own[0] == name)
    monkeypatch.setattr(module, "MAX_SWEEPS", 7)
    found, strategy = seesaw(GAMES[name](), dimension, seed=1)
    assert found == pytest.approx(value, abs=1e-9)
    assert_exact(strategy)


def test_climbing_on_loses_nothing(monkeypatch):
    batch = _Batch(GAMES["chsh-mod-3"]().payoff, 3, 5, np.random.default_rng(0))
    for _ in range(5):
        batch.sweep()
    before = batch.values.max()
    batch.ascend(-math.inf)
    assert before <= batch.values[0] < 0.7123
    stuck = np.zeros((3, 3, 3, 3))  # whatever is asked, the answer is 0, and sweeps leave it there
    stuck[:, 0] = np.eye(3)
    monkeypatch.setattr(module, "ascended", lambda *_: [stuck + 0j, stuck + 0j])
    before = batch.values[0]
    batch.ascend(math.inf)
    assert batch.values[0] == pytest.approx(before, abs=1e-14)


def test_many_answers_end_in_projective_measurements():
    strategy = seesaw(GAMES["cglmp-3"](), 3, seed=0)[1]
    for own in strategy.measurements:
        for elements in own:
            assert np.abs(elements @ elements - elements).max() < 1e-12


def i3322():
    """I3322 in the form of [CollinsGisin2004]: at most 0 classically, 1/4 with qubits."""
    payoff = np.zeros((3, 3, 2, 2))
    payoff[:, :, 0, 0] = [[1, 1, 1], [1, 1, -1], [1, -1, 0]]
    payoff[0, 0, 0, :] -= 1
    payoff[0, 0, :, 0] -= 2
    payoff[0, 1, :, 0] -= 1
    return payoff


def test_bell_functional_with_negative_coefficients():
    assert seesaw(i3322(), 2, seed=3)[0] == pytest.approx(1 / 4, abs=1e-9)
    assert seesaw(i3322(), 1, seed=3)[0] == pytest.approx(0, abs=1e-12)
    assert seesaw(1e6 * i3322() - 7, 2, seed=3)[0] == pytest.approx(1e6 / 4 - 7 * 9, abs=1e-3)


@pytest.mark.parametrize(
    ("questions", "answers"), [((3, 2), (2, 3)), ((2, 2), (4, 3)), ((1, 3), (1, 2)), ((2, 2, 2), (2, 3, 1))]
)
def test_no_sweep_loses(rng, questions, answers):
    payoff = rng.normal(size=questions + answers)
    batch = _Batch(payoff, 3, 5, rng)
    batch.sweep()
    for _ in range(30):
        before = batch.values
        batch.sweep()
        assert (batch.values >= before - 1e-12).all()
    strategy = batch.strategy()
    assert_exact(strategy)
    assert strategy_value(payoff, strategy) == pytest.approx(batch.values.max(), abs=1e-12)


def test_same_seed_same_answer():
    game = GAMES["chsh-mod-3"]()
    first, second = (seesaw(game, 2, seed=5) for _ in range(2))
    assert first[0] == second[0]
    assert np.array_equal(first[1].state, second[1].state)
    other = seesaw(game, 2, seed=6)
    assert not np.array_equal(first[1].state, other[1].state)


def test_no_time_still_gives_a_valid_strategy():
    found, strategy = seesaw(GAMES["magic-square"](), 4, time_limit=0.0)
    assert_exact(strategy)
    assert 0 < found <= 1


def test_malformed_arguments_are_refused():
    with pytest.raises(InputError, match="dimension"):
        seesaw(GAMES["chsh"](), 0)
    for payoff in (np.ones((2, 2, 2)), np.ones((2, 0)), np.full((1, 1), np.nan), 1.0):
        with pytest.raises(InputError, match="payoff"):
            seesaw(payoff, 2)

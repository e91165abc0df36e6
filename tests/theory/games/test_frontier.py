"""The four rates at a win probability: the numbers known, the bounds never crossed, the words never more."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.frontier import QUANTITIES, frontier
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.marginals import (
    Marginals,
    answer_entropy,
    binary_entropy,
    entropy_bound,
    least_entropy,
)
from qcoord_hw.theory.games.strategies import QuantumStrategy, win_probability
from qcoord_hw.theory.games.two_qubit import Correlators, build, cheapest

HALF = np.array([0.5, 0.5])
BEST = math.cos(math.pi / 8) ** 2


def chsh():
    return GAMES["chsh"]()


def marginals(strategy, player):
    tables = [strategy.probabilities((0, x) if player else (x, 0)) for x in range(2)]
    return [table.sum(axis=1 - player) for table in tables]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("win", "low", "high", "line", "entanglement"),
    [
        (0.775, 0.4138, 0.4140, 0.2414, 0.3097),
        (0.80, 0.6653, 0.6656, 0.4828, 0.5459),
        (0.825, 0.8505, 0.8507, 0.7243, 0.7631),
        (0.85, 0.9848, 0.9850, 0.9657, 0.9710),
    ],
)
def test_chsh(win, low, high, line, entanglement):
    found = frontier(chsh(), win)
    for player in ("bob", "charlie"):
        side = found["formula_rate"][player]
        assert low <= side["lower"] <= side["upper"] <= high
        assert side["upper"] - side["lower"] < 1e-5
    assert found["time_shared"]["rates"] == pytest.approx([line, line], abs=5e-5)
    assert found["time_shared"]["value"] == pytest.approx((win - 0.75) / (BEST - 0.75), abs=1e-9)
    assert found["strategy_entanglement"]["value"] == pytest.approx(entanglement, abs=5e-5)
    assert found["circuit_qubits"]["qubits"] == [1, 1]


def test_every_quantity_is_labelled_and_plain_json():
    found = frontier(chsh(), 0.8)
    text = json.dumps(found, allow_nan=False).lower()
    assert "if and only if" not in text
    assert "iff" not in text
    for key in QUANTITIES:
        assert {"kind", "source", "assumption"} <= set(found[key])
    kinds = [found[key]["kind"] for key in QUANTITIES]
    assert kinds == ["bracket", "upper", "exact", "upper"]


def test_the_support_is_that_of_the_analytic_bound():
    for win in (0.76, 0.8, 0.84):
        found = Marginals(chsh().payoff, win, "1+AB", 0).bound(np.array([[1.0, 0], [0, 0]]), 10)
        exact = 0.5 + math.sqrt(2 - (8 * win - 4) ** 2 / 4) / 2
        assert exact - 1e-12 <= found <= exact + 1e-6


@pytest.mark.slow
def test_no_quantum_correlation_is_below_the_certified_bound():
    game, rng = chsh(), np.random.default_rng(3)
    checked = 0
    for _ in range(14):
        v = np.append(rng.uniform(0.15, 0.8), np.array([0, math.pi / 2, 0.7, -0.7]) + rng.normal(0, 0.15, 4))
        strategy = build(v, 2)
        if (win := win_probability(game, strategy)) < 0.752:
            continue
        checked += 1
        for player in range(2):
            found = entropy_bound(game.payoff, HALF, win, player, "1+AB", time.monotonic() + 5)
            assert found.lower <= answer_entropy(marginals(strategy, player), HALF) + 1e-12
    assert checked >= 4


def test_the_bound_holds_whenever_time_ends(monkeypatch):
    exact = 0.6655240
    for cuts in (0, 1, 3, 8, 20):
        monkeypatch.setattr("qcoord_hw.theory.games.marginals.MAX_CUTS", cuts)
        found = entropy_bound(chsh().payoff, HALF, 0.8, 0, "1+AB", time.monotonic() + 5)
        assert found.bounded <= cuts
        assert found.lower <= exact


@pytest.mark.slow
def test_the_relabelled_game_has_the_same_frontier():
    data = chsh().to_json()
    win = np.array(data["win"])[::-1, :, :, ::-1]
    game = Game.from_json({"name": "mine", "prob": data["prob"], "win": win.tolist()})
    assert Correlators(game.payoff).is_chsh()
    found = frontier(game, 0.8)
    assert 0.6653 <= found["formula_rate"]["charlie"]["lower"] <= 0.6656
    assert found["strategy_entanglement"]["value"] == pytest.approx(0.5459, abs=5e-5)


def test_the_two_qubit_search_finds_the_analytic_entanglement():
    found = cheapest(chsh().payoff, (HALF, HALF), 0.8, "entanglement", 0, time.monotonic() + 5)
    assert isinstance(found, QuantumStrategy)
    assert win_probability(chsh(), found) >= 0.8
    assert float(binary_entropy(abs(found.state[0]) ** 2)) == pytest.approx(0.54590, abs=1e-5)


@pytest.mark.parametrize("win", [0, 0.5, 0.75])
def test_what_a_deterministic_strategy_wins_costs_nothing(win):
    found = frontier(chsh(), win)
    assert found["formula_rate"]["bob"]["lower"] == found["formula_rate"]["bob"]["upper"] == 0
    assert [found[key]["value"] for key in QUANTITIES[1:]] == [0, 0, 0]
    assert {found[key]["kind"] for key in QUANTITIES} == {"exact"}


@pytest.mark.slow
def test_at_the_quantum_value_all_rates_are_one():
    found = frontier(chsh(), BEST)
    assert found["formula_rate"]["bob"]["lower"] == pytest.approx(1, abs=1e-4)
    assert [found[key]["value"] for key in QUANTITIES[1:]] == pytest.approx([1, 1, 1], abs=1e-4)


@pytest.mark.parametrize("win", [-0.1, 0.86, 1, 1.5, math.nan, math.inf, True, "0.8", None])
def test_win_out_of_range_is_refused(win):
    with pytest.raises(InputError, match="^win: "):
        frontier(chsh(), win)


@pytest.mark.slow
def test_a_game_of_three_answers():
    found = frontier(GAMES["cglmp-3"](), 0.85, time_limit=8)
    assert 0.9 < found["formula_rate"]["bob"]["lower"] <= found["formula_rate"]["bob"]["upper"]
    assert found["circuit_qubits"]["value"] == 2


@pytest.mark.slow
def test_another_game():
    found = frontier(GAMES["tilted"](), 0.81, time_limit=60)
    assert found["formula_rate"]["charlie"]["lower"] <= found["formula_rate"]["charlie"]["upper"]
    assert found["strategy_entanglement"]["wins"] >= 0.81


def test_more_ebits_and_no_time_for_a_bound():
    found = frontier(GAMES["g14"](), 0.99, time_limit=1)
    assert found["time_shared"]["value"] == pytest.approx(2 * (0.99 - 43 / 44) * 44)
    assert found["strategy_entanglement"]["value"] == pytest.approx(2)
    assert found["circuit_qubits"]["qubits"] == [2, 2]
    assert found["formula_rate"]["kind"] == "upper"
    assert found["formula_rate"]["bob"]["lower"] is None
    assert "words" in found["formula_rate"]["bob"]["reason"]


def test_three_players():
    found = frontier(GAMES["ghz-3"](), 0.9)
    assert found["formula_rate"]["kind"] == "undetermined"
    assert found["formula_rate"]["reason"]
    assert found["time_shared"]["rates"] == pytest.approx([0.6, 0.6, 0.6])


def test_least_entropy():
    assert least_entropy(1) == 0
    assert least_entropy(0.25) == pytest.approx(2)
    assert least_entropy(0.8) == pytest.approx(float(binary_entropy(0.8)))
    assert least_entropy(0.4) == pytest.approx(-0.8 * math.log2(0.4) - 0.2 * math.log2(0.2))

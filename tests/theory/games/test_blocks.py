"""The smallest strategy inside a larger one: no value is lost, and two binary questions leave qubits."""

from __future__ import annotations

import numpy as np
import pytest

from qcoord_hw.theory.games import quantum
from qcoord_hw.theory.games.blocks import smallest_blocks
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.payoffs import strategy_value
from qcoord_hw.theory.games.quantum import quantum_value, size_of
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.strategies import QuantumStrategy, basis
from tests.parity_games import facet_4322


def unitary(rng, d):
    found, _ = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))
    return found


def summed(rng, small, other):
    """The direct sum of two strategies for the same game, each player's space turned at random."""
    dims = [a + b for a, b in zip(small.dimensions, other.dimensions, strict=True)]
    turns = [unitary(rng, d) for d in dims]
    state = np.zeros(dims, dtype=complex)
    state[tuple(slice(0, d) for d in small.dimensions)] = 0.8 * small.state.reshape(small.dimensions)
    state[tuple(slice(d, None) for d in small.dimensions)] = 0.6 * other.state.reshape(other.dimensions)
    for p, turn in enumerate(turns):
        state = np.moveaxis(np.tensordot(turn, state, axes=(1, p)), 0, p)
    measurements = []
    for p, turn in enumerate(turns):
        own = []
        for a, b in zip(small.measurements[p], other.measurements[p], strict=True):
            both = np.zeros((len(a), dims[p], dims[p]), dtype=complex)
            d = small.dimensions[p]
            both[:, :d, :d], both[:, d:, d:] = a, b
            own.append(turn @ both @ turn.conj().T)
        measurements.append(tuple(own))
    return QuantumStrategy(tuple(dims), state.reshape(-1), tuple(measurements))


@pytest.mark.parametrize("name", ["chsh", "tilted", "rac-3", "ghz-3", "cglmp-3", "magic-square"])
def test_the_better_part_of_a_direct_sum(rng, name):
    game, best = GAMES[name](), EXPLICIT[name].build()
    worse = seesaw(rng.normal(size=game.payoff.shape), 2, starts=2, seed=1)[1]
    whole = summed(rng, best, worse)
    found = smallest_blocks(game.payoff, whole, size_of(game.payoff))
    assert strategy_value(game, found) >= strategy_value(game, whole) - 1e-12
    assert strategy_value(game, found) == pytest.approx(EXPLICIT[name].value.value, abs=1e-9)
    assert found.dimensions == best.dimensions


def test_two_binary_questions_leave_qubits(rng):
    """Jordan's lemma, for random projectors in up to five dimensions and random payoffs of three players."""
    for _ in range(4):
        own = []
        for d in (5, 4, 3):
            one = [basis(unitary(rng, d))[: int(rng.integers(1, d))].sum(axis=0) for _ in range(2)]
            own.append(tuple(np.array([e, np.eye(d) - e]) for e in one))
        state = rng.normal(size=60) + 1j * rng.normal(size=60)
        payoff = rng.normal(size=(2,) * 6)
        whole = QuantumStrategy((5, 4, 3), state / np.linalg.norm(state), tuple(own))
        found = smallest_blocks(payoff, whole, size_of(payoff))
        assert max(found.dimensions) <= 2
        assert strategy_value(payoff, found) >= strategy_value(payoff, whole) - 1e-12


def test_what_has_no_blocks_stays_as_it_is():
    game = GAMES["magic-square"]()
    whole = EXPLICIT["magic-square"].build()
    assert smallest_blocks(game.payoff, whole, 1.0) is whole


def test_questions_that_are_not_asked_hide_no_blocks(rng):
    """A measurement at random for a question of probability 0."""
    prob = np.zeros((3, 2), dtype=object)
    prob[:2] = GAMES["chsh"]().prob
    win = np.zeros((3, 2, 2, 2), dtype=int)
    win[:2] = GAMES["chsh"]().win
    game, best = Game("chsh and more", prob, win), EXPLICIT["chsh"].build()
    whole = summed(rng, best, best)
    e = basis(unitary(rng, 4))[:2].sum(axis=0)
    bob = (*whole.measurements[0], np.array([e, np.eye(4) - e]))
    whole = QuantumStrategy((4, 4), whole.state, (bob, whole.measurements[1]))
    assert smallest_blocks(game.payoff, whole, 1.0).dimensions == (2, 2)


def test_of_equal_strategies_the_smallest_is_taken(rng):
    game = GAMES["chsh"]()
    best = EXPLICIT["chsh"].build()
    whole = summed(rng, best, best)
    own = Game("own", game.prob, game.win)
    bracket = quantum_value(own, known=[whole, best], time_limit=5)
    assert bracket.strategy.dimensions == (2, 2)
    assert [s.dimensions for s in bracket.equals][:1] == [(2, 2)]
    assert bracket.lower == pytest.approx(0.8535533906, abs=1e-8)
    assert quantum_value(own, dimension=1, level="1").local_dimension == 1


@pytest.mark.slow
def test_a_facet_of_four_and_three_binary_questions_takes_qubits(monkeypatch):
    """From these starts qubits alone end below; larger spaces, in blocks, do not."""
    monkeypatch.setattr(quantum, "MANY_STARTS", 40)
    game = facet_4322()
    for seed in (0, 2, 3):
        found = quantum_value(game, level="1", seed=seed)
        assert found.strategy.dimensions == (2, 2)
        assert 24 * found.lower - 7 == pytest.approx(np.sqrt(2), abs=1e-6)
        assert "blocks" in found.source
        assert seesaw(game.payoff, 2, starts=40, seed=seed)[0] < found.lower - 1e-3

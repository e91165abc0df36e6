"""Random cases: valid, the same for the same seed, and some of each are at the edge."""

from __future__ import annotations

import json

import numpy as np
import pytest

from qcoord_hw import testing
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.linear_computation.task import task_from_json
from qcoord_hw.theory.states import state_from_json

KINDS = {
    "games": (lambda count, seed: testing.games(count, seed=seed), Game.from_json),
    "games of three with scores": (
        lambda count, seed: testing.games(count, seed=seed, players=3, questions=2, scored=True),
        Game.from_json,
    ),
    "tasks": (lambda count, seed: testing.linear_tasks(count, seed=seed), task_from_json),
    "states": (lambda count, seed: testing.states(count, seed=seed), state_from_json),
    "states with a letter": (
        lambda count, seed: testing.states(count, seed=seed, quantum="ABC", classical="X", dimension=2),
        state_from_json,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_can_be_a_users_file(kind):
    make, read = KINDS[kind]
    files = [json.loads(json.dumps(case.to_json())) for case in make(40, 7)]
    assert len({json.dumps(file) for file in files}) > 35
    for file in files:
        again = json.loads(json.dumps(read(file).to_json()))
        assert again.keys() == file.keys()
        if "ensemble" not in file:
            assert again == file


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_depends_on_the_seed_and_its_number_alone(kind):
    make, _ = KINDS[kind]
    ten, three, other = (
        [json.dumps(case.to_json()) for case in make(*asked)] for asked in ((10, 1), (3, 1), (10, 2))
    )
    assert ten[:3] == three
    assert not set(ten) & set(other)


def test_degenerate_cases_are_among_them():
    games = list(testing.games(100, seed=1))
    assert any(game.prob.size == 1 for game in games)
    assert any((game.prob == 0).any() for game in games)
    assert any(1 in game.answers for game in games)
    assert any(not game.win.any() for game in games)
    assert any(game.win.all() for game in games)
    tasks = list(testing.linear_tasks(100, seed=1))
    assert {task.field.order for task in tasks} == {2, 3, 4, 5, 8, 9}
    assert any(len(task.servers) == 1 for task in tasks)
    assert any(task.field.rank(matrix) < matrix.shape[1] for task in tasks for matrix in task.matrices)
    states = list(testing.states(100, seed=1, classical="X"))
    assert any(state.dimension("A") == 1 for state in states)
    assert any(len(state.letters) < state.dimension("X") for state in states)
    assert {state.pure for state in testing.states(30, seed=1)} == {True, False}
    for state in states:
        assert np.linalg.eigvalsh(state.density()).min() > -1e-12
        assert np.trace(state.density()).real == pytest.approx(1)

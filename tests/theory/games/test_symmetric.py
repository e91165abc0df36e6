"""Parity games block by block: bounds as good as those of the whole matrix, under the same checker."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.checker import check_upper, payoff_of
from qcoord_hw.theory.games.npa import npa_bound
from qcoord_hw.theory.games.quantum import quantum_value
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.symmetric import symmetric_bound
from tests.parity_games import bipartite, complete, incidence, parity_of, relabelled

pytestmark = pytest.mark.usefixtures("work_clock")

DIAMOND = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
TAIL = [(0, 1), (1, 2), (2, 0), (2, 3)]


def around(edges, incidences, of=None):
    """The value where the bits of the other edges are fixed, and those of a cycle go around as in a chain."""
    every = 2 * len(edges)
    return 1 / 2 + (incidences * math.cos(math.pi / incidences) + every - incidences) / every / 2


def proved(game, bound):
    found, violations = check_upper(
        payoff_of(game.prob, game.table), json.loads(json.dumps(bound.certificate))
    )
    assert violations == []
    return found


@pytest.mark.parametrize(
    ("edges", "value"),
    [(complete(3), around(complete(3), 6)), (DIAMOND, around(DIAMOND, 8)), (TAIL, around(TAIL, 6))],
    ids=["triangle", "diamond", "tail"],
)
def test_planar_graphs_are_closed_whatever_their_labels(rng, edges, value):
    """The Pauli operators have no perfect strategy for them; the best one turns about a cycle."""
    game = relabelled(incidence(edges, {1}), rng)
    found = quantum_value(game, time_limit=20)
    assert (found.kind, found.lower) == ("exact", pytest.approx(value, abs=1e-8))
    assert found.level == "1+AB"
    bound = symmetric_bound(game, "1+AB")
    assert value - 1e-9 <= proved(game, bound) <= bound.value <= value + 1e-7


@pytest.mark.parametrize("players", [2, 3])
def test_the_blocks_bound_as_well_as_the_whole_matrix(rng, players):
    for _ in range(3):
        asked = rng.integers(0, 3, (2,) * players)
        asked[(0,) * players] = 1
        game = parity_of(players, rng.integers(0, 2, asked.shape), asked)
        whole, blocks = npa_bound(game, "1+AB"), symmetric_bound(game, "1+AB")
        assert blocks.value <= whole.value + 1e-6
        assert seesaw(game, 2, starts=5)[0] <= proved(game, blocks) <= blocks.value


@pytest.mark.parametrize("edges", [complete(4), bipartite(2, 3)], ids=["K4", "K2,3"])
def test_no_time_and_every_level_give_a_valid_bound(edges):
    game = incidence(edges, {0})
    value = seesaw(game, 2, starts=10)[0]
    for limit in (0.0, 30.0):
        bound = symmetric_bound(game, "1+AB", time_limit=limit)
        assert value <= proved(game, bound) <= bound.value


@pytest.mark.slow
def test_level_2_is_below_level_1_ab():
    game = relabelled(incidence(complete(4), {2}), np.random.default_rng(3))
    first, second = symmetric_bound(game, "1+AB"), symmetric_bound(game, "2")
    assert around(complete(4), 8) <= proved(game, second) <= second.value < first.value - 0.003


def test_an_open_bracket_says_what_stops():
    """Time, the size of a level, or that nobody asked for a higher one; nothing where it is closed."""
    planar = incidence(complete(4), {0})
    wheel = incidence([(0, k) for k in range(1, 8)] + [(k, k % 7 + 1) for k in range(1, 8)], {0})
    found = [
        quantum_value(game, **options).notes[-1]
        for game, options in (
            (planar, {"time_limit": 0}),
            (planar, {"level": "1", "dimension": 1}),
            (wheel, {"time_limit": 5, "dimension": 1}),
        )
    ]
    assert found[0] == "open: the time limit allowed no level of the hierarchy"
    assert found[1] == "open: level 1 is solved, and higher ones were not tried"
    assert re.fullmatch(r"open: NPA level 2: .* at most 700", found[2])
    assert not any(note.startswith("open") for note in quantum_value(GAMES["chsh"]()).notes)

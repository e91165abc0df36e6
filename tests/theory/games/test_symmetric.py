"""Symmetries found from the table, and bounds in blocks: as good as of the whole matrix, same checker."""

from __future__ import annotations

import itertools
import json
import math
import time

import numpy as np
import pytest

from qcoord_hw.theory.games.automorphisms import automorphisms, projected
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.characters import image
from qcoord_hw.theory.games.checker import check_upper, payoff_of
from qcoord_hw.theory.games.interior_point import dual_blocks, occurrences, work
from qcoord_hw.theory.games.npa import npa_bound
from qcoord_hw.theory.games.quantum import quantum_value
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.symmetric import _first_order, reduction, symmetric_bound
from tests.parity_games import bipartite, complete, incidence, parity_of, relabelled

pytestmark = pytest.mark.usefixtures("work_clock")

DIAMOND = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
WHEEL = [(0, 1), (1, 2), (2, 3), (3, 0), *((i, 4) for i in range(4))]
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
@pytest.mark.parametrize("edges", [bipartite(2, 4), WHEEL], ids=["K2,4", "wheel"])
def test_planar_graphs_are_closed_by_strategies_of_three_qubits(rng, edges):
    found = quantum_value(relabelled(incidence(edges, {0}), rng), time_limit=200)
    assert (found.kind, found.local_dimension) == ("exact", 8)


@pytest.mark.slow
def test_a_large_level_stands_whole_where_symmetries_make_it_small():
    """K5 less an edge: nothing below the whole level 2 says that no strategy wins always."""
    game = incidence(complete(5)[:-1], {0})
    bound = symmetric_bound(game, "2", time_limit=200)
    assert bound.part == ""
    assert len(bound.certificate["words"]) == 916
    assert 0.99057972 <= proved(game, bound) <= 0.990583


def test_how_many_words_a_level_may_have_depends_on_symmetries(monkeypatch):
    game = incidence(complete(4), {0})
    monkeypatch.setattr("qcoord_hw.theory.games.moments.MAX_WORDS", 60)
    whole = symmetric_bound(game, "1+AB")
    assert (whole.part, len(whole.certificate["words"])) == ("", 91)
    monkeypatch.setattr("qcoord_hw.theory.games.moments.SHARE", 1)
    assert symmetric_bound(game, "1+AB").part == "55 of its 91 words"


@pytest.mark.parametrize("game", [incidence(complete(4), {0}), GAMES["chsh-mod-3"](), GAMES["ghz-3"]()])
def test_symmetries_take_the_cells_of_a_matrix_to_cells(game):
    made = reduction(game, "1+AB")
    words = made.words
    assert made.group.generators
    for own in made.group.generators:
        moved = image(words.questions, own)
        place, phase = words.moved_words(moved)
        there, more = words.moved_moments(moved)
        np.testing.assert_array_equal(words.cells[np.ix_(place, place)], there[words.cells])
        expected = phase.conj()[:, None] * phase
        np.testing.assert_allclose(
            np.exp(2j * np.pi * more[words.cells] / words.modulus), expected, atol=1e-9
        )


@pytest.mark.slow
def test_a_part_of_level_3_closes_k4():
    bound = symmetric_bound(incidence(complete(4), {0}), "3")
    assert bound.part == "667 of its 2359 words"
    assert 0.974626511 <= proved(incidence(complete(4), {0}), bound) <= 0.9746268


@pytest.mark.parametrize(
    ("name", "order"),
    [("chsh", 16), ("magic-square", 1152), ("chsh-squared", 256), ("ghz-3", 192), ("chsh-mod-3", 216)],
)
def test_groups_of_known_games_whatever_their_labels(rng, name, order):
    for game in (GAMES[name](), relabelled(GAMES[name](), rng)):
        assert automorphisms(*points(game.payoff)).order == order


def points(tensor):
    """Payoffs with an axis for each player, and how many answers each of his questions has."""
    players = tensor.ndim // 2
    order = [axis for p in range(players) for axis in (p, players + p)]
    sizes = list(zip(tensor.shape[:players], tensor.shape[players:], strict=True))
    return tensor.transpose(order).reshape([x * b for x, b in sizes]), [[b] * x for x, b in sizes]


def all_names(questions, answers):
    """All permutations of the points of two players with as many questions and answers."""
    one = [
        np.array([own[x] * answers + given[x][a] for x in range(questions) for a in range(answers)])
        for own in itertools.permutations(range(questions))
        for given in itertools.product(itertools.permutations(range(answers)), repeat=questions)
    ]
    size = questions * answers
    for first, second, swap in itertools.product(one, one, (False, True)):
        yield np.concatenate([first + size, second] if swap else [first, second + size])


def moved(table, own):
    """The payoffs after a permutation of the points of two players."""
    size = len(table)
    first, second = own[:size], own[size:]
    there = np.empty_like(table)
    if first[0] < size:
        there[np.ix_(first, second - size)] = table
    else:
        there[np.ix_(second, first - size)] = table.T
    return there


def averaged(rng, questions, answers):
    """Random payoffs of two players that some permutation of their names leaves as they are."""
    one, other = (
        np.concatenate([answers * x + rng.permutation(answers) for x in rng.permutation(questions)])
        for _ in range(2)
    )
    size = questions * answers
    own = np.concatenate([one + size, other] if rng.integers(2) else [one, other + size])
    table = rng.integers(-3, 4, (questions * answers,) * 2).astype(float)
    total, power = table.copy(), moved(table, own)
    while (power != table).any():
        total, power = total + power, moved(power, own)
    return total.reshape(questions, answers, questions, answers).transpose(0, 2, 1, 3)


def test_the_group_is_what_trying_all_permutations_finds(rng):
    """Also where marginals stand in other contexts: no behaviour without signalling tells that apart."""
    for k in range(6):
        tensor = averaged(rng, 2, 2)
        if k % 2:  # a marginal of the first player, spread unevenly
            tensor = tensor + np.array([[0.5, -0.5], [0.0, 0.0]])[:, :, None, None]
        table, sizes = points(tensor)
        seen = projected(table, sizes)
        count = sum(np.allclose(moved(seen, own), seen, atol=1e-9) for own in all_names(2, 2))
        assert automorphisms(table, sizes).order == count


@pytest.mark.parametrize(("questions", "answers"), [(3, 2), (2, 3), (2, 4)])
def test_no_bound_is_wider_than_that_of_the_whole_matrix(rng, questions, answers):
    for _ in range(2):
        tensor = averaged(rng, questions, answers)
        assert automorphisms(*points(tensor)).order > 1
        whole, found = npa_bound(tensor, "1+AB"), symmetric_bound(tensor, "1+AB")
        size = np.abs(tensor).sum()
        assert abs(found.value - whole.value) <= 1e-6 * size
        assert found.value <= whole.value + 1e-8 * size
        claimed = payoff_of(np.ones((questions, questions)), tensor)
        proof, violations = check_upper(claimed, json.loads(json.dumps(found.certificate)))
        assert violations == []
        assert seesaw(tensor, 2, starts=3)[0] <= proof <= found.value


def test_the_interior_point_method_agrees_with_another(rng):
    for count, sizes in ((3, (2, 4)), (12, (6, 3, 1))):
        blocks = [
            (own + own.transpose(0, 2, 1)) / 2 for own in (rng.normal(size=(count, n, n)) for n in sizes)
        ]
        wishart = [own @ own.T for own in (rng.normal(size=(n, n)) for n in sizes)]
        objective = -sum(np.einsum("kij,ij->k", b, w) for b, w in zip(blocks, wishart, strict=True))
        found = dual_blocks(objective, blocks, 1e-10, time.monotonic() + 1000)
        off = objective + sum(np.einsum("kij,ij->k", b, z) for b, z in zip(blocks, found, strict=True))
        assert np.abs(off).max() < 1e-8 * np.abs(objective).max()
        assert min(np.linalg.eigvalsh(z)[0] for z in found) > -1e-12
        other = list(_first_order(objective, blocks, time.monotonic() + 1000))[-1]
        assert sum(map(np.trace, found)) == pytest.approx(sum(map(np.trace, other)), rel=1e-5)


def test_a_block_may_lack_variables(rng):
    """The same as one large block, in which every variable occurs; a step takes less."""
    blocks = [own + own.transpose(0, 2, 1) for own in (rng.normal(size=(7, n, n)) for n in (4, 3))]
    blocks[0][3:], blocks[1][:2] = 0, 1e-16
    assert [occurrences(own).tolist() for own in blocks] == [[0, 1, 2], [2, 3, 4, 5, 6]]
    together = np.zeros((7, 7, 7))
    together[:, :4, :4], together[:, 4:, 4:] = blocks
    objective = -np.trace(together, axis1=1, axis2=2)
    found = dual_blocks(objective, blocks, 1e-10, math.inf)
    other = dual_blocks(objective, [together], 1e-10, math.inf)
    assert sum(map(np.trace, found)) == pytest.approx(np.trace(other[0]), rel=1e-6)
    off = objective + sum(np.einsum("kij,ij->k", b, z) for b, z in zip(blocks, found, strict=True))
    assert np.abs(off).max() < 1e-8 * np.abs(objective).max()
    empty = np.zeros((7, 2, 2))  # a block may lack them all
    more = dual_blocks(objective, [*blocks, empty], 1e-10, math.inf)
    assert sum(map(np.trace, more)) == pytest.approx(np.trace(other[0]), rel=1e-6)
    assert work(7, (4, 3), (3, 5)) < work(7, (4, 3)) < work(7, (7,))


@pytest.mark.slow
def test_level_2_is_below_level_1_ab():
    game = relabelled(incidence(complete(4), {2}), np.random.default_rng(3))
    first, second = symmetric_bound(game, "1+AB"), symmetric_bound(game, "2")
    assert around(complete(4), 8) <= proved(game, second) <= second.value < first.value - 0.003


def test_an_open_bracket_says_what_stops(monkeypatch):
    """Time, the size of a level, or that nobody asked for a higher one; nothing where it is closed."""
    planar = incidence(complete(4), {0})

    def said(**options):
        return quantum_value(planar, dimension=1, **options).notes[-1]

    assert said(time_limit=0) == "open: the time limit allowed no level of the hierarchy"
    assert said(level="1") == "open: level 1 is solved, and higher ones were not tried"
    monkeypatch.setattr("qcoord_hw.theory.games.moments.SYMMETRIC_WORDS", 0)
    monkeypatch.setattr("qcoord_hw.theory.games.moments.MAX_WORDS", 60)
    assert said() == "open: level 1+AB is solved with 55 of its 91 words"
    monkeypatch.setattr("qcoord_hw.theory.games.moments.MAX_WORDS", 20)
    assert said() == "open: NPA level 1+AB: 91 words; allowed are at most 20"
    assert not any(note.startswith("open") for note in quantum_value(GAMES["chsh"]()).notes)

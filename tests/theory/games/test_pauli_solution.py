"""Perfect strategies over Pauli operators: found whatever the labels; nothing is claimed where none is."""

from __future__ import annotations

import copy
import itertools
import json

import numpy as np
import pytest
import rustworkx

from qcoord_hw.theory.games.catalogue import GAMES, ghz
from qcoord_hw.theory.games.checker import ClaimError, check_pauli, check_refutation, payoff_of
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.odd_cycle import Refutation
from qcoord_hw.theory.games.parity_structure import ParityGame, parity_structure
from qcoord_hw.theory.games.pauli_solution import NO_SOLUTION, PauliSolution, pauli_solution
from qcoord_hw.theory.games.quantum import quantum_value
from qcoord_hw.theory.games.strategies import win_probability
from qcoord_hw.theory.games.words import anticommute, product, text
from tests.parity_games import (
    PETERSEN,
    bipartite,
    complete,
    constraint_constraint,
    constraint_variable,
    incidence,
    parity_of,
    random_graph,
    relabelled,
)


def assert_perfect(game, found, qubits=None):
    """It wins always: by its arrays, and by the checker's own algebra on its plain data."""
    assert isinstance(found, PauliSolution), found
    if qubits is not None:
        assert found.qubits == (qubits,) * game.players
    assert win_probability(game, found.strategy(game.answers)) == pytest.approx(1, abs=1e-12)
    data = json.loads(json.dumps(found.to_json()))
    assert PauliSolution.from_json(data) == found
    assert check_pauli(payoff_of(game.prob, game.table), data) == 1


SQUARE = [
    *(([3 * r, 3 * r + 1, 3 * r + 2], 0) for r in range(3)),
    *(([c, c + 3, c + 6], int(c == 2)) for c in range(3)),
]
PENTAGRAM = [([k for k, edge in enumerate(complete(5)) if v in edge], int(v == 0)) for v in range(5)]
NAMED = {
    "magic-square": (GAMES["magic-square"], 2),
    "magic-square-cv": (GAMES["magic-square-cv"], 2),
    "magic-pentagram": (GAMES["magic-pentagram"], 3),
    "magic-pentagram-lines": (GAMES["magic-pentagram-lines"], 3),
    **{f"ghz-{n}": (lambda n=n: ghz(n), 1) for n in (3, 4, 5, 6)},
    "K3,3": (lambda: incidence(bipartite(3, 3), {0}), 2),
    "K5": (lambda: incidence(complete(5), {2}), 3),
    "K6": (lambda: incidence(complete(6), {0, 1, 2}), 2),
    "Petersen": (lambda: incidence(PETERSEN, {4}), 2),
    "lines of the square": (lambda: constraint_constraint(SQUARE), 2),
    "lines of the pentagram": (lambda: constraint_constraint(PENTAGRAM), 3),
    "K3,3 even": (lambda: incidence(bipartite(3, 3), {0, 4}), 0),
}


@pytest.mark.few(2)
@pytest.mark.parametrize("name", NAMED)
def test_named_games_under_random_labels(name, rng):
    make, qubits = NAMED[name]
    for _ in range(2):
        game = relabelled(make(), rng)
        assert_perfect(game, pauli_solution(game), qubits)


def test_graphs_that_are_not_planar_have_one_and_planar_ones_do_not(rng):
    """The theorem of Arkhipov on one odd vertex; with an even number of them the system has a solution."""
    kinds = set()
    for _ in range(20):
        vertices = int(rng.integers(5, 8))
        edges = random_graph(
            rng, vertices, int(rng.integers(vertices, min(14, vertices * (vertices - 1) // 2)))
        )
        graph = rustworkx.PyGraph()
        graph.add_nodes_from(range(vertices))
        graph.add_edges_from([(a, b, None) for a, b in edges])
        parts = [set(part) for part in rustworkx.connected_components(graph)]
        planar = rustworkx.is_planar(graph.subgraph(sorted(max(parts, key=len))))
        odd = {min(max(parts, key=len))}
        game = relabelled(incidence(edges, odd), rng)
        found = pauli_solution(game)
        kinds.add(planar)
        if planar:
            assert found == NO_SOLUTION or isinstance(found, Refutation)
        else:
            assert_perfect(game, found)
            assert max(found.qubits) in (2, 3)
        even = relabelled(incidence(edges, set()), rng)
        assert_perfect(even, pauli_solution(even), 0)
    assert kinds == {True, False}


def test_small_systems_have_one_where_they_can_be_satisfied(rng):
    """Five variables and fewer: no system has a quantum solution but no classical one."""
    outcomes = []
    for _ in range(40):
        count = int(rng.integers(3, 6))
        constraints = [
            (sorted(rng.choice(count, int(rng.integers(1, 4)), replace=False).tolist()), int(rng.integers(2)))
            for _ in range(int(rng.integers(2, 7)))
        ]
        satisfiable = any(
            all(sum(values[v] for v in variables) % 2 == parity for variables, parity in constraints)
            for values in itertools.product((0, 1), repeat=count)
        )
        game = relabelled(constraint_variable(constraints), rng)
        found = pauli_solution(game)
        outcomes.append(satisfiable)
        if satisfiable:
            assert_perfect(game, found, 0)
        else:
            assert found == NO_SOLUTION or isinstance(found, Refutation)
    assert set(outcomes) == {True, False}


def test_random_parity_games_of_three_players(rng):
    """Where there is one it wins always, and there is one where a classical strategy wins always."""
    perfect = 0
    for _ in range(30):
        shape = tuple(int(n) for n in rng.integers(2, 4, 3))
        asked = (rng.random(shape) < 0.4).astype(int)
        asked[0, 0, 0] = 1
        game = relabelled(parity_of(3, rng.integers(2, size=shape), asked), rng)
        found = pauli_solution(game)
        assert isinstance(found, PauliSolution) or classical_value(game) < 1
        if isinstance(found, PauliSolution):
            assert_perfect(game, found)
            perfect += 1
    assert perfect >= 10


def test_what_was_planted_is_found(rng):
    """Each player measures X, Y or Z of a random stabilizer state; what its stabilizers fix is asked."""
    nonclassical = 0
    for _ in range(20):
        players = int(rng.integers(3, 5))
        group = [(0, 0)]
        while len(group) < 2**players:
            new = int(rng.integers(1, 4**players)), int(rng.integers(2))
            commutes = not any(anticommute(new[0], word, players) for word, _ in group)
            if commutes and new[0] not in [word for word, _ in group]:
                group += [product([own, new], players) for own in group]
        asked, signs = np.zeros((3,) * players, dtype=int), np.zeros((3,) * players, dtype=int)
        for word, sign in group:
            letters = text((word, sign), players)[1:]
            if "I" not in letters:
                asked[tuple("XYZ".index(a) for a in letters)] = 1
                signs[tuple("XYZ".index(a) for a in letters)] = sign
        if asked.any():
            game = relabelled(parity_of(players, signs, asked), rng)
            assert_perfect(game, pauli_solution(game))
            nonclassical += classical_value(game) < 1
    assert nonclassical >= 3


def test_nothing_is_claimed_of_games_that_are_not_perfect():
    """Of all games of the catalogue: a solution means value 1, a refutation a value below it."""
    found = {name: pauli_solution(GAMES[name]()) for name in EXPLICIT if name != "hardy-4"}
    for name, own in found.items():
        value = EXPLICIT[name].value.value
        if isinstance(own, PauliSolution):
            assert value == 1
        if isinstance(own, Refutation):
            assert value < 1 - 1e-3
    assert {name for name, own in found.items() if isinstance(own, PauliSolution)} == {
        name for name in EXPLICIT if "magic" in name or "ghz" in name
    }
    assert isinstance(found["chsh"], Refutation)
    assert found["g14"] is None  # perfect, but no parities


def test_svetlichny_has_none_and_that_is_all_that_is_said():
    asked = np.ones((2, 2, 2), dtype=int)
    signs = np.array([[[int(x + y + z in (2, 3)) for z in (0, 1)] for y in (0, 1)] for x in (0, 1)])
    game = parity_of(3, signs, asked)
    assert pauli_solution(game) == NO_SOLUTION
    bracket = quantum_value(game, level="1")
    assert bracket.notes == (NO_SOLUTION,)
    assert bracket.lower == pytest.approx(0.8535533906, abs=1e-6)


def test_an_odd_cycle_is_a_proof_that_the_checker_accepts(rng):
    """For games that are not perfect, under random labels; and for none that is."""
    for name in ("chsh", "odd-cycle-5", "chained-4", "rac-3", "tilted", "ffl", "guess-each-other", "hardy-1"):
        game = relabelled(GAMES[name](), rng)
        found = parity_structure(game)
        assert isinstance(found, Refutation)
        claim = json.loads(json.dumps(found.to_json()))
        check_refutation(payoff_of(game.prob, game.table), claim)
        if not found.steps:
            continue
        there = claim["steps"][0]
        back = there | {"players": there["players"][::-1], "ones": there["ones"][::-1]}
        with pytest.raises(ClaimError, match="no odd cycle"):  # a cycle, but an even one
            check_refutation(payoff_of(game.prob, game.table), {"steps": [there, back]})
        perfect = np.ones_like(game.win)
        for step in range(len(claim["steps"])):
            for change in (
                _changed(claim, "steps", step, "parity", to=1 - claim["steps"][step]["parity"]),
                _changed(claim, "steps", step, "ones", 0, to=[]),
                _changed(claim, "steps", to=claim["steps"][:step] + claim["steps"][step + 1 :]),
                _changed(claim, "steps", step, to=None),
                _changed(claim, "steps", step, "players", to=[0, 0]),
            ):
                with pytest.raises(ClaimError):
                    check_refutation(payoff_of(game.prob, game.table), change)
        with pytest.raises(ClaimError):
            check_refutation(payoff_of(game.prob, perfect), claim)
    for data in (None, {"steps": 3}, {"steps": []}):
        with pytest.raises(ClaimError):
            check_refutation(payoff_of(GAMES["chsh"]().prob, GAMES["chsh"]().win), data)
    square = GAMES["magic-square"]()
    assert isinstance(parity_structure(square), ParityGame)
    with pytest.raises(ClaimError):
        check_refutation(payoff_of(square.prob, square.win), {"steps": []})


def test_a_question_that_cannot_be_won_is_a_proof():
    game = GAMES["magic-square"]()
    win = game.win.copy()
    win[1, 1] = 0
    lost = Game("lost", game.prob, win)
    found = pauli_solution(lost)
    assert isinstance(found, Refutation)
    check_refutation(payoff_of(lost.prob, lost.win), found.to_json())


def test_answers_that_cannot_win_are_left_out():
    """A padded answer, and one that always loses against some question."""
    game = GAMES["magic-square"]()
    win = np.zeros((3, 3, 6, 5), dtype=int)
    win[:, :, 1:5, 1:5] = game.win
    win[0, 0, 0, 0] = 1  # wins here, but nowhere else
    assert_perfect(padded := Game("padded", game.prob, win), pauli_solution(padded), 2)


def test_scores_of_0_and_1_are_wins():
    game = GAMES["magic-square"]()
    assert_perfect(game, pauli_solution(Game("s", game.prob, score=game.win)), 2)
    halves = Game("s", game.prob, score=np.where(game.win == 1, 1, 0.5))
    assert pauli_solution(halves) is None


def test_the_value_is_exact_and_says_where_it_comes_from(rng):
    game = relabelled(incidence(complete(5), {0}, "mine"), rng)
    bracket = quantum_value(game)
    assert (bracket.kind, bracket.local_dimension, bracket.level) == ("exact", 8, "0")
    assert "Pauli" in bracket.source
    assert_perfect(game, bracket.pauli, 3)
    small = quantum_value(game, dimension=2, time_limit=0.5)
    assert small.pauli is None
    assert small.local_dimension <= 2


def test_same_seed_same_strategy(rng):
    game = relabelled(incidence(complete(6), {0}), rng)
    assert pauli_solution(game, 5) == pauli_solution(game, 5)


def _changed(data, *path, to):
    changed = copy.deepcopy(data)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return changed


def test_the_checker_refuses_what_does_not_win_always():
    game = incidence(complete(5), {0})
    payoff = payoff_of(game.prob, game.table)
    data = pauli_solution(game).to_json()
    assert check_pauli(payoff, data) == 1
    flipped = "+-"[data["stabilizers"][0][0] == "+"] + data["stabilizers"][0][1:]
    assert check_pauli(payoff, _changed(data, "stabilizers", 0, to=flipped)) < 1
    assert check_pauli(payoff, _changed(data, "answers", 1, 0, to=data["answers"][1][0][::-1])) < 1
    word = data["observables"][1][0][0]
    assert check_pauli(payoff, _changed(data, "observables", 1, 0, 0, to="+-"[word[0] == "+"] + word[1:])) < 1
    assert {"XIIXII", "ZIIZII"} <= {word[1:] for word in data["stabilizers"]}
    k = [word[1:] for word in data["stabilizers"]].index("XIIXII")
    with pytest.raises(ClaimError, match="ZIIXII.* do not commute"):
        check_pauli(payoff, _changed(data, "stabilizers", k, to="+ZIIXII"))
    for change in (
        _changed(data, "stabilizers", 0, to=data["stabilizers"][1]),
        _changed(data, "stabilizers", to=data["stabilizers"][1:]),
        _changed(data, "stabilizers", 0, to="+" + "A" * 6),
        _changed(data, "stabilizers", 0, to=7),
        _changed(data, "qubits", 0, to=4),
        _changed(data, "qubits", to=[3]),
        _changed(data, "observables", 0, 0, to=["+XII", "+ZII"]),
        _changed(data, "observables", 0, to=[]),
        _changed(data, "answers", 0, 0, 0, to=99),
        _changed(data, "answers", 0, 0, to=[0]),
        {"qubits": data["qubits"]},
        None,
    ):
        with pytest.raises(ClaimError):
            check_pauli(payoff, change)


@pytest.mark.slow
def test_larger_graphs_under_random_labels(rng):
    for _ in range(40):
        vertices = int(rng.integers(6, 11))
        edges = random_graph(rng, vertices, int(rng.integers(vertices + 3, 2 * vertices + 1)))
        graph = rustworkx.PyGraph()
        graph.add_nodes_from(range(vertices))
        graph.add_edges_from([(a, b, None) for a, b in edges])
        if not rustworkx.is_connected(graph):
            continue
        game = relabelled(incidence(edges, {0}), rng)
        found = pauli_solution(game)
        assert isinstance(found, PauliSolution) != rustworkx.is_planar(graph)
        if isinstance(found, PauliSolution):
            assert_perfect(game, found)

"""The catalogue: classical values, strategies in closed form, and rules checked from their definitions."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.catalogue import (
    G14_VECTORS,
    GAMES,
    I3322_OFFSET,
    I3322_SCALE,
    PENTAGRAM,
    biased_chsh,
    chained,
    chsh,
    ffl,
    g14,
    hardy,
    magic_square,
    odd_cycle,
    parallel,
    rac,
)
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.explicit import EXPLICIT, VERTICES
from qcoord_hw.theory.games.explicit import biased_chsh as biased_strategy
from qcoord_hw.theory.games.explicit import parallel as parallel_strategy
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.strategies import QuantumStrategy, pauli, projective, win_probability

CLASSICAL = {
    "chsh": "3/4",
    "biased-chsh": "13/15",
    "tilted": "4/5",
    **{f"odd-cycle-{n}": 1 - Fraction(1, 2 * n) for n in (3, 5, 7, 9, 11, 13)},
    **{f"chained-{n}": 1 - Fraction(1, 2 * n) for n in range(3, 11)},
    "magic-square": "8/9",
    "magic-square-cv": "17/18",
    "magic-pentagram": "19/20",
    "magic-pentagram-lines": "23/25",
    **{f"ghz-{n}": Fraction(1, 2) + Fraction(1, 2 ** -(-n // 2)) for n in (3, 4, 5, 6)},
    "rac-2": "3/4",
    "rac-3": "3/4",
    "rac-4": "11/16",
    "g14": "43/44",
    "ffl": "2/3",
    "guess-each-other": "1/2",
    "chsh-squared": "5/8",
    "hardy-1": "3/4",
    "hardy-2": "3/4",
    "hardy-4": "3/4",
    "cglmp-3": "3/4",
    "chsh-mod-3": "2/3",
    "i3322": "3/4",
}

QUANTUM = {  # to the digits in which they are quoted; of the strategy, which need not be optimal
    "biased-chsh": 0.880058,
    "tilted": 0.816228,
    "rac-2": 0.853553,
    "rac-3": 0.788675,
    "rac-4": 0.75,
    "hardy-1": 0.772542,
    "hardy-2": 0.793052,
    "hardy-4": 0.828691,
    "cglmp-3": 0.864357,
    "magic-square": 1,
    "magic-square-cv": 1,
    "magic-pentagram": 1,
    "magic-pentagram-lines": 1,
    "ghz-6": 1,
    "g14": 1,
    "ffl": 2 / 3,
    "guess-each-other": 1 / 2,
    "chsh-squared": math.cos(math.pi / 8) ** 4,
}


def test_every_game_is_tested():
    assert set(CLASSICAL) == set(GAMES)
    assert set(EXPLICIT) == set(GAMES) - {"chsh-mod-3"}


@pytest.mark.few(14)
@pytest.mark.parametrize("name", GAMES)
def test_name_and_classical_value(name):
    game = GAMES[name]()
    assert game.name == name
    assert classical_value(game) == Fraction(CLASSICAL[name])


@pytest.mark.few(15)
@pytest.mark.parametrize("name", EXPLICIT)
def test_strategy_wins_what_is_stated(name):
    explicit = EXPLICIT[name]
    strategy = explicit.build()
    assert max(strategy.dimensions) <= 16
    assert np.linalg.norm(strategy.state) == pytest.approx(1, abs=1e-12)
    for own in strategy.measurements:
        for m in own:
            np.testing.assert_allclose(m, m.conj().transpose(0, 2, 1), atol=1e-14)
            np.testing.assert_allclose(m @ m, m, atol=1e-14)
            np.testing.assert_allclose(m.sum(axis=0), np.eye(m.shape[-1]), atol=1e-14)
    game = GAMES[name]()
    won = win_probability(game, strategy)
    assert won == pytest.approx(explicit.value.value, abs=1e-12)
    assert won == pytest.approx(QUANTUM.get(name, explicit.value.value), abs=6e-7)
    assert won >= float(Fraction(CLASSICAL[name])) - 1e-12


def by_hand(game: Game, strategy: QuantumStrategy) -> float:
    """Return the win probability from the operators themselves."""
    total = 0.0
    for q in game.questions():
        for answers in np.ndindex(game.answers):
            operator = np.ones((1, 1))
            for own, x, a in zip(strategy.measurements, q, answers, strict=True):
                operator = np.kron(operator, own[x][a])
            weight = float(game.prob[q]) * float(game.table[q + answers])
            total += weight * float((strategy.state.conj() @ operator @ strategy.state).real)
    return total


@pytest.mark.parametrize("name", ["chsh", "tilted", "ghz-3", "magic-square", "cglmp-3", "hardy-2", "rac-3"])
def test_win_probability_by_hand(name):
    game, strategy = GAMES[name](), EXPLICIT[name].build()
    assert win_probability(game, strategy) == pytest.approx(by_hand(game, strategy), abs=1e-13)


def test_strategies_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="players"):
        win_probability(GAMES["ghz-3"](), EXPLICIT["chsh"].build())
    with pytest.raises(InputError, match="player 0"):
        win_probability(GAMES["magic-square"](), EXPLICIT["chsh"].build())
    good = EXPLICIT["chsh"].build()
    with pytest.raises(InputError, match=r"^state:"):
        QuantumStrategy((2, 2), good.state[:3], good.measurements)
    with pytest.raises(InputError, match=r"^measurements:"):
        QuantumStrategy((2, 2), good.state, good.measurements[:1])
    with pytest.raises(InputError, match=r"^measurements:"):
        QuantumStrategy((4, 1), good.state, good.measurements)


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.6, 0.7), (0.55, 0.9), (0.9, 0.55), (0.75, 2 / 3)])
def test_biased_chsh_strategy(p, q):
    game = biased_chsh(str(p), Fraction(q))
    expected = 1 / 2 + math.sqrt(2 * (q * q + (1 - q) ** 2) * (p * p + (1 - p) ** 2)) / 2
    assert win_probability(game, biased_strategy(p, q)) == pytest.approx(expected)


def test_chsh_family_agrees():
    """The code of two bits contains CHSH; the odd cycle is the chain with odd questions' answers flipped."""
    assert (rac(2).win[[0, 1]] == chsh().win).all()
    for n in (3, 5, 7):
        cycle, chain = odd_cycle(n), chained(n)
        assert (cycle.prob == chain.prob).all()
        for x, y in cycle.questions():
            bob, charlie = (slice(None, None, -1 if z % 2 else 1) for z in (x, y))
            np.testing.assert_array_equal(cycle.win[x, y][bob, charlie], chain.win[x, y])


def test_pentagram_observables():
    """On a line they commute and multiply to -1 (line 0) or 1; every vertex is on two lines."""
    assert sorted(itertools.chain(*PENTAGRAM)) == sorted(2 * list(range(10)))
    for number, line in enumerate(PENTAGRAM):
        own = [pauli(VERTICES[v]) for v in line]
        for first, second in itertools.combinations(own, 2):
            np.testing.assert_array_equal(first @ second, second @ first)
        product = own[0] @ own[1] @ own[2] @ own[3]
        np.testing.assert_allclose(product, (-1 if number == 0 else 1) * np.eye(8))
    for first, second in itertools.combinations(PENTAGRAM, 2):
        assert len(set(first) & set(second)) == 1


def colourable(edges: set[tuple[int, int]], vertices: int, colours: int) -> bool:
    def extend(given: list[int]) -> bool:
        v = len(given)
        if v == vertices:
            return True
        free = set(range(colours)) - {given[w] for w in range(v) if (w, v) in edges}
        return any(extend([*given, c]) for c in free)

    return extend([])


def test_g14_graph():
    """14 vertices, 37 edges, not 4-colourable but 5-colourable."""
    game = g14()
    edges = {(x, y) for x, y in game.questions() if x < y}
    assert game.prob.shape == (14, 14)
    assert len(edges) == 37
    assert len(list(game.questions())) == 14 + 2 * 37
    assert len(G14_VECTORS) == 13
    assert not colourable(edges, 14, 4)
    assert colourable(edges, 14, 5)
    for x, y in game.questions():
        np.testing.assert_array_equal(game.win[x, y], np.eye(4) if x == y else 1 - np.eye(4))


def test_hardy_is_won_by_pairs():
    """The rule of n pairs, from that of one."""
    one, two = hardy(1).win, hardy(2).win
    for x, y, b, c in np.ndindex(2, 2, 4, 4):
        pairs = [one[x, y, b >> 1, c >> 1], one[x, y, b & 1, c & 1]]
        assert two[x, y, b, c] == (any(pairs) if (x, y) == (0, 0) else all(pairs))
    # with the sign of each cell: CH = p(11|00) - p(10|01) - p(01|10) - p(11|11)
    assert one[0, 0].tolist() == [[0, 0], [0, 1]]
    assert one[0, 1].tolist() == [[1, 1], [0, 1]]
    assert one[1, 0].tolist() == [[1, 0], [1, 1]]
    assert one[1, 1].tolist() == [[1, 1], [1, 0]]


def test_i3322_is_the_bell_inequality(rng):
    """The functional of [CollinsGisin2004] on random product behaviours, and on the local ones."""
    game = GAMES["i3322"]()
    joint = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 0]])
    for _ in range(20):
        p, q = rng.random((2, 3))
        table = np.einsum("xa,yb->xyab", np.stack([p, 1 - p], 1), np.stack([q, 1 - q], 1))
        value = I3322_SCALE * float(np.vdot(game.payoff, table)) + I3322_OFFSET
        assert value == pytest.approx(float(p @ joint @ q) - p[0] - 2 * q[0] - q[1])
    assert I3322_SCALE * classical_value(game) + I3322_OFFSET == 0
    won = win_probability(game, EXPLICIT["i3322"].build())
    assert I3322_SCALE * won + I3322_OFFSET == pytest.approx(0.25)


def test_cglmp_is_the_bell_inequality(rng):
    """I_3 as printed in [CGLMP2002], on random product behaviours."""
    game = GAMES["cglmp-3"]()
    for _ in range(10):
        bob, charlie = rng.dirichlet(np.ones(3), (2, 2))

        def equal(x, y, k):  # P(A_x = B_y + k)
            return sum(bob[x][(c + k) % 3] * charlie[y][c] for c in range(3))  # noqa: B023

        i3 = equal(0, 0, 0) + equal(1, 0, -1) + equal(1, 1, 0) + equal(0, 1, 0)
        i3 -= equal(0, 0, -1) + equal(1, 0, 0) + equal(1, 1, -1) + equal(0, 1, 1)
        table = np.einsum("xa,yb->xyab", bob, charlie)
        assert float(np.vdot(game.payoff, table)) == pytest.approx(1 / 2 + i3 / 8)


def test_parallel_repetition():
    game = parallel(chsh(), 2, "pair")
    assert game.name == "pair"
    assert parallel(ffl(), 3).name == "ffl-power-3"
    for (x, y, b, c), won in np.ndenumerate(game.win):
        first, second = (tuple(v >> s & 1 for v in (x, y, b, c)) for s in (1, 0))
        assert won == chsh().win[first] * chsh().win[second]
    assert set(game.prob.flat) == {Fraction(1, 16)}
    scored = parallel(GAMES["cglmp-3"](), 2)
    assert scored.score.max() == 1
    assert sum(scored.prob.flat) == 1
    strategy = parallel_strategy(EXPLICIT["magic-square"].build(), 2)
    assert strategy.dimensions == (16, 16)
    assert strategy.probabilities((4, 7)).sum() == pytest.approx(1)
    assert parallel(magic_square(), 1).prob.tolist() == magic_square().prob.tolist()


@pytest.mark.parametrize(
    "build",
    [lambda: odd_cycle(4), lambda: odd_cycle(1), lambda: chained(1), lambda: rac(0), lambda: hardy(0)],
)
def test_sizes_that_make_no_game_are_refused(build):
    with pytest.raises(InputError, match=r"^n: "):
        build()


def test_joint_measurement_orders_bits_most_significant_first():
    projectors = projective(pauli("ZI"), pauli("IZ"))
    for answer in range(4):
        np.testing.assert_array_equal(projectors[answer], np.diag(np.eye(4)[answer]))

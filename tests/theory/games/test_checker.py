"""The checker: independent of the solvers, exact, and it refuses what was tampered with."""

from __future__ import annotations

import ast
import copy
import itertools
import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from qcoord_hw.theory.games import checker
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.checker import check_strategy, check_upper, payoff_of
from qcoord_hw.theory.games.checker.classical import exceeded, strategy_value
from qcoord_hw.theory.games.checker.payoffs import ClaimError, game_id, read_claimed_game
from qcoord_hw.theory.games.quantum import quantum_value
from qcoord_hw.theory.linear_computation import checker as linear_checker

CHSH = math.cos(math.pi / 8) ** 2


@pytest.fixture(scope="module")
def cglmp():
    """A game with three answers, its strategy and its certificate of level 1+AB."""
    game = GAMES["cglmp-3"]()
    bracket = quantum_value(game, level="1+AB")
    return game, bracket.lower_certificate, bracket.upper_certificate


@pytest.mark.parametrize("package", [checker, linear_checker], ids=["games", "linear"])
def test_nothing_but_numpy_the_standard_library_and_the_frame(package):
    """Nothing that a solver uses as well."""
    own = (package.__name__, "qcoord_hw.theory.claims", "qcoord_hw.theory.formats")
    for path in Path(package.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        names = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        others = {name for name in names if not name.startswith(own)}
        assert {name.split(".")[0] for name in others} <= {"numpy", *sys.stdlib_module_names}


def test_good_certificates_pass(cglmp):
    game, strategy, certificate = cglmp
    value = 1 / 2 + (1 + math.sqrt(11 / 3)) / 8
    lower, wrong = check_strategy(payoff_of(game.prob, game.table), strategy)
    upper, also_wrong = check_upper(payoff_of(game.prob, game.table), certificate)
    assert wrong == also_wrong == []
    assert value - 1e-9 < lower <= value <= upper < value + 1e-6


def test_chsh_by_hand():
    """Nothing from the package: the textbook strategy and the textbook sum of squares."""
    prob = [["1/4", "1/4"], ["1/4", "1/4"]]
    win = [[[[int((b ^ c) == (x & y)) for c in (0, 1)] for b in (0, 1)] for y in (0, 1)] for x in (0, 1)]
    z, x, r = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]]), math.sqrt(1 / 2)
    own = [[z, x], [r * (z + x), r * (z - x)]]
    pairs = [
        [[[[[float(v), 0.0] for v in row] for row in (np.eye(2) + s * o) / 2] for s in (1, -1)] for o in p]
        for p in own
    ]
    strategy = {"dimensions": [2, 2], "state": [[r, 0], [0, 0], [0, 0], [r, 0]], "measurements": pairs}
    lower, wrong = check_strategy(payoff_of(prob, win), strategy)
    assert wrong == []
    assert CHSH - 1e-12 < lower <= CHSH + 1e-15
    # S <= 2 sqrt 2: (A0 - (B0 + B1)/sqrt2)^2 + (A1 - (B0 - B1)/sqrt2)^2, A = 2 P(0) - 1, win = 1/2 + S/8
    words = [[[], []], [[[0, 0]], []], [[[1, 0]], []], [[], [[0, 0]]], [[], [[1, 0]]]]
    observables = np.hstack([-np.ones((4, 1)), 2 * np.eye(4)])
    squares = np.array([[1, 0, -r, -r], [0, 1, -r, r]]) @ observables
    dual = squares.T @ squares * math.sqrt(2) / 16 + 1e-13 * np.eye(5)
    certificate = {
        "level": "1",
        "bound": CHSH + 1e-11,
        "words": words,
        "slack": np.zeros((2, 2, 2, 2)).tolist(),
        "dual": [row[: i + 1].tolist() for i, row in enumerate(dual)],
    }
    upper, wrong = check_upper(payoff_of(prob, win), certificate)
    assert wrong == []
    assert CHSH <= upper <= CHSH + 1e-11


def tampered_certificates(good):
    """Yield what was done and the certificate."""

    def edit(change):
        copied = copy.deepcopy(good)
        change(copied)
        return copied

    yield "claim too low", edit(lambda c: c.update(bound=c["bound"] - 1e-6))
    yield "claim not a number", edit(lambda c: c.update(bound=math.nan))
    yield "not positive", edit(lambda c: c["dual"][3].__setitem__(3, -1.0))
    yield "looser", edit(lambda c: c["dual"][3].__setitem__(3, c["dual"][3][3] + 0.1))
    yield "one entry off", edit(lambda c: c["dual"][7].__setitem__(2, c["dual"][7][2] + 1e-4))
    yield "infinite", edit(lambda c: c["dual"][3].__setitem__(0, math.inf))
    yield "a row missing", edit(lambda c: c["dual"].pop())
    yield "a word missing", edit(lambda c: c["words"].pop())
    yield "words swapped", edit(lambda c: c["words"].insert(1, c["words"].pop(6)))
    yield "no such question", edit(lambda c: c["words"][1][1].__setitem__(0, [7, 0]))
    yield "half an answer", edit(lambda c: c["words"][1][1].__setitem__(0, [0, 0.5]))
    yield "a player missing", edit(lambda c: c["words"][4].pop())
    yield "ragged", edit(lambda c: c["dual"][2].append(0.0))
    yield "negative slack", edit(lambda c: c["slack"][0][1][2].__setitem__(0, -1e-3))
    yield "more slack", edit(lambda c: c["slack"][0][1][2].__setitem__(0, 1e-3))
    yield "slack of another shape", edit(lambda c: c["slack"].pop())
    for key in ("level", "bound", "words", "slack", "dual"):
        yield f"no {key}", edit(lambda c, key=key: c.pop(key))
    yield "text", edit(lambda c: c.update(dual="abc"))
    yield "algebraic", {"level": "0", "bound": good["bound"]}
    yield "algebraic without a claim", {"level": "0"}


def test_tampered_certificates_are_refused(cglmp):
    game, _, certificate = cglmp
    value = 1 / 2 + (1 + math.sqrt(11 / 3)) / 8
    for what, bad in tampered_certificates(certificate):
        bound, violations = check_upper(payoff_of(game.prob, game.table), bad)
        assert violations, what
        assert bound is None or bound >= value, what


def test_certificates_of_another_game_are_refused(cglmp):
    game, strategy, certificate = cglmp
    assert check_upper(payoff_of(game.prob, np.roll(game.table, 1, axis=3)), certificate)[1]
    other = GAMES["chsh"]()
    assert check_upper(payoff_of(other.prob, other.table), certificate)[1]
    assert check_strategy(payoff_of(other.prob, other.table), strategy)[0] == -math.inf


def test_tampered_strategies_are_refused(cglmp):
    game, good, _ = cglmp
    true = check_strategy(payoff_of(game.prob, game.table), good)[0]

    def edit(change):
        copied = copy.deepcopy(good)
        change(copied)
        return copied

    bad = {
        "state scaled": edit(lambda s: s["state"][0].__setitem__(0, s["state"][0][0] + 0.01)),
        "state too short": edit(lambda s: s["state"].pop()),
        "incomplete": edit(lambda s: s["measurements"][0][0][0][0][0].__setitem__(0, 2.0)),
        "not Hermitian": edit(lambda s: s["measurements"][0][0][0][0][1].__setitem__(1, 0.3)),
        "a question missing": edit(lambda s: s["measurements"][1].pop()),
        "a player missing": edit(lambda s: s["measurements"].pop()),
        "other dimensions": edit(lambda s: s.update(dimensions=[9, 1])),
        "not finite": edit(lambda s: s["state"][0].__setitem__(0, math.nan)),
        "no state": edit(lambda s: s.pop("state")),
        "numbers, not pairs": edit(lambda s: s.update(state=[1.0] * 9)),
    }
    for what, strategy in bad.items():
        value, violations = check_strategy(payoff_of(game.prob, game.table), strategy)
        assert violations, what
        assert value < true, what


def test_negative_operators_are_refused():
    """Complete and Hermitian, but one operator is negative: it would win too often."""

    def pair(matrix):
        return [[[float(v), 0.0] for v in row] for row in matrix]

    elements = [pair(np.diag([2.0, 2.0])), pair(np.diag([-1.0, -1.0]))]
    strategy = {"dimensions": [2], "state": [[1, 0], [0, 0]], "measurements": [[elements]]}
    value, violations = check_strategy(payoff_of([1], [[1, 0]]), strategy)
    assert any("negative" in v for v in violations)
    assert value < 1


def test_exact_numbers_are_exact():
    third = Fraction(1, 3)
    bound, violations = check_upper(
        payoff_of([third, 2 * third], [[1, 0], [0, Fraction(1, 7)]]), {"level": "0", "bound": 0.43}
    )
    assert violations == []
    assert Fraction(bound) >= third + 2 * third / 7
    assert bound == pytest.approx(9 / 21)


def test_games_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="shape"):
        check_upper(payoff_of([[1]], [[1]]), {"level": "0", "bound": 1})


@pytest.mark.parametrize(
    ("questions", "answers"),
    [((2,), 3), ((2, 3), 2), ((3, 3), 3), ((4, 3), 4), ((2, 2, 2), 2), ((2, 3, 2), 2), ((2, 2, 2, 2), 2)],
    ids=str,
)
def test_the_search_decides_as_brute_force_does(rng, questions, answers, monkeypatch):
    """With and without games of the open questions, and in small portions."""
    k = len(questions)
    for few, width in ((5_000, 1 << 17), (0, 1 << 17), (0, 8)):
        monkeypatch.setattr("qcoord_hw.theory.games.checker.classical.FEW", few)
        monkeypatch.setattr("qcoord_hw.theory.games.checker.classical.WIDTH", width)
        payoff = rng.integers(0, 5, size=(*questions, *[answers] * k))
        game = payoff_of(np.ones(questions, dtype=int), payoff.tolist())
        best = Fraction(0)
        own = [list(itertools.product(range(answers), repeat=asked)) for asked in questions]
        for strategy in itertools.product(*own[:-1]):  # the last player answers at best
            won = payoff
            for answer in strategy:
                won = np.moveaxis(won, (0, won.ndim // 2), (0, 1))[np.arange(len(answer)), list(answer)].sum(
                    axis=0
                )
            best = max(best, Fraction(int(won.max(axis=-1).sum())))
        assert not exceeded(game, best)
        assert exceeded(game, best - Fraction(1, 3))
        assert not exceeded(game, best + 1)


def test_a_search_that_is_too_long_is_no_proof():
    game = read_claimed_game(GAMES["g14"]().to_json())
    with pytest.raises(ClaimError, match="too long"):
        exceeded(game, Fraction(43, 44), budget=1e4)


def test_strategies_that_are_none():
    game = read_claimed_game(GAMES["chsh"]().to_json())
    assert strategy_value(game, [[0, 0], [0, 0]]) == Fraction(3, 4)
    for bad in (
        None,
        [],
        [[0, 0]],
        [[0, 0], [0, 2]],
        [[0, 0], [0, True]],
        [[0, 0], [0, math.nan]],
        [[0], [0]],
    ):
        with pytest.raises(ClaimError):
            strategy_value(game, bad)


def test_games_that_are_none():
    good = GAMES["chsh"]().to_json()
    assert read_claimed_game(good).questions == (2, 2)
    assert len(game_id(good)) == 64
    deep = 1
    for _ in range(900):
        deep = [deep]
    half = [["1/2", "1/4"], ["1/4", "1/4"]]
    for change in (
        *[{"prob": bad} for bad in (None, [], [[]], [["1"]], half, deep, [[1, 0], [0, 0]])],
        {"prob": [["1e999999999", "0"], ["0", "0"]]},
        {"prob": [["-1", "2"], ["0", "0"]]},
        {"win": [[[[1] * 1000] * 1000] * 2] * 2},
        {"win": [[[[1, 0], [0, 1.0]]] * 2] * 2},
        {"score": good["win"]},
        {"more": 1},
    ):
        with pytest.raises(ClaimError):
            read_claimed_game(good | change)


def test_huge_numbers_prove_nothing(cglmp, monkeypatch):
    """The trace is infinite, and so is the shift; that is not left to what a decomposition does with NaN."""
    game, _, certificate = cglmp
    huge = certificate | {"dual": [[1e308] * len(row) for row in certificate["dual"]]}
    monkeypatch.setattr("numpy.linalg.cholesky", lambda matrix: matrix)
    with np.errstate(all="ignore"):
        assert check_upper(payoff_of(game.prob, game.table), huge)[1]

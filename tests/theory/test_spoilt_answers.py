"""A spoilt answer is refused: whatever stands in place of a number that was not declared `not_checked`."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from qcoord_hw.api.theory import check_answer, theory_game, theory_linear
from qcoord_hw.theory.claims import dotted, numbers
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.task import LinearTask

SAMPLE = 200
"""Spoils of one answer in the fast suite."""

MANY = 6000
"""Of an answer with more spoils, every number gets a random tenth of them."""

NEVER = ("c", "c_lower", "rate", "baselines", "optimum", "beyond", "bell_inequality")
NEVER_OF_GAMES = ("classical.value", "classical.float", "quantum.lower", "quantum.upper")

LINEAR = [
    "example-1-f2",  # kernel enumeration, batches, a scheme beyond theorem 1
    "example-3-f2",
    "sum-2-f5",
    (9, 2, (2, 1, 1)),
    (8, 2, (1, 2, 1)),
    "example-1-f4",
    "five-dimensional-f3",
    "sum-4-f3",
    (7, 3, (1, 1, 1, 1, 1)),
    (4, 3, (2, 2)),
]
"""Catalogue names, and random tasks: field, K, columns of each server."""

GAMES = [
    ("tilted", None),
    ((2, 2, 2), 2, False),
    ("chsh", 0.8),
    ((2, 3), 2, True),
    ("ghz-3", None),
    ((3, 2), 3, False),
    ("i3322", None),
    ("chsh", 0.7),
    ("magic-square", 0.95),
    ((2, 2, 2), 2, True),
]
"""Catalogue names with a win probability; random games: questions, answers of each player, with scores."""

FAST = 4
"""So many of each are sampled in the fast suite."""


def linear_answer(which: Any, rng: np.random.Generator) -> dict[str, Any]:
    task = which
    if not isinstance(which, str):
        order, rows, sizes = which
        v = [rng.integers(1, order, size=(rows, m)) for m in sizes]
        task = LinearTask("random", field_of(order), tuple("ABCDE"[: len(v)]), tuple(v))
    return json.loads(json.dumps(theory_linear(task, time_limit=5.0).to_json()))


def game_answer(which: Any, rng: np.random.Generator) -> dict[str, Any]:
    game, win = which[0], which[1]
    if not isinstance(game, str):
        questions, answers, scored = which
        win, shape = None, (*questions, *[answers] * len(questions))
        prob = np.full(questions, Fraction(1, math.prod(questions)), dtype=object)
        table = rng.integers(0, 7, size=shape) if scored else rng.integers(0, 2, size=shape)
        if scored:
            exact = np.array([Fraction(int(s), 6) for s in table.flat], dtype=object).reshape(shape)
            game = Game("random", prob, score=exact)
        else:
            game = Game("random", prob, table)
    return json.loads(json.dumps(theory_game(game, time_limit=8.0, win=win).to_json()))


def assert_holds(answer: dict[str, Any]) -> tuple[str, ...]:
    """Whatever the order of keys; return `not_checked`."""
    found = check_answer(answer)
    assert found.violations == ()
    assert found.lower_bound == "confirmed"
    assert set(found.not_checked).isdisjoint((*NEVER, *NEVER_OF_GAMES, "classical", "quantum"))
    assert not any(path.startswith(tuple(f"{key}." for key in NEVER)) for path in found.not_checked)
    assert check_answer(json.loads(json.dumps(answer, sort_keys=True))).violations == ()
    return found.not_checked


def assert_refused(every: list[tuple[str, Any, Any]]) -> None:
    assert [(path, way) for path, way, spoilt in every if check_answer(spoilt).holds] == []


def sampled(spoils, answer: dict[str, Any], rng: np.random.Generator) -> None:
    every = list(spoils(answer, assert_holds(answer)))
    assert_refused([every[k] for k in rng.choice(len(every), SAMPLE, replace=False)])


def all_of(spoils, answer: dict[str, Any], rng: np.random.Generator) -> None:
    every = list(spoils(answer, assert_holds(answer)))
    if len(every) > MANY:
        numbers_of = {path for path, _, _ in every}
        first = {path: (path, way, spoilt) for path, way, spoilt in reversed(every)}
        every = [*first.values(), *(one for one in every if rng.random() < 0.1)]
        assert {path for path, _, _ in every} == numbers_of
    assert_refused(every)


@pytest.mark.parametrize("which", LINEAR[:FAST], ids=str)
def test_linear_sampled(spoils, rng, which):
    sampled(spoils, linear_answer(which, rng), rng)


@pytest.mark.parametrize("which", GAMES[:FAST], ids=str)
def test_games_sampled(spoils, rng, which):
    sampled(spoils, game_answer(which, rng), rng)


@pytest.mark.few(0, slow=4)
@pytest.mark.parametrize("which", LINEAR, ids=str)
def test_linear_every_spoil(spoils, rng, which):
    all_of(spoils, linear_answer(which, rng), rng)


@pytest.mark.few(0, slow=5)
@pytest.mark.parametrize("which", GAMES, ids=str)
def test_games_every_spoil(spoils, rng, which):
    all_of(spoils, game_answer(which, rng), rng)


@pytest.mark.parametrize(
    "answer", [lambda rng: linear_answer("example-1-f2", rng), lambda rng: game_answer(("chsh", 0.8), rng)]
)
def test_spoilt_certificates_are_read_or_refused(spoils, rng, answer):
    """What is not checked may be spoilt, and the answer then holds or not: but no spoil ends the check."""
    good = answer(rng)
    every = list(spoils(good, ()))
    for k in rng.choice(len(every), SAMPLE, replace=False):
        check_answer(every[k][2])


@pytest.mark.parametrize("key", ["c_upper", "optimum", "advantage"])
def test_what_somebody_added_is_not_confirmed(rng, key):
    for answer in (linear_answer("sum-2-f5", rng), game_answer(("chsh", None), rng)):
        found = check_answer(answer | {key: 99})
        assert key in found.not_checked
        assert found.holds == (key not in NEVER or "quantum" in answer)


def test_every_number_is_confirmed_or_named(rng):
    for answer in (linear_answer("example-1-f2", rng), game_answer(("chsh", 0.8), rng)):
        found = check_answer(answer)
        for path, _ in numbers(answer):
            above = {dotted(path[: k + 1]) for k in range(len(path))}
            assert above & {*found.confirmed, *found.not_checked}, path


@pytest.mark.parametrize("which", ["example-1-f2", "sum-2-f5", (2, 2, (1, 2, 1))], ids=str)
def test_no_degree_of_a_batched_answer_is_missing_or_in_another_place(rng, which):
    answer = linear_answer(which, rng)
    entries = answer["batched"]
    assert len(entries) > 1
    for k in range(len(entries)):
        assert not check_answer(answer | {"batched": [*entries[:k], *entries[k + 1 :]]}).holds
    assert not check_answer(answer | {"batched": entries[::-1]}).holds
    assert not check_answer(answer | {"batched": [*entries, entries[0]]}).holds
    none = check_answer(answer | {"batched": []})  # as where no time was left: holds, and says so
    assert none.holds
    assert "batched" in none.not_checked


@pytest.mark.parametrize(
    "which", [("chsh", 0.8), ("chsh", 0.7), ("ghz-3", 0.9), ("biased-chsh", 0.83)], ids=str
)
def test_every_kind_of_a_frontier_is_proved(rng, which):
    answer = game_answer(which, rng)
    assert_holds(answer)
    frontier, tried = answer["frontier"], 0
    places = [(key,) for key in ("formula_rate", "time_shared", "strategy_entanglement", "circuit_qubits")]
    places += [("formula_rate", side) for side in ("bob", "charlie") if side in frontier["formula_rate"]]
    for place in places:
        for kind in ("exact", "lower", "upper", "bracket", "undetermined", "", None, 1):
            spoilt = json.loads(json.dumps(answer))
            inside = spoilt["frontier"]
            for key in place:
                inside = inside[key]
            if inside["kind"] == kind:
                continue
            inside["kind"] = kind
            tried += 1
            assert not check_answer(spoilt).holds, (place, kind)
    assert tried >= 7 * len(places)

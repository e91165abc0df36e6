"""A time limit is kept, or the answer says by how much it was exceeded and by which step."""

from __future__ import annotations

import itertools
import json
import time
from fractions import Fraction
from types import SimpleNamespace

import pytest

from qcoord_hw.api import theory as answers
from qcoord_hw.cli import main
from qcoord_hw.errors import TooLargeError
from qcoord_hw.families.games import answer as theory_games
from qcoord_hw.families.linear_computation import answer as theory
from qcoord_hw.theory import regions
from qcoord_hw.theory.games import Game, search
from qcoord_hw.theory.games.checker import check_game
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.linear_computation import annealing, beyond
from qcoord_hw.theory.linear_computation.task import reduce_task, task_from_json
from qcoord_hw.time_limit import kept_time

ASKED = 50.0


class Clock:
    """A clock that stands still but where it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(time, "monotonic", found)
    return found


COMMANDS = {
    "linear": (["theory", "linear", "sum-2-f3"], theory, "reduce_task"),
    "game": (["theory", "game", "chsh"], theory_games, "classical_optimum"),
    "region": (["theory", "region", "dsbs", "--network", "two-node"], regions, "replace"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_step_that_overruns_is_told(kind, clock, monkeypatch, capsys):
    command, module, name = COMMANDS[kind]
    usual = getattr(module, name)

    def slow(*arguments, **options):
        clock.now += 2 * ASKED
        return usual(*arguments, **options)

    monkeypatch.setattr(module, name, slow)
    assert main([*command, "--time-limit", str(ASKED), "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["time_limit"]
    assert kept["asked"] == ASKED
    assert kept["used"] >= 2 * ASKED
    assert kept["exceeded_by"] == kept["used"] - ASKED
    assert "the longest was" in kept["why"]
    assert main([*command, "--time-limit", str(ASKED)]) == 0
    assert "time limit of 50 s exceeded by" in capsys.readouterr().out


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_limit_that_was_kept_is_told_and_not_complained_of(kind, work_clock, capsys):
    command = [*COMMANDS[kind][0], "--time-limit", "1000"]
    assert main([*command, "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["time_limit"]
    assert (kept["asked"], kept["exceeded_by"], kept["why"]) == (1000, 0, None)
    assert 0 < kept["used"] < 1000


def test_what_loading_takes_counts(clock, monkeypatch):
    given, answer = [], theory.linear_theory(answers.find_task("sum-2-f2"))
    monkeypatch.setattr(theory, "linear_theory", lambda task, limit, seed: given.append(limit) or answer)
    monkeypatch.setattr(answers, "find_task", lambda task: setattr(clock, "now", clock.now + 2))
    kept = answers.theory_linear("x", time_limit=10)["time_limit"]
    assert kept["used"] == 2
    assert given == [8]


def ticking(step=1.0):
    """Return a clock that goes on by so much whenever it is read."""
    moments = itertools.count(0.0, step)
    return SimpleNamespace(monotonic=lambda: next(moments))


def big_game(rng):
    win = rng.integers(0, 2, (25, 25, 3, 3)).tolist()
    return Game("big", [["1/625"] * 25] * 25, win=win)


def test_a_classical_value_that_takes_too_long_is_left_unknown(rng, monkeypatch):
    game = big_game(rng)
    monkeypatch.setattr(search, "time", ticking(1e9))
    with pytest.raises(TooLargeError, match="not found in the time"):
        classical_optimum(game, time_limit=5.0)
    answer = theory_games.game_theory(game, level=None, seed=0, time_limit=0.05, win=None)
    assert answer["classical"]["value"] is None
    assert "not found in the time" in theory_games.game_theory_text(answer)
    assert 0 < answer["quantum"]["lower"] <= answer["quantum"]["upper"]
    verdict = check_game(answer.to_json())
    assert verdict.violations == ()


def test_a_search_beyond_the_theorem_looks_at_the_clock_all_the_way(rng, monkeypatch):
    made = []
    usual = annealing.meet
    monkeypatch.setattr(annealing, "meet", lambda *spaces: made.append(1) or usual(*spaces))
    servers = {name: rng.integers(0, 5, (8, 4)).tolist() for name in "ABCDEFGH"}
    task = reduce_task(task_from_json({"field": 5, "servers": servers})).task
    monkeypatch.setattr(annealing, "time", ticking())
    annealing.anneal_forms(task, Fraction(0), time_limit=4.0, seed=0)
    assert 0 < len(made) <= 5
    built = []
    usual_forms = beyond.common_forms
    monkeypatch.setattr(beyond, "common_forms", lambda *given: built.append(1) or usual_forms(*given))
    monkeypatch.setattr(beyond, "time", ticking())
    assert beyond.search_beyond(task, Fraction(100), time_limit=1.5) is not None  # the first one is taken
    assert len(built) == 1


def test_words(clock):
    now = clock()
    assert kept_time(now, 5, {"solving": 1.0}).words() == ""
    late = kept_time(now - 8, 5, {"loading": 1.0, "solving": 7.0})
    assert "exceeded by 3 s" in late.words()
    assert "solving, 7 s" in late.words()

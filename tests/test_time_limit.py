"""A time limit is kept, or the answer says by how much it was exceeded and by which step."""

from __future__ import annotations

import json
import time

import pytest

from qcoord_hw.api import theory as answers
from qcoord_hw.cli import main
from qcoord_hw.families.games import answer as theory_games
from qcoord_hw.families.linear_computation import answer as theory
from qcoord_hw.theory import regions
from qcoord_hw.time_limit import kept_time

ASKED = 0.3
COMMANDS = {
    "linear": (["theory", "linear", "sum-2-f3"], theory, "reduce_task"),
    "game": (["theory", "game", "chsh"], theory_games, "classical_optimum"),
    "region": (["theory", "region", "dsbs", "--network", "two-node"], regions, "replace"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_step_that_overruns_is_told(kind, monkeypatch, capsys):
    command, module, name = COMMANDS[kind]
    usual = getattr(module, name)

    def slow(*arguments, **options):
        time.sleep(2 * ASKED)
        return usual(*arguments, **options)

    monkeypatch.setattr(module, name, slow)
    assert main([*command, "--time-limit", str(ASKED), "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["time_limit"]
    assert kept["asked"] == ASKED
    assert kept["used"] >= 2 * ASKED
    assert kept["exceeded_by"] == pytest.approx(kept["used"] - ASKED, abs=2e-3)
    assert "the longest was" in kept["why"]
    assert main([*command, "--time-limit", str(ASKED)]) == 0
    assert "time limit of 0.3 s exceeded by" in capsys.readouterr().out


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_limit_that_was_kept_is_told_and_not_complained_of(kind, capsys):
    command = [*COMMANDS[kind][0], "--time-limit", "1000"]
    assert main([*command, "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["time_limit"]
    assert (kept["asked"], kept["exceeded_by"], kept["why"]) == (1000, 0, None)
    assert 0 < kept["used"] < 1000


def test_what_loading_takes_counts(monkeypatch):
    given, answer = [], theory.linear_theory(answers.find_task("sum-2-f2"))
    monkeypatch.setattr(theory, "linear_theory", lambda task, limit, seed: given.append(limit) or answer)
    monkeypatch.setattr(answers, "find_task", lambda task: time.sleep(0.2))
    kept = answers.theory_linear("x", time_limit=10)["time_limit"]
    assert kept["used"] >= 0.2
    assert given[0] <= 9.8


def test_words():
    now = time.monotonic()
    assert kept_time(now, 5, {"solving": 1.0}).words() == ""
    late = kept_time(now - 8, 5, {"loading": 1.0, "solving": 7.0})
    assert "exceeded by 3 s" in late.words()
    assert "solving, 7 s" in late.words()

"""Over 200 seeds (40 where it has to be quick), the 95 % intervals of whole runs hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.execution.run_description import prepared_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.families.games.scoring import GameScoring

ROOT = 20261122
SEEDS = np.random.default_rng(ROOT).integers(2**32, size=200).tolist()


def exact_win(result: qc.Result) -> float:
    """The win probability that the noise model itself has: no sampling."""
    prepared = prepared_of(result.record)
    play = GameScoring.from_json(result.record.intent["experiment"]["play"])
    simulator = Simulator(prepared.circuits, prepared.settings, prepared.snapshot)
    total = 0.0
    for c, (question,) in enumerate(play.questions):
        for outcome, p in enumerate(simulator.probabilities(c, 0)):
            bits = format(outcome, f"0{prepared.circuits[c].num_clbits}b")
            answers = tuple(int("".join(bits[b] for b in own), 2) for own in play.answers[0])
            total += p * play.game.win[question + answers] / len(play.questions)
    return total


@pytest.mark.parametrize(
    ("target", "seeds"),
    [
        pytest.param("aer", SEEDS, id="aer-200", marks=pytest.mark.slow),
        pytest.param("fake_manila", SEEDS, id="fake_manila-200", marks=pytest.mark.slow),
    ],
)
def test_intervals_hold_the_truth(target, seeds):
    first = qc.run("chsh", target=target, shots=150, seed=1)
    truth = exact_win(first)
    if target == "aer":
        assert truth == pytest.approx(np.cos(np.pi / 8) ** 2)
    held = s_held = 0
    for seed in seeds:
        result = qc.run("chsh", target=target, shots=150, seed=seed)
        win, s = result["win_probability"], result["chsh_s"]
        held += win.low <= truth <= win.high
        s_held += s.low <= 8 * truth - 4 <= s.high
    assert held >= 0.93 * len(seeds)
    assert s_held >= 0.93 * len(seeds)


@pytest.mark.slow
def test_the_worst_round_is_held():
    truth = np.cos(np.pi / 8) ** 2
    held = 0
    for seed in SEEDS[:60]:
        worst = qc.run("sequential-chsh", shots=60, seed=seed)["win_probability_min_round"]
        held += worst.low <= truth <= worst.high
    assert held >= 0.93 * 60

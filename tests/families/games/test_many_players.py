"""The GHZ game of many players: its circuit, its score, its place on a device, exact parities."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

import qcoord_hw as qc
from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError
from qcoord_hw.execution.frames import distribution
from qcoord_hw.execution.growing import best_tree, grown
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.targets import fake_chip
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.families.games.many_players import many_player_ghz
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.record import read
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.games.catalogue import ghz
from qcoord_hw.theory.games.parity import drawn_ghz


@pytest.mark.parametrize("players", [3, 4, 5])
def test_all_questions_are_the_game(players):
    """Of few players all questions are drawn; then question, answer and win are those of the table."""
    asked, table = drawn_ghz(players, 10**6), ghz(players)
    assert set(asked.questions) == set(table.questions())
    for k, question in enumerate(asked.questions):
        for answer in np.ndindex((2,) * players):
            assert asked.game.win[k, sum(answer) % 2] == table.win[question + answer]


def test_the_circuit_wins_every_question():
    experiment = many_player_ghz(8, "ghz-8", "t")
    (net,), play = experiment.circuits, experiment.play
    assert len(experiment.settings) == 16
    for setting in experiment.settings[:6]:
        circuit = bind(net.circuit, setting.values)
        likely = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities_dict()
        outcomes = np.array([[int(bit) for bit in reversed(key)] for key, p in likely.items() if p > 1e-9])
        (said,) = play.answered(setting.input, 0, outcomes)
        assert (play.game.win[setting.input, said] == 1).all()
    again = GameScoring.from_json(play.to_json() | {"kind": "game"})
    assert again.asked == play.asked
    assert again.label((3,)) == experiment.settings[3].label


def test_a_run_on_a_device_is_exact_or_drawn_by_frames(runs_dir):
    result = qc.run("ghz-13", target="fake_torino", shots=500, seed=3)
    target = read(result.path).intent["target"]
    assert target["methods"] == ["exact:pauli-frames"]
    assert target["noise"].endswith("relaxation twirled")
    (win,) = result.estimates
    assert win.bound.value == 0.5 + 2.0**-7
    assert 0.6 < win.best < 0.9
    assert win.assumes.endswith("which questions were drawn to be asked")
    qc.verify(result.path)


@pytest.mark.parametrize("size", [12, 42, 100])
def test_a_state_of_many_grows_along_the_device(size):
    chip, program = fake_chip("fake_fez"), program_of(many_player_ghz(size, "t", "t"))
    circuits, layout = grown(program, chip)
    coupled = {frozenset(g.qubits) for g in chip.gates if len(g.qubits) == 2}
    pairs = interactions(circuits[0])
    assert pairs.total() == size - 1
    assert all(frozenset(layout[q] for q in pair) in coupled for pair in pairs)
    ideal = bind(circuits[0], program.settings[0].values)
    asked = [int(c) for c in program.settings[0].label.removeprefix("x=")]
    won = distribution(ideal, None, [range(size)])
    np.testing.assert_allclose(won[sum(asked) // 2 % 2], 1)


def test_only_such_states_grow():
    chip = fake_chip("fake_fez")
    assert grown(program_of(build_experiment(load_spec("ghz-6"))), chip) is None
    program = program_of(many_player_ghz(12, "t", "t"))
    (circuit,) = program.circuits
    twice = circuit.copy()
    twice.data.insert(1, twice.data[0])
    assert grown(Program((twice,), program.settings, program.movable), chip) is None
    fixed = Program(program.circuits, program.settings, ((False, False),))
    assert grown(fixed, chip) is None
    assert best_tree(fake_chip("fake_manila"), 6) is None


@pytest.mark.parametrize("extra", [(("rounds", 2),), (("rate", 0.5),)])
def test_many_players_play_one_round(extra):
    parameters = (("game", "ghz"), ("players", 7), *extra)
    with pytest.raises(InputError, match=rf"parameters.{extra[0][0]}: .*allowed with up to 6 players"):
        build_experiment(
            ExperimentSpec(name="t", title="t", family="nonlocal-game", parameters=tuple(sorted(parameters)))
        )

"""A qubit whose reading does not depend on its state: no mitigated figure, and a caution that names it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw import cli
from qcoord_hw.execution import targets
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import fake_backends
from qcoord_hw.statistics.mitigation import MAX_CONDITION, stuck_readout


def confusion(p10, p01):
    return np.array([[1 - p10, p01], [p10, 1 - p01]])


@pytest.mark.parametrize("p10", [0.0, 0.001, 0.3, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("short", [0.0, 1e-12, 1e-6, 0.01, -0.01])
def test_singular_and_nearly_singular_matrices_are_not_inverted(p10, short):
    p01 = min(max(1 - p10 - short, 0.0), 1.0)
    (caution,) = stuck_readout({7: confusion(0.01, 0.02), 17: confusion(p10, p01)}, [7, 17, 17])
    assert "qubit 17 is stuck" in caution


def test_what_can_be_inverted_is(rng):
    """Also a reading that says the opposite, which is as good as one that is right."""
    for p10, p01 in [(0.9, 0.95), *rng.uniform(0, 0.4, (50, 2))]:
        assert stuck_readout({0: confusion(p10, p01)}, [0]) == []
        assert np.linalg.cond(confusion(p10, p01)) <= MAX_CONDITION


@pytest.mark.parametrize("value", [(1.0, 0.0), pytest.param((0.4, 0.6), marks=pytest.mark.slow)])
def test_games_and_states_with_a_stuck_qubit(value, play_like):
    run, plain = play_like(value), play_like((0.02, 0.05))
    for stuck, other in zip(run, plain, strict=True):
        names = [e["name"] for e in stuck["estimates"]]
        assert not any("mitigated" in name for name in names)
        assert any("mitigated" in e["name"] for e in other["estimates"])
        assert [e["name"] for e in other["estimates"] if "mitigated" not in e["name"]] == names
        bad = stuck["layout"][0]
        assert any(f"readout of qubit {bad} is stuck" in caution for caution in stuck["cautions"])
        assert other["cautions"] == []


@pytest.fixture
def play_like(monkeypatch):
    """Return what runs a game and a state where the first qubit of the layout has these readout errors."""
    from dataclasses import replace

    usual = targets.fake_chip

    def make(value):
        def changed(name):
            found = usual(name)
            bad = replace(found.qubits[1], p10=value[0], p01=value[1])
            return replace(found, qubits=(found.qubits[0], bad, *found.qubits[2:]))

        monkeypatch.setattr(targets, "fake_chip", changed)
        made = [
            qc.run("chsh", target="fake_manila", shots=80, seed=1, layout=(1, 2)),
            qc.run("broadcast-epr", target="fake_manila", shots=80, seed=1, layout=(1, 2)),
        ]
        for result in made:
            assert "altered" not in json.dumps(qc.load_run(result.path).summary)
            assert qc.verify(result.path)["ok"]
        monkeypatch.setattr(targets, "fake_chip", usual)
        return [result.summary for result in made]

    return make


@pytest.mark.slow
def test_real_snapshots_have_such_qubits(capsys):
    """fake_sherbrooke 84: `plan` and `run` say so, `report` and `verify` read the run."""
    stuck = {
        name: [q.index for q in Snapshot.of(fake_backends()[name]()).qubits if abs(1 - q.p10 - q.p01) < 1e-6]
        for name in ("fake_sherbrooke", "fake_cusco")
    }
    assert stuck["fake_sherbrooke"] == [84]
    assert len(stuck["fake_cusco"]) > 10
    plan = qc.plan("chsh", target="fake_sherbrooke", layout=(83, 84))
    assert any("readout of qubit 84 is stuck" in note for note in plan["notes"])
    assert cli.main(["run", "chsh", "--target", "fake_sherbrooke", "--layout", "83,84", "--shots", "20"]) == 0
    assert "readout of qubit 84 is stuck" in " ".join(capsys.readouterr().out.split())
    for command in ("report", "verify"):
        assert cli.main([command, "latest"]) == 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_snapshot_s_stuck_qubits_are_named():
    for name, make in fake_backends().items():
        found = Snapshot.of(make())
        pairs = {gate.qubits for gate in found.gates if len(gate.qubits) == 2 and gate.error is not None}
        for qubit in found.qubits:
            matrix = {qubit.index: confusion(qubit.p10, qubit.p01)}
            beside = next((pair for pair in pairs if qubit.index in pair), None)
            if not stuck_readout(matrix, [qubit.index]) or beside is None:
                continue
            result = qc.run("chsh", target=name, shots=8, seed=1, layout=beside)
            assert any(f"qubit {qubit.index} is stuck" in c for c in result.summary["cautions"])
            assert not any("mitigated" in e.name for e in result.estimates)
            assert qc.verify(result.path)["ok"]

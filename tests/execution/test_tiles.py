"""Tiles: copies of the circuits side by side, each on qubits of its own and analysed on its own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Statevector
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

import qcoord_hw as qc
from qcoord_hw import api, record
from qcoord_hw.cli import main
from qcoord_hw.execution.devices.ibm.target import prepare
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.tiling import side_by_side


@pytest.fixture
def tiled(runs_dir):
    return qc.run("chsh", target="fake_torino", shots=400, seed=3, options={"tiles": 3})


def test_each_tile_is_a_run_of_its_own(tiled):
    found, summary = tiled.record, tiled.summary
    layouts = [tile["layout"] for tile in summary["tiles"]]
    assert len({qubit for layout in layouts for qubit in layout}) == 6
    assert summary["layout"] == layouts[0]
    assert summary["chunks"] == {"planned": 96, "done": 96}
    for number, tile in enumerate(summary["tiles"]):
        own = found.tile(number)
        assert own.tiles == 1
        assert sum(sum(c.values()) for c in own.counts.values()) == tile["shots"] == 1600
        wins = 0
        for chunk in own.plan:
            x, y = divmod(chunk.setting, 2)
            wins += sum(n for w, n in own.counts[chunk.id].items() if (w[0] != w[1]) == bool(x & y))
        assert tile["estimates"][0]["best"] == pytest.approx(wins / 1600)
        assert {q["index"] for q in own.calibration["qubits"]} == set(tile["layout"])
    assert summary["estimates"] == summary["tiles"][0]["estimates"]


def test_the_first_tile_counts_what_a_run_without_tiles_counts(tiled):
    alone = qc.run("chsh", target="fake_torino", shots=400, seed=3)
    assert alone.record.counts == tiled.record.tile(0).counts
    assert "tiles" not in alone.summary


@pytest.mark.slow
def test_a_tiled_run_is_replayed_verified_and_finished(tiled, capsys):
    assert qc.replay(tiled.path).record.counts == tiled.record.counts
    assert qc.verify(tiled.path, execute=True)["ok"]
    (tiled.path / "seal.json").unlink()
    kept = (tiled.path / "counts.jsonl").read_bytes().split(b"\n")
    (tiled.path / "counts.jsonl").write_bytes(b"\n".join(kept[:50]) + b"\n" + kept[50][:20])
    assert qc.collect(tiled.path).record.counts == tiled.record.counts
    assert main(["report", str(tiled.path)]) == 0
    assert "tile  layout" in capsys.readouterr().out
    page = (tiled.path / "derived" / "report.html").read_text()
    assert page.count("<tr><td>") >= 3
    assert "<h2>Tiles</h2>" in page


@pytest.mark.slow
def test_tiles_of_coordination_and_linear_computations():
    for name, parameters in (("cascade-ghz2", {}), ("sum-2-f2", {"inputs": 4})):
        summary = qc.run(
            name, target="fake_torino", shots=40, seed=1, options={"tiles": 2}, parameters=parameters
        ).summary
        assert len(summary["tiles"]) == 2
        assert all(tile["estimates"] for tile in summary["tiles"])
        json.dumps(summary)


@pytest.mark.parametrize(
    ("target", "tiles", "says"),
    [
        ("aer", 2, "tiles: 2; target aer has none"),
        ("fake_manila", 3, "tiles: 3; allowed on fake_manila are at most 2"),
        ("fake_manila", 0, "tiles: 0; allowed are integers from 1"),
    ],
)
def test_what_does_not_fit_is_refused(target, tiles, says, runs_dir):
    with pytest.raises(qc.QcoordError, match=says):
        qc.run("chsh", target=target, shots=8, options={"tiles": tiles})
    assert not runs_dir.exists()


def test_circuits_side_by_side_do_what_they_do_alone():
    backend = FakeManilaV2()
    program = program_of(api.build("chsh").experiment)
    prepared = prepare("ibm_x", backend, program, (), 2)
    merged = side_by_side([prepared.circuits, *(one.circuits for one in prepared.tiles)])
    assert [[r.name for r in c.cregs] for c in merged] == [
        ["tile0_bob", "tile0_charlie", "tile1_bob", "tile1_charlie"]
    ] * 4
    for built, whole in zip(program.circuits, merged, strict=True):
        alone = _probabilities(built)
        together = _probabilities(whole)
        np.testing.assert_allclose(together, np.multiply.outer(alone, alone).reshape(-1), atol=1e-9)


def _probabilities(circuit: QuantumCircuit):
    """Return the probabilities of the classical bits, bit 0 the most significant."""
    measured = {
        circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
        for i in circuit.data
        if i.operation.name == "measure"
    }
    state = Statevector(circuit.remove_final_measurements(inplace=False))
    qubits = [measured[k] for k in sorted(measured)]
    return state.probabilities(list(reversed(qubits)))


def test_records_without_tiles_say_nothing_of_them(runs_dir):
    found = qc.run("chsh", shots=8, seed=1)
    intent = json.loads((found.path / record.INTENT).read_text())
    assert "tiles" not in intent["target"]
    assert all("tile" not in chunk for chunk in intent["plan"])

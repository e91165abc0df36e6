"""Idle noise: how long qubits wait, and what waiting does to them, against the formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit

import qcoord_hw as qc
from qcoord_hw.cli import main
from qcoord_hw.errors import InputError
from qcoord_hw.execution.frames import distribution
from qcoord_hw.execution.idle import waiting, with_idle_noise
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.scale import has_idle_noise, idle_target, scaled_target
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.record import read

DURATIONS = {("x", (0,)): 1.0, ("x", (1,)): 5.0, ("cz", (0, 1)): 2.0, ("measure", (0,)): 3.0}


def test_qubits_wait_for_each_other_as_late_as_possible():
    circuit = QuantumCircuit(3, 2)
    circuit.x(0)  # 0: may be late, so that it does not wait
    circuit.x(1)  # 1
    circuit.cz(0, 1)  # 2
    circuit.x(1)  # 3: qubit 0 waits for it behind the barrier's other side
    circuit.barrier()  # 4
    circuit.measure([0, 1], [0, 1])  # 5, 6
    assert waiting(circuit, DURATIONS) == {2: {0: 5.0}, 3: {1: 3.0}}


def test_an_untouched_qubit_does_not_wait():
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.barrier()
    circuit.cz(0, 1)
    circuit.measure(0, 0)
    assert waiting(circuit, DURATIONS) == {}


def test_a_superposition_that_waits_loses_what_t2_says():
    t1, t2, wait = 80e-6, 50e-6, 20e-6
    qubits = (QubitCalibration(0, t1, t2, 0, 0), QubitCalibration(1, None, None, 0, 0))
    snapshot = Snapshot("lab", "", "", 2, qubits, (GateCalibration("x", (1,), wait, None),))
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.barrier()
    circuit.x(1)
    circuit.barrier()
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    noisy = with_idle_noise(circuit, snapshot)
    found = Simulator([noisy], Program.of([noisy]).settings, None)
    kept = (1 + math.exp(-wait / t2)) / 2
    parts = {p.qubits[0]: found.probabilities(0, k) for k, p in enumerate(found._parts[0])}
    np.testing.assert_allclose(parts[0], [kept, 1 - kept], atol=1e-9)
    np.testing.assert_allclose(distribution(noisy, None), [0, kept, 0, 1 - kept], atol=1e-9)
    excited = QuantumCircuit(2, 2)
    excited.y(0)
    excited.barrier()
    excited.x(1)
    excited.barrier()
    excited.measure([0, 1], [0, 1])
    noisy = with_idle_noise(excited, snapshot)
    found = Simulator([noisy], Program.of([noisy]).settings, None)
    parts = {p.qubits[0]: found.probabilities(0, k) for k, p in enumerate(found._parts[0])}
    # Measured together with the other qubit, as late as possible: nothing waits behind the last barrier.
    np.testing.assert_allclose(parts[0][1], math.exp(-wait / t1), atol=1e-9)


def test_names_say_whether_idle_qubits_decay():
    assert idle_target("fake_torino_x0.5", True) == "fake_torino_idle_x0.5"
    assert idle_target("fake_torino_idle", False) == "fake_torino"
    assert scaled_target(idle_target("fake_fez", True), 2) == "fake_fez_idle_x2"
    assert has_idle_noise("fake_fez_idle_x2")
    assert not has_idle_noise("fake_fez_x2")
    with pytest.raises(InputError, match="idle-noise: target aer; allowed on fake_NAME"):
        idle_target("aer", True)


def test_a_run_with_idle_noise_is_recorded_verified_and_worse(runs_dir, capsys):
    path = {}
    for flag in ("--idle-noise", "--no-idle-noise"):
        asked = ["run", "ghz-5", "--target", "fake_torino_x4", flag, "--shots", "2000", "--seed", "5"]
        assert main([*asked, "--json"]) == 0
        capsys.readouterr()
        path[flag] = qc.load_run("latest").path
    assert read(path["--no-idle-noise"]).intent["target"]["name"] == "fake_torino_x4"
    target = read(path["--idle-noise"]).intent["target"]
    assert target["name"] == "fake_torino_idle_x4"
    assert "while a qubit waits" in target["noise"]
    qc.verify(path["--idle-noise"])
    win = {flag: qc.load_run(one).estimates[0].best for flag, one in path.items()}
    assert win["--idle-noise"] < win["--no-idle-noise"]


def test_idle_noise_is_scaled_with_decay():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    for _ in range(20):
        circuit.barrier()
        circuit.sx(1)
    circuit.barrier()
    circuit.measure([0, 1], [0, 1])
    program, lost = Program.of([circuit]), []
    for name in ("fake_torino_idle_x0", "fake_torino", "fake_torino_idle", "fake_torino_idle_x4"):
        prepared = resolve_target(name).prepare(program, (0, 1))
        simulator = Simulator(prepared.simulated, prepared.settings, prepared.snapshot)
        lost.append(1 - simulator.probabilities(0, 0)[[0, 3]].sum())
    assert lost[2] != pytest.approx(lost[1], abs=1e-5)
    assert has_idle_noise("fake_torino_idle")
    assert not resolve_target("fake_torino").prepare(program, (0, 1)).idle

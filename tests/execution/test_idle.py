"""Idle noise: how long qubits wait, and what waiting does to them, against the formulas."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix, SuperOp

import qcoord_hw as qc
from qcoord_hw.cli import main
from qcoord_hw.execution.frames import distribution
from qcoord_hw.execution.idle import unstated, waiting, with_idle_noise
from qcoord_hw.execution.mechanisms import only_used
from qcoord_hw.execution.noise import gate_errors
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.execution.targets import NoiseTarget, resolve_target
from qcoord_hw.record import read
from qcoord_hw.spec import spec_from_mapping
from qcoord_hw.sweeps.points import Grid

DURATIONS = {("x", (0,)): 1.0, ("x", (1,)): 5.0, ("cz", (0, 1)): 2.0, ("measure", (0,)): 3.0}


def test_qubits_wait_for_each_other_as_late_as_possible():
    circuit = QuantumCircuit(3, 2)
    circuit.x(0)  # 0: may be late, so that it does not wait
    circuit.x(1)  # 1
    circuit.cz(0, 1)  # 2
    circuit.x(1)  # 3: qubit 0 waits for it behind the barrier's other side
    circuit.barrier()  # 4
    circuit.measure([0, 1], [0, 1])  # 5, 6
    assert waiting(circuit, DURATIONS) == {2: {0: 5.0}, 4: {1: 3.0}}


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
    (noisy,) = with_idle_noise([circuit], snapshot)
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
    (noisy,) = with_idle_noise([excited], snapshot)
    found = Simulator([noisy], Program.of([noisy]).settings, None)
    parts = {p.qubits[0]: found.probabilities(0, k) for k, p in enumerate(found._parts[0])}
    # Measured together with the other qubit, as late as possible: nothing waits behind the last barrier.
    np.testing.assert_allclose(parts[0][1], math.exp(-wait / t1), atol=1e-9)


def test_waits_stay_in_their_stage():
    circuit = QuantumCircuit(2, 2)
    circuit.x([0, 1])  # 0, 1
    circuit.barrier(0)  # 2: of one qubit alone, no stage ends here
    circuit.barrier()  # 3
    circuit.x(1)  # 4: qubit 0 waits for it in the last stage
    circuit.measure([0, 1], [0, 1])
    assert waiting(circuit, DURATIONS) == {3: {0: 2.0}}  # readout of qubit 0 takes 3 of the 5


def test_a_compiled_circuit_is_a_density_matrix_with_delays():
    """Computed here by numpy alone: another schedule, delays in it, and each channel by its matrix."""
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cz(0, 1)
    circuit.barrier()
    for _ in range(6):
        for gate, qubits in (("cz", (1, 2)), ("sx", (2,)), ("x", (1,))):
            getattr(circuit, gate)(*qubits)
            circuit.barrier()
    circuit.h(0)
    circuit.measure([0, 1, 2], [0, 1, 2])
    found = {}
    for idle_noise in (True, False):
        prepared = resolve_target("fake_sherbrooke", idle_noise=idle_noise).prepare(Program.of([circuit]), ())
        simulator = Simulator(prepared.simulated, prepared.settings, prepared.snapshot)
        found[idle_noise] = simulator.probabilities(0, 0)
        should = _with_delays(prepared.circuits[0], prepared.snapshot, idle_noise)
        np.testing.assert_allclose(found[idle_noise], should, atol=1e-8)
    assert np.abs(found[True] - found[False]).max() > 1e-3


def _with_delays(circuit: QuantumCircuit, snapshot: Snapshot, delays: bool) -> np.ndarray:
    size, place = circuit.num_qubits, [q.index for q in snapshot.qubits]
    times = {(g.name, g.qubits): g.duration for g in snapshot.gates}
    errors, ends, steps = gate_errors(snapshot), [0.0] * size, []
    for i in reversed(circuit.data):  # times are counted from the end
        qubits = tuple(circuit.find_bit(q).index for q in i.qubits)
        end = max(ends[q] for q in qubits)
        start = end + times.get((i.operation.name, tuple(place[q] for q in qubits)), 0.0)
        for q in qubits:
            ends[q] = start
        if i.operation.name != "barrier":
            steps.append((i.operation, qubits, start, end))
    state, before = DensityMatrix.from_label("0" * size), dict[int, float]()
    for operation, qubits, start, end in reversed(steps):
        for q in qubits:
            if delays and before.get(q, start) > start:
                state = state.evolve(_delay(snapshot.qubits[q], before[q] - start), [q])
            before[q] = end
        if operation.name != "measure":
            state = state.evolve(operation, list(qubits))
            if (error := errors.get((operation.name, qubits))) is not None:
                state = state.evolve(SuperOp(error), list(qubits))
    tensor = state.probabilities().reshape((2,) * size).transpose()  # qubit 0 first
    for q, one in enumerate(snapshot.qubits):
        read = np.array([[1 - one.p10, one.p01], [one.p10, 1 - one.p01]])
        tensor = np.moveaxis(np.tensordot(read, tensor, (1, q)), 0, q)
    return tensor.reshape(-1)


def _delay(qubit: QubitCalibration, seconds: float) -> SuperOp:
    along, across = math.exp(-seconds / qubit.t1), math.exp(-seconds / min(qubit.t2, 2 * qubit.t1))
    return SuperOp(np.array([[1, 0, 0, 1 - along], [0, across, 0, 0], [0, 0, across, 0], [0, 0, 0, along]]))


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("name", ["chsh", "ghz-5", "example-1-f2", "cascade-ghz2", "two-node-n2"])
def test_idle_noise_is_the_default_and_makes_nothing_better(name):
    with_it, without = (qc.plan(name, target="fake_torino_x8", **how) for how in ({}, {"idle_noise": False}))
    assert (with_it.idle_noise, without.idle_noise) == (True, False)
    assert "no idle noise" not in " ".join(with_it.notes)
    assert "no idle noise" in " ".join(without.notes)
    assert with_it.layout == without.layout
    sign = -1 if "distance" in with_it.figure or "trace" in with_it.figure else 1
    assert sign * with_it.expected <= sign * without.expected + 1e-9


def test_a_run_says_which_model_it_had_and_re_executes_so(runs_dir, capsys):
    path = {}
    for flags in ((), ("--no-idle-noise",)):
        asked = ["run", "chsh", "--target", "fake_torino", *flags, "--shots", "1000", "--seed", "5"]
        assert main([*asked, "--json"]) == 0
        assert json.loads(capsys.readouterr().out).get("idle_noise", False) is not bool(flags)
        path[flags] = qc.load_run("latest").path
    (with_it, without), counts = path.values(), []
    for one in path.values():
        found = read(one)
        target = found.intent["target"]
        assert target["name"] == "fake_torino"
        assert ("idle_noise" in target) is (one == with_it)
        assert ("no idle noise" in target["noise"]) is (one == without)
        assert not qc.verify(one, execute=True).differs
        assert qc.replay(one).record.counts == found.counts
        other = qc.replay(one, target="fake_fez").record.intent["target"]
        assert other.get("idle_noise", False) is (one == with_it)
        counts.append(found.counts)
    assert counts[0] != counts[1]  # of one seed: two models


def test_without_idle_noise_counts_are_those_of_older_versions(runs_dir):
    old = read(Path(__file__).parents[2] / "runs/reference/20261122T100312Z-853e514d-fake_torino")
    spec = spec_from_mapping(old.intent["spec"], "reference")
    how = {"target": "fake_torino", "seed": old.intent["seed"]}
    assert qc.run(spec, **how, idle_noise=False).record.counts == old.counts
    assert qc.run(spec, **how).record.counts != old.counts


WORDS = {
    "plan": ("chsh", "--target"),
    "threshold": ("chsh", "--target"),
    "choose": ("chsh", "--target"),
    "sweep": ("chsh", "--seeds", "1", "--shots", "16", "--targets"),
    "atlas": ("--experiments", "chsh", "--targets"),
}


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("command", WORDS)
def test_every_command_takes_the_choice(command, runs_dir, capsys):
    """Each says which it was, has the lower figures by default, and keeps the names of targets."""
    found = []
    for flags in ((), ("--no-idle-noise",)):
        assert main([command, *WORDS[command], "fake_torino", *flags, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    default, without = found
    if command == "sweep":
        targets = [read(Path(one["points"][0]["run"])).intent["target"] for one in found]
        assert ["idle_noise" in target for target in targets] == [True, False]
        assert default["sweep"] != without["sweep"]
        assert {target["name"] for target in targets} == {"fake_torino"}
        return
    assert (default["idle_noise"], without["idle_noise"]) == (True, False)
    if command == "threshold":
        assert default["factor"]["value"] < without["factor"]["value"]
        assert "no idle noise" in without["noise"]
    elif command == "choose":
        first = [one["candidates"][0] for one in found]
        assert ["--no-idle-noise" in one["command"] for one in first] == [False, True]
        assert {one["target"] for one in first} == {"fake_torino"}
        assert first[0]["expected"] < first[1]["expected"]
    elif command == "atlas":
        assert default["cells"][0]["expected"] < without["cells"][0]["expected"]
    else:
        assert default["expected"] < without["expected"]


def test_a_sweep_that_was_begun_without_idle_noise_goes_on_without():
    """What a sweep asks for is its identity: only idle noise, where there is a noise model, stands in it."""

    def definition(targets: list[str], **how: bool) -> dict[str, object]:
        return Grid.of(["chsh"], targets, (), (), (), {}, **how).definition()

    assert definition(["fake_torino"], idle_noise=False) | {"idle_noise": True} == definition(["fake_torino"])
    assert definition(["aer"]) == definition(["aer"], idle_noise=False)


def test_what_calibration_does_not_state_is_said():
    circuit = QuantumCircuit(2, 1)
    circuit.x(0)
    circuit.cz(0, 1)
    circuit.barrier()
    circuit.measure(0, 0)
    qubits = (QubitCalibration(4, 1e-4, None, 0, 0), QubitCalibration(7, 1e-4, 1e-4, 0, 0))
    gates = (GateCalibration("x", (4,), 1e-8, None), GateCalibration("cz", (4, 7), None, 0.01))
    snapshot = Snapshot("lab", "", "", 9, qubits, gates)
    assert unstated([circuit], snapshot) == ["durations of cz, measure", "T1 or T2 of 4"]
    target = NoiseTarget(replace(snapshot, qubits=qubits[::-1]))
    noise = target.prepare(Program.of([circuit]), (4, 7)).noise
    assert noise.endswith("not stated, so that less decays: durations of cz, measure, T1 or T2 of 4")
    assert "not stated" not in resolve_target("fake_torino").prepare(Program.of([circuit]), ()).noise


def test_large_clifford_circuits_wait_in_pauli_frames():
    circuit = QuantumCircuit(13, 13)
    circuit.h(0)
    for k in range(12):
        circuit.cx(k, k + 1)
    circuit.measure(range(13), range(13))
    found = {}
    for idle_noise in (True, False):
        prepared = resolve_target("fake_torino", idle_noise=idle_noise).prepare(Program.of([circuit]), ())
        simulator = Simulator(prepared.simulated, prepared.settings, prepared.snapshot)
        assert simulator.methods == ["exact:pauli-frames"]
        found[idle_noise] = simulator.probabilities(0, 0)[[0, -1]].sum()
    assert found[True] < found[False] - 0.01


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
    for name in ("fake_torino_x0", "fake_torino", "fake_torino_x4"):
        prepared = resolve_target(name).prepare(program, (0, 1))
        simulator = Simulator(prepared.simulated, prepared.settings, prepared.snapshot)
        lost.append(1 - simulator.probabilities(0, 0)[[0, 3]].sum())
    assert lost == sorted(lost)
    assert "not stated" not in resolve_target("fake_torino_x0").prepare(program, (0, 1)).noise


def test_a_threshold_keeps_what_waits_are_made_of():
    """Readout takes as long where errors are scaled as it does in a run."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure(1, 1)
    circuit.barrier()
    circuit.h(0)
    circuit.measure(0, 0)
    prepared = resolve_target("fake_torino").prepare(Program.of([circuit]), ())
    kept = replace(prepared, snapshot=only_used(prepared.snapshot, prepared.circuits))
    waits = [with_idle_noise(one.circuits, one.snapshot)[0] for one in (prepared, kept)]
    assert waits[0].count_ops()["kraus"] > 0
    assert waits[0] == waits[1]

"""Errors in closed form, and one noisy state measured in many bases, against Aer."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import SuperOp

from qcoord_hw.execution import simulate
from qcoord_hw.execution.last_stage import last_stage, pauli_coefficients
from qcoord_hw.execution.noise import gate_errors
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import fake_chip, resolve_target
from qcoord_hw.execution.transfers import gate_transfers, superop, transfer
from qcoord_hw.families.experiment import Setting


@pytest.mark.parametrize("scale", [0.2, pytest.param(1.0, marks=pytest.mark.slow), 40.0])
@pytest.mark.parametrize("device", ["fake_manila", "fake_sherbrooke"])
def test_errors_in_closed_form_are_those_that_aer_makes(device, scale):
    snapshot = fake_chip(device).scaled(scale).restrict(range(5))
    known, ours = gate_errors(snapshot), gate_transfers(snapshot)
    assert known.keys() == ours.keys()
    for gate, error in known.items():
        exact = SuperOp(error).data
        np.testing.assert_allclose(superop(ours[gate]), exact, atol=1e-12)
        np.testing.assert_allclose(transfer(exact, len(gate[1])), ours[gate], atol=1e-12)


def test_coefficients_are_traces_with_pauli_operators(rng):
    made = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    state = made @ made.conj().T
    paulis = [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
    expected = [np.trace(np.kron(a, b) @ state).real for a in paulis for b in paulis]
    np.testing.assert_allclose(pauli_coefficients(state), expected, atol=1e-12)


def chosen_bases() -> QuantumCircuit:
    """Three qubits, each turned into a basis by two parameters; the bits are read in another order."""
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.ry(0.4, 1)
    circuit.barrier()
    for q in range(3):
        circuit.rz(Parameter(f"a{q}"), q)
        circuit.ry(Parameter(f"b{q}"), q)
    circuit.measure([2, 0, 1], range(3))
    return circuit


def test_many_bases_of_one_state_are_as_each_alone(rng, monkeypatch):
    circuit = chosen_bases()
    program = Program.of([circuit])
    prepared = resolve_target("fake_torino").prepare(program, ())
    settings = [Setting(str(k), 0, tuple(rng.uniform(0, 6, 6)), input=k) for k in range(4)]
    at_once = prepared.simulator(settings)
    found = [at_once.probabilities(k, 0) for k in range(4)]
    counts = at_once.counts(1, 5000, 7)
    monkeypatch.setattr(simulate, "last_stage", lambda *_: None)
    alone = prepared.simulator(settings)
    for k in range(4):
        np.testing.assert_allclose(found[k], alone.probabilities(k, 0), atol=2e-12)
    assert counts == alone.counts(1, 5000, 7)
    bound = bind(prepared.simulated[0], settings[2].values)
    single = Simulator([bound], [Setting("x")], prepared.snapshot).probabilities(0, 0)
    np.testing.assert_allclose(found[2], single, atol=2e-12)


def test_a_parameter_before_a_gate_on_two_qubits_is_no_choice_of_basis():
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("a"), 0)
    circuit.cx(0, 1)
    assert last_stage(circuit, [0, 1], {}) is None
    free = QuantumCircuit(2)
    free.cx(0, 1)
    free.rz(Parameter("a"), 0)
    stages = last_stage(free, [0, 1], {})
    assert stages is not None
    assert not stages.head.parameters
    assert last_stage(QuantumCircuit(11), range(11), {}) is None


def test_shots_decide_between_a_density_matrix_and_trajectories():
    """Twelve qubits that are no Clifford circuit: few shots one by one, many of one density matrix."""
    circuit = QuantumCircuit(12, 12)
    for q in range(11):
        circuit.ry(0.3, q)
        circuit.cx(q, q + 1)
    circuit.measure(range(12), range(12))
    prepared = resolve_target("fake_torino").prepare(Program.of([circuit]), ())
    assert prepared.counted(100).simulator().methods == ["statevector"]
    assert prepared.counted(10_000).simulator().methods == ["exact:density_matrix"]
    assert prepared.simulator().methods == ["exact:density_matrix"]
    older = Simulator(prepared.simulated, prepared.settings, prepared.snapshot, engine=1)
    assert older.methods == ["statevector"]

"""Mechanisms of errors, each scaled alone: against channels that are made here, gate by gate."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SuperOp, average_gate_fidelity
from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error
from qiskit_aer.noise.device import basic_device_gate_errors

from qcoord_hw.execution.mechanisms import MECHANISMS, Factors, at_limit, only_used, scaled_apart
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot

QUBITS = (
    QubitCalibration(3, 1e-4, 8e-5, 0.01, 0.02),
    QubitCalibration(8, 5e-5, 2e-4, 0.03, 0.04),  # T2 beyond 2 T1, as calibrations have it
)
GATES = (
    GateCalibration("cz", (3, 8), 3e-7, 2e-2),
    GateCalibration("cz", (8, 3), 3e-7, 1e-4),  # less than its relaxation
    GateCalibration("sx", (3,), 4e-8, 1e-3),
    GateCalibration("sx", (8,), None, 1e-3),
    GateCalibration("x", (3,), 4e-8, None),
)
SNAPSHOT = Snapshot("d", "1", "", 2, QUBITS, GATES)
FACTORS = [Factors(), Factors(3, 5, 7, 2), *(Factors.of(name, 4.0, 1.0) for name in MECHANISMS)]
FACTORS += [Factors.of(name, factor, 1.0 - factor) for name in MECHANISMS for factor in (0.0, 1.0)]


def relaxation(gate, decay=1.0):
    """Return the channel of a gate's relaxation; the first qubit is the least significant."""
    channel = None
    for q in (one for index in gate.qubits for one in QUBITS if one.index == index):
        t1, t2 = q.t1 / decay if decay else math.inf, min(q.t2, 2 * q.t1) / decay if decay else math.inf
        one = SuperOp(thermal_relaxation_error(t1, t2, gate.duration or 0.0))
        channel = one if channel is None else channel.expand(one)
    return channel


def expected(gate, factors):
    """Return the channel that a gate's errors should be, found from the calibrated infidelity alone."""
    d = 2 ** len(gate.qubits)
    kept, rest = average_gate_fidelity(relaxation(gate)), 0.0
    if gate.error is not None and gate.error > 1 - kept:
        rest = (kept - 1 + gate.error) / (kept - 1 / d)  # mixture of the relaxed and the mixed state
    rest = min(1.0, rest * (factors.one_qubit if d == 2 else factors.two_qubit))
    return SuperOp(depolarizing_error(rest, len(gate.qubits))).compose(relaxation(gate, factors.decay))


@pytest.mark.parametrize("factors", FACTORS)
def test_gates_have_the_channels_of_their_mechanisms(factors):
    scaled = scaled_apart(SNAPSHOT, factors)
    found = {(n, tuple(q)): SuperOp(e) for n, q, e in basic_device_gate_errors(target=scaled.target())}
    places = {3: 0, 8: 1}
    for gate in GATES:
        where = gate.name, tuple(places[q] for q in gate.qubits)
        none = SuperOp(np.eye(4 ** len(gate.qubits)))
        assert np.abs((found.get(where, none) - expected(gate, factors)).data).max() < 1e-9, gate


@pytest.mark.parametrize("factors", FACTORS)
def test_readout_is_a_mechanism_of_its_own(factors):
    for before, after in zip(QUBITS, scaled_apart(SNAPSHOT, factors).qubits, strict=True):
        assert (after.p10, after.p01) == (before.p10 * factors.readout, before.p01 * factors.readout)


def test_errors_end_where_nothing_is_left_and_faulty_gates_stay_faulty():
    for factors in (Factors(two_qubit=1e4), Factors(one_qubit=1e4), Factors(readout=1e4)):
        assert at_limit(scaled_apart(SNAPSHOT, factors)), factors
    for factors in (Factors(), Factors(decay=10.0), Factors(2, 2, 2, 2), Factors(0, 0, 0, 0)):
        assert not at_limit(scaled_apart(SNAPSHOT, factors)), factors
    for x, limited in ((12.0, False), (13.0, True)):  # of .04 to .49
        assert at_limit(SNAPSHOT.scaled(x)) is limited
    faulty = replace(SNAPSHOT, gates=(replace(GATES[0], error=1.0),))
    for factors, error in ((Factors(), 1.0), (Factors(2, 2, 2, 2), 1.0), (Factors(0, 1, 1, 1), None)):
        assert scaled_apart(faulty, factors).gates[0].error == error


def test_what_no_circuit_has_is_without_errors():
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.cz(1, 0)
    kept = only_used(SNAPSHOT, [circuit])
    assert [g.error for g in kept.gates] == [None, 1e-4, None, None, None]
    assert [(q.p10, q.p01) for q in kept.qubits] == [(0.01, 0.02), (0.0, 0.0)]
    assert [g.name for g in kept.gates] == [g.name for g in GATES]

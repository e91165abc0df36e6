"""The fast simulation paths against Aer used plainly, and against exact mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Operator, Statevector
from qiskit_aer import AerSimulator

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution import methods
from qcoord_hw.execution.methods import choose_method
from qcoord_hw.execution.noise import noise_model
from qcoord_hw.execution.parts import split
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import fake_backends, resolve_target


def _simulator(circuits, snapshot):
    return Simulator(circuits, Program.of(circuits).settings, snapshot)


def line(size: int, angle: float = 0.4) -> QuantumCircuit:
    circuit = QuantumCircuit(size, size)
    for q in range(size):
        circuit.ry(angle + q, q)
    for q in range(size - 1):
        circuit.cx(q, q + 1)
    circuit.measure(range(size), range(size))
    return circuit


def random_circuit(rng: np.random.Generator, size: int, gates: int) -> QuantumCircuit:
    circuit = QuantumCircuit(size, size)
    for _ in range(gates):
        circuit.u(*rng.uniform(0, 6, 3), int(rng.integers(size)))
        a, b = rng.choice(size, 2, replace=False)
        circuit.cx(int(a), int(b))
    circuit.measure(rng.permutation(size).tolist(), range(size))
    return circuit


def outcome_probabilities(circuit: QuantumCircuit) -> np.ndarray:
    """Outcome probabilities by state vector, classical bit 0 the most significant."""
    wire = [0] * circuit.num_clbits
    for i in circuit.data:
        if i.operation.name == "measure":
            wire[circuit.find_bit(i.clbits[0]).index] = circuit.find_bit(i.qubits[0]).index
    bare = circuit.remove_final_measurements(inplace=False)
    tensor = Statevector(bare).probabilities(wire).reshape((2,) * len(wire)).transpose()
    return tensor.reshape(-1)


def test_ideal_probabilities_are_exact(rng):
    for _ in range(5):
        circuit = random_circuit(rng, 4, 6)
        simulator = _simulator([circuit], None)
        assert len(split(circuit)) >= 1
        if len(split(circuit)) == 1:
            np.testing.assert_allclose(
                simulator.probabilities(0, 0), outcome_probabilities(circuit), atol=1e-10
            )


def test_parts_give_the_joint_distribution(rng):
    circuit = QuantumCircuit(5, 5)
    circuit.ry(0.7, 0)
    circuit.cx(0, 3)
    circuit.barrier()
    circuit.h(1)
    circuit.cx(1, 4)
    circuit.rx(1.1, 2)
    circuit.measure([4, 3, 2, 1, 0], range(5))
    assert [part.qubits for part in split(circuit)] == [(0, 3), (1, 4), (2,)]
    counts = _simulator([circuit], None).counts(0, 200_000, int(rng.integers(2**32)))
    observed = np.zeros(32)
    for key, number in counts.items():
        observed[int(key, 2)] = number
    expected = outcome_probabilities(circuit) * 200_000
    assert observed[expected < 1e-6].sum() == 0
    kept = expected > 1e-6
    chi = ((observed - expected)[kept] ** 2 / expected[kept]).sum()
    assert chi < 60  # 31 degrees of freedom at most


def test_active_qubits_alone_give_the_counts_of_the_whole_device():
    """The noise model of the used qubits and the one of all qubits: the same counts at the same seed."""
    backend = fake_backends()["fake_manila"]()
    whole = Snapshot.of(backend)
    target = resolve_target("fake_manila")
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    prepared = target.prepare(Program.of([circuit]), (3, 4))
    restricted = Simulator(prepared.circuits, prepared.settings, prepared.snapshot)
    wide = QuantumCircuit(5, 2)
    wide.compose(prepared.circuits[0], [3, 4], [0, 1], inplace=True)
    # Directly on Aer: one model of five qubits, one of two.
    for shots, seed in [(1000, 3), (4096, 11)]:
        plain = []
        for run, snapshot in [(wide, whole), (prepared.circuits[0], prepared.snapshot)]:
            simulator = AerSimulator(method="density_matrix", noise_model=noise_model(snapshot, readout=True))
            plain.append(simulator.run(run, shots=shots, seed_simulator=seed).result().get_counts())
        assert plain[0] == plain[1]
        # And through the package's own path.
        assert restricted.counts(0, shots, seed) == _simulator([wide], whole).counts(0, shots, seed)


def test_exact_noise_path_agrees_with_aer_sampling():
    prepared = resolve_target("fake_torino").prepare(Program.of([line(3)]), ())
    probabilities = Simulator(prepared.circuits, prepared.settings, prepared.snapshot).probabilities(0, 0)
    aer = AerSimulator(method="density_matrix", noise_model=noise_model(prepared.snapshot, readout=True))
    shots = 200_000
    counts = aer.run(prepared.circuits[0], shots=shots, seed_simulator=5).result().get_counts()
    observed = np.array([counts.get(format(i, "03b")[::-1], 0) for i in range(8)])
    expected = probabilities * shots
    assert ((observed - expected) ** 2 / expected).sum() < 30  # 7 degrees of freedom


def test_readout_is_asymmetric():
    """Reading |1> and |0> on a qubit whose two readout errors differ gives the device's own figures."""
    whole = Snapshot.of(fake_backends()["fake_manila"]())
    qubit = max(whole.qubits, key=lambda q: abs(q.p10 - q.p01))
    assert abs(qubit.p10 - qubit.p01) > 0.01
    zero = QuantumCircuit(1, 1)
    zero.measure(0, 0)
    probabilities = _simulator([zero], whole.restrict([qubit.index])).probabilities(0, 0)
    np.testing.assert_allclose(probabilities, [1 - qubit.p10, qubit.p10], atol=1e-9)


def test_circuits_without_a_gate_are_simulated_in_silence(caplog):
    circuit = QuantumCircuit(2, 2)
    circuit.measure([0, 1], [0, 1])
    prepared = resolve_target("fake_manila").prepare(Program.of([circuit]), ())
    found = Simulator(prepared.circuits, prepared.settings, prepared.snapshot).counts(0, 100, 1)
    assert max(found, key=lambda word: found[word]) == "00"
    assert not caplog.records


def test_dynamic_circuits_are_sampled_by_aer():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    simulator = _simulator([circuit], None)
    counts = simulator.counts(0, 1000, 5)
    assert set(counts) == {"00", "11"}
    assert counts == simulator.counts(0, 1000, 5)
    assert sum(counts.values()) == 1000


@pytest.mark.parametrize(
    ("size", "noisy", "method"),
    [
        (3, False, "exact:statevector"),
        (20, False, "exact:statevector"),
        (24, False, "statevector"),
        (35, False, "matrix_product_state"),
        (3, True, "exact:density_matrix"),
        (11, True, "exact:density_matrix"),
        (12, True, "exact:density_matrix"),
        (13, True, "exact:density_matrix"),
        (14, True, "statevector"),
        (20, True, "matrix_product_state"),
    ],
)
def test_method_follows_the_measured_rules(size, noisy, method):
    (part,) = split(line(size))
    assert choose_method(part, noisy=noisy) == method


def test_clifford_circuits_of_any_size_use_the_stabilizer_method():
    circuit = QuantumCircuit(60, 60)
    circuit.h(0)
    for q in range(59):
        circuit.cx(0, q + 1)
    circuit.measure(range(60), range(60))
    counts = _simulator([circuit], None).counts(0, 100, 1)
    assert set(counts) == {"0" * 60, "1" * 60}


def test_too_large_is_refused_with_the_reason():
    circuit = line(18)
    circuit.data = [i for i in circuit.data if i.operation.name != "measure"]
    circuit.cx(0, 9)
    circuit.measure(range(18), range(18))
    prepared = QuantumCircuit(18, 18)
    prepared.compose(circuit, inplace=True)
    (part,) = split(prepared)
    with pytest.raises(TooLargeError, match=r"18 connected qubits with noise; allowed are 16"):
        choose_method(part, noisy=True)


@pytest.mark.slow
def test_mps_agrees_with_the_state_vector(monkeypatch):
    circuit = line(6)
    exact = _simulator([circuit], None).probabilities(0, 0)
    monkeypatch.setattr(methods, "MAX_EXACT_IDEAL", 3)
    monkeypatch.setattr(methods, "MAX_STATEVECTOR", 3)
    sampled = _simulator([circuit], None)
    assert sampled.methods == ["matrix_product_state"]
    counts = sampled.counts(0, 50_000, 2)
    expected = exact * 50_000
    observed = np.array([counts.get(format(i, "06b"), 0) for i in range(64)])
    assert observed[expected < 1e-6].sum() == 0
    kept = expected > 1e-6
    assert ((observed - expected)[kept] ** 2 / expected[kept]).sum() < 110  # 63 degrees of freedom


def test_gates_that_aer_does_not_know_are_unrolled(rng):
    unitary = Operator(random_circuit(rng, 2, 3).remove_final_measurements(inplace=False))
    inner = QuantumCircuit(2, name="block")
    inner.append(UnitaryGate(unitary), [0, 1])
    circuit = QuantumCircuit(2, 2)
    circuit.append(inner.to_gate(), [0, 1])
    circuit.measure([0, 1], [0, 1])
    prepared = resolve_target("aer").prepare(Program.of([circuit]), ())
    simulator = Simulator(prepared.circuits, prepared.settings, None)
    np.testing.assert_allclose(simulator.probabilities(0, 0), outcome_probabilities(circuit), atol=1e-10)

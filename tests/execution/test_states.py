"""Exact output states against linear algebra, with and without noise; gates stay within parties."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix, Operator

import qcoord_hw as qc
from qcoord_hw.execution import run_description, states
from qcoord_hw.execution.run_description import exact_figures
from qcoord_hw.execution.schedule import sampled_plan
from qcoord_hw.execution.states import output_states
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.families.experiment import Setting
from qcoord_hw.network import CASCADE, NetworkCircuit


def random_circuit(rng, n, bits):
    """Return random gates on two groups of qubits, a barrier, and measurements of some qubits."""
    circuit = QuantumCircuit(n, len(bits))
    half = n // 2
    for group in (range(half), range(half, n)):
        for _ in range(6):
            a, b = rng.choice(list(group), 2, replace=False).tolist()
            circuit.ry(float(rng.uniform(0, 3)), a)
            circuit.rz(float(rng.uniform(0, 3)), b)
            circuit.cx(a, b)
    gates = circuit.copy()
    circuit.barrier()
    for bit, qubit in enumerate(bits):
        circuit.h(qubit)
        circuit.measure(qubit, bit)
    return circuit, gates


def reduced(density, n, qubits):
    """Return the state of some qubits, the first the most significant, by summing over the others."""
    tensor = density.reshape((2,) * (2 * n))
    rows = [n - 1 - q for q in range(n)]
    gone = [q for q in range(n) if q not in qubits]
    order = [rows[q] for q in (*qubits, *gone)]
    k = len(qubits)
    tensor = tensor.transpose(order + [n + axis for axis in order]).reshape(2**k, 2 ** (n - k), 2**k, -1)
    return np.einsum("aebe->ab", tensor)


@pytest.mark.parametrize("seed", range(4))
def test_ideal_outputs_of_independent_parts(seed):
    rng = np.random.default_rng(seed)
    circuit, gates = random_circuit(rng, 6, (4, 0, 2))
    vector = Operator(gates).data[:, 0]
    found = output_states([circuit], None)[0].of((2, 0, 1))
    expected = reduced(np.outer(vector, vector.conj()), 6, (2, 4, 0))
    np.testing.assert_allclose(found @ found.conj().T, expected, atol=1e-12)


def test_parts_that_are_not_put_together_give_the_same_figures(monkeypatch, tmp_path):
    def run():
        return qc.run("mac-n2", target="fake_guadalupe", shots=4, seed=1, runs=tmp_path)

    def exact(one):
        return one.record.intent["target"]["exact"]

    together = run()
    monkeypatch.setattr(states, "MAX_OUTPUTS", 1)
    apart = run()
    assert exact(together).keys() >= {"fidelity_exact", "fidelity_exact_all", "trace_norm_exact"}
    assert exact(apart) == {name: pytest.approx(value) for name, value in exact(together).items()}
    monkeypatch.setattr(run_description, "exact_figures", partial(exact_figures, apart=False))
    older = run()  # as by a program that knew no more than states put together
    assert exact(older) == {}
    monkeypatch.undo()
    monkeypatch.setattr(states, "MAX_OUTPUTS", 1)
    assert [qc.verify(one.path).ok for one in (apart, older)] == [True, True]


def test_noisy_outputs_are_those_of_the_compiled_circuit_and_its_gate_errors(monkeypatch):
    net = NetworkCircuit(CASCADE, "pair")
    a, b = net.share_ebits("Alice", "Bob", 1)
    net.barrier()
    net.measure("Alice", a)
    net.measure("Bob", b)
    from qcoord_hw.execution.program import Program

    prepared = resolve_target("fake_torino").prepare(Program.of([net.circuit]), ())
    density = output_states(prepared.circuits, prepared.snapshot)[0].of((0, 1))
    errors = [g.error for g in prepared.snapshot.gates if len(g.qubits) == 2]
    pair = np.array([1, 0, 0, 1]) / np.sqrt(2)
    assert np.trace(density).real == pytest.approx(1)
    assert 1 - 3 * max(errors) < (pair @ density @ pair).real < 1 - min(errors) / 3
    ideal = output_states(resolve_target("aer").prepare(Program.of([net.circuit]), ()).circuits, None)[0]
    branches = ideal.of((0, 1))
    assert abs(pair @ branches[:, 0]) == pytest.approx(1)
    assert DensityMatrix(density).is_valid()
    monkeypatch.setattr(states, "MAX_PART", 1)  # of which no figure could be made
    assert output_states(prepared.circuits, prepared.snapshot) == [None]


def test_a_plan_in_which_chance_draws_the_settings():
    settings = [Setting(f"{c}{b}", c, (float(b),)) for b in range(2) for c in range(3)]
    weights = [0.5, 0.3, 0.2] * 2
    plan = sampled_plan(settings, weights, 1000, 4, 7, "name")
    assert plan == sampled_plan(settings, weights, 1000, 4, 7, "name")
    assert plan != sampled_plan(settings, weights, 1000, 4, 7, "other")
    assert len({chunk.id for chunk in plan}) == len(plan)
    assert {chunk.block for chunk in plan} == set(range(4))
    for basis in range(2):
        shots = [sum(c.shots for c in plan if c.setting == 3 * basis + k) for k in range(3)]
        assert sum(shots) == 3000
        np.testing.assert_allclose(np.array(shots) / 3000, [0.5, 0.3, 0.2], atol=0.05)

"""Circuits of isometries against their matrices, how few gates they take, and pairs that are shared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import Operator

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.families.coordination.cascade.fit import Form, _Model
from qcoord_hw.families.coordination.cascade.maps import embedded, share
from qcoord_hw.families.coordination.local_circuits import isometry
from qcoord_hw.families.coordination.local_circuits.isometry import crossings, synthesise
from qcoord_hw.network import CASCADE, NetworkCircuit


def columns(rng, rows, count):
    return np.linalg.qr(rng.normal(size=(rows, count)) + 1j * rng.normal(size=(rows, count)))[0]


def overlap(circuit, end, inputs, codes):
    """|tr(end^dagger U start)| / r, 1 if the circuit is the isometry up to a common phase."""
    qubits = circuit.num_qubits
    unitary = Operator(circuit.reverse_bits()).data
    start = np.zeros(end.shape)
    for column, code in enumerate(codes):
        word = ["0"] * qubits
        for place, q in enumerate(inputs):
            word[q] = f"{code:0{len(inputs)}b}"[place]
        start[int("".join(word), 2), column] = 1
    return abs(np.trace(end.conj().T @ unitary @ start)) / len(codes)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("qubits", "inputs", "codes", "gates"),
    [
        (1, (0,), (0, 1), 0),
        (2, (), (0,), 1),
        (2, (0,), (0, 1), 2),
        (2, (1, 0), (0, 1, 2, 3), 3),
        (3, (), (0,), 3),
        (3, (2,), (0, 1), 6),
        pytest.param(3, (0, 1), (1, 2, 3), 9, marks=pytest.mark.slow),
    ],
)
def test_generic_isometries_on_a_row(rng, qubits, inputs, codes, gates):
    end = columns(rng, 2**qubits, len(codes))
    circuit = synthesise(end, inputs, codes)
    assert overlap(circuit, end, inputs, codes) == pytest.approx(1)
    assert circuit.count_ops().get("cz", 0) <= gates
    for i in circuit.data:
        where = [circuit.find_bit(q).index for q in i.qubits]
        assert i.operation.name in ("rz", "ry", "cz")
        assert len(where) == 1 or abs(where[0] - where[1]) == 1


def test_special_states_take_fewer_gates():
    vector = np.zeros((16, 1))
    vector[[0, 15]] = 1 / math.sqrt(2)
    assert synthesise(vector).count_ops()["cz"] == 3
    product = np.ones((8, 1)) / math.sqrt(8)
    assert "cz" not in synthesise(product).count_ops()


def test_crossings_from_schmidt_ranks():
    start, end = np.zeros((4, 1)), np.zeros((4, 1))
    start[0], end[[0, 3]] = 1, 1 / math.sqrt(2)
    assert crossings(start, end) == [1]
    assert crossings(start, start) == [0]


def test_the_fit_knows_its_derivatives(rng):
    form = Form(3, ((0, 1), (1, 2)))
    model = _Model(form, columns(rng, 8, 2), columns(rng, 8, 2))
    angles = rng.normal(size=form.size + 1)
    _, slopes = model(angles)
    step = 1e-6 * np.eye(len(angles))
    numerical = [(model(angles + h)[0] - model(angles - h)[0]) / 2e-6 for h in step]
    np.testing.assert_allclose(slopes, np.transpose(numerical), atol=1e-7)


@pytest.mark.slow
def test_above_the_limit_qiskit_synthesises(rng, monkeypatch):
    monkeypatch.setattr(isometry, "MAX_FITTED", 1)
    end = columns(rng, 8, 3)
    circuit = synthesise(end, (2, 0), (1, 2, 3))
    assert overlap(circuit, end, (2, 0), (1, 2, 3)) == pytest.approx(1)


def test_systems_are_embedded_in_qubits():
    tensor = np.arange(6.0).reshape(2, 3)
    wide = embedded(tensor)
    assert wide.shape == (2, 4)
    assert wide[1, 2] == 5
    assert not wide[:, 3].any()


def test_pairs_that_are_shared_count_their_dimension():
    net = NetworkCircuit(CASCADE)
    amplitudes = np.diag([0.6, 0.64, 0.48]).astype(complex)
    first, second = share(net, "Alice", "Bob", amplitudes)
    assert (len(first), len(second)) == (2, 2)
    assert net.usage == {"Alice-Bob": {"ebits": math.log2(3)}}
    assert [net.owner(q) for q in (*first, *second)] == ["Alice"] * 2 + ["Bob"] * 2
    share(net, "Bob", "Charlie", np.eye(2) / math.sqrt(2))
    assert net.usage["Bob-Charlie"] == {"ebits": 1}


def test_pairs_are_refused_where_they_hide_something():
    net = NetworkCircuit(CASCADE)
    entangled = QuantumCircuit(4)
    for k in range(2):
        entangled.h(k)
        entangled.cx(k, k + 2)
    with pytest.raises(InputError, match="Schmidt rank 4; allowed is at most the dimension 3"):
        net.share_pair("Alice", "Bob", entangled, 3)
    with pytest.raises(InputError, match="dimension: 2; allowed are integers from 3 to 4"):
        net.share_pair("Alice", "Bob", entangled, 2)
    with pytest.raises(LocalityError, match="Alice and Charlie cannot share ebits"):
        net.share_pair("Alice", "Charlie", entangled, 4)
    with pytest.raises(InputError, match="3 qubits; allowed are 2, 4, .., 12"):
        net.share_pair("Alice", "Bob", QuantumCircuit(3), 2)
    turned = QuantumCircuit(2)
    turned.ry(Parameter("x"), 0)
    with pytest.raises(LocalityError, match="a shared pair cannot depend on x"):
        net.share_pair("Alice", "Bob", turned, 2)
    assert net.usage == {}
    assert net.wires == ()

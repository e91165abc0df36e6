"""Classical data of parties as parameters, parts in which one hand holds all qubits, and qudits of digits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.library import RXGate, RZGate, XGate

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.network import QUANTUM_BROADCAST, NetworkCircuit, many_to_one


def net() -> NetworkCircuit:
    return NetworkCircuit(many_to_one("A", "B"))


def rotation(angle: object) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    return circuit


# Data


def test_gates_may_depend_on_data_of_their_party_alone():
    mac = net()
    a, b = mac.allocate("A", 2), mac.allocate("B", 1)
    x, y = mac.data("A", "x", 2), mac.data("B", "y", 1)
    assert [p.name for p in [*x, *y]] == ["x[0]", "x[1]", "y[0]"]
    mac.local("A", rotation(x[0] * math.pi + x[1]), [a[0]])
    mac.local("A", RZGate(x[1]), [a[1]])
    mac.local("B", RXGate(y[0]), b)
    before = len(mac.events), len(mac.circuit.data), mac.acts("B")
    mixed = QuantumCircuit(1)
    mixed.rx(0.3, 0)
    mixed.rz(y[0] + x[1], 0)
    phase = QuantumCircuit(1, global_phase=x[0])
    phase.x(0)
    for operation in (rotation(x[0]), RXGate(x[1]), mixed, phase):
        with pytest.raises(LocalityError, match=r"B cannot apply .*x\[\d\] is data of A") as caught:
            mac.local("B", operation, b)
        assert "\n" not in str(caught.value)
    assert (len(mac.events), len(mac.circuit.data), mac.acts("B")) == before
    assert [p.name for p in mac.circuit.parameters] == ["x[0]", "x[1]", "y[0]"]


def test_data_stay_with_their_party_when_qubits_move():
    mac = net()
    a = mac.allocate("A", 1)
    x = mac.data("A", "x", 1)
    mac.send("A", "User", a)
    with pytest.raises(LocalityError, match="x.*is data of A"):
        mac.local("User", RXGate(x[0]), a)
    with pytest.raises(LocalityError, match="not its own"):
        mac.local("A", RXGate(x[0]), a)


def test_conditional_gates_are_no_way_round():
    wide = NetworkCircuit(QUANTUM_BROADCAST)
    a = wide.allocate("Alice", 2)
    x = wide.data("Bob", "x", 1)
    bits = wide.measure("Alice", a[:1])
    with pytest.raises(LocalityError, match=r"Alice cannot apply rx: x\[0\] is data of Bob"):
        wide.local("Alice", rotation(x[0]), a[1:], when=(bits, 1))


@pytest.mark.parametrize("stranger", [Parameter("x[0]"), Parameter("theta")])
def test_parameters_that_are_nobody_s_data_are_refused(stranger):
    mac = net()
    a = mac.allocate("A", 1)
    mac.data("A", "x", 1)
    with pytest.raises(InputError, match="unbound parameter .*allowed are numbers and what `data` returned"):
        mac.local("A", rotation(stranger), a)


def test_data_of_another_protocol_are_refused():
    one, other = net(), net()
    x = other.data("A", "x", 1)
    a = one.allocate("A", 1)
    with pytest.raises(InputError, match="unbound parameter"):
        one.local("A", rotation(x[0]), a)


def test_the_shared_state_is_prepared_before_any_data_are_known():
    """A source that reads a server's data would carry them to the others for nothing."""
    mac = net()
    x = mac.data("A", "x", 1)
    prepare = QuantumCircuit(2)
    prepare.rx(math.pi * x[0], 1)
    with pytest.raises((InputError, LocalityError)):
        mac.share_state(prepare, {"A": 1, "B": 1})
    unbound = QuantumCircuit(2)
    unbound.rx(Parameter("t"), 0)
    with pytest.raises((InputError, LocalityError)):
        mac.share_state(unbound, {"A": 1, "B": 1})


@pytest.mark.parametrize(("party", "name", "count"), [("A", "x", 1), ("B", "x", 2)])
def test_a_name_is_taken_once(party, name, count):
    mac = net()
    mac.data("A", "x", 1)
    with pytest.raises(InputError, match="'x' exists already"):
        mac.data(party, name, count)
    assert len(mac.data(party, "x2", count)) == count


@pytest.mark.parametrize("count", [0, -1, 1.0, True, "1", None, 10_001])
def test_numbers_of_data(count):
    with pytest.raises(InputError, match=r"^count: .*allowed"):
        net().data("A", "x", count)


def test_only_parties_have_data():
    with pytest.raises(LocalityError, match="no party 'C'"):
        net().data("C", "x", 1)


def test_data_are_given_when_the_circuit_runs():
    mac = net()
    shares = mac.share_state(QuantumCircuit(2), {"A": 1, "B": 1})
    for server in "AB":
        x = mac.data(server, f"{server}_x", 1)
        mac.local(server, rotation(math.pi * x[0]), shares[server])
        mac.send(server, "User", shares[server])
    mac.measure("User", shares["A"] + shares["B"])
    circuit = mac.circuit
    for values in ([0, 0], [1, 0], [0, 1], [1, 1]):
        bound = circuit.assign_parameters(dict(zip(circuit.parameters, values, strict=True)))
        angles = [i.operation.params[0] for i in bound.data if i.operation.name == "rx"]
        np.testing.assert_allclose(angles, np.multiply(values, math.pi))


# Where qubits may be moved


def pair() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def test_movable_with_the_source_and_with_the_user():
    mac = net()
    shares = mac.share_state(pair(), {"A": 1, "B": 1})
    for server in "AB":
        mac.local(server, XGate(), shares[server])
    assert mac.movable == (True, False)
    for server in "AB":
        mac.send(server, "User", shares[server])
    mac.local("User", pair().inverse(), shares["A"] + shares["B"])
    mac.measure("User", shares["A"] + shares["B"])
    assert mac.movable == (True, False, True)


def test_a_user_who_has_not_all_qubits_cannot_move_them():
    mac = net()
    shares = mac.share_state(pair(), {"A": 1, "B": 1})
    mac.local("A", XGate(), shares["A"])
    mac.send("A", "User", shares["A"])
    mac.local("User", XGate(), shares["A"])
    mac.measure("User", shares["A"])
    assert mac.movable[0] is True
    assert not any(mac.movable[1:])


def test_one_server_alone_holds_everything():
    mac = NetworkCircuit(many_to_one("A"))
    shares = mac.share_state(pair(), {"A": 2})
    mac.local("A", pair(), shares["A"])
    mac.send("A", "User", shares["A"])
    mac.measure("User", shares["A"])
    assert mac.movable == (True, True, True)


def test_a_state_shared_beside_qubits_of_a_party_is_not_movable():
    mac = net()
    own = mac.allocate("A", 1)
    mac.local("A", XGate(), own)
    mac.share_state(pair(), {"A": 1, "B": 1})
    assert mac.movable[0] is False


def test_many_parties_from_the_start():
    mac = net()
    for server in "AB":
        mac.local(server, XGate(), mac.allocate(server, 1))
    assert mac.movable == (False,)


# Qudits of several digits


@pytest.mark.parametrize(
    ("qubits", "dimension", "digits", "log2_dim"),
    [
        (1, 2, 1, 1.0),
        (2, 2, 2, 2.0),
        (2, 3, 1, math.log2(3)),
        (2, 4, 1, 2.0),
        (4, 3, 2, 2 * math.log2(3)),
        (6, 5, 2, 2 * math.log2(5)),
        (6, 3, 3, 3 * math.log2(3)),
        (6, 2, 6, 6.0),
    ],
)
def test_a_qudit_of_digits_counts_once(qubits, dimension, digits, log2_dim):
    mac = net()
    for server in "AB":
        for _ in range(2):
            mac.send(server, "User", mac.allocate(server, qubits), dimension=dimension, digits=digits)
        used = mac.usage[f"{server}->User"]
        assert used == {"qubits": 2 * qubits, "log2_dim": pytest.approx(2 * log2_dim), "bits": 0, "qudits": 2}


@pytest.mark.parametrize(
    ("qubits", "dimension", "digits", "named"),
    [
        (4, 3, 3, "digits"),
        (4, 3, 0, "digits"),
        (4, 3, -2, "digits"),
        (4, 3, 5, "digits"),
        (4, 3, 2.0, "digits"),
        (4, 3, True, "digits"),
        (4, 9, 2, "dimension"),  # the number of levels of each digit
        (4, 2, 2, "dimension"),
        (4, 5, 2, "dimension"),
        (4, 3, 1, "dimension"),
        (4, 3, 4, "dimension"),
        (4, 3.0, 2, "dimension"),
        (2, 1, 2, "dimension"),
    ],
)
def test_digits_that_do_not_fit_are_refused_without_a_trace(qubits, dimension, digits, named):
    mac = net()
    mine = mac.allocate("A", qubits)
    events = mac.events
    with pytest.raises(InputError, match=rf"^{named}: .*allowed"):
        mac.send("A", "User", mine, dimension=dimension, digits=digits)
    assert mac.usage == {}
    assert mac.events == events
    assert {mac.owner(q) for q in mine} == {"A"}


def test_no_dimension_of_nothing():
    mac = net()
    mine = mac.allocate("A", 1)
    for dimension in (0, -1, 1, False):
        with pytest.raises(InputError, match="^dimension: "):
            mac.send("A", "User", mine, dimension=dimension)
    assert mac.usage == {}

"""Acting on bits that were told: teleportation over a classical link and one ebit, simulated by Aer."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import XGate, ZGate
from qiskit_aer import AerSimulator

from qcoord_hw.errors import LocalityError
from qcoord_hw.network import Link, NetworkCircuit, Topology

PHONE = Topology("phone", ("Alice", "Bob"), (Link("Alice", "Bob", bits=True),), ebits=(("Alice", "Bob"),))


def teleportation(angles: tuple[float, float], told: tuple[str, ...] = ("x", "z")) -> NetworkCircuit:
    """Teleport ry(angles[0]) then rz(angles[1]) of |0>; Bob applies the corrections in `told`."""
    net = NetworkCircuit(PHONE, "teleportation")
    source = net.allocate("Alice", 1, "source")
    first, second = net.share_ebits("Alice", "Bob", 1)
    prepare = QuantumCircuit(1)
    prepare.ry(angles[0], 0)
    prepare.rz(angles[1], 0)
    net.local("Alice", prepare, source)
    bell = QuantumCircuit(2)
    bell.cx(0, 1)
    bell.h(0)
    net.local("Alice", bell, source + first)
    z = net.measure("Alice", source, "z")
    x = net.measure("Alice", first, "x")
    for register, gate in ((x, XGate()), (z, ZGate())):
        if register.name in told:
            net.send_bits("Alice", "Bob", register)
            net.local("Bob", gate, second, when=(register, 1))
    return net


def received(net: NetworkCircuit) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return Bob's density matrix for each outcome of Alice, and how often each occurred."""
    circuit = net.circuit
    bob = [q for q in circuit.qubits if net.owner(q) == "Bob"]
    circuit.save_density_matrix(bob, label="bob", conditional=True)
    result = AerSimulator(method="statevector").run(circuit, shots=200, seed_simulator=1).result()
    states = {int(key, 16): np.asarray(rho) for key, rho in result.data()["bob"].items()}
    counts = {int(key, 16): n for key, n in result.data()["counts"].items()}
    return states, counts


def expected(angles: tuple[float, float]) -> np.ndarray:
    """Return the density matrix of the source by hand."""
    theta, phi = angles
    ket = np.array([np.exp(-0.5j * phi) * np.cos(theta / 2), np.exp(0.5j * phi) * np.sin(theta / 2)])
    return np.outer(ket, ket.conj())


def test_every_outcome_gives_bob_the_state(rng):
    for angles in rng.uniform(0.2, 2.8, (4, 2)):
        states, counts = received(teleportation(tuple(angles)))
        assert sorted(states) == sorted(counts) == [0, 1, 2, 3]
        for rho in states.values():
            np.testing.assert_allclose(rho, expected(tuple(angles)), atol=1e-9)


@pytest.mark.parametrize("told", [(), ("x",), ("z",)])
def test_without_both_bits_bob_does_not_have_it(told, rng):
    """What the corrections are good for: without them Bob holds X and Z errors that depend on the outcome."""
    angles = tuple(rng.uniform(0.4, 1.2, 2))
    states, _ = received(teleportation(angles, told))
    pauli = {"x": np.array([[0, 1], [1, 0]]), "z": np.diag([1, -1])}
    for z, x in itertools.product((0, 1), repeat=2):
        rho = expected(angles)
        if x and "x" not in told:
            rho = pauli["x"] @ rho @ pauli["x"]
        if z and "z" not in told:
            rho = pauli["z"] @ rho @ pauli["z"]
        np.testing.assert_allclose(states[z + 2 * x], rho, atol=1e-9)


def test_usage_is_two_bits_and_one_ebit():
    net = teleportation((0.1, 0.2))
    assert net.usage == {
        "Alice->Bob": {"qubits": 0, "log2_dim": 0.0, "bits": 2},
        "Alice-Bob": {"ebits": 1},
    }


def test_bob_cannot_act_before_he_is_told():
    net = NetworkCircuit(PHONE)
    _, second = net.share_ebits("Alice", "Bob", 1)
    bits = net.measure("Alice", net.allocate("Alice", 1), "m")
    events, instructions = net.events, len(net.circuit.data)
    with pytest.raises(LocalityError, match=r"Bob.*m.*Alice"):
        net.local("Bob", XGate(), second, when=(bits, 1))
    assert (net.events, len(net.circuit.data)) == (events, instructions)
    net.send_bits("Alice", "Bob", bits)
    net.local("Bob", XGate(), second, when=(bits, 1))


def test_qubits_do_not_go_over_the_phone():
    net = NetworkCircuit(PHONE)
    with pytest.raises(LocalityError, match="for qubits"):
        net.send("Alice", "Bob", net.allocate("Alice", 1))


def test_a_condition_on_the_whole_register_s_value():
    """A value above 1 means the register as an integer, bit 0 the lowest."""
    for value in range(4):
        net = NetworkCircuit(PHONE)
        pair = net.allocate("Alice", 2)
        set_ten = QuantumCircuit(2)
        set_ten.x(1)  # bits (0, 1): the integer 2
        net.local("Alice", set_ten, pair)
        bits = net.measure("Alice", pair, "m")
        net.send_bits("Alice", "Bob", bits)
        mine = net.allocate("Bob", 1)
        net.local("Bob", XGate(), mine, when=(bits, value))
        out = net.measure("Bob", mine, "out")
        counts = AerSimulator().run(net.circuit, shots=10).result().get_counts()
        (key,) = counts
        assert key.replace(" ", "")[::-1][net.bits(out)[0]] == str(int(value == 2))

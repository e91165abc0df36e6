"""Every rule of a NetworkCircuit: what it counts, what it refuses, and that a refusal leaves no trace."""

from __future__ import annotations

import contextlib
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from qiskit.circuit import ClassicalRegister, QuantumCircuit, Qubit
from qiskit.circuit.library import CXGate, HGate, XGate

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.network import (
    CASCADE,
    CLASSICAL_BROADCAST,
    NO_COMMUNICATION,
    QUANTUM_BROADCAST,
    TWO_NODE,
    Link,
    NetworkCircuit,
    Topology,
)

FULL = Topology(
    "full",
    ("A", "B", "C"),
    (
        Link("A", "B", qubits=True, bits=True),
        Link("B", "C", qubits=True),
        Link("C", "A", bits=True),
        Link("B", "A", qubits=True),
    ),
    ebits=(("A", "B"), ("B", "C")),
    shared_state=("A", "C"),
    common_randomness=True,
)


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def frozen(net: NetworkCircuit) -> tuple[Any, ...]:
    """Everything that a refused verb must leave as it was."""
    circuit = net.circuit
    data = [
        (
            i.operation.name,
            tuple(circuit.find_bit(q).index for q in i.qubits),
            tuple(circuit.find_bit(c).index for c in i.clbits),
        )
        for i in circuit.data
    ]
    owners = list(net._owner)
    registers = [(r.name, r.size) for r in [*circuit.qregs, *circuit.cregs]]
    knows = {r.name: set(parties) for r, parties in net._knows.items()}
    size = (circuit.num_qubits, circuit.num_clbits, circuit.global_phase)
    return size, registers, data, owners, knows, net.usage, net.events


# What is refused


class World(NamedTuple):
    """A protocol in the middle of its course, on the network FULL."""

    net: NetworkCircuit
    a: list[Qubit]  # a[0] of A, a[1] sent to B, a[2] measured by A
    b: list[Qubit]
    c: list[Qubit]
    known: ClassicalRegister  # to A alone


def world() -> World:
    net = NetworkCircuit(FULL)
    a, b, c = net.allocate("A", 3, "qa"), net.allocate("B", 2, "qb"), net.allocate("C", 2, "qc")
    net.local("A", bell(), a[:2])
    net.send("A", "B", a[1:2])
    known = net.measure("A", a[2:], "known")
    net.share_ebits("A", "B", 1)
    net.common_randomness(4)
    return World(net, a, b, c, known)


def measuring() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


LOCALITY = {
    "allocate: no such party": lambda w: w.net.allocate("Z", 1),
    "local: no such party": lambda w: w.net.local("Z", XGate(), w.a[:1]),
    "local: another's qubit": lambda w: w.net.local("B", XGate(), w.a[:1]),
    "local: two owners": lambda w: w.net.local("A", CXGate(), [w.a[0], w.b[0]]),
    "local: qubit was sent": lambda w: w.net.local("A", XGate(), w.a[1:2]),
    "local: half of it was sent": lambda w: w.net.local("A", bell(), w.a[:2]),
    "local: measured": lambda w: w.net.local("A", XGate(), w.a[2:]),
    "local: one of two measured": lambda w: w.net.local("A", CXGate(), [w.a[0], w.a[2]]),
    "local: foreign qubit": lambda w: w.net.local("A", XGate(), [Qubit()]),
    "local: unknown bits": lambda w: w.net.local("B", XGate(), w.b[:1], when=(w.known, 1)),
    "local: bits of nobody": lambda w: w.net.local(
        "A", XGate(), w.a[:1], when=(ClassicalRegister(1, "no"), 1)
    ),
    "local: known bits, foreign qubit": lambda w: w.net.local("A", XGate(), w.b[:1], when=(w.known, 1)),
    "send: no link": lambda w: w.net.send("A", "C", w.a[:1]),
    "send: link of the other direction": lambda w: w.net.send("C", "B", w.c[:1]),
    "send: classical link": lambda w: w.net.send("C", "A", w.c[:1]),
    "send: to itself": lambda w: w.net.send("A", "A", w.a[:1]),
    "send: no such receiver": lambda w: w.net.send("A", "Z", w.a[:1]),
    "send: not owned": lambda w: w.net.send("A", "B", w.b[:1]),
    "send: one of two not owned": lambda w: w.net.send("A", "B", [w.a[0], w.b[0]]),
    "send: sent already": lambda w: w.net.send("A", "B", w.a[1:2]),
    "send: measured": lambda w: w.net.send("A", "B", w.a[2:]),
    "send: measured, as a qudit": lambda w: w.net.send("A", "B", [w.a[0], w.a[2]], dimension=3),
    "send: foreign qubit": lambda w: w.net.send("A", "B", [Qubit()]),
    "send_bits: quantum-only link": lambda w: w.net.send_bits("B", "C", w.known),
    "send_bits: no link": lambda w: w.net.send_bits("A", "C", w.known),
    "send_bits: unknown to the sender": lambda w: w.net.send_bits("C", "A", w.known),
    "send_message: quantum-only link": lambda w: w.net.send_message("B", ["C"], 2),
    "send_message: one link of two": lambda w: w.net.send_message("A", ["B", "C"], 2),
    "send_message: to itself": lambda w: w.net.send_message("A", ["A"], 2),
    "send_bits: nobody's bits": lambda w: w.net.send_bits("A", "B", ClassicalRegister(1, "no")),
    "measure: no such party": lambda w: w.net.measure("Z", w.a[:1]),
    "measure: not owned": lambda w: w.net.measure("B", w.a[:1]),
    "measure: one of two not owned": lambda w: w.net.measure("A", [w.a[0], w.b[0]]),
    "measure: measured": lambda w: w.net.measure("A", w.a[2:]),
    "measure: sent": lambda w: w.net.measure("A", w.a[1:2]),
    "measure: foreign qubit": lambda w: w.net.measure("A", [Qubit()]),
    "share_ebits: pair not allowed": lambda w: w.net.share_ebits("A", "C", 1),
    "share_ebits: with oneself": lambda w: w.net.share_ebits("A", "A", 1),
    "share_ebits: no such party": lambda w: w.net.share_ebits("A", "Z", 1),
    "share_state: holder not allowed": lambda w: w.net.share_state(bell(), {"A": 1, "B": 1}),
    "share_state: no such party": lambda w: w.net.share_state(bell(), {"A": 1, "Z": 1}),
    "owner: foreign qubit": lambda w: w.net.owner(Qubit()),
    "owner: before allocation": lambda w: w.net.owner(w.c[0], 0),
}

INPUT = {
    "allocate: none": lambda w: w.net.allocate("A", 0),
    "allocate: negative": lambda w: w.net.allocate("A", -1),
    "allocate: a half": lambda w: w.net.allocate("A", 1.5),
    "allocate: true": lambda w: w.net.allocate("A", True),
    "allocate: label taken": lambda w: w.net.allocate("A", 1, "qb"),
    "allocate: label of bits": lambda w: w.net.allocate("A", 1, "known"),
    "local: too few qubits": lambda w: w.net.local("A", CXGate(), w.a[:1]),
    "local: too many qubits": lambda w: w.net.local("A", XGate(), [w.a[0], w.a[0]]),
    "local: a qubit twice": lambda w: w.net.local("A", CXGate(), [w.a[0], w.a[0]]),
    "local: a measurement": lambda w: w.net.local("B", measuring(), w.b),
    "local: value beyond the register": lambda w: w.net.local("A", XGate(), w.a[:1], when=(w.known, 2)),
    "send: a qubit twice": lambda w: w.net.send("A", "B", [w.a[0], w.a[0]]),
    "send: dimension 1": lambda w: w.net.send("A", "B", w.a[:1], dimension=1),
    "send: dimension too large": lambda w: w.net.send("A", "B", w.a[:1], dimension=3),
    "send: dimension no integer": lambda w: w.net.send("B", "C", w.b, dimension=2.5),
    "measure: name taken": lambda w: w.net.measure("A", w.a[:1], "known"),
    "measure: a qubit twice": lambda w: w.net.measure("A", [w.a[0], w.a[0]]),
    "share_ebits: none": lambda w: w.net.share_ebits("A", "B", 0),
    "share_ebits: negative": lambda w: w.net.share_ebits("A", "B", -1),
    "share_ebits: a half": lambda w: w.net.share_ebits("A", "B", 1.5),
    "share_state: sum of holders": lambda w: w.net.share_state(bell(), {"A": 1, "C": 2}),
    "share_state: a holder of nothing": lambda w: w.net.share_state(bell(), {"A": 2, "C": 0}),
    "share_state: a holder of minus one": lambda w: w.net.share_state(bell(), {"A": 3, "C": -1}),
    "share_state: a measurement": lambda w: w.net.share_state(measuring(), {"A": 1, "C": 1}),
    "share_state: a qudit on no qubits": lambda w: w.net.share_state(
        bell(), {"A": 1, "C": 1}, qubits_per_qudit=-2
    ),
    "share_state: half a qudit": lambda w: w.net.share_state(bell(), {"A": 1, "C": 1}, qubits_per_qudit=2),
    "send: more qubits than the dimension needs": lambda w: w.net.send("B", "C", w.b, dimension=2),
    "send_message: to nobody": lambda w: w.net.send_message("A", [], 2),
    "send_message: twice to one": lambda w: w.net.send_message("A", ["B", "B"], 2),
    "send_message: no value": lambda w: w.net.send_message("A", ["B"], 0),
    "send_message: a half": lambda w: w.net.send_message("A", ["B"], 2.5),
    "common_randomness: none": lambda w: w.net.common_randomness(0),
    "common_randomness: two and a half": lambda w: w.net.common_randomness(2.5),
}

REFUSED = [pytest.param(LocalityError, act, id=name) for name, act in LOCALITY.items()] + [
    pytest.param(InputError, act, id=name) for name, act in INPUT.items()
]


@pytest.mark.parametrize(("error", "act"), REFUSED)
def test_refused_by_its_own_error_and_in_one_line(error, act):
    with pytest.raises(error) as caught:
        act(world())
    assert str(caught.value).strip()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("error", "act"), REFUSED)
def test_a_refusal_leaves_nothing_half_written(error, act):
    w = world()
    before = frozen(w.net)
    with contextlib.suppress(Exception):  # whether it is refused, and by what, is the test above
        act(w)
    assert frozen(w.net) == before
    # and the protocol goes on as if nothing had been asked
    (fresh,) = w.net.allocate("C", 1, "fresh")
    assert w.net.owner(fresh) == "C"
    w.net.local("C", HGate(), [fresh])
    assert [w.net.owner(q) for q in w.a + w.b + w.c] == ["A", "B", "A", "B", "B", "C", "C"]


@pytest.mark.parametrize(
    "build",
    [
        lambda net, q: net.common_randomness(2),
        lambda net, q: net.share_ebits("Alice", "Bob", 1),
        lambda net, q: net.share_state(bell(), {"Alice": 1, "Bob": 1}),
        lambda net, q: net.send("Charlie", "Alice", q),
    ],
)
def test_a_network_without_resources_refuses_them(build):
    net = NetworkCircuit(QUANTUM_BROADCAST)
    qubits = net.allocate("Charlie", 1)
    before = frozen(net)
    with pytest.raises(LocalityError, match="quantum-broadcast"):
        build(net, qubits)
    assert frozen(net) == before


def test_no_communication_network_sends_nothing():
    net = NetworkCircuit(NO_COMMUNICATION)
    qubits = {p: net.allocate(p, 1) for p in NO_COMMUNICATION.parties}
    bits = {p: net.measure(p, net.allocate(p, 1)) for p in NO_COMMUNICATION.parties}
    for sender in NO_COMMUNICATION.parties:
        for receiver in NO_COMMUNICATION.parties:
            with pytest.raises(LocalityError):
                net.send(sender, receiver, qubits[sender])
            with pytest.raises(LocalityError):
                net.send_bits(sender, receiver, bits[sender])
    assert net.usage == {}


# What the errors say


def test_a_gate_across_owners_is_told_with_gate_qubits_and_owners():
    w = world()
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cz(0, 1)
    circuit.ry(0.3, 2)
    with pytest.raises(LocalityError) as caught:
        w.net.local("A", circuit, [w.a[0], w.b[1], w.c[0]])
    text = str(caught.value)
    for gate in ("h", "cz", "ry"):
        assert gate in text
    for qubit, owner in (("qa[0]", "A"), ("qb[1]", "B"), ("qc[0]", "C")):
        assert f"{qubit} (owner {owner})" in text


def test_a_sent_qubit_is_told_with_its_new_owner():
    w = world()
    with pytest.raises(LocalityError, match=r"x.*qa\[1\] \(owner B\)"):
        w.net.local("A", XGate(), w.a[1:2])


def test_a_missing_link_is_told_with_the_links_there_are():
    w = world()
    with pytest.raises(LocalityError) as caught:
        w.net.send("A", "C", w.a[:1])
    for word in ("A->C", "'A->B'", "'B->C'", "'B->A'", "qa[0]"):
        assert word in str(caught.value)
    assert "'C->A'" not in str(caught.value)  # it carries bits only


# Measured qubits


def test_reuse_is_the_topology_s_choice():
    for reuse in (False, True):
        net = NetworkCircuit(Topology("lab", ("A",), reuse_measured=reuse))
        q = net.allocate("A", 1)
        net.measure("A", q)
        if reuse:
            net.local("A", XGate(), q)
            net.measure("A", q)
            assert [i.operation.name for i in net.circuit.data] == ["measure", "x", "measure"]
        else:
            for act in (lambda: net.local("A", XGate(), q), lambda: net.measure("A", q)):  # noqa: B023
                with pytest.raises(LocalityError, match="measured"):
                    act()


def test_measured_bit_i_is_the_outcome_of_qubit_i():
    net = NetworkCircuit(FULL)
    q = net.allocate("A", 3)
    net.measure("A", q[:1], "first")
    register = net.measure("A", [q[2], q[1]], "second")
    circuit = net.circuit
    wired = {circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index for i in circuit.data}
    assert net.bits(register) == (1, 2)
    assert [wired[b] for b in net.bits(register)] == [2, 1]


# What is counted


def test_superdense_coding_uses_one_qubit_and_one_ebit_for_two_bits(rng):
    """Counted usage, and the message read off a state vector made of explicit matrices."""
    x, z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
    h = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
    cx = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])  # control is the first factor
    for flip in (0, 1):
        for phase in (0, 1):
            net = NetworkCircuit(CASCADE)
            (mine,), (yours,) = net.share_ebits("Alice", "Bob", 1)
            encode = QuantumCircuit(1)
            if flip:
                encode.x(0)
            if phase:
                encode.z(0)
            net.local("Alice", encode, [mine])
            net.send("Alice", "Bob", [mine])
            decode = QuantumCircuit(2)
            decode.cx(0, 1)
            decode.h(0)
            net.local("Bob", decode, [mine, yours])
            net.measure("Bob", [mine, yours], "message")
            assert net.usage == {
                "Alice-Bob": {"ebits": 1},
                "Alice->Bob": {"qubits": 1, "log2_dim": 1.0, "bits": 0},
            }
            state = np.array([1, 0, 0, 0], dtype=complex)
            one = {"h": h, "x": x, "z": z}
            for i in net.circuit.data:
                where = [net.circuit.find_bit(q).index for q in i.qubits]
                if i.operation.name in one:
                    gate = one[i.operation.name]
                    factors = (gate, np.eye(2)) if where == [0] else (np.eye(2), gate)
                    state = np.kron(*factors) @ state
                elif i.operation.name == "cx":
                    assert where == [0, 1]
                    state = cx @ state
            assert abs(state[2 * phase + flip]) ** 2 == pytest.approx(1)


def test_a_qutrit_is_counted_as_log2_of_3():
    net = NetworkCircuit(CASCADE)
    q = net.allocate("Alice", 5)
    net.send("Alice", "Bob", q[:2], dimension=3)
    assert net.usage == {"Alice->Bob": {"qubits": 2, "log2_dim": math.log2(3), "bits": 0, "qudits": 1}}
    net.send("Alice", "Bob", q[2:4], dimension=4)
    net.send("Alice", "Bob", q[4:])
    net.send("Bob", "Charlie", q[:3])
    assert net.usage["Alice->Bob"]["qubits"] == 5
    assert net.usage["Alice->Bob"]["qudits"] == 2
    assert net.usage["Alice->Bob"]["log2_dim"] == pytest.approx(math.log2(3) + 2 + 1)
    assert net.usage["Bob->Charlie"] == {"qubits": 3, "log2_dim": 3.0, "bits": 0}


def test_sending_nothing_is_not_usage():
    """Absent means 0: a link over which nothing went does not appear."""
    net = NetworkCircuit(CASCADE)
    net.allocate("Alice", 1)
    before = frozen(net)
    with pytest.raises(InputError):
        net.send("Alice", "Bob", [])
    assert frozen(net) == before


def test_common_randomness_is_counted_in_bits():
    net = NetworkCircuit(TWO_NODE)
    net.common_randomness(8)
    assert net.usage == {"common": {"random_bits": pytest.approx(3)}}
    net.common_randomness(3)
    assert net.usage == {"common": {"random_bits": pytest.approx(3 + math.log2(3))}}


def test_a_message_is_counted_on_every_link_it_goes_over():
    net = NetworkCircuit(CLASSICAL_BROADCAST)
    net.send_message("Alice", ["Bob", "Charlie"], 1)
    assert net.usage == {}
    net.send_message("Alice", ["Bob", "Charlie"], 4)
    net.send_message("Alice", ["Charlie"], 3)
    assert net.usage == {
        "Alice->Bob": {"qubits": 0, "log2_dim": 0.0, "bits": 2},
        "Alice->Charlie": {"qubits": 0, "log2_dim": 0.0, "bits": pytest.approx(2 + math.log2(3))},
    }
    assert [(e.kind, e.party, e.to) for e in net.events] == [
        ("bits", "Alice", "Bob"),
        ("bits", "Alice", "Charlie"),
        ("bits", "Alice", "Charlie"),
    ]
    assert net.circuit.num_clbits == 0


def test_bits_are_counted_and_told():
    net = NetworkCircuit(TWO_NODE)
    bits = net.measure("Alice", net.allocate("Alice", 3), "m")
    mine = net.allocate("Bob", 1)
    with pytest.raises(LocalityError, match="m"):
        net.local("Bob", XGate(), mine, when=(bits, 5))
    net.send_bits("Alice", "Bob", bits)
    net.local("Bob", XGate(), mine, when=(bits, 5))
    assert net.usage == {"Alice->Bob": {"qubits": 0, "log2_dim": 0.0, "bits": 3}}
    assert net.owner(mine[0]) == "Bob"


def test_bits_can_be_passed_on_by_those_who_were_told():
    chain = Topology("chain", ("A", "B", "C"), (Link("A", "B", bits=True), Link("B", "C", bits=True)))
    net = NetworkCircuit(chain)
    bits = net.measure("A", net.allocate("A", 1))
    with pytest.raises(LocalityError):
        net.send_bits("B", "C", bits)
    net.send_bits("A", "B", bits)
    theirs = net.allocate("C", 1)
    with pytest.raises(LocalityError, match=r"known to \['A', 'B'\]"):
        net.local("C", XGate(), theirs, when=(bits, 1))
    net.send_bits("B", "C", bits)
    net.local("C", XGate(), theirs, when=(bits, 1))
    assert {key: used["bits"] for key, used in net.usage.items()} == {"A->B": 1, "B->C": 1}


def test_ebits_and_shared_states_are_counted_and_owned():
    net = NetworkCircuit(FULL)
    second, first = net.share_ebits("B", "A", 2)  # asked the other way round
    net.share_ebits("A", "B", 1)
    net.share_ebits("C", "B", 4)
    assert [net.owner(q) for q in second + first] == ["B", "B", "A", "A"]
    given = net.share_state(bell(), {"C": 1, "A": 1})
    assert {p: [net.owner(q) for q in qs] for p, qs in given.items()} == {"C": ["C"], "A": ["A"]}
    net.share_state(bell(), {"A": 2}, qubits_per_qudit=2)
    assert net.usage == {"A-B": {"ebits": 3}, "B-C": {"ebits": 4}, "shared": {"qudits": 3}}


def test_ebits_are_bell_pairs_pair_by_pair():
    net = NetworkCircuit(FULL)
    first, second = net.share_ebits("A", "B", 2)
    circuit = net.circuit
    place = {q: i for i, q in enumerate(circuit.qubits)}
    gates = [(i.operation.name, [place[q] for q in i.qubits]) for i in circuit.data]
    for mine, yours in zip(first, second, strict=True):
        on_pair = [g for g in gates if g[0] != "barrier" and set(g[1]) & {place[mine], place[yours]}]
        assert on_pair == [("h", [place[mine]]), ("cx", [place[mine], place[yours]])]


def test_what_is_read_cannot_change_the_protocol():
    w = world()
    before = frozen(w.net)
    w.net.usage["A->B"]["qubits"] = 0
    w.net.usage.clear()
    w.net.circuit.x(0)
    assert frozen(w.net) == before


# Random protocols: owners and barriers


class Trace(NamedTuple):
    """A random protocol with an account of it that was kept apart."""

    net: NetworkCircuit
    owners: list[tuple[int, dict[int, str]]]  # (number of events, owner of each qubit) after each act
    acts: list[tuple[int, int, str, int]]  # instructions start to stop, who acted, qubits by then


def random_protocol(rng: np.random.Generator, steps: int = 60) -> Trace:
    """Run a random course of allowed acts on FULL, and keep our own account of owners and actors."""
    net = NetworkCircuit(FULL)
    owner: dict[int, str] = {}
    spent: set[int] = set()
    qubits: list[Qubit] = []
    trace = Trace(net, [], [])

    def free(party: str) -> list[int]:
        return [i for i, p in owner.items() if p == party and i not in spent]

    for _ in range(steps):
        start = len(net.circuit.data)
        party = str(rng.choice(["A", "B", "C"]))
        actor = party
        verbs = ["allocate", "local", "send", "measure", "ebits", "state"]
        verb = str(rng.choice(verbs, p=[0.1, 0.4, 0.3, 0.1, 0.05, 0.05]))
        mine = [int(i) for i in rng.permutation(free(party))]
        if verb == "allocate":
            new = net.allocate(party, int(rng.integers(1, 3)))
            owner |= {len(qubits) + i: party for i in range(len(new))}
            qubits += new
        elif verb == "local" and len(mine) > 1:
            circuit = bell()
            circuit.ry(0.1, 0)
            net.local(party, circuit, [qubits[i] for i in mine[:2]])
        elif verb == "send" and mine:
            receivers = {"A": "B", "B": str(rng.choice(["A", "C"]))}
            if party not in receivers:
                continue
            chosen = mine[: int(rng.integers(1, 3))]
            net.send(party, receivers[party], [qubits[i] for i in chosen])
            owner |= dict.fromkeys(chosen, receivers[party])
        elif verb == "measure" and mine:
            net.measure(party, [qubits[mine[0]]])
            spent.add(mine[0])
        elif verb == "ebits":
            first, second = net.share_ebits("B", "C", 1)
            owner |= {len(qubits): "B", len(qubits) + 1: "C"}
            qubits += first + second
            actor = "source"
        elif verb == "state":
            given = net.share_state(bell(), {"C": 1, "A": 1})
            owner |= {len(qubits): "C", len(qubits) + 1: "A"}
            qubits += given["C"] + given["A"]
            actor = "source"
        trace.owners.append((len(net.events), dict(owner)))
        trace.acts.append((start, len(net.circuit.data), actor, len(qubits)))
    return trace


def test_owner_at_every_step_is_what_happened(rng):
    sends = 0
    for _ in range(5):
        net, owners, _ = random_protocol(rng)
        qubits = net.circuit.qubits
        for step, expected in owners:
            for index, party in expected.items():
                assert net.owner(qubits[index], step) == party
            for index in range(len(expected), len(qubits)):
                with pytest.raises(LocalityError):
                    net.owner(qubits[index], step)
        assert [net.owner(q) for q in qubits] == [owners[-1][1][i] for i in range(len(qubits))]
        sends += sum(event.kind == "send" for event in net.events)
    assert sends > 20


def test_owner_at_every_event_is_a_replay_of_the_events(rng):
    net, _, _ = random_protocol(rng)
    qubits = net.circuit.qubits
    owner: dict[int, str] = {}
    for step, event in enumerate(net.events, start=1):
        if event.kind == "allocate":
            owner |= dict.fromkeys(event.qubits, event.party)
        if event.kind == "share":
            owner |= dict(zip(event.qubits, event.owners, strict=True))
        if event.kind in ("gate", "measure"):
            assert {owner[q] for q in event.qubits} == {event.party}
        if event.kind == "send":
            assert {owner[q] for q in event.qubits} == {event.party}
            owner |= dict.fromkeys(event.qubits, event.to)
        assert {i: net.owner(qubits[i], step) for i in owner} == owner


def test_events_tell_every_instruction_of_the_circuit(rng):
    instructions = 0
    for _ in range(5):
        net, _, _ = random_protocol(rng)
        told: list[tuple[str, tuple[int, ...]]] = []
        for event in net.events:
            if event.kind == "share":  # every resource in these protocols is one Bell pair
                told += [("h", event.qubits[:1]), ("cx", event.qubits)]
            elif event.kind in ("gate", "measure", "barrier"):
                name = (
                    event.name.partition("(")[0] if event.kind == "gate" else event.kind
                )  # ry(pi/2) is an ry
                told.append((name, event.qubits))
        circuit = net.circuit
        found = [(i.operation.name, tuple(circuit.find_bit(q).index for q in i.qubits)) for i in circuit.data]
        assert found == told
        instructions += len(found)
    assert instructions > 100


def test_a_full_barrier_parts_two_parties_on_every_qubit(rng):
    met = 0
    for _ in range(5):
        net, _, acts = random_protocol(rng)
        circuit = net.circuit
        last: dict[int, tuple[int, str]] = {}  # of each qubit: its last instruction, and who applied it
        barrier = -1
        for start, stop, actor, allocated in acts:
            for k in range(start, stop):
                i = circuit.data[k]
                where = [circuit.find_bit(q).index for q in i.qubits]
                if i.operation.name == "barrier":
                    barrier = k if sorted(where) == list(range(allocated)) else barrier
                    continue
                for w in where:
                    if w in last and last[w][1] != actor:
                        met += 1
                        assert last[w][0] < barrier < k, f"qubit {w}: {last[w][1]}, then {actor}"
                    last[w] = (k, actor)
    assert met > 20


def test_a_barrier_stands_after_a_resource_even_if_nothing_is_sent():
    net = NetworkCircuit(FULL)
    (mine,), _ = net.share_ebits("A", "B", 1)
    net.local("A", HGate(), [mine])
    assert [i.operation.name for i in net.circuit.data] == ["h", "cx", "barrier", "h"]
    assert len(net.circuit.data[2].qubits) == 2


def test_a_barrier_over_fewer_qubits_than_there_are_now_is_not_enough():
    net = NetworkCircuit(FULL)
    first = net.allocate("A", 1)
    net.local("A", HGate(), first)
    net.barrier()
    second = net.allocate("A", 1)
    net.send("A", "B", second)
    assert [len(i.qubits) for i in net.circuit.data] == [1, 1, 2]
    net.send("A", "B", first)  # nothing happened in between: the barrier that stands is enough
    assert [i.operation.name for i in net.circuit.data] == ["h", "barrier", "barrier"]

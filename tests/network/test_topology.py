"""The named networks are those of the papers, and a topology names only parties that it has."""

from __future__ import annotations

import json

import pytest

from qcoord_hw import network
from qcoord_hw.errors import InputError
from qcoord_hw.network import Link, Topology, many_to_one, one_to_many

# From the papers: [NatorPereg] definitions of Sections III-A (classical F: X^n x [2^nR0] -> [2^nR1]),
# Figure 2 (the same with qubits), III-B (three encoders of m0), III-C, IV-A (Definition 3), IV-B
# (Definition 5), IV-C (Definition 7);
# [Hu2025] Figure 1 and Section II (entanglement distribution, encoding, transmission to the user).
# Name: (parties, quantum links, classical links, ebits between, holders of a shared state, randomness)
PAPERS = {
    "TWO_NODE": ("two-node", "Alice Bob", "", "Alice>Bob", "", "", True),
    "TWO_NODE_QUBITS": ("two-node", "Alice Bob", "Alice>Bob", "", "", "", False),
    "NO_COMMUNICATION": ("no-communication", "Alice Bob Charlie", "", "", "", "", True),
    "CLASSICAL_BROADCAST": (
        "classical-broadcast",
        "Alice Bob Charlie",
        "",
        "Alice>Bob Alice>Charlie",
        "",
        "",
        True,
    ),
    "CASCADE": (
        "cascade",
        "Alice Bob Charlie",
        "Alice>Bob Bob>Charlie",
        "",
        "Alice-Bob Bob-Charlie",
        "",
        False,
    ),
    "QUANTUM_BROADCAST": (
        "quantum-broadcast",
        "Alice Bob Charlie",
        "Alice>Bob Alice>Charlie",
        "",
        "",
        "",
        False,
    ),
    "MULTIPLE_ACCESS": (
        "multiple-access",
        "Alice Bob Charlie",
        "Alice>Charlie Bob>Charlie",
        "",
        "",
        "",
        False,
    ),
    "MANY_TO_ONE": (
        "many-to-one",
        "A B C D User",
        "A>User B>User C>User D>User",
        "",
        "",
        "A B C D",
        False,
    ),
}


@pytest.mark.parametrize("constant", PAPERS)
def test_named_network_is_the_paper_s(constant):
    name, parties, quantum, classical, ebits, holders, randomness = PAPERS[constant]
    net = getattr(network, constant)
    assert net.name == name
    assert net.parties == tuple(parties.split())
    assert {f"{k.sender}>{k.receiver}" for k in net.links if k.qubits} == set(quantum.split())
    assert {f"{k.sender}>{k.receiver}" for k in net.links if k.bits} == set(classical.split())
    assert len(net.links) == len(quantum.split()) + len(classical.split())
    assert {"-".join(pair) for pair in net.ebits} == set(ebits.split())
    assert set(net.shared_state) == set(holders.split())
    assert net.common_randomness is randomness
    assert net.reuse_measured is False


def test_every_network_that_the_package_names_is_checked():
    named = {key for key, value in vars(network).items() if isinstance(value, Topology)}
    assert named == {*PAPERS, "ONE_TO_MANY"}


def test_families_of_networks():
    net = one_to_many("B", "C", sender="S")
    assert net.parties == ("S", "B", "C")
    assert net.links == (Link("S", "B", qubits=True), Link("S", "C", qubits=True))
    assert (net.ebits, net.shared_state, net.common_randomness) == ((), (), False)
    net = many_to_one("s1", "s2", user="u")
    assert net.parties == ("s1", "s2", "u")
    assert net.links == (Link("s1", "u", qubits=True), Link("s2", "u", qubits=True))
    assert net.shared_state == ("s1", "s2")  # the user holds no part before the transmission


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"parties": ()}, "parties"),
        ({"parties": ("A", "A")}, "parties"),
        ({"parties": ("A", "B"), "links": (Link("A", "Z", qubits=True),)}, "Z"),
        ({"parties": ("A", "B"), "links": (Link("Z", "A", bits=True),)}, "Z"),
        ({"parties": ("A", "B"), "ebits": (("A", "Z"),)}, "Z"),
        ({"parties": ("A", "B"), "shared_state": ("Z",)}, "Z"),
        # A party that is linked or entangled with itself, and two links where the second is never found:
        ({"parties": ("A", "B"), "links": (Link("A", "A", qubits=True),)}, "A"),
        ({"parties": ("A", "B"), "ebits": (("A", "A"),)}, "A"),
        ({"parties": ("A", "B"), "links": (Link("A", "B", qubits=True), Link("A", "B", bits=True))}, "A->B"),
    ],
)
def test_impossible_networks_are_refused(fields, named):
    with pytest.raises(InputError, match=named):
        Topology("odd", **fields)


def test_link_is_directed():
    net = Topology("one-way", ("A", "B"), (Link("A", "B", qubits=True),))
    assert net.link("A", "B") is net.links[0]
    assert net.link("B", "A") is None


def test_what_a_record_keeps_is_plain_and_complete():
    links = (Link("A", "B", True, True), Link("B", "A", True, False), Link("A", "C", False, True))
    net = Topology("n", ("A", "B", "C"), links, (("A", "C"),), ("B",), True)
    kept = json.loads(json.dumps(net.to_json()))
    assert kept["parties"] == ["A", "B", "C"]
    assert kept["ebits"] == [["A", "C"]]
    assert kept["shared_state"] == ["B"]
    assert kept["common_randomness"] is True
    carries = {(k["from"], k["to"]): k["carries"] for k in kept["links"]}
    assert carries == {("A", "B"): "qubits and bits", ("B", "A"): "qubits", ("A", "C"): "bits"}

"""Networks: the parties, the directed links with what each may carry, and the shared resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qcoord_hw.errors import InputError


@dataclass(frozen=True)
class Link:
    """A directed link.

    Attributes:
        sender: who sends.
        receiver: who receives.
        qubits: whether it carries qubits.
        bits: whether it carries classical bits.
    """

    sender: str
    receiver: str
    qubits: bool = False
    bits: bool = False

    def __str__(self) -> str:
        """Return `sender->receiver`, the key under which usage is counted."""
        return f"{self.sender}->{self.receiver}"


@dataclass(frozen=True)
class Topology:
    """A network.

    Attributes:
        name: the network's name.
        parties: the parties, in order.
        links: the directed links.
        ebits: pairs of parties that may share ebits before the protocol starts.
        shared_state: parties that may hold parts of one shared entangled state; empty if none may.
        common_randomness: whether all parties share random bits.
        reuse_measured: whether a party may act on a qubit that it has measured.
        relay: the party between the others, which carries all that is sent or shared; empty for none.
    """

    name: str
    parties: tuple[str, ...]
    links: tuple[Link, ...] = ()
    ebits: tuple[tuple[str, str], ...] = ()
    shared_state: tuple[str, ...] = ()
    common_randomness: bool = False
    reuse_measured: bool = False
    relay: str = ""

    def __post_init__(self) -> None:
        """Check that links and resources join distinct parties of the network, each link once.

        Raises:
            InputError: naming the party or the link.
        """
        if len(set(self.parties)) != len(self.parties) or not self.parties:
            raise InputError(f"parties: {self.parties}; allowed are one or more distinct names")
        pairs = [(link.sender, link.receiver) for link in self.links] + list(self.ebits)
        if alone := [first for first, second in pairs if first == second]:
            raise InputError(f"topology {self.name!r}: {alone[0]} linked or entangled with itself")
        keys = [str(link) for link in self.links]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise InputError(f"topology {self.name!r}: link {twice[0]} stands there twice; allowed is once")
        named = [p for link in self.links for p in (link.sender, link.receiver)]
        named += [p for pair in self.ebits for p in pair] + list(self.shared_state)
        named += [self.relay] if self.relay else []
        for party in named:
            if party not in self.parties:
                raise InputError(f"topology {self.name!r}: no party {party!r}; parties: {list(self.parties)}")

    def link(self, sender: str, receiver: str) -> Link | None:
        """Return the link from `sender` to `receiver`, or None."""
        return next((k for k in self.links if (k.sender, k.receiver) == (sender, receiver)), None)

    def to_json(self) -> dict[str, Any]:
        """Return name, parties and links as plain values (what a record keeps)."""
        carries = {(True, True): "qubits and bits", (True, False): "qubits", (False, True): "bits"}
        return {
            "name": self.name,
            "parties": list(self.parties),
            "links": [
                {"from": k.sender, "to": k.receiver, "carries": carries.get((k.qubits, k.bits), "nothing")}
                for k in self.links
            ],
            "ebits": [list(pair) for pair in self.ebits],
            "shared_state": list(self.shared_state),
            "common_randomness": self.common_randomness,
        } | ({"relay": self.relay} if self.relay else {})


def one_to_many(*receivers: str, sender: str = "Alice") -> Topology:
    """Return the network in which a sender has a quantum link to each receiver.

    >>> [str(link) for link in one_to_many("Bob", "Charlie", "Dave").links]
    ['Alice->Bob', 'Alice->Charlie', 'Alice->Dave']
    """
    links = tuple(Link(sender, receiver, qubits=True) for receiver in receivers)
    return Topology("one-to-many", (sender, *receivers), links)


def many_to_one(*servers: str, user: str = "User") -> Topology:
    """Return the quantum multiple-access network of [Hu2025]: servers share a state and send to one user.

    >>> many_to_one("A", "B").shared_state
    ('A', 'B')
    """
    links = tuple(Link(server, user, qubits=True) for server in servers)
    return Topology("many-to-one", (*servers, user), links, shared_state=servers)


_ABC = ("Alice", "Bob", "Charlie")

TWO_NODE = Topology("two-node", _ABC[:2], (Link("Alice", "Bob", bits=True),), common_randomness=True)
"""[NatorPereg] Section III-A: Alice sends classical bits to Bob, with common randomness."""

TWO_NODE_QUBITS = Topology("two-node", _ABC[:2], (Link("Alice", "Bob", qubits=True),))
"""[NatorPereg] Figure 2: Alice sends qubits to Bob."""

NO_COMMUNICATION = Topology("no-communication", _ABC, common_randomness=True)
"""[NatorPereg] Section III-B: three parties with common randomness and no link."""

CLASSICAL_BROADCAST = Topology(
    "classical-broadcast",
    _ABC,
    (Link("Alice", "Bob", bits=True), Link("Alice", "Charlie", bits=True)),
    common_randomness=True,
)
"""[NatorPereg] Section III-C: Alice sends the same classical message to Bob and Charlie."""

CASCADE = Topology(
    "cascade",
    _ABC,
    (Link("Alice", "Bob", qubits=True), Link("Bob", "Charlie", qubits=True)),
    ebits=(("Alice", "Bob"), ("Bob", "Charlie")),
)
"""[NatorPereg] Section IV-A: quantum links Alice to Bob to Charlie, ebits between neighbours."""

QUANTUM_BROADCAST = Topology(
    "quantum-broadcast",
    _ABC,
    (Link("Alice", "Bob", qubits=True), Link("Alice", "Charlie", qubits=True)),
)
"""[NatorPereg] Section IV-B: Alice sends qubits to Bob and to Charlie, who have side information."""

MULTIPLE_ACCESS = Topology(
    "multiple-access",
    _ABC,
    (Link("Alice", "Charlie", qubits=True), Link("Bob", "Charlie", qubits=True)),
)
"""[NatorPereg] Section IV-C: Alice and Bob each send qubits to Charlie."""

ONE_TO_MANY = one_to_many("Bob", "Charlie", "Dave")
"""The quantum broadcast network with three receivers; `one_to_many` makes others."""

MANY_TO_ONE = many_to_one("A", "B", "C", "D")
"""[Hu2025] Figure 1: four servers with a shared state, one user; `many_to_one` makes others."""

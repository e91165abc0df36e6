"""Protocols at a distance: every qubit that is sent or shared crosses a line of relay qubits on its way.

The relay qubits are those of one more party, the link. By `swap` it passes a qubit from one to the next by
SWAP gates. By `swapping` the line is one of CZ gates, an X measurement of every qubit that is left behind,
and Pauli gates at the end that hang on the outcomes: entanglement swapping along a line, or one-bit
teleportation hop by hop [ZhouLeungChuang2000]. `post-processed` is the same without these gates; what the
outcomes say is left to the analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from qiskit.circuit import ClassicalRegister, Parameter, QuantumCircuit, Qubit
from qiskit.circuit.library import CZGate, HGate, SwapGate, XGate, ZGate

from qcoord_hw.errors import InputError
from qcoord_hw.network.circuit import NetworkCircuit, Verb
from qcoord_hw.network.topology import Link, Topology

LINK = "link"
"""The party that owns the relay qubits."""

SWAP, SWAPPING, POST_PROCESSED = TRANSPORTS = ("swap", "swapping", "post-processed")


@dataclass(frozen=True)
class Relays:
    """What lies between parties.

    Attributes:
        distance: relay qubits between the two ends of a way: from a sender with one receiver to that one;
            between two receivers of one sender, or of one source, which stands in the middle.
        transport: `swap`, `swapping` or `post-processed`.
    """

    distance: int
    transport: str = SWAP

    def arm(self, place: int) -> int:
        """Return how many relay qubits are crossed from the middle to the receiver of that number."""
        return (self.distance + place % 2) // 2


@dataclass(frozen=True)
class Left:
    """What a link leaves on a qubit that it does not correct: an X, a Z or both, as sums of bits say.

    Attributes:
        qubit: index in the circuit without the link.
        x: indices of classical bits of the circuit with the link; an X is left where their sum is odd.
        z: the same of a Z.
    """

    qubit: int
    x: tuple[int, ...]
    z: tuple[int, ...]


def with_relays(net: NetworkCircuit, relays: Relays) -> tuple[NetworkCircuit, tuple[Left, ...]]:
    """Return a protocol in which all that is sent or shared crosses relay qubits, and what that leaves.

    What it leaves is told of each qubit that crosses, in order, where it is not corrected.

    Everything else is told to the new protocol as it was to the old one, qubit by qubit.

    Args:
        net: a protocol without relays.
        relays: how many, and how they are crossed.

    Raises:
        InputError: when it sends and shares nothing, or has a party of the link's name.
    """
    topology = net.topology
    moving = ("send", "share_ebits", "share_pair", "share_state")
    if not any(verb.name in moving for verb in net.verbs):
        raise InputError(
            f"distance: {relays.distance}; allowed where qubits are sent or shared, here none is"
        )
    if LINK in topology.parties:
        raise InputError(f"distance: {relays.distance}; allowed in networks without a party {LINK!r}")
    teller = _Teller(net, NetworkCircuit(_relayed(topology), net.circuit.name), relays)
    return teller.told(), tuple(teller.left)


def _relayed(topology: Topology) -> Topology:
    """Return a network with the link between its parties, which may tell them what it measured."""
    receivers = [link.receiver for link in topology.links if link.qubits]
    receivers += [party for pair in topology.ebits for party in pair] + list(topology.shared_state)
    told = tuple(Link(LINK, receiver, bits=True) for receiver in dict.fromkeys(receivers))
    return replace(topology, parties=(*topology.parties, LINK), links=(*topology.links, *told), relay=LINK)


@dataclass(frozen=True)
class _Way:
    """One qubit on its way.

    Attributes:
        handle: the qubit of the old protocol.
        key: under which the way is counted.
        receiver: for whom it is.
        hops: how many relay qubits it crosses.
    """

    handle: Qubit
    key: str
    receiver: str
    hops: int


class _Teller:
    """Tells a protocol, verb by verb, to a network with relays."""

    def __init__(self, net: NetworkCircuit, to: NetworkCircuit, relays: Relays) -> None:
        self._net, self._to, self._relays = net, to, relays
        self._at: dict[Qubit, Qubit] = {}  # qubit of the old protocol -> where its state is
        self._registers: dict[ClassicalRegister, ClassicalRegister] = {}
        self._data: dict[Parameter, Parameter] = {}
        self.left: list[Left] = []

    def told(self) -> NetworkCircuit:
        sends: list[Verb] = []
        for verb in self._net.verbs:
            if verb.name == "send":
                sends.append(verb)  # what is sent together crosses together
                continue
            self._send(sends)
            sends = []
            made = getattr(self._to, verb.name)(
                *map(self._here, verb.arguments), **{k: self._here(v) for k, v in verb.options.items()}
            )
            self._keep(verb.returned, made)
            if verb.name.startswith("share_"):
                self._cross(self._shared(verb))
        self._send(sends)
        return self._to

    def _here(self, value: Any) -> Any:
        """Return what stands in the new protocol for an argument of the old one."""
        match value:
            case Qubit():
                return self._at[value]
            case ClassicalRegister():
                return self._registers[value]
            case QuantumCircuit() if value.parameters:
                return value.assign_parameters({one: self._data[one] for one in value.parameters})
            case tuple() | list():
                return type(value)(map(self._here, value))
        if getattr(value, "params", None) and any(isinstance(one, Parameter) for one in value.params):
            gate = QuantumCircuit(value.num_qubits)
            gate.append(value, gate.qubits)
            return self._here(gate)
        return value

    def _keep(self, before: Any, now: Any) -> None:
        """Remember what stands for what a verb returned."""
        match before:
            case Qubit():
                self._at[before] = now
            case ClassicalRegister():
                self._registers[before] = now
            case Parameter():
                self._data[before] = now
            case dict():
                self._keep(list(before.values()), list(now.values()))
            case None | int() | float() | str():
                pass
            case _:
                for one, other in zip(before, now, strict=True):
                    self._keep(one, other)

    def _send(self, verbs: Sequence[Verb]) -> None:
        ways = []
        for verb in verbs:
            sender, receiver, qubits = _stated(verb, "sender", "receiver", "qubits")
            handles = [qubits] if isinstance(qubits, Qubit) else list(qubits)
            to = [k.receiver for k in self._net.topology.links if k.sender == sender and k.qubits]
            hops = self._relays.distance if len(to) == 1 else self._relays.arm(to.index(receiver))
            ways += [_Way(handle, f"{sender}->{receiver}", receiver, hops) for handle in handles]
            self._to.send(
                *map(self._here, verb.arguments), **{k: self._here(v) for k, v in verb.options.items()}
            )
        self._cross(ways)

    def _shared(self, verb: Verb) -> list[_Way]:
        """Return the ways from a source to those among whom a state is shared."""
        if verb.name == "share_state":
            key, given = "shared", list(verb.returned.items())
        else:
            parties = _stated(verb, "first", "second")
            key = next("-".join(p) for p in self._net.topology.ebits if set(p) == set(parties))
            given = list(zip(parties, verb.returned, strict=True))
        return [
            _Way(handle, key, party, self._relays.arm(place))
            for place, (party, handles) in enumerate(given)
            for handle in handles
        ]

    def _cross(self, ways: Sequence[_Way]) -> None:
        """Let the link carry qubits that it was given, each over its own relay qubits, and deliver them."""
        if not ways:
            return
        lines = []
        for way in ways:
            relays = self._to.allocate(LINK, way.hops) if way.hops else []
            lines.append([self._at[way.handle], *relays])
        for line in lines:
            if self._relays.transport != SWAP:
                for relay in line[1:]:
                    self._to.local(LINK, HGate(), [relay])
            for here, there in zip(line, line[1:], strict=False):
                if self._relays.transport == SWAP:
                    self._to.local(LINK, SwapGate(), [here, there])
                else:
                    self._to.local(LINK, CZGate(), [here, there])
                    self._to.local(LINK, HGate(), [here])
        found: list[list[ClassicalRegister]] = [[] for _ in ways]
        if self._relays.transport != SWAP:
            found = [[self._to.measure(LINK, [q]) for q in line[:-1]] for line in lines]
        for way, line in zip(ways, lines, strict=True):
            self._to.deliver(way.key, way.receiver, [line[-1]])
            self._at[way.handle] = line[-1]
        for way, line, bits in zip(ways, lines, found, strict=True):
            if self._relays.transport == POST_PROCESSED:
                self._leave(way, line[-1], bits)
            else:
                self._correct(way, line[-1], bits)

    def _correct(self, way: _Way, qubit: Qubit, bits: Sequence[ClassicalRegister]) -> None:
        """Let a receiver undo what the outcomes say: hop j of n leaves X^m, and then n - j times an H."""
        for j, bit in enumerate(bits, 1):
            self._to.send_bits(LINK, way.receiver, bit)
            gate = ZGate() if (len(bits) - j) % 2 else XGate()
            self._to.local(way.receiver, gate, [qubit], when=(bit, 1))
        if len(bits) % 2:
            self._to.local(way.receiver, HGate(), [qubit])

    def _leave(self, way: _Way, qubit: Qubit, bits: Sequence[ClassicalRegister]) -> None:
        """Note what `_correct` would undo; an H turns one into the other."""
        places = [self._to.circuit.find_bit(bit[0]).index for bit in reversed(bits)]
        x, z = tuple(places[::2]), tuple(places[1::2])
        if len(bits) % 2:
            self._to.local(way.receiver, HGate(), [qubit])
            x, z = z, x
        self.left.append(Left(self._net.circuit.find_bit(way.handle).index, x, z))


def _stated(verb: Verb, *names: str) -> list[Any]:
    """Return the first arguments of a verb, however they were given."""
    return [verb.options[name] if name in verb.options else verb.arguments[k] for k, name in enumerate(names)]

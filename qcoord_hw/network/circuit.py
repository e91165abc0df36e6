"""A quantum circuit that knows who owns each qubit, and counts what each link and resource was used for.

One class in one long module, half of it documentation: all that a protocol can do, and every check on it, can
be read in one place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from qiskit.circuit import (
    Barrier,
    CircuitError,
    ClassicalRegister,
    ControlFlowOp,
    Instruction,
    Parameter,
    ParameterVector,
    QuantumCircuit,
    QuantumRegister,
    Qubit,
)
from qiskit.circuit.tools import pi_check
from qiskit.quantum_info import Statevector

from qcoord_hw.errors import InputError, LocalityError
from qcoord_hw.network.topology import Topology
from qcoord_hw.spec import check_integer

MAX_DATA = 10_000
"""Numbers of data a name at most."""

MAX_QUBITS = 1000
"""More than any device here; a larger number is a slip."""

RELAYED = "relayed"
"""In the metadata of circuits in which a relay party carries qubits."""

SOURCE = "the source"
"""Who prepares shared entanglement, in `NetworkCircuit.acts`."""


@dataclass(frozen=True)
class Event:
    """One step of a protocol, in plain values (what a drawing needs).

    Attributes:
        kind: `allocate`, `share`, `gate`, `barrier`, `send`, `bits`, `measure` or `random`.
        party: who acts (the sender for `send` and `bits`); empty for a barrier.
        qubits: indices of the qubits concerned.
        name: gate name, register name, or the number of bits; for a `send` to or from a relay party the key
            under which the way is counted, such as `Alice->Bob`.
        to: the receiver of a `send` or of `bits`; for a `share` the relay party that carries it, if one does.
        owners: for `share`, for which party each of `qubits` is.
    """

    kind: str
    party: str
    qubits: tuple[int, ...] = ()
    name: str = ""
    to: str = ""
    owners: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are not empty."""
        full = {
            "kind": self.kind,
            "party": self.party,
            "qubits": list(self.qubits),
            "name": self.name,
            "to": self.to,
            "owners": list(self.owners),
        }
        return {key: value for key, value in full.items() if value}


@dataclass(frozen=True, eq=False)
class Verb:
    """What a protocol was told to do: which of the verbs of `NetworkCircuit`, and what it returned."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    returned: Any


_Told = ParamSpec("_Told")
_Made = TypeVar("_Made")


def _verb(
    method: Callable[Concatenate[NetworkCircuit, _Told], _Made],
) -> Callable[Concatenate[NetworkCircuit, _Told], _Made]:
    """Let a protocol remember what it was told, where it was not refused."""

    @wraps(method)
    def told(self: NetworkCircuit, /, *arguments: _Told.args, **options: _Told.kwargs) -> _Made:
        depth, self._depth = self._depth, self._depth + 1  # a verb may be made of others
        try:
            made = method(self, *arguments, **options)
        finally:
            self._depth = depth
        if not depth:
            self._verbs.append(Verb(method.__name__, arguments, options, made))
        return made

    return told


class NetworkCircuit:
    """A protocol on a network, written with verbs that the network permits.

    A party allocates qubits, applies local circuits to qubits it owns, and measures; a link moves
    ownership of qubits, or tells bits; resources that the topology allows are handed out. Everything
    else raises `LocalityError`, so the usage that is read off at the end cannot be understated.
    A barrier stands wherever ownership moves, so that a transpiler cannot merge two parties' gates.

    Superdense coding, by which the usage is counted from the circuit:

    >>> from qiskit import QuantumCircuit
    >>> from qcoord_hw.network import Link, NetworkCircuit, Topology
    >>> pair = Topology("pair", ("Alice", "Bob"), (Link("Alice", "Bob", qubits=True),),
    ...                 ebits=(("Alice", "Bob"),))
    >>> net = NetworkCircuit(pair, "superdense")
    >>> a, b = net.share_ebits("Alice", "Bob", 1)
    >>> encode = QuantumCircuit(1)
    >>> _ = encode.x(0)
    >>> net.local("Alice", encode, a)
    >>> net.send("Alice", "Bob", a)
    >>> decode = QuantumCircuit(2)
    >>> _ = decode.cx(0, 1)
    >>> _ = decode.h(0)
    >>> net.local("Bob", decode, a + b)
    >>> bits = net.measure("Bob", a + b, "message")
    >>> net.usage == {"Alice->Bob": {"qubits": 1, "log2_dim": 1.0, "bits": 0}, "Alice-Bob": {"ebits": 1}}
    True
    >>> net.owner(a[0])
    'Bob'
    >>> net.local("Alice", encode, a)
    Traceback (most recent call last):
    ...
    qcoord_hw.errors.LocalityError: Alice cannot apply x to alice_ebit[0] (owner Bob): not its own
    """

    def __init__(self, topology: Topology, name: str = "protocol") -> None:
        """Start an empty protocol on a network.

        Args:
            topology: the network.
            name: name of the circuit.
        """
        self._topology = topology
        self._circuit = QuantumCircuit(name=name, metadata={RELAYED: True} if topology.relay else None)
        self._owner: list[str] = []  # of each qubit, now
        self._measured: set[int] = set()
        self._knows: dict[ClassicalRegister, dict[str, None]] = {}  # in the order of learning
        self._data: dict[Parameter, str] = {}  # who holds it
        self._usage: dict[str, dict[str, float]] = {}
        self._events: list[Event] = []
        self._acts: dict[str, list[tuple[object, ...]]] = {}
        self._travels: Counter[tuple[str, str]] = Counter()  # (key, for whom) -> qubits that the relay has
        self._verbs: list[Verb] = []
        self._depth = 0

    # Reading

    @property
    def topology(self) -> Topology:
        """The network."""
        return self._topology

    @property
    def circuit(self) -> QuantumCircuit:
        """A copy of the circuit so far."""
        return self._circuit.copy()

    @property
    def events(self) -> tuple[Event, ...]:
        """Every step so far, in order."""
        return tuple(self._events)

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """What it was told to do so far, in order: enough to tell it to another."""
        return tuple(self._verbs)

    @property
    def wires(self) -> tuple[str, ...]:
        """The label of each qubit, in order."""
        return tuple(self._label(q) for q in self._circuit.qubits)

    def bits(self, register: ClassicalRegister) -> tuple[int, ...]:
        """Return where a register's bits stand in an outcome string (classical bit 0 first)."""
        return tuple(self._circuit.find_bit(bit).index for bit in register)

    def known_to(self, register: ClassicalRegister) -> tuple[str, ...]:
        """Return who knows a register: the party that measured it, then those it was sent to."""
        return tuple(self._knows.get(register, ()))

    def acts(self, party: str) -> tuple[tuple[object, ...], ...]:
        """Return what a party (or `SOURCE`, which prepares shared states) did, in order, as plain tuples.

        Two circuits in which a party knew the same are the same in this, whatever others were asked.
        """
        return tuple(self._acts.get(party, ()))

    @property
    def movable(self) -> tuple[bool, ...]:
        """For each part between barriers over all qubits: whether one hand holds every qubit in it.

        In such a part (a source that prepares a shared state, a user who was sent everything) qubits may
        be moved about the device without passing through another party.
        """
        owner: dict[int, str] = {}
        parts, hands = [], set[str]()
        for event in self._events:
            if event.kind == "allocate":
                owner |= dict.fromkeys(event.qubits, event.party)
            elif event.kind == "share":
                hands |= {SOURCE} | set(owner.values())
                owner |= zip(event.qubits, holders_of(event), strict=True)
            elif event.kind == "send":
                owner |= dict.fromkeys(event.qubits, event.to)
            elif event.kind in ("gate", "measure"):
                hands |= set(owner.values())
            elif event.kind == "barrier" and len(event.qubits) == len(owner):
                parts.append(len(hands) == 1)
                hands = set()
        return (*parts, len(hands) == 1)

    @property
    def usage(self) -> dict[str, dict[str, float]]:
        """What was used, in total of this circuit; what is absent was not used.

        `"Alice->Bob"`: `qubits`, `log2_dim` (log2 of the dimension sent), `bits`, and `qudits` where
        qudits were sent; `"Alice-Bob"`: `ebits`; `"common"`: `random_bits`; `"shared"`: `qudits`.
        """
        return {key: dict(value) for key, value in self._usage.items()}

    def owner(self, qubit: Qubit, step: int | None = None) -> str:
        """Return who owns a qubit: now, or after the first `step` events.

        Raises:
            LocalityError: when the qubit is not of this protocol, or not yet allocated at that step.
            InputError: when there is no such step.
        """
        (index,) = self._indices("anybody", [qubit], "find the owner of {}")
        if step is None:
            return self._owner[index]
        check_integer("step", step, 0, len(self._events))
        owner = ""
        for event in self._events[:step]:
            if index in event.qubits:
                if event.kind == "allocate":
                    owner = event.party
                elif event.kind == "share":
                    owner = holders_of(event)[event.qubits.index(index)]
                elif event.kind == "send":
                    owner = event.to
        if not owner:
            raise LocalityError(f"{self._label(qubit)} has no owner at step {step}: it is allocated later")
        return owner

    # The verbs

    @_verb
    def allocate(self, party: str, count: int, label: str | None = None) -> list[Qubit]:
        """Give a party fresh qubits in |0>.

        Args:
            party: who gets them.
            count: how many.
            label: name of their register; `<party>_q` or the next free one if omitted.

        Returns:
            The qubits, in order.

        Raises:
            LocalityError: when the network has no such party.
            InputError: when `count` is not positive or the label is taken.
        """
        self._check_party(party)
        qubits = self._add_qubits(count, label or self._free_name(f"{party.lower()}_q"))
        self._owner += [party] * count
        self._log("allocate", party, qubits)
        return qubits

    @_verb
    def data(self, party: str, name: str, count: int) -> ParameterVector:
        """Give a party classical data: parameters that its gates, and nobody else's, may depend on.

        Args:
            party: who holds the data.
            name: name of the parameters.
            count: how many numbers.

        Returns:
            The parameters, in order; values are given when the circuit runs.

        Raises:
            LocalityError: when the network has no such party.
            InputError: when `count` is not positive or the name is taken.
        """
        self._check_party(party)
        check_integer("count", count, 1, MAX_DATA)
        if any(parameter.name.split("[")[0] == name for parameter in self._data):
            raise InputError(f"data {name!r} exists already; allowed is another name")
        vector = ParameterVector(name, count)
        self._data |= dict.fromkeys(vector, party)
        return vector

    @_verb
    def local(
        self,
        party: str,
        operation: QuantumCircuit | Instruction,
        qubits: Sequence[Qubit],
        when: tuple[ClassicalRegister, int] | None = None,
    ) -> None:
        """Let a party apply a gate or a measurement-free circuit to qubits that it owns.

        Args:
            party: who acts.
            operation: a gate, or a circuit on `len(qubits)` qubits without classical bits; its parameters
                must be data of the party.
            qubits: what it acts on, in the order of the operation's qubits.
            when: apply it only if this register, which the party must know, holds this value.

        Raises:
            LocalityError: naming the gate, the qubits and their owners.
            InputError: when the sizes differ or the circuit has classical bits.
        """
        self._check_party(party)
        qubits = _listed(qubits)
        block = _block(operation, len(qubits))
        gates = "+".join(dict.fromkeys(i.operation.name for i in block.data)) or block.name
        indices = self._own(party, qubits, f"apply {gates} to {{}}")
        self._check_data(party, block, gates)
        condition = self._condition(party, when)
        if when is None:
            self._circuit.compose(block, qubits, inplace=True, copy=False)
        else:
            with self._circuit.if_test(when):
                self._circuit.compose(block, qubits, inplace=True, copy=False)
        where = {q: indices[i] for i, q in enumerate(block.qubits)}
        for instruction in block.data:
            kind = "barrier" if isinstance(instruction.operation, Barrier) else "gate"
            touched = tuple(where[q] for q in instruction.qubits)
            self._act(party, instruction.operation, touched, when)
            self._events.append(Event(kind, party, touched, gate_name(instruction.operation) + condition))

    @_verb
    def send(
        self,
        sender: str,
        receiver: str,
        qubits: Sequence[Qubit],
        dimension: int | None = None,
        digits: int = 1,
    ) -> None:
        """Send qubits over a link: ownership moves, the link's counters go up.

        Args:
            sender: who owns them now.
            receiver: who owns them afterwards.
            qubits: what is sent.
            dimension: if given, the qubits are counted as one qudit; else as n qubits. It is the number
                of levels of each digit, from 2^(k-1) + 1 to 2^k for k qubits (fewer levels would need
                fewer qubits).
            digits: how many digits, of the same number of qubits each, the qudit is made of.

        Raises:
            LocalityError: when there is no such quantum link or the sender does not own the qubits.
            InputError: when the dimension does not fit the qubits.
        """
        qubits = _listed(qubits)
        self._indices(sender, qubits, "send {}")
        if not qubits:
            raise InputError("qubits: none; allowed is one or more")
        check_integer("digits", digits, 1, len(qubits))
        if len(qubits) % digits:
            raise InputError(f"digits: {digits}; allowed is a divisor of {len(qubits)} qubits")
        if dimension is not None:
            size = len(qubits) // digits
            check_integer("dimension", dimension, 2 ** (size - 1) + 1, 2**size)
        self._check_link(sender, receiver, "qubits", self._names(qubits))
        indices = self._own(sender, qubits, f"send {{}} to {receiver}")
        used = self._link_usage(sender, receiver)
        used["qubits"] += len(qubits)
        used["log2_dim"] += digits * math.log2(dimension) if dimension else float(len(qubits))
        if dimension:
            used["qudits"] = used.get("qudits", 0) + 1
        relay = self._topology.relay
        if relay:
            self._travels[f"{sender}->{receiver}", receiver] += len(qubits)
        self._move(sender, relay or receiver, indices, f"{sender}->{receiver}" if relay else "")

    @_verb
    def deliver(self, key: str, receiver: str, qubits: Sequence[Qubit]) -> None:
        """Let the relay party hand over to whom it is for what it got to carry.

        Args:
            key: under which it is counted: of the link over which it was sent, or of what was shared.
            receiver: for whom it is.
            qubits: those that have the state now; as many as were sent or shared, at most.

        Raises:
            LocalityError: when there is no relay party, it does not own them, or it has nothing to deliver.
        """
        qubits, relay = _listed(qubits), self._topology.relay
        if not relay:
            raise LocalityError(f"network {self._topology.name!r} has no relay party")
        indices = self._own(relay, qubits, f"deliver {{}} to {receiver}")
        if len(qubits) > self._travels[key, receiver]:
            raise LocalityError(
                f"{relay} cannot deliver {self._names(qubits)} to {receiver}: of {key} it carries "
                f"{self._travels[key, receiver]} qubits there"
            )
        self._travels[key, receiver] -= len(qubits)
        self._move(relay, receiver, indices, key)

    def _move(self, sender: str, receiver: str, indices: tuple[int, ...], key: str) -> None:
        self.barrier()
        for index in indices:
            self._owner[index] = receiver
        self._act(sender, "send", indices, receiver)
        self._events.append(Event("send", sender, indices, key, receiver))

    @_verb
    def send_bits(self, sender: str, receiver: str, register: ClassicalRegister) -> None:
        """Tell a receiver the bits of a register that the sender knows.

        Raises:
            LocalityError: when there is no such classical link or the sender does not know the bits.
        """
        if not isinstance(register, ClassicalRegister):
            raise InputError(f"register: {register!r}; allowed is what `measure` returned")
        self._check_link(sender, receiver, "bits", register.name)
        self._check_known(sender, register, f"send {register.name} to {receiver}")
        self._link_usage(sender, receiver)["bits"] += len(register)
        self._knows[register][receiver] = None
        self._act(sender, "send_bits", register.name, receiver)
        self._events.append(Event("bits", sender, name=str(len(register)), to=receiver))

    @_verb
    def send_message(self, sender: str, receivers: Sequence[str], values: int) -> None:
        """Tell receivers one message out of `values`, the same to each: log2(values) bits on each link.

        The message itself is classical and stands in no register: build one circuit for each value. (Bits
        that are measured in the circuit are told by `send_bits`.)

        Args:
            sender: who tells.
            receivers: who are told; distinct.
            values: how many values the message may have.

        Raises:
            LocalityError: when there is no classical link to one of the receivers.
            InputError: when `values` is not positive, or the receivers are none or not distinct.
        """
        receivers = [receivers] if isinstance(receivers, str) else list(receivers)
        if not receivers or len(set(receivers)) != len(receivers):
            raise InputError(f"receivers: {receivers}; allowed are one or more distinct parties")
        check_integer("values", values, 1, 2**MAX_QUBITS)
        for receiver in receivers:
            self._check_link(sender, receiver, "bits", f"a message of {values} values")
        bits = math.log2(values)
        for receiver in receivers if values > 1 else ():
            self._link_usage(sender, receiver)["bits"] += bits
            self._act(sender, "send_message", values, receiver)
            self._events.append(Event("bits", sender, name=f"{bits:g}", to=receiver))

    @_verb
    def measure(self, party: str, qubits: Sequence[Qubit], register: str | None = None) -> ClassicalRegister:
        """Let a party measure its qubits in the computational basis.

        Args:
            party: who measures and then knows the bits.
            qubits: what is measured; afterwards they are spent unless the topology allows reuse.
            register: name of the classical register; a free one is chosen if omitted.

        Returns:
            The register of the outcomes: bit i is the outcome of qubits[i].

        Raises:
            LocalityError: when the party does not own the qubits.
            InputError: when the register's name is taken.
        """
        self._check_party(party)
        qubits = _listed(qubits)
        if not qubits:
            raise InputError("qubits: none; allowed is one or more")
        indices = self._own(party, qubits, "measure {}")
        name = register or self._free_name(f"{party.lower()}_bits")
        self._check_name(name)
        bits = ClassicalRegister(len(qubits), name)
        self._circuit.add_register(bits)
        self._circuit.measure(qubits, bits)
        self._measured.update(indices)
        self._knows[bits] = {party: None}
        self._act(party, "measure", indices, name)
        self._events.append(Event("measure", party, indices, name))
        return bits

    @_verb
    def share_ebits(self, first: str, second: str, count: int) -> tuple[list[Qubit], list[Qubit]]:
        """Hand two parties `count` EPR pairs |Phi+>, which the topology must allow; they are counted.

        Returns:
            The qubits of the first and of the second party; pair i is (first[i], second[i]).

        Raises:
            LocalityError: when these two may not share ebits.
        """
        pair = self._entangled_pair(first, second)
        check_integer("count", count, 1, MAX_QUBITS)
        prepare = QuantumCircuit(2 * count)
        for i in range(count):
            prepare.h(i)
            prepare.cx(i, count + i)
        halves = {first: count, second: count}
        parts = [(p, n, f"{p.lower()}_ebit") for p, n in halves.items()]
        qubits = self._share(prepare, parts, "ebits", "-".join(pair))
        self._count("-".join(pair), "ebits", count)
        return qubits[:count], qubits[count:]

    @_verb
    def share_pair(
        self, first: str, second: str, preparation: QuantumCircuit, dimension: int
    ) -> tuple[list[Qubit], list[Qubit]]:
        """Hand two parties one entangled pair of systems, which the topology must allow.

        However entangled it is, it counts as log2(dimension) ebits, as in [NatorPereg, eq. (31)-(32)].

        Args:
            first: who gets the first half of the qubits.
            second: who gets the others.
            preparation: prepares the pair from |0..0>, on at most 12 qubits.
            dimension: of each of the two systems, from 2^(k-1) + 1 to 2^k in k qubits.

        Returns:
            The qubits of the first and of the second party.

        Raises:
            LocalityError: when these two may not share ebits.
            InputError: when the dimension does not fit the qubits, or the state has a larger Schmidt rank.
        """
        pair = self._entangled_pair(first, second)
        check_integer("classical bits of the preparation", preparation.num_clbits, 0, 0)
        if preparation.parameters:
            raise LocalityError(
                f"a shared pair cannot depend on {preparation.parameters[0].name}: it is prepared before "
                "any data are known"
            )
        size = preparation.num_qubits // 2
        if preparation.num_qubits % 2 or not 1 <= size <= 6:
            raise InputError(f"preparation: {preparation.num_qubits} qubits; allowed are 2, 4, .., 12")
        check_integer("dimension", dimension, 2 ** (size - 1) + 1, 2**size)
        amplitudes = Statevector(preparation).data.reshape(2**size, 2**size)
        if (rank := int(np.linalg.matrix_rank(amplitudes, tol=1e-9))) > dimension:
            raise InputError(
                f"preparation: Schmidt rank {rank}; allowed is at most the dimension {dimension}"
            )
        parts = [(p, size, f"{p.lower()}_half") for p in (first, second)]
        qubits = self._share(preparation, parts, "pair", "-".join(pair))
        self._count("-".join(pair), "ebits", math.log2(dimension))
        return qubits[:size], qubits[size:]

    @_verb
    def share_state(
        self, preparation: QuantumCircuit, holders: Mapping[str, int], qubits_per_qudit: int = 1
    ) -> dict[str, list[Qubit]]:
        """Hand several parties one entangled state before the protocol starts; it is counted.

        Args:
            preparation: prepares the state from |0..0>; its qubits go to the holders in order.
            holders: party -> how many of the qubits it gets.
            qubits_per_qudit: how many qubits hold one qudit; each holder gets whole qudits.

        Returns:
            Party -> its qubits.

        Raises:
            LocalityError: when a holder may not hold a part of a shared state in this network.
            InputError: when the numbers of qubits differ.
        """
        for party in holders:
            if party not in self._topology.shared_state:
                raise LocalityError(
                    f"{party} cannot hold a shared state in network {self._topology.name!r}; "
                    f"allowed: {list(self._topology.shared_state) or 'nobody'}"
                )
        for party, size in holders.items():
            check_integer(f"holders.{party}", size, 1, MAX_QUBITS)
        check_integer("classical bits of the preparation", preparation.num_clbits, 0, 0)
        if preparation.parameters:
            raise LocalityError(
                f"a shared state cannot depend on {preparation.parameters[0].name}: it is prepared before "
                "any data are known"
            )
        check_integer("qubits_per_qudit", qubits_per_qudit, 1, MAX_QUBITS)
        if any(size % qubits_per_qudit for size in holders.values()):
            raise InputError(
                f"qubits_per_qudit: {qubits_per_qudit}; allowed is a divisor of each holder's qubits"
            )
        if sum(holders.values()) != preparation.num_qubits:
            raise InputError(
                f"holders: {sum(holders.values())} qubits; allowed is {preparation.num_qubits}, as prepared"
            )
        parts = [(p, n, f"{p.lower()}_share") for p, n in holders.items()]
        qubits = self._share(preparation, parts, "state", "shared")
        self._count("shared", "qudits", preparation.num_qubits // qubits_per_qudit)
        given, start = {}, 0
        for party, size in holders.items():
            given[party] = qubits[start : start + size]
            start += size
        return given

    @_verb
    def common_randomness(self, values: int) -> None:
        """Count one draw of common randomness, uniform on `values` values (log2(values) bits).

        The draw itself is classical: build one circuit for each value.

        Raises:
            LocalityError: when the network has no common randomness.
            InputError: when `values` is not positive.
        """
        if not self._topology.common_randomness:
            raise LocalityError(f"network {self._topology.name!r} has no common randomness")
        check_integer("values", values, 1, 2**MAX_QUBITS)
        self._count("common", "random_bits", math.log2(values))
        self._events.append(Event("random", "", name=f"{math.log2(values):g}"))

    @_verb
    def barrier(self) -> None:
        """Put a barrier over all qubits, unless the circuit already ends in one."""
        data = self._circuit.data
        if not data or (isinstance(data[-1].operation, Barrier) and len(data[-1].qubits) == len(self._owner)):
            return
        self._cut()

    def _cut(self) -> None:
        self._circuit.barrier()
        self._events.append(Event("barrier", "", tuple(range(len(self._owner)))))

    # Checks and book-keeping

    def _entangled_pair(self, first: str, second: str) -> tuple[str, str]:
        """Return the pair of parties as the topology has it, if they may share ebits."""
        pair = next((p for p in self._topology.ebits if set(p) == {first, second}), None)
        if pair is None:
            raise LocalityError(
                f"{first} and {second} cannot share ebits in network {self._topology.name!r}; "
                f"allowed: {['-'.join(p) for p in self._topology.ebits] or 'none'}"
            )
        return pair

    def _share(
        self, preparation: QuantumCircuit, parts: list[tuple[str, int, str]], what: str, key: str
    ) -> list[Qubit]:
        """Prepare a resource state across owners, which only a resource of the topology may do."""
        for party, _, _ in parts:
            self._check_party(party)
        qubits: list[Qubit] = []
        owners: list[str] = []
        for party, size, label in parts:
            qubits += self._add_qubits(size, self._free_name(label))
            owners += [party] * size
        relay = self._topology.relay
        self._owner += [relay or party for party in owners]
        if relay:
            self._travels.update((key, party) for party in owners)
        self._circuit.compose(preparation, qubits, inplace=True)
        for instruction in preparation.data:
            touched = tuple(preparation.find_bit(q).index for q in instruction.qubits)
            self._act(SOURCE, instruction.operation, touched, what)
        self._events.append(Event("share", "", self._positions(qubits), what, relay, tuple(owners)))
        self._cut()  # where the source lets go, even if it did nothing
        return qubits

    def _add_qubits(self, count: int, label: str) -> list[Qubit]:
        check_integer("count", count, 1, MAX_QUBITS)
        self._check_name(label)
        register = QuantumRegister(count, label)
        self._circuit.add_register(register)
        return list(register)

    def _own(self, party: str, qubits: Sequence[Qubit], act: str) -> tuple[int, ...]:
        """Return the indices of qubits that a party owns and may act on; `act` has {} for their names."""
        indices = self._indices(party, qubits, act)
        if len(set(indices)) != len(indices):
            raise InputError(f"qubits: {self._names(qubits)}; allowed are distinct qubits")
        if any(self._owner[i] != party for i in indices):
            raise LocalityError(f"{party} cannot {act.format(self._names(qubits))}: not its own")
        spent = [q for q, i in zip(qubits, indices, strict=True) if i in self._measured]
        if spent and not self._topology.reuse_measured:
            raise LocalityError(
                f"{party} cannot {act.format(self._names(spent))}: measured already, and network "
                f"{self._topology.name!r} does not allow acting on a measured qubit"
            )
        return indices

    def _indices(self, party: str, qubits: Sequence[Qubit], act: str) -> tuple[int, ...]:
        try:
            return self._positions(qubits)
        except (CircuitError, TypeError) as error:
            what = act.format(", ".join(map(repr, qubits)))
            raise LocalityError(f"{party} cannot {what}: not qubits of this protocol") from error

    def _positions(self, qubits: Sequence[Qubit]) -> tuple[int, ...]:
        return tuple(self._circuit.find_bit(q).index for q in qubits)

    def _check_party(self, party: str) -> None:
        if party not in self._topology.parties:
            raise LocalityError(
                f"no party {party!r} in network {self._topology.name!r}; "
                f"parties: {list(self._topology.parties)}"
            )

    def _check_link(self, sender: str, receiver: str, what: str, cargo: str) -> None:
        link = self._topology.link(sender, receiver)
        if link is None or not getattr(link, what):
            links = [str(k) for k in self._topology.links if getattr(k, what)]
            raise LocalityError(
                f"{sender} cannot send {cargo} to {receiver}: network {self._topology.name!r} has no link "
                f"{sender}->{receiver} for {what}; links for {what}: {links or 'none'}"
            )

    def _check_known(self, party: str, register: ClassicalRegister, act: str) -> None:
        known = self.known_to(register)
        if party not in known:
            raise LocalityError(f"{party} cannot {act}: known to {list(known) or 'nobody'} only")

    def _check_data(self, party: str, block: QuantumCircuit, gates: str) -> None:
        for parameter in block.parameters:
            if parameter not in self._data:
                raise InputError(
                    f"operation {gates}: unbound parameter {parameter.name}; allowed are numbers "
                    "and what `data` returned"
                )
            if self._data[parameter] != party:
                raise LocalityError(
                    f"{party} cannot apply {gates}: {parameter.name} is data of {self._data[parameter]}"
                )

    def _condition(self, party: str, when: tuple[ClassicalRegister, int] | None) -> str:
        """Check a condition and return it in words; empty if there is none."""
        if when is None:
            return ""
        register, value = when
        if not isinstance(register, ClassicalRegister):
            raise InputError(f"when: {register!r}; allowed is a classical register and its value")
        self._check_known(party, register, f"act on {register.name}")
        check_integer(f"value of {register.name}", value, 0, 2 ** len(register) - 1)
        return f" if {register.name}={value}"

    def _check_name(self, name: str) -> None:
        taken = {r.name for r in [*self._circuit.qregs, *self._circuit.cregs]}
        if name in taken:
            raise InputError(f"register {name!r} exists already; allowed is a name not in {sorted(taken)}")

    def _free_name(self, stem: str) -> str:
        taken = {r.name for r in [*self._circuit.qregs, *self._circuit.cregs]}
        if stem not in taken:
            return stem
        return next(f"{stem}_{k}" for k in range(2, len(taken) + 3) if f"{stem}_{k}" not in taken)

    def _label(self, qubit: Qubit) -> str:
        register, index = self._circuit.find_bit(qubit).registers[0]
        return f"{register.name}[{index}]"

    def _names(self, qubits: Sequence[Qubit]) -> str:
        return ", ".join(
            f"{self._label(q)} (owner {self._owner[i]})"
            for q, i in zip(qubits, self._positions(qubits), strict=True)
        )

    def _link_usage(self, sender: str, receiver: str) -> dict[str, float]:
        return self._usage.setdefault(f"{sender}->{receiver}", {"qubits": 0, "log2_dim": 0.0, "bits": 0})

    def _count(self, resource: str, unit: str, amount: float) -> None:
        used = self._usage.setdefault(resource, {})
        used[unit] = used.get(unit, 0) + amount

    def _act(self, party: str, *what: object) -> None:
        self._acts.setdefault(party, []).append(what)

    def _log(self, kind: str, party: str, qubits: Sequence[Qubit]) -> None:
        self._events.append(Event(kind, party, self._positions(qubits)))


def is_relayed(circuit: QuantumCircuit) -> bool:
    """Return whether a relay party carries qubits in a circuit, as built or compiled."""
    return bool((circuit.metadata or {}).get(RELAYED))


def holders_of(share: Event) -> tuple[str, ...]:
    """Return who holds each qubit of a `share` once the source lets go."""
    return (share.to,) * len(share.qubits) if share.to else share.owners


def _listed(qubits: Sequence[Qubit] | Qubit) -> list[Qubit]:
    """Return qubits as a list, read once; a single qubit is one of them."""
    return [qubits] if isinstance(qubits, Qubit) else list(qubits)


def _block(operation: QuantumCircuit | Instruction, size: int) -> QuantumCircuit:
    """Return a gate or circuit as a circuit on `size` qubits, if a party may apply it."""
    if not isinstance(operation, (QuantumCircuit, Instruction)) or isinstance(operation, ControlFlowOp):
        kind = type(operation).__name__
        raise InputError(f"operation: {kind}; allowed are a gate or a circuit (and `when` for a condition)")
    if operation.num_clbits or operation.num_qubits != size:
        raise InputError(
            f"operation {operation.name!r}: {operation.num_qubits} qubits, {operation.num_clbits} classical "
            f"bits; allowed here are {size} qubits and no classical bit (use measure)"
        )
    if isinstance(operation, QuantumCircuit):
        return operation
    block = QuantumCircuit(size)
    block.append(operation, block.qubits)
    return block


def gate_name(operation: Instruction) -> str:
    """Return a gate's name with its angles, such as `ry(pi/4)`."""
    angles = [pi_check(angle, ndigits=4) for angle in operation.params if isinstance(angle, (int, float))]
    return f"{operation.name}({', '.join(angles)})" if angles else str(operation.name)

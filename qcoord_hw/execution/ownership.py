"""Whether a compiled circuit keeps to its network: every act is that of one party, who knows its cause.

Who holds what, and who knows which bit, is read off the protocol's own events, not off the compiled circuit.
Ownership moves at barriers, which compiling keeps: a qubit that has passed k of them is where the protocol
had it after k. A gate on several qubits needs one holder; a condition, a holder who knows the bits; a
measurement, the holder whose bit it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qiskit.circuit import Barrier, ControlFlowOp, Operation, QuantumCircuit

from qcoord_hw.errors import TargetError
from qcoord_hw.network import SOURCE

MOVE = "move"
"""The gate that lends a qubit's state to a resonator; the next one between the same two takes it back."""

MEASURE, RESET = "measure", "reset"


@dataclass(frozen=True)
class Locality:
    """What a check of compiled circuits found.

    Attributes:
        two_qubit_gates: gates on two qubits or more that were checked, those under conditions included.
        between_parties: how many acts no party could have done: such gates across owners, and acts on one
            qubit under a condition that its holder does not know, or measurements of another one's bit.
        example: the first of these in words; empty if there is none.
    """

    two_qubit_gates: int
    between_parties: int
    example: str = ""

    def to_json(self) -> dict[str, int]:
        """Return the numbers, as a record keeps them."""
        return {"two_qubit_gates": self.two_qubit_gates, "between_parties": self.between_parties}


@dataclass(frozen=True)
class Timeline:
    """Who holds each qubit of a protocol, from barrier to barrier.

    Attributes:
        holders: holders[q][k] holds qubit q after k of the marks that span it. Before its first one that is
            whoever brings the qubit: its party, or the source of a shared state, which keeps it until then.
        marks: the barriers that tell the stages apart, in order: each spans qubits 0 to m - 1, here stands m.
        knows: knows[c] says of classical bit c who knows it, and from which mark on; first who measures it.
    """

    holders: tuple[tuple[str, ...], ...]
    marks: tuple[int, ...]
    knows: tuple[Mapping[str, int], ...] = ()

    @classmethod
    def of(cls, events: Sequence[Mapping[str, Any]]) -> Timeline:
        """Return the timeline of a protocol's events, as in a record.

        A mark is a barrier over as many qubits as there are at some barrier over all of them. Sends stand
        behind such a barrier, before any gate: who receives holds the qubit from the barrier on. An event
        says how many bits are told and not which: all registers of that size that the sender knows.
        """
        holders: list[list[str]] = []
        registers: list[tuple[int, dict[str, int]]] = []
        shared: dict[int, str] = {}  # who gets what the source still holds
        sizes, marks = _sizes(events), []
        for event in events:
            qubits = event.get("qubits", ())
            if event["kind"] == "allocate":
                holders += [[event["party"]] for _ in qubits]
            elif event["kind"] == "share":
                holders += [[SOURCE] for _ in qubits]
                relay = event.get("to")  # which may carry what is shared
                shared |= zip(qubits, [relay] * len(qubits) if relay else event["owners"], strict=True)
            elif event["kind"] == "send":
                for q in qubits:
                    holders[q][-1] = event["to"]
            elif _is_mark(event, sizes):
                marks.append(len(qubits))
                for q in qubits:
                    holders[q].append(shared.pop(q, holders[q][-1]))
            elif event["kind"] == "measure":
                registers.append((len(qubits), {event["party"]: len(marks)}))
            elif event["kind"] == "bits":
                for size, known in registers:
                    if event["party"] in known and event.get("name") == str(size):
                        known.setdefault(event["to"], len(marks))
        knows = tuple(known for size, known in registers for _ in range(size))
        return cls(tuple(map(tuple, holders)), tuple(marks), knows)


def _sizes(events: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return how many qubits there are at barriers over all of them."""
    here, sizes = 0, set[int]()
    for event in events:
        if event["kind"] in ("allocate", "share"):
            here += len(event["qubits"])
        elif event["kind"] == "barrier" and len(event["qubits"]) == here:
            sizes.add(here)
    return sizes


def _is_mark(event: Mapping[str, Any], sizes: set[int]) -> bool:
    if event["kind"] != "barrier" or " if " in event.get("name", ""):
        return False
    return len(event["qubits"]) in sizes and sorted(event["qubits"]) == list(range(len(event["qubits"])))


def check_ownership(
    protocols: Sequence[Sequence[Mapping[str, Any]]],
    executed: Sequence[QuantumCircuit],
    layouts: Sequence[Sequence[int]] = (),
) -> Locality:
    """Check every act that is executed against who holds its qubits, and knows its condition, at that place.

    Args:
        protocols: for each circuit the events of its protocol, as in a record.
        executed: the circuits as executed.
        layouts: of each tile in the circuits, the physical qubit of each qubit of the protocol; none where
            the circuits have the protocol's own qubits.

    Raises:
        TargetError: when a circuit lacks its protocol's barriers, so that nothing can be checked.
    """
    found = [_Walk.through(events, c, layouts) for events, c in zip(protocols, executed, strict=True)]
    return Locality(
        sum(walk.gates for walk in found),
        sum(walk.joined for walk in found),
        next((walk.example for walk in found if walk.example), ""),
    )


@dataclass(frozen=True)
class _Act:
    """One operation on physical qubits: the bits that it writes, and those that it is done under."""

    name: str
    qubits: tuple[int, ...]
    bits: tuple[int, ...]
    conditions: tuple[int, ...]


@dataclass
class _Walk:
    """One way through a compiled circuit, instruction by instruction.

    Attributes:
        timeline: of the protocol.
        wires: physical qubit -> (tile, qubit of the protocol).
        passed: how many marks each of these has passed.
        reached: how many marks each tile has passed.
        lent: who uses a physical qubit that the protocol knows nothing of.
        written: the classical bits that were measured so far.
        gates: gates on several qubits so far.
        joined: how many acts were not in the hands of one party, or on what it does not know.
        example: the first of these in words.
    """

    timeline: Timeline
    wires: dict[int, tuple[int, int]]
    passed: dict[tuple[int, int], int]
    reached: dict[int, int]
    lent: dict[int, tuple[int, str]] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    gates: int = 0
    joined: int = 0
    example: str = ""

    @classmethod
    def through(
        cls, events: Sequence[Mapping[str, Any]], circuit: QuantumCircuit, layouts: Sequence[Sequence[int]]
    ) -> _Walk:
        timeline = Timeline.of(events)
        places = layouts or [range(len(timeline.holders))]
        wires = {physical: (t, q) for t, place in enumerate(places) for q, physical in enumerate(place)}
        walk = cls(timeline, wires, dict.fromkeys(wires.values(), 0), dict.fromkeys(range(len(places)), 0))
        for instruction in circuit.data:
            qubits = [circuit.find_bit(q).index for q in instruction.qubits]
            if isinstance(instruction.operation, Barrier):
                walk._pass(circuit.name, qubits)
            else:
                bits = [circuit.find_bit(c).index for c in instruction.clbits]
                for act in _acts(instruction.operation, qubits, bits, ()):
                    walk._act(circuit.name, act)
        if any(reached != len(timeline.marks) for reached in walk.reached.values()):
            raise _lost(circuit.name)
        return walk

    def _pass(self, circuit: str, qubits: Sequence[int]) -> None:
        """Let a barrier's qubits go on, tile by tile, if it is a mark."""
        for tile, reached in self.reached.items():
            spanned = sorted(self.wires[p][1] for p in qubits if self.wires.get(p, (-1, 0))[0] == tile)
            if len(spanned) not in self.timeline.marks or spanned != list(range(len(spanned))):
                continue  # a party's own
            if self.timeline.marks[reached : reached + 1] != (len(spanned),):
                raise _lost(circuit)
            self.reached[tile] += 1
            for q in spanned:
                self.passed[tile, q] += 1

    def _act(self, circuit: str, act: _Act) -> None:
        """Judge an act. A qubit that is nobody's serves whoever uses it first, until it is reset."""
        name, qubits = act.name, act.qubits
        self.gates += len(qubits) > 1
        hands = {p: self._holder(p) for p in qubits}
        parties = set(hands.values()) - {None}
        if len(qubits) > 1 and len(parties) != 1:
            held = ", ".join(f"qubit {p} of {h[1] if h else 'nobody'}" for p, h in hands.items())
            self._refuse(f"circuit {circuit!r}: compiled gate {name} joins {held}")
            return
        party = next(iter(parties), None)
        if act.conditions and not all(self._knows(party, bit) for bit in act.conditions):
            who = party[1] if party else "nobody"
            self._refuse(
                f"circuit {circuit!r}: {name} on qubit {qubits[0]} of {who} depends on bits that {who} does "
                "not know there"
            )
            return
        if name == MEASURE and not self._may_measure(party, act.bits):
            who = party[1] if party else "nobody"
            self._refuse(
                f"circuit {circuit!r}: a measurement of qubit {qubits[0]} of {who} writes a bit of others"
            )
            return
        self.written.update(act.bits)
        if name == RESET:
            self.lent.pop(qubits[0], None)
        for p in qubits if len(qubits) > 1 else ():
            if p not in self.wires and party is not None:
                if name == MOVE and p in self.lent:
                    del self.lent[p]
                else:
                    self.lent[p] = party

    def _refuse(self, line: str) -> None:
        self.joined += 1
        self.example = self.example or line

    def _known(self, party: tuple[int, str] | None, bit: int) -> int | None:
        """Return from which mark on a party of a tile knows a classical bit; None for never."""
        tile, index = divmod(bit, len(self.timeline.knows) or 1)
        if party is None or tile != party[0] or index >= len(self.timeline.knows):
            return None
        return self.timeline.knows[index].get(party[1])

    def _knows(self, party: tuple[int, str] | None, bit: int) -> bool:
        since = self._known(party, bit)
        return (
            party is not None
            and since is not None
            and bit in self.written
            and self.reached[party[0]] >= since
        )

    def _may_measure(self, party: tuple[int, str] | None, bits: Sequence[int]) -> bool:
        """Return whether bits are a party's own, each written once."""
        width = len(self.timeline.knows) or 1
        for bit in bits:
            if self._known(party, bit) is None or bit in self.written:
                return False
            assert party is not None
            if next(iter(self.timeline.knows[bit % width])) != party[1]:
                return False
        return True

    def _holder(self, physical: int) -> tuple[int, str] | None:
        if physical not in self.wires:
            return self.lent.get(physical)
        tile, q = self.wires[physical]
        return tile, self.timeline.holders[q][self.passed[tile, q]]


def _lost(circuit: str) -> TargetError:
    return TargetError(
        f"circuit {circuit!r}: compiled without the barriers of its protocol, so that nobody can tell which "
        "party does what; a target must keep them"
    )


def _acts(
    operation: Operation, qubits: Sequence[int], bits: Sequence[int], conditions: Sequence[int]
) -> Iterator[_Act]:
    """Yield what an instruction does, or is done under a condition in it, with all bits that it is on."""
    if not isinstance(operation, ControlFlowOp):
        yield _Act(operation.name, tuple(qubits), tuple(bits), tuple(conditions))
        return
    on = (*conditions, *bits)  # those of the condition, and at most those of what is measured within
    for block in operation.blocks:
        for inner in block.data:
            if not isinstance(inner.operation, Barrier):
                yield from _acts(
                    inner.operation,
                    [qubits[block.find_bit(q).index] for q in inner.qubits],
                    [bits[block.find_bit(c).index] for c in inner.clbits],
                    on,
                )

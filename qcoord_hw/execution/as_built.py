"""Whether a recorded protocol is one of its network: steps, circuits as built and usage fit each other.

What `NetworkCircuit` refuses while a protocol is written is refused here of one that is read: a record may be
anybody's.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qiskit.circuit import Barrier, CircuitInstruction, IfElseOp, QuantumCircuit

from qcoord_hw.errors import LocalityError
from qcoord_hw.execution.ownership import MEASURE
from qcoord_hw.network.circuit import gate_name

ROUNDED = 1e-5
"""Events write a number of bits with six digits."""

LINK_USE = {"qubits", "log2_dim", "bits", "qudits"}


def check_as_built(experiment: Mapping[str, Any], circuits: Sequence[QuantumCircuit]) -> None:
    """Check the protocols of a recorded experiment.

    Args:
        experiment: as in a record's intent.
        circuits: as built, one a protocol.

    Raises:
        LocalityError: when a step is not one of the network, a circuit is not that of its steps, or the usage
            is not what the steps use.
    """
    if len(circuits) != len(experiment["circuits"]):
        raise LocalityError(
            f"{len(circuits)} circuits as built; the protocol has {len(experiment['circuits'])}"
        )
    for protocol, circuit in zip(experiment["circuits"], circuits, strict=True):
        walk = _Protocol(experiment["topology"], circuit)
        for k, event in enumerate(protocol["events"]):
            try:
                walk.do(event)
            except LocalityError as error:
                raise LocalityError(
                    f"circuit {circuit.name!r}, step {k} ({event['kind']}): {error}"
                ) from None
        if walk.left:
            raise LocalityError(
                f"circuit {circuit.name!r}: {walk.left[0].operation.name} and what follows are no steps of "
                "the protocol"
            )
        if len(walk.owner) != circuit.num_qubits or walk.size != circuit.num_clbits:
            raise LocalityError(f"circuit {circuit.name!r}: other qubits or bits than its protocol")
        walk.used.check(experiment["usage"])
    for k, setting in enumerate(experiment["settings"]):
        needed = circuits[setting["circuit"]].num_parameters
        if len(setting["values"]) != needed:
            raise LocalityError(f"settings[{k}].values: {len(setting['values'])}; its circuit has {needed}")


@dataclass
class _Used:
    """What steps used: of each key and unit the least and the most that it can be."""

    ranges: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def add(self, key: str, unit: str, least: float, most: float | None = None) -> None:
        units = self.ranges.setdefault(key, {})
        low, high = units.get(unit, (0.0, 0.0))
        units[unit] = (low + least, high + (least if most is None else most))

    def check(self, usage: Mapping[str, Mapping[str, float]]) -> None:
        """Check a stated usage.

        Raises:
            LocalityError: naming what is used otherwise.
        """
        for key in dict.fromkeys([*usage, *self.ranges]):
            stated, found = usage.get(key, {}), self.ranges.get(key, {})
            for unit in dict.fromkeys([*stated, *found]):
                low, high = found.get(unit, (0.0, 0.0))
                value = stated.get(unit, 0)
                slack = ROUNDED * max(1.0, high)
                if not low - slack <= value <= high + slack:
                    should = f"{low:g}" if low == high else f"{low:g} to {high:g}"
                    raise LocalityError(f"usage of {key}: {value:g} {unit}; its steps use {should}")


class _Protocol:
    """A protocol while its steps are read, beside its circuit.

    Attributes:
        owner: of each qubit so far.
        left: the instructions of the circuit that no step has explained yet.
        size: classical bits so far.
        used: what the steps used.
    """

    def __init__(self, topology: Mapping[str, Any], circuit: QuantumCircuit) -> None:
        self._topology = topology
        self._carries = {(k["from"], k["to"]): k["carries"] for k in topology["links"]}
        self._circuit = circuit
        self._branch: deque[tuple[str, tuple[int, ...]]] = deque()  # what is left of a condition's gates
        self._registers: dict[str, dict[str, None]] = {}  # register -> who knows it
        self._fresh = set[int]()  # shared, and still with the source
        self._last: CircuitInstruction | None = None  # of the circuit that a step explained
        self._relay = topology.get("relay", "")
        self._travels: Counter[tuple[str, str]] = Counter()  # (key, for whom) -> qubits that the relay has
        self.owner: list[str] = []
        self.left = deque(circuit.data)
        self.size = 0
        self.used = _Used()

    def do(self, event: Mapping[str, Any]) -> None:
        """Take one step.

        Raises:
            LocalityError: when the network does not permit it, or the circuit does something else.
        """
        kind, party = event["kind"], event.get("party", "")
        qubits = tuple(event.get("qubits", ()))
        step = getattr(self, f"_{kind}", None) if kind in STEPS else None
        if step is None:
            raise LocalityError(f"no step; allowed are {', '.join(STEPS)}")
        if kind in OF_A_PARTY and party not in self._topology["parties"]:
            raise LocalityError(f"no party {party!r} in the network")
        if self._branch and kind not in ("gate", "barrier"):
            raise LocalityError("stands within a condition of the circuit")
        step(event, party, qubits)

    def _allocate(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        self._add(qubits, [party] * len(qubits))

    def _add(self, qubits: tuple[int, ...], owners: Sequence[str]) -> None:
        if qubits != tuple(range(len(self.owner), len(self.owner) + len(qubits))):
            raise LocalityError(f"qubits {list(qubits)[:8]}; the next ones begin at {len(self.owner)}")
        self.owner += owners

    def _share(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        owners, what = event["owners"], event.get("name")
        for one in owners:
            if one not in self._topology["parties"]:
                raise LocalityError(f"no party {one!r} in the network")
        if event.get("to", "") != self._relay:
            raise LocalityError(f"carried by {event.get('to') or 'nobody'}; the network has another relay")
        half, key = len(qubits) // 2, "shared"
        if what == "state":
            if any(one not in self._topology["shared_state"] for one in owners):
                raise LocalityError("the network has no shared state for these")
            self.used.add("shared", "qudits", 1, len(qubits))
        elif what in ("ebits", "pair"):
            pair = next((p for p in self._topology["ebits"] if set(p) == set(owners)), None)
            if pair is None or owners != [owners[0]] * half + [owners[-1]] * half:
                raise LocalityError("the network has no ebits for these")
            least, key = half if what == "ebits" else math.log2(2 ** (half - 1) + 1), "-".join(pair)
            self.used.add(key, "ebits", least, half)
        else:
            raise LocalityError(f"{what!r}; allowed are ebits, pair and state")
        self._add(qubits, [self._relay or one for one in owners])
        self._travels.update((key, one) for one in owners if self._relay)
        while self.left and not isinstance(self.left[0].operation, Barrier):  # what the source does
            name, touched, bits = self._read(self._next())
            if bits or not set(touched) <= set(qubits):
                raise LocalityError(f"the source does {name} to qubits that it does not bring")

    def _gate(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        self._own(party, qubits)
        name, _, condition = str(event.get("name", "")).partition(" if ")
        if condition and not self._branch:
            self._enter(party, condition)
        if self._branch:
            found, touched = self._branch.popleft()
            if not condition:
                raise LocalityError("the circuit does it under a condition")
        else:
            found, touched, _ = self._read(self._next())
        if (found, touched) != (name, qubits):
            raise LocalityError(
                f"{name} on qubits {list(qubits)[:8]}; the circuit does {found} on {list(touched)[:8]}"
            )

    def _barrier(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        if party or self._branch:
            self._gate(event, party, qubits)
        elif qubits != tuple(range(len(self.owner))):
            raise LocalityError("a barrier is over all qubits, or a party's own")
        elif (found := self._read(self._next()))[:2] != ("barrier", qubits):
            raise LocalityError(f"the circuit does {found[0]} on qubits {list(found[1])[:8]}")

    def _send(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        to, key = event.get("to", ""), event.get("name", "")
        self._own(party, qubits)
        if not self._relay or party != self._relay:
            receiver = key.removeprefix(f"{party}->") if self._relay else to
            if "qubits" not in self._carries.get((party, receiver), ""):
                raise LocalityError(f"no link {party}->{receiver} for qubits")
            if self._relay and to != self._relay:
                raise LocalityError(f"sent to {to}; {self._relay} carries all that is sent")
            self._use_link(f"{party}->{receiver}", len(qubits))
            self._travels[key, receiver] += len(qubits)
        elif self._travels[key, to] < len(qubits):
            raise LocalityError(f"{party} does not carry {len(qubits)} qubits of {key!r} to {to}")
        else:
            self._travels[key, to] -= len(qubits)
        last = self._last
        if last is not None and (
            not isinstance(last.operation, Barrier) or len(last.qubits) != len(self.owner)
        ):
            raise LocalityError("no barrier over all qubits before it")
        for q in qubits:
            self.owner[q] = to

    def _use_link(self, key: str, qubits: int) -> None:
        self.used.add(key, "qubits", qubits)
        self.used.add(key, "log2_dim", 0, qubits)
        self.used.add(key, "qudits", 0, 1)

    def _bits(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        to, many = event.get("to", ""), _number(event)
        if "bits" not in self._carries.get((party, to), ""):
            raise LocalityError(f"no link {party}->{to} for bits")
        self.used.add(f"{party}->{to}", "bits", many)
        for register in self._circuit.cregs:
            known = self._registers.get(register.name, {})
            if party in known and len(register) == many:
                known[to] = None

    def _random(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        if not self._topology["common_randomness"]:
            raise LocalityError("the network has no common randomness")
        self.used.add("common", "random_bits", _number(event))

    def _measure(self, event: Mapping[str, Any], party: str, qubits: tuple[int, ...]) -> None:
        self._own(party, qubits)
        name = str(event.get("name", ""))
        if name in self._registers:
            raise LocalityError(f"register {name[:60]!r} is measured twice")
        register = next((r for r in self._circuit.cregs if r.name == name), None)
        if register is None or len(register) != len(qubits):
            raise LocalityError(f"the circuit has no register {name[:60]!r} of {len(qubits)} bits")
        for k, q in enumerate(qubits):
            found = self._read(self._next())
            if found != (MEASURE, (q,), (self.size + k,)):
                raise LocalityError(
                    f"the circuit does {found[0]} on qubits {list(found[1])[:8]}, bits {found[2]}"
                )
        if tuple(self._circuit.find_bit(bit).index for bit in register) != tuple(
            range(self.size, self.size + len(qubits))
        ):
            raise LocalityError(f"register {name[:60]!r} holds other bits")
        self.size += len(qubits)
        self._registers[name] = {party: None}

    def _own(self, party: str, qubits: tuple[int, ...]) -> None:
        for q in qubits:
            if q >= len(self.owner) or self.owner[q] != party:
                owner = self.owner[q] if q < len(self.owner) else "nobody"
                raise LocalityError(f"{party} acts on qubit {q} of {owner}")

    def _next(self) -> CircuitInstruction:
        if not self.left:
            raise LocalityError("the circuit has ended")
        self._last = self.left.popleft()
        return self._last

    def _enter(self, party: str, condition: str) -> None:
        """Begin the gates that the circuit does if a register holds a value."""
        instruction = self._next()
        operation = instruction.operation
        if not isinstance(operation, IfElseOp) or len(operation.blocks) != 1:
            raise LocalityError(f"is under a condition; the circuit does {operation.name}")
        register, _, value = condition.rpartition("=")
        target = next((r for r in self._circuit.cregs if r.name == register), None)
        if target is None or operation.condition != (target, int(value) if value.isdecimal() else None):
            raise LocalityError(f"if {condition[:60]}; the circuit has another condition")
        if party not in self._registers.get(register, {}):
            raise LocalityError(f"{party} does not know register {register[:60]!r}")
        (body,) = operation.blocks
        outer = [self._circuit.find_bit(q).index for q in instruction.qubits]
        for inner in body.data:
            touched = tuple(outer[body.find_bit(q).index] for q in inner.qubits)
            if inner.clbits:
                raise LocalityError("the circuit measures under a condition")
            self._branch.append((gate_name(inner.operation), touched))

    def _read(self, instruction: CircuitInstruction) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
        """Return the name of an instruction, its qubits and its classical bits."""
        find = self._circuit.find_bit
        return (
            gate_name(instruction.operation),
            tuple(find(q).index for q in instruction.qubits),
            tuple(find(c).index for c in instruction.clbits),
        )


STEPS = ("allocate", "share", "gate", "barrier", "send", "bits", "measure", "random")
OF_A_PARTY = ("allocate", "gate", "send", "bits", "measure")


def _number(event: Mapping[str, Any]) -> float:
    """Return the number of bits that an event names."""
    try:
        many = float(event.get("name", ""))
    except (TypeError, ValueError):
        many = math.nan
    if not 0 <= many < 1e6:
        raise LocalityError(f"{str(event.get('name'))[:60]!r} bits; allowed is a number")
    return many

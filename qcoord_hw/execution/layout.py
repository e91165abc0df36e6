"""Which physical qubits: the embedding of a circuit's two-qubit gates that calibration says is best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from itertools import islice

import rustworkx as rx
from qiskit.circuit import Barrier, ControlFlowOp, QuantumCircuit

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.network import is_relayed

MAX_EMBEDDINGS = 50_000
"""Embeddings of one connected pattern that are compared at most."""


VIRTUAL = {"rz", "z", "s", "sdg", "t", "tdg", "p", "id", "measure", "reset", "delay", "barrier"}
"""What costs a qubit no gate error: rotations about Z are done in software; readout is counted apart."""

Pattern = tuple[tuple[tuple[int, ...], float], ...]
"""A connected part's gates: (qubits, mean number of gates per circuit), qubits numbered in the part."""


def interactions(circuit: QuantumCircuit) -> Counter[frozenset[int]]:
    """Return how often each set of two or more qubits is acted on together, barriers left out."""
    pairs: Counter[frozenset[int]] = Counter()
    for instruction in circuit.data:
        if len(instruction.qubits) > 1 and not isinstance(instruction.operation, Barrier):
            pairs[frozenset(circuit.find_bit(q).index for q in instruction.qubits)] += 1
    return pairs


def components(num_qubits: int, edges: Iterable[Iterable[int]]) -> list[list[int]]:
    """Return the sets of qubits that are connected by `edges`, each sorted, in order of their first qubit."""
    graph = rx.PyGraph()
    graph.add_nodes_from(range(num_qubits))
    for edge in edges:
        first, *rest = edge
        graph.add_edges_from_no_data([(first, other) for other in rest])
    return sorted(sorted(part) for part in rx.connected_components(graph))


def choose_layout(circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> tuple[int, ...]:
    """Return ONE layout for all circuits: the physical qubit of each circuit qubit.

    Every two-qubit gate of every circuit falls on a coupled pair, so nothing has to be routed and no
    qubit can pass through another party. Among all such embeddings the one with the smallest expected
    number of errors (gates and readout, by calibration) is taken; disconnected parts are placed one
    after the other, the largest first.

    Raises:
        TooLargeError: when the circuits do not fit the device.
    """
    places = Places(circuits, snapshot)
    found = places.put()
    if found is None:
        raise TooLargeError(
            f"target: {snapshot.device}: found no free qubits coupled as the two-qubit gates need "
            f"({places.size} qubits in {places.parts} connected parts)"
        )
    return found[1]


def ranked_layouts(
    circuits: Sequence[QuantumCircuit], snapshot: Snapshot, most: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Return (expected number of errors, layout) of embeddings on distinct sets of qubits, the best first.

    Connected circuits stand first where `choose_layout` puts them. Of disconnected parts the largest takes
    each of its places in turn, and the others the best of what that leaves.

    Args:
        circuits: of one experiment.
        snapshot: the device.
        most: how many are returned at most.

    Raises:
        TooLargeError: when the circuits need more qubits than the device has.
    """
    places = Places(circuits, snapshot)
    found: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {}
    for first in places.first():
        one = places.put(first=first)
        if one is not None:
            found.setdefault(frozenset(one[1]), one)
        if len(found) == most:
            break
    return sorted(found.values(), key=lambda one: one[0])


def expected_errors(layout: Sequence[int], circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> float:
    """Return the expected number of errors of a circuit on a layout, by calibration: gates and readout."""
    device = Costs(snapshot)
    gates = [
        w * device.gates[frozenset(layout[q] for q in qubits)]
        for qubits, w in _average_gates(circuits).items()
    ]
    return round(math.fsum([*gates, *(device.readout[layout[q]] for q in _read(circuits))]), 12)


class Places:
    """Where the connected parts of an experiment's circuits can stand on a device, by calibration."""

    def __init__(self, circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> None:
        """Find the connected parts.

        Raises:
            TooLargeError: when the circuits need more qubits than the device has.
        """
        self.size = circuits[0].num_qubits
        if self.size > len(snapshot.qubits):
            raise TooLargeError(
                f"target: {snapshot.device} has {len(snapshot.qubits)} qubits; this experiment needs "
                f"{self.size}"
            )
        weights, read = _average_gates(circuits), _read(circuits)
        parts = components(self.size, [pair for pair in weights if len(pair) == 2])
        self._parts = [
            (part, _pattern(part, weights), tuple(k for k, q in enumerate(part) if q in read))
            for part in sorted(parts, key=len, reverse=True)
        ]
        self._snapshot = snapshot

    @property
    def parts(self) -> int:
        """How many connected parts there are."""
        return len(self._parts)

    def first(self) -> list[tuple[float, list[int]]]:
        """Return (expected number of errors, physical qubits) of the largest part's places, best first."""
        part, pattern, read = self._parts[0]
        return _ranked(self._snapshot, len(part), pattern, read)

    def put(
        self, taken: Set[int] = frozenset(), first: tuple[float, list[int]] | None = None
    ) -> tuple[float, tuple[int, ...]] | None:
        """Place the parts one after the other, the largest first, each where fewest errors are expected.

        Args:
            taken: physical qubits that are not free.
            first: the place of the largest part, one of `first()`; the best free one if omitted.

        Returns:
            Expected number of errors and layout; None where a part finds no place.
        """
        placed: dict[int, int] = {}
        total = 0.0
        for k, (part, pattern, read) in enumerate(self._parts):
            used = taken | set(placed.values())
            choices = [first] if first and k == 0 else _ranked(self._snapshot, len(part), pattern, read)
            best = next((place for place in choices if used.isdisjoint(place[1])), None)
            if best is None:
                return None
            total += best[0]
            placed.update(zip(part, best[1], strict=True))
        return total, tuple(placed[q] for q in range(self.size))


@lru_cache(maxsize=8)  # circuits are placed as built, and once more as compiled
def _ranked(
    snapshot: Snapshot, size: int, pattern: Pattern, read: tuple[int, ...]
) -> list[tuple[float, list[int]]]:
    """Return (expected number of errors, physical qubits) of a connected pattern's places, best first."""
    return sorted(Costs(snapshot).embeddings(size, pattern, read))


def check_layout(layout: Sequence[int], circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> None:
    """Check a layout that a person gave.

    Raises:
        InputError: when it has the wrong length, an unknown qubit, or a gate falls on an uncoupled pair.
    """
    size = circuits[0].num_qubits
    if len(layout) != size:
        raise InputError(f"layout: {list(layout)}; allowed are {size} qubits, one for each of the circuit")
    if unknown := [q for q in layout if not snapshot.has([q])]:
        raise InputError(f"layout: qubit {unknown[0]}; {snapshot.device} has {_ranges(snapshot)}")
    coupled = {frozenset(g.qubits) for g in snapshot.gates if len(g.qubits) == 2}
    for pair in (sorted(qubits) for qubits in _average_gates(circuits) if len(qubits) == 2):
        a, b = (layout[q] for q in pair)
        if coupled and frozenset((a, b)) not in coupled:
            raise InputError(
                f"layout: qubits {a} and {b} of {snapshot.device} are not coupled; a gate needs them"
            )


def _ranges(snapshot: Snapshot) -> str:
    """Return which qubits are calibrated, in words."""
    known = sorted(q.index for q in snapshot.qubits)
    if known == list(range(snapshot.num_qubits)):
        return f"0 to {snapshot.num_qubits - 1}"
    return f"a calibration of {', '.join(map(str, known[:20]))}{', ..' if len(known) > 20 else ''}"


def _average_gates(circuits: Sequence[QuantumCircuit]) -> dict[frozenset[int], float]:
    """Return the mean number of gates per circuit on each qubit and pair.

    Of a line of relays pairs alone count, a SWAP as the three gates that it is made of.
    """
    total: Counter[frozenset[int]] = Counter()
    for circuit in circuits:
        relayed = is_relayed(circuit)
        for name, qubits in executed_gates(circuit, range(circuit.num_qubits)):
            if len(qubits) > 2:
                raise TooLargeError(
                    f"target: gate {name} acts on {len(qubits)} qubits; allowed on devices are one or two"
                )
            if not relayed or len(qubits) == 2:
                total[frozenset(qubits)] += 3 if relayed and name == "swap" else 1
    return {qubits: count / len(circuits) for qubits, count in total.items()}


def _read(circuits: Sequence[QuantumCircuit]) -> set[int]:
    """Return the qubits whose readout counts: all, but of relays only those that are measured."""
    if not is_relayed(circuits[0]):
        return set(range(circuits[0].num_qubits))
    done = [one for circuit in circuits for one in operations(circuit, range(circuit.num_qubits))]
    return {qubits[0] for name, qubits in done if name == "measure"}


def executed_gates(circuit: QuantumCircuit, where: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Return name and qubits of every gate that costs anything, also of those under a condition.

    Args:
        circuit: or the block of a condition.
        where: what its qubits are called, in their order.
    """
    return ((name, qubits) for name, qubits in operations(circuit, where) if name not in VIRTUAL)


def operations(circuit: QuantumCircuit, where: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield name and qubits of every operation, also of those under a condition, as `executed_gates`."""
    for instruction in circuit.data:
        qubits = [where[circuit.find_bit(q).index] for q in instruction.qubits]
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                yield from operations(block, qubits)
        else:
            yield instruction.operation.name, qubits


def _pattern(part: Sequence[int], weights: Mapping[frozenset[int], float]) -> Pattern:
    local = {q: i for i, q in enumerate(part)}
    return tuple(
        sorted(
            (tuple(sorted(local[q] for q in qubits)), w)
            for qubits, w in weights.items()
            if qubits <= local.keys()
        )
    )


class Costs:
    """Costs of a device's qubits and pairs: expected number of errors, -log(1 - error).

    Attributes:
        readout: of each calibrated qubit.
        gates: of each qubit and coupled pair.
        coupled: the graph of couplings, its nodes the physical qubits.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Read them off a calibration."""
        self.readout = {q.index: _cost((q.p10 + q.p01) / 2) for q in snapshot.qubits}
        self.gates = {frozenset([q.index]): 0.0 for q in snapshot.qubits}
        for gate in snapshot.gates:
            qubits, cost = frozenset(gate.qubits), _cost(gate.error)
            if len(qubits) == 2:  # one direction may be stated, or both
                self.gates[qubits] = min(cost, self.gates.get(qubits, math.inf))
            elif gate.name not in VIRTUAL:
                self.gates[qubits] = max(cost, self.gates[qubits])
        self.coupled = rx.PyGraph(multigraph=False)
        self.coupled.add_nodes_from(range(snapshot.num_qubits))
        unknown = set(range(snapshot.num_qubits)) - self.readout.keys()  # not calibrated
        self.coupled.remove_nodes_from(unknown)
        self.coupled.add_edges_from_no_data([(min(q), max(q)) for q in self.gates if len(q) == 2])

    def embeddings(
        self, size: int, pattern: Pattern, read: Sequence[int]
    ) -> Iterator[tuple[float, list[int]]]:
        """Yield (cost, physical qubits) of the embeddings of a connected pattern."""
        graph = rx.PyGraph()
        graph.add_nodes_from(range(size))
        graph.add_edges_from_no_data([(q[0], q[1]) for q, _ in pattern if len(q) == 2])
        found = rx.vf2_mapping(self.coupled, graph, subgraph=True, induced=False, id_order=False)
        for mapping in islice(found, MAX_EMBEDDINGS):
            where = {position: physical for physical, position in mapping.items()}
            gates = [w * self.gates[frozenset(where[i] for i in qubits)] for qubits, w in pattern]
            cost = math.fsum([*gates, *(self.readout[where[i]] for i in read)])
            # Rounded, so that equal costs tie and the smaller qubit numbers are taken.
            yield round(cost, 12), [where[i] for i in range(size)]


def _cost(error: float | None) -> float:
    """Return -log(1 - error); what calibration marks as faulty (error 1) is a last resort."""
    return -math.log1p(-min(error or 0.0, 1 - 1e-9))

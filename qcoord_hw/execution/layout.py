"""Which physical qubits: the embedding of a circuit's two-qubit gates that calibration says is best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import rustworkx as rx
from qiskit.circuit import Barrier, ControlFlowOp, QuantumCircuit

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.snapshot import Snapshot

MAX_EMBEDDINGS = 50_000
"""Embeddings of one connected pattern that are compared at most."""


VIRTUAL = {"rz", "z", "s", "sdg", "t", "tdg", "p", "id", "measure", "reset", "delay", "barrier"}
"""What costs a qubit no gate error: rotations about Z are done in software; readout is counted apart."""

Pattern = tuple[tuple[tuple[int, ...], float], ...]
"""A connected part's gates: (qubits, mean number of gates a circuit), qubits numbered in the part."""


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
    size = circuits[0].num_qubits
    if size > snapshot.num_qubits:
        raise TooLargeError(
            f"target: {snapshot.device} has {snapshot.num_qubits} qubits; this experiment needs {size}"
        )
    weights = _average_gates(circuits)
    device = _Device(snapshot)
    parts = components(size, [pair for pair in weights if len(pair) == 2])
    placed: dict[int, int] = {}
    by_shape: dict[Pattern, list[tuple[float, list[int]]]] = {}
    for part in sorted(parts, key=len, reverse=True):
        pattern = _pattern(part, weights)
        if pattern not in by_shape:
            by_shape[pattern] = sorted(device.embeddings(len(part), pattern))
        taken = set(placed.values())
        best = next((e for _, e in by_shape[pattern] if taken.isdisjoint(e)), None)
        if best is None:
            raise TooLargeError(
                f"target: {snapshot.device}: found no free qubits coupled as the two-qubit gates need "
                f"({size} qubits in {len(parts)} connected parts)"
            )
        placed.update(zip(part, best, strict=True))
    return tuple(placed[q] for q in range(size))


def check_layout(layout: Sequence[int], circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> None:
    """Check a layout that a person gave.

    Raises:
        InputError: when it has the wrong length, an unknown qubit, or a gate falls on an uncoupled pair.
    """
    size = circuits[0].num_qubits
    if len(layout) != size:
        raise InputError(f"layout: {list(layout)}; allowed are {size} qubits, one for each of the circuit")
    if unknown := [q for q in layout if not 0 <= q < snapshot.num_qubits]:
        raise InputError(f"layout: qubit {unknown[0]}; {snapshot.device} has 0 to {snapshot.num_qubits - 1}")
    coupled = {frozenset(g.qubits) for g in snapshot.gates if len(g.qubits) == 2}
    for pair in (sorted(qubits) for qubits in _average_gates(circuits) if len(qubits) == 2):
        a, b = (layout[q] for q in pair)
        if coupled and frozenset((a, b)) not in coupled:
            raise InputError(
                f"layout: qubits {a} and {b} of {snapshot.device} are not coupled; a gate needs them"
            )


def _average_gates(circuits: Sequence[QuantumCircuit]) -> dict[frozenset[int], float]:
    """Return the mean number of gates a circuit on each qubit and pair."""
    total: Counter[frozenset[int]] = Counter()
    for circuit in circuits:
        for name, qubits in _gates(circuit, range(circuit.num_qubits)):
            if len(qubits) > 2:
                raise TooLargeError(
                    f"target: gate {name} acts on {len(qubits)} qubits; allowed on devices are one or two"
                )
            total[frozenset(qubits)] += 1
    return {qubits: count / len(circuits) for qubits, count in total.items()}


def _gates(circuit: QuantumCircuit, where: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield name and qubits of every gate that costs anything, also of those under a condition."""
    for instruction in circuit.data:
        qubits = [where[circuit.find_bit(q).index] for q in instruction.qubits]
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                yield from _gates(block, qubits)
        elif instruction.operation.name not in VIRTUAL:
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


class _Device:
    """Costs of a device's qubits and pairs: expected number of errors, -log(1 - error)."""

    def __init__(self, snapshot: Snapshot) -> None:
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
        self.coupled.add_edges_from_no_data([(min(q), max(q)) for q in self.gates if len(q) == 2])

    def embeddings(self, size: int, pattern: Pattern) -> Iterator[tuple[float, list[int]]]:
        """Yield (cost, physical qubits) of the embeddings of a connected pattern."""
        graph = rx.PyGraph()
        graph.add_nodes_from(range(size))
        graph.add_edges_from_no_data([(q[0], q[1]) for q, _ in pattern if len(q) == 2])
        found = rx.vf2_mapping(self.coupled, graph, subgraph=True, induced=False, id_order=False)
        for mapping in islice(found, MAX_EMBEDDINGS):
            where = {position: physical for physical, position in mapping.items()}
            gates = [w * self.gates[frozenset(where[i] for i in qubits)] for qubits, w in pattern]
            cost = math.fsum([*gates, *(self.readout[where[i]] for i in range(size))])
            # Rounded, so that equal costs tie and the smaller qubit numbers are taken.
            yield round(cost, 12), [where[i] for i in range(size)]


def _cost(error: float | None) -> float:
    """Return -log(1 - error); what calibration marks as faulty (error 1) is a last resort."""
    return -math.log1p(-min(error or 0.0, 1 - 1e-9))

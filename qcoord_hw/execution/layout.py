"""Which physical qubits: the embedding of a circuit's two-qubit gates that calibration says is best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import rustworkx as rx
from qiskit.circuit import Barrier, QuantumCircuit

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.snapshot import Snapshot

MAX_EMBEDDINGS = 50_000
"""Embeddings of one connected pattern that are compared at most; a line of six on a square lattice of
120 qubits has fewer."""


Pattern = tuple[tuple[int, int, float], ...]
"""A connected part's two-qubit gates: (qubit, qubit, mean number of gates), qubits numbered in the part."""


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
    after the other, the costliest first.

    Raises:
        TooLargeError: when the circuits do not fit the device.
    """
    size = circuits[0].num_qubits
    if size > snapshot.num_qubits:
        raise TooLargeError(
            f"target: {snapshot.device} has {snapshot.num_qubits} qubits; this experiment needs {size}"
        )
    weights = _average_interactions(circuits)
    device = _Device(snapshot)
    parts = components(size, weights)
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
                f"target: {snapshot.device} has no free qubits coupled as the two-qubit gates of this "
                f"experiment need ({size} qubits in {len(parts)} connected parts, no routing)"
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
    for pair in _average_interactions(circuits):
        a, b = (layout[q] for q in sorted(pair))
        if coupled and frozenset((a, b)) not in coupled:
            raise InputError(
                f"layout: qubits {a} and {b} of {snapshot.device} are not coupled; a gate needs them"
            )


def _average_interactions(circuits: Sequence[QuantumCircuit]) -> dict[frozenset[int], float]:
    """Return the mean number of two-qubit gates a circuit on each pair."""
    total: Counter[frozenset[int]] = Counter()
    for circuit in circuits:
        total.update(interactions(circuit))
    if wide := [pair for pair in total if len(pair) > 2]:
        raise TooLargeError(
            f"target: a gate acts on {len(wide[0])} qubits at once; allowed on devices are one or two"
        )
    return {pair: count / len(circuits) for pair, count in total.items()}


def _pattern(part: Sequence[int], weights: Mapping[frozenset[int], float]) -> Pattern:
    local = {q: i for i, q in enumerate(part)}
    edges = []
    for pair, weight in weights.items():
        if pair <= local.keys():
            a, b = sorted(local[q] for q in pair)
            edges.append((a, b, weight))
    return tuple(sorted(edges))


class _Device:
    """Costs of a device's qubits and pairs: expected number of errors, -log(1 - error)."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.readout = {q.index: _cost((q.p10 + q.p01) / 2) for q in snapshot.qubits}
        self.pairs: dict[frozenset[int], float] = {}
        for gate in snapshot.gates:
            if len(gate.qubits) == 2:
                pair, cost = frozenset(gate.qubits), _cost(gate.error)
                self.pairs[pair] = min(cost, self.pairs.get(pair, math.inf))
        self.coupled = rx.PyGraph(multigraph=False)
        self.coupled.add_nodes_from(range(snapshot.num_qubits))
        self.coupled.add_edges_from_no_data([(min(pair), max(pair)) for pair in self.pairs])

    def embeddings(self, size: int, pattern: Pattern) -> Iterator[tuple[float, list[int]]]:
        """Yield (cost, physical qubits) of the embeddings of a connected pattern."""
        graph = rx.PyGraph()
        graph.add_nodes_from(range(size))
        graph.add_edges_from_no_data([(a, b) for a, b, _ in pattern])
        found = rx.vf2_mapping(self.coupled, graph, subgraph=True, induced=False, id_order=False)
        for mapping in islice(found, MAX_EMBEDDINGS):
            where = {position: physical for physical, position in mapping.items()}
            gates = [w * self.pairs[frozenset((where[a], where[b]))] for a, b, w in pattern]
            cost = math.fsum([*gates, *(self.readout[where[i]] for i in range(size))])
            yield (
                round(cost, 12),
                [where[i] for i in range(size)],
            )  # rounded: equal costs tie by qubit numbers


def _cost(error: float | None) -> float:
    """Return -log(1 - error); what calibration marks as faulty (error 1) is a last resort."""
    return -math.log1p(-min(error or 0.0, 1 - 1e-9))

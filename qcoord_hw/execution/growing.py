"""Many qubits in |0..0> + |1..1>: prepared along the best tree of a device, whatever a protocol writes.

One qubit in |+> and a CX along each edge of a tree give this state along any tree, and its qubits are alike.
So where one hand prepares it and no gate joins its qubits afterwards, a device's own tree is taken: the one
with the fewest expected errors, grown qubit by qubit. Small states stay as they are written.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import rustworkx as rx
from qiskit.circuit import QuantumCircuit

from qcoord_hw.execution.layout import Costs, interactions
from qcoord_hw.execution.methods import MAX_DENSITY_MATRIX
from qcoord_hw.execution.program import Program, stages
from qcoord_hw.execution.snapshot import Snapshot

Tree = tuple[list[int], list[tuple[int, int]]]
"""Physical qubits, and edges among them, each grown from the qubit that stands first."""


def grown(program: Program, snapshot: Snapshot) -> tuple[tuple[QuantumCircuit, ...], tuple[int, ...]] | None:
    """Return circuits whose first stage grows along a tree of the device, and their layout.

    None where they do not begin with such a state of all their qubits, more than a density matrix holds, or
    nothing large enough is connected.
    """
    tree = best_tree(snapshot, program.circuits[0].num_qubits) if grows(program) else None
    if tree is None:
        return None
    layout, edges = tree
    cuts = [stages(circuit) for circuit in program.circuits]
    place = {physical: k for k, physical in enumerate(layout)}
    made = []
    for cut in cuts:
        whole = cut[0].copy_empty_like()
        whole.h(0)
        for a, b in edges:
            whole.cx(place[a], place[b])
        for stage in cut[1:]:
            whole.barrier()
            whole.compose(stage, whole.qubits, whole.clbits, inplace=True)
        made.append(whole)
    return tuple(made), tuple(layout)


def grows(program: Program) -> bool:
    """Return whether circuits begin with such a state of all their qubits, of many of them."""
    return program.circuits[0].num_qubits > MAX_DENSITY_MATRIX and all(
        len(cut) > 1 and movable and movable[0] and _is_grown(cut[0]) and not any(map(interactions, cut[1:]))
        for cut, movable in zip(map(stages, program.circuits), program.movable, strict=True)
    )


def best_tree(snapshot: Snapshot, size: int) -> Tree | None:
    """Return the tree of so many qubits with the fewest expected errors of gates and readout.

    From every qubit one is grown by the cheapest neighbour. The best is rooted at its middle, deep branches
    first, so that it takes little time. None where fewer qubits are connected.
    """
    costs = Costs(snapshot)
    trees = filter(None, (_tree(costs, start, size) for start in costs.readout))
    found = min(trees, key=lambda tree: round(tree[0], 12), default=None)
    return None if found is None else _from_the_middle(found[1])


def _tree(costs: Costs, start: int, size: int) -> tuple[float, list[tuple[int, int]]] | None:
    total, inside, edges = costs.readout[start], {start}, list[tuple[int, int]]()
    queue: list[tuple[float, int, int]] = []

    def reach(a: int) -> None:
        for b in costs.coupled.neighbors(a):
            if b not in inside:
                heapq.heappush(queue, (costs.gates[frozenset((a, b))] + costs.readout[b], a, b))

    reach(start)
    while queue and len(inside) < size:
        cost, a, b = heapq.heappop(queue)
        if b not in inside:
            total += cost
            inside.add(b)
            edges.append((a, b))
            reach(b)
    return (total, edges) if len(inside) == size else None


def _from_the_middle(edges: Sequence[tuple[int, int]]) -> Tree:
    graph = rx.PyGraph()
    names = sorted({q for edge in edges for q in edge})
    graph.add_nodes_from(names)
    index = {name: k for k, name in enumerate(names)}
    graph.add_edges_from_no_data([(index[a], index[b]) for a, b in edges])
    far = rx.distance_matrix(graph).max(axis=1)
    root = int(far.argmin())
    depth: dict[int, int] = {}

    def measure(node: int, parent: int) -> int:
        depth[node] = max((1 + measure(n, node) for n in graph.neighbors(node) if n != parent), default=0)
        return depth[node]

    measure(root, -1)
    order, found, queue = [root], list[tuple[int, int]](), [(root, -1)]
    while queue:
        node, parent = queue.pop(0)
        for n in sorted((n for n in graph.neighbors(node) if n != parent), key=lambda n: (-depth[n], n)):
            order.append(n)
            found.append((names[node], names[n]))
            queue.append((n, node))
    return [names[n] for n in order], found


def _is_grown(stage: QuantumCircuit) -> bool:
    """Return whether a stage brings all its qubits to |0..0> + |1..1>, by H and CX along a tree."""
    reached: set[int] = set()
    for i in stage.data:
        qubits = [stage.find_bit(q).index for q in i.qubits]
        name = i.operation.name
        if name == "h" and not reached:
            reached.add(qubits[0])
        elif name == "cx" and qubits[0] in reached and qubits[1] not in reached:
            reached.add(qubits[1])
        elif name != "barrier":
            return False
    return bool(len(reached) == stage.num_qubits)

"""Swaps for circuits that fit a device nowhere as they are.

A qubit may pass through another only while one hand holds both: while the source prepares a shared state, and
when the user has received everything. In between, where every party acts on its own qubits, nothing moves.
So placements are judged at that middle: the last stage is routed forwards from it, the first one backwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import rustworkx as rx
from qiskit.circuit import QuantumCircuit, QuantumRegister
from qiskit.circuit.library import Barrier
from qiskit.transpiler import CouplingMap, Layout, PassManager
from qiskit.transpiler.passes import (
    ApplyLayout,
    Collect2qBlocks,
    ConsolidateBlocks,
    EnlargeWithAncilla,
    FullAncillaAllocation,
    SabreLayout,
    SabreSwap,
    SetLayout,
    UnitarySynthesis,
)

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution.layout import choose_layout, components, interactions
from qcoord_hw.execution.program import Program, stages
from qcoord_hw.execution.snapshot import Snapshot

TRIALS = 24
"""Placements that are compared."""

BASIS = ["cz", "rz", "sx", "x", "rx", "u"]


def routed_circuits(program: Program, snapshot: Snapshot) -> tuple[QuantumCircuit, ...] | None:
    """Return circuits with swaps in their movable stages, such that all gates embed in the device; else None.

    Qubit k is the same qubit in every circuit while parties act; what the outcome bits mean is unchanged.
    Connected parts are routed one by one, and those that fit as they are stay so.
    """
    if len(program.circuits) != 1:
        return None  # every circuit would have to leave its qubits in one place
    (circuit,), (movable,) = program.circuits, program.movable
    cut = stages(circuit)
    if len(cut) != len(movable) or len(cut) < 3 or not (movable[0] and movable[-1]):
        return None
    coupling = _coupling(snapshot)
    whole = [circuit.copy_empty_like() for _ in cut]
    for qubits in components(circuit.num_qubits, interactions(circuit)):
        part = [_restricted(stage, qubits) for stage in cut]
        if not _fits(part, snapshot):
            routed = _routed_part(part, coupling)
            if routed is None:
                return None
            part = routed
        for stage, mine in zip(whole, part, strict=True):
            stage.compose(mine, [stage.qubits[q] for q in qubits], stage.clbits, inplace=True)
    return (_joined(whole),)


def _restricted(stage: QuantumCircuit, qubits: Sequence[int]) -> QuantumCircuit:
    """Return what a stage does to some qubits that no gate joins to others."""
    part = QuantumCircuit(QuantumRegister(len(qubits), "q"), stage.clbits)
    where = {stage.qubits[q]: part.qubits[k] for k, q in enumerate(qubits)}
    for i in stage.data:
        if not isinstance(i.operation, Barrier) and i.qubits[0] in where:
            part.append(i.operation, [where[q] for q in i.qubits], i.clbits)
    return part


def _fits(part: Sequence[QuantumCircuit], snapshot: Snapshot) -> bool:
    try:
        choose_layout([_joined(part)], snapshot)
    except TooLargeError:
        return False
    return True


def _routed_part(cut: Sequence[QuantumCircuit], coupling: CouplingMap) -> list[QuantumCircuit] | None:
    """Return the stages of a connected part with swaps in the first and the last one, or None."""
    gates, measures = _without_measurements(cut[-1])
    if gates is None:
        return None
    middle = list(cut[1:-1])
    best: tuple[int, list[QuantumCircuit]] | None = None
    for seed in range(TRIALS):
        placed = _placement([*middle, gates], coupling, seed)
        if placed is None or not _adjacent(middle, placed, coupling):
            continue
        inside = _induced(placed, coupling)
        if not rx.is_connected(inside.graph.to_undirected()):
            continue
        last, ends = _routed(gates, inside, seed)
        first, _ = _routed(cut[0].inverse(), inside, seed)
        size = sum(interactions(c).total() for c in (first, last))
        if best is None or size < best[0]:
            measured = cut[-1].copy_empty_like()
            measured.compose(last, measured.qubits, inplace=True)
            for qubit, clbit in measures:
                measured.measure(ends[qubit], clbit)
            best = size, [first.inverse(), *middle, measured]
    return None if best is None else best[1]


def _joined(parts: Sequence[QuantumCircuit]) -> QuantumCircuit:
    """Return stages in one circuit again, with barriers between them."""
    whole = parts[-1].copy_empty_like()
    for k, part in enumerate(parts):
        if k:
            whole.barrier()
        whole.compose(part, whole.qubits, whole.clbits[: part.num_clbits], inplace=True)
    return whole


def _coupling(snapshot: Snapshot) -> CouplingMap:
    """Return the device's couplings, both directions, without those that calibration marks as faulty."""
    pairs = {tuple(sorted(g.qubits)) for g in snapshot.gates if len(g.qubits) == 2 and (g.error or 0) < 1}
    coupling = CouplingMap([pair for a, b in sorted(pairs) for pair in ((a, b), (b, a))])
    for q in range(coupling.size(), snapshot.num_qubits):
        coupling.add_physical_qubit(q)
    return coupling


def _without_measurements(last: QuantumCircuit) -> tuple[QuantumCircuit | None, list[tuple[int, int]]]:
    """Return the gates of the last stage and (qubit, bit) of its measurements; None unless they are final."""
    gates = QuantumCircuit(*last.qregs)
    measures: list[tuple[int, int]] = []
    for i in last.data:
        qubits = [last.find_bit(q).index for q in i.qubits]
        if i.operation.name == "measure":
            measures.append((qubits[0], last.find_bit(i.clbits[0]).index))
        elif i.clbits or any(q in dict(measures) for q in qubits):
            return None, []
        elif not isinstance(i.operation, Barrier):
            gates.append(i)
    return gates, measures


def _placement(parts: Sequence[QuantumCircuit], coupling: CouplingMap, seed: int) -> list[int] | None:
    """Return the physical qubit of each qubit for the stages that start in the middle."""
    whole = QuantumCircuit(*parts[-1].qregs)
    for part in parts:
        for i in part.data:
            if len(i.qubits) == 2:
                whole.cz(*i.qubits)
    layout = SabreLayout(
        coupling, seed=seed, max_iterations=4, layout_trials=4, swap_trials=4, skip_routing=True
    )
    manager = PassManager([layout])
    manager.run(whole)
    found: Layout | None = manager.property_set["layout"]
    return None if found is None else [found[q] for q in whole.qubits]


def _adjacent(parts: Sequence[QuantumCircuit], placed: Sequence[int], coupling: CouplingMap) -> bool:
    """Return whether all gates of the stages in which nothing moves fall on coupled qubits."""
    edges = {frozenset(edge) for edge in coupling.get_edges()}
    pairs = [pair for part in parts for pair in interactions(part)]
    return all(frozenset(placed[q] for q in pair) in edges for pair in pairs)


def _induced(placed: Sequence[int], coupling: CouplingMap) -> CouplingMap:
    """Return the couplings among the placed qubits, numbered as the circuit's qubits."""
    number = {physical: q for q, physical in enumerate(placed)}
    inside = CouplingMap()
    for q in range(len(placed)):
        inside.add_physical_qubit(q)
    for a, b in coupling.get_edges():
        if a in number and b in number:
            inside.add_edge(number[a], number[b])
    return inside


def _routed(circuit: QuantumCircuit, coupling: CouplingMap, seed: int) -> tuple[QuantumCircuit, list[int]]:
    """Return a circuit routed from the trivial placement, and where each qubit ends."""
    manager = PassManager(
        [
            SetLayout(list(range(circuit.num_qubits))),
            FullAncillaAllocation(coupling),
            EnlargeWithAncilla(),
            ApplyLayout(),
            SabreSwap(coupling, heuristic="decay", seed=seed, trials=20),
            Collect2qBlocks(),
            ConsolidateBlocks(force_consolidate=True),
            UnitarySynthesis(BASIS, coupling_map=coupling),
        ]
    )
    routed = manager.run(circuit)
    final: Layout | None = manager.property_set["final_layout"]
    ends = list(range(circuit.num_qubits))
    if final is not None:
        ends = [final[routed.qubits[q]] for q in range(circuit.num_qubits)]
    return routed, ends

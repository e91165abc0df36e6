"""Swaps for circuits that fit a device nowhere as they are.

A qubit may pass through another only while one hand holds both: while the source prepares a shared state, and
when the user has received everything. In between, where every party acts on its own qubits, nothing moves.
So placements are judged at that middle: the last stage is routed forwards from it, the first one backwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import rustworkx as rx
from qiskit.circuit import QuantumCircuit, QuantumRegister
from qiskit.circuit.library import Barrier
from qiskit.quantum_info import Clifford, Operator
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
from qcoord_hw.execution.frames import is_clifford
from qcoord_hw.execution.layout import choose_layout, components, interactions
from qcoord_hw.execution.lines import cheapest, on_line, orders, pairs_of
from qcoord_hw.execution.methods import MAX_DENSITY_MATRIX
from qcoord_hw.execution.program import Program, stages
from qcoord_hw.execution.snapshot import Snapshot

TRIALS = 24
"""Placements that are compared."""

LINES = 12
"""Orders of the digits on a line that are compared."""

MAX_BLOCK = 3
"""Qubits that what one holder does may join on a line."""

BASIS = ["cz", "rz", "sx", "x", "rx", "u"]


def routed_circuits(program: Program, snapshot: Snapshot) -> tuple[QuantumCircuit, ...] | None:
    """Return circuits with swaps in their movable stages, such that all gates embed in the device; else None.

    Qubit k is the same qubit in every circuit while parties act; what the outcome bits mean is unchanged.
    Connected parts are routed one by one, and those that fit as they are stay so. The first stage must be
    movable, and the same in all circuits; the last one is routed as well where one circuit alone is run.
    """
    circuits = program.circuits
    cuts = [stages(circuit) for circuit in circuits]
    for cut, movable in zip(cuts, program.movable, strict=True):
        if len(cut) != len(movable) or len(cut) < 2 or not movable[0] or len(cut) != len(cuts[0]):
            return None
    if any(cut[0].data != cuts[0][0].data for cut in cuts) or not cuts[0][0].count_ops().keys().isdisjoint(
        ("measure", "reset", "if_else")
    ):
        return None
    until_end = len(circuits) == 1 and len(cuts[0]) > 2 and program.movable[0][-1]
    shifted = program.engine >= 3 and all(one.flips is not None for one in program.settings)
    above = 0 if shifted else MAX_DENSITY_MATRIX
    coupling = _coupling(snapshot)
    room = max(map(len, rx.connected_components(coupling.graph.to_undirected())))
    whole = [[circuit.copy_empty_like() for _ in cut] for circuit, cut in zip(circuits, cuts, strict=True)]
    joint = {pair for circuit in circuits for pair in interactions(circuit)}
    for qubits in components(circuits[0].num_qubits, joint):
        parts = [[_restricted(stage, qubits) for stage in cut] for cut in cuts]
        if not _fits(parts, snapshot):
            fits = len(qubits) <= room  # Qiskit raises where they do not
            routed = _routed_part(parts, coupling, above, until_end=until_end) if fits else None
            if routed is None:
                return None
            parts = routed
        for cut, part in zip(whole, parts, strict=True):
            for stage, mine in zip(cut, part, strict=True):
                stage.compose(mine, [stage.qubits[q] for q in qubits], stage.clbits, inplace=True)
    return tuple(map(_joined, whole))


def _restricted(stage: QuantumCircuit, qubits: Sequence[int]) -> QuantumCircuit:
    """Return what a stage does to some qubits that no gate joins to others."""
    part = QuantumCircuit(QuantumRegister(len(qubits), "q"), stage.clbits)
    where = {stage.qubits[q]: part.qubits[k] for k, q in enumerate(qubits)}
    for i in stage.data:
        if not isinstance(i.operation, Barrier) and i.qubits[0] in where:
            part.append(i.operation, [where[q] for q in i.qubits], i.clbits)
    return part


def _fits(parts: Sequence[Sequence[QuantumCircuit]], snapshot: Snapshot) -> bool:
    try:
        choose_layout([_joined(part) for part in parts], snapshot)
    except TooLargeError:
        return False
    return True


def _routed_part(
    cuts: Sequence[Sequence[QuantumCircuit]], coupling: CouplingMap, above: int, *, until_end: bool
) -> list[list[QuantumCircuit]] | None:
    """Return the stages of a connected part of all circuits with swaps where they are allowed, or None."""
    gates, measures = _without_measurements(cuts[0][-1]) if until_end else (None, [])
    if until_end and gates is None:
        return None
    fixed = [stage for cut in cuts for stage in (cut[1:-1] if until_end else cut[1:])]
    guide = [*fixed, gates] if gates is not None else [*fixed, cuts[0][0]]
    best: tuple[int, list[list[QuantumCircuit]]] | None = None
    for seed in range(TRIALS):
        placed = _placement(guide, coupling, seed)
        if placed is None or not _adjacent(fixed, placed, coupling):
            continue
        inside = _induced(placed, coupling)
        if not rx.is_connected(inside.graph.to_undirected()):
            continue
        backwards, _ = _routed(cuts[0][0].inverse(), inside, seed, above)
        first = backwards.inverse()
        size, found = interactions(first).total(), [[first, *cut[1:]] for cut in cuts]
        if gates is not None:
            last, ends = _routed(gates, inside, seed, above)
            measured = cuts[0][-1].copy_empty_like()
            measured.compose(last, measured.qubits, inplace=True)
            for qubit, clbit in measures:
                measured.measure(ends[qubit], clbit)
            size, found = size + interactions(last).total(), [[first, *cuts[0][1:-1], measured]]
        if best is None or size < best[0]:
            best = size, found
    return _in_lines(cuts, gates, measures, above) if best is None else best[1]


def _in_lines(
    cuts: Sequence[Sequence[QuantumCircuit]],
    gates: QuantumCircuit | None,
    measures: Sequence[tuple[int, int]],
    above: int,
) -> list[list[QuantumCircuit]] | None:
    """Return the stages of a connected part of all circuits on a line, what one holder joins side by side.

    What holders do is routed too, each one's within the line of its own qubits. None where it joins more than
    three.

    Args:
        cuts: the stages of each circuit.
        gates: of the last stage, where that is routed as a whole; else None.
        measures: (qubit, bit) of its measurements.
        above: see `_routed`.
    """
    first, until = cuts[0][0], len(cuts[0]) - (gates is not None)
    fixed = [cut[1:until] for cut in cuts]
    joined = components(
        first.num_qubits, [pair for cut in fixed for stage in cut for pair in interactions(stage)]
    )
    if max(map(len, joined)) > MAX_BLOCK:
        return None
    best: tuple[int, list[list[QuantumCircuit]]] | None = None
    for seed in range(LINES):
        rng = np.random.default_rng(seed)
        placed: list[int] = []  # which qubit stands where on the line
        parts = [[stage.copy_empty_like() for stage in cut] for cut in fixed]
        for block in rng.permutation(len(joined)).tolist():
            mine = joined[block]
            inner = [[_restricted(stage, mine) for stage in cut] for cut in fixed]
            # Where measurements end a part, its qubits need not return.
            back = [gates is not None or k < len(fixed[0]) - 1 for k in range(len(fixed[0]))]
            order = min(
                orders(len(mine)),
                key=lambda order: sum(
                    cheapest(pairs_of(stage), order, back=b).cost
                    for cut in inner
                    for stage, b in zip(cut, back, strict=True)
                ),
            )
            order = order[::-1] if rng.random() < 0.5 else order
            for cut, own in zip(parts, inner, strict=True):
                for part, stage, b in zip(cut, own, back, strict=True):
                    moved = on_line(stage, order, back=b)
                    part.compose(moved, [part.qubits[mine[k]] for k in order], part.clbits, inplace=True)
            placed += [mine[k] for k in order]
        pairs = list(zip(placed, placed[1:], strict=False))
        line = CouplingMap([*pairs, *(pair[::-1] for pair in pairs)])
        backwards, _ = _routed(first.inverse(), line, seed, above)
        size, ends = interactions(backwards).total(), []
        if gates is not None:
            forwards, where = _routed(gates, line, seed, above)
            size += interactions(forwards).total()
            end = cuts[0][-1].copy_empty_like()
            end.compose(forwards, end.qubits, inplace=True)
            for qubit, clbit in measures:
                end.measure(where[qubit], clbit)
            ends = [end]
        if best is None or size < best[0]:
            best = size, [[backwards.inverse(), *part, *ends] for part in parts]
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


def _routed(
    circuit: QuantumCircuit, coupling: CouplingMap, seed: int, above: int
) -> tuple[QuantumCircuit, list[int]]:
    """Return a circuit routed from the trivial placement, and where each qubit ends.

    Clifford circuits of more qubits than `above` stay Clifford: large ones, to be simulated at all, and those
    whose inputs are Pauli frames, so that errors can be twirled before outcomes are shifted.
    """
    clifford = circuit.num_qubits > above and is_clifford(circuit)
    manager = PassManager(
        [
            SetLayout(list(range(circuit.num_qubits))),
            FullAncillaAllocation(coupling),
            EnlargeWithAncilla(),
            ApplyLayout(),
            SabreSwap(coupling, heuristic="decay", seed=seed, trials=20),
            Collect2qBlocks(),
            ConsolidateBlocks(force_consolidate=True),
            *([] if clifford else [UnitarySynthesis(BASIS, coupling_map=coupling)]),
        ]
    )
    routed = manager.run(circuit)
    if clifford:
        routed = _as_clifford(routed)
    final: Layout | None = manager.property_set["final_layout"]
    ends = list(range(circuit.num_qubits))
    if final is not None:
        ends = [final[routed.qubits[q]] for q in range(circuit.num_qubits)]
    return routed, ends


def _as_clifford(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit whose blocks, Clifford unitaries on two qubits, stand as the fewest CX and others.

    General synthesis takes as few, but between rotations by any angle.
    """
    made = circuit.copy_empty_like()
    for i in circuit.data:
        if i.operation.name == "unitary":
            made.compose(Clifford.from_operator(Operator(i.matrix)).to_circuit(), i.qubits, inplace=True)
        else:
            made.append(i)
    return made

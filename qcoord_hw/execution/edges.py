"""Every coupling of a chip: an experiment of two qubits on each of them, in batches that share no qubit.

A batch is what runs side by side, as tiles do; the batches are a proper colouring of the edges of the
coupling map. On a noise model every pair is simulated alone, which is the same, since there is no crosstalk;
to a device the pairs of a batch are sent in one circuit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import rustworkx as rx

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.execution.devices.base import Device
from qcoord_hw.execution.job_options import MAX_TILES
from qcoord_hw.execution.layout import interactions, ranked_layouts
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import (
    Executor,
    NoiseTarget,
    Prepared,
    RecordedTarget,
    RunTarget,
    compile_for,
)

ALLOWED = "allowed on fake_NAME, properties:FILE and devices"


def on_every_edge(target: RunTarget) -> RunTarget:
    """Return a target that lays circuits on every coupling at once.

    Raises:
        InputError: when a target has no couplings that are simulated.
    """
    if isinstance(target, RecordedTarget):
        return target
    if not isinstance(target, NoiseTarget):
        raise InputError(f"every-edge: target {target.name} has no coupling map of ours; {ALLOWED}")
    return _EveryEdge(target)


class _EveryEdge:
    """A noise model, every coupling of it at once."""

    def __init__(self, target: NoiseTarget) -> None:
        self.name, self._target = target.name, target

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Compile circuits of two qubits for every coupling; the best one by calibration is the first tile.

        Raises:
            InputError: when circuits do not join two qubits, or there is no coupling.
            TooLargeError: when there are more couplings than tiles of a run.
        """
        places = edge_layouts(program, self._target.snapshot())
        if tiles not in (1, len(places)):
            _no_tiles(tiles)
        return _in_batches(
            self._target.on([layout for layout, _ in places], program.circuits, program), places
        )

    def executor(self, prepared: Prepared) -> Executor:
        """Return the simulator."""
        return self._target.executor(prepared)


def prepare_every_edge(device: Device, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
    """Compile circuits of two qubits for every coupling of a device; the first tile is the best of them.

    Raises:
        InputError: when circuits do not join two qubits, or the device has no couplings, or no tiles.
        TooLargeError: when there are more couplings than tiles of a run.
        TargetError: when they cannot be compiled.
    """
    if tiles != 1:
        _no_tiles(tiles)
    if "tiles" not in device.takes:
        raise InputError(f"every-edge: not on target {device.name}, which runs nothing side by side")
    if device.backend.target.build_coupling_map() is None:
        raise InputError(f"every-edge: {device.name} states no couplings; {ALLOWED} with some")
    places = edge_layouts(program, Snapshot.of(device.backend))
    return _in_batches([device.prepare(program, place) for place, _ in places], places)


def _in_batches(made: Iterable[Prepared], places: Sequence[tuple[tuple[int, ...], int]]) -> Prepared:
    """Return circuits for every coupling as tiles of a run, each with its batch."""
    first, *others = (replace(one, batch=batch) for one, (_, batch) in zip(made, places, strict=True))
    return replace(first, tiles=tuple(others))


def _no_tiles(tiles: int) -> None:
    raise InputError(f"tiles: {tiles}; with every-edge allowed is none")


def edge_layouts(program: Program, whole: Snapshot) -> list[tuple[tuple[int, ...], int]]:
    """Return (layout, batch) of every coupling, by batch; the best by calibration comes first of all.

    Which of two coupled qubits is the first of the circuit is decided by calibration, too.

    Raises:
        InputError: when circuits do not join two qubits, or the chip has no coupling.
        TooLargeError: when it has more than a run has tiles.
    """
    sizes = {circuit.num_qubits for circuit in program.circuits}
    joined = any(interactions(circuit) for circuit in program.circuits)
    if sizes != {2} or not joined:
        found = f"circuits of {max(sizes)} qubits" if sizes != {2} else "no gate joins two qubits"
        raise InputError(
            f"every-edge: {found}; allowed are circuits of two qubits with a gate that joins them"
        )
    edges = couplings(whole)
    if not edges:
        raise InputError(f"every-edge: {whole.device} states no couplings; {ALLOWED} with some")
    if len(edges) > MAX_TILES:
        raise TooLargeError(f"every-edge: {len(edges)} couplings; allowed are at most {MAX_TILES}")
    native = compile_for(whole.restrict(min(edges)), program.circuits)
    ranked = [layout for _, layout in ranked_layouts(native, whole, len(edges))]
    batch = dict(zip(edges, colours(edges), strict=True))
    placed = [(layout, batch[min(layout), max(layout)]) for layout in ranked]
    first, *others = placed
    return [first, *sorted(others, key=lambda one: (one[1], sorted(one[0])))]


def couplings(snapshot: Snapshot) -> list[tuple[int, int]]:
    """Return the couplings of a chip, each once, the smaller qubit first."""
    pairs = {(min(gate.qubits), max(gate.qubits)) for gate in snapshot.gates if len(gate.qubits) == 2}
    return sorted(pairs)


def colours(edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the batch of each edge: edges of one batch share no vertex.

    As few as the largest degree where the graph is bipartite, as most chips are; else at most one more.

    >>> sorted(colours([(0, 1), (1, 2), (2, 3)]))
    [0, 0, 1]
    """
    graph = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(1 + max(map(max, edges))))
    graph.add_edges_from_no_data(list(edges))
    two_sides = rx.is_bipartite(graph)
    found = rx.graph_bipartite_edge_color(graph) if two_sides else rx.graph_misra_gries_edge_color(graph)
    return [found[k] for k in range(len(edges))]


def shares_qubits(batches: Iterable[tuple[Sequence[int], int]]) -> bool:
    """Return whether two layouts of one batch have a qubit in common."""
    seen = [(batch, qubit) for layout, batch in batches for qubit in layout]
    return len(set(seen)) < len(seen)

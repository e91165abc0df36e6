"""Circuits of one party that fit qubits in a row, as every device has: swaps only between its own qubits.

An experiment with such circuits needs no routing: it is placed once, on the best row of the device, and no
transpiler moves a qubit through another party's hands.
"""

from __future__ import annotations

from collections.abc import Sequence

from qiskit import transpile
from qiskit.circuit import QuantumCircuit
from qiskit.transpiler import CouplingMap

from qcoord_hw.qudits.stages import own_stages

BASIS = ["cx", "rz", "sx", "x", "u"]

SEEDS = 16
"""Routings that are compared; that with the fewest two-qubit gates is taken, then the shallowest."""


def in_a_row(
    block: QuantumCircuit, *, edges: Sequence[tuple[int, int]] | None = None, restore: bool = False
) -> tuple[QuantumCircuit, list[int]]:
    """Return a circuit whose two-qubit gates act on neighbours, and where each qubit ends.

    Args:
        block: a circuit without measurements, on the party's qubits in the order of the row.
        edges: pairs of positions that are neighbours; (0, 1), (1, 2), .. if omitted.
        restore: whether every qubit must end where it began.

    Returns:
        The circuit, and for each qubit of `block` the position at which its state ends.
    """
    size = block.num_qubits
    if size < 2:
        with own_stages():
            return transpile(block, basis_gates=BASIS, optimization_level=1), list(range(size))
    coupling = CouplingMap([list(e) for e in edges] if edges else [[i, i + 1] for i in range(size - 1)])
    coupling.make_symmetric()
    found = []
    for seed in range(SEEDS):
        with own_stages():
            routed = transpile(
                block,
                basis_gates=BASIS,
                coupling_map=coupling,
                initial_layout=list(range(size)),
                optimization_level=3,
                seed_transpiler=seed,
            )
        ends = routed.layout.routing_permutation() if routed.layout else list(range(size))
        if restore and ends != list(range(size)):
            continue
        found.append((routed.num_nonlocal_gates(), routed.depth(), seed, routed, list(ends)))
    if not found:  # undo the permutation by swaps of neighbours
        routed, ends = in_a_row(block, edges=edges)
        return _restored(routed, ends, coupling), list(range(size))
    _, _, _, best, ends = min(found, key=lambda one: one[:3])
    bare = QuantumCircuit(size)
    bare.compose(best, range(size), inplace=True)
    return bare, ends


def _restored(circuit: QuantumCircuit, ends: Sequence[int], coupling: CouplingMap) -> QuantumCircuit:
    """Return the circuit followed by swaps that bring every qubit back."""
    whole, where = circuit.copy(), list(ends)
    for qubit in range(len(where)):
        path = coupling.shortest_undirected_path(where[qubit], qubit) if where[qubit] != qubit else [qubit]
        for a, b in zip(path, path[1:], strict=False):
            whole.swap(a, b)
            where = [b if at == a else a if at == b else at for at in where]
    return whole.decompose("swap")

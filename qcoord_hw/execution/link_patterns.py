"""Errors of links as Pauli gates in compiled circuits, for targets that can be given no channels.

Where a link is crossed stands a barrier, which compiling keeps. X, Y and Z are compiled apart, by the
target's own means; a pattern of them is put in before the barriers, and nothing else changes: no two
qubits are joined that were not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import XGate, YGate, ZGate
from qiskit.quantum_info import Operator

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.links import crossed_at
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import IDEAL, NOISE, Prepared
from qcoord_hw.execution.tiling import side_by_side
from qcoord_hw.network.link_patterns import check_patterns, erring
from qcoord_hw.network.links import Route, read_links
from qcoord_hw.spec import ExperimentSpec

Prepare = Callable[[Program, tuple[int, ...]], Prepared]
"""Compiles a program at a layout."""

GATES = (XGate(), YGate(), ZGate())

EXACT = 1e-6
"""How far |tr P^dag U| / 2 of what a gate was compiled to may be from 1."""


def over_links(prepared: Prepared, program: Program, spec: ExperimentSpec, prepare: Prepare) -> Prepared:
    """Return circuits with the gates that make the errors of their links; the same ones where nothing does.

    Args:
        prepared: the circuits, all tiles of them, compiled by the target.
        program: as built.
        spec: with the links.
        prepare: how the target compiles.

    Raises:
        InputError: when no patterns make these errors.
        TargetError: when a gate was compiled to another, or a barrier at which something crosses is gone.
    """
    if not spec.links or prepared.kind in (IDEAL, NOISE):
        return prepared
    check_patterns(read_links(spec.links), program.routes, prepared.target, every_edge=spec.every_edge)
    prepared = replace(prepared, routes=program.routes)
    if all(route.is_quiet for route in program.routes):
        return prepared
    layers = []
    for gate in GATES:
        layer = QuantumCircuit(*program.circuits[0].qregs, name=f"links-{gate.name}")
        for qubit in layer.qubits:
            layer.append(gate, [qubit])
        layers.append(layer)
    tiles = (prepared, *prepared.tiles)
    for one in tiles:
        sent = [(s.circuit, c) for s, c in zip(one.settings, one.bound, strict=True)] if one.bound else ()
        for number, circuit in sent or enumerate(one.circuits):
            crossed_at(circuit, program.routes[number], one.layout)
    made = [prepare(Program.of(layers), one.layout).circuits for one in tiles]
    paulis = Paulis(side_by_side(made), tuple(one.layout for one in tiles))
    paulis.check()
    return replace(prepared, paulis=paulis)


@dataclass(frozen=True, eq=False)
class Paulis:
    """X, Y and Z as a target executes them.

    Attributes:
        layers: for each of the three a circuit that does it to every qubit of the layouts.
        layouts: of each tile; one that is empty where circuits stand on the protocol's own qubits.
    """

    layers: tuple[QuantumCircuit, ...]
    layouts: tuple[tuple[int, ...], ...]

    def check(self) -> None:
        """Check that each layer is its Pauli on every qubit of the layouts, and joins none.

        Raises:
            TargetError: naming the first qubit on which it is not.
        """
        for gate, layer in zip(GATES, self.layers, strict=True):
            done: dict[int, npt.NDArray[np.complex128]] = {}
            for i in layer.data:
                if i.operation.name == "barrier":
                    continue
                if len(i.qubits) != 1 or i.clbits:
                    raise TargetError(
                        f"{gate.name} was compiled to {i.operation.name} on {len(i.qubits)} qubits"
                    )
                try:
                    matrix = Operator(i.operation).data
                except Exception as error:
                    raise TargetError(f"{gate.name} was compiled to {i.operation.name}, no gate") from error
                qubit = layer.find_bit(i.qubits[0]).index
                done[qubit] = matrix @ done.get(qubit, np.eye(2))
            wanted = [q for layout in self.layouts for q in layout or range(layer.num_qubits)]
            for qubit in wanted:
                overlap = np.trace(gate.to_matrix().conj().T @ done.get(qubit, np.eye(2)))
                if abs(abs(overlap) / 2 - 1) > EXACT:
                    raise TargetError(f"{gate.name} on qubit {qubit} was compiled to another gate")

    def put_in(self, circuit: QuantumCircuit, route: Route, pattern: int) -> QuantumCircuit:
        """Return a circuit with the gates of a pattern.

        Args:
            circuit: as it is executed, all tiles of it.
            route: what links do to it.
            pattern: as `network.link_patterns.patterns_of` numbers them.
        """
        letters = {id(one): pattern >> 2 * k & 3 for k, one in enumerate(reversed(erring(route)))}
        before: dict[int, list[tuple[int, int]]] = {}
        for layout in self.layouts:
            for place, crossed in crossed_at(circuit, route, layout).items():
                made = [(q, letters.get(id(route.crossings[k]), 0)) for q, k in crossed]
                before.setdefault(place, []).extend((q, letter) for q, letter in made if letter)
        turned = circuit.copy_empty_like()
        self._append(turned, before.get(-1, ()))
        for k, instruction in enumerate(circuit.data):
            self._append(turned, before.get(k, ()))
            turned.append(instruction)
        return turned

    def _append(self, circuit: QuantumCircuit, gates: Sequence[tuple[int, int]]) -> None:
        for qubit, letter in gates:
            layer = self.layers[letter - 1]
            for i in layer.data:
                if len(i.qubits) == 1 and layer.find_bit(i.qubits[0]).index == qubit:
                    circuit.append(i.operation, [circuit.qubits[qubit]])

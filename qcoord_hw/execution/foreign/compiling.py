"""Compiling for a foreign backend by its provider's own means, at ONE layout, and checking what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit.providers import BackendV2
from qiskit.transpiler import generate_preset_pass_manager

from qcoord_hw.errors import InputError, QcoordError, TargetError, TooLargeError
from qcoord_hw.execution.foreign.guard import words
from qcoord_hw.execution.foreign.known import KnownAnswer, known_answer
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import OPTIMIZATION_LEVEL, place


@dataclass(frozen=True, eq=False)
class Compiled:
    """Circuits compiled for a foreign backend.

    Attributes:
        circuits: as they are sent.
        known: the circuit whose answer is known, compiled with them.
        layout: physical qubit of each circuit qubit; empty where the backend has no number of qubits.
        snapshot: calibration of the layout's qubits; None where there is none.
        bound: one circuit per setting, at its values, where the provider compiles no parameters; else empty.
    """

    circuits: tuple[QuantumCircuit, ...]
    known: KnownAnswer
    layout: tuple[int, ...] = ()
    snapshot: Snapshot | None = None
    bound: tuple[QuantumCircuit, ...] = ()


def compile_foreign(name: str, backend: BackendV2, program: Program, layout: Sequence[int]) -> Compiled:
    """Compile a program and its known-answer circuit for a backend.

    Some providers compile no circuits with parameters (logical qubits have no continuous rotations): then
    every setting is compiled at its values.

    Raises:
        InputError: when the layout is not possible.
        TooLargeError: when the circuits do not fit the backend.
        TargetError: when they cannot be compiled, or a qubit was moved.
    """
    try:
        return _compile(name, backend, program, layout)
    except TargetError:
        if not any(circuit.num_parameters for circuit in program.circuits):
            raise
    settings = program.settings
    bound = tuple(bind(program.circuits[s.circuit], s.values) for s in settings)
    movable = tuple(program.movable[s.circuit] for s in settings)
    made = _compile(name, backend, replace(program, circuits=bound, movable=movable), layout)
    first = [[s.circuit for s in settings].index(k) for k in range(len(program.circuits))]
    return replace(made, circuits=tuple(made.circuits[k] for k in first), bound=made.circuits)


def _compile(name: str, backend: BackendV2, program: Program, layout: Sequence[int]) -> Compiled:
    """Compile circuits as they are, at one layout.

    The layout is the given one, else that which calibration chooses, else that which the provider's own
    compilation finds where ours finds none.

    Raises:
        InputError: when the layout is not possible.
        TooLargeError: when the circuits do not fit the backend.
        TargetError: when they cannot be compiled, or a qubit was moved.
    """
    target = backend.target  # some make it anew whenever they are asked
    qubits, size = target.num_qubits, program.circuits[0].num_qubits
    if qubits is None:  # all gates on any qubits
        if layout:
            raise InputError(f"layout: {list(layout)}; target {name} states no physical qubits")
        return _compiled(name, backend, program.circuits, ())
    if qubits < size:
        raise TooLargeError(f"target: {name} has {qubits} qubits; this experiment needs {size}")
    if target.build_coupling_map() is None:
        if layout and (len(set(layout)) != size or not all(0 <= q < qubits for q in layout)):
            raise InputError(
                f"layout: {list(layout)}; allowed are {size} different qubits, 0 to {qubits - 1}"
            )
        return _compiled(name, backend, program.circuits, tuple(layout) or tuple(range(size)))
    try:
        whole = Snapshot.of(backend)
        circuits, layouts = place(program, layout, whole, 1)
        return _compiled(name, backend, circuits, layouts[0], whole)
    except InputError:
        raise
    except Exception as error:
        found = None if layout else _provider_layout(backend, program.circuits)
        if found is not None:
            try:
                return _compiled(name, backend, program.circuits, found)
            except QcoordError:
                pass  # the first error says more
        if isinstance(error, TooLargeError):
            raise
        conditional = any(isinstance(i.operation, ControlFlowOp) for c in program.circuits for i in c.data)
        if conditional and "if_else" not in target.operation_names:
            raise TargetError(
                f"target {name!r}: does no gates that hang on outcomes (if_else); allowed there are circuits "
                "without them, at a distance those of transport swap or post-processed"
            ) from error
        if isinstance(error, QcoordError):
            said = str(error)
            raise TargetError(said if repr(name) in said else f"target {name!r}: {said}") from error
        raise TargetError(f"target {name!r}: the circuits cannot be compiled: {words(error)}") from error


def _compiled(
    name: str,
    backend: BackendV2,
    circuits: Sequence[QuantumCircuit],
    layout: tuple[int, ...],
    whole: Snapshot | None = None,
) -> Compiled:
    """Compile circuits and their known-answer circuit at a layout that needs no routing."""
    known = known_answer(circuits[0])
    built = [*circuits, known.circuit]
    fixed: dict[str, Any] = {"initial_layout": list(layout), "routing_method": "none"} if layout else {}
    try:
        manager = generate_preset_pass_manager(
            OPTIMIZATION_LEVEL, backend=backend, seed_transpiler=0, **fixed
        )
        made = [manager.run(circuit) for circuit in built]
    except Exception as error:
        raise TargetError(f"target {name!r}: the circuits cannot be compiled: {words(error)}") from error
    for before, after in zip(built, made, strict=True):
        _check(name, before, after, layout)
    *compiled, last = made
    snapshot = None if whole is None or not layout else whole.restrict(layout)
    return Compiled(tuple(compiled), KnownAnswer(last, known.expected), layout, snapshot)


def _check(name: str, before: QuantumCircuit, after: QuantumCircuit, layout: tuple[int, ...]) -> None:
    """Check that registers are kept and that no qubit was moved to another's place.

    Raises:
        TargetError: when something was.
    """
    if [(r.name, r.size) for r in before.cregs] != [(r.name, r.size) for r in after.cregs]:
        raise TargetError(f"target {name!r}: its compilation changed the registers of {before.name!r}")
    kept = layout or tuple(range(before.num_qubits))
    if after.layout is None:
        if after.num_qubits != before.num_qubits or kept != tuple(range(before.num_qubits)):
            raise TargetError(f"target {name!r}: its compilation does not say where qubits are")
        return
    for index in (after.layout.initial_index_layout, after.layout.final_index_layout):
        if tuple(index(filter_ancillas=True)) != kept:
            raise TargetError(f"target {name!r}: its compilation moved qubits of {before.name!r} from {kept}")


def _provider_layout(backend: BackendV2, circuits: Sequence[QuantumCircuit]) -> tuple[int, ...] | None:
    """Return the layout that plain transpilation takes for all circuits; None if there is none."""
    joint = QuantumCircuit(circuits[0].num_qubits)
    for qubits in dict.fromkeys(pair for circuit in circuits for pair in interactions(circuit)):
        if len(qubits) == 2:
            joint.cz(*sorted(qubits))
    try:
        manager = generate_preset_pass_manager(OPTIMIZATION_LEVEL, backend=backend, seed_transpiler=0)
        return tuple(manager.run(joint).layout.initial_index_layout(filter_ancillas=True))
    except Exception:  # then there is none
        return None

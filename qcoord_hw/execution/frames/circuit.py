"""A compiled Clifford circuit with noise as steps: what happens to Pauli operators, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from qiskit.circuit import Barrier, Operation, Parameter, ParameterExpression, QuantumCircuit

from qcoord_hw.execution.channels import CHANNELS
from qcoord_hw.execution.frames.clifford import Conjugation, conjugation
from qcoord_hw.execution.frames.twirling import (
    Factors,
    Pull,
    Transfer,
    channel_transfer,
    gate_transfer,
    pulls_of,
    readout_factors,
)
from qcoord_hw.execution.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Step:
    """Something that happens to some qubits: a gate, then its error; either may be missing.

    Attributes:
        qubits: on which it acts, one or two.
        gate: what the gate makes of Pauli operators; None without one.
        factors: by which the error shrinks them; None without one.
        pulls: what else it does; empty where it is twirled.
    """

    qubits: tuple[int, ...]
    gate: Conjugation | None
    factors: Factors | None
    pulls: tuple[Pull, ...] = ()


@dataclass(frozen=True, eq=False)
class FrameCircuit:
    """A Clifford circuit whose measurements are final.

    Attributes:
        size: number of qubits; all begin in |0>.
        steps: in time order.
        measured: classical bit -> qubit.
        readout: by measured qubit, the factors of its readout error, symmetrised; empty without noise.
    """

    size: int
    steps: tuple[Step, ...]
    measured: dict[int, int]
    readout: dict[int, Factors]


def is_clifford(circuit: QuantumCircuit, values: Sequence[Sequence[float]] = ()) -> bool:
    """Return whether all gates, at most on two qubits each, are Clifford gates (channels may stand between).

    Args:
        circuit: with parameters or without.
        values: of its parameters, a row for each execution; zeros if there is none.
    """
    rows = np.asarray(values, dtype=float) if len(values) else np.zeros((1, circuit.num_parameters))
    names = list(circuit.parameters)
    place = {name: k for k, name in enumerate(names)}
    for i in circuit.data:
        if i.name in ("barrier", "measure", *CHANNELS):
            continue
        one = i.operation
        free = sorted(place[name] for name in _parameters(one)) if i.is_parameterized() else []
        for numbers in np.unique(rows[:, free], axis=0) if free else [()]:
            if conjugation(_bound(one, {names[k]: x for k, x in zip(free, numbers, strict=True)})) is None:
                return False
    return True


def _parameters(operation: Operation) -> set[Parameter]:
    return {name for p in operation.params if isinstance(p, ParameterExpression) for name in p.parameters}


def _bound(operation: Operation, values: Mapping[Parameter, float]) -> Operation:
    """Return a gate at values of its parameters."""
    if not values:
        return operation
    bound = operation.to_mutable()
    bound.params = [
        float(p.bind({name: values[name] for name in p.parameters}))
        if isinstance(p, ParameterExpression)
        else p
        for p in operation.params
    ]
    return bound


def frame_circuit(circuit: QuantumCircuit, snapshot: Snapshot | None, *, pulled: int = 0) -> FrameCircuit:
    """Return a circuit as steps.

    Args:
        circuit: as executed, its parameters bound, its measurements final; all gates are Clifford gates.
        snapshot: calibration of its qubits, in order; None without a device's noise.
        pulled: at how many of its instructions, the first ones, relaxation's pull towards |0> is kept; at the
            others errors are twirled.

    Raises:
        ValueError: when a gate is none.
    """
    errors = _errors(snapshot)
    steps: list[Step] = []
    measured: dict[int, int] = {}
    for k, i in enumerate(circuit.data):
        name, qubits = i.operation.name, tuple(circuit.find_bit(q).index for q in i.qubits)
        if isinstance(i.operation, Barrier):
            continue
        if name == "measure":
            measured[circuit.find_bit(i.clbits[0]).index] = qubits[0]
        elif name in CHANNELS:
            steps.append(Step(qubits, None, *_kept(_Error(channel_transfer(i.operation)), k < pulled)))
        else:
            gate = conjugation(i.operation)
            if gate is None:
                raise ValueError(f"gate {name!r} of circuit {circuit.name!r} is no Clifford gate")
            steps.append(Step(qubits, gate, *_kept(errors.get((name, qubits)), k < pulled)))
    readout = {q: readout_factors(snapshot.qubits[q]) for q in measured.values()} if snapshot else {}
    return FrameCircuit(circuit.num_qubits, tuple(steps), dict(sorted(measured.items())), readout)


def _kept(error: _Error | None, pull: bool) -> tuple[Factors | None, tuple[Pull, ...]]:
    if error is None:
        return None, ()
    return error.factors, error.pulls if pull else ()


@lru_cache(maxsize=16)  # the same for every setting
def _errors(snapshot: Snapshot | None) -> dict[tuple[str, tuple[int, ...]], _Error]:
    """Return every gate's error, by name and places of its qubits."""
    if snapshot is None:
        return {}
    place = {q.index: k for k, q in enumerate(snapshot.qubits)}
    found = {}
    for gate in snapshot.gates:
        if gate.name != "measure" and (gate.duration or gate.error):
            where = tuple(place[q] for q in gate.qubits)
            transfer = gate_transfer(gate, [snapshot.qubits[k] for k in where])
            found[gate.name, where] = _Error(transfer)
    return found


class _Error:
    """An error's factors, and its pulls when they are asked for."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self.factors: Factors = transfer.diagonal()

    @cached_property
    def pulls(self) -> tuple[Pull, ...]:
        return pulls_of(self._transfer)

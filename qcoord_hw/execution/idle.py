"""Idle noise: qubits that wait for others decay meanwhile, by their T1 and T2.

The schedule is as late as possible, barriers keep their order, and a qubit that no gate has touched yet is in
|0> and stays there. What a qubit does while it waits stands behind the operation, or the barrier over all
qubits, after which it waits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from qiskit.circuit import Barrier, ControlFlowOp, Instruction, QuantumCircuit

from qcoord_hw.execution.channels import DECAY
from qcoord_hw.execution.layout import operations
from qcoord_hw.execution.snapshot import QubitCalibration, Snapshot

SHORTEST = 1e-12
"""Seconds below which a wait is none."""

Durations = dict[tuple[str, tuple[int, ...]], float]
"""Seconds of gates and measurements, by name and places of their qubits."""


def with_idle_noise(circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> tuple[QuantumCircuit, ...]:
    """Return circuits with the decay of their qubits while they wait; the same ones where none does.

    Args:
        circuits: as compiled for the qubits of the snapshot, in order.
        snapshot: their calibration; what it states no duration of takes no time, and a qubit without T1
            and T2 does not decay (`unstated`).
    """
    place = {q.index: k for k, q in enumerate(snapshot.qubits)}
    durations = {(g.name, tuple(place[q] for q in g.qubits)): g.duration or 0.0 for g in snapshot.gates}
    return tuple(_decaying(circuit, snapshot, waiting(circuit, durations)) for circuit in circuits)


def unstated(circuits: Sequence[QuantumCircuit], snapshot: Snapshot) -> list[str]:
    """Return what a calibration leaves open of waits and decay in circuits, in words.

    Args:
        circuits: as compiled for the qubits of the snapshot, in order.
        snapshot: their calibration.
    """
    done = (one for circuit in circuits for one in operations(circuit, range(circuit.num_qubits)))
    place = {q.index: k for k, q in enumerate(snapshot.qubits)}
    timed = {(g.name, tuple(place[q] for q in g.qubits)) for g in snapshot.gates if g.duration is not None}
    untimed = {name for name, qubits in done if name != "barrier" and (name, tuple(qubits)) not in timed}
    lasting = [str(q.index) for q in snapshot.qubits if q.t1 is None or q.t2 is None]
    found = [f"durations of {', '.join(sorted(untimed))}"] if untimed else []
    return found + ([f"T1 or T2 of {', '.join(lasting)}"] if lasting else [])


def _decaying(
    circuit: QuantumCircuit, snapshot: Snapshot, waits: dict[int, dict[int, float]]
) -> QuantumCircuit:
    """Return a circuit with decay where qubits wait: as `waiting` returns it."""
    if not waits:
        return circuit
    noisy = circuit.copy_empty_like()
    for k, instruction in enumerate(circuit.data):
        noisy.append(instruction)
        for qubit, seconds in waits.get(k, {}).items():
            channel = _decay(snapshot.qubits[qubit], seconds)
            if channel is not None:
                noisy.append(channel, [qubit])
    return noisy


def waiting(circuit: QuantumCircuit, durations: Durations) -> dict[int, dict[int, float]]:
    """Return how long qubits wait after each instruction: its position -> qubit -> seconds, where any does.

    Times are counted from the end of the circuit; a measurement that its qubit's last act is ends there.
    """
    free = [0.0] * circuit.num_qubits  # when the qubit's next operation begins, counted from the end
    known = [0.0] * circuit.num_clbits
    found: dict[int, dict[int, float]] = {}
    last = [True] * circuit.num_qubits
    for k in reversed(range(len(circuit.data))):
        instruction = circuit.data[k]
        qubits = [circuit.find_bit(q).index for q in instruction.qubits]
        clbits = [circuit.find_bit(c).index for c in instruction.clbits]
        end = max([*(free[q] for q in qubits), *(known[c] for c in clbits)], default=0.0)
        waits = {q: end - free[q] for q in qubits if not last[q]}
        if not isinstance(instruction.operation, Barrier):
            seconds = _duration(instruction.operation, tuple(qubits), durations)
            for q in qubits:
                last[q] = False
            for c in clbits:
                known[c] = end + seconds
            end += seconds
        for q in qubits:
            free[q] = end
        if long := {q: t for q, t in waits.items() if t > SHORTEST}:
            found[k] = long
    return _after_a_gate(circuit, found)


def _after_a_gate(circuit: QuantumCircuit, waits: dict[int, dict[int, float]]) -> dict[int, dict[int, float]]:
    """Move waits behind what their qubit did before them; drop those of untouched qubits.

    At a barrier over all qubits a stage ends: what waits behind it stays there.
    """
    before: dict[int, int] = {}
    found: dict[int, dict[int, float]] = {}
    for k, instruction in enumerate(circuit.data):
        qubits = [circuit.find_bit(q).index for q in instruction.qubits]
        is_barrier = isinstance(instruction.operation, Barrier)
        ends_stage = is_barrier and len(qubits) == circuit.num_qubits
        for q in qubits:
            if not is_barrier or (ends_stage and q in before):
                before[q] = k
            if q in before and (seconds := waits.get(k, {}).get(q)):
                own = found.setdefault(before[q], {})
                own[q] = own.get(q, 0.0) + seconds
    return found


def _duration(operation: object, qubits: tuple[int, ...], durations: Durations) -> float:
    """Return the seconds of an operation; of a condition those of its longest branch."""
    if isinstance(operation, ControlFlowOp):
        return max(
            sum(
                _duration(i.operation, tuple(qubits[block.find_bit(q).index] for q in i.qubits), durations)
                for i in block.data
            )
            for block in operation.blocks
        )
    return durations.get((operation.name, qubits), 0.0)  # type: ignore[attr-defined]


@lru_cache(maxsize=4096)
def _decay(qubit: QubitCalibration, seconds: float) -> Instruction | None:
    """Return the decay of a qubit: amplitude damping with dephasing; None where its times are not known."""
    along, across = qubit.kept(seconds)
    if across == 1:
        return None
    lost, dephased = math.sqrt(1 - along), math.sqrt(max(0.0, along - across**2))
    kraus = [[[1, 0], [0, across]], [[0, lost], [0, 0]], [[0, 0], [0, dephased]]]
    return Instruction(DECAY, 1, 0, [np.array(one, dtype=complex) for one in kraus])

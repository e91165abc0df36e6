"""Idle noise: qubits that wait for others decay meanwhile, by their T1 and T2.

The schedule is as late as possible, barriers keep their order, and a qubit that no gate has touched yet is in
|0> and stays there. What a qubit does while it waits stands behind the operation after which it waits.
"""

from __future__ import annotations

from functools import lru_cache

from qiskit.circuit import Barrier, ControlFlowOp, Instruction, QuantumCircuit
from qiskit_aer.noise import thermal_relaxation_error

from qcoord_hw.execution.snapshot import QubitCalibration, Snapshot

SHORTEST = 1e-12
"""Seconds below which a wait is none."""

Durations = dict[tuple[str, tuple[int, ...]], float]
"""Seconds of gates and measurements, by name and places of their qubits."""


def with_idle_noise(circuit: QuantumCircuit, snapshot: Snapshot) -> QuantumCircuit:
    """Return a circuit with the decay of its qubits while they wait; the same one where none does.

    Args:
        circuit: as compiled for the qubits of the snapshot, in order.
        snapshot: their calibration; what it states no duration of takes no time.
    """
    place = {q.index: k for k, q in enumerate(snapshot.qubits)}
    durations = {(g.name, tuple(place[q] for q in g.qubits)): g.duration or 0.0 for g in snapshot.gates}
    waits = waiting(circuit, durations)
    noisy = circuit.copy_empty_like()
    for k, instruction in enumerate(circuit.data):
        noisy.append(instruction)
        for qubit, seconds in waits.get(k, {}).items():
            channel = _decay(snapshot.qubits[qubit], seconds)
            if channel is not None:
                noisy.append(channel, [qubit])
    return noisy if waits else circuit


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
    """Move waits behind their qubit's operation before them; drop those of untouched qubits."""
    before: dict[int, int] = {}
    found: dict[int, dict[int, float]] = {}
    for k, instruction in enumerate(circuit.data):
        qubits = [circuit.find_bit(q).index for q in instruction.qubits]
        is_barrier = isinstance(instruction.operation, Barrier)
        for q in qubits:
            if not is_barrier:
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
    """Return the decay of a qubit; None where its times are not known."""
    t1 = float("inf") if qubit.t1 is None else qubit.t1
    t2 = min(float("inf") if qubit.t2 is None else qubit.t2, 2 * t1)
    if t2 == float("inf"):
        return None
    return thermal_relaxation_error(t1, t2, seconds).to_instruction()

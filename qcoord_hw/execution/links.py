"""Channels of links in circuits as they are executed, at the barriers where ownership moves.

Circuits are compiled and checked without them; what is simulated has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from qiskit.circuit import Barrier, QuantumCircuit
from qiskit_aer.noise import QuantumError, amplitude_damping_error, pauli_error

from qcoord_hw.errors import TargetError
from qcoord_hw.network.links import Channel, Route


def with_channels(circuit: QuantumCircuit, route: Route) -> QuantumCircuit:
    """Return a circuit with what links do to its qubits; the same one where that is nothing.

    Args:
        circuit: as built or compiled, its qubits in the order of the protocol's where ownership moves.
        route: of the circuit.

    Raises:
        TargetError: when a barrier at which something crosses is not there any more.
    """
    if route.is_quiet:
        return circuit
    # Position of the barrier -> what happens at it: before it, so that the last stage is the measurement's.
    at: dict[int, list[tuple[int, Channel]]] = {}
    whole = [k for k, i in enumerate(circuit.data) if _is_barrier(i) and len(i.qubits) == circuit.num_qubits]
    for one in route.crossings:
        qubit = circuit.qubits[one.qubit]
        own = [k for k, i in enumerate(circuit.data) if _is_barrier(i) and qubit in i.qubits]
        # Routing keeps the barriers over all qubits alone, and all before the first is the source's.
        places, nth = (own, one.barrier) if len(own) == one.barriers else (whole, one.stage)
        if nth > len(places):
            raise TargetError(f"circuit {circuit.name!r}: the barrier at which {one.link} is crossed is gone")
        at.setdefault(places[nth - 1] if nth else -1, []).append((one.qubit, one.channel))
    unread = dict(route.unread)
    noisy = circuit.copy_empty_like()
    _cross(noisy, at.get(-1, ()))
    for k, i in enumerate(circuit.data):
        if i.operation.name == "measure":
            gone = unread.get(circuit.find_bit(i.clbits[0]).index, 0.0)
            _cross(noisy, [(circuit.find_bit(i.qubits[0]).index, Channel(damping=gone))])
        _cross(noisy, at.get(k, ()))
        noisy.append(i)
    return noisy


def _is_barrier(instruction: object) -> bool:
    return isinstance(instruction.operation, Barrier)  # type: ignore[attr-defined]


def _cross(circuit: QuantumCircuit, crossings: Sequence[tuple[int, Channel]]) -> None:
    for qubit, channel in crossings:
        for error in _errors(channel):
            circuit.append(error.to_instruction(), [qubit])


@cache
def _errors(channel: Channel) -> tuple[QuantumError, ...]:
    """Return what a channel is made of, in order."""
    found = []
    if p := channel.depolarising:
        found.append(pauli_error([("I", 1 - 3 * p / 4), ("X", p / 4), ("Y", p / 4), ("Z", p / 4)]))
    if p := channel.dephasing:
        found.append(pauli_error([("I", 1 - p), ("Z", p)]))
    if channel.damping:
        found.append(amplitude_damping_error(channel.damping))
    return tuple(found)

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
    at = {
        place: [(qubit, route.crossings[k].channel) for qubit, k in crossed]
        for place, crossed in crossed_at(circuit, route).items()
    }
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


def crossed_at(
    circuit: QuantumCircuit, route: Route, layout: Sequence[int] = ()
) -> dict[int, list[tuple[int, int]]]:
    """Return at which of a circuit's instructions which of its qubits cross a link.

    Args:
        circuit: as built or compiled, its qubits in the order of the protocol's where ownership moves.
        route: of the circuit.
        layout: the circuit's qubit for each of the protocol's; the same ones if empty.

    Returns:
        Position of a barrier, -1 for the start -> (qubit of the circuit, number of the crossing). What is
        done to the qubit stands before the barrier, so that the last stage is the measurement's.

    Raises:
        TargetError: when a barrier at which something crosses is not there any more.
    """
    qubits = [circuit.qubits[q] for q in layout or range(circuit.num_qubits)]
    barriers = [(k, set(i.qubits)) for k, i in enumerate(circuit.data) if _is_barrier(i)]
    whole = [k for k, joined in barriers if joined.issuperset(qubits)]
    at: dict[int, list[tuple[int, int]]] = {}
    for number, one in enumerate(route.crossings):
        qubit = qubits[one.qubit]
        own = [k for k, joined in barriers if qubit in joined]
        # Routing keeps the barriers over all qubits alone, and all before the first is the source's.
        places, nth = (own, one.barrier) if len(own) == one.barriers else (whole, one.stage)
        if nth > len(places):
            raise TargetError(f"circuit {circuit.name!r}: the barrier at which {one.link} is crossed is gone")
        place = places[nth - 1] if nth else -1
        at.setdefault(place, []).append((circuit.find_bit(qubit).index, number))
    return at


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

"""Outcomes of a link that are not fed forward: what can be done about them after the measurements.

A qubit arrives with an X, a Z or both on it, as sums of outcomes say. Such a Pauli operator is undone
afterwards where behind it lie gates that turn it into flips of outcomes, whatever the state. Where they do
not, as before a measurement halfway between X and Z, only shots without it are of use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Barrier, Gate, QuantumCircuit
from qiskit.quantum_info import Operator

from qcoord_hw.errors import InputError
from qcoord_hw.network.relays import Left

MAX_QUBITS = 10
"""Of a circuit whose gates are multiplied."""

Bits = tuple[int, ...]
Matrix = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Processing:
    """What becomes of an outcome string at a setting.

    Attributes:
        flips: (classical bits, classical bits): where the sum of those is 1, these are flipped.
        zero: sets of classical bits whose sums have to be 0; other shots are left out.
    """

    flips: tuple[tuple[Bits, Bits], ...]
    zero: tuple[Bits, ...]


def processing(
    circuit: QuantumCircuit, arrivals: Sequence[tuple[Left, int]], where: Sequence[int]
) -> Processing:
    """Return what becomes of outcomes.

    Args:
        circuit: without the link, its parameters bound.
        arrivals: what the link left on a qubit, and behind which instruction of the circuit the qubit was
            delivered; -1 is the start.
        where: at which classical bit of the circuit with the link each of this one stands.

    Raises:
        InputError: when the circuit is too large, or does more than gates and then measurements.
    """
    flips: list[tuple[Bits, Bits]] = []
    zero: list[Bits] = []
    undone: dict[str, Bits]
    left: list[Bits]
    for one, place in arrivals:
        if not one.x and not one.z:
            continue
        behind, measured = _behind(circuit, place)
        turned = {pauli: _flips(behind, measured, one.qubit, pauli) for pauli in "XYZ"}
        either = tuple(sorted({*one.x} ^ {*one.z}))  # not both
        match [pauli for pauli in "XYZ" if turned[pauli] is not None]:
            case ["X", "Y", "Z"]:
                undone, left = {"X": one.x, "Z": one.z}, []
            case [pauli]:
                undone = {pauli: one.z if pauli == "Z" else one.x}
                left = [{"X": one.z, "Y": either, "Z": one.x}[pauli]]
            case _:
                undone, left = {}, [one.x, one.z]
        for pauli, sums in undone.items():
            flipped = tuple(where[clbit] for clbit in turned[pauli] or ())
            flips += [(sums, flipped)] if sums and flipped else []
        zero += [sums for sums in left if sums]
    return Processing(tuple(flips), tuple(zero))


def _behind(circuit: QuantumCircuit, place: int) -> tuple[Matrix, dict[int, int]]:
    """Return the matrix of all gates behind a place, and classical bit -> qubit of the measurements."""
    if circuit.num_qubits > MAX_QUBITS:
        raise InputError(
            f"transport: post-processed; allowed with up to {MAX_QUBITS} qubits beside those of the link"
        )
    gates, measured = QuantumCircuit(circuit.num_qubits), dict[int, int]()
    for k, i in enumerate(circuit.data):
        qubits = [circuit.find_bit(q).index for q in i.qubits]
        if i.operation.name == "measure":
            measured[circuit.find_bit(i.clbits[0]).index] = qubits[0]
        elif isinstance(i.operation, Barrier):
            continue
        elif not isinstance(i.operation, Gate) or {*qubits} & {*measured.values()}:
            raise InputError(
                "transport: post-processed; allowed where gates come first, then measurements alone"
            )
        elif k > place:
            gates.append(i.operation, qubits)
    return np.asarray(Operator(gates).data), measured


def _flips(behind: Matrix, measured: Mapping[int, int], qubit: int, pauli: str) -> Bits | None:
    """Return the classical bits that a Pauli operator before some gates flips; None if it does more."""
    size = len(behind)
    turned = QuantumCircuit(size.bit_length() - 1)
    getattr(turned, pauli.lower())(qubit)
    moved = behind @ Operator(turned).data @ behind.conj().T
    to, of = np.nonzero(np.abs(moved) > 1e-7)
    mask = sum(1 << q for q in measured.values())
    changed = np.unique((to ^ of) & mask)
    if len(changed) != 1:
        return None
    return tuple(clbit for clbit, q in measured.items() if int(changed[0]) >> q & 1)

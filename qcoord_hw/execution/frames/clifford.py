"""What a Clifford gate makes of Pauli operators, found from its matrix.

A Pauli operator on m qubits is a number: bit 2i says that it has an X on qubit i, bit 2i + 1 that it has a Z;
both stand for Y. So 0 is the identity, and of one qubit 1, 2, 3 are X, Z, Y.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, reduce

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Gate
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

ONE = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]], [[0, -1j], [1j, 0]]])
"""I, X, Z, Y."""

_STANDARD = get_standard_gate_name_mapping()

TOLERANCE = 1e-7
"""How far a gate may be from a Clifford one that it is taken for."""


@dataclass(frozen=True)
class Conjugation:
    """U^-1 P U of every Pauli operator P, which is the image, negative where that is said.

    Attributes:
        images: 4^m numbers of Pauli operators.
        negative: 4^m signs.
    """

    images: tuple[int, ...]
    negative: tuple[bool, ...]

    @cached_property
    def is_pauli(self) -> bool:
        """Whether the gate is itself a Pauli operator, which changes signs alone."""
        return self.images == tuple(range(len(self.images)))

    @cached_property
    def forwards(self) -> npt.NDArray[np.uint8]:
        """U P U^-1 of every Pauli operator P, but for its sign: 4^m numbers."""
        return np.argsort(self.images).astype(np.uint8)

    @cached_property
    def signs(self) -> npt.NDArray[np.float64] | None:
        """By which each P after the gate has the expectation of its image before it; None if all are 1."""
        return np.where(self.negative, -1.0, 1.0) if any(self.negative) else None


@cache
def paulis(qubits: int) -> npt.NDArray[np.complex128]:
    """Return the matrices of all Pauli operators, shape (4^m, 2^m, 2^m), qubit 0 the least significant."""
    numbers = range(4**qubits)
    return np.array(
        [reduce(np.kron, [ONE[p >> 2 * i & 3] for i in reversed(range(qubits))]) for p in numbers]
    )


def conjugation(gate: Gate) -> Conjugation | None:
    """Return what a gate of one or two qubits makes of Pauli operators; None if it is not Clifford."""
    if not isinstance(gate, Gate) or gate.num_qubits > 2:
        return None
    name, angles = gate.name, tuple(gate.params)
    standard = _STANDARD.get(name)
    if standard is not None and gate.base_class is standard.base_class:
        try:
            return _of_standard(name, tuple(map(float, angles)))
        except TypeError:  # a free parameter
            return None
    if gate.is_parameterized():
        return None
    return _conjugation(np.asarray(gate.to_matrix(), dtype=complex).round(9).tobytes(), gate.num_qubits)


@lru_cache(maxsize=4096)
def _of_standard(name: str, angles: tuple[float, ...]) -> Conjugation | None:
    gate = _STANDARD[name].base_class(*angles)
    return _conjugation(np.asarray(gate.to_matrix(), dtype=complex).round(9).tobytes(), gate.num_qubits)


@lru_cache(maxsize=4096)
def _conjugation(matrix: bytes, qubits: int) -> Conjugation | None:
    unitary = np.frombuffer(matrix, dtype=complex).reshape(2**qubits, 2**qubits)
    known = paulis(qubits)
    turned = unitary.conj().T @ known @ unitary
    # tr(Q U^-1 P U) / 2^m is real, and 1 or -1 for one Q where the gate is Clifford.
    weights = np.einsum("qij,pji->pq", known, turned).real / 2**qubits
    images = np.abs(weights).argmax(axis=1)
    found = weights[np.arange(len(images)), images]
    if (np.abs(np.abs(found) - 1) > TOLERANCE).any():
        return None
    return Conjugation(tuple(images.tolist()), tuple((found < 0).tolist()))

"""Outcomes of one noisy state in many bases: it is evolved once, and then measured.

Where parameters stand in the last gates of single qubits alone, as the choice of a basis does, what happens
before is the same for all their values. The state after it is held by its Pauli coefficients; each qubit's
last gates, what goes wrong at them and the outcome are one matrix from these to probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Operator

from qcoord_hw.execution.channels import CHANNELS, superoperator
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.transfers import MEASURE, PAULIS, Gate, transfer

MAX_MEASURED = 10
"""Qubits whose state is held: 4^10 coefficients."""

Vector = npt.NDArray[np.float64]

Errors = Mapping[Gate, Vector]


@dataclass(frozen=True, eq=False)
class _Last:
    """What happens to one qubit from its first parameter on.

    Attributes:
        qubit: which.
        circuit: on it alone.
        columns: where the parameters of `circuit` stand among those of the whole.
    """

    qubit: int
    circuit: QuantumCircuit
    columns: tuple[int, ...]


class LastStage:
    """A circuit in two: what is done without parameters, and the last gates of each qubit that is measured.

    Attributes:
        head: the circuit without the last gates, which has no parameters.
    """

    def __init__(self, head: QuantumCircuit, last: Sequence[_Last], errors: Errors) -> None:
        """Keep both: `last_stage` makes them."""
        self.head = head
        self._last, self._errors = last, errors
        self._known: dict[tuple[int, tuple[float, ...]], Vector] = {}

    def probabilities(self, coefficients: Vector, values: Sequence[float]) -> Vector:
        """Return the outcome probabilities at values of the circuit's parameters.

        Args:
            coefficients: of the state after `head`, as `pauli_coefficients` returns them.
            values: in the order of the circuit's parameters.

        Returns:
            Shape (2^k,) for k qubits that are measured; the first is the most significant of the index.
        """
        found = coefficients
        for k, last in enumerate(self._last):
            own = tuple(values[column] for column in last.columns)
            if (k, own) not in self._known:
                self._known[k, own] = self._effects(last, own)
            found = (self._known[k, own] @ found.reshape(4, -1)).T.reshape(-1)  # its axis is the last one now
        return found

    def _effects(self, last: _Last, values: Sequence[float]) -> Vector:
        """Return the matrix from a qubit's Pauli coefficients to the probabilities of 0 and 1."""
        matrix = np.eye(4)
        for i in bind(last.circuit, values).data:
            if i.operation.name in CHANNELS:
                matrix = transfer(superoperator(i.operation), 1) @ matrix
                continue
            unitary = Operator(i.operation).data
            matrix = transfer(np.kron(unitary.conj(), unitary), 1) @ matrix
            error = self._errors.get((i.operation.name, (last.qubit,)))
            if error is not None:
                matrix = error @ matrix
        return np.asarray(MEASURE @ matrix)


def last_stage(circuit: QuantumCircuit, measured: Sequence[int], errors: Errors) -> LastStage | None:
    """Return a circuit in two; None where parameters do more than to choose bases, or it is too large.

    Args:
        circuit: gates and channels alone.
        measured: its qubits that are, in the order of their bits.
        errors: what follows each gate, as `transfers.gate_transfers` returns it.
    """
    if len(measured) > MAX_MEASURED:
        return None
    head = circuit.copy_empty_like()
    own = {q: QuantumCircuit(1) for q in measured}
    begun: set[int] = set()
    for i in circuit.data:
        qubits = [circuit.find_bit(q).index for q in i.qubits]
        if not i.is_parameterized() and not begun.intersection(qubits):
            head.append(i)
        elif len(qubits) == 1:
            begun.update(qubits)
            if qubits[0] in own:
                own[qubits[0]].append(i.operation, [0])
        else:
            return None
    names = list(circuit.parameters)
    last = [_Last(q, one, tuple(map(names.index, one.parameters))) for q, one in own.items()]
    return LastStage(head, last, errors)


def pauli_coefficients(state: npt.NDArray[np.complex128]) -> Vector:
    """Return the coefficients Tr(P rho) of a density matrix, shape (4^k,), the first qubit's slowest.

    >>> pauli_coefficients(np.diag([1.0, 0.0])).tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    k = len(state).bit_length() - 1
    tensor = np.asarray(state).reshape((2,) * (2 * k))
    for qubit in range(k):  # its row and column stand first, its coefficient goes to the end
        tensor = np.tensordot(tensor, PAULIS, axes=((0, k - qubit), (2, 1)))
    return np.asarray(tensor.real.reshape(-1))

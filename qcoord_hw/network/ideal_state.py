"""The state that an ideal device makes, as branches: (2^k, e), rho the sum of its columns' projectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Clbit, ControlFlowOp, QuantumCircuit
from qiskit.circuit.controlflow import IfElseOp
from qiskit.quantum_info import Operator, Statevector

from qcoord_hw.errors import InputError

ComplexArray = npt.NDArray[np.complex128]

Branch = tuple[ComplexArray, dict[object, int]]
"""An unnormalised vector, shape (2,) * qubits with axis q for qubit q, and the classical bits known in it."""


def output_branches(circuit: QuantumCircuit, outputs: Sequence[int]) -> ComplexArray:
    """Return the state of some qubits after a circuit without noise.

    Measurements on the way and gates that hang on their results are followed branch by branch.

    Args:
        circuit: without parameters.
        outputs: indices of the qubits, most significant first.

    Returns:
        Shape (2^k, e), with as few columns as the state's rank.

    Raises:
        InputError: when the circuit has control flow other than a condition on classical bits.
    """
    circuit, outputs = _relevant(circuit, outputs)
    n = circuit.num_qubits
    if any(isinstance(i.operation, ControlFlowOp) or i.operation.name == "measure" for i in circuit.data):
        vectors = [vector for vector, _ in _followed(circuit)]
    else:
        vectors = [Statevector(circuit).data.reshape((2,) * n).transpose(range(n - 1, -1, -1))]
    others = [q for q in range(n) if q not in outputs]
    columns = [v.transpose([*outputs, *others]).reshape(2 ** len(outputs), -1) for v in vectors]
    return few_columns(np.concatenate(columns, axis=1))


def _relevant(circuit: QuantumCircuit, outputs: Sequence[int]) -> tuple[QuantumCircuit, list[int]]:
    """Return the circuit of the qubits that gates connect with the outputs, and where these are in it."""
    if any(i.clbits for i in circuit.data):
        return circuit, list(outputs)
    reached = set(outputs)
    while True:
        grown = set(reached)
        for i in circuit.data:
            qubits = {circuit.find_bit(q).index for q in i.qubits}
            if i.operation.name != "barrier" and qubits & grown:
                grown |= qubits
        if grown == reached:
            break
        reached = grown
    kept = sorted(reached)
    alone = QuantumCircuit(len(kept))
    for i in circuit.data:
        own = [circuit.find_bit(q).index for q in i.qubits]
        if i.operation.name != "barrier" and own[0] in reached:
            alone.append(i.operation, [kept.index(q) for q in own])
    return alone, [kept.index(q) for q in outputs]


def few_columns(branches: ComplexArray) -> ComplexArray:
    """Return branches of the same state with as few columns as its rank."""
    if branches.shape[1] == 1:
        return branches
    left, values, _ = np.linalg.svd(branches, full_matrices=False)
    kept = values > 1e-13
    return np.asarray(left[:, kept] * values[kept])


def _followed(circuit: QuantumCircuit) -> list[Branch]:
    start = np.zeros((2,) * circuit.num_qubits, dtype=complex)
    start[(0,) * circuit.num_qubits] = 1
    return _run(circuit, list(range(circuit.num_qubits)), [(start, {})])


def _run(block: QuantumCircuit, where: Sequence[int], branches: list[Branch]) -> list[Branch]:
    """Return the branches after a block on the qubits `where`; its classical bits keep their identity."""
    for i in block.data:
        qubits = [where[block.find_bit(q).index] for q in i.qubits]
        if i.operation.name == "barrier":
            continue
        if i.operation.name == "measure":
            branches = [
                (kept, bits | {i.clbits[0]: value})
                for vector, bits in branches
                for value in (0, 1)
                if np.linalg.norm(kept := _projected(vector, qubits[0], value)) > 1e-12
            ]
        elif isinstance(i.operation, IfElseOp):
            branches = [
                one for branch in branches for one in _conditional(i.operation, i.clbits, qubits, branch)
            ]
        elif isinstance(i.operation, ControlFlowOp):
            raise InputError(f"circuit: {i.operation.name}; allowed are conditions on classical bits")
        else:
            matrix = Operator(i.operation).data
            branches = [(_applied(matrix, vector, qubits), bits) for vector, bits in branches]
    return branches


def _conditional(
    operation: IfElseOp, clbits: Sequence[object], qubits: Sequence[int], branch: Branch
) -> list[Branch]:
    bits, value = operation.condition
    own = [bits] if isinstance(bits, Clbit) else list(bits)
    known = branch[1]
    found = sum(known.get(bit, 0) << k for k, bit in enumerate(own))
    body = operation.params[0] if found == int(value) else operation.params[1]
    if body is None:
        return [branch]
    outer = dict(zip(body.clbits, clbits, strict=True))
    inside = {inner: known.get(bit, 0) for inner, bit in outer.items()}
    return [(vector, known) for vector, _ in _run(body, qubits, [(branch[0], inside)])]


def _projected(vector: ComplexArray, qubit: int, value: int) -> ComplexArray:
    kept = np.zeros_like(vector)
    place = (slice(None),) * qubit + (value,)
    kept[place] = vector[place]
    return kept


def _applied(matrix: ComplexArray, vector: ComplexArray, qubits: Sequence[int]) -> ComplexArray:
    """Apply a gate; a matrix of Qiskit has its first qubit least significant."""
    k = len(qubits)
    gate = matrix.reshape((2,) * (2 * k))
    axes = [qubits[k - 1 - j] for j in range(k)]
    moved = np.tensordot(gate, vector, axes=(range(k, 2 * k), axes))
    return np.asarray(np.moveaxis(moved, range(k), axes))

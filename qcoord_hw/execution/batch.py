"""Exact simulation of one circuit at many values of its parameters at once.

A state vector for each row of values, advanced gate by gate as one array. What no parameter has touched yet
is simulated once, for all rows together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import CircuitInstruction, ParameterExpression, QuantumCircuit
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import Collect2qBlocks, ConsolidateBlocks

AMPLITUDES = 2**23
"""Amplitudes held at a time (128 MiB)."""

Complex = npt.NDArray[np.complex128]


def probabilities(
    circuit: QuantumCircuit, qubits: Sequence[int], values: npt.NDArray[np.float64]
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the outcome probabilities of some qubits for each row of values.

    Args:
        circuit: unitary gates alone; its parameters in the order of `QuantumCircuit.parameters`.
        qubits: what is measured, k of them.
        values: shape (rows, parameters).

    Yields:
        Shape (2^k,); the first of `qubits` is the most significant bit of the index.
    """
    circuit = PassManager([Collect2qBlocks(), ConsolidateBlocks(force_consolidate=True)]).run(circuit)
    size = circuit.num_qubits
    rows = max(1, AMPLITUDES >> size)
    others = tuple(1 + q for q in range(size) if q not in qubits)
    for start in range(0, len(values), rows):
        some = values[start : start + rows]
        state = np.zeros((1, *(2,) * size), dtype=np.complex128)
        state[(0,) * (size + 1)] = 1
        for instruction in circuit.data:
            where = [1 + circuit.find_bit(q).index for q in instruction.qubits]
            state = _apply(_matrices(circuit, instruction, some), state, where)
        weights = (np.abs(state) ** 2).sum(axis=others)
        kept = sorted(qubits)
        weights = weights.transpose([0, *(1 + kept.index(q) for q in qubits)]).reshape(len(weights), -1)
        yield from np.broadcast_to(weights, (len(some), weights.shape[1]))


def _matrices(
    circuit: QuantumCircuit, instruction: CircuitInstruction, values: npt.NDArray[np.float64]
) -> Complex:
    """Return a gate's matrix for each row of values, or for all rows: shape (rows or 1, D, D)."""
    operation = instruction.operation
    free = set().union(*(p.parameters for p in operation.params if isinstance(p, ParameterExpression)))
    if not free:
        return np.asarray(operation.to_matrix(), dtype=np.complex128)[None]
    columns = [k for k, p in enumerate(circuit.parameters) if p in free]
    names = [circuit.parameters[k] for k in columns]
    distinct, row = np.unique(values[:, columns], axis=0, return_inverse=True)
    found = []
    for numbers in distinct:
        assignment = dict(zip(names, map(float, numbers), strict=True))
        bound = operation.copy() if operation.mutable else operation.to_mutable()
        bound.params = [
            float(p.bind({k: v for k, v in assignment.items() if k in p.parameters}))
            if isinstance(p, ParameterExpression)
            else p
            for p in operation.params
        ]
        found.append(bound.to_matrix())
    return np.array(found, dtype=np.complex128)[row.reshape(-1)]


def _apply(matrices: Complex, state: Complex, where: Sequence[int]) -> Complex:
    """Apply gates to axes of a batch of states; Qiskit's first qubit is the least significant."""
    axes = list(reversed(where))
    front = np.moveaxis(state, axes, range(1, 1 + len(axes)))
    flat = front.reshape(len(state), matrices.shape[-1], -1)
    moved = (matrices @ flat).reshape(max(len(state), len(matrices)), *front.shape[1:])
    return np.moveaxis(moved, range(1, 1 + len(axes)), axes)

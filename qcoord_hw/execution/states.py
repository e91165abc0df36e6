"""The exact state of the qubits that a circuit measures, before its last stage; without readout error.

The last stage, after the last barrier over all qubits, turns each output into a basis and measures it. What
stands before it is what the protocol made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import ControlFlowOp, QuantumCircuit, QuantumRegister

from qcoord_hw.execution.channels import CHANNEL, has_channels
from qcoord_hw.execution.density import density_matrix
from qcoord_hw.execution.layout import components, interactions, operations
from qcoord_hw.execution.program import stages
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.network.ideal_state import few_columns, output_branches
from qcoord_hw.theory.pauli_measurements.figures import branches_of

MAX_IDEAL = 22
MAX_NOISY = 12
"""Connected qubits whose exact state is computed."""

MAX_PART = 10
"""Outputs of a noisy part: its density matrix is diagonalised."""

MAX_OUTPUTS = 7
"""Outputs of a noisy density matrix that is put together from several parts; more of them stay apart."""

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class OutputState:
    """The state of a circuit's measured qubits, as independent parts.

    Attributes:
        parts: for each part which classical bits its qubits are measured into, and its state: branches
            (2^k, e), whose columns are unnormalised vectors, or a density matrix (2^k, 2^k) if noisy.
        noisy: which of the two.
        apart: whether what is too large to be put together is told part by part, which older records know
            nothing of.
    """

    parts: tuple[tuple[tuple[int, ...], ComplexArray], ...]
    noisy: bool
    apart: bool = True

    def of(self, bits: Sequence[int]) -> ComplexArray | None:
        """Return the state of the outputs that are measured into some bits, in their order.

        Returns:
            Branches, shape (2^k, e), or a density matrix, shape (2^k, 2^k), with the first bit's qubit most
            significant; None where a density matrix would be too large.
        """
        found = self._found(bits)
        if self.noisy and len(found) > 1 and len(bits) > MAX_OUTPUTS:
            return None
        order: tuple[int, ...] = ()
        whole: ComplexArray = np.ones((1, 1), dtype=complex)
        for clbits, state in found:
            order += clbits
            whole = np.kron(whole, state).astype(complex)
        axes = [order.index(bit) for bit in bits]
        n = len(axes)
        if self.noisy:
            tensor = whole.reshape((2,) * (2 * n)).transpose(axes + [n + axis for axis in axes])
            return np.asarray(tensor.reshape(2**n, 2**n))
        return np.asarray(whole.reshape((2,) * n + (-1,)).transpose([*axes, n]).reshape(2**n, -1))

    def branches(self, bits: Sequence[int]) -> ComplexArray | None:
        """Return the state of some outputs as branches, shape (2^k, e), noisy or not: see `of`."""
        own = self.of(bits)
        return branches_of(own) if self.noisy and own is not None else own

    def independent(self, bits: Sequence[int]) -> list[tuple[tuple[int, ...], ComplexArray]]:
        """Return the state of some outputs as a product: see `families.base.OutputState`."""
        return [
            (tuple(map(bits.index, clbits)), branches_of(state) if self.noisy else state)
            for clbits, state in (self._found(bits) if self.apart else ())
        ]

    def _found(self, bits: Sequence[int]) -> list[tuple[tuple[int, ...], ComplexArray]]:
        """Return for each part which of some bits are measured of it, in its order, and their state."""
        wanted, found = set(bits), []
        for clbits, state in self.parts:
            if keep := [k for k, c in enumerate(clbits) if c in wanted]:
                found.append((tuple(clbits[k] for k in keep), _reduced(state, len(clbits), keep, self.noisy)))
        return found


def output_states(
    circuits: Sequence[QuantumCircuit], snapshot: Snapshot | None, *, apart: bool = True
) -> list[OutputState | None]:
    """Return the exact output state of each circuit; None where it is too large or measures on its way.

    Args:
        circuits: as executed; the last stage of each ends in measurements.
        snapshot: calibration of their qubits, in order; None without noise.
        apart: see `OutputState`.

    Raises:
        TargetError: when Aer reports a failure.
    """
    if snapshot is not None:  # of gates that are executed: their noise is known where they were simulated
        snapshot = snapshot.only(one for c in circuits for one in operations(c, range(c.num_qubits)))
    return [_output_state(circuit, snapshot, apart) for circuit in circuits]


def _output_state(circuit: QuantumCircuit, snapshot: Snapshot | None, apart: bool) -> OutputState | None:
    *before, last = stages(circuit)
    prepared = circuit.copy_empty_like()
    for stage in before:
        prepared.compose(stage, range(circuit.num_qubits), range(circuit.num_clbits), inplace=True)
    if any(isinstance(i.operation, ControlFlowOp) or i.operation.name == "measure" for i in prepared.data):
        return None
    measured = {
        circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
        for i in last.data
        if i.operation.name == "measure"
    }
    bit_of = {qubit: clbit for clbit, qubit in measured.items()}
    if has_channels(last, (CHANNEL,)):  # a loss that shows when the qubit is read: no state of these qubits
        return None
    noisy = snapshot is not None or has_channels(prepared)
    parts = []
    for qubits in components(circuit.num_qubits, list(interactions(prepared))):
        outputs = sorted((q for q in qubits if q in bit_of), key=bit_of.__getitem__)
        if not outputs:
            continue
        if len(qubits) > (MAX_NOISY if noisy else MAX_IDEAL) or (noisy and len(outputs) > MAX_PART):
            return None
        alone = _alone(prepared, qubits)
        positions = [qubits.index(q) for q in outputs]
        if noisy:
            calibration = snapshot and snapshot.restrict([snapshot.qubits[q].index for q in qubits])
            state = density_matrix(alone, positions, calibration)
        else:
            state = output_branches(alone, positions)
        parts.append((tuple(bit_of[q] for q in outputs), state))
    return OutputState(tuple(parts), noisy, apart)


def _alone(circuit: QuantumCircuit, qubits: Sequence[int]) -> QuantumCircuit:
    """Return the gates on some qubits as a circuit on these alone, without parameters' stage and barriers."""
    alone = QuantumCircuit(QuantumRegister(len(qubits), "q"))
    where = {circuit.qubits[q]: alone.qubits[k] for k, q in enumerate(qubits)}
    for i in circuit.data:
        if i.operation.name != "barrier" and i.qubits[0] in where:
            alone.append(i.operation, [where[q] for q in i.qubits])
    return alone


def _reduced(state: ComplexArray, size: int, keep: Sequence[int], noisy: bool) -> ComplexArray:
    """Return the state of some of a part's outputs."""
    gone = [axis for axis in range(size) if axis not in keep]
    if not gone:
        return state
    k = len(keep)
    if not noisy:
        tensor = state.reshape((2,) * size + (-1,)).transpose([*keep, *gone, size])
        return few_columns(np.asarray(tensor.reshape(2**k, -1)))
    axes = [*keep, *gone]
    tensor = state.reshape((2,) * (2 * size)).transpose(axes + [size + axis for axis in axes])
    tensor = tensor.reshape(2**k, 2 ** len(gone), 2**k, 2 ** len(gone))
    return np.asarray(np.einsum("aebe->ab", tensor))

"""The noise model of a snapshot: gate errors as Aer derives them, readout errors as the device reports them.

`NoiseModel.from_backend` averages the two readout errors of a qubit and converts the whole chip;
this model keeps them apart and holds only the qubits that are used.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from qiskit.quantum_info import SuperOp
from qiskit_aer.noise import NoiseModel, QuantumError, ReadoutError
from qiskit_aer.noise.device import basic_device_gate_errors

from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.transfers import gate_transfers, superop

NOISE_MODEL = (
    "depolarizing + thermal relaxation a gate (Aer), asymmetric readout, no idle noise, no crosstalk"
)


IDLE_NOISE_MODEL = (
    "depolarizing + thermal relaxation a gate and while a qubit waits (Aer), asymmetric readout, no crosstalk"
)


NOTHING = 1e-8
"""What Aer takes for no error at all."""


def confusion(snapshot: Snapshot) -> npt.NDArray[np.float64]:
    """Return the readout matrices, shape (qubits, 2, 2): [q, i, j] is the probability to read i given j."""
    return np.array([[[1 - q.p10, q.p01], [q.p10, 1 - q.p01]] for q in snapshot.qubits])


@lru_cache(maxsize=16)  # as Aer puts it together: shots one by one hang on that
def gate_errors(snapshot: Snapshot) -> dict[tuple[str, tuple[int, ...]], QuantumError]:
    """Return what follows each gate: name and qubits, by their places in the snapshot, to the channel."""
    found = basic_device_gate_errors(target=snapshot.target())
    return {(name, tuple(qubits)): error for name, qubits, error in found}


class _Channel(QuantumError):  # type: ignore[misc]
    """An error that is one channel, known not to be the identity: Aer takes long to find that out."""

    def ideal(self) -> bool:
        """Return that it is not."""
        return False


def _channels(snapshot: Snapshot) -> dict[tuple[str, tuple[int, ...]], QuantumError]:
    """Return the same as `gate_errors`, each error as one channel: for density matrices that is the same."""
    maps = {gate: superop(matrix) for gate, matrix in gate_transfers(snapshot).items()}
    return {
        gate: _Channel(SuperOp(one))
        for gate, one in maps.items()
        if np.abs(one - np.eye(len(one))).max() > NOTHING
    }


@lru_cache(maxsize=16)  # run after run on the same qubits has the same
def noise_model(snapshot: Snapshot, *, readout: bool) -> NoiseModel:
    """Return the noise model on qubits 0..n-1 that stand for the snapshot's qubits in order.

    Args:
        snapshot: the calibration.
        readout: whether readout errors are part of the model (for methods that sample inside Aer).
    """
    # Where no gate is used "id" alone is left, since Aer warns of a model without any.
    model = NoiseModel(basis_gates=["id", *snapshot.target().operation_names])
    errors = gate_errors(snapshot) if readout else _channels(snapshot)
    for (name, qubits), error in errors.items():
        model.add_quantum_error(error, name, list(qubits))
    if readout:
        for qubit, matrix in enumerate(confusion(snapshot)):
            model.add_readout_error(ReadoutError(matrix.T), [qubit])
    return model

"""The state of some qubits of a circuit with noise, by Aer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveDensityMatrix

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.noise import noise_model
from qcoord_hw.execution.snapshot import Snapshot

ComplexArray = npt.NDArray[np.complex128]


def density_matrix(
    circuit: QuantumCircuit, outputs: Sequence[int], calibration: Snapshot | None
) -> ComplexArray:
    """Return the state of some qubits of a circuit, with noise, shape (2^k, 2^k); the first most significant.

    Args:
        circuit: gates and channels alone, without free parameters.
        outputs: k of its qubits.
        calibration: of all of them, in order; None without a device's noise.

    Raises:
        TargetError: when Aer reports a failure.
    """
    k = len(outputs)
    circuit = circuit.copy()
    circuit.append(SaveDensityMatrix(k), list(outputs))
    options = {} if calibration is None else {"noise_model": noise_model(calibration, readout=False)}
    simulator = AerSimulator(method="density_matrix", **options)
    result = simulator.run(circuit, shots=1, seed_simulator=0).result()
    if not result.success:
        raise TargetError(f"Aer failed: {result.status}")
    saved = np.asarray(result.data(0)["density_matrix"]).reshape((2,) * (2 * k))
    back = [k - 1 - axis for axis in range(k)]  # axis 0 is the last output
    return np.asarray(saved.transpose(back + [k + axis for axis in back]).reshape(2**k, 2**k))

"""The state of some qubits of a circuit with noise, by Aer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveDensityMatrix

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.channels import DECAY
from qcoord_hw.execution.noise import noise_model
from qcoord_hw.execution.snapshot import Snapshot

MAX_KEPT = 6
"""Outputs of a state that is kept, should it be asked for again: 64 KiB."""

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
    key = _gates_of(circuit) if len(outputs) <= MAX_KEPT else None
    if key is None:
        return _evolved(circuit, outputs, calibration)
    return _known(_Asked(key, circuit.num_qubits, tuple(outputs), calibration, circuit))


@dataclass(frozen=True)
class _Asked:
    """A state that is wanted, told by what is done to make it."""

    gates: tuple[tuple[object, ...], ...]
    qubits: int
    outputs: tuple[int, ...]
    calibration: Snapshot | None
    circuit: QuantumCircuit = field(compare=False)


def _gates_of(circuit: QuantumCircuit) -> tuple[tuple[object, ...], ...] | None:
    """Return gates and decay by name, numbers and qubits; None where these do not tell all of a circuit."""
    if not all(i.is_standard_gate() or i.name == DECAY for i in circuit.data):
        return None
    place = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    return tuple(
        (i.name, *(np.asarray(one).tobytes() for one in i.params), *map(place.__getitem__, i.qubits))
        for i in circuit.data
    )


@lru_cache(maxsize=128)  # figures are computed of the states of which shots are drawn
def _known(asked: _Asked) -> ComplexArray:
    found = _evolved(asked.circuit, asked.outputs, asked.calibration)
    found.flags.writeable = False
    return found


def _evolved(circuit: QuantumCircuit, outputs: Sequence[int], calibration: Snapshot | None) -> ComplexArray:
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

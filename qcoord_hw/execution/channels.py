"""Channels among the gates of circuits as they are simulated: what links do, and what waiting does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Instruction, QuantumCircuit
from qiskit.quantum_info import SuperOp

CHANNEL = "quantum_channel"
"""Name of the instructions in which links are put in."""

DECAY = "kraus"
"""Name of those in which waiting is."""

CHANNELS = (CHANNEL, DECAY)


def has_channels(circuit: QuantumCircuit, names: Sequence[str] = CHANNELS) -> bool:
    """Return whether a circuit has channels in it, of some names."""
    return any(i.operation.name in names for i in circuit.data)


def superoperator(channel: Instruction) -> npt.NDArray[np.complex128]:
    """Return the matrix of a channel on column-stacked density matrices, shape (4^m, 4^m) for m qubits."""
    if channel.name == DECAY:  # SuperOp takes its time
        return _of_kraus(tuple(np.asarray(one, dtype=complex).tobytes() for one in channel.params))
    return np.asarray(SuperOp(channel).data)


@lru_cache(maxsize=4096)  # setting after setting waits as long
def _of_kraus(operators: tuple[bytes, ...]) -> npt.NDArray[np.complex128]:
    kraus = [np.frombuffer(one, dtype=complex) for one in operators]
    size = math.isqrt(kraus[0].size)
    found = np.asarray(sum(np.kron(one.conj(), one) for one in (k.reshape(size, size) for k in kraus)))
    found.flags.writeable = False
    return found

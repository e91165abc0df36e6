"""Shots of all bits of a Clifford circuit, by stim [Gidney2021].

A seed gives the same shots with the same version of stim on processors of one kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qcoord_hw.execution.frames.circuit import FrameCircuit
from qcoord_hw.execution.frames.clifford import Conjugation
from qcoord_hw.execution.frames.twirling import Factors, probabilities

if TYPE_CHECKING:
    import stim

Bits = npt.NDArray[np.uint8]

LETTERS = "_XZY"
"""Pauli operators of one qubit as `clifford` numbers them, as stim writes them."""

ORDER = (0, 1, 3, 2)
"""I, X, Y, Z, in stim's order, as `clifford` numbers them."""


class Sampler:
    """Draws outcomes of one circuit."""

    def __init__(self, circuit: FrameCircuit, clbits: int) -> None:
        """Translate a circuit for stim.

        Args:
            circuit: as steps; readout errors are left out.
            clbits: how many classical bits it has; those never measured read 0.
        """
        self._circuit = stim_circuit(circuit)
        self._where = list(circuit.measured)
        self._clbits = clbits
        self._reference = self._circuit.reference_sample()

    def sample(self, shots: int, seed: int) -> Bits:
        """Return outcomes, shape (shots, clbits), classical bit 0 first; no readout errors."""
        sampler = self._circuit.compile_sampler(skip_reference_sample=True, seed=seed)
        bits = np.zeros((shots, self._clbits), dtype=np.uint8)
        bits[:, self._where] = sampler.sample(shots) ^ self._reference
        return bits


def stim_circuit(circuit: FrameCircuit) -> stim.Circuit:
    """Return a circuit in stim's terms, its twirled errors as Pauli channels, its classical bits in order."""
    import stim

    lines = [f"I {_words(range(circuit.size))}"]  # read as text, which is much faster than gate by gate
    for step in circuit.steps:
        for name, places in _operations(step.gate) if step.gate else ():
            lines.append(f"{name} {_words(step.qubits[place] for place in places)}")
        if step.factors is not None:
            likely = ",".join(map(repr, _stated(step.factors)))
            lines.append(f"PAULI_CHANNEL_{len(step.qubits)}({likely}) {_words(step.qubits)}")
    return stim.Circuit("\n".join([*lines, f"M {_words(circuit.measured.values())}"]))


def _words(qubits: Iterable[int]) -> str:
    return " ".join(map(str, qubits))


def _stated(factors: Factors) -> list[float]:
    """Return probabilities of all errors but the identity as stim wants them: the first qubit's slowest."""
    likely = probabilities(factors)
    order = ORDER if len(factors) == 4 else [a + 4 * b for a in ORDER for b in ORDER]
    stated = likely[list(order)][1:]
    return [float(p) for p in stated / max(1.0, stated.sum())]


@lru_cache(maxsize=4096)
def _operations(gate: Conjugation) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return a gate as operations of stim: (name, places among its qubits)."""
    import stim

    qubits = (len(gate.images).bit_length() - 1) // 2

    def image(number: int) -> stim.PauliString:
        word = "".join(LETTERS[gate.images[number] >> 2 * i & 3] for i in range(qubits))
        return stim.PauliString(("-" if gate.negative[number] else "+") + word)

    backwards = stim.Tableau.from_conjugated_generators(
        xs=[image(1 << 2 * i) for i in range(qubits)], zs=[image(2 << 2 * i) for i in range(qubits)]
    )
    found = backwards.inverse().to_circuit()
    return tuple((one.name, tuple(target.value for target in one.targets_copy())) for one in found)

"""Pauli frames: exact outcome distributions of Clifford circuits with noise, whatever the number of qubits.

Errors are twirled: each keeps what it does to the length of every Pauli operator (the diagonal of its Pauli
transfer matrix) and loses the rest, which of a device's errors is relaxation's pull towards |0>. A parity of
outcomes is one Pauli operator, walked backwards through the circuit; each error that it meets shrinks it by a
known factor. All parities of up to 20 bits, transformed, are their distribution.

- `clifford`: what a gate makes of Pauli operators;
- `twirling`: by what errors shrink them;
- `circuit`: a circuit as steps of both;
- `exact`: distributions, by walking backwards;
- `sampling`: shots of all bits of a large circuit, by stim.

Inputs that are Pauli frames may be shifted after twirling: Pauli errors commute with them.
"""

from qcoord_hw.execution.frames.circuit import frame_circuit, is_clifford
from qcoord_hw.execution.frames.exact import distribution, outcomes

__all__ = ["distribution", "frame_circuit", "is_clifford", "outcomes"]

"""Pauli frames: exact outcome distributions of Clifford circuits with noise, whatever the number of qubits.

Errors are twirled: each keeps what it does to the length of every Pauli operator (the diagonal of its Pauli
transfer matrix) and loses the rest, which of a device's errors is relaxation's pull towards |0>. A parity of
outcomes is one Pauli operator at each time; each error that it meets shrinks it by a known factor. All
parities of up to 20 bits, transformed, are their distribution.

The pull, where it is kept, adds to an operator some of another one, in which I stands for Z. Operators that
one such step joins to parities are followed as well, and all that joins these to each other. Expectations
are then right to first order in the pull, and to all orders in what else goes wrong.

- `clifford`: what a gate makes of Pauli operators;
- `twirling`: what errors do to them;
- `circuit`: a circuit as steps of both;
- `operators`: which Pauli operators are followed;
- `exact`: their expectations, and distributions;
- `sampling`: shots of all bits of a large circuit, by stim, twirled.

Inputs that are Pauli frames may be shifted after twirling: Pauli errors commute with them, the pull does not.
It may be kept where no data stand in the circuit yet.
"""

from qcoord_hw.execution.frames.circuit import frame_circuit, is_clifford
from qcoord_hw.execution.frames.exact import distribution, outcomes

__all__ = ["distribution", "frame_circuit", "is_clifford", "outcomes"]

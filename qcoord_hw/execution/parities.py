"""Outcomes that are too many to be listed, where a few sums of their bits decide how they are scored.

The sums have an exact distribution (`frames`); one outcome stands for all that have the same sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

from qcoord_hw.execution.frames import distribution, is_clifford
from qcoord_hw.execution.frames.exact import MAX_BITS
from qcoord_hw.execution.methods import Pull
from qcoord_hw.execution.parts import is_final
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.families.experiment import Setting

Bits = npt.NDArray[np.uint8]


def are_known(
    circuit: QuantumCircuit, settings: Sequence[Setting], parities: Sequence[Sequence[int]]
) -> bool:
    """Return whether the sums' distribution can be computed: of few, in a Clifford circuit.

    Args:
        circuit: as executed.
        settings: of this circuit.
        parities: sets of classical bits.
    """
    few = len(parities) <= MAX_BITS
    return few and is_final(circuit) and is_clifford(circuit, [_values(one) for one in settings])


def standing(
    circuit: QuantumCircuit,
    setting: Setting,
    snapshot: Snapshot | None,
    parities: Sequence[Sequence[int]],
    *,
    pull: Pull,
) -> tuple[Bits, npt.NDArray[np.float64]]:
    """Return an outcome for each value of some sums of bits, with the probability of that value.

    Args:
        circuit: as executed.
        setting: at which it is.
        snapshot: calibration of its qubits; None without a device's noise.
        parities: sets of classical bits, k of them.
        pull: where relaxation's pull is kept.

    Returns:
        Shapes (values, bits), classical bit 0 first, and (values,); values without probability are left out.
    """
    rows = np.zeros((len(parities), circuit.num_clbits), dtype=np.uint8)
    for k, parity in enumerate(parities):
        rows[k, list(parity)] = 1
    bound = bind(circuit, _values(setting))
    weights = distribution(bound, snapshot, parities, pulled=pull.instructions(circuit))
    found = np.flatnonzero(weights > 0)
    sums = (found[:, None] >> np.arange(len(rows))[::-1] & 1).astype(np.uint8)
    flips = np.zeros(circuit.num_clbits, dtype=np.uint8)
    if setting.is_framed:
        flips[list(setting.flips or ())] = 1
    return outcomes_with(rows, sums ^ (rows @ flips % 2)), weights[found]


def outcomes_with(rows: Bits, sums: Bits) -> Bits:
    """Return an outcome b with rows b = s modulo 2 for each s of some sums that outcomes can have.

    >>> outcomes_with(np.array([[1, 1, 0], [0, 1, 1]], dtype=np.uint8), np.array([[1, 0]], dtype=np.uint8))
    array([[1, 0, 0]], dtype=uint8)

    Args:
        rows: shape (k, n).
        sums: shape (values, k).
    """
    left, done, pivots = np.concatenate([rows, np.eye(len(rows), dtype=np.uint8)], axis=1), 0, []
    for column in range(rows.shape[1]):
        hit = done + np.flatnonzero(left[done:, column])
        if hit.size:
            left[[done, hit[0]]] = left[[hit[0], done]]
            others = np.flatnonzero(left[:, column])
            left[others[others != done]] ^= left[done]
            pivots.append(column)
            done += 1
    outcomes = np.zeros((len(sums), rows.shape[1]), dtype=np.uint8)
    outcomes[:, pivots] = sums @ left[:done, rows.shape[1] :].T % 2
    return outcomes


def _values(setting: Setting) -> tuple[float, ...]:
    return (0.0,) * len(setting.values) if setting.is_framed else setting.values

"""Linear inversion on exact frequencies, and the projection onto states."""

from __future__ import annotations

import numpy as np
import pytest

from qcoord_hw.theory.pauli_measurements.paulis import all_bases
from qcoord_hw.theory.pauli_measurements.tomography import (
    linear_inversion,
    nearest_states,
    plug_in_trace_norm,
    probabilities,
)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_exact_frequencies_give_the_state(rng, size):
    made = rng.normal(size=(2**size, 3)) + 1j * rng.normal(size=(2**size, 3))
    made /= np.linalg.norm(made)
    density = made @ made.conj().T
    frequencies = np.array([probabilities(made, basis) for basis in all_bases(size)])
    assert np.allclose(linear_inversion(frequencies), density)
    assert np.allclose(nearest_states(linear_inversion(frequencies)), density)
    mixed = np.eye(2**size) / 2**size
    found = plug_in_trace_norm(np.stack([frequencies, frequencies]), mixed)
    assert found == pytest.approx([np.abs(np.linalg.eigvalsh(density - mixed)).sum()] * 2)


def test_the_nearest_state_is_nearest(rng):
    values = np.array([1.2, 0.1, 0.0, -0.3])
    turn = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
    matrix = (turn * values) @ turn.conj().T
    found = nearest_states(matrix)
    assert np.linalg.eigvalsh(found) == pytest.approx([0, 0, 0, 1], abs=1e-12)
    for _ in range(50):
        other = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
        other = other @ other.conj().T
        other = found + 0.3 * (other / np.trace(other).real - found)
        assert np.linalg.norm(matrix - found) <= np.linalg.norm(matrix - other)

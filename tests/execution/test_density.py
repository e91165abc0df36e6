"""A state that is kept is the one that is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix, Kraus, partial_trace

from qcoord_hw.execution import density
from qcoord_hw.execution.density import density_matrix


def circuit(angle: float = 0.3, decay: float = 0.1, *, turned: bool = False) -> QuantumCircuit:
    """Return gates and decay on two qubits."""
    made = QuantumCircuit(2)
    made.ry(angle, 0)
    made.cx(1, 0) if turned else made.cx(0, 1)
    lost = [np.diag([1, (1 - decay) ** 0.5]), np.array([[0, decay**0.5], [0, 0]])]
    made.append(Kraus(lost).to_instruction(), [1])
    return made


@pytest.mark.parametrize(
    "other", [{"angle": 0.31}, {"decay": 0.4}, {"turned": True}], ids=["angle", "decay", "qubits"]
)
def test_a_state_is_kept_by_all_that_makes_it(other):
    first = density_matrix(circuit(), [0, 1], None)
    before = density._known.cache_info()
    assert density_matrix(circuit(), [0, 1], None) is first
    assert density._known.cache_info().hits == before.hits + 1
    changed = density_matrix(circuit(**other), [0, 1], None)
    assert np.abs(changed - first).max() > 1e-3


def test_states_are_those_of_their_outputs():
    whole = DensityMatrix(circuit())
    for outputs, right in (([0], partial_trace(whole, [1])), ([1], partial_trace(whole, [0]))):
        assert density_matrix(circuit(), outputs, None) == pytest.approx(right.data, abs=1e-12)


def test_what_no_name_tells_is_not_kept():
    own = QuantumCircuit(1, name="own")
    own.h(0)
    made = QuantumCircuit(1)
    made.append(own.to_gate(), [0])
    assert density._gates_of(made) is None
    assert density._gates_of(circuit()) is not None

"""Parities of many qubits computed again, by other code: one Pauli operator carried back through the circuit.

Errors are those that Aer derives of Qiskit's own snapshot of the device, their Pauli transfer matrices
Qiskit's; nothing of `qcoord_hw.execution.frames`, of its noise models or of its twirling is used.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import PTM, Clifford, Operator, Pauli, SuperOp
from qiskit_aer.noise.device import basic_device_gate_errors
from qiskit_ibm_runtime import fake_provider

import qcoord_hw as qc
from qcoord_hw.api.building import build
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.targets import resolve_target


@cache
def clifford(name: str, params: tuple[float, ...]) -> Clifford:
    return Clifford.from_operator(Operator(get_standard_gate_name_mapping()[name].base_class(*params)))


class Device:
    """Factors by which errors of a device shrink Pauli operators."""

    def __init__(self, backend) -> None:
        errors = basic_device_gate_errors(target=backend.target)
        self._errors = {(name, tuple(qubits)): error for name, qubits, error in errors}
        self._kept = {}
        self._readout = {}
        for qubit, listed in enumerate(backend.properties().qubits):
            told = {one.name: one.value for one in listed}
            self._readout[qubit] = 1 - told["prob_meas0_prep1"] - told["prob_meas1_prep0"]

    def kept(self, name: str, qubits: tuple[int, ...], pauli: Pauli) -> float:
        if (name, qubits) not in self._errors:
            return 1.0
        if (name, qubits) not in self._kept:
            matrix = PTM(SuperOp(self._errors[name, qubits])).data
            self._kept[name, qubits] = np.real(np.diag(matrix))
        index = 0
        for x, z in zip(reversed(pauli.x), reversed(pauli.z), strict=True):
            index = 4 * index + (0, 3, 1, 2)[2 * int(x) + int(z)]  # I, Z, X, Y among I, X, Y, Z
        return float(self._kept[name, qubits][index])

    def expectation(self, circuit: QuantumCircuit, layout: tuple[int, ...]) -> float:
        """Return that of the product of all measured Z, readout errors included."""
        size, value, operator = circuit.num_qubits, 1.0, Pauli("I" * circuit.num_qubits)
        for i in reversed(circuit.data):
            qubits = [circuit.find_bit(q).index for q in i.qubits]
            placed = tuple(layout[q] for q in qubits)
            if i.operation.name == "barrier":
                continue
            if i.operation.name == "measure":
                z = np.zeros(size, dtype=bool)
                z[qubits] = True
                operator = operator.compose(Pauli((z, np.zeros(size, dtype=bool))))
                value *= self._readout[placed[0]]
                continue
            value *= self.kept(i.operation.name, placed, operator[qubits])
            done = clifford(i.operation.name, tuple(map(float, i.operation.params)))
            operator = operator.evolve(done, qubits, frame="h")
        return 0.0 if operator.x.any() else value * float(np.real((1, -1j, -1, 1j)[operator.phase]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "device"),
    [("ghz-12", "boston"), ("ghz-42", "boston"), ("ghz-100", "boston"), ("ghz-42", "torino")],
)
def test_many_players_win_as_other_code_says(name, device):
    target = f"fake_{device}"
    built = build(name, target=target, seed=1)
    program = program_of(built.experiment)
    prepared = resolve_target(target, idle_noise=False).prepare(program, ())
    chip = Device(getattr(fake_provider, f"Fake{device.title()}")())
    found = [
        abs(chip.expectation(bind(prepared.circuits[s.circuit], s.values), prepared.layout))
        for s in program.settings
    ]
    assert min(found) > 0
    wins = (1 + float(np.mean(found))) / 2
    assert qc.plan(name, target=target, idle_noise=False)["expected"] == pytest.approx(wins, abs=2e-6)

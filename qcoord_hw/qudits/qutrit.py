"""Gates on qutrits in two qubits each: 0, 1, 2 are the states 00, 01, 10 and 11 is leakage.

The names and conventions are those of `qcoord_hw.qudits.gates`, which is what callers import. What saves
two-qubit gates here: multiplying by 2 swaps the two qubits and commutes with F, so that F has the same local
gates on both; and 11 may go anywhere, so a phase of its own makes F a two-CX gate.
"""

from __future__ import annotations

from math import acos, atan, pi, sqrt
from typing import Any

from qiskit.circuit import Parameter, QuantumCircuit


def zero_fourier() -> QuantumCircuit:
    """F|0> from |00>, 1 CZ."""
    circuit = QuantumCircuit(2)
    circuit.ry(2 * atan(sqrt(1 / 2)), 0)
    # Qubit 1 becomes |+> beside |0> and |0> beside |1>.
    circuit.ry(pi / 4, 1)
    circuit.cz(0, 1)
    circuit.ry(pi / 4, 1)
    return circuit


def fourier() -> QuantumCircuit:
    """F on any state of the code, 2 CX."""
    # The Cartan decomposition of F + e^(-i pi/6)|11><11|, at the one phase that makes its third angle zero.
    total, difference, turn = pi / 3, acos(5 / 6) / 2, atan(sqrt(8 / 3)) / 2
    circuit = QuantumCircuit(2)
    for qubit in (0, 1):
        circuit.rz(-2 * pi / 3, qubit)
        circuit.ry(pi / 4, qubit)
        circuit.rz(pi + turn, qubit)
    _double_rotation(circuit, (total + difference) / 2, (total - difference) / 2)
    for qubit in (0, 1):
        circuit.rz(turn, qubit)
        circuit.ry(pi / 4, qubit)
        circuit.rz(pi / 3, qubit)
    return circuit


def fourier_before_measuring(sign: int) -> QuantumCircuit:
    """F^sign for a digit measured next, 1 CZ, with the outcome 3 meaning 0 as well.

    The projector on the outcome 0 is shared by 00 and 11, which leaves no outcome to leakage.
    """
    circuit = QuantumCircuit(2)
    for qubit, side in ((0, 1), (1, -1)):
        circuit.rz(sign * side * pi / 2, qubit)
        circuit.ry(-side * pi / 2, qubit)
    circuit.cz(0, 1)
    for qubit, side in ((0, 1), (1, -1)):
        circuit.rz(-sign * pi / 4, qubit)
        circuit.ry(side * (pi - atan(sqrt(2))), qubit)
    return circuit


def weyl() -> tuple[QuantumCircuit, Parameter, Parameter]:
    """X(u)Z(v), 2 CX; returns the circuit and its parameters u, v."""
    u, v = Parameter("u"), Parameter("v")
    circuit = QuantumCircuit(2)
    circuit.rz(2 * pi / 3 * v, 0)
    circuit.rz(4 * pi / 3 * v, 1)
    # Lagrange polynomials: 1 for u = 1 only, for u = 2 only, for both.
    one, two = u * (2 - u), u * (u - 1) / 2
    both = one + two
    # On the flipped bits, X(1) is SWAP and a CX, X(2) the same with the qubits exchanged. A CX is a CZ
    # between Hadamards, SWAP and CZ make an iSWAP but for phases, and an iSWAP is two CX.
    for qubit, on in ((0, two), (1, one)):
        circuit.rx(pi * both, qubit)
        circuit.rz(pi * on, qubit)
        circuit.ry(pi / 2 * on, qubit)
        circuit.rz(-pi / 2 * both, qubit)
    _double_rotation(circuit, pi / 4 * both, pi / 4 * both)
    for qubit, on in ((0, one), (1, two)):
        circuit.rz(pi * on, qubit)
        circuit.ry(pi / 2 * on, qubit)
        circuit.rx(pi * both, qubit)
    return circuit, u, v


def flipping_controlled_z(t: int) -> QuantumCircuit:
    """CZ^t and then b -> 1-b on the second qutrit, 5 CX.

    The phase that b = 0, 1, 2 gets is a function of a times the sign of b's first qubit, and another one
    times the sign of both its qubits. A function of a needs two of the three parities of a. They are added to
    b's first qubit for the one sign, and taken off again for the other.
    """
    circuit = QuantumCircuit(4)
    angle = pi * t / 3
    circuit.p(angle, 0)
    circuit.p(-angle, 1)
    circuit.p(2 * angle, 3)
    for source, phase in ((1, angle), (0, angle), (3, -angle), (1, -angle)):
        circuit.cx(source, 2)
        circuit.p(phase, 2)
    circuit.cx(0, 2)
    # The second qubit stays added to the first: 0, 1, 2 are 00, 01, 11 now, a flip away from 1, 0, 2.
    circuit.x(2)
    return circuit


def controlled_z(t: int) -> QuantumCircuit:
    """CZ^t on two qutrits, 6 CX."""
    circuit = flipping_controlled_z(t)
    circuit.x(2)
    circuit.cx(3, 2)
    return circuit


def _double_rotation(circuit: QuantumCircuit, xx: Any, yy: Any) -> None:
    """Append exp(i (xx X(x)X + yy Y(x)Y)) on qubits 0 and 1, 2 CX."""
    for qubit in (0, 1):
        circuit.rx(pi / 2, qubit)
    # Between two CX, X(x)X is X on the control and Z(x)Z is Z on the target.
    circuit.cx(0, 1)
    circuit.rx(-2 * xx, 0)
    circuit.rz(-2 * yy, 1)
    circuit.cx(0, 1)
    for qubit in (0, 1):
        circuit.rx(-pi / 2, qubit)

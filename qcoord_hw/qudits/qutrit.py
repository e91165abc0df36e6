"""Gates on qutrits in two qubits each: 0, 1, 2 are the states 00, 01, 10 and 11 is leakage.

The names and conventions are those of `qcoord_hw.qudits.gates`, which is what callers import. What saves
two-qubit gates here: multiplying by 2 swaps the two qubits and commutes with F, so that F has the same local
gates on both; and 11 may go anywhere, so a phase of its own makes F a two-CX gate.
"""

from __future__ import annotations

from math import acos, atan, pi, sqrt

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
    """F on any state of the code, 2 CX; 11 gets the phase e^(-i pi/6)."""
    # The Cartan decomposition of F + e^(-i pi/6)|11><11|, the one phase at which the third angle is zero.
    sum_, difference, turn = pi / 3, acos(5 / 6) / 2, atan(sqrt(8 / 3)) / 2
    circuit = QuantumCircuit(2)
    for qubit in (0, 1):
        circuit.rz(-2 * pi / 3, qubit)
        circuit.ry(pi / 4, qubit)
        circuit.rz(pi + turn, qubit)
    _double_rotation(circuit, (sum_ + difference) / 2, (sum_ - difference) / 2)
    for qubit in (0, 1):
        circuit.rz(turn, qubit)
        circuit.ry(pi / 4, qubit)
        circuit.rz(pi / 3, qubit)
    return circuit


def weyl() -> tuple[QuantumCircuit, Parameter, Parameter]:
    """X(u)Z(v), 2 CX; returns the circuit and its parameters u, v."""
    u, v = Parameter("u"), Parameter("v")
    circuit = QuantumCircuit(2)
    circuit.p(2 * pi / 3 * v, 0)
    circuit.p(4 * pi / 3 * v, 1)
    # Lagrange polynomials: 1 for u = 1 only, for u = 2 only, for both.
    one, two = u * (2 - u), u * (u - 1) / 2
    both = one + two
    # On the flipped bits, X(1) is SWAP and a CX, X(2) the same with the qubits exchanged. A CX is a CZ between
    # Hadamards, SWAP and CZ make an iSWAP but for phases, and an iSWAP is two CX.
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


def copy() -> QuantumCircuit:
    """|a>|0> -> |a>|a>, 2 CX."""
    circuit = QuantumCircuit(4)
    circuit.cx(0, 2)
    circuit.cx(1, 3)
    return circuit


def controlled_z(t: int) -> QuantumCircuit:
    """CZ^t on two qutrits, 6 CX.

    Modulo 3, a b = -(a0 b0 + a1 b1) - (a0 + a1)(b0 + b1) in the bits, and on the code a0 + a1 and b0 + b1 are
    parities. So three parities across the qutrits do instead of the four products of bits.
    """
    circuit = QuantumCircuit(4)
    angle = pi * t / 3
    for qubit in range(4):
        circuit.p(-2 * angle, qubit)
    circuit.cx(0, 2)
    circuit.cx(1, 3)
    circuit.p(angle, 2)
    circuit.p(angle, 3)
    circuit.cx(2, 3)
    circuit.p(angle, 3)
    circuit.cx(2, 3)
    circuit.cx(1, 3)
    circuit.cx(0, 2)
    return circuit


def _double_rotation(circuit: QuantumCircuit, xx: object, yy: object) -> None:
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

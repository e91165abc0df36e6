"""Gates on digits 0..p-1 held in qubits, p a prime, with as few two-qubit gates as were found.

A digit j sits in n = ceil(log2 p) qubits, qubit k carrying the bit of weight 2^k; other basis states are
leakage, and what a gate does to them is left open. With w = e^(2 pi i/p),

    F|j> = p^(-1/2) sum_k w^(jk)|k>,    CZ^t|a>|b> = w^(t a b)|a>|b>,    X(u)|j> = |j+u>,    Z(v)|j> = w^(jv)|j>.

On two digits a is on qubits 0..n-1 and b on qubits n..2n-1. Gates are exact on the code but for a global phase;
they are made of one-qubit gates, CX and CZ. Circuits are cached: compose them into others, do not change them.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi

import numpy as np
from qiskit import transpile
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.library import StatePreparation, UnitaryGate

from qcoord_hw.qudits import qutrit
from qcoord_hw.qudits.leakage import qubits_per_digit


@lru_cache
def zero_fourier(p: int) -> QuantumCircuit:
    """Return the preparation of F|0>, the uniform superposition of 0..p-1, from |0..0>."""
    if p == 2:
        circuit = QuantumCircuit(1)
        circuit.h(0)
        return circuit
    if p == 3:
        return qutrit.zero_fourier()
    n = qubits_per_digit(p)
    amplitudes = np.where(np.arange(2**n) < p, p**-0.5, 0)
    circuit = QuantumCircuit(n)
    circuit.append(StatePreparation(amplitudes), range(n))
    return _elementary(circuit)


@lru_cache
def fourier(p: int, inverse: bool = False) -> QuantumCircuit:
    """Return F, or F^-1, for any state of the code."""
    return _fourier(p, -1 % p if inverse else 1)


@lru_cache
def fourier_before_measuring(p: int) -> QuantumCircuit:
    """Return F^-1 up to phases of the outcomes, for a digit that is measured next."""
    return _without_last_phases(fourier(p, inverse=True))


@lru_cache
def weyl(p: int) -> tuple[QuantumCircuit, Parameter, Parameter]:
    """Return one circuit for all X(u)Z(v), and its parameters u and v.

    Angles are polynomials in the parameters, which are to be bound to integers 0..p-1.
    """
    if p == 3:
        return qutrit.weyl()
    u, v = Parameter("u"), Parameter("v")
    if p == 2:
        circuit = QuantumCircuit(1)
        circuit.rz(pi * v, 0)
        circuit.rx(pi * u, 0)
        return circuit, u, v
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(n)
    for k in range(n):
        circuit.p(2 * pi / p * 2**k * v, k)
    # The eigenvector F^-1|k> of X(u) has the eigenvalue w^(uk).
    circuit.compose(_fourier(p, 1), inplace=True)
    for k in range(n):
        circuit.p(2 * pi / p * 2**k * u, k)
    circuit.compose(_fourier(p, p - 1), inplace=True)
    return circuit, u, v


@lru_cache
def controlled_z(p: int, t: int) -> QuantumCircuit:
    """Return CZ^t on two digits, t in 0..p-1."""
    if p == 2:
        circuit = QuantumCircuit(2)
        if t % 2:
            circuit.cz(0, 1)
        return circuit
    if p == 3:
        return qutrit.controlled_z(t)
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(2 * n)
    # The product of two bits is (a + b - (a xor b)) / 2.
    for j in range(n):
        for i in range(n):
            angle = pi * ((t * 2 ** (i + j)) % p) / p
            circuit.p(angle, i)
            circuit.p(angle, n + j)
            circuit.cx(i, n + j)
            circuit.p(-angle, n + j)
            circuit.cx(i, n + j)
    return circuit


@lru_cache
def attach(p: int, t: int) -> QuantumCircuit:
    """Return |psi>|0..0> -> CZ^t |psi> F|0>: a fresh digit b joined to a, cheaper than the gates it is for."""
    if p == 2:
        circuit = QuantumCircuit(2)
        circuit.h(1)
        circuit.cz(0, 1)
        return circuit
    # A copy of a, Fourier transformed.
    n = qubits_per_digit(p)
    return copy(p).compose(_fourier(p, t), range(n, 2 * n))


@lru_cache
def copy(p: int) -> QuantumCircuit:
    """Return |a>|0..0> -> |a>|a>, which is `attach` up to a Fourier transform on b."""
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(2 * n)
    for k in range(n):
        circuit.cx(k, n + k)
    return circuit


@lru_cache
def pair_state(p: int, t: int) -> QuantumCircuit:
    """Return the preparation of CZ^t F|0>F|0> from |0..0>."""
    n = qubits_per_digit(p)
    return QuantumCircuit(2 * n).compose(zero_fourier(p), range(n)).compose(attach(p, t))


@lru_cache
def detach_before_measuring(p: int, t: int) -> QuantumCircuit:
    """Return CZ^-t and then F^-1 on b up to phases of its outcomes, for a digit b that is measured next.

    For every outcome a goes on as it does after CZ^-t and F^-1, up to a phase.
    """
    n = qubits_per_digit(p)
    return controlled_z(p, -t % p).compose(fourier_before_measuring(p), range(n, 2 * n))


@lru_cache
def _fourier(p: int, t: int) -> QuantumCircuit:
    """Return |j> -> p^(-1/2) sum_k w^(t j k)|k>."""
    if p == 2:
        return zero_fourier(2)
    if p == 3:
        return qutrit.fourier() if t == 1 else qutrit.fourier().inverse()
    n = qubits_per_digit(p)
    digits = np.arange(p)
    matrix = np.eye(2**n, dtype=complex)
    matrix[:p, :p] = np.exp(2j * pi / p * (t * np.outer(digits, digits) % p)) / p**0.5
    circuit = QuantumCircuit(n)
    circuit.append(UnitaryGate(matrix), range(n))
    return _elementary(circuit)


def _elementary(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit in one-qubit gates and CX."""
    return transpile(circuit, basis_gates=["u", "cx"], optimization_level=1, seed_transpiler=0)


def _without_last_phases(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit without the phases at its end, which no measurement sees."""
    result = circuit.copy_empty_like()
    kept = []
    open_ = set(circuit.qubits)
    for instruction in reversed(circuit.data):
        last = open_.issuperset(instruction.qubits)
        if last and instruction.operation.name in ("rz", "p", "cz"):
            continue
        open_.difference_update(instruction.qubits)
        kept.append(instruction)
    for instruction in reversed(kept):
        result.append(instruction)
    return result

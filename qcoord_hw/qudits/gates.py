"""Gates on digits 0..p-1 held in qubits, p a prime, with as few two-qubit gates as were found.

A digit j sits in n = ceil(log2 p) qubits, qubit k carrying the bit of weight 2^k; other basis states are
leakage, and what a gate does to them is left open. With w = e^(2 pi i/p),

    F|j> = p^(-1/2) sum_k w^(jk)|k>    CZ^t|a>|b> = w^(t a b)|a>|b>    X(u)|j> = |j+u>    Z(v)|j> = w^(jv)|j>.

On two digits a is on qubits 0..n-1 and b on qubits n..2n-1. Gates are exact on the code but for a global
phase, and made of one-qubit gates, CX and CZ. Circuits are cached: compose them into others, but do not
change them.

Two-qubit gates for p = 2, 3, 5, 7:

    zero_fourier               0   1   2   3
    fourier                    0   2   9  12
    weyl                       0   2   6   8
    weyl_after_fourier         0   2   9  12
    controlled_z               1   6  12  18
    copy                       1   2   3   3
    attach                     1   4  12  15
    pair_state                 1   5  14  18
    detach_before_measuring    1   7  21  30

For p = 3 a measured digit takes one less where leakage need not be seen, and `graph_state` and `undo_graph`
take five, not six, for a CZ between two digits. Larger primes go through Qiskit's synthesis.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi
from typing import Any

import numpy as np
from qiskit import transpile
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.library import StatePreparation, UnitaryGate

from qcoord_hw.qudits import qutrit, three_qubits
from qcoord_hw.qudits.leakage import qubits_per_digit
from qcoord_hw.qudits.stages import own_stages


@lru_cache
def zero_fourier(p: int) -> QuantumCircuit:
    """Return the preparation of F|0>, the uniform superposition of 0..p-1, from |0..0>."""
    if p == 2:
        return fourier(2)
    if p == 3:
        return qutrit.zero_fourier()
    if p in (5, 7):
        return three_qubits.zero_fourier(p)
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(n)
    circuit.append(StatePreparation(np.where(np.arange(2**n) < p, p**-0.5, 0)), range(n))
    return _elementary(circuit)


@lru_cache
def fourier(p: int, inverse: bool = False) -> QuantumCircuit:
    """Return F, or F^-1, for any state of the code."""
    return fourier_power(p, p - 1 if inverse else 1)


@lru_cache
def fourier_before_measuring(p: int, detect_leakage: bool = True) -> QuantumCircuit:
    """Return F^-1 up to phases of the outcomes, for a digit that is measured next.

    Args:
        p: the prime.
        detect_leakage: false saves a two-qubit gate for p = 3, where the outcome 3 then means 0 and leakage
            looks like any digit. For other p it changes nothing.
    """
    return fourier_measured(p, -1, detect_leakage)


@lru_cache
def weyl(p: int) -> tuple[QuantumCircuit, Parameter, Parameter]:
    """Return one circuit for all X(u)Z(v), and its parameters u and v.

    Angles are polynomials in the parameters, which are to be bound to integers 0..p-1.
    """
    if p == 3:
        return qutrit.weyl()
    if p in (5, 7):
        return three_qubits.weyl(p)
    u, v = Parameter("u"), Parameter("v")
    circuit = QuantumCircuit(qubits_per_digit(p))
    clock_phases(circuit, p, v)
    if p == 2:
        circuit.rx(pi * u, 0)
        return circuit, u, v
    # F^-1|k> is the eigenvector of X(u) with the eigenvalue w^(uk).
    circuit.compose(fourier_power(p, 1), inplace=True)
    clock_phases(circuit, p, u)
    circuit.compose(fourier_power(p, p - 1), inplace=True)
    return circuit, u, v


@lru_cache
def weyl_after_fourier(p: int, t: int) -> tuple[QuantumCircuit, Parameter, Parameter]:
    """Return one circuit for all X(u)Z(v) F_t, F_t|j> = p^(-1/2) sum_k w^(t j k)|k>, and its parameters.

    X(u) F_t is F_t Z(-t u), so that this takes no more two-qubit gates than F_t alone.
    """
    u, v = Parameter("u"), Parameter("v")
    circuit = QuantumCircuit(qubits_per_digit(p))
    clock_phases(circuit, p, -t * u)
    circuit.compose(fourier_power(p, t % p), inplace=True)
    clock_phases(circuit, p, v)
    return circuit, u, v


@lru_cache
def controlled_z(p: int, t: int) -> QuantumCircuit:
    """Return CZ^t on two digits."""
    if p == 3:
        return qutrit.controlled_z(t % 3)
    if p == 5:
        return three_qubits.controlled_z_5(t % 5)
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(2 * n)
    if p == 2:
        if t % 2:
            circuit.cz(0, 1)
        return circuit
    for j in range(n):
        for i in range(n):
            # The product of two bits is half of their sum less their parity.
            angle = pi * ((t * 2 ** (i + j)) % p) / p
            circuit.p(angle, i)
            circuit.p(angle, n + j)
            circuit.cx(i, n + j)
            circuit.p(-angle, n + j)
            circuit.cx(i, n + j)
    return circuit


@lru_cache
def copy(p: int) -> QuantumCircuit:
    """Return |a>|0..0> -> |a>|a>, which is `attach` before the Fourier transform of b."""
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(2 * n)
    for k in range(n):
        circuit.cx(k, n + k)
    return circuit


@lru_cache
def fourier_power(p: int, t: int) -> QuantumCircuit:
    """Return F_t, |j> -> p^(-1/2) sum_k w^(t j k)|k>, t in 1..p-1."""
    n = qubits_per_digit(p)
    circuit = QuantumCircuit(n)
    if p == 2:
        circuit.h(0)
        return circuit
    if p == 3:
        return qutrit.fourier() if t == 1 else qutrit.fourier().inverse()
    if p in (5, 7):
        return three_qubits.fourier(p, t)
    digits = np.arange(p)
    matrix = np.eye(2**n, dtype=complex)
    matrix[:p, :p] = np.exp(2j * pi / p * (t * np.outer(digits, digits) % p)) / p**0.5
    circuit.append(UnitaryGate(matrix), range(n))
    return _elementary(circuit)


@lru_cache
def fourier_measured(p: int, sign: int, detect_leakage: bool) -> QuantumCircuit:
    """Return F^sign up to phases of the outcomes, and with 3 for 0 where leakage need not be detected."""
    if p == 3 and not detect_leakage:
        return qutrit.fourier_before_measuring(sign)
    circuit = fourier_power(p, sign % p)
    kept = []
    ends = set(circuit.qubits)
    for instruction in reversed(circuit.data):
        diagonal = instruction.operation.name in ("rz", "p", "cz")
        if not (diagonal and ends.issuperset(instruction.qubits)):
            ends.difference_update(instruction.qubits)
            kept.append(instruction)
    result = circuit.copy_empty_like()
    for instruction in reversed(kept):
        result.append(instruction)
    return result


def clock_phases(circuit: QuantumCircuit, p: int, exponent: Any) -> None:
    """Append Z(exponent) on the digit that is the whole circuit."""
    if isinstance(exponent, int) and exponent % p == 0:
        return
    for k in range(circuit.num_qubits):
        # Not p: its global phase would become a sum of all parameters, which takes Qiskit minutes to compile.
        circuit.rz(2 * pi / p * 2**k * exponent, k)


def _elementary(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit in one-qubit gates and CX."""
    with own_stages():
        return transpile(circuit, basis_gates=["u", "cx"], optimization_level=1, seed_transpiler=0)

"""Gates on digits 0..4 and 0..6 in three qubits, as numerical searches left them.

Circuits in tables have one form: rz and ry on each qubit; CZ gates between pairs of qubits, with rz and ry on
both after each; rz on each qubit. The pairs stand in a string, "12 02" for qubits 1, 2 and then 0, 2; the
angles in the order of the gates. `qcoord_hw.qudits.gates` is what callers import.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atan, pi
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyfromroots
from qiskit.circuit import Parameter, QuantumCircuit

FOURIER: dict[tuple[int, int], tuple[str, str]] = {
    (5, 1): (
        "12 02 12 01 02 12 02 12 01",
        (
            "-0.9 0.5 0.2 0.25 0.9 1.0 0.0 -0.25 1.0 0.5 0.25 0.5 -0.86885500676242 -0.3787585358088991 "
            "0.0 0.5 0.7243676531066486 0.3237918088252167 0.3237918088252166 -0.6834299894118889 -0.5 "
            "-0.8237918088252166 0.0 -0.5 0.0 1.0 1.0 -0.6 0.0 -0.4153324317629009 -0.1880654109068344 "
            "-0.6453152127014422 -0.5 -0.5 0.5600684275753984 0.6666666666666666 0.5 0.0 "
            "-0.7076520452258317 0.5 0.6161397635993852 -0.5 -0.9 -0.3 0.4"
        ),
    ),
    (5, 2): (
        "02 12 01 02 12 02 01 02 01",
        (
            "0.2 -0.75 0.9 0.5 0.8 0.0 0.0 -0.75 -0.5 -0.5 0.25 -0.1762081911747834 0.86885500676242 "
            "0.6212414641911008 0.0 0.0 0.0 0.8237918088252166 0.5 -0.9 -0.2756323468933514 "
            "-0.3237918088252166 -0.5 0.5 0.0 -0.5 0.5 -0.5 -0.5 1.0 -0.3 0.6762081911747834 0.5 "
            "0.1762081911747834 -0.8237918088252167 0.8 0.8 0.0 -0.1762081911747835 0.5 0.5 -0.5 0.7 "
            "-0.1 1.0"
        ),
    ),
    (7, 1): (
        "02 12 01 12 01 02 01 02 01 02 01 12",
        (
            "0.7557838184693894 -0.5 -0.5 1.0 0.6278919092346943 -0.5 0.125 0.5 0.1959132760153037 "
            "-0.3333333333333333 0.0 0.0 -0.3040867239846964 0.25 0.845433877015097 0.5607869695930927 "
            "-0.5639459546173471 0.5 -0.6735067474610695 0.6319591612554079 0.3489110961879104 "
            "-0.2971869560724009 0.1099013246721166 -0.9557005523885173 -0.6475250810241288 "
            "-0.5954492490220235 -0.5 0.4552463931184909 0.0892165029206765 0.300249583981147 0.5 "
            "-0.6792430057465512 0.6225371406614324 0.3721671277541172 0.5 -0.2428731667755259 "
            "0.1836593445364654 -0.543028829355226 0.5 0.0999031851830127 0.8535785837526711 "
            "-0.7259507529459273 0.5 0.3894030677424744 -0.875248930528193 0.3142738093938418 0.5 "
            "-0.8458379153819944 -0.5 -0.0881309801316384 0.9791016846882534 0.5 0.774826769268812 0.5 "
            "0.7142857142857141 0.9285714285714284 0.3571428571428568"
        ),
    ),
}
"""(p, t): CZ pairs and angles / pi of |j> -> p^(-1/2) sum_k w^(t j k)|k>."""

WEYL: dict[int, tuple[str, tuple[str, ...]]] = {
    5: (
        "02 12 01 12 01 02",
        (
            "071470434604245420642253744360467",
            "122236467424774522606207706636756",
            "222602442224462161661647604626266",
            "560472264156051661306266566642300",
            "445225626206362532466206620226352",
        ),
    ),
    7: (
        "12 01 02 01 12 02 12 01",
        (
            "32341166100026003050420604641026555624173",
            "05140754054144052201662536400262225454732",
            "22437062106715474212625006251000500144054",
            "76465204466347221370033440100606011421264",
            "10403407167641215603642525424202602001206",
            "26200267421202425057455664052065506646266",
            "44504642507202611303401407121640256310052",
        ),
    ),
}
"""p: CZ pairs, and for u = 0..p-1 the angles of X(u) in units of pi / 4."""

CONTROLLED_Z_5 = (
    ("a0", -1), ("a2", 2), ("b0", 1), ("a0", 1), ("a1", 2), ("b0", 2),
    ("b1", -1), ("a0", 0), ("a1", 2), ("a0", 2), ("a2", 0), ("b1", 0),
)  # fmt: skip
"""Bits added one after the other to bit 2 of b, and the weight x of the parity P that it is then.

Modulo 5, a b is -1/2 of the sum of x P, but for functions of a and of b alone that are linear in their bits.
"""

UNIFORM_7 = (
    "01 02 01",
    (
        *(-0.7091366493779865, -0.7339534260135967, -0.1840352379232564, -0.0965708713076121),
        *(-0.2253830675126183, -0.6506634981001979, 0.3614649885694767, 0.25, -0.1320436822753569),
    ),
)
"""CZ pairs and ry angles / pi of F|0> for p = 7; its amplitudes are real, so there is no rz."""


def zero_fourier(p: int) -> QuantumCircuit:
    """F|0> from |000>, for p = 5 with 2 CZ, for p = 7 with 3."""
    if p == 7:
        pairs, angles = UNIFORM_7
        return _circuit(pairs, [a for angle in angles for a in (0.0, pi * angle)] + [0.0] * 3)
    circuit = QuantumCircuit(3)
    circuit.ry(2 * atan(1 / 2), 2)
    # Qubits 0 and 1 become |+> beside |0> and |0> beside |1>.
    for qubit in (0, 1):
        circuit.ry(pi / 4, qubit)
        circuit.cz(2, qubit)
        circuit.ry(pi / 4, qubit)
    return circuit


def fourier(p: int, t: int) -> QuantumCircuit:
    """|j> -> p^(-1/2) sum_k w^(t j k)|k>, 9 CZ for p = 5 and 12 for p = 7; t in 1..p-1."""
    turns = {1: 0, 2: 1, 4: 2}
    if t not in (turns if p == 7 else (1, 2)):
        return fourier(p, p - t).inverse()
    pairs, angles = FOURIER[p, 1 if p == 7 else t]
    circuit = _circuit(pairs, [pi * float(angle) for angle in angles.split()])
    if p == 7:
        # Doubling a digit moves its bits round; F between halving and doubling is F_2, and so again F_4.
        return QuantumCircuit(3).compose(circuit, [(k + turns[t]) % 3 for k in range(3)])
    return circuit


def controlled_z_5(t: int) -> QuantumCircuit:
    """CZ^t for p = 5, 12 CX."""
    circuit = QuantumCircuit(6)
    bits = {f"{digit}{k}": 3 * place + k for place, digit in enumerate("ab") for k in range(3)}
    hub = bits["b2"]
    added = {hub}
    own = [0] * 6
    for name, weight in CONTROLLED_Z_5:
        circuit.cx(bits[name], hub)
        added ^= {bits[name]}
        if weight:
            circuit.p(-pi * t * weight / 5, hub)
        # The parity of a's bits and that of b's take part in P on their own, too.
        for qubit in added:
            own[qubit] += weight
    for qubit, weight in enumerate(own):
        circuit.p(pi * t * weight / 5, qubit)
    return circuit


def weyl(p: int) -> tuple[QuantumCircuit, Parameter, Parameter]:
    """X(u)Z(v), 6 CZ for p = 5 and 8 for p = 7; returns the circuit and its parameters u, v."""
    u, v = Parameter("u"), Parameter("v")
    pairs, rows = WEYL[p]
    nodes = np.arange(p)
    lagrange = []
    for node in nodes:
        others = nodes[nodes != node]
        lagrange.append(polyfromroots(others) / np.prod(node - others))
    angles = []
    for values in zip(*rows, strict=True):
        # Horner's rule: Qiskit multiplies out products of sums, in exponential time.
        angle: Any = 0.0
        for coefficient in (pi / 4 * np.array(values, dtype=float) @ np.array(lagrange))[::-1]:
            angle = u * angle + float(coefficient)
        angles.append(angle)
    circuit = QuantumCircuit(3)
    for k in range(3):
        circuit.rz(2 * pi / p * 2**k * v, k)
    return circuit.compose(_circuit(pairs, angles)), u, v


def _circuit(pairs: str, angles: Sequence[Any]) -> QuantumCircuit:
    """The circuit of the form in the module's docstring, without rotations by zero."""
    circuit = QuantumCircuit(3)
    left = iter(angles)

    def rotate(axes: str, qubit: int) -> None:
        for axis in axes:
            angle = next(left)
            if not isinstance(angle, float) or angle:
                getattr(circuit, f"r{axis}")(angle, qubit)

    for qubit in range(3):
        rotate("zy", qubit)
    for pair in pairs.split():
        circuit.cz(int(pair[0]), int(pair[1]))
        for digit in pair:
            rotate("zy", int(digit))
    for qubit in range(3):
        rotate("z", qubit)
    return circuit

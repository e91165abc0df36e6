"""Generators as text: Pauli strings of qubits (`+XZ_Y`) and of qudits (`X(1)*Z(2) I Z(1)`).

Qudit operators are written as qLDPC's `get_strings` does, with `Y(k)` for `X(k)*Z(k)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.linear_computation.field import Array, Field, field_of

LETTERS = {"I": (0, 0), "_": (0, 0), "X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
_QUBITS = re.compile(r"([+-]?)([IXYZ_]+)")
_FACTOR = re.compile(r"([XYZ])(?:\(([0-9]{1,3})\))?")
_QUDITS = "I, X(k), Z(k), Y(k) and X(j)*Z(k) with spaces between qudits, exponents below the field's order"


@dataclass(frozen=True, eq=False)
class Generators:
    """K generators X^x Z^z on N qudits, up to a phase, which for qubits is a sign.

    Attributes:
        x: shape (K, N): X exponents.
        z: shape (K, N): Z exponents.
        signs: shape (K,): 1 for a generator with a minus sign (qubits alone have any).
    """

    x: Array
    z: Array
    signs: Array


def read_strings(where: str, strings: object, gf: Field) -> Generators:
    """Return the generators that a list of strings states.

    Args:
        where: the field of the file, for errors.
        strings: one text a generator: for qubits with a sign and without spaces, or factors with spaces.
        gf: F_d.

    Raises:
        InputError: naming the string that is wrong and what is allowed.
    """
    if not isinstance(strings, list) or not strings or not all(isinstance(s, str) for s in strings):
        raise InputError(f"{where}: {short_repr(strings)}; allowed is a list of one or more Pauli strings")
    operators: list[list[tuple[int, int]]] = []
    signs: list[int] = []
    for k, text in enumerate(strings):
        given = _read(text.strip(), gf)
        if given is None:
            allowed = "I, _, X, Y and Z after a sign, such as +XZ_Y" if gf.order == 2 else _QUDITS
            raise InputError(f"{where}[{k}]: {short_repr(text)}; allowed are {allowed}")
        if operators and len(given[1]) != len(operators[0]):
            raise InputError(
                f"{where}[{k}]: {len(given[1])} qudits, but {where}[0] has {len(operators[0])}; allowed is "
                "the same number in every string"
            )
        signs.append(given[0])
        operators.append(given[1])
    exponents = np.array(operators, dtype=np.int64)
    return Generators(exponents[:, :, 0], exponents[:, :, 1], np.array(signs, dtype=np.int64))


def _read(text: str, gf: Field) -> tuple[int, list[tuple[int, int]]] | None:
    """Return sign and exponents; None when the text is no Pauli string."""
    if gf.order == 2 and (match := _QUBITS.fullmatch(text.replace(" ", ""))):
        return int(match[1] == "-"), [LETTERS[letter] for letter in match[2]]
    factors = [_factor(factor, gf.order) for factor in text.split()]
    good = [factor for factor in factors if factor is not None]
    return (0, good) if good and len(good) == len(factors) else None


def _factor(text: str, order: int) -> tuple[int, int] | None:
    if text == "I":
        return 0, 0
    x = z = 0
    for part in text.split("*"):
        match = _FACTOR.fullmatch(part)
        power = int(match[2] or 1) if match else order
        if match is None or power >= order or (match[1] in "XY" and x) or (match[1] in "ZY" and z):
            return None
        x, z = x + power * (match[1] in "XY"), z + power * (match[1] in "ZY")
    return x, z


def write_strings(generators: Generators, order: int) -> list[str]:
    """Return generators as `read_strings` reads them; qubits with a sign and `_` for the identity."""
    if order == 2:
        rows = zip(generators.signs, generators.x, generators.z, strict=True)
        return ["+-"[s] + "".join("_XZY"[a + 2 * b] for a, b in zip(x, z, strict=True)) for s, x, z in rows]
    return [
        " ".join(_word(int(a), int(b)) for a, b in zip(x, z, strict=True))
        for x, z in zip(generators.x, generators.z, strict=True)
    ]


def _word(x: int, z: int) -> str:
    return "*".join(f"{letter}({power})" for letter, power in (("X", x), ("Z", z)) if power) or "I"


def sign_of_product(generators: Generators, rows: Sequence[int]) -> int:
    """Return 1 if the product of commuting Pauli operators, in this order, is minus the plain operator."""
    x, z = np.zeros_like(generators.x[0]), np.zeros_like(generators.z[0])
    quarter = 0  # of the phase i^quarter before X^x Z^z
    for k in rows:
        a, b = generators.x[k], generators.z[k]
        quarter += 2 * int(generators.signs[k]) + int(a @ b) + 2 * int(z @ a)  # Y = i X Z; Z X = -X Z
        x, z = x ^ a, z ^ b
    return int((quarter - int(x @ z)) % 4 == 2)


def check_signs(generators: Generators, where: str) -> None:
    """Refuse qubit generators of which some multiply to minus the identity: no state has them all.

    Raises:
        InputError: naming them.
    """
    rows = np.hstack([generators.x, generators.z])
    for combination in field_of(2).null_space(rows.T):
        chosen = np.flatnonzero(combination).tolist()
        if sign_of_product(generators, chosen):
            names = ", ".join(f"{where}[{k}]" for k in chosen)
            raise InputError(
                f"{names}: multiply to minus the identity, so no state has them all; allowed are signs "
                "that fit each other"
            )

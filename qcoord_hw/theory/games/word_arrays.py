"""Pauli words as arrays: the state that they stabilise, and their joint measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcoord_hw.theory.games.strategies import ComplexArray
from qcoord_hw.theory.games.words import parsed


def stabilized(stabilizers: Sequence[str], size: int) -> ComplexArray:
    """Return the state, shape (2^n,), that n independent commuting words leave as it is.

    Qubit 0 is the most significant.
    """
    for start in range(2**size):  # a basis state that is in it
        state = np.zeros((2**size, 1), dtype=np.complex128)
        state[start] = 1
        for name in stabilizers:
            state = (state + acted(name, state)) / 2
        if (norm := float(np.linalg.norm(state))) > 0:
            return np.asarray(state[:, 0] / norm)
    raise AssertionError("the words stabilise no state")


def acted(name: str, columns: ComplexArray) -> ComplexArray:
    """Return a signed word times some columns, shape (2^n, columns)."""
    (word, sign), size = parsed(name), len(name) - 1
    x, z = (sum((half >> q & 1) << size - 1 - q for q in range(size)) for half in (word, word >> size))
    index = np.arange(2**size)
    # of i^y X^x Z^z, with y letters Y
    phases = (-1) ** sign * 1j ** (x & z).bit_count() * (1 - 2.0 * (np.bitwise_count(index & z) & 1))
    moved = np.empty_like(columns)
    moved[index ^ x] = phases[:, None] * columns
    return moved


def measurement(words: Sequence[str], table: Sequence[int], qubits: int, answers: int) -> ComplexArray:
    """Return the joint measurement of commuting words as projectors, shape (answers, 2^n, 2^n).

    Args:
        words: signed, on that many qubits.
        table: the answer to each outcome; bit i, most significant first, is 1 where word i is -1.
        qubits: n.
        answers: how many there are.
    """
    one = np.eye(2**qubits, dtype=np.complex128)
    joint = [one]
    for name in words:
        matrix = acted(name, one)
        joint = [earlier @ (one + way * matrix) / 2 for earlier in joint for way in (1, -1)]
    elements = np.zeros((answers, *one.shape), dtype=np.complex128)
    for effect, answer in zip(joint, table, strict=True):
        elements[answer] += effect
    return elements

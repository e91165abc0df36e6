"""What is to be made at block length n, and with what: the tasks of the converses, in plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]

DIGITS = 9
"""Decimals to which the numbers of a task count: below lies rounding, which differs by machine."""

REAL = 1e-12
"""Imaginary parts below this are 0."""


@dataclass(frozen=True)
class Cut:
    """A bound on what can be entangled across a cut between parties.

    Attributes:
        name: such as `Alice | Bob, Charlie`.
        side: the qubits of one side, by their position in the state.
        rank: the largest Schmidt rank: message dimension times the rank of the ebits.
        links: what is counted for it, as in a circuit's usage.
    """

    name: str
    side: tuple[int, ...]
    rank: int
    links: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A state that a sender makes herself (Definitions 5 and 7 of [NatorPereg]): of one case.

    Attributes:
        label: of the case.
        probability: of the case; 1 where cases are parts of one circuit.
        state: a vector, shape (2^k,), or a density matrix, shape (2^k, 2^k).
        cuts: what the links allow.
        together: whether the fidelity is at most the product of what the cuts allow (senders that do not
            know of each other), and not only each of it.
        cell: x and y, where receivers have letters of their own.
    """

    label: str
    probability: float
    state: ComplexArray
    cuts: tuple[Cut, ...]
    together: bool = False
    cell: tuple[int, int] | None = None

    @property
    def qubits(self) -> int:
        """How many qubits the state has."""
        return len(self.state).bit_length() - 1


@dataclass(frozen=True, eq=False)
class LinkTask:
    """States that receivers make from a message of bits, or from common randomness alone.

    Attributes:
        probabilities: of the inputs x^n, shape (X,); a single 1 without a sender.
        states: omega_x of n copies, shape (X, d, d): all qubits of the first receiver, then the next one's.
        sizes: the dimension of each receiver's system; d is their product.
        common: values of common randomness, M0.
        messages: M1; 1 without a sender.
    """

    probabilities: FloatArray
    states: ComplexArray
    sizes: tuple[int, ...]
    common: int
    messages: int

    @property
    def is_real(self) -> bool:
        """Whether no state has an imaginary part."""
        return bool(np.abs(self.states.imag).max() < REAL)

    def to_json(self) -> dict[str, object]:
        """Return the task as plain values, states as in `matrix_entries`."""
        return {
            "probabilities": _rounded(self.probabilities),
            "states": [matrix_entries(state) for state in self.states],
            "sizes": list(self.sizes),
            "common": self.common,
            "messages": self.messages,
        }


def entries_of(vector: ComplexArray) -> list[list[float]]:
    """Return the entries of a vector that are not 0, each as [index, re, im]."""
    kept = np.flatnonzero(np.abs(vector) > REAL)
    return [[int(k), *_rounded([vector[k].real, vector[k].imag], 15)] for k in kept]


def matrix_entries(matrix: ComplexArray) -> list[list[float]]:
    """Return the entries of the upper triangle of a Hermitian matrix, each as [row, column, re, im]."""
    upper = np.triu(matrix)
    places = np.argwhere(np.abs(upper) > 10.0**-DIGITS)
    return [[int(i), int(j), *_rounded([upper[i, j].real, upper[i, j].imag])] for i, j in places]


def _rounded(values: npt.ArrayLike | Sequence[float], digits: int = DIGITS) -> list[float]:
    return [round(float(v), digits) + 0.0 for v in np.asarray(values, dtype=float)]

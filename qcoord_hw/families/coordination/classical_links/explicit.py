"""A code on links of bits that is written out: chances of messages, and what receivers prepare of them.

Nothing follows from a mixture over U here, as it does with a codebook: the target is that of the mixture, and
the code may be any. Receivers have private coins, which are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.mixture import Mixture
from qcoord_hw.families.coordination.parameters import MAX_SIZE
from qcoord_hw.schema import refusal
from qcoord_hw.spec import Plain, check_integer
from qcoord_hw.theory.finite_blocklength.codebooks import Decomposition
from qcoord_hw.theory.finite_blocklength.resolvability import tensor_products
from qcoord_hw.theory.regions.holders import SYSTEMS
from qcoord_hw.theory.states import number

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

SUM = 1e-9
UNIT = 1e-6
"""By which a Bloch vector of a pure state may miss length 1; it is made so."""

Word = tuple[tuple[ComplexArray, ...], ...]
"""What is prepared, all of it pure: of each receiver a qubit a copy."""


@dataclass(frozen=True, eq=False)
class ExplicitCode:
    """A code in full.

    Attributes:
        strings: x^n of positive probability, shape (X, n).
        encoder: chances of m1, shape (X, M0, M1).
        words: distinct products of qubits.
        weights: of the words, given (m0, m1) in this order, shape (M0 M1, words).
    """

    strings: npt.NDArray[np.int64]
    encoder: FloatArray
    words: tuple[Word, ...]
    weights: FloatArray

    @property
    def size(self) -> tuple[int, int]:
        """M0 and M1."""
        return self.encoder.shape[1], self.encoder.shape[2]

    def word_weights(self) -> FloatArray:
        """Return how likely each word is given x^n, shape (X, words)."""
        m0 = self.encoder.shape[1]
        return np.asarray(self.encoder.reshape(len(self.encoder), -1) @ self.weights / m0)

    def exact(self, target: Decomposition) -> dict[str, float]:
        """Return the `trace_norm` || rho_hat - omega^{(x) n} ||_1."""
        kets = [reduce(np.kron, [q for copy in zip(*word, strict=True) for q in copy]) for word in self.words]
        states = np.array([np.outer(ket, ket.conj()) for ket in kets])
        p_x = target.p_x[self.strings].prod(axis=1)
        made = p_x[:, None, None] * np.tensordot(self.word_weights(), states, 1)
        gaps = made - tensor_products(target.target, self.strings)
        return {"trace_norm": float(np.abs(np.linalg.eigvalsh(gaps)).sum())}


def read_explicit(values: Mapping[str, Any], mixture: Mixture, n: int) -> ExplicitCode:
    """Read a code.

    Args:
        values: `encoder`: chances of m1 for each x^n of positive probability, in ascending order, and m0,
            shape (X, M0, M1); `decoder_B` and so on, for each m0 and m1 a list of [chance, Bloch vectors of
            the n copies], all pure.
        mixture: of the target, whose receivers have a qubit each.
        n: the block length.

    Raises:
        InputError: naming the option.
    """
    if any(size != 1 for size in mixture.qubits):
        raise InputError("parameters.protocol: explicit with other systems than qubits; allowed are qubits")
    letters = np.flatnonzero(mixture.decomposition.p_x > 0)
    strings = np.array(np.meshgrid(*[letters] * n, indexing="ij")).reshape(n, -1).T
    encoder = _encoder(values["encoder"], len(strings))
    parties = [_decoder(f"decoder_{SYSTEMS[p]}", values, encoder.shape[1:], n) for p in mixture.parties]
    words: list[Word] = []
    entries: list[tuple[int, int, float]] = []
    for message, choices in enumerate(zip(*parties, strict=True)):
        for chance, word in _products(choices):
            found = next((k for k, known in enumerate(words) if _same(known, word)), len(words))
            if found == len(words):
                words.append(word)
            entries.append((message, found, chance))
    weights = np.zeros((encoder.shape[1] * encoder.shape[2], len(words)))
    for message, k, chance in entries:
        weights[message, k] += chance
    return ExplicitCode(strings, encoder, tuple(words), weights)


Choice = list[tuple[float, tuple[ComplexArray, ...]]]
"""What a receiver prepares for a message: chances, and qubits copy by copy."""


def _encoder(value: Plain, strings: int) -> FloatArray:
    allowed = f"are chances of sum 1 in the shape ({strings}, M0, M1)"
    try:
        rows = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise refusal("encoder", value, allowed) from None
    if rows.ndim != 3 or len(rows) != strings or not rows.size or not (rows >= 0).all():
        raise refusal("encoder", value, allowed)
    if np.abs(rows.sum(axis=2) - 1).max() > SUM:
        raise refusal("encoder", value, allowed)
    check_integer("parameters.encoder: M0 M1", rows.shape[1] * rows.shape[2], 1, MAX_SIZE)
    return np.asarray(rows / rows.sum(axis=2, keepdims=True))


def _decoder(name: str, values: Mapping[str, Any], size: tuple[int, ...], n: int) -> list[Choice]:
    """Return what a receiver prepares for every (m0, m1)."""
    given = values[name]
    allowed = f"are for each of {size[0]} m0 and {size[1]} m1 lists of [chance, {n} Bloch vectors]"
    if given is None:
        raise InputError(f"parameters.{name}: missing; allowed {allowed}")
    found = []
    for row in _listed(name, given, allowed, size[0]):
        for choices in _listed(name, row, allowed, size[1]):
            listed = [_listed(name, one, allowed, 2) for one in _listed(name, choices, allowed)]
            own = [
                (
                    number(f"parameters.{name}", chance),
                    tuple(_ket(name, bloch) for bloch in _listed(name, word, allowed, n)),
                )
                for chance, word in listed
            ]
            if not own or min(c for c, _ in own) < 0 or abs(sum(c for c, _ in own) - 1) > SUM:
                raise refusal(name, choices, "are chances of sum 1")
            found.append(own)
    return found


def _listed(name: str, value: Plain, allowed: str, size: int | None = None) -> tuple[Plain, ...]:
    if not isinstance(value, tuple | list) or (size is not None and len(value) != size):
        raise refusal(name, value, allowed)
    return tuple(value)


def _ket(name: str, value: Plain) -> ComplexArray:
    """Return the pure state of a Bloch vector."""
    x, y, z = (number(f"parameters.{name}", c) for c in _listed(name, value, "are Bloch vectors", 3))
    if abs(np.linalg.norm([x, y, z]) - 1) > UNIT:
        raise refusal(name, value, "are Bloch vectors of length 1")
    polar = np.arctan2(np.hypot(x, y), z)
    phase = np.exp(1j * np.arctan2(y, x)) if np.hypot(x, y) > UNIT else 1.0
    return np.array([np.cos(polar / 2), phase * np.sin(polar / 2)])


def _products(choices: Sequence[Choice]) -> list[tuple[float, Word]]:
    """Return what the receivers prepare together, each by a coin of its own."""
    found: list[tuple[float, Word]] = [(1.0, ())]
    for own in choices:
        found = [(p * q, (*word, part)) for p, word in found for q, part in own if q > 0]
    return found


def _same(one: Word, other: Word) -> bool:
    pairs = [(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True)]
    return all(abs(abs(np.vdot(a, b)) - 1) < SUM for a, b in pairs)

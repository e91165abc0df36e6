"""A code on links of bits, in full: what Alice sends, and what each receiver makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.task import ComplexArray, FloatArray, LinkTask

DIGITS = 8
"""Decimals of a code that is written down; its error is that of the code as written."""


@dataclass(frozen=True, eq=False)
class LinkCode:
    """A code.

    Attributes:
        encoder: chances of m1 given x^n and m0, shape (X, M0, M1).
        decoders: of each receiver, by (m0, m1) in that order, factors L with sigma = L L^dagger / tr:
            shape (M0 M1, d, r).
    """

    encoder: FloatArray
    decoders: tuple[ComplexArray, ...]

    def outputs(self) -> ComplexArray:
        """Return what is made of every input, shape (X, d, d)."""
        return np.tensordot(self._weights(), self.states(), 1)

    def states(self) -> ComplexArray:
        """Return the product that is made of every (m0, m1), shape (M0 M1, d, d)."""
        return reduce(_product, [normalised(own) for own in self.decoders])

    def error(self, task: LinkTask) -> float:
        """Return the trace norm, averaged over the inputs."""
        gaps = np.linalg.eigvalsh(self.outputs() - task.states)
        return float(task.probabilities @ np.abs(gaps).sum(axis=1))

    def written(self) -> tuple[LinkCode, dict[str, Any]]:
        """Return the code in few decimals, and that as plain values."""
        encoder = np.round(np.maximum(self.encoder, 0), DIGITS)
        encoder = encoder / encoder.sum(axis=2, keepdims=True)
        decoders = tuple(np.round(_unit(own), DIGITS) + 0.0 for own in self.decoders)
        plain = {
            "encoder": encoder.tolist(),
            "decoders": [
                [[[[float(z.real), float(z.imag)] for z in row] for row in one] for one in own]
                for own in decoders
            ],
        }
        return LinkCode(encoder, decoders), plain

    def _weights(self) -> FloatArray:
        return np.asarray(self.encoder.reshape(len(self.encoder), -1) / self.encoder.shape[1])


def normalised(factors: ComplexArray) -> ComplexArray:
    """Return L L^dagger / tr of factors L, shape (.., d, d)."""
    states = factors @ factors.conj().swapaxes(-1, -2)
    return np.asarray(states / np.trace(states, axis1=-2, axis2=-1)[..., None, None])


def _unit(factors: ComplexArray) -> ComplexArray:
    """Return factors L with tr L L^dagger = 1."""
    return np.asarray(factors / np.linalg.norm(factors, axis=(-2, -1), keepdims=True))


def _product(one: ComplexArray, other: ComplexArray) -> ComplexArray:
    size = one.shape[-1] * other.shape[-1]
    return np.asarray(np.einsum("mij,mkl->mikjl", one, other).reshape(-1, size, size))


def best_of(codes: Sequence[LinkCode], task: LinkTask) -> LinkCode:
    """Return the code of least error."""
    return min(codes, key=lambda code: code.error(task))

"""Good codes over Bob's link to Charlie, by ascent: the lower ends of the brackets of `second_link`.

Alice makes a state L of A and of what she sends Bob; Bob applies an isometry V from it and his half of the
ebits to B, the message and something that is thrown away; Charlie one, W, from the message and his half to C
and something. The fidelity is a convex quadratic function of each of L, V and W alone, so the best unit
vector, or isometry, for its linear part at the present point never lowers it: a polar decomposition per step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.second_link import SecondLink
from qcoord_hw.theory.finite_blocklength.converses.task import ComplexArray

STEPS = 4000
"""Of an ascent at most."""

FIRST = 60
"""Steps of a start before only the best go on."""

GAIN = 1e-11
"""An ascent ends where ten steps gain less."""

THROWN = 2
"""Levels of what Bob and Charlie throw away each, at least."""

DIGITS = 9


@dataclass(frozen=True, eq=False)
class SecondLinkCode:
    """A code.

    Attributes:
        alice: L, shape (a, x), a unit vector.
        bob: V, shape (b, M, e, x, K).
        charlie: W, shape (c, f, M, K).
    """

    alice: ComplexArray
    bob: ComplexArray
    charlie: ComplexArray

    def written(self) -> dict[str, Any]:
        """Return the code as plain values."""
        parts = {"alice": self.alice, "bob": self.bob, "charlie": self.charlie}
        return {
            name: (np.round(np.stack([own.real, own.imag], axis=-1), DIGITS) + 0.0).tolist()
            for name, own in parts.items()
        }


def second_link_code(task: SecondLink, starts: int, seed: int = 0) -> SecondLinkCode:
    """Return the best code that ascents find.

    Args:
        task: what is to be made.
        starts: random starts; the best quarter of them is followed to the end.
        seed: of the starts.
    """
    rng = np.random.default_rng(seed)
    begun = [_ascended(task, _start(task, rng), FIRST) for _ in range(starts)]
    begun.sort(key=lambda one: -one[0])
    kept = [_ascended(task, code, STEPS) for _, code in begun[: max(1, starts // 4)]]
    return max(kept, key=lambda one: one[0])[1]


def _start(task: SecondLink, rng: np.random.Generator) -> SecondLinkCode:
    a, b, c = task.ket.shape
    m, k = task.message, task.ebits
    e, f = max(THROWN, -(-a * k // (b * m))), max(THROWN, -(-m * k // c))

    def drawn(*shape: int) -> ComplexArray:
        real = rng.normal(size=shape)
        return np.asarray(real if task.is_real else real + 1j * rng.normal(size=shape), dtype=complex)

    alice = drawn(a, a)
    return SecondLinkCode(
        alice / np.linalg.norm(alice), _isometry(drawn(b, m, e, a, k), 3), _isometry(drawn(c, f, m, k), 2)
    )


def _ascended(task: SecondLink, code: SecondLinkCode, steps: int) -> tuple[float, SecondLinkCode]:
    """Return the fidelity where an ascent ends, and the code."""
    wanted, root = task.ket.conj(), np.sqrt(task.ebits)
    alice, bob, charlie = code.alice, code.bob, code.charlie
    before = 0.0
    for step in range(steps):
        # Amplitudes g of what is thrown away, beside the target: F = |g|^2. Each part's slope is g (dg)*.
        seen = np.einsum("abc,cfmt->abfmt", wanted, charlie) / root
        given = np.einsum("abfmt,ax->bfmtx", seen, alice)
        g = np.einsum("bfmtx,bmext->ef", given, bob)
        bob = _isometry(np.einsum("ef,bfmtx->bmext", g, given.conj()), 3)
        told = np.einsum("abfmt,bmext->axef", seen, bob)
        g = np.einsum("axef,ax->ef", told, alice)
        alice = np.einsum("ef,axef->ax", g, told.conj())
        alice = alice / np.linalg.norm(alice)
        made = np.einsum("abc,ax,bmext->cemt", wanted, alice, bob, optimize=True) / root
        g = np.einsum("cemt,cfmt->ef", made, charlie)
        charlie = _isometry(np.einsum("ef,cemt->cfmt", g, made.conj()), 2)
        if step % 10 == 0:
            fidelity = float((np.abs(np.einsum("cemt,cfmt->ef", made, charlie)) ** 2).sum())
            if fidelity < before + GAIN:
                break
            before = fidelity
    return before, SecondLinkCode(alice, bob, charlie)


def _isometry(tensor: ComplexArray, outputs: int) -> ComplexArray:
    """Return the isometry of the polar decomposition, the first axes being its outputs."""
    rows = int(np.prod(tensor.shape[:outputs]))
    left, _, right = np.linalg.svd(tensor.reshape(rows, -1), full_matrices=False)
    return np.asarray((left @ right).reshape(tensor.shape))

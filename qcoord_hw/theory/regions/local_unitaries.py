"""Are the states sigma^{xy} of A, B and C one state up to unitaries V_x of B and W_y of C?

Uhlmann's theorem gives V_x from two cells of one column, and W_y from two of one row: the polar factor of the
overlap, unique on the support up to a phase. So within a connected part of the support of p_XY the unitaries
spread from one cell to all others, and either every cell agrees or none exist. Between parts that are not
connected they are searched for: what is found is checked, what is not found proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ComplexArray = npt.NDArray[np.complex128]
Cell = tuple[int, int]

FIT = 1e-7
"""Distance of unit vectors, up to a phase, below which they are the same."""

STARTS, STEPS = 12, 400


@dataclass(frozen=True, eq=False)
class LocalUnitaries:
    """The best local unitaries found.

    Attributes:
        bob: V_x by letter, shape (d_B, d_B) each; V = 1 at the reference.
        charlie: W_y by letter, shape (d_C, d_C) each; W = 1 at the reference.
        reference: the cell (x, y) from which the others are made.
        worst: the cell that fits worst.
        distance: how far that cell's vector is from (V_x (x) W_y) |sigma>, up to a phase.
        parts: number of connected parts of the support.
        joined: whether every part by itself fits; what fails then is a part relative to the first one.
    """

    bob: dict[int, ComplexArray]
    charlie: dict[int, ComplexArray]
    reference: Cell
    worst: Cell
    distance: float
    parts: int
    joined: bool

    @property
    def found(self) -> bool:
        """Whether all cells fit."""
        return self.distance <= FIT


def local_unitaries(kets: Mapping[Cell, ComplexArray]) -> LocalUnitaries:
    """Return unitaries V_x, W_y with |sigma^{xy}> = (V_x (x) W_y) |sigma> up to phases, or the best found.

    Args:
        kets: unit vectors by cell (x, y), shape (d_A, d_B, d_C) each.
    """
    bob: dict[int, ComplexArray] = {}
    charlie: dict[int, ComplexArray] = {}
    joined, parts = True, 0
    reference = next(iter(kets))
    for cell, ket in kets.items():
        if cell[0] in bob:
            continue
        own_bob, own_charlie = _spread(kets, cell)
        members = {c: k for c, k in kets.items() if c[0] in own_bob}
        joined &= _worst(members, ket, own_bob, own_charlie)[1] <= FIT
        if parts:
            v, w = _search(kets[reference], ket)
            own_bob = {x: u @ v for x, u in own_bob.items()}
            own_charlie = {y: u @ w for y, u in own_charlie.items()}
        bob |= own_bob
        charlie |= own_charlie
        parts += 1
    worst, distance = _worst(kets, kets[reference], bob, charlie)
    return LocalUnitaries(bob, charlie, reference, worst, distance, parts, joined)


def vector_distance(one: ComplexArray, other: ComplexArray) -> float:
    """Return the distance of two vectors, minimised over a phase."""
    overlap = np.vdot(one, other)
    phase = overlap / abs(overlap) if abs(overlap) > 0 else 1.0
    return float(np.linalg.norm(other - phase * one))


def _spread(
    kets: Mapping[Cell, ComplexArray], start: Cell
) -> tuple[dict[int, ComplexArray], dict[int, ComplexArray]]:
    """Return V_x and W_y over the connected part of the support with a cell, along a spanning tree."""
    base = kets[start]
    bob = {start[0]: np.eye(base.shape[1], dtype=complex)}
    charlie = {start[1]: np.eye(base.shape[2], dtype=complex)}
    grown = True
    while grown:
        grown = False
        for (x, y), ket in kets.items():
            if x in bob and y not in charlie:
                charlie[y] = _uhlmann_charlie(_apply(bob[x], None, base), ket)
                grown = True
            elif y in charlie and x not in bob:
                bob[x] = _uhlmann_bob(_apply(None, charlie[y], base), ket)
                grown = True
    return bob, charlie


def _worst(
    kets: Mapping[Cell, ComplexArray],
    base: ComplexArray,
    bob: Mapping[int, ComplexArray],
    charlie: Mapping[int, ComplexArray],
) -> tuple[Cell, float]:
    distances = {(x, y): vector_distance(_apply(bob[x], charlie[y], base), k) for (x, y), k in kets.items()}
    worst = max(distances, key=distances.__getitem__)
    return worst, distances[worst]


def _search(source: ComplexArray, target: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return V, W that bring (V (x) W) |source> close to |target>: Uhlmann for one and the other in turn.

    The first start matches the Schmidt bases of B, which is exact when A is trivial.
    """
    rng = np.random.default_rng(0)
    left = [np.linalg.svd(k.transpose(1, 0, 2).reshape(k.shape[1], -1))[0] for k in (source, target)]
    best = (math.inf, left[1] @ left[0].conj().T, np.eye(source.shape[2], dtype=complex))
    for start in range(STARTS):
        v = best[1] if start == 0 else _random_unitary(source.shape[1], rng)
        before = math.inf
        for _ in range(STEPS):
            w = _uhlmann_charlie(_apply(v, None, source), target)
            v = _uhlmann_bob(_apply(None, w, source), target)
            distance = vector_distance(_apply(v, w, source), target)
            if distance < FIT / 100 or before - distance < 1e-12:
                break
            before = distance
        if distance < best[0]:
            best = (distance, v, w)
        if best[0] < FIT / 100:
            break
    return best[1], best[2]


def _apply(v: ComplexArray | None, w: ComplexArray | None, ket: ComplexArray) -> ComplexArray:
    if v is not None:
        ket = np.einsum("jb,abc->ajc", v, ket)
    return ket if w is None else ket @ w.T


def _uhlmann_bob(source: ComplexArray, target: ComplexArray) -> ComplexArray:
    """Return the unitary V of B with the largest <target| V |source>, the polar factor of the overlap."""
    left, _, right = np.linalg.svd(np.einsum("abc,ajc->bj", source, target.conj()))
    return np.asarray((left @ right).conj().T)


def _uhlmann_charlie(source: ComplexArray, target: ComplexArray) -> ComplexArray:
    return _uhlmann_bob(source.transpose(0, 2, 1), target.transpose(0, 2, 1))


def _random_unitary(d: int, rng: np.random.Generator) -> ComplexArray:
    return np.asarray(np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0])

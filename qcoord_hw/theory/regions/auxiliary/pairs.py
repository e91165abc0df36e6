"""Which products may occur in a mixture of a state of two qubits, where the state has a kernel.

Every product of a mixture is orthogonal to the kernel of the state, and, with the vectors of the second qubit
conjugated, to that of the partial transpose (see `border`). For two qubits these equations are solved in
closed form. Let kappa be a vector of the kernel.

- kappa = k (x) l: one of the states is orthogonal to k or to l, the other one is free.
- Two independent vectors without a common local kernel: two products are left, the roots of a quadratic.
- kappa entangled and alone: <kappa|b c> = 0 gives c = N b, so every state is pure, and the kernel of the
  partial transpose is a plane that cuts the Bloch sphere of b in a circle. Such is a generic mixture of three
  products: the circle goes through its three states.

On a circle everything is a quadratic form of y = (1, cos t, sin t), and a form is nowhere negative there just
where it is positive semidefinite up to a multiple of J = diag(1, -1, -1) [the S-lemma].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray
from qcoord_hw.theory.regions.auxiliary.spaces import Space

KERNEL = 1e-11  # of eigenvalues of a block of trace 1
ENTANGLED = 1e-6  # least |det| of an entangled kernel vector of norm 1
HELD = 1e-6  # by how much a product may miss an equation that it is taken to obey
GRID = 128  # points of a circle from which the maxima are looked for
NARROW = 1e-6  # first step from where a state turns fastest
POLISH = 8  # Newton steps
STEPS = 80  # of a search for the multiple of J
ROOM = 1e-10  # bits: first excess with which a bound on a circle is tried

PAULI = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
LORENTZ = np.diag([1.0, -1.0, -1.0, -1.0])
TURN = np.array([[0, -1], [1, 0]])

Isometries = tuple[ComplexArray, ...]
"""Of each qubit the subspace, as columns: all products of states there."""


@dataclass(frozen=True, eq=False)
class PureCircle:
    """Products of pure states (b, N b) with b on a circle of its Bloch sphere.

    Attributes:
        turn: N, shape (2, 2).
        plane: (1, r) of the Bloch vectors of b are orthogonal to it, shape (4,).
        first: of y the state of the first qubit, not normalised: shape (3, 2, 2).
        second: of y that of the second.
    """

    turn: ComplexArray
    plane: FloatArray
    first: ComplexArray
    second: ComplexArray

    def has(self, b: ComplexArray) -> bool:
        """Whether a vector is on the circle, or nearly so."""
        bloch = np.einsum("a,mab,b->m", b.conj(), PAULI, b).real
        return bool(abs(self.plane @ bloch) < HELD)


Component = tuple[ComplexArray, ...] | PureCircle
"""A largest set of products that may occur together with one letter."""


def components(block: ComplexArray) -> tuple[Component, ...] | None:
    """Return the products that may occur in a mixture of a state of two qubits with full local supports.

    Args:
        block: shape (4, 4), of any trace.

    Returns:
        None where the kernel does not say more than nothing.
    """
    block = block / np.trace(block).real
    values, vectors = np.linalg.eigh(block)
    kernel = vectors[:, values < KERNEL]
    if kernel.shape[1] == 2:
        return _two_products(vectors[:, values >= KERNEL])
    if kernel.shape[1] != 1:
        return None
    kappa = kernel[:, 0].reshape(2, 2)
    left, sizes, right = np.linalg.svd(kappa)
    if sizes[1] * sizes[0] < ENTANGLED:
        whole = np.eye(2, dtype=complex)
        return (left[:, 1:], whole), (whole, right[1:].T)
    circle = _circle(block, kappa)
    return None if circle is None else (circle,)


def _two_products(support: ComplexArray) -> tuple[Component, ...] | None:
    """Return the products among the vectors of a plane: those whose matrices have no determinant."""
    one, two = support.T.reshape(2, 2, 2)
    mixed = np.linalg.det(one + two) - np.linalg.det(one) - np.linalg.det(two)
    found = []
    for root in np.roots([np.linalg.det(two), mixed, np.linalg.det(one)]):
        left, _, right = np.linalg.svd(one + root * two)
        found.append((left[:, :1], right[:1].T))
    return tuple(found) if len(found) == 2 else None


def _circle(block: ComplexArray, kappa: ComplexArray) -> PureCircle | None:
    """Return the circle of an entangled kernel vector; None if the partial transpose does not make one."""
    transposed = block.reshape(2, 2, 2, 2).transpose(0, 3, 2, 1).reshape(4, 4)
    values, vectors = np.linalg.eigh(transposed)
    if not values[0] < KERNEL or values[1] < KERNEL:
        return None
    turn = TURN @ kappa.conj().T
    # <kappa'|b c*> = 0 with c = N b: a complex equation that is linear in |b><b|
    form = vectors[:, 0].reshape(2, 2).conj() @ turn.conj()
    rows = np.einsum("ab,mab->m", form, PAULI)
    _, sizes, planes = np.linalg.svd(np.stack([rows.real, rows.imag]))
    if sizes[1] > HELD * sizes[0]:
        return None
    inside = planes[1:].T
    signs, axes = np.linalg.eigh(inside.T @ LORENTZ @ inside)
    if not signs[1] < 0 < signs[2]:
        return None
    frame = (inside @ axes / np.sqrt(np.abs(signs)))[:, ::-1]
    frame[:, 0] *= np.sign(frame[0, 0])
    first = np.tensordot(frame.T, PAULI, 1)
    return PureCircle(turn, planes[0], first, turn @ first @ turn.conj().T)


def meet(one: Component, other: Component) -> tuple[Component, ...] | None:
    """Return the components of what two sets have in common; None if it is a continuum of pure products."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        common = tuple(_intersection(a, b) for a, b in zip(one, other, strict=True))
        return ((common[0], common[1]),) if all(own.shape[1] for own in common) else ()
    if isinstance(one, tuple):
        return meet(other, one)
    if isinstance(other, tuple):
        if other[0].shape[1] == 2 and other[1].shape[1] == 2:
            return (one,)
        b: ComplexArray = other[0][:, 0]
        if other[0].shape[1] == 2:
            b = np.linalg.solve(one.turn, other[1][:, 0]).astype(complex)
        points = _points([b], [one])
        return tuple(p for point in points for p in meet(point, other) or ())
    relative = np.linalg.solve(other.turn, one.turn)
    off = relative - np.trace(relative) / 2 * np.eye(2)
    if np.abs(off).max() < HELD * np.abs(relative).max():
        return None
    return _points(np.linalg.eig(relative)[1].T, [one, other])


def _points(vectors: Iterable[ComplexArray], circles: list[PureCircle]) -> tuple[Isometries, ...]:
    """Return those of some products (b, N b) that are on all circles."""
    found = []
    for vector in vectors:
        b = vector / np.linalg.norm(vector)
        if all(circle.has(b) for circle in circles):
            c = circles[0].turn @ b
            found.append((b[:, None], (c / np.linalg.norm(c))[:, None]))
    return tuple(found)


def _intersection(a: ComplexArray, b: ComplexArray) -> ComplexArray:
    """Return the common subspace of two."""
    if a.shape[1] == 2 or b.shape[1] == 2:
        return b if a.shape[1] == 2 else a
    return a if abs(np.vdot(a, b)) > 1 - HELD**2 else a[:, :0]


@dataclass(frozen=True, eq=False)
class Circle:
    """A circle of pure products that may occur with one letter of each classical party, in coordinates.

    Attributes:
        cell: the letters.
        sizes: of the classical parties' coordinates.
        first: of y the state of the first qubit, shape (3, size).
        second: of y that of the second.
    """

    cell: tuple[int, ...]
    sizes: tuple[int, ...]
    first: FloatArray
    second: FloatArray
    traces: tuple[FloatArray, FloatArray]

    @classmethod
    def of(
        cls, circle: PureCircle, cell: tuple[int, ...], sizes: tuple[int, ...], spaces: tuple[Space, ...]
    ) -> Circle:
        """Return it in the coordinates of two qubits' spaces."""
        first, second = spaces[0].coordinates(circle.first), spaces[1].coordinates(circle.second)
        return cls(cell, sizes, first, second, (first @ spaces[0].trace, second @ spaces[1].trace))

    def points(self, angles: FloatArray) -> list[FloatArray]:
        """Return products, (N, size) for each party."""
        y = np.stack([np.ones(len(angles)), np.cos(angles), np.sin(angles)], axis=1)
        letters = [
            np.tile(np.eye(size)[x], (len(y), 1)) for x, size in zip(self.cell, self.sizes, strict=True)
        ]
        first, second = y @ self.first, y @ self.second
        return [*letters, first / (y @ self.traces[0])[:, None], second / (y @ self.traces[1])[:, None]]

    @cached_property
    def grid(self) -> FloatArray:
        """Angles all around, denser where a trace is small, as there a state turns fast: shape (N,)."""
        parts = [np.arange(GRID) * (2 * np.pi / GRID)]
        near = np.geomspace(NARROW, np.pi, GRID // 2)
        for _, x, z in self.traces:
            parts += [np.arctan2(-z, -x) + side * near for side in (1, -1)]
        return np.unique(np.concatenate(parts) % (2 * np.pi))

    def maxima(self, dual: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the angles of the local maxima of F = -<K, product>, the largest first, and F there."""
        form, norm = self._forms(dual)
        angles = self.grid
        grid = _ratio(form, norm, angles)[0]
        angles = angles[(grid <= np.roll(grid, 1)) & (grid <= np.roll(grid, -1))]
        value = _ratio(form, norm, angles)[0]
        for _ in range(POLISH):
            _, slope, curvature = _ratio(form, norm, angles)
            step = np.clip(slope / np.where(curvature > 0, curvature, np.inf), -0.05, 0.05)
            trial = _ratio(form, norm, angles - step)[0]
            angles, value = np.where(trial < value, angles - step, angles), np.minimum(trial, value)
        order = np.argsort(value, kind="stable")[:8]
        return angles[order], -value[order]

    def bound(self, dual: FloatArray) -> float:
        """Return a proved bound of F: the form of K and it is positive, up to a multiple of J."""
        form, norm = self._forms(dual)
        value = float(self.maxima(dual)[1][0])
        room = ROOM
        while not _positive(form + (value + room) * norm):
            room *= 4
        return value + room

    def _forms(self, dual: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the forms of <K, product> and of the product's trace, symmetric (3, 3)."""
        form = self.first @ dual[self.cell] @ self.second.T
        norm = np.outer(*self.traces)
        return (form + form.T) / 2, (norm + norm.T) / 2


def _positive(form: FloatArray) -> bool:
    """Whether a form and some multiple of J are positive semidefinite together: concave in the multiple."""
    low, high = -form[0, 0], min(form[1, 1], form[2, 2])
    for _ in range(STEPS):
        one, two = low + 0.382 * (high - low), low + 0.618 * (high - low)
        first, second = np.linalg.eigvalsh(form + np.array([one, two])[:, None, None] * LORENTZ[:3, :3])[:, 0]
        if max(first, second) >= 0:
            return True
        low, high = (one, high) if first < second else (low, two)
    return False


def _ratio(
    form: FloatArray, norm: FloatArray, angles: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the ratio of two forms at y = (1, cos t, sin t), its slope and its curvature in t."""
    c, s, z = np.cos(angles), np.sin(angles), np.zeros(len(angles))
    y, dy, ddy = np.stack([z + 1, c, s]), np.stack([z, -s, c]), np.stack([z, -c, -s])

    def along(m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        value, slope = ((m @ y) * y).sum(axis=0), 2 * ((m @ y) * dy).sum(axis=0)
        return value, slope, 2 * (((m @ y) * ddy).sum(axis=0) + ((m @ dy) * dy).sum(axis=0))

    p, dp, ddp = along(form)
    q, dq, ddq = along(norm)
    ratio = p / q
    slope = (dp - ratio * dq) / q
    return ratio, slope, (ddp - 2 * slope * dq - ratio * ddq) / q

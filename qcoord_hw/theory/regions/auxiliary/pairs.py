"""Which products may occur in a mixture of a state of two qubits, where the state has a kernel.

Every product of a mixture is orthogonal to the kernel of the state, and, with the vectors of the second qubit
conjugated, to that of the partial transpose (see `border`). For two qubits these equations are solved in
closed form. Let kappa be a vector of the kernel.

- kappa = k (x) l: one of the states is orthogonal to k or to l, the other one is free.
- Two independent vectors without a common local kernel: two products are left, the roots of a quadratic.
- kappa entangled and alone: <kappa|b c> = 0 gives c = N b, so every state is pure, and the kernel of the
  partial transpose is a plane that cuts the Bloch sphere of b in a circle. Such is a generic mixture of three
  products: the circle goes through its three states.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray

KERNEL = 1e-11  # of eigenvalues of a block of trace 1
PRODUCT, ENTANGLED = 1e-7, 1e-5  # |det| of a kernel vector of norm 1 below, and above; between is neither
HELD = 1e-3  # by how much a product may miss an equation that it is taken to obey
SAME = 1e-6  # by how much two circles, or two planes, that are one may differ

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

    def same(self, other: PureCircle) -> bool:
        """Whether two circles are one."""
        turns = np.vdot(self.turn, other.turn) / np.linalg.norm(self.turn) / np.linalg.norm(other.turn)
        planes = self.plane @ other.plane / np.linalg.norm(self.plane) / np.linalg.norm(other.plane)
        return bool(abs(turns) > 1 - SAME**2 and abs(planes) > 1 - SAME**2)


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
    if PRODUCT < sizes[0] * sizes[1] < ENTANGLED:
        return None
    if sizes[0] * sizes[1] < ENTANGLED:
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
    if sizes[1] > SAME * sizes[0]:
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
    if np.abs(off).max() < SAME * np.abs(relative).max():
        return (one,) if one.same(other) else None
    return _points(np.linalg.eig(relative)[1].T, [one, other])


def same(one: Component, other: Component) -> bool:
    """Return whether two components are one."""
    if isinstance(one, PureCircle) or isinstance(other, PureCircle):
        return isinstance(one, PureCircle) and isinstance(other, PureCircle) and one.same(other)
    return all(
        a.shape == b.shape and bool(np.abs(a @ a.conj().T - b @ b.conj().T).max() < SAME)
        for a, b in zip(one, other, strict=True)
    )


def distinct(found: list[Component]) -> list[Component]:
    """Return each component once."""
    return [one for i, one in enumerate(found) if not any(same(one, other) for other in found[:i])]


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

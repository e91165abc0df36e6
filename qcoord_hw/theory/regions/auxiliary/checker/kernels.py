"""Which products of two qubits may occur, where blocks of the target have kernels: the checker's own way.

If p theta is a part of a mixture of omega, then tr(P theta) = 0 for the projector P on the kernel of every
block that theta's letters use, and for that on the kernel of its partial transpose, transposed back. Written
in Stokes vectors, theta = (v . sigma / 2) (x) (w . sigma / 2), with v and w in the forward cone of
J = diag(1, -1, -1, -1), and tr(P theta) = v M w >= 0. For given v a w exists just where
D(v) = (M^T v) J (M^T v) = v Q v vanishes, and then w = J M^T v, or anything if M^T v = 0. As D >= 0 on the
cone there is a number m >= 0 with R = Q - m J >= 0 [the S-lemma], and D(v) = 0 leaves only the null space of
R, on the cone itself if m > 0: no products, one or two, or a circle of pure ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.ring import CONE, SIGMA, Ring, highest
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats
from qcoord_hw.theory.regions.auxiliary.checker.support import ZERO, Face, Supports

KERNEL = 1e-10  # eigenvalues of a block, relative to its probability, that count as zero
SAME = 1e-9  # of R relative to Q, of M and of Stokes vectors: what counts as zero
TOUCHING = 1e-5  # of a Stokes vector of norm 1: by how much it may be off the cone that it touches
NOISE, LEAST = 1e-13, 1e-11  # of Q: what is zero, and from where on its null space is told from rounding
MOST_SETS = 1023  # of letters, which are all looked at


def refined(target: Complexes, supports: Supports) -> tuple[tuple[Face, ...] | None, tuple[Ring, ...]]:
    """Return the products of two qubits that may occur: faces (None if they are too many), and rings.

    Args:
        target: shape (*letters, 4, 4).
        supports: of its blocks, which say all where there are no kernels, or too many letters.
    """
    shape = target.shape[:-2]
    matrices = {x: _forbidden(target[x]) for x in np.ndindex(*shape)}
    choices = [[s for r in range(n, 0, -1) for s in itertools.combinations(range(n), r)] for n in shape]
    nothing = all(m is None or not m.any() for m in matrices.values())
    if nothing or np.prod([len(c) for c in choices]) > MOST_SETS:
        return supports.faces(), ()
    faces: list[Face] = []
    rings: list[Ring] = []
    for letters in itertools.product(*choices):
        blocks = [matrices[x] for x in itertools.product(*letters)]
        known = [block for block in blocks if block is not None]
        if len(known) < len(blocks):
            continue
        pieces = list(_pieces(np.sum(known, axis=0)))
        if len(blocks) == 1 and not pieces:
            pieces = [None]  # a block that has a mixture has products: it was not understood
        for piece in pieces:
            several = sum(len(own) > 1 for own in letters)
            if piece is not None and piece[0].shape == (4, 3) and several < 2:
                rings.append(Ring(letters, *piece))
                continue
            understood = piece is not None and piece[0].shape != (4, 3)
            face = Face(letters, piece) if piece and understood else supports.face(letters)
            if face is not None and not any(face.inside(other) for other in faces):
                faces.append(face)
    return tuple(faces), tuple(rings)


def _forbidden(block: Complexes) -> Floats | None:
    """Return M, shape (4, 4): tr(P theta) of two Stokes vectors; None if the block is zero."""
    weight = float(np.trace(block).real)
    if weight <= ZERO:
        return None
    operator = _null(block / weight)
    turned = _null((block / weight).reshape(2, 2, 2, 2).swapaxes(1, 3).reshape(4, 4))
    operator = operator + turned.reshape(2, 2, 2, 2).swapaxes(1, 3).reshape(4, 4)
    return np.asarray(np.einsum("iajb,mji,nba->mn", operator.reshape(2, 2, 2, 2), SIGMA, SIGMA).real / 4)


def _null(matrix: Complexes) -> Complexes:
    """Return the projector on the kernel."""
    values, vectors = np.linalg.eigh((matrix + matrix.conj().T) / 2)
    kept = vectors[:, values < KERNEL]
    return np.asarray(kept @ kept.conj().T)


def _pieces(m: Floats) -> Iterator[tuple[Complexes, Complexes] | None]:
    """Yield pairs of bases (2, k) of the states that may occur, or E and F (4, 3) of a circle.

    None stands for what is not understood: anything that local supports allow.
    """
    whole = np.eye(2, dtype=complex)
    q = m @ CONE @ m.T
    size = float(np.abs(q).max())
    if size < NOISE:  # M = a b^T, b a pure state's; or nothing at all
        left, sizes, right = np.linalg.svd(m)
        if sizes[0] < SAME or sizes[1] > SAME:
            yield None
            return
        yield whole, _state(CONE @ right[0])
        if abs(left[:, 0] @ CONE @ left[:, 0]) < SAME:
            yield _state(CONE @ left[:, 0]), whole
        return
    value, multiple = highest(q, -CONE)
    zero = NOISE + SAME * size
    if size < LEAST:
        yield None
        return
    if value > zero:
        return
    values, vectors = np.linalg.eigh(q - multiple * CONE)
    null = vectors[:, values < zero]
    signs, axes = np.linalg.eigh(null.T @ CONE @ null)
    if signs[-1] < -TOUCHING:
        return
    if signs[-1] < SAME or len(signs) == 1:
        yield _product(m, null @ axes[:, -1])
        return
    if multiple < zero or null.shape[1] not in (2, 3):
        yield None
        return
    frame = (null @ axes / np.sqrt(np.abs(signs)))[:, ::-1]
    if null.shape[1] == 3:
        yield frame, CONE @ m.T @ frame
        return
    for side in (1, -1):
        yield _product(m, frame[:, 0] + side * frame[:, 1])


def _product(m: Floats, v: Floats) -> tuple[Complexes, Complexes]:
    """Return the bases of a pure state and of what goes with it."""
    a = m.T @ v
    free = np.abs(a).max() < SAME * np.abs(v).max()
    return _state(v), np.eye(2, dtype=complex) if free else _state(CONE @ a)


def _state(v: Floats) -> Complexes:
    """Return the vector (2, 1) of a pure state with a Stokes vector, of any length and sign."""
    matrix = np.tensordot(v * np.sign(v[0]), SIGMA, 1)
    return np.asarray(np.linalg.eigh(matrix)[1][:, 1:])

"""What each party of a joint state can make by itself: a smaller state and the local maps back.

For a system S of omega_{SR} the Koashi-Imoto decomposition [KoashiImoto2002] is the finest form

    S = sum_l  L_l (x) K_l,      omega_{SR} = sum_l  p_l  omega^l_{L_l R} (x) rho^l_{K_l}

(sums direct): K_l holds nothing that R knows of, so S can make it from l. For a classical S it merges the
letters after which R is in the same state; a system in a product with the rest disappears.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.information import complex_data, trace_norm

ComplexArray = npt.NDArray[np.complex128]

SUPPORT = 1e-12
"""Eigenvalues of a reduced state below this are taken to be 0."""

SAME_RATIO = 1e-7
"""Ratios of eigenvalues whose logarithms differ by less than this are the same."""

EXACT = 1e-9
"""Trace norm by which the restored state may miss the original."""


@dataclass(frozen=True, eq=False)
class Core:
    """A joint state without what its parties can make by themselves.

    Attributes:
        density: shape (d, d), of the smaller systems in the original order.
        dimensions: of the smaller systems.
        recover: for each system the isometry from the smaller system to the original one and an environment
            that is thrown away, shape (original, environment, smaller).
    """

    density: ComplexArray
    dimensions: tuple[int, ...]
    recover: tuple[ComplexArray, ...]

    def to_json(self) -> dict[str, Any]:
        """Return `dimensions`, `density` and `recover` as plain JSON values."""
        return {
            "dimensions": list(self.dimensions),
            "density": complex_data(self.density),
            "recover": [complex_data(isometry) for isometry in self.recover],
        }


def local_core(density: ComplexArray, dimensions: tuple[int, ...]) -> Core:
    """Return the state with the locally made part of every system taken off.

    A step that does not restore the state to 1e-9 in trace norm (a decomposition spoiled by rounding) is
    left out, so that the result is always valid, at worst the state itself.

    Args:
        density: shape (d, d), of all the systems.
        dimensions: of the systems, in order.
    """
    sizes, recover = list(dimensions), []
    for i, size in enumerate(dimensions):
        before, after = math.prod(sizes[:i]), math.prod(sizes[i + 1 :])
        tensor = density.reshape(before, size, after, before, size, after)
        tensor = tensor.transpose(1, 0, 2, 4, 3, 5).reshape(size, before * after, size, before * after)
        reduce, restore = _decompose(tensor)
        small = np.einsum("kas,srtq,kbt->arbq", reduce, tensor, reduce.conj(), optimize=True)
        again = np.einsum("sea,arbq,teb->srtq", restore, small, restore.conj(), optimize=True)
        rows = size * before * after
        if reduce.shape[1] == size or trace_norm((again - tensor).reshape(rows, rows)) > EXACT:
            recover.append(np.eye(size, dtype=complex)[:, None, :])
            continue
        new = reduce.shape[1]
        small = small.reshape(new, before, after, new, before, after).transpose(1, 0, 2, 4, 3, 5)
        sizes[i] = new
        density = small.reshape(math.prod(sizes), math.prod(sizes))
        recover.append(restore)
    return Core(density, tuple(sizes), tuple(recover))


def _decompose(tensor: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Return the maps that take the local part off a system and put it on again.

    Args:
        tensor: the joint state with axes (system, rest, system, rest).

    Returns:
        Kraus operators of the reduction, shape (K, smaller, original), and the isometry of the recovery,
        shape (original, environment, smaller).
    """
    rho = np.einsum("arbr->ab", tensor)
    values, vectors = np.linalg.eigh(rho)
    keep = values > SUPPORT
    values, vectors = values[keep], vectors[:, keep]
    parts = _blocks(_seen(tensor, values, vectors), len(values))
    blocks = [np.tensordot(vectors, part, 1) for part in parts]
    # Each block has axes (system, L, K); K is turned to the eigenbasis of its state.
    smaller = sum(block.shape[1] for block in blocks)
    extra = max(block.shape[2] for block in blocks)
    reduce = np.zeros((extra, smaller, len(rho)), dtype=complex)
    restore = np.zeros((len(rho), extra, smaller), dtype=complex)
    at = 0
    for block in blocks:
        local = np.einsum("slk,st,tlj->kj", block.conj(), rho, block)
        weights, turn = np.linalg.eigh(local / np.trace(local).real)
        block = block @ turn
        columns = slice(at, at + block.shape[1])
        for k, weight in enumerate(weights):
            reduce[k, columns] = block[:, :, k].conj().T
            restore[:, k, columns] = math.sqrt(max(weight, 0.0)) * block[:, :, k]
        at += block.shape[1]
    return reduce, restore


def _seen(tensor: ComplexArray, values: npt.NDArray[np.float64], vectors: ComplexArray) -> list[ComplexArray]:
    """Return operators on the support that generate the algebra of all that the rest can tell apart.

    With rho the reduced state these are the parts of rho^{-1/2} tr_R[(1 (x) M) omega] rho^{-1/2} of each
    frequency under X -> rho^{it} X rho^{-it}, which make the algebra invariant under that flow.
    """
    k, rest = len(values), tensor.shape[1]
    inside = np.einsum("sa,srtq,tb->rqab", vectors.conj(), tensor, vectors, optimize=True)
    scaled = inside.reshape(rest * rest, k, k) / np.sqrt(np.outer(values, values))
    frequencies = np.subtract.outer(np.log(values), np.log(values))
    order = np.argsort(frequencies, axis=None)
    steps = np.diff(frequencies.ravel()[order]) > SAME_RATIO
    operators: list[ComplexArray] = []
    for group in np.split(order, np.flatnonzero(steps) + 1):
        _, weights, span = np.linalg.svd(scaled.reshape(-1, k * k)[:, group], full_matrices=False)
        for row in span[weights > EXACT]:
            operator = np.zeros(k * k, dtype=complex)
            operator[group] = row
            operators.append(operator.reshape(k, k))
    return operators


def _blocks(operators: list[ComplexArray], k: int) -> list[ComplexArray]:
    """Return bases (k, L, K), one per block, in which every operator is a sum of X_l (x) 1_{K_l}."""
    one = np.eye(k)
    rows = [np.kron(x, one) - np.kron(one, x.T) for x in operators]
    rows += [np.kron(x.conj().T, one) - np.kron(one, x.conj()) for x in operators]
    # The commutant is the null space; R of a QR decomposition has it too and is small.
    small = np.zeros((0, k * k), dtype=complex)
    for row in rows:
        small = np.asarray(np.linalg.qr(np.vstack([small, row]), mode="r"))
    _, singular, right = np.linalg.svd(small, full_matrices=True)
    nullity = k * k - int((singular > 1e-8).sum())
    commutant = right.conj()[k * k - nullity :].reshape(nullity, k, k)
    rng = np.random.default_rng(0)
    first, second = (_hermitian(np.tensordot(rng.normal(size=nullity), commutant, 1)) for _ in range(2))
    # A generic Hermitian element has one eigenspace, of dimension L, for each vector of K.
    values, vectors = np.linalg.eigh(first)
    cuts = np.flatnonzero(np.diff(values) > 1e-7) + 1
    spaces = np.split(vectors, cuts, axis=1)
    blocks: list[list[ComplexArray]] = []
    for space in spaces:
        for block in blocks:
            link = space.conj().T @ second @ block[0]
            size = float(np.linalg.norm(link)) / math.sqrt(space.shape[1])
            if block[0].shape == space.shape and size > 1e-7:
                block.append(space @ link / size)
                break
        else:
            blocks.append([space])
    return [np.stack(block, axis=2) for block in blocks]


def _hermitian(matrix: ComplexArray) -> ComplexArray:
    return np.asarray((matrix + matrix.conj().T) / 2)

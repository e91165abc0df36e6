"""Stabilizer codes as graph states of base-p digits, with linear maps for everything else.

A symbol of F_{p^r} is r digits: X exponents in the basis 1, x, .., x^(r-1), Z exponents in its
trace-dual basis, so that tr(xz) is the scalar product of digits. Up to Clifford operations inside servers,
which cost nothing since Weyl operators are only relabelled, every stabilizer state of n digits is a graph
state |Gamma> = prod CZ^Gamma_ab |+..+>. Weyl operators X(u) Z(v) on it, sent through prod CZ^-Gamma and F^-1,
are measured as o = v - Gamma u, and every output is a linear function of o. Nothing here uses Qiskit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.linear_computation.beyond import StabilizerScheme
from qcoord_hw.theory.linear_computation.field import Array, Field, field_of
from qcoord_hw.theory.linear_computation.scheme import Scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, Reduction


@dataclass(frozen=True, eq=False)
class DigitCode:
    """A stabilizer scheme over F_p, before a state is chosen.

    Attributes:
        p: the prime.
        degree: r, digits a qudit.
        encode: shape (2n, D): exponents (x, z) of the n digits' Weyl operators from the D data digits.
        detect: shape (Y, 2n): digits of the outputs, y = detect (x, z); the rows commute with each other.
        checks: shape (Y', 2n): independent rows whose span holds the rows of `detect`.
        holders: index of the server that holds each digit.

    Data digits are ordered instance, server, symbol, digit (constant term first); outputs instance, row,
    digit.
    """

    p: int
    degree: int
    encode: Array
    detect: Array
    checks: Array
    holders: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class GraphCode:
    """A stabilizer scheme on a graph state of n digits over F_p.

    Attributes:
        p: the prime.
        degree: r, digits a qudit.
        adjacency: Gamma, shape (n, n), symmetric, zero diagonal.
        holders: index of the server that holds each digit.
        x: shape (n, D): X exponents u = x w of each digit, from the D data digits w.
        z: shape (n, D): Z exponents v = z w.
        decoder: shape (Y, n): digits of all outputs, y = decoder o.
    """

    p: int
    degree: int
    adjacency: Array
    holders: tuple[int, ...]
    x: Array
    z: Array
    decoder: Array

    @property
    def edges(self) -> tuple[tuple[int, int, int], ...]:
        """The edges (a, b, weight) with a < b."""
        return tuple(
            (int(a), int(b), int(self.adjacency[a, b])) for a, b in np.argwhere(np.triu(self.adjacency))
        )

    @property
    def transfer(self) -> Array:
        """Outcomes as a function of the data: o = transfer w, shape (n, D)."""
        return np.asarray((self.z - self.adjacency @ self.x) % self.p)

    @property
    def operated(self) -> tuple[int, ...]:
        """The digits on which their server acts for some data."""
        return tuple(np.flatnonzero(self.x.any(axis=1) | self.z.any(axis=1)).tolist())

    def bonus(self) -> Array:
        """Return the functions of the data, rows of shape (D,), that the outcomes reveal besides y."""
        prime = field_of(self.p)
        rows = (self.decoder @ self.transfer) % self.p
        known = rank = prime.rank(rows)
        found = []
        for row in self.transfer:
            rows = np.vstack([rows, row])
            if prime.rank(rows) > rank:
                rank += 1
                found.append(row)
        assert rank == known + len(found)
        return np.array(found, dtype=np.int64).reshape(len(found), self.transfer.shape[1])


def expand(gf: Field, matrix: Array, domain: Array, target: Array) -> Array:
    """Return a matrix over F_d as one over F_p: digits in basis `domain` to digits in basis `target`.

    Shape (r rows, r columns); entry ((k, a), (q, i)) is tr(t*_a m_kq b_i) with t* dual to `target`.
    """
    dual = gf.dual_basis(target)
    products = gf.mul[
        dual[None, :, None, None], gf.mul[matrix[:, None, :, None], domain[None, None, None, :]]
    ]
    rows, columns = matrix.shape
    return np.asarray(gf.trace[products].reshape(rows * gf.degree, columns * gf.degree))


def digit_code(reduction: Reduction, scheme: Scheme) -> DigitCode:
    """Return the scheme of a task over F_p, for the data and outputs of the task as written."""
    gf, r = scheme.task.field, scheme.task.field.degree
    basis = gf.power_basis
    dual = gf.dual_basis(basis)
    width = sum(inputs.shape[1] for inputs in reduction.inputs)
    one = np.zeros((scheme.qudits, width), dtype=np.int64)
    two = np.zeros((scheme.qudits, width), dtype=np.int64)
    row = column = 0
    for combine, precoder in zip(reduction.inputs, scheme.precoders, strict=True):
        m, size = combine.shape
        one[row : row + m, column : column + size] = gf.matmul(gf.inverse(precoder), combine)
        two[row : row + m, column : column + size] = combine
        row, column = row + m, column + size
    left, right = expand(gf, scheme.left, basis, basis), expand(gf, scheme.right, dual, basis)
    checks = block_diagonal(left, right)
    outputs = expand(gf, reduction.outputs, basis, basis)
    return DigitCode(
        p=gf.characteristic,
        degree=r,
        encode=block_diagonal(expand(gf, one, basis, basis), expand(gf, two, basis, dual)),
        detect=block_diagonal(outputs, outputs) @ checks % gf.characteristic,
        checks=checks,
        holders=tuple(np.repeat(scheme.holders, r).tolist()),
    )


def stabilizer_digit_code(reduction: Reduction, scheme: StabilizerScheme) -> DigitCode:
    """Return a general stabilizer scheme over F_p, for the data and outputs of the task as written."""
    gf, total, many = scheme.task.field, sum(scheme.qudits), scheme.instances
    basis = gf.power_basis
    dual = gf.dual_basis(basis)
    columns, places = [], []  # the scheme orders data by server, then instance; here instances come first
    for s, (combine, encoder) in enumerate(zip(reduction.inputs, scheme.encoders, strict=True)):
        columns.append(gf.matmul(encoder, np.kron(np.eye(many, dtype=np.int64), combine)))
        places += [(i, s, k) for i in range(many) for k in range(combine.shape[1])]
    n = scheme.qudits
    x = _stacked([c[:size] for c, size in zip(columns, n, strict=True)])
    z = _stacked([c[size:] for c, size in zip(columns, n, strict=True)])
    order = sorted(range(len(places)), key=lambda k: places[k])
    encode = np.vstack([expand(gf, x[:, order], basis, basis), expand(gf, z[:, order], basis, dual)])
    checks = np.hstack(
        [expand(gf, scheme.M[:, :total], basis, basis), expand(gf, scheme.M[:, total:], dual, basis)]
    )
    outputs = expand(gf, np.kron(np.eye(many, dtype=np.int64), reduction.outputs), basis, basis)
    return DigitCode(
        p=gf.characteristic,
        degree=gf.degree,
        encode=encode,
        detect=outputs @ checks % gf.characteristic,
        checks=checks,
        holders=tuple(np.repeat(np.arange(len(n)), np.array(n) * gf.degree).tolist()),
    )


def computed(task: LinearTask, instances: int = 2) -> Array:
    """Return what the outputs should be, over F_p: digits of (y1, y2, ..) from digits of (w1, w2, ..)."""
    one = expand(task.field, task.matrix, task.field.power_basis, task.field.power_basis)
    return np.kron(np.eye(instances, dtype=np.int64), one)


def _stacked(blocks: list[Array]) -> Array:
    """Return a block diagonal matrix."""
    whole = blocks[0]
    for block in blocks[1:]:
        whole = block_diagonal(whole, block)
    return whole


def block_diagonal(one: Array, two: Array) -> Array:
    """Return [[one, 0], [0, two]]."""
    return np.block(
        [
            [one, np.zeros((one.shape[0], two.shape[1]), dtype=np.int64)],
            [np.zeros((two.shape[0], one.shape[1]), dtype=np.int64), two],
        ]
    )

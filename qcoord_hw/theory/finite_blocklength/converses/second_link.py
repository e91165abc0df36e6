"""The largest fidelity over Bob's link to Charlie: a message beside ebits, one copy of a pure state.

Whatever Alice sends to Bob is free. Charlie holds a message of M levels and his half T of ebits of rank K.
Bob reaches exactly the tau on A B M T with tau_AT = tau_A (x) 1/K, and Charlie applies a channel with Choi
matrix J. Of tau (x) J, averaged over unitaries of M and of T, four blocks Omega_ij on A B C are left (i = 0
where M and the input of J are maximally entangled, j the same for T), with

- F = M K <psi| Omega_00 |psi>;
- Tr_C Omega_ij equal for all i, j, of trace 1 / (M K);
- Tr_B (Omega_0j / M + (M - 1/M) Omega_1j) equal for both j;
- Omega_ij and all sums of a_i^s b_j^t Omega_ij^(T_C) positive, where a_0^s = s / M and a_1^s = 1 - s / M for
  s = 1 and -1, and b the same of K: tau (x) J is separable.

This is solved in its dual, which is the certificate: for Hermitian Y_ij on A B, Z on A C, and S_st >= 0 with

    G_ij = [i = j = 0] M K psi + sum over s, t of a_i^s b_j^t S_st^(T_C)
           - Y_ij (x) 1 - (-1)^j c_i Z (x) 1 <= 0

(c_0 = 1/M, c_1 = M - 1/M; Z = 0 for K = 1) every code has F <= lambda_max(sum of the Y_ij) / (M K).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from qcoord_hw.theory.finite_blocklength.converses.programs import Program
from qcoord_hw.theory.finite_blocklength.converses.task import REAL, ComplexArray, FloatArray

IntArray = npt.NDArray[np.intp]

USED = 1e-9
"""Amplitudes below this are 0."""

MAX_WORK = 1e9
"""Entries of all blocks to the third power, in sum, up to which the program is solved."""


@dataclass(frozen=True, eq=False)
class SecondLink:
    """What is to be made, and with what.

    Attributes:
        ket: the target, shape (a, b, c), a unit vector.
        message: M, levels of the message from Bob to Charlie.
        ebits: K, the rank of the ebits between them.
    """

    ket: ComplexArray
    message: int
    ebits: int

    @property
    def is_real(self) -> bool:
        """Whether no amplitude has an imaginary part."""
        return bool(np.abs(self.ket.imag).max() < REAL)

    @property
    def sectors(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The i and the j that occur."""
        return tuple(range(min(2, self.message))), tuple(range(min(2, self.ebits)))


@dataclass(frozen=True, eq=False)
class Dual:
    """The certificate: `y[i, j]`, `s[i, j]` (s, t = 1 at 0 and -1 at 1) and `z`, Hermitian matrices."""

    y: dict[tuple[int, int], ComplexArray]
    s: dict[tuple[int, int], ComplexArray]
    z: ComplexArray


def signed(levels: int, i: int, s: int) -> float:
    """Return a_i^s of a message of so many levels."""
    sign = 1.0 - 2.0 * s
    return sign / levels if i == 0 else 1 - sign / levels


def work(task: SecondLink) -> float:
    """Return how much the program has to do, in units of `MAX_WORK`."""
    whole = 1 if task.is_real else 2
    sizes = [whole * len(block) for labels in _labels(task.ket)[:2] for block in _blocks(labels)]
    each = sum(float(size) ** 2 for size in sizes) * len(task.sectors[0]) * len(task.sectors[1])
    return float(each**2 * max(sizes))


def second_link_dual(task: SecondLink) -> Dual:
    """Return the best dual that the solver finds; what it proves is what the checker says of it."""
    a, b, c = task.ket.shape
    m, k = task.message, task.ebits
    straight, crossed, joint, outer = _labels(task.ket)
    program = _Variables(task.is_real)
    pairs = list(itertools.product(*task.sectors))
    y = {pair: program.hermitian(joint) for pair in pairs}
    s = {pair: program.hermitian(crossed) for pair in pairs}
    z = program.hermitian(outer) if k > 1 else None
    bound = program.number()
    on_ab, on_ac, turned = _places(a, b, c)
    target = np.kron(task.ket.reshape(-1, 1), task.ket.reshape(1, -1).conj()).ravel()
    for own in s.values():
        program.positive(own.entries, 0, _blocks(crossed))
    for i, j in pairs:
        rows = -y[i, j].entries_at(on_ab)
        for (p, q), own in s.items():
            rows = rows + signed(m, i, p) * signed(k, j, q) * own.entries[turned]
        if z is not None:
            rows = rows - (-1) ** j * (1 / m if i == 0 else m - 1 / m) * z.entries_at(on_ac)
        constant = m * k * target if (i, j) == (0, 0) else 0 * target
        program.positive(-rows, -constant, _blocks(straight))
    total = sum(own.entries for own in y.values())
    program.positive(bound.on_diagonal(a * b) - total / (m * k), 0, _blocks(joint))
    found = program.least(bound)
    return Dual(
        {pair: own.matrix(found) for pair, own in y.items()},
        {pair: own.matrix(found) for pair, own in s.items()},
        np.zeros((a * c, a * c), dtype=complex) if z is None else z.matrix(found),
    )


def _labels(ket: ComplexArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return labels of the basis of A B C, of it with C transposed, of A B and of A C.

    Phases on the levels of each party that leave the target as it is may be averaged over: then entries of
    matrices between different labels are 0.
    """
    a, b, c = ket.shape
    used = np.argwhere(np.abs(ket) > USED)
    rows = np.zeros((len(used), a + b + c))
    for row, (i, j, k) in zip(rows, used, strict=True):
        row[[i, a + j, a + b + k]] = 1
    _, values, right = np.linalg.svd(rows - rows[0])
    phases = right[int((values > USED).sum()) :]
    own = np.split(np.round(phases.T, 9), [a, a + b])
    first = own[0][:, None, None] + own[1][None, :, None]
    straight, crossed = first + own[2][None, None, :], first - own[2][None, None, :]
    outer = own[0][:, None] + own[2][None, :]
    flat = [part.reshape(-1, phases.shape[0]) for part in (straight, crossed, first, outer)]
    return flat[0], flat[1], flat[2], flat[3]


def _blocks(labels: FloatArray) -> list[IntArray]:
    """Return the places of each label."""
    found: list[list[int]] = []
    for place, label in enumerate(labels):
        block = next((one for one in found if np.abs(labels[one[0]] - label).max(initial=0) < 1e-6), None)
        found.append([place]) if block is None else block.append(place)
    return [np.array(block) for block in found]


def _places(a: int, b: int, c: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return where each entry of X (x) 1_C, of X (x) 1_B and of X^(T_C) stands in X; -1 where it is 0."""
    i = np.indices((a, b, c, a, b, c))
    ab, ac = np.arange((a * b) ** 2).reshape(a, b, a, b), np.arange((a * c) ** 2).reshape(a, c, a, c)
    abc = np.arange((a * b * c) ** 2).reshape(a, b, c, a, b, c)
    on_ab = np.where(i[2] == i[5], ab[i[0], i[1], i[3], i[4]], -1)
    on_ac = np.where(i[1] == i[4], ac[i[0], i[2], i[3], i[5]], -1)
    return on_ab.ravel(), on_ac.ravel(), abc.transpose(0, 1, 5, 3, 4, 2).ravel()


@dataclass(eq=False)
class _Variables:
    """A semidefinite program whose variables are Hermitian matrices, in blocks."""

    real: bool
    size: int = 0
    cones: list[tuple[int, Any, FloatArray]] = field(default_factory=list)
    made: list[_Matrix] = field(default_factory=list)

    def hermitian(self, labels: FloatArray) -> _Matrix:
        """Return a new matrix, 0 between different labels."""
        own = _Matrix(self, labels)
        self.made.append(own)
        return own

    def number(self) -> _Matrix:
        """Return a new number, as a matrix of one row."""
        return self.hermitian(np.zeros((1, 1)))

    def positive(self, entries: Any, constant: Any, blocks: list[IntArray]) -> None:
        """Require that a matrix is positive, given the rows of its entries, in each of its blocks."""
        side = round(entries.shape[0] ** 0.5)
        whole = np.zeros(side * side, dtype=complex) + constant
        for block in blocks:
            self.cones.append(_triangle(entries, whole, block, side, self.real))

    def least(self, number: _Matrix) -> FloatArray:
        """Return the variables where a number is least."""
        gain = np.zeros(self.size)
        gain[number.start] = -1
        program = Program(gain)
        for side, rows, constant in self.cones:
            rows.resize((rows.shape[0], self.size))
            program.require_positive(side, rows, constant)
        return program.solve()


class _Matrix:
    """A Hermitian variable, and its entries as linear functions of the vector of all variables."""

    def __init__(self, program: _Variables, labels: FloatArray) -> None:
        """Take the next places in the vector."""
        self.start, self.side = program.size, len(labels)
        rows, columns, values = [], [], []
        for block in _blocks(labels):
            for i, j in itertools.combinations_with_replacement(block, 2):
                parts = (1.0,) if i == j or program.real else (1.0, 1j)
                for part in parts:
                    rows += [i * self.side + j] + ([j * self.side + i] if i != j else [])
                    columns += [program.size] * (1 + (i != j))
                    values += [part] + ([np.conj(part)] if i != j else [])
                    program.size += 1
        shape = (self.side**2, program.size)
        self._narrow = sp.csr_matrix((np.array(values, dtype=complex), (rows, columns)), shape)
        self._program = program

    @property
    def entries(self) -> Any:
        """The rows of all entries, as wide as the vector is by now."""
        wide = self._narrow.copy()
        wide.resize((self.side**2, self._program.size))
        return wide

    def entries_at(self, places: IntArray) -> Any:
        """Return the rows of some entries; none where a place is -1."""
        kept = sp.diags((places >= 0).astype(float))
        return kept @ self.entries[np.maximum(places, 0)]

    def on_diagonal(self, side: int) -> Any:
        """Return the rows of this number times the unit matrix."""
        return sp.csr_matrix(np.eye(side).reshape(-1, 1)) @ self.entries

    def matrix(self, found: FloatArray) -> ComplexArray:
        """Return the matrix at the values that were found."""
        return np.asarray(self.entries @ found).reshape(self.side, self.side)


def _triangle(
    entries: Any, constant: ComplexArray, block: IntArray, side: int, real: bool
) -> tuple[int, Any, FloatArray]:
    """Return the scaled triangle of a block, as `Program` reads it; of [[Re, -Im], [Im, Re]] if complex."""
    size = len(block)
    half = size if real else 2 * size
    row, column = np.tril_indices(half)
    places = block[row % size] * side + block[column % size]
    weight = np.where(row == column, 1.0, np.sqrt(2))
    # Below the diagonal blocks stands Im; both diagonal blocks are Re.
    imaginary = (row >= size) & (column < size)
    picked, fixed = entries[places], constant[places]
    rows = sp.diags(weight) @ (
        sp.diags((~imaginary).astype(float)) @ picked.real + sp.diags(imaginary.astype(float)) @ picked.imag
    )
    return half, sp.csr_matrix(rows), weight * np.where(imaginary, fixed.imag, fixed.real)

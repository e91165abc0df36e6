"""XOR games: the exact quantum value, with a strategy and a dual certificate [Tsirelson1980, Cleve2004]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.strategies import (
    ComplexArray,
    QuantumStrategy,
    maximally_entangled,
    pauli,
    projective,
)

FloatArray = npt.NDArray[np.float64]

GAP = 1e-11  # at which the interior-point method ends
CLOSE = 1e-10  # a strategy of lower rank may lose this much
ASCENTS = 300
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class XorSolution:
    """The quantum value of an XOR game, between two bounds that can be checked by hand.

    With unit vectors u_x, v_y the value is c + sum_xy M_xy u_x . v_y, and every quantum strategy is of
    this form [Tsirelson1980]. Numbers d with [[Diag(d_X), -M/2], [-M^T/2, Diag(d_Y)]] >= 0 show that no
    value exceeds c + sum d.

    Attributes:
        constant: c, the value of random answers.
        matrix: M, shape (X, Y): half of what equal answers win more than different ones.
        bob: u, shape (X, r).
        charlie: v, shape (Y, r).
        dual: d, shape (X + Y,).
        lower: the value of these vectors.
        upper: the value of these dual numbers.
    """

    constant: float
    matrix: FloatArray
    bob: FloatArray
    charlie: FloatArray
    dual: FloatArray
    lower: float
    upper: float

    @property
    def rank(self) -> int:
        """The dimension r of the vectors."""
        return int(self.bob.shape[1])

    @property
    def local_dimension(self) -> int:
        """The dimension of each player's system, 2^floor(r/2)."""
        return int(2 ** (self.rank // 2))

    def strategy(self) -> QuantumStrategy:
        """Return the vectors as observables on a maximally entangled state."""
        return vector_strategy(self.bob, self.charlie)


def xor_value(game: Game) -> XorSolution | None:
    """Return the quantum value of an XOR game; None if the game is none.

    An XOR game has two players with one-bit answers, and only the XOR of these matters.
    """
    parts = _xor_parts(game)
    if parts is None:
        return None
    constant, matrix = parts
    x, y = (np.flatnonzero(np.abs(matrix).max(axis=axis)) for axis in (1, 0))
    bob, charlie, dual = (
        np.zeros((len(matrix), 1)),
        np.zeros((matrix.shape[1], 1)),
        np.zeros(sum(matrix.shape)),
    )
    if x.size:  # questions that are without consequence are left out
        core = matrix[np.ix_(x, y)]
        gram, own = _interior_point(core)
        u, v = _low_rank(core, gram, own.sum())
        bob, charlie = (np.zeros((n, u.shape[1])) for n in matrix.shape)
        bob[x], charlie[y] = u, v
        dual[np.concatenate([x, len(matrix) + y])] = own
    for vectors in (bob, charlie):
        vectors[~vectors.any(axis=1), 0] = 1
    dual += _shift(matrix, dual)
    lower = constant + float(np.sum(matrix * (bob @ charlie.T))) - ROUNDING
    upper = constant + float(dual.sum()) + ROUNDING
    return XorSolution(constant, matrix, bob, charlie, dual, lower, upper)


def _xor_parts(game: Game) -> tuple[float, FloatArray] | None:
    """Return the constant and the matrix of an XOR game."""
    if game.players != 2 or game.answers != (2, 2):
        return None
    asked = np.array(game.prob > 0, dtype=bool)
    table = game.table
    equal, different = table[..., 0, 0], table[..., 0, 1]
    if ((equal != table[..., 1, 1]) | (different != table[..., 1, 0]))[asked].any():
        return None
    payoff = game.payoff
    return float(payoff[..., 0, :].sum() / 2), (payoff[..., 0, 0] - payoff[..., 0, 1]) / 2


def _bordered(matrix: FloatArray, diagonal: FloatArray) -> FloatArray:
    """Return [[Diag, -M/2], [-M^T/2, Diag]]."""
    rows = len(matrix)
    whole = np.diag(diagonal)
    whole[:rows, rows:] = -matrix / 2
    whole[rows:, :rows] = -matrix.T / 2
    return whole


def _shift(matrix: FloatArray, dual: FloatArray) -> float:
    """Return what has to be added to all dual numbers to make them feasible, whatever their accuracy."""
    values = np.linalg.eigvalsh(_bordered(matrix, dual))
    return max(0.0, -float(values[0])) + ROUNDING * float(np.abs(values).max(initial=0.0))


def _interior_point(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a Gram matrix and dual numbers, optimal up to `GAP`.

    The semidefinite program is that of MAX-CUT, with unit diagonal as its only constraint, for which the
    primal-dual method of [HelmbergRendl1996] is a dozen steps of dense linear algebra.
    """
    n = sum(matrix.shape)
    scale = float(np.abs(matrix).sum())
    matrix = matrix / scale
    primal = np.eye(n)
    dual = np.ones(n)  # dominates the rows, which sum up to at most 1/2
    slack = _bordered(matrix, dual)
    barrier = float(np.sum(primal * slack)) / n
    while barrier * n > GAP:
        barrier /= 4 if barrier * n < 1 else 2
        inverse = np.linalg.inv(slack)
        step = np.linalg.solve(inverse * primal, barrier * np.diag(inverse) - 1)
        move = barrier * inverse - primal - inverse @ (step[:, None] * primal)
        move = (move + move.T) / 2
        try:
            along = _longest(primal, move)
            up = _longest(slack, np.diag(step))
        except np.linalg.LinAlgError:  # no longer positive definite, by rounding alone
            break
        primal = primal + along * move
        dual = dual + up * step
        slack = _bordered(matrix, dual)
        barrier = float(np.sum(primal * slack)) / n
        if max(along, up) < 1e-3:
            break  # rounding allows no further; the bounds are evaluated afterwards
    return primal, dual * scale


def _longest(inside: FloatArray, move: FloatArray) -> float:
    """Return how far one may go, at most 1, to stay positive definite."""
    root = np.linalg.inv(np.linalg.cholesky(inside))
    lowest = float(np.linalg.eigvalsh(root @ move @ root.T)[0])
    return 1.0 if lowest > -0.95 else -0.95 / lowest


def _low_rank(matrix: FloatArray, gram: FloatArray, bound: float) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors of the lowest dimension found that have the value of the Gram matrix.

    For each dimension the leading eigenvectors, and a random projection (seeded) for optima that are not
    unique, are improved by letting the two players answer each other at best.
    """
    values, vectors = np.linalg.eigh(gram)
    root = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    rows, n = len(matrix), len(gram)
    rng = np.random.default_rng(0)
    tolerance = CLOSE * float(np.abs(matrix).sum())
    best: Any = None
    for rank in range(1, n + 1):
        for start in (root[:, :rank], root @ rng.standard_normal((n, rank))):
            u, v = _unit(start[:rows]), _unit(start[rows:])
            before = -1.0
            for _ in range(ASCENTS):
                u = _unit(matrix @ v)
                v = _unit(matrix.T @ u)
                value = float(np.linalg.norm(matrix @ v, axis=1).sum())
                if value - before < tolerance / ASCENTS:
                    break
                before = value
            u = _unit(matrix @ v)
            if best is None or value > best[0]:
                best = value, u, v
        if best[0] > bound - tolerance:
            break
    return best[1], best[2]


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    filled = np.where(norms > 0, vectors, np.eye(1, vectors.shape[1]))
    return filled / np.where(norms > 0, norms, 1)


def vector_strategy(bob: FloatArray, charlie: FloatArray) -> QuantumStrategy:
    """Return the strategy in which E[(-1)^(b+c)] is u_x . v_y [Tsirelson1980].

    A vector stands for the observable sum_i u_i G_i with anticommuting G_i, and
    <A (x) B> = Tr(A B^T) / d in the maximally entangled state, hence Charlie's transposes.

    Args:
        bob: unit vectors u, shape (X, r).
        charlie: unit vectors v, shape (Y, r).
    """
    generators = anticommuting(bob.shape[1])
    d = generators.shape[-1]
    measurements = tuple(
        tuple(projective(np.tensordot(vector, own, axes=1)) for vector in vectors)
        for vectors, own in ((bob, generators), (charlie, generators.transpose(0, 2, 1)))
    )
    return QuantumStrategy((d, d), maximally_entangled(d), measurements)


def anticommuting(count: int) -> ComplexArray:
    """Return anticommuting observables, shape (count, d, d), with d = 2^floor(count/2).

    They are products of Pauli matrices; the first two of each qubit are real.
    """
    qubits = count // 2
    words = ["Y" * i + own + "I" * (qubits - i - 1) for i in range(qubits) for own in "ZX"]
    return np.array([pauli(word) for word in words + ["Y" * qubits] * (count % 2)])

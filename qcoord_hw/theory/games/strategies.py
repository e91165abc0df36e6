"""A quantum strategy of a game, as plain arrays, and its win probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.game import Game

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class QuantumStrategy:
    """A shared pure state and, for every player and question, a measurement.

    Attributes:
        dimensions: (d_1, .., d_k), the local dimensions.
        state: shape (d_1 ... d_k,), a unit vector; player 1's index is the most significant.
        measurements: measurements[player][question] has shape (B, d, d): one positive operator an answer,
            with sum the identity (`Tr(rho E)` is the answer's probability: no conjugate is implied).
    """

    dimensions: tuple[int, ...]
    state: ComplexArray
    measurements: tuple[tuple[ComplexArray, ...], ...]

    def __post_init__(self) -> None:
        """Check that the shapes fit.

        Raises:
            InputError: naming the field (`state` or `measurements`).
        """
        if self.state.shape != (math.prod(self.dimensions),):
            raise InputError(
                f"state: shape {self.state.shape}; allowed is ({math.prod(self.dimensions)},), "
                f"the product of the dimensions {self.dimensions}"
            )
        if len(self.measurements) != len(self.dimensions):
            raise InputError(
                f"measurements: of {len(self.measurements)} players; allowed is {len(self.dimensions)}"
            )
        for player, (d, own) in enumerate(zip(self.dimensions, self.measurements, strict=True)):
            if not own or any(m.ndim != 3 or m.shape[1:] != (d, d) for m in own):
                raise InputError(f"measurements: of player {player}; allowed are arrays (answers, {d}, {d})")

    def probabilities(self, question: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Return P(answers | question), shape (B_1, .., B_k)."""
        ket = self.state.reshape(self.dimensions)
        table = np.multiply.outer(ket, ket.conj())
        for left, (own, x) in enumerate(zip(self.measurements, question, strict=True)):
            # the axes of the players to come, of ket and of bra, then the answers of those before
            table = np.tensordot(table, own[x], axes=([0, len(question) - left], [2, 1]))
        return np.asarray(table.real, dtype=np.float64)


def win_probability(game: Game, strategy: QuantumStrategy) -> float:
    """Return the win probability (for a game with scores, the mean score) of a strategy.

    Raises:
        InputError: when the strategy has not the players, questions and answers of the game.
    """
    if len(strategy.dimensions) != game.players:
        raise InputError(f"strategy: of {len(strategy.dimensions)} players; allowed is {game.players}")
    for player, (size, answers) in enumerate(zip(game.prob.shape, game.answers, strict=True)):
        own = strategy.measurements[player]
        if len(own) != size or any(len(m) != answers for m in own):
            raise InputError(
                f"strategy: measurements of player {player}; "
                f"allowed are those of {size} questions with {answers} answers each"
            )
    payoff = game.payoff
    won = float(sum(np.vdot(payoff[q], strategy.probabilities(q)) for q in game.questions()))
    return min(1.0, max(0.0, won))  # of a sum of roundings


PAULI: dict[str, ComplexArray] = {
    "I": np.array([[1, 0], [0, 1]], dtype=np.complex128),
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "Z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
}


def kron(left: ComplexArray, right: ComplexArray) -> ComplexArray:
    """Return the Kronecker product, axis by axis."""
    product: ComplexArray = np.kron(left, right).astype(np.complex128)
    return product


def pauli(word: str) -> ComplexArray:
    """Return the tensor product of Pauli matrices that a word such as "XIZ" stands for."""
    one: ComplexArray = np.ones((1, 1), dtype=np.complex128)
    return reduce(kron, (PAULI[letter] for letter in word), one)


def maximally_entangled(dimension: int) -> ComplexArray:
    """Return sum_i |ii> / sqrt(d), shape (d^2,)."""
    return np.asarray(np.eye(dimension).reshape(-1) / np.sqrt(dimension), dtype=np.complex128)


def projective(*observables: ComplexArray) -> ComplexArray:
    """Return the joint measurement of commuting observables with eigenvalues +1 and -1.

    Returns:
        Projectors, shape (2^n, d, d): bit i of the answer, most significant first, is 1 where
        observable i is -1.
    """
    one = np.eye(len(observables[0]), dtype=np.complex128)
    joint = [one]
    for own in observables:
        joint = [earlier @ (one + sign * own) / 2 for earlier in joint for sign in (1, -1)]
    return np.array(joint)


def basis(vectors: npt.ArrayLike) -> ComplexArray:
    """Return the projectors, shape (d, d, d), onto an orthonormal basis given in the rows of a matrix."""
    rows = np.asarray(vectors, dtype=np.complex128)
    return rows[:, :, None] * rows[:, None, :].conj()

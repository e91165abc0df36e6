"""The games that have a circuit here: CHSH, the magic square, GHZ/Mermin."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.game import Game


def chsh() -> Game:
    """CHSH: win if and only if b XOR c = x AND y, uniform questions [CHSH1969]."""
    x, y, b, c = np.indices((2, 2, 2, 2))
    return _uniform("chsh", ((b ^ c) == (x & y)).astype(np.uint8), np.ones((2, 2), dtype=bool))


def magic_square() -> Game:
    """The magic square: Bob fills row x, Charlie fills column y, and the shared cell must agree [Peres1990].

    An answer is the integer 2 e_1 + e_2 of the first two bits of the row or column. The third bit is
    fixed by the parity: even for the three rows and the first two columns, odd for the last column.
    """
    win = np.zeros((3, 3, 4, 4), dtype=np.uint8)
    for x, y, b, c in itertools.product(range(3), range(3), range(4), range(4)):
        row = (b >> 1, b & 1, (b >> 1) ^ (b & 1))
        column = (c >> 1, c & 1, (c >> 1) ^ (c & 1) ^ (y == 2))
        win[x, y, b, c] = row[y] == column[x]
    return _uniform("magic-square", win, np.ones((3, 3), dtype=bool))


def ghz(players: int) -> Game:
    """The GHZ game of n players (Mermin's parity game) [Mermin1990].

    Questions x in {0,1}^n with an even number of ones, uniform; won if and only if the XOR of all
    answers is half the number of ones, modulo 2. The quantum value is 1, the classical one
    1/2 + 2^-ceil(n/2).
    """
    indices = np.indices((2,) * (2 * players))
    ones = indices[:players].sum(axis=0)
    parity = indices[players:].sum(axis=0) % 2
    asked = np.indices((2,) * players).sum(axis=0) % 2 == 0
    win = ((ones % 2 == 0) & (parity == (ones // 2) % 2)).astype(np.uint8)
    return _uniform(f"ghz-{players}", win, asked)


def _uniform(name: str, win: npt.NDArray[np.uint8], asked: npt.NDArray[np.bool_]) -> Game:
    """Return the game with equal probability on the questions that are asked."""
    share = Fraction(1, int(asked.sum()))
    prob = np.array([share if a else Fraction(0) for a in asked.flat], dtype=object)
    return Game(name, prob.reshape(asked.shape), win)

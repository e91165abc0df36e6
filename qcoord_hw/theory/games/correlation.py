"""The correlation P(answers | questions) that a strategy plays [NatorPereg, eq. (69)]."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.strategies import QuantumStrategy

MAX_ENTRIES = 100_000


def strategy_of(certificate: Any) -> QuantumStrategy:
    """Return the strategy that a lower certificate of `qcoord theory game --json` holds."""
    pairs = np.asarray(certificate["state"], dtype=float)
    measurements = tuple(
        tuple(_complex(np.asarray(one, dtype=float)) for one in own) for own in certificate["measurements"]
    )
    return QuantumStrategy(tuple(certificate["dimensions"]), _complex(pairs), measurements)


def correlation(game: Game, strategy: QuantumStrategy) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return P(b, c, .. | x, y, ..), shape (questions of each player, answers of each player).

    Questions that are never asked have their probabilities too: the measurements are there.

    Raises:
        TooLargeError: with more than `MAX_ENTRIES` entries.
    """
    shape = (*game.prob.shape, *game.answers)
    if math.prod(shape) > MAX_ENTRIES:
        raise TooLargeError(f"correlation: {math.prod(shape)} entries; allowed are {MAX_ENTRIES}")
    table = np.zeros(shape)
    for question in np.ndindex(*game.prob.shape):
        table[question] = strategy.probabilities(question)
    return table


def _complex(pairs: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.complex128]]:
    return np.asarray(pairs[..., 0] + 1j * pairs[..., 1])

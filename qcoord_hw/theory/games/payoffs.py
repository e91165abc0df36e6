"""Payoffs as one array: what the bounds on quantum values work on, so that Bell functionals fit too."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.strategies import QuantumStrategy

FloatArray = npt.NDArray[np.float64]


def payoff_tensor(game: Game | npt.ArrayLike) -> FloatArray:
    """Return probability times score, shape (X_1, .., X_k, B_1, .., B_k), of a game or of real payoffs.

    Raises:
        InputError: when the payoffs are empty, not finite, or have an odd number of axes.
    """
    tensor = game.payoff if isinstance(game, Game) else np.asarray(game, dtype=float)
    if tensor.ndim == 0 or tensor.ndim % 2 or tensor.size == 0:
        raise InputError(f"payoff: shape {tensor.shape}; allowed is (X_1, .., X_k, B_1, .., B_k), none zero")
    if not np.isfinite(tensor).all():
        raise InputError("payoff: an entry is not finite; allowed are finite numbers")
    return tensor


def strategy_value(game: Game | npt.ArrayLike, strategy: QuantumStrategy) -> float:
    """Return the payoff of a strategy."""
    tensor = payoff_tensor(game)
    asked = np.ndindex(tensor.shape[: tensor.ndim // 2])
    return math.fsum(float(np.vdot(tensor[q], strategy.probabilities(q))) for q in asked if tensor[q].any())

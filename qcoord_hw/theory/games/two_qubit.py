"""Cheap strategies on one partially entangled pair of qubits, for games with one-bit answers."""

from __future__ import annotations

import math
import time
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize

from qcoord_hw.theory.games.marginals import binary_entropy
from qcoord_hw.theory.games.payoffs import FloatArray, strategy_value
from qcoord_hw.theory.games.strategies import PAULI, QuantumStrategy, projective

Cost = Literal["entanglement", "bob", "charlie"]

STARTS = 10
MAX_QUESTIONS = 20  # of both players together
MARGIN = 1e-9  # by which a strategy should exceed the win probability asked for, or may at worst miss it
SIGN = np.array([1.0, -1.0])


class Correlators:
    """Payoffs of one-bit answers as constant + a . A + b . B + sum M E.

    A_x and B_y are the mean values of (-1)^b and (-1)^c, E_xy that of (-1)^(b+c).
    """

    def __init__(self, payoff: FloatArray) -> None:
        """Expand payoffs of shape (X, Y, 2, 2)."""
        self.constant = float(payoff.sum()) / 4
        self.bob: FloatArray = np.einsum("xybc,b->x", payoff, SIGN) / 4
        self.charlie: FloatArray = np.einsum("xybc,c->y", payoff, SIGN) / 4
        self.both: FloatArray = np.einsum("xybc,b,c->xy", payoff, SIGN, SIGN) / 4

    def is_chsh(self) -> bool:
        """Whether this is CHSH up to names of questions and answers: win = 1/2 + S/8."""
        return bool(
            self.both.shape == (2, 2)
            and np.allclose([self.constant, *self.bob, *self.charlie], [0.5, 0, 0, 0, 0], rtol=0, atol=1e-12)
            and np.allclose(np.abs(self.both), 1 / 8, rtol=0, atol=1e-12)
            and np.prod(np.sign(self.both)) < 0
        )

    def win(self, v: FloatArray) -> float:
        """Return the payoff of a strategy (t, angles of Bob, angles of Charlie)."""
        x = len(self.bob)
        cos, sin = np.cos(v), np.sin(v)
        bob, charlie = np.stack([cos, sin])[:, 1 : x + 1], np.stack([cos, sin])[:, x + 1 :]
        local, pair = math.cos(2 * v[0]), math.sin(2 * v[0])
        mean = self.bob @ bob[0] + self.charlie @ charlie[0]
        joint = bob[0] @ self.both @ charlie[0] + pair * (bob[1] @ self.both @ charlie[1])
        return float(self.constant + local * mean + joint)


def build(v: FloatArray, questions: int) -> QuantumStrategy:
    """Return the strategy on cos t |00> + sin t |11> with observables cos a Z + sin a X."""
    state = np.array([math.cos(v[0]), 0, 0, math.sin(v[0])], dtype=np.complex128)
    own = [projective(math.cos(a) * PAULI["Z"] + math.sin(a) * PAULI["X"]) for a in v[1:]]
    return QuantumStrategy((2, 2), state, (tuple(own[:questions]), tuple(own[questions:])))


def cheapest(
    payoff: FloatArray,
    asked: tuple[FloatArray, FloatArray],
    win: float,
    cost: Cost,
    seed: int,
    deadline: float,
) -> QuantumStrategy | None:
    """Return the two-qubit strategy of least cost found that wins with at least `win` (to 1e-9).

    Local optimisation from seeded starts: what it finds is reached, what it does not find may exist.

    Args:
        payoff: shape (X, Y, B, C).
        asked: probabilities of the questions of either player.
        win: the win probability.
        cost: bits of H(B|X) or H(C|Y), or ebits of the state.
        seed: of the starts.
        deadline: `time.monotonic()` at which to stop.

    Returns:
        The strategy, or None when the answers are not one bit each, there are too many questions, or none
        was found.
    """
    x, y = payoff.shape[:2]
    if payoff.shape[2:] != (2, 2) or x + y > MAX_QUESTIONS:
        return None
    game = Correlators(payoff)
    rng = np.random.default_rng(seed)

    def bits(v: FloatArray) -> float:
        if cost == "entanglement":
            return float(binary_entropy(math.cos(v[0]) ** 2))
        own, weight = (v[1 : x + 1], asked[0]) if cost == "bob" else (v[x + 1 :], asked[1])
        return float(binary_entropy((1 + math.cos(2 * v[0]) * np.cos(own)) / 2) @ weight)

    constraint: dict[str, Any] = {"type": "ineq", "fun": lambda v: game.win(v) - win - MARGIN}
    best: tuple[float, QuantumStrategy] | None = None
    for _ in range(STARTS):
        if time.monotonic() > deadline:
            break
        start = np.append(rng.uniform(0.1, math.pi / 4), rng.uniform(0, 2 * math.pi, x + y))
        ahead = minimize(lambda v: -game.win(v), start, method="BFGS", options={"maxiter": 30}).x
        for begin in (ahead, ahead + rng.normal(0, 0.1, len(ahead))):
            found = minimize(
                bits, begin, method="SLSQP", constraints=[constraint], options={"ftol": 1e-12, "maxiter": 200}
            )
            if not np.isfinite(found.x).all():
                continue
            strategy = build(found.x, x)
            if strategy_value(payoff, strategy) < win - MARGIN:
                continue
            if best is None or bits(found.x) < best[0]:
                best = bits(found.x), strategy
    return None if best is None else best[1]

"""Deterministic strategies in which no player alone can do better."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[Any]
"""Integers, shape (X_1, .., X_n, A_1, .., A_n): what is won when the questions are answered so."""

Answers = tuple[tuple[int, ...], ...]
"""A deterministic strategy: answers[player][question]."""


def best_responses(weights: Table, starts: int) -> tuple[int, Answers]:
    """Return the value and the strategy of the best end of some seeded ascents.

    Each ascent starts from random answers; then the players, one after the other, take the best response
    to the others until nobody gains.

    Args:
        weights: the table; its type must hold the value of every strategy.
        starts: how many ascents.
    """
    players = weights.ndim // 2
    asked, answers = weights.shape[:players], weights.shape[players:]
    rng = np.random.default_rng(0)
    best: tuple[int, Answers] = (-1, ())
    for _ in range(starts):
        strategy = [rng.integers(a, size=x) for x, a in zip(asked, answers, strict=True)]
        value, before = 0, -1
        while value > before:
            before = value
            for player in range(players):
                gains = _gains(weights, strategy, player)
                strategy[player] = gains.argmax(axis=1)
                value = int(gains.max(axis=1).sum())
        if value > best[0]:
            best = value, tuple(tuple(int(a) for a in own) for own in strategy)
    return best


def _gains(weights: Table, strategy: list[npt.NDArray[np.int64]], player: int) -> npt.NDArray[Any]:
    """Return what each answer of a player wins, shape (X, A), given the strategies of the others."""
    players = weights.ndim // 2
    gains = weights
    for other in reversed(range(players)):
        if other != player:
            # the players after this one are gone already, save perhaps `player` itself
            left = gains.ndim // 2
            front = np.moveaxis(gains, (other, left + other), (0, 1))
            gains = front[np.arange(len(strategy[other])), strategy[other]].sum(axis=0, dtype=gains.dtype)
    return gains

"""The GHZ game of so many players that its table cannot be written down: some of its questions, drawn."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qcoord_hw.theory.games.game import Game


@dataclass(frozen=True, eq=False)
class DrawnGhz:
    """Questions of the GHZ game, as a game of one player: all players together, whose answer is their sum.

    Attributes:
        questions: what each player is asked, an even number of ones; all different.
        game: question k is the k-th of these; the answer is the sum of all players' answers modulo 2.
    """

    questions: tuple[tuple[int, ...], ...]
    game: Game


def drawn_ghz(players: int, count: int) -> DrawnGhz:
    """Return questions of the GHZ game of n players, the same each time, and what wins [Mermin1990].

    Args:
        players: n.
        count: how many questions; all of them where there are no more.
    """
    rng = np.random.default_rng(players)
    found: dict[tuple[int, ...], None] = {}
    while len(found) < min(count, 2 ** (players - 1)):
        free = rng.integers(0, 2, players - 1).tolist()
        found[(*free, sum(free) % 2)] = None
    questions = tuple(found)
    win = np.zeros((len(questions), 2), dtype=np.uint8)
    for k, question in enumerate(questions):
        win[k, sum(question) // 2 % 2] = 1
    prob = np.full(len(questions), Fraction(1, len(questions)), dtype=object)
    return DrawnGhz(questions, Game(f"ghz-{players}", prob, win))

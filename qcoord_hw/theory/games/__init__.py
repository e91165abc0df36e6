"""Nonlocal games: what a game is, its classical value, and how a run of it is scored."""

from qcoord_hw.theory.games.catalogue import chsh, ghz, magic_square
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.game import Game

__all__ = [
    "Game",
    "chsh",
    "classical_value",
    "ghz",
    "magic_square",
]

"""What is true: games, values and bounds. Never imports Qiskit."""

from qcoord_hw.theory import games

__all__ = ["games"]

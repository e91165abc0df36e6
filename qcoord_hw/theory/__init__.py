"""What is true: games, linear computations, values and bounds. Never imports Qiskit."""

from qcoord_hw.theory import games, linear_computation

__all__ = ["games", "linear_computation"]

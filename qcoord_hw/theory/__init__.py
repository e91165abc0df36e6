"""What is true: games, values and bounds. Never imports Qiskit."""

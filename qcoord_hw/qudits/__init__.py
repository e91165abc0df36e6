"""Stabilizer protocols over F_p on qubits."""

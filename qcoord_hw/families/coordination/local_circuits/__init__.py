"""What one party does on its own qubits, as circuits."""

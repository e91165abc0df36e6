"""What a person sees: tables, figures, one HTML page a run. No Qiskit."""

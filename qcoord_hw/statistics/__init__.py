"""From raw counts to estimates, intervals and verdicts. No Qiskit, no network."""

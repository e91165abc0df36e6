"""What qubits in given states show when Paulis are measured, and how far they are from a target.

Outputs are qubits in the order of the target's tensor factors, most significant first; a basis is a text with
a letter X, Y or Z for each of them.
"""

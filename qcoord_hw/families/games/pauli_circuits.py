"""From a perfect strategy over Pauli operators to circuits of Clifford gates.

Alice makes the stabilizer state as a graph state. A player measures a complete set of words that contains its
observables, of which the graph has few edges: their values are parities of the outcomes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.games.strategy_circuits import Strategy
from qcoord_hw.theory.games.graph_form import diagonalised, graph_form
from qcoord_hw.theory.games.pauli_solution import PauliSolution
from qcoord_hw.theory.games.words import Gate, conjugated, parsed
from qcoord_hw.theory.value import Value


def pauli_strategy(solution: PauliSolution, value: Value) -> Strategy:
    """Return a strategy over Pauli operators as circuits; a player without a qubit gets no share.

    Args:
        solution: words and answers.
        value: what theory says of it.
    """
    total = sum(solution.qubits)
    words = [parsed(word) for word in solution.stabilizers]
    preparation = graph_form([word for word, _ in words], total).preparation(words)
    measured = [
        [_measured(names, table, n) for names, table in zip(own, tables, strict=True)]
        for own, tables, n in zip(solution.observables, solution.answers, solution.qubits, strict=True)
    ]
    ends = list(itertools.accumulate(solution.qubits))
    registers = [max(1, n) for n in solution.qubits]
    return Strategy(
        preparation=_circuit(preparation, total),
        shares=tuple(tuple(range(end - n, end)) for end, n in zip(ends, solution.qubits, strict=True)),
        basis=lambda player, question: (measured[player][question][0], range(registers[player])),
        value=value,
        fresh=tuple(size - n for size, n in zip(registers, solution.qubits, strict=True)),
        decoded=tuple(tuple(table for _, table in own) for own in measured),
    )


def _measured(
    names: tuple[str, ...], table: tuple[int, ...], size: int
) -> tuple[QuantumCircuit, tuple[int, ...]]:
    """Return the circuit before the measurement, and the answer to each outcome, qubit 0 most significant."""
    if not names:
        return QuantumCircuit(max(1, size)), table * 2 ** max(1, size)
    words = [parsed(name) for name in names]
    gates = diagonalised(tuple(sorted(word for word, _ in words)), size).gates
    turned = [conjugated(word, gates, size) for word in words]  # products of Z
    decoded = []
    for outcome in itertools.product((0, 1), repeat=size):
        found = sum(bit << q for q, bit in enumerate(outcome))
        values = [((word >> size & found).bit_count() ^ sign) & 1 for word, sign in turned]
        decoded.append(table[int("".join(map(str, values)), 2)])
    return _circuit(gates, size), tuple(decoded)


def _circuit(gates: Iterable[Gate], size: int) -> QuantumCircuit:
    circuit = QuantumCircuit(size)
    for name, qubits in gates:
        getattr(circuit, name)(*qubits)
    return circuit

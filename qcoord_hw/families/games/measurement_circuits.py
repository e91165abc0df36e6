"""From a quantum strategy in plain arrays to circuits: Alice's state, and each player's measurement.

A local dimension d sits in ceil(log2 d) qubits; outcomes outside stand for no answer (leakage). With two
players the state is prepared in its Schmidt basis, and the change of basis goes into the measurements.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit import transpile
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import StatePreparation, UnitaryGate

from qcoord_hw.errors import TooLargeError
from qcoord_hw.families.games.strategy_circuits import Strategy
from qcoord_hw.qudits.stages import own_stages
from qcoord_hw.theory.games.strategies import QuantumStrategy
from qcoord_hw.theory.value import Value

Complex = npt.NDArray[np.complex128]

MAX_QUBITS = 4
"""Qubits a player at most, with those that a measurement that is not projective needs besides."""

PROJECTIVE = 1e-9


def measured_strategy(strategy: QuantumStrategy, value: Value) -> Strategy:
    """Return a strategy as circuits; qubit 0 of a register is the most significant bit of its outcomes.

    Args:
        strategy: state and measurements; a player of local dimension 1 gets no share.
        value: what theory says of it.

    Raises:
        TooLargeError: when a player would need more than 4 qubits.
    """
    sizes = tuple(math.ceil(math.log2(d)) for d in strategy.dimensions)
    state, turns = _schmidt(strategy)
    measurements, decoded, registers = [], [], []
    for d, share, own, turn in zip(strategy.dimensions, sizes, strategy.measurements, turns, strict=True):
        turned = [turn.conj().T @ povm @ turn for povm in own]
        extra = 0 if all(map(_is_projective, turned)) else math.ceil(math.log2(max(map(len, turned))))
        size = max(1, share + extra)
        if size > MAX_QUBITS:
            raise TooLargeError(
                f"strategy: {size} qubits for one player (dimension {d}); allowed are {MAX_QUBITS}"
            )
        pairs = [_measurement(povm, share, size) for povm in turned]
        measurements.append(tuple(_circuit(unitary) for unitary, _ in pairs))
        decoded.append(tuple(table for _, table in pairs))
        registers.append(size)
    ends = list(itertools.accumulate(sizes))
    return Strategy(
        preparation=_preparation(state, strategy.dimensions, sizes),
        shares=tuple(tuple(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)),
        basis=lambda player, question: (measurements[player][question], range(registers[player])),
        value=value,
        fresh=tuple(size - share for size, share in zip(registers, sizes, strict=True)),
        decoded=tuple(decoded),
    )


def _schmidt(strategy: QuantumStrategy) -> tuple[Complex, list[Complex]]:
    """Return the state up to local bases, and those bases: state = (turn_1 x .. x turn_k) new."""
    dims = strategy.dimensions
    if len(dims) != 2:
        return strategy.state.astype(complex), [np.eye(d, dtype=complex) for d in dims]
    left, weights, right = np.linalg.svd(strategy.state.reshape(dims))
    new = np.zeros(dims, dtype=complex)
    np.fill_diagonal(new, weights)
    return new.reshape(-1), [left, right.T]


def _is_projective(povm: Complex) -> bool:
    return all(np.abs(e @ e - e).max() < PROJECTIVE for e in povm)


def _measurement(povm: Complex, share: int, size: int) -> tuple[Complex, tuple[int, ...]]:
    """Return a unitary on `size` qubits after which a computational outcome tells the answer, and which.

    The share's basis states come first: index = state of the share * 2^(fresh qubits), those being |0>.
    """
    d, fresh, total = povm.shape[1], 2 ** (size - share), 2**size
    rows, answers = [], []
    if _is_projective(povm):
        for answer, effect in enumerate(povm):
            values, vectors = np.linalg.eigh(effect)
            for vector in vectors[:, values > 0.5].T:
                row = np.zeros(total, dtype=complex)
                row[: d * fresh : fresh] = vector.conj()
                rows.append(row)
                answers.append(answer)
        unitary = _completed(np.array(rows), total)
    else:  # Naimark: sqrt(E_b) x |b>, the answer in the fresh qubits
        columns = np.zeros((total, d), dtype=complex)
        for answer, effect in enumerate(povm):
            values, vectors = np.linalg.eigh(effect)
            root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.conj().T
            columns[answer : d * fresh : fresh] = root
        whole = _completed(columns.conj().T, total)
        order = np.argsort(
            [*range(0, d * fresh, fresh), *(k for k in range(total) if k % fresh or k >= d * fresh)]
        )
        unitary = whole.conj().T[:, order]
        answers = [k % fresh if k < d * fresh and k % fresh < len(povm) else -1 for k in range(total)]
    return unitary, tuple(answers + [-1] * (total - len(answers)))


def _completed(rows: Complex, total: int) -> Complex:
    """Return a unitary whose first rows are the given orthonormal ones."""
    _, _, basis = np.linalg.svd(rows, full_matrices=True)
    return np.vstack([rows, basis[len(rows) :]])


def _circuit(unitary: Complex) -> QuantumCircuit:
    """Return a unitary in elementary gates; qubit 0 is the most significant."""
    size = round(math.log2(len(unitary)))
    if np.abs(unitary - np.diag(np.diag(unitary))).max() < 1e-12:
        return QuantumCircuit(size)
    circuit = QuantumCircuit(size)
    circuit.append(UnitaryGate(unitary), list(range(size))[::-1])
    return _elementary(circuit)


def _preparation(state: Complex, dims: Sequence[int], shares: Sequence[int]) -> QuantumCircuit:
    """Return the preparation of a state whose players' digits sit in whole qubits each."""
    circuit = QuantumCircuit(sum(shares))
    if len(dims) == 2 and shares[0] == shares[1] and shares[0] > 0:  # sum_i a_i |ii>
        weights = np.zeros(2 ** shares[0])
        diagonal = np.diag(state.reshape(dims)).real
        weights[: len(diagonal)] = diagonal
        circuit.append(StatePreparation(weights / np.linalg.norm(weights)), range(shares[0])[::-1])
        for q in range(shares[0]):
            circuit.cx(q, shares[0] + q)
        return _elementary(circuit)
    if sum(shares):
        embedded = np.zeros([2**n for n in shares], dtype=complex)
        embedded[tuple(slice(0, d) for d in dims)] = state.reshape(dims)
        circuit.append(StatePreparation(embedded.reshape(-1)), range(sum(shares))[::-1])
    return _elementary(circuit)


def _elementary(circuit: QuantumCircuit) -> QuantumCircuit:
    with own_stages():
        return transpile(circuit, basis_gates=["u", "cx"], optimization_level=1, seed_transpiler=0)

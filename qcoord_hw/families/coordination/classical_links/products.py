"""Product states as circuits: each party prepares its own pure states, copy by copy."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from qiskit import transpile
from qiskit.circuit import ClassicalRegister, QuantumCircuit, Qubit
from qiskit.circuit.library import StatePreparation

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.mixture import Mixture
from qcoord_hw.families.coordination.local_circuits.linear_routing import BASIS, in_a_row
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.qudits.stages import own_stages
from qcoord_hw.spec import check_integer

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
IntArray = npt.NDArray[np.int64]

ZERO = 1e-12
"""Weights and angles below this are rounding."""

SAME = 1e-9
"""Largest difference of the entries of two vectors, up to a phase, that are taken as one."""

MAX_WORDS = 2**16
"""Words of pure letters at most."""

MAX_QUBITS = 8
"""Output qubits of all copies at most: the predictions are exact, with matrices of this size."""

MAX_PREPARATIONS = 512
"""Circuits of one experiment, before bases are measured, at most."""

OWN_COIN = "a mixed state is made as a mixture of pure ones, by a coin of its party alone: not counted"


@dataclass(frozen=True, eq=False)
class Products:
    """The products of a mixture over U, as mixtures of products of pure states: the pure letters v.

    Attributes:
        parties: who prepares.
        qubits: of each party a copy.
        copies: the block length n.
        kets: for each pure letter v one vector a party.
        weights: shape (U, V): theta_1^u (x) theta_2^u .. = sum_v weights[u, v] |v><v|.
    """

    parties: tuple[str, ...]
    qubits: tuple[int, ...]
    copies: int
    kets: tuple[tuple[ComplexArray, ...], ...]
    weights: FloatArray

    @property
    def pure(self) -> bool:
        """Whether every theta^u is pure."""
        return bool((np.count_nonzero(self.weights, axis=1) == 1).all())

    def spread(self, words: IntArray, weights: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return the words of pure letters that occur, and how likely each of them is.

        Args:
            words: letters u, shape (words, n).
            weights: of these words in each case, shape (cases, words).

        Returns:
            Shapes (pure words, n) and (cases, pure words).

        Raises:
            InputError: when there are too many.
        """
        check_integer("n: words of pure states", len(self.kets) ** self.copies, 1, MAX_WORDS)
        chances = np.ones((len(words), 1))
        for column in words.T:
            chances = np.einsum("wi,wj->wij", chances, self.weights[column]).reshape(len(words), -1)
        spread = weights @ chances
        occur = spread.max(axis=0) > ZERO
        pure = np.array(list(itertools.product(range(len(self.kets)), repeat=self.copies)))
        kept = spread[:, occur]
        return pure[occur], kept / kept.sum(axis=1, keepdims=True)

    def pure_words(self, words: IntArray) -> IntArray:
        """Return words of letters u in pure letters, the same shape.

        Raises:
            InputError: when a state is mixed.
        """
        if not self.pure:
            raise InputError("feed_forward: true with mixed states; allowed are pure states theta^u")
        return np.asarray(self.weights.argmax(axis=1)[words])

    def allocate(self, net: NetworkCircuit) -> dict[str, list[Qubit]]:
        """Give each party its qubits of all copies."""
        sizes = zip(self.parties, self.qubits, strict=True)
        return {party: net.allocate(party, self.copies * k) for party, k in sizes}

    def outputs(self, held: Mapping[str, Sequence[Qubit]]) -> tuple[Qubit, ...]:
        """Return the qubits in the order of the target's factors: copy by copy, then party by party."""
        sizes = list(zip(self.parties, self.qubits, strict=True))
        return tuple(q for i in range(self.copies) for p, k in sizes for q in held[p][i * k : (i + 1) * k])

    def prepare(
        self,
        net: NetworkCircuit,
        held: Mapping[str, Sequence[Qubit]],
        word: IntArray,
        when: tuple[ClassicalRegister, int] | None = None,
    ) -> None:
        """Let each party prepare its states of a word of pure letters."""
        for party, states in zip(self.parties, zip(*(self.kets[v] for v in word), strict=True), strict=True):
            block = QuantumCircuit(len(held[party]))
            for i, ket in enumerate(states):
                part = ket_circuit(ket)
                block.compose(part, range(i * part.num_qubits, (i + 1) * part.num_qubits), inplace=True)
            if block.data:
                net.local(party, block, held[party], when=when)


def check_preparations(number: int) -> None:
    """Refuse an experiment of too many circuits.

    Raises:
        InputError: naming n, on which their number depends most.
    """
    check_integer("n: circuits", number, 1, MAX_PREPARATIONS)


def products_of(mixture: Mixture, copies: int) -> Products:
    """Return the products of a mixture: eigenvectors of each party's states, equal ones only once.

    Raises:
        InputError: when the copies have too many qubits.
    """
    check_integer("n: qubits of all copies", copies * sum(mixture.qubits), 1, MAX_QUBITS)
    ensembles = [_ensemble(states) for states in mixture.states]
    kets, columns = [], []
    for choice in itertools.product(*(range(len(own)) for own, _ in ensembles)):
        column = np.ones(len(mixture.p_u))
        for (_, weights), k in zip(ensembles, choice, strict=True):
            column = column * weights[:, k]
        if column.max() > ZERO:
            kets.append(tuple(own[k] for (own, _), k in zip(ensembles, choice, strict=True)))
            columns.append(np.where(column > ZERO, column, 0))
    weights = np.array(columns).T
    weights /= weights.sum(axis=1, keepdims=True)
    return Products(mixture.parties, mixture.qubits, copies, tuple(kets), weights)


def ket_circuit(ket: ComplexArray) -> QuantumCircuit:
    """Return a circuit that prepares a vector; its qubits are in a row, the first one most significant."""
    size = len(ket).bit_length() - 1
    circuit = QuantumCircuit(size)
    if size == 1:
        polar, phase = 2 * np.arctan2(abs(ket[1]), abs(ket[0])), np.angle(ket[1] * ket[0].conjugate())
        if polar > SAME:
            circuit.ry(float(polar), 0)
        if min(abs(ket)) > SAME and abs(phase) > SAME:
            circuit.rz(float(phase), 0)
        return circuit
    little_endian = ket.reshape((2,) * size).transpose(range(size)[::-1]).ravel()
    return _block(tuple(np.round(little_endian, 15).tolist())).copy()


@cache
def _block(amplitudes: tuple[complex, ...]) -> QuantumCircuit:
    """Return a circuit on a row that prepares a vector, the first qubit least significant."""
    size = len(amplitudes).bit_length() - 1
    circuit = QuantumCircuit(size)
    circuit.append(StatePreparation(list(amplitudes), normalize=True), range(size))
    if size == 2:  # two qubits are always in a row
        with own_stages():
            return transpile(circuit, basis_gates=BASIS, optimization_level=3, seed_transpiler=0)
    return in_a_row(circuit, restore=True)[0]


def _ensemble(states: ComplexArray) -> tuple[list[ComplexArray], FloatArray]:
    """Return distinct vectors and, for each state, their weights: shape (states, vectors)."""
    kets: list[ComplexArray] = []
    entries: list[tuple[int, int, float]] = []
    for u, (values, vectors) in enumerate(zip(*np.linalg.eigh(states), strict=True)):
        for value, ket in zip(values, vectors.T, strict=True):
            if value > ZERO:
                k = next((k for k, known in enumerate(kets) if _same(known, ket)), len(kets))
                if k == len(kets):
                    kets.append(ket)
                entries.append((u, k, value))
    weights = np.zeros((len(states), len(kets)))
    for u, k, value in entries:
        weights[u, k] += value
    return kets, weights


def _same(known: ComplexArray, ket: ComplexArray) -> bool:
    overlap = np.vdot(known, ket)
    return bool(abs(overlap) > 0.5 and np.abs(ket - overlap / abs(overlap) * known).max() < SAME)

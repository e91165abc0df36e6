"""Compressors of qubits: what they keep, the circuits of a triple, and how few gates they have."""

import itertools

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.local_circuits.schumacher import (
    CROSSED,
    angle_of,
    best_blocks,
    blocks,
    compressed_triple,
    compressor,
    expander,
    naive_blocks,
    retained,
)
from qcoord_hw.theory.finite_blocklength import compress

STRINGS = list(itertools.product((0, 1), repeat=3))
KEPT = [s for s in STRINGS if sum(s) <= 1]
ALLOWED = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (4, 2), (4, 3), (5, 2), (6, 2), (6, 4), (6, 6)]


def column(circuit, bits):
    """What a circuit makes of a basis state, axis k for qubit k."""
    n = circuit.num_qubits
    start = QuantumCircuit(n)
    for k in np.flatnonzero(bits):
        start.x(k)
    return Statevector(start.compose(circuit)).data.reshape((2,) * n).transpose(range(n)[::-1])


def image(circuit, bits):
    """The basis state that a basis state becomes, and its sign."""
    vector = column(circuit, bits)
    index = np.unravel_index(np.abs(vector).argmax(), vector.shape)
    assert abs(vector[index]) == pytest.approx(1, abs=1e-12)
    return tuple(map(int, index)), vector[index]


@pytest.mark.parametrize(("n", "m"), ALLOWED)
@pytest.mark.parametrize("largest", [0.5, 0.7, 0.9, 1.0])
def test_blocks_keep_as_much_as_the_likeliest_strings(n, m, largest):
    parts = blocks(n, m)
    assert (sum(b[0] for b in parts), sum(b[1] for b in parts)) == (n, m)
    assert retained(parts, largest) == pytest.approx(compress([largest, 1 - largest], n, m / n).P, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "m", "fidelity"),
    [(2, 1, 0.81), (3, 2, 0.944784), (4, 2, 0.765275), (4, 3, 0.944784), (6, 4, 0.892617)],
)
def test_known_fidelities(n, m, fidelity):
    assert retained(blocks(n, m), 0.9) ** 2 == pytest.approx(fidelity, abs=5e-7)


def test_other_numbers_of_qubits_are_refused_with_those_that_are_allowed():
    with pytest.raises(InputError, match="m: 3; allowed with n = 6 are 0, 1, 2, 4, 6"):
        blocks(6, 3)
    with pytest.raises(InputError, match="m: 9"):
        blocks(3, 9)


def test_the_default_is_the_smallest_that_is_good():
    assert best_blocks(3, 0.9) == ((3, 2),)
    assert best_blocks(3, 0.6) == ((1, 1),) * 3
    assert best_blocks(4, 1.0) == ((1, 0),) * 4
    assert naive_blocks(3, 2) == ((1, 1), (1, 1), (1, 0))


def test_the_compressor_discards_the_majority():
    codes = {}
    for bits in STRINGS:
        (control, near, far), sign = image(compressor(), bits)
        assert far == (sum(bits) >= 2)
        assert sign == pytest.approx(-1 if bits == (1, 1, 1) else 1)
        if not far:
            codes[bits] = (control, near)
    assert codes == {(0, 0, 0): (0, 0), (1, 0, 0): (1, 0), (0, 1, 0): (1, 1), (0, 0, 1): (0, 1)}


@pytest.mark.parametrize("bits", KEPT)
def test_the_expander_undoes_the_compressor_on_kept_strings(bits):
    (control, near, _), _ = image(compressor(), bits)
    restored, sign = image(expander(), (control, near, 0))
    assert restored == bits
    assert sign == pytest.approx(1)
    # The fresh qubit next to the compressor's control: copies come out in another order.
    (second, first, fresh), sign = image(expander(), (near, control, 0))
    assert tuple((first, second, fresh)[place] for place in CROSSED) == bits
    assert sign == pytest.approx(1)


@pytest.mark.parametrize("largest", [0.5, 0.9, 0.97])
def test_a_compressed_triple_is_three_pairs_and_the_compressor(largest):
    vector = Statevector(compressed_triple(angle_of(largest))).data.reshape((2,) * 6)
    vector = vector.transpose(range(6)[::-1]).reshape(8, 8)  # references, halves
    matrix = Operator(compressor().reverse_bits()).data
    for k, bits in enumerate(STRINGS):
        amplitude = np.sqrt(np.prod([1 - largest if b else largest for b in bits]))
        assert vector[k] == pytest.approx(amplitude * matrix[:, k], abs=1e-12)


@pytest.mark.parametrize(
    ("circuit", "gates", "edges"),
    [
        (compressor(), 6, {(0, 1), (1, 2)}),
        (expander(), 6, {(0, 1), (1, 2)}),
        (compressed_triple(1.0), 10, {(0, 1), (1, 3), (3, 4), (4, 5), (2, 5)}),
    ],
)
def test_gates_are_few_and_between_neighbours(circuit, gates, edges):
    pairs = [tuple(sorted(circuit.find_bit(q).index for q in i.qubits)) for i in circuit.data]
    pairs = [p for p in pairs if len(p) == 2]
    assert set(circuit.count_ops()) <= {"cx", "ry", "x"}
    assert len(pairs) == gates
    assert set(pairs) == edges

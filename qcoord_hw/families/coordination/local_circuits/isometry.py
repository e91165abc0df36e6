"""Circuits of one party that make given states, with few two-qubit gates between qubits in a row.

A party is free in what its circuit does to all other states, and that saves gates: circuits of one form
(`cascade_fit`) are fitted to the states alone. Whatever can be done with some CZ gates can be done with more
of them, so the least number with which a fit succeeds is found by halving.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import Isometry

from qcoord_hw.families.coordination.cascade.fit import ComplexArray, Form, fit
from qcoord_hw.families.coordination.local_circuits.linear_routing import in_a_row

MAX_FITTED = 6
"""Qubits up to which circuits are fitted; above, Qiskit synthesises the isometry."""

TRIES = {1: 2, 2: 6, 3: 24, 4: 12, 5: 4, 6: 2}
"""Fits for one number of CZ gates at most, by the number of qubits."""

COARSE = 16
"""The number of CZ gates is found to one part in so many."""

ORDERS = 64
"""Orders of the CZ gates up to which all of them are tried."""

SAME = 1e-9
"""Singular values below this part of the largest are 0."""


def synthesise(
    end: ComplexArray, inputs: Sequence[int] = (), codes: Sequence[int] | None = None
) -> QuantumCircuit:
    """Return a circuit on m qubits in a row that is an isometry, up to a common phase.

    The same arguments give the same circuit (on one machine: it is found by a numerical search).

    Args:
        end: what the inputs become, orthonormal columns, shape (2^m, r); qubit 0 is the most significant.
        inputs: which of the qubits hold the input, most significant first; the others begin in |0>.
        codes: the basis states of the input that become the columns; 0, 1, .., r - 1 if omitted.

    Returns:
        The circuit: rz, ry and CZ between neighbours (above 6 qubits: u, rz, sx, x and CX).
    """
    qubits = len(end).bit_length() - 1
    codes = range(end.shape[1]) if codes is None else codes
    if qubits > MAX_FITTED:
        return _by_qiskit(end, inputs, codes)
    start = np.zeros(end.shape, dtype=complex)
    for column, code in enumerate(codes):
        bits = [code >> (len(inputs) - 1 - k) & 1 for k in range(len(inputs))]
        start[sum(bit << (qubits - 1 - q) for bit, q in zip(bits, inputs, strict=True)), column] = 1
    return fitted(start, end)


def fitted(start: ComplexArray, end: ComplexArray) -> QuantumCircuit:
    """Return a circuit on a row that takes some states to others, up to a common phase.

    Args:
        start: orthonormal columns, shape (2^m, r), qubit 0 most significant.
        end: orthonormal columns, the same shape.
    """
    qubits, columns = len(end).bit_length() - 1, end.shape[1]
    needed = crossings(start, end)
    # As many angles as the states have: four a CZ gate and two or three a qubit.
    generic = math.ceil((2 * end.size - columns**2 - 1 - 3 * qubits) / 4)
    low, high = sum(needed) - 1, max(sum(needed), generic, 0)
    best = None
    while best is None:
        best = _with_gates(high, start, end, needed)
        if best is None:
            low, high = high, high + 1 + high // COARSE
    while high - low > 1 + high // COARSE:
        middle = (low + high) // 2
        found = _with_gates(middle, start, end, needed)
        if found is None:
            low = middle
        else:
            best, high = found, middle
    return best


def crossings(start: ComplexArray, end: ComplexArray) -> list[int]:
    """Return for each place between neighbours how many CZ gates must cross it at least.

    A gate at most doubles the operator Schmidt rank, which must grow from that of the projector onto the
    starts to that of the map from starts to ends.
    """
    qubits = len(end).bit_length() - 1
    found = []
    for cut in range(1, qubits):
        grown, given = _rank(end @ start.conj().T, cut), _rank(start @ start.conj().T, cut)
        found.append(max(0, math.ceil(math.log2(grown / given) - SAME)))
    return found


def _rank(operator: ComplexArray, cut: int) -> int:
    """Return the operator Schmidt rank between the first `cut` qubits and the others."""
    left = 2**cut
    right = len(operator) // left
    tensor = operator.reshape(left, right, left, right).transpose(0, 2, 1, 3)
    values = np.linalg.svd(tensor.reshape(left * left, right * right), compute_uv=False)
    return int((values > SAME * values[0]).sum())


def _with_gates(
    count: int, start: ComplexArray, end: ComplexArray, needed: Sequence[int]
) -> QuantumCircuit | None:
    """Return a circuit with that many CZ gates, or None if no fit succeeds."""
    qubits = len(end).bit_length() - 1
    forms = [Form(qubits, pairs) for pairs in itertools.islice(_orders(qubits, count, needed), TRIES[qubits])]
    rng = np.random.default_rng(count)
    for form in itertools.islice(itertools.cycle(forms), TRIES[qubits] if forms else 0):
        angles = fit(form, start, end, rng.uniform(-math.pi, math.pi, form.size))
        if angles is not None:
            return form.circuit(list(angles))
    return None


def _orders(qubits: int, count: int, needed: Sequence[int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield orders of CZ gates on a row: brick walls first, then, for few gates, all others."""
    edges = [(q, q + 1) for q in range(qubits - 1)]
    bricks = [*edges[::2], *edges[1::2]]
    walls = [
        tuple(turned[i % len(edges)] for i in range(count))
        for k in range(len(edges))
        for turned in [bricks[k:] + bricks[:k]]
    ]
    others = itertools.product(edges, repeat=count) if len(edges) ** count <= ORDERS else iter(())
    for pairs in dict.fromkeys([*walls, *others]):
        if all(pairs.count(edge) >= least for edge, least in zip(edges, needed, strict=True)):
            yield pairs


def _by_qiskit(end: ComplexArray, inputs: Sequence[int], codes: Sequence[int]) -> QuantumCircuit:
    """Return Qiskit's synthesis of the isometry, routed on the row."""
    qubits, size = len(end).bit_length() - 1, len(inputs)
    whole = np.zeros((len(end), 2**size), dtype=complex)
    whole[:, list(codes)] = end
    free = sorted(set(range(2**size)) - set(codes))
    if free:  # any completion will do
        whole[:, free] = np.linalg.svd(end)[0][:, end.shape[1] : end.shape[1] + len(free)]
    # Qiskit's first qubit is the least significant, and the inputs are its first ones.
    order = [*reversed(inputs), *(q for q in range(qubits) if q not in inputs)]
    rows = whole.reshape((2,) * qubits + (-1,)).transpose(*reversed(order), qubits)
    block = QuantumCircuit(qubits)
    block.append(Isometry(np.ascontiguousarray(rows).reshape(len(end), -1), 0, 0), order)
    return in_a_row(block, restore=True)[0]

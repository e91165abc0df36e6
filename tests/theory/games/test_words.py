"""Pauli words against their matrices: products, gates, graphs, states and measurements."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

from qcoord_hw.theory.games.binary import System, combination, dependencies, independent, members
from qcoord_hw.theory.games.graph_form import diagonalised, graph_form
from qcoord_hw.theory.games.strategies import pauli
from qcoord_hw.theory.games.word_arrays import acted, measurement, stabilized
from qcoord_hw.theory.games.words import anticommute, conjugated, parsed, product, text

H = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
S = np.diag([1, 1j])
GATES = {
    "h": H,
    "s": S,
    "sdg": S.conj(),
    "sx": H @ S @ H,
    "sxdg": H @ S.conj() @ H,
    "x": pauli("X"),
    "z": pauli("Z"),
}


def matrix(word, size):
    name = text(word, size)
    return (-1) ** (name[0] == "-") * pauli(name[1:])


def gate_matrix(gate, size):
    name, qubits = gate
    if name == "cz":
        ones = [np.diag([0, 1]) if q in qubits else np.eye(2) for q in range(size)]
        return np.eye(2**size) - 2 * reduce(np.kron, ones)
    return reduce(np.kron, [GATES[name] if q in qubits else np.eye(2) for q in range(size)])


def random_commuting(rng, size, count):
    """Independent commuting words, signed at random."""
    words = []
    while len(words) < count:
        word = int(rng.integers(1, 4**size))
        if not any(anticommute(word, other, size) for other, _ in words):
            if len(independent([*(w for w, _ in words), word])) == len(words) + 1:
                words.append((word, int(rng.integers(2))))
    return words


def test_text_and_back(rng):
    for _ in range(50):
        size = int(rng.integers(1, 6))
        word = int(rng.integers(4**size)), int(rng.integers(2))
        assert parsed(text(word, size)) == word


def test_products_and_commutation(rng):
    for _ in range(60):
        size = int(rng.integers(1, 4))
        words = random_commuting(rng, size, int(rng.integers(1, size + 1)))
        expected = reduce(np.matmul, [matrix(word, size) for word in words])
        np.testing.assert_allclose(matrix(product(words, size), size), expected, atol=1e-12)
        a, b = (int(w) for w in rng.integers(4**size, size=2))
        left, right = matrix((a, 0), size), matrix((b, 0), size)
        assert anticommute(a, b, size) == (not np.allclose(left @ right, right @ left))


@pytest.mark.parametrize("name", [*GATES, "cz"])
def test_gates(rng, name):
    for word in range(4**2):
        for sign in (0, 1):
            gate = (name, (0, 1) if name == "cz" else (int(rng.integers(2)),))
            u = gate_matrix(gate, 2)
            expected = u @ matrix((word, sign), 2) @ u.conj().T
            np.testing.assert_allclose(matrix(conjugated((word, sign), [gate], 2), 2), expected, atol=1e-12)


def test_graphs_prepare_and_diagonalise(rng):
    for _ in range(40):
        size = int(rng.integers(1, 5))
        words = random_commuting(rng, size, size)
        state = stabilized([text(word, size) for word in words], size)
        for word in words:
            np.testing.assert_allclose(acted(text(word, size), state[:, None])[:, 0], state, atol=1e-12)
        ket = np.eye(2**size)[0]
        for gate in graph_form([word for word, _ in words], size).preparation(words):
            ket = gate_matrix(gate, size) @ ket
        assert abs(np.vdot(ket, state)) == pytest.approx(1)
        some = words[: int(rng.integers(1, size + 1))]
        gates = diagonalised(tuple(sorted(word for word, _ in some)), size).gates
        for word in some:
            turned = conjugated(word, gates, size)
            assert turned[0] & (1 << size) - 1 == 0  # no X is left


def test_single_letters_need_no_gate():
    words = tuple(sorted(parsed(name)[0] for name in ("+XYZ", "+IYI")))
    assert diagonalised(words, 3).edges == ()
    bell = tuple(sorted(parsed(name)[0] for name in ("+XX", "+ZZ")))
    assert len(diagonalised(bell, 2).edges) == 1


def test_joint_measurements(rng):
    for _ in range(20):
        size = int(rng.integers(1, 4))
        words = random_commuting(rng, size, int(rng.integers(1, size + 1)))
        table = rng.permutation(2 ** len(words)).tolist()
        elements = measurement([text(word, size) for word in words], table, size, len(table))
        np.testing.assert_allclose(elements.sum(axis=0), np.eye(2**size), atol=1e-12)
        for i, word in enumerate(words):
            signs = [(-1) ** (outcome >> len(words) - 1 - i & 1) for outcome in range(len(table))]
            total = sum(sign * elements[table[outcome]] for outcome, sign in enumerate(signs))
            np.testing.assert_allclose(total, matrix(word, size), atol=1e-12)


def test_linear_algebra(rng):
    for _ in range(40):
        size, count = int(rng.integers(2, 8)), int(rng.integers(1, 10))
        rows = [int(row) for row in rng.integers(1 << size, size=count)]
        truth = int(rng.integers(1 << size))
        system = System()
        assert all(system.add(row, (row & truth).bit_count() % 2) for row in rows)
        free = system.free(size)
        assert len(free) == size - len(independent(rows))
        chosen = sum(1 << c for c in free if rng.integers(2))
        found = system.solution(chosen)
        assert all((row & (found ^ truth)).bit_count() % 2 == 0 for row in rows)
        assert all(found >> c & 1 == chosen >> c & 1 for c in free)
        basis = list(dependencies(rows))
        assert len(basis) == count - len(independent(rows))
        for own in basis:
            assert reduce(lambda a, k: a ^ rows[k], members(own), 0) == 0
        target = rows[0] ^ rows[-1] if count > 1 else rows[0]
        mask = combination(rows, target)
        assert reduce(lambda a, k: a ^ rows[k], members(mask), 0) == target
        contradiction = system.copy()
        if basis and (k := next(members(basis[0]))) is not None:
            assert not contradiction.add(rows[k], 1 ^ (rows[k] & truth).bit_count() % 2)

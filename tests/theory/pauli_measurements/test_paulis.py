"""Pauli expansions against Kronecker products, and coverings."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from qcoord_hw.theory.pauli_measurements import paulis
from qcoord_hw.theory.pauli_measurements.paulis import (
    PauliSum,
    all_bases,
    cover,
    expansion,
    expectation,
    expectations,
    masks,
    matrix_of,
    reads,
)

LETTERS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def text(size, x, z):
    bits = [((x >> q) & 1, (z >> q) & 1) for q in reversed(range(size))]
    return "".join({(0, 0): "I", (1, 0): "X", (1, 1): "Y", (0, 1): "Z"}[b] for b in bits)


def dense(word):
    return functools.reduce(np.kron, [LETTERS[a] for a in word])


def branches(rng, size, count):
    made = rng.normal(size=(2**size, count)) + 1j * rng.normal(size=(2**size, count))
    return made / np.linalg.norm(made)


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 3), (3, 1), (4, 2)])
def test_expectations_are_traces(rng, size, count):
    state = branches(rng, size, count)
    density = state @ state.conj().T
    found = expectations(state)
    values = {text(size, x, z): v for x, z, v in zip(found.x, found.z, found.values, strict=True)}
    assert len(values) == 4**size
    for word in map("".join, itertools.product("IXYZ", repeat=size)):
        right = np.trace(dense(word) @ density).real
        assert values[word] == pytest.approx(right, abs=1e-12)
    for x, z, value in list(zip(found.x, found.z, found.values, strict=True))[::7]:
        assert expectation(state, int(x), int(z)) == pytest.approx(value, abs=1e-12)


def test_expansion_adds_up(rng):
    matrix = rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8))
    matrix = matrix + matrix.conj().T
    found = expansion(matrix)
    total = sum(
        v * dense(text(3, int(x), int(z))) for x, z, v in zip(found.x, found.z, found.values, strict=True)
    )
    assert np.abs(total - matrix).max() < 1e-12
    assert np.abs(matrix_of(found) - matrix).max() < 1e-12


def test_zeros_are_left_out():
    ghz = np.zeros((8, 1), dtype=complex)
    ghz[[0, 7]] = 2**-0.5
    found = expectations(ghz)
    words = {
        text(3, int(x), int(z)): round(v) for x, z, v in zip(found.x, found.z, found.values, strict=True)
    }
    assert words == {
        "III": 1, "ZZI": 1, "ZIZ": 1, "IZZ": 1, "XXX": 1, "XYY": -1, "YXY": -1, "YYX": -1,
    }  # fmt: skip
    assert set(cover(found, 150)) == {"ZZZ", "XXX", "XYY", "YXY", "YYX"}


def test_reading():
    strings = PauliSum(2, *(np.array(v) for v in ([2, 2, 3, 0], [0, 2, 1, 0])), np.ones(4))  # XI, YI, XY, II
    assert reads(["XY", "YZ"], strings).tolist() == [[True, False, True, True], [False, True, False, True]]
    assert masks("") == (0, 0)


@pytest.mark.parametrize("cells", [paulis.CELLS, 0])
def test_a_covering_reads_all(rng, monkeypatch, cells):
    monkeypatch.setattr(paulis, "CELLS", cells)
    for size, count in ((1, 2), (3, 20), (4, 60), (5, 10)):
        which = rng.choice(4**size, size=min(count, 4**size), replace=False)
        strings = PauliSum(size, which >> size, which % 2**size, np.ones(len(which)))
        bases = cover(strings, 10**6)
        assert reads(bases, strings).any(axis=0).all()
        assert len(set(bases)) == len(bases) <= len(which)
        assert cover(strings, len(bases) - 1) is None
        assert cover(strings, len(bases)) == bases
        given = cover(strings, 10**6, ["Y" * size])
        assert given[0] == "Y" * size
        assert cover(strings, 3**size, all_bases(size)) == all_bases(size)

"""Thirty seeded targets and networks: what their answers are compared with is in `data/brackets.json`."""

from __future__ import annotations

import numpy as np

from qcoord_hw.theory.states import State, make_state

COUNT = 30
BITS = {26: "no-communication", 27: "two-node", 28: "two-node", 29: "no-communication"}
"""Seeds of targets that are distributions, in networks with classical links."""


def target(seed: int) -> tuple[State, str]:
    """Return a target and its network: 14 cascades, 8 links of qubits, 4 pure, 4 of bits."""
    rng = np.random.default_rng(seed)
    if seed in BITS:
        return _distribution(rng, {27: "XB", 28: "XB"}.get(seed, "AB")), BITS[seed]
    if seed >= 22:
        ket = np.kron(_ket(rng, 4), _ket(rng, 4)).reshape(2, 2, 2, 2).transpose(0, 2, 1, 3)
        name = "multiple-access" if seed % 2 else "quantum-broadcast"
        return make_state("random", {"A": 2, "B": 2, "C": 4}, [(1.0, (), ket.ravel())]), name
    network, letters = ("cascade", "ABC") if seed < 14 else ("two-node", "AB")
    sizes = tuple(int(d) for d in rng.integers(2, 4, len(letters)))
    if seed % 7 == 6:
        sizes = (2,) * len(letters)
    systems, whole = dict(zip(letters, sizes, strict=True)), int(np.prod(sizes))
    kind = seed % 5
    if kind < 2:  # of low rank, and of full rank
        density = _density(rng, whole, 2 if kind == 0 else whole)
    elif kind == 2:  # classical, in the basis that is written
        density = np.diag(rng.dirichlet(np.ones(whole) / 2)).astype(complex)
    elif kind == 3:  # a mixture of pure products
        density = _products(rng, sizes, 3)
    else:  # close to separable: much noise
        density = 0.1 * _density(rng, whole, 1) + 0.9 * np.eye(whole) / whole
    return make_state("random", systems, [(1.0, (), density)]), network


def _ket(rng: np.random.Generator, size: int) -> np.ndarray:
    ket = rng.normal(size=size) + 1j * rng.normal(size=size)
    return ket / np.linalg.norm(ket)


def _density(rng: np.random.Generator, size: int, rank: int) -> np.ndarray:
    root = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    return root @ root.conj().T / np.linalg.norm(root) ** 2


def _products(rng: np.random.Generator, sizes: tuple[int, ...], count: int) -> np.ndarray:
    total = np.zeros((int(np.prod(sizes)),) * 2, dtype=complex)
    for p in rng.dirichlet(np.ones(count)):
        ket = np.ones(1)
        for size in sizes:
            ket = np.kron(ket, _ket(rng, size))
        total += p * np.outer(ket, ket.conj())
    return total


def _distribution(rng: np.random.Generator, letters: str) -> State:
    table = rng.dirichlet(np.ones(4))
    blocks = [(p, (k // 2, k % 2), np.ones((1, 1))) for k, p in enumerate(table)]
    return make_state("random", dict.fromkeys(letters, 2), blocks, tuple(letters))

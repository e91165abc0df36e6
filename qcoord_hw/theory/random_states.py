"""Small random states: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.generators import generators
from qcoord_hw.theory.states import State, make_state


def states(
    count: int, *, seed: int, quantum: str = "AB", classical: str = "", dimension: int = 3
) -> Iterator[State]:
    """Yield random states of named systems.

    Dimensions go down to 1, a party without a share; pure and mixed states of any rank occur, and letters
    that never do.

    Args:
        count: how many.
        seed: decides all of them.
        quantum: a letter for each quantum system.
        classical: a letter for each classical system.
        dimension: of each system at most.
    """
    for k, rng in enumerate(generators(count, seed)):
        sizes = {system: int(rng.integers(1, dimension + 1)) for system in classical + quantum}
        size = int(np.prod([sizes[system] for system in quantum], dtype=np.int64))
        letters = list(np.ndindex(*(sizes[system] for system in classical)))
        weights = rng.integers(0, 4, len(letters)).astype(float)
        weights[rng.integers(len(letters))] += 1  # something occurs
        blocks = [
            (float(p), letter, _density(size, rng))
            for p, letter in zip(weights / weights.sum(), letters, strict=True)
            if p
        ]
        yield make_state(f"random-{seed}-{k}", sizes, blocks, tuple(classical))


def _density(size: int, rng: np.random.Generator) -> npt.NDArray[np.complex128]:
    """Return a random density matrix, shape (size, size), of a random rank."""
    rank = int(rng.integers(1, size + 1))
    vectors = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    matrix = vectors @ vectors.conj().T
    return np.asarray(matrix / np.trace(matrix).real)

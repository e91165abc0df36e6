"""Small random games, linear computations and states: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json
from qcoord_hw.theory.states import State, make_state

FIELDS = (2, 3, 4, 5, 8, 9)
"""Orders of the fields of random tasks."""


def games(
    count: int, *, seed: int, players: int = 2, questions: int = 3, answers: int = 3, scored: bool = False
) -> Iterator[Game]:
    """Yield random games.

    Sizes go down to one question or one answer, some questions are never asked, and among many games are some
    that are always or never won.

    Args:
        count: how many.
        seed: decides all of them.
        players: of each game.
        questions: how many a player is asked at most.
        answers: how many a player has at most.
        scored: give scores from 0 to 1 in place of a predicate.
    """
    for k, rng in enumerate(_generators(count, seed)):
        asked = tuple(rng.integers(1, questions + 1, players).tolist())
        given = tuple(rng.integers(1, answers + 1, players).tolist())
        weights = rng.integers(0, 4, asked)
        weights.flat[rng.integers(weights.size)] += 1  # something is asked
        prob = np.array([Fraction(int(w), int(weights.sum())) for w in weights.flat], dtype=object)
        prob = prob.reshape(asked)
        name = f"random-{seed}-{k}"
        if scored:
            steps = rng.integers(0, 5, asked + given)
            score = np.array([Fraction(int(s), 4) for s in steps.flat], dtype=object)
            yield Game(name, prob, score=score.reshape(steps.shape))
        else:
            chance = rng.choice([0.0, 0.3, 0.5, 0.7, 1.0], p=[0.05, 0.3, 0.3, 0.3, 0.05])
            yield Game(name, prob, (rng.random(asked + given) < chance).astype(np.int64))


def linear_tasks(
    count: int, *, seed: int, servers: int = 4, rows: int = 3, symbols: int = 2
) -> Iterator[LinearTask]:
    """Yield random linear computations over small fields.

    Matrices of less than full rank, a single server and a single symbol occur; a column of zeros, which no
    task may have, does not.

    Args:
        count: how many.
        seed: decides all of them.
        servers: how many at most.
        rows: how many computations at most.
        symbols: how many a server holds at most.
    """
    for k, rng in enumerate(_generators(count, seed)):
        order, height = int(rng.choice(FIELDS)), int(rng.integers(1, rows + 1))
        matrices = {}
        for s in range(int(rng.integers(1, servers + 1))):
            matrix = rng.integers(0, order, (height, int(rng.integers(1, symbols + 1))))
            matrix[0, ~matrix.any(axis=0)] = 1
            matrices[f"S{s + 1}"] = matrix.tolist()
        yield task_from_json({"name": f"random-{seed}-{k}", "field": order, "servers": matrices})


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
    for k, rng in enumerate(_generators(count, seed)):
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


def _generators(count: int, seed: int) -> Iterator[np.random.Generator]:
    """Yield a generator for each case: a case does not change with how many others there are."""
    return (np.random.default_rng([seed, k]) for k in range(count))


def _density(size: int, rng: np.random.Generator) -> npt.NDArray[np.complex128]:
    """Return a random density matrix, shape (size, size), of a random rank."""
    rank = int(rng.integers(1, size + 1))
    vectors = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    matrix = vectors @ vectors.conj().T
    return np.asarray(matrix / np.trace(matrix).real)

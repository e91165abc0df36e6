"""Small random linear computations: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

from qcoord_hw.theory.generators import generators
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json

FIELDS = (2, 3, 4, 5, 8, 9)
"""Orders of the fields of random tasks."""


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
    for k, rng in enumerate(generators(count, seed)):
        order, height = int(rng.choice(FIELDS)), int(rng.integers(1, rows + 1))
        matrices = {}
        for s in range(int(rng.integers(1, servers + 1))):
            matrix = rng.integers(0, order, (height, int(rng.integers(1, symbols + 1))))
            matrix[0, ~matrix.any(axis=0)] = 1
            matrices[f"S{s + 1}"] = matrix.tolist()
        yield task_from_json({"name": f"random-{seed}-{k}", "field": order, "servers": matrices})

"""Raw counts of a linear computation, decoded into outputs and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.statistics.clusters import distinct

Integers = npt.NDArray[np.int64]

MAX_CODE = 2**62


@dataclass(frozen=True, eq=False)
class Tally:
    """All that was counted for the inputs, decoded: one entry a block, input and outcome that occurred.

    Attributes:
        play: how counts are scored.
        block: shape (entries,).
        setting: shape (entries,): which input.
        outcome: shape (entries,): index into what follows.
        shots: shape (entries,).
        leaked: shape (outcomes,): whether a digit read p or more.
        outputs: shape (outcomes, L K): what the user computes, y1 then y2 ..; means nothing where leaked.
    """

    play: LinearScoring
    block: Integers
    setting: Integers
    outcome: Integers
    shots: Integers
    leaked: npt.NDArray[np.bool_]
    outputs: npt.NDArray[np.uint8]

    @cached_property
    def expected(self) -> npt.NDArray[np.uint8]:
        """What the outputs should be, shape (inputs, L K)."""
        return self.play.expected.reshape(len(self.play.inputs), -1).astype(np.uint8)

    @cached_property
    def lost(self) -> npt.NDArray[np.bool_]:
        """Whether an entry leaked."""
        return self.leaked[self.outcome]

    @cached_property
    def errors(self) -> npt.NDArray[np.uint8]:
        """Output less expected output of each entry, shape (entries, L K); means nothing where lost."""
        field = self.play.task.field
        less = field.add[:, field.neg].astype(np.uint8)
        return np.asarray(less[self.outputs[self.outcome], self.expected[self.setting]])

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each output of an entry is right, shape (entries, L K); nothing is where it leaked."""
        return np.asarray((self.errors == 0) & ~self.lost[:, None])

    @cached_property
    def cells(self) -> Integers:
        """A number for each entry's error vector: 0 where all is right, 1 where it leaked, else from 2 on."""
        numbers = 1 + codes(self.errors, self.play.task.field.order)
        numbers[self.lost] = 0
        _, cells = distinct(np.concatenate([[0, 1], numbers]))
        return np.array([1, 0, *range(2, cells.max() + 1)])[cells[2:]]

    def count(self, entries: npt.NDArray[np.bool_]) -> int:
        """Return the shots of some entries."""
        return int(self.shots[entries].sum())


def tally(play: LinearScoring, counts: Mapping[tuple[int, int], Mapping[str, int]]) -> Tally:
    """Decode (block, input) -> counts; every distinct outcome is decoded once."""
    number = {key: i for i, key in enumerate(dict.fromkeys(chain.from_iterable(counts.values())))}
    sizes = [len(c) for c in counts.values()]
    where = np.repeat(np.array(list(counts), dtype=np.int64).reshape(-1, 2), sizes, axis=0)
    keys = chain.from_iterable(counts.values())
    shots = chain.from_iterable(c.values() for c in counts.values())
    bits = np.frombuffer("".join(number).encode(), dtype=np.uint8).reshape(len(number), -1) - ord("0")
    digits = play.digits(bits.astype(np.int64))
    return Tally(
        play,
        block=where[:, 0],
        setting=where[:, 1],
        outcome=np.fromiter(map(number.__getitem__, keys), np.int64, len(where)),
        shots=np.fromiter(shots, np.int64, len(where)),
        leaked=np.asarray((digits >= play.task.field.characteristic).any(axis=1)),
        outputs=play.outputs(digits).reshape(len(number), -1).astype(np.uint8),
    )


def codes(vectors: npt.NDArray[np.uint8], base: int) -> Integers:
    """Return a number for each vector: equal for equal ones, in their order, 0 for the zero vector alone."""
    numbers, span = np.zeros(len(vectors), dtype=np.int64), 1
    for column in vectors.T:
        if span > MAX_CODE // base:
            seen, numbers = np.unique(np.concatenate([[0], numbers]), return_inverse=True)
            numbers, span = numbers[1:].astype(np.int64), len(seen)
        numbers = numbers * base + column
        span *= base
    return numbers

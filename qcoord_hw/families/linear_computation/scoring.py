"""How a run of a linear computation is scored: what each input was, and how outcomes become outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any, Literal, get_args

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json

KIND = "linear-computation"
"""The kind of play that a record names."""

Chosen = Literal["all", "drawn", "given"]
"""How the inputs of a run were chosen: every one, at random, or by somebody."""


@dataclass(frozen=True, eq=False)
class LinearScoring:
    """The plain description by which counts of a linear computation are scored; stored in the record.

    Attributes:
        task: the task as the user wrote it: y = V w for each of L instances.
        qudits: N, the qudits of dimension d downloaded for all instances.
        bits: positions in the outcome string (classical bit 0 first) of each base-p digit, least
            significant first: n digits of ceil(log2 p) bits. A digit that reads p or more has leaked.
        decoder: shape (L K r, n): digits of the outputs from the n digits measured, modulo p. Outputs are
            ordered instance, row, digit of the symbol (constant term first).
        inputs: shape (settings, L, sum m_s): the symbols (w1, w2, ..) of each setting, servers in order.
        baselines: rates to compare with, in dits per qudit: name -> (value, source).
        scheme: how the circuit computes it, as plain values for a reader (`source`, `P`, `M`, ..).
        chosen: how the inputs were.
    """

    task: LinearTask
    qudits: int
    bits: tuple[tuple[int, ...], ...]
    decoder: Array
    inputs: Array
    baselines: dict[str, tuple[float, str]]
    scheme: dict[str, Any] = dataclass_field(default_factory=dict)
    chosen: Chosen = "given"

    @property
    def instances(self) -> int:
        """L: instances computed together."""
        return int(self.inputs.shape[1])

    @property
    def all_inputs(self) -> int:
        """How many inputs there are."""
        order: int = self.task.field.order
        return int(order ** (self.instances * sum(self.task.sizes)))

    @property
    def expected(self) -> Array:
        """What the outputs should be, shape (settings, L, K): symbols V w."""
        return self.task.field.matmul(self.inputs, np.ascontiguousarray(self.task.matrix.T))

    def read_at(self, where: Sequence[int]) -> LinearScoring:
        """Return the same scoring where bit k stands at `where[k]`."""
        return replace(self, bits=tuple(tuple(where[bit] for bit in digit) for digit in self.bits))

    def parities(self) -> tuple[tuple[int, ...], ...] | None:
        """Return the sums of bits that are the outputs, digit by digit, where digits are bits; else None."""
        if self.task.field.characteristic != 2 or not self.bits:
            return None
        return tuple(tuple(self.bits[k][0] for k in np.flatnonzero(row % 2)) for row in self.decoder)

    def digits(self, outcomes: Array) -> Array:
        """Return the digits that were measured: shape (outcomes, bits), bit 0 first, to (outcomes, n)."""
        return np.stack(
            [outcomes[:, list(digit)] @ (1 << np.arange(len(digit))) for digit in self.bits],
            axis=-1,
        )

    def outputs(self, digits: Array) -> Array:
        """Return the outputs of measured digits: shape (.., n) to symbols of shape (.., L, K)."""
        field = self.task.field
        values = (digits @ self.decoder.T) % field.characteristic
        return field.undigits(
            values.reshape(*digits.shape[:-1], self.instances, self.task.rows, field.degree)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the description as plain JSON values."""
        return {
            "kind": KIND,
            "task": self.task.to_json(),
            "servers": list(self.task.servers),  # their order, which a JSON object does not keep
            "qudits": self.qudits,
            "bits": [list(digit) for digit in self.bits],
            "decoder": self.decoder.tolist(),
            "inputs": self.inputs.tolist(),
            "baselines": {name: list(pair) for name, pair in self.baselines.items()},
            "scheme": self.scheme,
            "chosen": self.chosen,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], asked: object = None) -> LinearScoring:
        """Build the description from what `to_json` returned.

        Args:
            data: the plain values.
            asked: the inputs that were asked for, from which older records tell how they were chosen.
        """
        task = data["task"] | {"servers": {s: data["task"]["servers"][s] for s in data["servers"]}}
        play = cls(
            task=task_from_json(task),
            qudits=data["qudits"],
            bits=tuple(tuple(digit) for digit in data["bits"]),
            decoder=np.array(data["decoder"], dtype=np.int64),
            inputs=np.array(data["inputs"], dtype=np.int64),
            baselines={name: (pair[0], pair[1]) for name, pair in data["baselines"].items()},
            scheme=data["scheme"],
        )
        chosen = data.get("chosen") or play._chosen(asked)
        if chosen not in get_args(Chosen):
            raise ValueError(f"chosen: {chosen!r}")
        return replace(play, chosen=chosen)

    def _chosen(self, asked: object) -> Chosen:
        """Return how the inputs were chosen, going by what was asked for and what there is."""
        if isinstance(asked, (list, tuple)):
            return "given"
        distinct = len(np.unique(self.inputs.reshape(len(self.inputs), -1), axis=0))
        every = distinct == len(self.inputs) == self.all_inputs and not isinstance(asked, int)
        return "all" if every else "drawn"

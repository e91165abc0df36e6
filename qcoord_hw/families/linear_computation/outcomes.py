"""What an outcome of a linear computation says: what was given and computed, and whether it is right.

`w1`, `w2`, .. are the symbols that were given, instance by instance; `y` what the user computed of all of
them. Where `check` is 1, an input was executed once more to check counts that are derived, and is no part of
the estimates. `leak` is what was read but stands for no symbol. `chosen` says how the inputs were: `all`,
`drawn` or `given`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from qcoord_hw.families.base import Outcomes
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.record.bits import LEAK, read_bits, symbols


def outcomes(play: LinearScoring) -> Outcomes:
    """Return what reads the outcomes of a run."""
    columns = ("check", *(f"w{i}" for i in range(1, play.instances + 1)), "y", "win", "chosen")

    def rows(
        setting: Mapping[str, Any], number: int, found: Sequence[str]
    ) -> Iterator[list[dict[str, object]]]:
        given = setting["input"]
        digits = play.digits(read_bits(found))
        leaked = np.any(digits >= play.task.field.characteristic, axis=1)
        right = play.expected[given].ravel()
        asked: dict[str, object] = {"check": int(number >= len(play.inputs)), "chosen": play.chosen}
        asked |= {f"w{i}": symbols(w) for i, w in enumerate(play.inputs[given], start=1)}
        outputs = play.outputs(digits).reshape(len(found), -1)
        for lost, y in zip(leaked.tolist(), outputs, strict=True):
            read = LEAK if lost else symbols(y)
            yield [asked | {"y": read, "win": int(not lost and (y == right).all())}]

    return Outcomes(columns, rows)

"""How a linear computation is scored, as a record holds it: its shape, and whether it fits the record."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.record.shape import (
    BITS,
    WORDS,
    anything,
    fields,
    integer,
    list_of,
    real,
    require,
    table,
    tuple_of,
)

SHAPE = fields(
    {
        "task": fields({"servers": table(anything), "field": anything}),
        "servers": list_of(WORDS, least=1),
        "qudits": integer(1, 10_000),
        "bits": list_of(BITS, least=1),
        "decoder": list_of(list_of(integer(0, 255), least=1), least=1),
        "inputs": list_of(list_of(list_of(integer(0, 255), least=1), least=1), least=1),
        "baselines": table(tuple_of(real(0), WORDS)),
        "scheme": fields({}, {"source": WORDS}),
    }
)


def check(intent: dict[str, Any], width: float) -> None:
    """Check how a run is scored: see `Family.check`."""
    SHAPE(intent["experiment"]["play"], "play")
    data = intent["experiment"]["play"]
    for name, axes in (("decoder", 2), ("inputs", 3)):
        array = np.array(data[name], dtype=np.int64)  # a ValueError where it is ragged
        require(array.ndim == axes, f"play.{name}", array.shape, f"is an array of {axes} axes")
    given = data["servers"]
    require(len(set(given)) == len(given), "play.servers", given, "are distinct servers")
    require(sorted(given) == sorted(data["task"]["servers"]), "play.servers", given, "are those of the task")
    play = LinearScoring.from_json(data)
    field, task, settings = play.task.field, play.task, intent["experiment"]["settings"]
    shape = (play.instances * task.rows * field.degree, len(play.bits))
    require(play.decoder.shape == shape, "play.decoder", play.decoder.shape, f"is an array of shape {shape}")
    require(bool((play.decoder < field.characteristic).all()), "play.decoder", "an entry", "are digits")
    require(bool((play.inputs < field.order).all()), "play.inputs", "an entry", "are symbols of the field")
    fits = play.instances >= 1 and play.inputs.shape[2] == sum(task.sizes)
    require(fits, "play.inputs", play.inputs.shape, "are the data of one instance or more")
    require(len(play.inputs) <= len(settings), "play.inputs", len(play.inputs), "is a setting for each")
    for digit in play.bits:
        require(max(digit) < width, "play.bits", list(digit), "are bits of the outcome")
    for name in ("quantum", "classical"):
        require(name in play.baselines, "play.baselines", list(play.baselines), f"is {name} among them")
    for setting in settings:
        fits = setting["input"] < len(play.inputs)
        require(fits, "settings.input", setting["input"], "are the inputs")
    plan = intent["plan"]
    if plan:
        counted = {chunk["setting"] for chunk in plan} >= set(range(len(play.inputs)))
        require(counted, "plan", len(plan), "is a chunk or more for every input")

"""What an outcome of a game says: `round`, what each player was asked and answered, `win`.

A circuit that plays n rounds in a row has n rows per outcome. `leak` is what was read but stands for no
answer; where `leaks` is 1 an outcome may do so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from qcoord_hw.families.base import Outcomes
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.record.bits import LEAK, read_bits


def outcomes(play: GameScoring) -> Outcomes:
    """Return what reads the outcomes of a run."""
    players = range(1, play.game.players + 1)
    said = (*(f"question_{p}" for p in players), *(f"answer_{p}" for p in players))
    columns = ("round", *said, "win", "leaks")

    def rows(
        setting: Mapping[str, Any], number: int, found: Sequence[str]
    ) -> Iterator[list[dict[str, object]]]:
        circuit, bits = setting["circuit"], read_bits(found)
        asked = play.questions[circuit]
        answered = [np.stack(play.answered(circuit, r, bits), axis=-1) for r in range(play.rounds)]
        for i in range(len(found)):
            yield [_row(play, r, asked[r], answered[r][i].tolist()) for r in range(play.rounds)]

    return Outcomes(columns, rows)


def _row(play: GameScoring, number: int, asked: tuple[int, ...], said: list[int]) -> dict[str, object]:
    worth = 0 if -1 in said else play.game.table[(*asked, *said)]
    row: dict[str, object] = {"round": number, "win": int(worth) if worth in (0, 1) else float(worth)}
    row["leaks"] = int(play.leaks)
    row |= {f"question_{p}": question for p, question in enumerate(asked, start=1)}
    return row | {f"answer_{p}": LEAK if a == -1 else a for p, a in enumerate(said, start=1)}

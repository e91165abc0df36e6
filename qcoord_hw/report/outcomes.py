"""What a counted outcome says, in columns of a table, so that the table alone says who won.

Of a game: `round`, what each player was asked and answered, `win`. A circuit that plays n rounds in a row
has n rows an outcome. Of a linear computation: the symbols `w1`, `w2`, .. that were given, instance by
instance, `y`, what the user computed of all of them, and `win`; where `check` is 1, an input was executed
once more to check counts that are derived, and is no part of the estimates. Of a coordination protocol: the
cases that a setting stands for, what was prepared, the Pauli `basis` of the outputs and their `outcome`, a
bit a letter.

Symbols stand apart by spaces. `leak` is what was read but stands for no answer and no symbol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.coordination.scoring import CoordinationPlay
from qcoord_hw.families.games.scoring import GamePlay
from qcoord_hw.families.linear_computation.scoring import LinearPlay
from qcoord_hw.report.format import COORDINATION, GAME, LINEAR

LEAK = "leak"
"""An outcome that stands for nothing."""

ORDER = ("check", "round", "question", "answer", "w", "y", "case", "preparation", "basis", "win")
"""Columns in their order, without the number of a player or an instance."""

Row = dict[str, object]


def place_of(column: str) -> tuple[int, int]:
    """Return where a column stands among those of all kinds of runs.

    >>> sorted(["win", "question_2", "w10", "w2", "answer_1", "question_1"], key=place_of)
    ['question_1', 'question_2', 'answer_1', 'w2', 'w10', 'win']
    """
    name = column.rstrip("0123456789")
    return ORDER.index(name.rstrip("_")), int(column[len(name) :] or 0)


class Reader(Protocol):
    """Says what outcomes of a setting mean."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of every row."""

    def rows(self, setting: Mapping[str, Any], number: int, outcomes: Sequence[str]) -> Iterator[list[Row]]:
        """Yield the rows of each outcome.

        Args:
            setting: as in the record.
            number: of the setting.
            outcomes: strings of bits, classical bit 0 first.
        """


def reader(play: Mapping[str, Any]) -> Reader:
    """Return what reads the outcomes of a run.

    Args:
        play: how its counts are scored, as in the record.
    """
    kinds: dict[str, type[_Game] | type[_Linear] | type[_Coordination]] = {
        GAME: _Game,
        LINEAR: _Linear,
        COORDINATION: _Coordination,
    }
    return kinds[play["kind"]].of(dict(play))


def _bits(outcomes: Sequence[str]) -> npt.NDArray[np.int64]:
    return np.array([list(outcome.encode()) for outcome in outcomes], dtype=np.int64) - ord("0")


@dataclass(frozen=True)
class _Game:
    play: GamePlay

    @classmethod
    def of(cls, data: dict[str, Any]) -> _Game:
        return cls(GamePlay.from_json(data))

    @property
    def columns(self) -> tuple[str, ...]:
        players = range(1, self.play.game.players + 1)
        return ("round", *(f"question_{p}" for p in players), *(f"answer_{p}" for p in players), "win")

    def rows(self, setting: Mapping[str, Any], number: int, outcomes: Sequence[str]) -> Iterator[list[Row]]:
        play, circuit, bits = self.play, setting["circuit"], _bits(outcomes)
        asked = play.questions[circuit]
        answered = [np.stack(play.answered(circuit, r, bits), axis=-1) for r in range(play.rounds)]
        for i in range(len(outcomes)):
            yield [self._row(r, asked[r], answered[r][i].tolist()) for r in range(play.rounds)]

    def _row(self, number: int, asked: tuple[int, ...], said: list[int]) -> Row:
        worth = 0 if -1 in said else self.play.game.table[(*asked, *said)]
        row: Row = {"round": number, "win": int(worth) if worth in (0, 1) else float(worth)}
        row |= {f"question_{p}": question for p, question in enumerate(asked, start=1)}
        return row | {f"answer_{p}": LEAK if a == -1 else a for p, a in enumerate(said, start=1)}


@dataclass(frozen=True)
class _Linear:
    play: LinearPlay

    @classmethod
    def of(cls, data: dict[str, Any]) -> _Linear:
        return cls(LinearPlay.from_json(data))

    @property
    def columns(self) -> tuple[str, ...]:
        return ("check", *(f"w{i}" for i in range(1, self.play.instances + 1)), "y", "win")

    def rows(self, setting: Mapping[str, Any], number: int, outcomes: Sequence[str]) -> Iterator[list[Row]]:
        play, given = self.play, setting["input"]
        digits = play.digits(_bits(outcomes))
        leaked = np.any(digits >= play.task.field.characteristic, axis=1)
        right = play.expected[given].ravel()
        asked: Row = {"check": int(number >= len(play.inputs))}
        asked |= {f"w{i}": _symbols(w) for i, w in enumerate(play.inputs[given], start=1)}
        outputs = play.outputs(digits).reshape(len(outcomes), -1)
        for lost, y in zip(leaked.tolist(), outputs, strict=True):
            found = LEAK if lost else _symbols(y)
            yield [asked | {"y": found, "win": int(not lost and (y == right).all())}]


@dataclass(frozen=True)
class _Coordination:
    play: CoordinationPlay

    @classmethod
    def of(cls, data: dict[str, Any]) -> _Coordination:
        return cls(CoordinationPlay.from_json(data))

    @property
    def columns(self) -> tuple[str, ...]:
        return ("case", "preparation", "basis")

    def rows(self, setting: Mapping[str, Any], number: int, outcomes: Sequence[str]) -> Iterator[list[Row]]:
        measured = self.play.settings[number]
        cases = [
            c
            for c, case in enumerate(self.play.cases)
            if measured.case == c
            or (measured.case is None and measured.preparation in {k for k, _ in case.mixture})
        ]
        about: Row = {
            "case": _symbols(cases),
            "preparation": measured.preparation,
            "basis": measured.basis,
        }
        for outcome in outcomes:
            yield [about | {"outcome": "".join(outcome[bit] for bit in self.play.bits)}]


def _symbols(symbols: Sequence[int] | npt.NDArray[np.int64]) -> str:
    return " ".join(map(str, symbols))

"""How a run of a game is scored: which circuit asked what, and which bits are whose answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.codec import from_plain, to_plain
from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.value import Value


def question_label(question: Sequence[int]) -> str:
    """Return what a question is called.

    >>> question_label((0, 1)), question_label((0, 1, 1))
    ('x=0,y=1', 'x=011')
    """
    return "x={},y={}".format(*question) if len(question) == 2 else "x=" + "".join(map(str, question))


@dataclass(frozen=True)
class LinearFigure:
    """A figure of merit that is `scale * win_probability + offset`, such as CHSH's S = 8 w - 4.

    Attributes:
        name: its name among the estimates.
        scale: the factor.
        offset: the constant.
        theory: what quantum theory says of it, if anything.
        bound: its classical bound.
    """

    name: str
    scale: float
    offset: float
    theory: Value | None
    bound: Value

    def __post_init__(self) -> None:
        """Check the factor.

        Raises:
            InputError: when it is not positive, so that limits would change places.
        """
        if not self.scale > 0:
            raise InputError(f"scale: {self.scale!r}; allowed are positive numbers")


@dataclass(frozen=True, eq=False)
class GameScoring:
    """The plain description by which counts of a game are turned into wins; stored in the record.

    Attributes:
        game: the game.
        players: names of the players, in the order of the questions.
        questions: questions[circuit][round] is the tuple asked in that round of that circuit.
        answers: answers[round][player] are the positions of the answer's bits in the outcome string
            (classical bit 0 first), most significant first.
        theory: what quantum theory says of the win probability of this strategy, if anything.
        bound: the classical value.
        figures: further figures, linear in the win probability.
        decoded: decoded[player][question][outcome] is the answer that an outcome stands for (bits as in
            `answers`), -1 where it is none (leakage); without it an outcome is the answer.
        agreed: agreed[circuit] is what all parties know of a circuit beforehand, such as a schedule;
            without it nothing.
        asked: of a game in which all players count as one, whose answer is the sum of their bits modulo 2:
            asked[question] is what each player is asked. Else None.
    """

    game: Game
    players: tuple[str, ...]
    questions: tuple[tuple[tuple[int, ...], ...], ...]
    answers: tuple[tuple[tuple[int, ...], ...], ...]
    theory: Value | None
    bound: Value
    figures: tuple[LinearFigure, ...] = ()
    decoded: tuple[tuple[tuple[int, ...], ...], ...] | None = None
    agreed: tuple[int, ...] | None = None
    asked: tuple[tuple[int, ...], ...] | None = None

    def label(self, question: Sequence[int]) -> str:
        """Return what a question is called."""
        return question_label(question if self.asked is None else self.asked[question[0]])

    def parities(self) -> tuple[tuple[int, ...], ...] | None:
        """Return the sum of bits that alone decides what is won, where one does; else None."""
        return None if self.asked is None else tuple(self.answers[0])

    def read_at(self, where: Sequence[int]) -> GameScoring:
        """Return the same scoring where bit k stands at `where[k]`."""
        answers = tuple(
            tuple(tuple(where[bit] for bit in bits) for bits in of_round) for of_round in self.answers
        )
        return replace(self, answers=answers)

    @property
    def leaks(self) -> bool:
        """Whether an outcome may stand for no answer."""
        return self.decoded is not None and any(-1 in t for own in self.decoded for t in own)

    @property
    def rounds(self) -> int:
        """Rounds in one circuit."""
        return len(self.answers)

    def answered(
        self, circuit: int, number: int, outcomes: npt.NDArray[np.int64]
    ) -> list[npt.NDArray[np.int64]]:
        """Return what every player answered in one round of a circuit, an array for each player.

        Args:
            circuit: index of the circuit.
            number: of the round.
            outcomes: shape (outcomes, bits): the bits that were read, classical bit 0 first.

        Returns:
            Arrays of shape (outcomes,); -1 where an outcome stands for no answer (leakage).
        """
        if self.asked is not None:
            return [outcomes[:, list(self.answers[number][0])].sum(axis=1) % 2]
        read = [outcomes[:, list(bits)] @ (1 << np.arange(len(bits))[::-1]) for bits in self.answers[number]]
        if self.decoded is None:
            return read
        asked = self.questions[circuit][number]
        return [np.array(own[x])[o] for own, x, o in zip(self.decoded, asked, read, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """Return the description as plain JSON values."""
        return {"kind": "game", **to_plain(self, without=("decoded", "agreed", "asked"))}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GameScoring:
        """Build the description from what `to_json` returned."""
        return from_plain(cls, {key: value for key, value in data.items() if key != "kind"})

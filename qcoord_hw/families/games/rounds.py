"""A finished run of a game told as a play: questions, answers, won or lost, one round after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.base import Rounds
from qcoord_hw.families.games.analysis import Cell, tally
from qcoord_hw.families.games.rule import rule_lines
from qcoord_hw.families.games.scoring import GameScoring, question_label
from qcoord_hw.record import RunRecord, interpreting
from qcoord_hw.statistics.words import number
from qcoord_hw.text import printable

_BOUND = {"exact": "", "lower": "at least ", "upper": "at most ", "bracket": "about "}


@dataclass(frozen=True)
class Round:
    """One round of a game as it was played.

    Attributes:
        number: 1 for the first round.
        question: what the referee asked each player.
        answers: what each player answered, None where the answer leaked.
        won: whether the round was won; None in a game with scores.
        score: 1 for a round won and 0 for one lost, or the score.
        wins: rounds won so far, or the sum of scores.
    """

    number: int
    question: tuple[int, ...]
    answers: tuple[int | None, ...]
    won: bool | None
    score: float
    wins: float

    @property
    def rate(self) -> float:
        """Win rate, or mean score, so far."""
        return self.wins / self.number


def rounds(record: RunRecord, seed: int, count: int) -> Iterator[Round]:
    """Yield rounds of a finished run in random order, no shot twice.

    Counts do not keep the order of shots, so a random one is drawn. Questions come as often as they were
    counted; if the game asks them less evenly than the circuits did, shots are left out so that they come
    as the game asks them, since only then does the win rate compare with the classical bound.

    Args:
        record: a finished run of a game.
        seed: of the order.
        count: how many rounds at most; fewer where the run has fewer shots.
    """
    with interpreting(record.path):
        play = GameScoring.from_json(record.intent["experiment"]["play"])
        cells = [cell for cell in tally(record, play) if cell.shots]
    rng = np.random.default_rng(seed)
    kept = np.cumsum(_kept(cells))
    order = np.searchsorted(kept, _draw(rng, int(kept[-1]), count), side="right")
    shots = np.zeros(len(order), dtype=np.int64)  # position of each round's answers in its cell
    for index in np.unique(order):
        here = np.flatnonzero(order == index)
        counted = np.cumsum(cells[index].tally.sum(axis=0))
        shots[here] = np.searchsorted(counted, _draw(rng, int(counted[-1]), len(here)), side="right")
    wins = 0.0
    scored = play.game.score is not None
    for k, (index, shot) in enumerate(zip(order.tolist(), shots.tolist(), strict=True), start=1):
        cell = cells[index]
        answers = [int(a) for a in np.unravel_index(shot, cell.win.shape)]
        score = float(cell.win[tuple(answers)])
        wins += score
        yield Round(
            number=k,
            question=cell.question,
            answers=tuple(a if a < n else None for a, n in zip(answers, play.game.answers, strict=True)),
            won=None if scored else score == 1,
            score=score,
            wins=wins,
        )


def round_by_round(record: RunRecord, seed: int, count: int) -> Rounds:
    """Return a finished run round by round: see `rounds`."""
    with interpreting(record.path):
        play = GameScoring.from_json(record.intent["experiment"]["play"])
    played = list(rounds(record, seed, count))
    last = played[-1].wins if played else 0
    values = {
        "rounds": [asdict(one) for one in played],
        "wins": round(last) if play.game.score is None else last,
        "played": len(played),
        "classical": play.bound.value,
    }
    closing = closing_line(played[-1] if played else None, play)
    return Rounds(tuple(play_lines(played, play)), closing, values, rule_lines(play))


def play_lines(rounds: Iterable[Round], play: GameScoring) -> Iterator[str]:
    """Yield a line for each round: what was asked and answered, won or lost, and the rate so far."""
    names = [printable(name) for name in play.players]
    for one in rounds:
        said = "  ".join(f"{n} {'-' if a is None else a}" for n, a in zip(names, one.answers, strict=True))
        outcome = f"score {number(one.score):<6}" if one.won is None else "won " if one.won else "lost"
        yield (
            f"{one.number:>4}  {question_label(one.question)}  {said}  {outcome}  "
            f"{_rate_word(play)} {one.rate:.3f}  {_classical(play)}"
        )


def closing_line(last: Round | None, play: GameScoring) -> str:
    """Return how the play ended and what it does not show, given its last round."""
    if last is None:
        return "no rounds: the run has no shots"
    if last.won is None:
        found = f"mean score {number(last.rate)} of {last.number} rounds"
    else:
        found = f"{last.wins:.0f} of {last.number} rounds won, win rate {number(last.rate)}"
    return (
        f"{found}; {_classical(play)}. All players share one chip or simulator, which is not a network: "
        "nothing kept them apart."
    )


def _rate_word(play: GameScoring) -> str:
    return "win rate" if play.game.score is None else "mean score"


def _classical(play: GameScoring) -> str:
    return f"classical bound {_BOUND[play.bound.kind]}{number(play.bound.value)}"


def _kept(cells: Sequence[Cell]) -> npt.NDArray[np.int64]:
    """Return how many shots of each cell are kept, in proportion to the cells' weights."""
    shots = np.array([cell.shots for cell in cells])
    weights = np.array([cell.weight for cell in cells])
    kept = np.floor(weights * (shots / weights).min() + 1e-6)
    return np.asarray(np.minimum(shots, kept), dtype=np.int64)


def _draw(rng: np.random.Generator, total: int, count: int) -> npt.NDArray[np.int64]:
    """Return at most `count` different numbers below `total`, in random order."""
    return np.asarray(rng.choice(total, size=min(count, total), replace=False))

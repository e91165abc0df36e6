"""What a game asks of its players, in sentences that a lecture hall understands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.theory.games.game import Game


def rule_lines(play: GameScoring) -> tuple[str, ...]:
    """Return how a game is played and won.

    The table of all winning answers is not said: it is long, and a page has its own.
    """
    game, names = play.game, _and(play.players)
    if play.asked is not None:
        return (
            f"The referee asks {names} each a question; the sum of all answers, modulo 2, is what counts.",
        )
    lines = [
        f"{names} play together against a referee. They may agree on a plan, and then may not talk any more.",
        "In each round the referee asks every player a question, which the others do not hear, and gets an "
        "answer.",
    ]
    for name, asked, answers in zip(play.players, game.prob.shape, game.answers, strict=True):
        lines.append(f"{name} is asked {_numbers(asked)} and answers {_numbers(answers)}.")
    if game.score is not None:
        return (*lines, "Question and answers have a score from 0 to 1; the mean score is to be high.")
    odd = odd_questions(game)
    if odd is None:
        return (*lines, "Which answers win depends on all questions: the table of the game says it.")
    if not odd:
        return (*lines, "They win if the sum of their answers is even.")
    if len(odd) == len(list(game.questions())):
        return (*lines, "They win if the sum of their answers is odd.")
    told = _and(tuple("".join(map(str, q)) if max(q) < 10 else ",".join(map(str, q)) for q in odd), "or")
    return (
        *lines,
        f"Asked {told}, they win if the sum of their answers is odd; asked anything else, if it is even.",
    )


def odd_questions(game: Game) -> tuple[tuple[int, ...], ...] | None:
    """Return the questions won by an odd sum of bits, where an even one wins all others; else None.

    >>> from qcoord_hw.theory.games.catalogue import GAMES
    >>> odd_questions(GAMES["chsh"]())
    ((1, 1),)
    >>> odd_questions(GAMES["ffl"]())
    """
    if game.score is not None or set(game.answers) != {2}:
        return None
    odd = np.indices(game.answers).sum(axis=0) % 2
    found = []
    for question in game.questions():
        win = game.win[question]
        if (win == odd).all():
            found.append(question)
        elif not (win == 1 - odd).all():
            return None
    return tuple(found)


def _numbers(count: int) -> str:
    return "always 0" if count == 1 else "0 or 1" if count == 2 else f"a number from 0 to {count - 1}"


def _and(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"

"""What a game asks of its players, in sentences that a lecture hall understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.families.games.cells import cell_lines, cells_of
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.families.games.winning import (
    Mask,
    box_words,
    boxes,
    condition,
    listed,
    numbers_words,
    winning_words,
)
from qcoord_hw.theory.games.game import Game

MOST_GROUPS = 6
"""Different conditions that are still told in sentences."""

MOST_BOXES = 6
"""Pieces of which one sentence names the questions that it is about."""

MOST_ENTRIES, MOST_QUESTIONS = 2**20, 2**12
"""Of a table of answers that is looked at for rules; larger ones are not told in words."""

MOST_ROWS = 40
"""Of the table of winning answers in a terminal."""


@dataclass(frozen=True)
class Rule:
    """How a game is played and won.

    Attributes:
        lines: sentences.
        complete: whether they say which answers win.
    """

    lines: tuple[str, ...]
    complete: bool


def rule_of(play: GameScoring) -> Rule:
    """Return how a game is played and won.

    >>> from qcoord_hw.catalogue import load_spec
    >>> from qcoord_hw.families.experiment import build_experiment
    >>> print(rule_of(build_experiment(load_spec("chsh")).play).lines[-2])
    If Bob is asked 1 and Charlie 1, they win if their answers differ.
    """
    game, names = play.game, play.players
    if play.asked is not None:
        told = "each a question; the sum of all answers, modulo 2, is what counts"
        return Rule((f"The referee asks {listed(names)} {told}.",), complete=False)
    lines = [
        f"{listed(names)} play together against a referee. They may agree on a plan, and then may not talk "
        "any more.",
        "In each round the referee asks every player a question, which the others do not hear, and gets an "
        "answer.",
    ]
    for name, asked, answers in zip(names, game.prob.shape, game.answers, strict=True):
        lines.append(f"{name} is {_numbers('asked', asked)} and {_numbers('answers', answers)}.")
    if _is_large(game):
        return Rule((*lines, "Which answers win depends on all questions, by a long table."), complete=False)
    lines += _asked_lines(game, names)
    won: Sequence[str] | None = None
    if game.score is None:
        won = _condition_lines(game, names)
        if won is None and (cells := cells_of(game)) is not None:
            won = cell_lines(cells, names)
        lines += won or ["Which answers win is in a table: for each question, those that do."]
    else:
        lines += [
            "Every round has a score from 0 to 1, and the mean score is to be high. The scores are in a "
            "table: for each question, what is worth more than 0."
        ]
    return Rule(tuple(lines), complete=bool(won))


def rule_lines(play: GameScoring) -> tuple[str, ...]:
    """Return how a game is played and won, with the table of what wins where sentences do not say it."""
    rule, game, names = rule_of(play), play.game, play.players
    if rule.complete or play.asked is not None or _is_large(game):
        return rule.lines
    questions = list(game.questions())
    rows = []
    for question in questions[:MOST_ROWS]:
        asked = ", ".join(f"{name} {x}" for name, x in zip(names, question, strict=True))
        verb = "they win" if game.score is None else "score"
        rows.append(f"  {asked}: {verb} {winning_words(game, question, names)}")
    more = len(questions) - len(rows)
    return (*rule.lines, *rows, *([f"  .. and {more} more questions"] if more else []))


def _is_large(game: Game) -> bool:
    return game.table.size > MOST_ENTRIES or game.prob.size > MOST_QUESTIONS


def _condition_lines(game: Game, names: Sequence[str]) -> list[str] | None:
    """Return a sentence for each condition with the questions that it is about; None if it takes too many."""
    groups: dict[str, list[tuple[int, ...]]] = {}
    known: dict[bytes, str | None] = {}
    for question in game.questions():
        mask = game.win[question].astype(bool)
        if (table := mask.tobytes()) not in known:
            known[table] = condition(mask, names)
        told = known[table]
        if told is None or (told not in groups and len(groups) == MOST_GROUPS):
            return None
        groups.setdefault(told, []).append(question)
    *few, (most, _) = sorted(groups.items(), key=lambda group: len(group[1]))
    lines = []
    for told, questions in few:
        when = _when(questions, game, names)
        if when is None:
            return None
        lines.append(f"{when}, they win {told}.")
    return [*lines, f"{'In all other cases they' if few else 'They'} win {most}."]


def _when(questions: Sequence[tuple[int, ...]], game: Game, names: Sequence[str]) -> str | None:
    """Return which questions are meant, of those that are asked; None where that is long."""
    asked = _mask(list(game.questions()), game.prob.shape)
    mask = _mask(questions, game.prob.shape)
    if len(names) == 2 and asked.shape[0] == asked.shape[1]:
        same = np.eye(len(asked), dtype=bool)
        if (mask == (asked & same)).all() and len(questions) > 1:
            return "If both are asked the same"
        if (mask == (asked & ~same)).all() and len(questions) > 2:
            return "If they are asked different questions"
    pieces = min((boxes(mask), boxes(mask | ~asked)), key=_length)
    if len(pieces) > 1 and len(names) > 2:
        sums = np.indices(mask.shape).sum(axis=0)
        meant = sorted(set(sums[mask].tolist()))
        if (mask == (asked & np.isin(sums, meant))).all():
            return f"If the sum of their questions is {numbers_words(meant)}"
    if len(pieces) > MOST_BOXES:
        return None
    told = [box_words(b, names, mask.shape, "" if k else "is asked") for k, b in enumerate(pieces)]
    return f"If {', or '.join(told)}"


def _length(pieces: Sequence[Sequence[Sequence[int]]]) -> int:
    return sum(len(numbers) for box in pieces for numbers in box)


def _mask(questions: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(np.array(questions).T)] = True
    return mask


def _asked_lines(game: Game, names: Sequence[str]) -> list[str]:
    """Return which questions come together, where not all do, and whether some come more often."""
    questions = list(game.questions())
    shape = game.prob.shape
    lines = []
    if len(questions) < game.prob.size:
        sums = {sum(question) % 2 for question in questions}
        if len(sums) == 1 and 2 * len(questions) == game.prob.size and set(shape) == {2}:
            lines.append(f"The sum of their questions is always {'odd' if sums == {1} else 'even'}.")
        elif told := _neighbours(questions, shape, names):
            lines.append(told)
        else:
            pieces = boxes(_mask(questions, shape))
            told = "; ".join(box_words(box, names, [game.prob.size + 1] * len(shape), "") for box in pieces)
            if len(pieces) > MOST_BOXES:
                told = f"{len(questions)} of {game.prob.size} combinations"
            lines.append(f"Not all questions come together, but only: {told}.")
    if len({game.prob[question] for question in questions}) > 1:
        lines.append("Some questions come more often than others.")
    return lines


def _neighbours(
    questions: Sequence[tuple[int, ...]], shape: tuple[int, ...], names: Sequence[str]
) -> str | None:
    """Return the sentence for questions that stand on a circle beside each other."""
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 3:
        return None
    size = shape[0]
    steps = {(y - x) % size for x, y in questions}
    own = names[0]
    words = {0: f"the same number as {own}", 1: f"{own}'s number plus 1", size - 1: f"{own}'s number minus 1"}
    if not steps <= set(words) or len(questions) != size * len(steps):
        return None
    told = listed([words[step] for step in sorted(steps, key=list(words).index)], "or")
    return f"{names[1]} is asked {told} (after {size - 1} comes 0)."


def _numbers(verb: str, count: int) -> str:
    if count == 1:
        return f"always {verb} 0"
    return f"{verb} {'0 or 1' if count == 2 else f'a number from 0 to {count - 1}'}"

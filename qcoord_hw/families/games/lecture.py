"""A finished run of a game as an audience plays beside it: rules, what wins, a plan, recorded rounds."""

from __future__ import annotations

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.families.base import Lecture
from qcoord_hw.families.games.rounds import rounds
from qcoord_hw.families.games.rule import rule_of
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.families.games.winning import winning_words
from qcoord_hw.record import RunRecord, interpreting
from qcoord_hw.text import printable
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.game import Game

MAX_ANSWERS = 16
"""Of one player, so that one key of a keyboard is one answer."""

MAX_QUESTIONS = 32
"""Of one player, so that a plan can be written down."""


def lecture_of(record: RunRecord, seed: int, count: int) -> Lecture:
    """Return a finished run for an audience; see `Family.lecture`.

    Args:
        record: a finished run of a game.
        seed: of the order of its rounds.
        count: how many rounds at most.

    Raises:
        InputError: naming what is too large: `players`, `answers` or `questions`.
    """
    with interpreting(record.path):
        play = GameScoring.from_json(record.intent["experiment"]["play"])
    game = play.game
    check_playable(game)
    try:
        strategy = classical_optimum(game).strategy
    except TooLargeError:
        strategy = None
    questions = tuple(game.questions())
    number = {question: k for k, question in enumerate(questions)}
    rule = rule_of(play)
    return Lecture(
        name=printable(game.name),
        players=tuple(printable(name) for name in play.players),
        rule=tuple(printable(line) for line in rule.lines),
        is_told=rule.complete,
        questions=questions,
        probabilities=tuple(float(game.prob[q]) for q in questions),
        answers=game.answers,
        wins=tuple(printable(winning_words(game, q, play.players)) for q in questions),
        worth=tuple(tuple(map(float, game.table[q].reshape(-1))) for q in questions),
        is_scored=game.score is not None,
        classical=play.bound.to_json(),
        strategy=strategy,
        theory=None if play.theory is None else play.theory.to_json(),
        rounds=tuple((number[one.question], one.answers) for one in rounds(record, seed, count)),
    )


def check_playable(game: Game) -> None:
    """Check that people can play a game by hand.

    Raises:
        InputError: naming what is too large.
    """
    if game.players not in (2, 3):
        raise InputError(f"players: {game.players}; allowed on a page are 2 or 3")
    if max(game.answers) > MAX_ANSWERS:
        raise InputError(
            f"answers: {max(game.answers)}; allowed on a page are at most {MAX_ANSWERS} a player"
        )
    if max(game.prob.shape) > MAX_QUESTIONS:
        most = max(game.prob.shape)
        raise InputError(f"questions: {most}; allowed on a page are at most {MAX_QUESTIONS} a player")

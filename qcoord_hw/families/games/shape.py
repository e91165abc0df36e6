"""How a game is scored, as a record holds it: its shape, and whether it fits the rest of the record."""

from __future__ import annotations

import math
from typing import Any

from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.record.shape import (
    BITS,
    INDEX,
    KIND,
    SHARE,
    VALUE,
    WORDS,
    anything,
    fields,
    integer,
    list_of,
    maybe,
    real,
    require,
)

MAX_TALLY = 50_000_000
"""Cells in which a run is counted."""

CHANCE = fields({"value": SHARE, "kind": KIND, "source": WORDS})

SHAPE = fields(
    {
        "game": anything,
        "players": list_of(WORDS, least=1),
        "questions": list_of(list_of(list_of(INDEX, least=1), least=1), least=1),
        "answers": list_of(list_of(BITS, least=1), least=1),
        "theory": maybe(CHANCE),
        "bound": CHANCE,
        "figures": list_of(
            fields(
                {
                    "name": WORDS,
                    "scale": real(1e-9),
                    "offset": real(),
                    "theory": maybe(VALUE),
                    "bound": VALUE,
                }
            )
        ),
    },
    {
        "decoded": maybe(list_of(list_of(list_of(integer(-1, 10**6), least=1), least=1), least=1)),
        "agreed": list_of(INDEX),
        "asked": list_of(list_of(integer(0, 1), least=1), least=1),
    },
)


def check(intent: dict[str, Any], width: float) -> None:
    """Check how a run is scored: see `Family.check`."""
    SHAPE(intent["experiment"]["play"], "play")
    play = GameScoring.from_json(intent["experiment"]["play"])
    settings, plan = intent["experiment"]["settings"], intent["plan"]
    sizes, rounds, k = play.game.answers, play.rounds, play.game.players
    require(len(play.players) == k, "play.players", len(play.players), f"are {k}, as the game has")
    require(len(play.questions) == len(settings), "play.questions", len(play.questions), "is one per setting")
    asked = {q for circuit in play.questions for q in circuit}
    for circuit in play.questions:
        require(len(circuit) == rounds, "play.questions", len(circuit), f"are {rounds} rounds")
    for question in asked:
        fits = len(question) == k and all(x < n for x, n in zip(question, play.game.prob.shape, strict=True))
        require(
            fits and play.game.prob[question] > 0, "play.questions", question, "are questions of the game"
        )
    for players in play.answers:
        require(len(players) == k, "play.answers", len(players), f"is one per player, {k}")
        for player, bits in enumerate(players):
            fits = max(bits) < width and (len(bits) <= 20 or play.asked is not None)
            if play.asked is not None:
                fits = fits and k == 1 and sizes == (2,) and len(set(bits)) == len(bits)
            elif play.decoded is None:
                fits = fits and 2 ** len(bits) <= sizes[player]
            require(fits, "play.answers", list(bits), "are bits of the outcome that make an answer")
    if play.decoded is not None:
        require(len(play.decoded) == k, "play.decoded", len(play.decoded), f"is one per player, {k}")
        for player, own in enumerate(play.decoded):
            most = max(len(players[player]) for players in play.answers)
            fits = len(own) >= play.game.prob.shape[player] and all(
                len(t) >= 2**most and max(t) < sizes[player] for t in own
            )
            require(fits, "play.decoded", player, "is an answer for each outcome and question")
    if play.asked is not None:
        fits = len(play.asked) == play.game.prob.shape[0] and play.decoded is None
        fits = fits and {len(question) for question in play.asked} == {len(play.answers[0][0])}
        require(fits, "play.asked", len(play.asked), "is what each player is asked in each question")
    if play.agreed is not None:
        fits = len(play.agreed) == len(play.questions)
        require(fits, "play.agreed", len(play.agreed), "is one per circuit")
    blocks = 1 + max((chunk["block"] for chunk in plan), default=0)
    cells = len(play.questions) * rounds * blocks * math.prod(size + 1 for size in sizes)
    require(cells <= MAX_TALLY, "play", cells, f"are at most {MAX_TALLY} cells of counts")

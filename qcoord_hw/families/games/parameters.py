"""The parameters of nonlocal games."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.schema import Flag, Parameter, read
from qcoord_hw.spec import Plain

MAX_ROUNDS = 64
MOST_PLAYERS = 6
MANY_PLAYERS = 100
"""Players of the GHZ game; from `MOST_PLAYERS` on some of its questions are asked, not all."""
PLAYERS = ("Bob", "Charlie", "Dave", "Erin", "Frank", "Grace")[:MOST_PLAYERS]

SEARCH_SECONDS = 15.0
"""For a strategy of a game that is not in the catalogue."""

MAX_SECONDS = 3600

SEARCH = ("dimension", "time_limit")
"""Of the search for a strategy; what was found stands in their place."""


def game_names() -> tuple[Plain, ...]:
    """Return the games that are played by name: by circuits of their own, or a strategy in closed form."""
    from qcoord_hw.theory.games.explicit import EXPLICIT

    return tuple(dict.fromkeys(("chsh", "magic-square", "ghz", *EXPLICIT)))


PARAMETERS = (
    Parameter(
        "prob",
        "list",
        "a game of your own: how likely each question is, prob[x][y], as in a game file",
        usual="none: a game is named",
    ),
    Parameter(
        "game",
        "choice",
        "the game, in place of one of your own",
        choices=game_names,
        allowed="is prob with win or score, or a name",
        required=True,
        when={"prob": (None,)},
    ),
    Parameter("win", "list", "which answers win: win[x][y][b][c], 0 or 1", usual="score", when={"prob": ()}),
    Parameter(
        "score",
        "list",
        "in place of win: rationals in [0, 1]",
        usual="win",
        when={"prob": (), "win": (None,)},
    ),
    Parameter(
        "expression",
        "text",
        "the Bell expression that the game was made of, as the JSON text of its file",
        usual="none: figures are those of the game",
        when={"prob": ()},
    ),
    Parameter(
        "strategy",
        "text",
        "what is played, as JSON text with dimensions, state and measurements, or with pauli",
        usual="the best that a search finds",
        when={"prob": ()},
    ),
    Parameter(
        "dimension",
        "integer",
        "local dimension searched, at most: 8 for two players, 4 for three, 2 for more",
        usual="as large as it helps",
        low=1,
        high=8,
        when={"prob": (), "strategy": (None,)},
        flags=(Flag("--dimension", "D"),),
    ),
    Parameter(
        "time_limit",
        "number",
        "seconds of the search for a strategy",
        default=SEARCH_SECONDS,
        allowed=f"are seconds above 0, up to {MAX_SECONDS}",
        check=lambda value: 0 < value <= MAX_SECONDS,
        when={"prob": (), "strategy": (None,)},
        flags=(Flag("--time-limit", "S", "seconds of the search for a strategy (15)"),),
    ),
    Parameter(
        "players",
        "integer",
        "how many play",
        low=3,
        high=MANY_PLAYERS,
        required=True,
        when={"game": ("ghz",)},
    ),
    Parameter(
        "rounds",
        "integer",
        "rounds in a row in one circuit",
        default=1,
        low=1,
        high=MAX_ROUNDS,
        flags=(Flag("--rounds", "N"),),
    ),
    Parameter(
        "rate",
        "number",
        "qubits per round to each player; less than a share mixes in classical rounds",
        usual="the qubits of a share",
        allowed="are numbers of qubits per round, from 0 to those of a share",
        flags=(Flag("--rate", "Q"),),
    ),
    *DISTANCE,
)


def read_parameters(options: Mapping[str, Plain]) -> dict[str, Any]:
    """Return the value of every parameter.

    Raises:
        InputError: naming the one that is missing, unknown or not allowed.
    """
    which = options.get("game")
    return read(PARAMETERS, options, f"for game {which!r}" if which else "for a game of your own")

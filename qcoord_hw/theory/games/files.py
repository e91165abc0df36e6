"""What stands for a game: a name of the catalogue or of a Bell expression, or a file of either kind."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.spec import read_json
from qcoord_hw.text import meant
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.expression import BellExpression
from qcoord_hw.theory.games.game import QUANTUM_REFEREE, Game
from qcoord_hw.theory.games.named_expressions import EXPRESSIONS, is_named, named_expression
from qcoord_hw.theory.games.spread import spread

_CONSTRAINTS = "side constraints, such as Hardy's zeros, are not taken; allowed is an expression without"
_REFEREE = f"{QUANTUM_REFEREE}; allowed are games of classical questions"

NO_DOOR = {
    "subject_to": _CONSTRAINTS,
    "constraints": _CONSTRAINTS,
    "equalities": _CONSTRAINTS,
    "inequalities": _CONSTRAINTS,
    "referee": _REFEREE,
    "pred": _REFEREE,
    "states": _REFEREE,
    "question_states": _REFEREE,
}
"""Fields of files of other programs for which there is nothing here yet."""

KEYS = frozenset({"prob", "win", "score", "expression", "subject_to", "referee", "pred"})
"""A file with any of these is one of a game; the last three are refused in words."""


def find_game(name_or_path: str) -> Game:
    """Return the game of a name or of a game file; of a Bell expression an `ExpressionGame`.

    Raises:
        InputError: when it is neither, or the file is wrong.
    """
    if name_or_path.endswith(".json"):
        return read_game(Path(name_or_path))
    if name_or_path in GAMES:
        return GAMES[name_or_path]()
    if is_named(name_or_path):
        return spread(named_expression(name_or_path))
    close = meant(name_or_path, [*GAMES, *EXPRESSIONS])
    raise InputError(
        f"game: unknown {name_or_path!r}{close}; allowed are a .json file, "
        f"an expression ({', '.join(EXPRESSIONS)}) or a game: {', '.join(GAMES)}"
    )


def read_game(path: Path) -> Game:
    """Read a game file, or a Bell expression.

    Raises:
        InputError: when it cannot be read, is not JSON, or a field is wrong.
        TooLargeError: when the file states a local bound that would take too long to check.
    """
    path = Path(path)
    data = read_json(path, parse_float=Decimal)
    try:
        check_door(data)
        if isinstance(data, dict) and "expression" in data:
            return spread(BellExpression.from_json(data))
        return Game.from_json(data)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def check_door(data: Any) -> None:
    """Refuse what other programs state and nothing here can take yet.

    Raises:
        InputError: saying what it is.
    """
    for key, words in NO_DOOR.items():
        if isinstance(data, dict) and key in data:
            raise InputError(f"{key}: {words}")

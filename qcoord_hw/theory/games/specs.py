"""Games in specs: the parameters of the family `nonlocal-game` that hold a game of the user's own.

`prob` with `win` or `score` are the game; `strategy` is what is played, as JSON text. A strategy that was
looked for is put there before anything is built, so that a record can be built again at any machine's speed.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import ExperimentSpec, Plain, canonical_json, frozen, listed, one_line
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.quantum import quantum_value, strategy_json
from qcoord_hw.theory.games.strategies import QuantumStrategy

SEARCH_SECONDS = 15.0
"""For a strategy of a game that is not in the catalogue."""

TABLES = ("prob", "win", "score")


def spec_of_game(game: Game) -> ExperimentSpec:
    """Return the spec under which a user's game is run: probabilities and scores as exact strings."""
    data = game.to_json()
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in game.name)
    parameters = {key: frozen(value) for key, value in data.items() if key != "name"}
    return ExperimentSpec(
        name=name,
        title=f"{game.name}: a game of {game.players} players",
        family="nonlocal-game",
        parameters=tuple(sorted(parameters.items())),
    )


def game_of(name: str, parameters: dict[str, Plain]) -> Game:
    """Return the game that stands in a spec's parameters.

    Raises:
        InputError: naming the field that is wrong.
    """
    given: dict[str, Any] = {key: listed(parameters[key]) for key in TABLES if key in parameters}
    if "prob" not in given:
        raise InputError("parameters.prob: missing; a game of your own needs prob with win or score")
    return Game(name, given.pop("prob"), given.pop("win", None), **given)


def with_strategy(name: str, parameters: dict[str, Plain]) -> dict[str, Plain]:
    """Return the parameters with a strategy for the game that stands in them, looked for if there is none."""
    if "strategy" in parameters or "prob" not in parameters:
        return parameters
    found = quantum_value(game_of(name, parameters), time_limit=SEARCH_SECONDS)
    return parameters | {"strategy": canonical_json(strategy_json(found.strategy))}


def strategy_of(text: Plain) -> QuantumStrategy:
    """Return the strategy of a spec's parameter.

    Raises:
        InputError: when it is not the JSON text of one.
    """
    try:
        data = json.loads(str(text))
        state = np.array(data["state"], dtype=float)
        measurements = tuple(
            tuple(_complex(np.array(povm, dtype=float)) for povm in own) for own in data["measurements"]
        )
        return QuantumStrategy(tuple(map(int, data["dimensions"])), _complex(state), measurements)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"parameters.strategy: {one_line(error)}; allowed is JSON text with dimensions, state and "
            "measurements"
        ) from None


def _complex(pairs: Any) -> Any:
    return pairs[..., 0] + 1j * pairs[..., 1]

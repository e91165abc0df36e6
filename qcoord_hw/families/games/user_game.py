"""A game of the user's own, and what is played, in the parameters of a spec.

`prob` with `win` or `score` are the game; `strategy` is what is played, as JSON text, and `expression` the
Bell expression that the game was made of. A strategy that was looked for, and how marginals were spread, are
put there before anything is built, so that a record can be built again at any machine's speed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.games.expression import expression_of
from qcoord_hw.families.games.parameters import MANY_PLAYERS, MOST_PLAYERS, SEARCH, read_parameters
from qcoord_hw.spec import ExperimentSpec, Plain, canonical_json, one_line, to_lists, to_tuples
from qcoord_hw.theory.games.checker import ClaimError, check_pauli, check_upper, payoff_of
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.pauli_solution import SOURCE, PauliSolution
from qcoord_hw.theory.games.spread import ExpressionGame, spread
from qcoord_hw.theory.games.strategies import QuantumStrategy, win_probability
from qcoord_hw.theory.value import Value

if TYPE_CHECKING:
    from qcoord_hw.theory.games.quantum import QuantumBracket

TABLES = ("prob", "win", "score", "expression")
"""The parameters that are the game."""

CANDIDATES = 4
"""Strategies of equal value of which circuits are compared."""


def spec_of_game(game: Game) -> ExperimentSpec:
    """Return the spec under which a user's game is run: probabilities and scores as exact strings."""
    data = game.to_json()
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in game.name)
    parameters = {key: to_tuples(value) for key, value in data.items() if key != "name"}
    kind = "game"
    if isinstance(game, ExpressionGame):
        kind, parameters["expression"] = "Bell expression", canonical_json(game.expression.to_json())
    return ExperimentSpec(
        name=name,
        title=f"{game.name}: a {kind} of {game.players} players",
        family="nonlocal-game",
        parameters=tuple(sorted(parameters.items())),
    )


def spec_of_name(name: str) -> ExperimentSpec | None:
    """Return the spec of a game whose strategy is known in closed form, or of a Bell expression.

    None for any other name; those of the catalogue come first.
    """
    from qcoord_hw.theory.games.explicit import EXPLICIT
    from qcoord_hw.theory.games.named_expressions import is_named, named_expression

    many = re.fullmatch(r"ghz-([1-9]\d{0,2})", name)
    if many and MOST_PLAYERS < int(many[1]) <= MANY_PLAYERS:
        return ExperimentSpec(
            name=name,
            title=f"GHZ (Mermin) game of {many[1]} players on a one-to-many network",
            family="nonlocal-game",
            parameters=(("game", "ghz"), ("players", int(many[1]))),
        )
    if name not in EXPLICIT:
        return spec_of_game(spread(named_expression(name))) if is_named(name) else None
    return ExperimentSpec(
        name=name,
        title=f"The game {name} by its strategy in closed form",
        family="nonlocal-game",
        parameters=(("game", name),),
    )


def game_of(name: str, parameters: dict[str, Plain]) -> Game:
    """Return the game that stands in a spec's parameters.

    Raises:
        InputError: naming the field that is wrong.
    """
    given: dict[str, Any] = {key: to_lists(parameters[key]) for key in TABLES if key in parameters}
    expression, prob, win = given.pop("expression", None), given.pop("prob"), given.pop("win", None)
    if expression is None:
        return Game(name, prob, win, **given)
    return ExpressionGame(expression_of(expression), prob, win, **given)


def with_strategy(
    name: str,
    parameters: dict[str, Plain],
    seed: int = 0,
    gates: Callable[[dict[str, Plain]], float] | None = None,
) -> dict[str, Plain]:
    """Return the parameters with a strategy for the game that stands in them, looked for if there is none.

    Where no strategy wins more, the certificate of that stands under `upper` in the strategy's JSON text.

    Args:
        name: of the game.
        parameters: of its spec; `dimension` and `time_limit` are of the search.
        seed: of the search.
        gates: the two-qubit gates of such parameters: of strategies that win equally much the one with the
            fewest is taken; without it the smallest one.

    Raises:
        InputError: when a parameter is not allowed.
    """
    values = read_parameters(parameters)
    if "strategy" in parameters or "prob" not in parameters:
        return parameters
    from qcoord_hw.theory.games.quantum import quantum_value  # searches; a game that is named needs none

    game = game_of(name, parameters)
    try:
        found = quantum_value(game, seed=seed, time_limit=values["time_limit"], dimension=values["dimension"])
    except InputError as error:
        raise InputError(f"parameters.{error}") from None
    stated = {key: value for key, value in parameters.items() if key not in SEARCH}
    candidates = [stated | {"strategy": text} for text in _texts(found)]
    if gates is None or len(candidates) == 1:
        return candidates[0]
    return min(candidates, key=gates)


def _texts(found: QuantumBracket) -> list[str]:
    """Return strategies of equal value as JSON text, one of each size, the smallest first."""
    from qcoord_hw.theory.games.quantum import strategy_json

    upper = {"upper": found.upper_certificate} if found.kind == "exact" else {}
    if found.pauli is not None:
        return [canonical_json({"pauli": found.pauli.to_json()} | upper)]
    sizes = {own.dimensions: own for own in reversed(found.equals)}
    first = [own for own in found.equals if sizes[own.dimensions] is own]
    return [canonical_json(strategy_json(own) | upper) for own in first[:CANDIDATES]]


def value_of(game: Game, text: Plain) -> Value:
    """Return what the strategy of a spec's parameter wins: exact where its certificate closes the bracket.

    Raises:
        InputError: when it is not the JSON text of a strategy, or the certificate does not hold.
    """
    strategy, data = strategy_of(text), json.loads(str(text))
    payoff = payoff_of(game.prob, game.table)
    if isinstance(strategy, PauliSolution):
        try:
            won = check_pauli(payoff, data["pauli"])
        except ClaimError as error:
            raise InputError(f"parameters.strategy: {error}") from None
        return Value(float(won), "exact" if won == 1 else "lower", SOURCE)
    value, certificate = win_probability(game, strategy), data.get("upper")
    if certificate is None:
        return Value(value, "lower", "of the strategy that is played")
    bound, wrong = check_upper(payoff, certificate)
    if wrong or bound is None:
        raise InputError(f"parameters.strategy: upper: {wrong[0]}; allowed is a certificate that holds")
    from qcoord_hw.theory.games.quantum import bracket_kind, size_of

    if bracket_kind(value, float(bound), size_of(game.payoff)) == "exact":
        return Value(value, "exact", "of the strategy that is played, with a certificate that none wins more")
    return Value(value, "lower", "of the strategy that is played")


def strategy_of(text: Plain) -> QuantumStrategy | PauliSolution:
    """Return the strategy of a spec's parameter.

    Raises:
        InputError: when it is not the JSON text of one.
    """
    try:
        data = json.loads(str(text))
        if "pauli" in data:
            return PauliSolution.from_json(data["pauli"])
        state = np.array(data["state"], dtype=float)
        measurements = tuple(
            tuple(_complex(np.array(povm, dtype=float)) for povm in own) for own in data["measurements"]
        )
        return QuantumStrategy(tuple(map(int, data["dimensions"])), _complex(state), measurements)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"parameters.strategy: {one_line(error)}; allowed is JSON text with dimensions, state and "
            "measurements, or with pauli"
        ) from None


def _complex(pairs: Any) -> Any:
    return pairs[..., 0] + 1j * pairs[..., 1]

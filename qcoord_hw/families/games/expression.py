"""Bell expressions in the user's own units: figures of a run, the block of a summary and of an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.games.scoring import LinearFigure
from qcoord_hw.inputs import parse_json
from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.statistics.stratified import METHOD, Stratum, sum_limits
from qcoord_hw.text import one_line
from qcoord_hw.theory.games.expression import BellExpression
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.spread import ExpressionGame, even_split
from qcoord_hw.theory.value import Value

if TYPE_CHECKING:
    from qcoord_hw.families.games.analysis import Cell

EXPRESSION, AS_WRITTEN = "expression", "expression_as_written"
"""Names of estimates."""

OWN_UNITS = "in the units of the expression"
"""The axis on which they are drawn."""

NOISE, SMALL_P = Fraction(1, 20), 1e-6
"""White noise, and the p-value to get below, for which the shots are stated."""


def expression_of(text: Any) -> BellExpression:
    """Return the Bell expression of a spec's parameter.

    Raises:
        InputError: when it is not the JSON text of one.
    """
    try:
        data = parse_json(str(text).encode(), parse_float=Decimal)
    except ValueError as error:
        raise InputError(
            f"parameters.expression: {one_line(error, 160)}; allowed is the JSON text of a Bell expression"
        ) from None
    try:
        return BellExpression.from_json(data)
    except InputError as error:
        raise InputError(f"parameters.expression: {error}") from None


def figures_of(game: Game, theory: Value | None) -> tuple[LinearFigure, ...]:
    """Return the figure of a game that is a Bell expression; none of others."""
    if not isinstance(game, ExpressionGame):
        return ()
    scale, offset = float(game.scale), float(game.offset)
    return (
        LinearFigure(
            EXPRESSION,
            scale,
            offset,
            theory and replace(theory, value=scale * theory.value + offset),
            Value(float(game.local_bound), "exact", "local bound, exhaustive search [Cleve2004]"),
        ),
    )


def expression_game(text: Any, game: Game) -> ExpressionGame:
    """Return a recorded game as that of the Bell expression of its spec's parameter.

    Raises:
        ValueError: when it is none, or the game is not its own.
    """
    table: dict[str, Any] = {"win": game.win} if game.score is None else {"score": game.score}
    try:
        return ExpressionGame(expression_of(text), game.prob, **table)
    except InputError as error:
        raise ValueError(str(error)) from None


def as_written(game: ExpressionGame, cells: Sequence[Cell], found: Estimate) -> Estimate | None:
    """Return the expression with every marginal the mean over the questions that ask for it.

    Without signalling that is the same; where a device signals it is not. None where the game is split so
    anyway, or something was not asked.

    Args:
        game: the Bell expression as a game.
        cells: what was counted, one round.
        found: its estimate as a game.
    """
    asked = {cell.question for cell in cells}
    try:
        scores = even_split(game.expression, asked.__contains__).scores
    except InputError:  # a term of settings that were not asked
        return None
    strata, same = [], True
    for cell in cells:
        own = scores[cell.question].astype(float)
        # what no outcome stands for is worth the least, as in the game
        table = np.full(cell.win.shape, own.min())
        table[tuple(map(slice, own.shape))] = own
        same &= np.allclose(table - own.min(), float(game.scale) * cell.weight * cell.win)
        counts = cell.tally.sum(axis=0)
        mean = float((counts * table).sum()) / cell.shots
        variance = float((counts * (table - mean) ** 2).sum()) / max(cell.shots - 1, 1)
        two = len(np.unique(table)) == 2
        strata.append(Stratum(cell.shots, mean, variance, float(own.min()), float(own.max()), two))
    if same:
        return None
    alpha = (1 - found.confidence) / 2
    low, best, high = sum_limits(strata, 0.0, alpha, alpha)
    title = f"{found.title} as written"
    return replace(
        found,
        name=AS_WRITTEN,
        title=title,
        short="",
        low=low,
        best=best,
        high=high,
        method=METHOD,
        p_value=None,
    )


def units_of(figure: LinearFigure) -> dict[str, Any]:
    """Return what is known of a Bell expression before it is run, in its own units."""
    theory = figure.theory
    return {
        "local_bound": figure.bound.value,
        "lower": theory.value if theory else None,
        "upper": theory.value if theory and theory.kind == "exact" else None,
        "scale": figure.scale,
        "offset": figure.offset,
    }


def summary_block(
    figures: Sequence[Mapping[str, Any]], estimates: Sequence[Estimate]
) -> dict[str, Any] | None:
    """Return what a summary says of a Bell expression in its own units; None where there is none.

    Args:
        figures: of the play, as a record has them.
        estimates: of the run.
    """
    named = {estimate.name: estimate for estimate in estimates}
    figure = next((f for f in figures if f["name"] == EXPRESSION), None)
    if figure is None or EXPRESSION not in named:
        return None
    found, written = named[EXPRESSION], named.get(AS_WRITTEN)
    theory = figure["theory"] or {"value": None, "kind": None}
    return {
        "local_bound": figure["bound"]["value"],
        "lower": theory["value"],
        "upper": theory["value"] if theory["kind"] == "exact" else None,
        "estimate": {"low": found.low, "best": found.best, "high": found.high},
        "as_written": None
        if written is None
        else {"low": written.low, "best": written.best, "high": written.high},
        "verdict": found.verdict,
        "p_value": found.p_value,
        "scale": figure["scale"],
        "offset": figure["offset"],
    }


@dataclass(frozen=True)
class ExactUnits:
    """The units of an expression: its value is `scale` * value of the game + `offset`; all exact."""

    local_bound: Fraction | None
    scale: Fraction
    offset: Fraction


@dataclass(frozen=True)
class ExpressionValues:
    """What theory says of a Bell expression in its own units.

    Attributes:
        local_bound: the largest value of local models; None where it is not known.
        lower: reached by a quantum strategy.
        upper: certified to be reached by none.
        scale: the value of the expression is `scale` * value of the game + `offset`.
        offset: the constant.
        exact: the same as fractions.
        shots: how many refute local models where the strategy is played with white noise; None where the
            local bound is not known.
        file: the expression, as in a file.
    """

    local_bound: float | None
    lower: float
    upper: float
    scale: float
    offset: float
    exact: ExactUnits
    shots: Mapping[str, Any] | None
    file: Mapping[str, Any]


def expression_values(
    game: ExpressionGame, classical: Fraction | None, lower: float, upper: float
) -> ExpressionValues:
    """Return what theory says of a Bell expression in its own units.

    Args:
        game: the expression as a game.
        classical: the exact classical value of the game; None where it is not known.
        lower: of the quantum value of the game.
        upper: of the same.
    """
    bound = None if classical is None else game.value(classical)
    scale, offset = float(game.scale), float(game.offset)
    return ExpressionValues(
        local_bound=None if bound is None else float(bound),
        lower=scale * lower + offset,
        upper=scale * upper + offset,
        scale=scale,
        offset=offset,
        exact=ExactUnits(bound, game.scale, game.offset),
        shots=None if classical is None else _shots(game, classical, lower),
        file=game.expression.to_json(),
    )


def _shots(game: ExpressionGame, classical: Fraction, lower: float) -> dict[str, Any]:
    """Return how many shots refute local models where the strategy is played with some white noise."""
    mixed = (game.expression.white_noise() - game.offset) / game.scale
    win, bound = (1 - float(NOISE)) * lower + float(NOISE * mixed), float(classical)
    stated = {"white_noise": float(NOISE), "p_value": SMALL_P, "win": win}
    if not win > bound + 1e-9 or bound <= 0:
        return stated | {"shots": None}
    divergence = win * math.log(win / bound)
    if win < 1:
        divergence += (1 - win) * math.log((1 - win) / (1 - bound))
    return stated | {"shots": math.ceil(-math.log(SMALL_P) / divergence)}

"""An independent proof that no deterministic strategy exceeds a claimed value.

The players answer one question after the other, many partial strategies at a time; the last player answers
at best. What a partial strategy can still win is bounded in two ways: by letting the open questions of the
present player be answered anew for every question and answer of the others, and by what those open questions
win in a game of their own. Whatever cannot exceed the claim is dropped, so that an honest claim is the best
bound there is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import brief, is_integer
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError

BUDGET = 3e9
"""Additions; about a minute."""

WIDTH = 1 << 17
"""Numbers handled at a time."""

FEW = 5_000
"""Strategies of the first player for which games of the open questions are not worth their while."""

OBJECT_PRICE = 100

Table = npt.NDArray[Any]
"""Integers."""


def strategy_value(game: ClaimedGame, strategy: Any) -> Any:
    """Return the exact value of a deterministic strategy, answers[player][question].

    Raises:
        ClaimError: when it is none.
    """
    if not isinstance(strategy, list) or len(strategy) != game.players:
        raise ClaimError(f"classical.strategy: {brief(strategy)}; allowed is a list for each player")
    for own, asked, size in zip(strategy, game.questions, game.answers, strict=True):
        if not isinstance(own, list) or len(own) != asked or not all(is_integer(a, 0, size - 1) for a in own):
            raise ClaimError(f"classical.strategy: {brief(own)}; allowed is an answer for each question")
    k = game.players
    return sum(
        weight
        for index, weight in game.payoff.items()
        if all(own[x] == a for own, x, a in zip(strategy, index[:k], index[k:], strict=True))
    )


def exceeded(game: ClaimedGame, claim: Any, budget: float = BUDGET) -> bool:
    """Return whether some deterministic strategy wins more than this.

    Args:
        game: without negative payoffs.
        claim: a fraction.
        budget: additions at most, about.

    Raises:
        ClaimError: when it cannot be decided within the budget.
    """
    scale = math.lcm(claim.denominator, *(weight.denominator for weight in game.payoff.values()))
    k = game.players
    largest = int(game.best() * scale)
    kind: Any = next((t for t in (np.int16, np.int32, np.int64) if largest <= np.iinfo(t).max), object)
    weights = np.zeros(game.questions + game.answers, dtype=kind)
    for index, weight in game.payoff.items():
        weights[index] = int(weight * scale)
    # the player with most strategies is not enumerated
    count = [size**asked for size, asked in zip(game.answers, game.questions, strict=True)]
    order = sorted(range(k), key=count.__getitem__)
    weights = weights.transpose([*order, *(k + i for i in order)])
    if k == 1:  # beside a player without a choice
        weights = weights[None, :, None, :]
    heavy = weights.reshape(len(weights), -1).sum(axis=1) / max(1, largest)  # their answers move bounds most
    first = np.argsort(-heavy.astype(float), kind="stable")
    return _Search(weights[first], budget).best_above(int(claim * scale)) > int(claim * scale)


class _Search:
    """All strategies of a game with integer weights, those of the last player by best responses."""

    def __init__(self, weights: Table, budget: float) -> None:
        self.weights, self.budget = weights, budget
        self.questions = weights.shape[: weights.ndim // 2]
        self.answers = weights.shape[weights.ndim // 2 :]
        self.price = OBJECT_PRICE if weights.dtype == object else 1

    def best_above(self, least: int) -> int:
        """Return the value of the game if it is above this, else this."""
        first = self.questions[0]
        open_ones: list[int] | None = None
        if float(self.answers[0]) ** first > FEW:
            open_ones = [0] * (first + 1)
            for x in range(first - 1, 0, -1):
                open_ones[x] = self._run(x, open_ones[x + 1], open_ones)
        return self._run(0, least, open_ones)

    def _run(self, start: int, least: int, open_ones: list[int] | None) -> int:
        """Return the value of the game of the first player's questions from `start` on, if above `least`."""
        self.best = least
        self._search(self._stage(self.weights[..., None], 0), 0, start, open_ones)
        return self.best

    def _stage(self, won: Table, player: int) -> Table:
        """Return tables (X, A, C, Y, games): Y, C questions and answers of all later players together.

        Args:
            won: shape (X, Y_1, .., A, C_1, .., games), of this player and the later ones.
            player: whose turn it is.
        """
        later = len(self.questions) - player - 1
        won = np.moveaxis(won, 1 + later, 1)
        won = np.moveaxis(won, range(2, 2 + later), range(2 + later, 2 + 2 * later))
        y, c = math.prod(self.questions[player + 1 :]), math.prod(self.answers[player + 1 :])
        return np.ascontiguousarray(won.reshape(*won.shape[:2], c, y, won.shape[-1]))

    def _search(self, table: Table, player: int, start: int, open_ones: list[int] | None) -> None:
        """Go through the answers of a player in many games at once, then through those of the later ones."""
        questions, answers, *shape, games = table.shape
        convenient = np.zeros((questions + 1, *shape, games), dtype=table.dtype)
        for x in range(questions - 1, -1, -1):
            convenient[x] = convenient[x + 1] + table[x].max(axis=0)
        stack = [(start, np.arange(games), np.zeros((*shape, games), dtype=table.dtype))]
        width = max(16, WIDTH // math.prod(shape))
        while stack:
            x, game, won = stack.pop()
            if len(game) > width:
                stack.append((x, game[width:], won[..., width:]))
                game, won = game[:width], won[..., :width]
            last = x + 1 == questions
            found = []
            for answer in range(answers):
                self._spend(won.size)
                grown = won + _of(table[x, answer], game)
                own = game
                if last or open_ones is not None:
                    bound = _value(grown) + (0 if last or open_ones is None else open_ones[x + 1])
                    grown, bound, own = _above(self.best, grown, bound, own)
                if not last:
                    bound = _value(grown + _of(convenient[x + 1], own))
                    grown, bound, own = _above(self.best, grown, bound, own)
                found.append((own, grown, bound))
            game, won, bound = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
            if not len(game):
                continue
            falling = np.argsort(bound, kind="stable")[::-1]
            game, won = game[falling], won[..., falling]
            if not last:
                stack.append((x + 1, game, won))
            elif player == len(self.questions) - 2:
                self.best = int(bound.max())
            else:
                self._next(won, player + 1)

    def _next(self, won: Table, player: int) -> None:
        """Let the next player answer, given what the earlier ones did: (C, Y, N)."""
        asked, answers = self.questions[player:], self.answers[player:]
        won = np.moveaxis(
            won.reshape(*answers, *asked, -1), range(len(answers)), range(len(asked), 2 * len(asked))
        )
        table = self._stage(won, player)
        width = max(1, WIDTH // math.prod(table.shape[:-1]))
        for k in range(0, table.shape[-1], width):
            self._search(table[..., k : k + width], player, 0, None)

    def _spend(self, additions: int) -> None:
        self.budget -= self.price * additions
        if self.budget < 0:
            raise ClaimError("classical.value: not proved: the search is too long")


def _of(table: Table, game: npt.NDArray[np.intp]) -> Table:
    """Return each partial strategy's own table; one table serves all where there is but one game."""
    return table if table.shape[-1] == 1 else table[..., game]


def _above(least: int, won: Table, bound: Table, game: npt.NDArray[np.intp]) -> tuple[Table, Table, Any]:
    """Return those of the partial strategies that may win more than this."""
    keep = np.flatnonzero(bound > least)
    return won[..., keep], bound[keep], game[keep]


def _value(won: Table) -> Table:
    """Return what best responses win, from what answers to questions win: (C, Y, ..)."""
    value: Table = won.max(axis=0).sum(axis=0, dtype=won.dtype)
    return value

"""An independent check of a proof that no strategy, classical or quantum, wins a game always."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import brief
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError

Allowed = list[list[npt.NDArray[np.bool_]]]
"""allowed[player][question][answer]: whether a strategy that wins always may give it."""

Bit = tuple[int, int, frozenset[int]]
"""Player, question, and the allowed answers at which it is 1."""


def check_refutation(game: ClaimedGame, claim: Any) -> None:
    """Prove that nothing wins always.

    Answers that win with no allowed answers of the others are never given by a strategy that wins always; if
    none is left, there is no such strategy. Else a cycle is needed: each of its steps names a bit of two
    players' answers to a question, whose sum is the same in all ways to win with allowed answers. Then the
    bits' observables agree on the state up to that sign; around the cycle one differs from itself.

    Args:
        game: with payoffs from 0 up; it is won by an answer of score 1.
        claim: `steps` of `asked`, `players`, `ones` and `parity`.

    Raises:
        ClaimError: when the claim proves nothing.
    """
    steps = claim.get("steps") if isinstance(claim, dict) and set(claim) == {"steps"} else None
    if not isinstance(steps, list):
        raise ClaimError(f"refutation: {brief(claim)}; allowed is an object with steps")
    if game.best() < 1:  # some question cannot be won at all
        return
    wins = _wins(game)
    allowed = _allowed(game, wins)
    if any(not own.any() for player in allowed for own in player):
        return
    first: Bit | None = None
    here: Bit | None = None
    parity = 0
    for step in steps:
        left, right, sign = _step(game, wins, allowed, step)
        if here is not None and here != left:
            raise ClaimError("refutation: a step does not begin where the one before ends")
        first, here, parity = first or left, right, parity ^ sign
    if first is None or first != here or parity != 1:
        raise ClaimError("refutation: no odd cycle; nothing is proved")


def _wins(game: ClaimedGame) -> dict[tuple[int, ...], npt.NDArray[np.bool_]]:
    """Return, for each question that can be won, which answers win it (have the largest payoff)."""
    best: dict[tuple[int, ...], Any] = {}
    for index, weight in game.payoff.items():
        best[index[: game.players]] = max(weight, best.get(index[: game.players], 0))
    wins = {question: np.zeros(game.answers, dtype=bool) for question in best}
    for index, weight in game.payoff.items():
        question = index[: game.players]
        wins[question][index[game.players :]] = weight == best[question]
    return wins


def _allowed(game: ClaimedGame, wins: dict[tuple[int, ...], npt.NDArray[np.bool_]]) -> Allowed:
    k = game.players
    allowed = [
        [np.ones(size, dtype=bool) for _ in range(asked)]
        for asked, size in zip(game.questions, game.answers, strict=True)
    ]
    while True:
        before = sum(int(own.sum()) for player in allowed for own in player)
        for question, table in wins.items():
            left = _inside(table, allowed, question)
            for p, x in enumerate(question):
                allowed[p][x] &= left.any(axis=tuple(i for i in range(k) if i != p))
        if sum(int(own.sum()) for player in allowed for own in player) == before:
            return allowed


def _inside(
    table: npt.NDArray[np.bool_], allowed: Allowed, question: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Return which winning answers are allowed for every player."""
    left = table.copy()
    for p, x in enumerate(question):
        left &= np.moveaxis(allowed[p][x].reshape(-1, *[1] * (table.ndim - 1)), 0, p)
    return left


def _step(
    game: ClaimedGame, wins: dict[tuple[int, ...], npt.NDArray[np.bool_]], allowed: Allowed, step: Any
) -> tuple[Bit, Bit, int]:
    """Return the two bits of a step, and their sum.

    Raises:
        ClaimError: when the question does not tie them.
    """
    try:
        asked, (p, q), ones = tuple(step["asked"]), step["players"], step["ones"]
        given = wins[asked]
        bits = []
        for player, own in zip((p, q), ones, strict=True):
            size = game.answers[player]
            if not all(type(a) is int and 0 <= a < size for a in own):
                raise TypeError
            bits.append(np.isin(np.arange(size), own) & allowed[player][asked[player]])
        if type(p) is not int or type(q) is not int or p == q or min(p, q) < 0:
            raise TypeError
    except (TypeError, KeyError, ValueError, IndexError):
        raise ClaimError(
            f"refutation: step {brief(step)}; allowed is a question with a bit of two answers"
        ) from None
    tuples = np.argwhere(_inside(given, allowed, asked))
    sums = {int(bits[0][own[p]] ^ bits[1][own[q]]) for own in tuples}
    if sums != {step.get("parity")} or not math.prod(given.shape):
        raise ClaimError(f"refutation: question {list(asked)} does not tie the two bits")
    left, right = (
        (player, asked[player], frozenset(np.flatnonzero(bit).tolist()))
        for player, bit in zip((p, q), bits, strict=True)
    )
    return left, right, sums.pop()

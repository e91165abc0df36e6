"""An independent check of what `qcoord theory game` says.

It shares no code with the solvers: payoffs are read anew and exactly, strategies multiplied out, dual
certificates summed in exact fractions, and the classical value is proved by a search of its own.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from qcoord_hw.theory.claims import CONFIRMED, Findings, Path, Verdict, brief
from qcoord_hw.theory.games.checker.bell import check_bell
from qcoord_hw.theory.games.checker.classical import exceeded, strategy_value
from qcoord_hw.theory.games.checker.expression import NEVER as EXPRESSION
from qcoord_hw.theory.games.checker.expression import check_expression
from qcoord_hw.theory.games.checker.frontier import check_frontier
from qcoord_hw.theory.games.checker.pauli import check_pauli
from qcoord_hw.theory.games.checker.payoffs import (
    ClaimedGame,
    ClaimError,
    game_id,
    payoff_of,
    read_claimed_game,
)
from qcoord_hw.theory.games.checker.refutation import check_refutation
from qcoord_hw.theory.games.checker.strategy import check_correlation, check_strategy
from qcoord_hw.theory.games.checker.upper import check_upper, rounding

__all__ = [
    "ClaimError",
    "check_game",
    "check_pauli",
    "check_refutation",
    "check_strategy",
    "check_upper",
    "payoff_of",
]

NEVER: tuple[Path, ...] = (
    ("classical", "value"),
    ("classical", "float"),
    ("quantum", "lower"),
    ("quantum", "upper"),
    ("quantum", "level"),
    ("quantum", "upper_certificate", "bound"),
    ("quantum", "pauli_solution"),
    ("quantum", "refutation"),
    ("bell_inequality",),
    ("game",),
    *EXPRESSION,
)
"""What may not stay unproved."""

EXACT = 1e-6
"""Width of a bracket, relative to the payoffs, up to which it is called exact."""

ROUNDING = 1e-12
"""By which a claim may miss what is proved, relative to the payoffs: it is a sum of floats."""

SLACK = 1e-10
"""By which a lower bound may stay below its strategy, relative to the payoffs."""


def check_game(answer: dict[str, Any]) -> Verdict:
    """Return what is wrong with an answer of `qcoord theory game --json`, and what was not checked.

    Proved again are the classical value by a search, the lower bound from its strategy and the upper one from
    its dual certificate, and what follows from them. The numbers of strategies and certificates are used, but
    may be others: they are `not_checked`, as are the frontier's entropies.
    """
    findings = Findings(answer)
    with np.errstate(all="ignore"):  # comparisons are written so that NaN fails
        _check(findings)
    refused = "not rechecked: the answer does not hold"
    return findings.verdict(NEVER, refused if findings.violations else CONFIRMED)


def _check(findings: Findings) -> None:
    answer = findings.answer
    try:
        findings.equal(("ok",), True)
        game = _check_shape(findings)
        classical = _check_classical(findings, game)
        _check_lower(findings, game)
        _check_upper(findings, game)
        _check_kind(findings, game)
        _check_perfection(findings, game)
        if "bell_inequality" in answer:
            check_bell(findings, game)
        if "expression" in answer:
            check_expression(findings, game)
        if "frontier" in answer:
            check_frontier(findings, game)
        if "correlation" in answer:
            check_correlation(findings, game)
        if classical is not None and not findings.violations and exceeded(game, classical):  # may take long
            findings.wrong(("classical", "value"), f"{classical}; some deterministic strategy has more")
    except (LookupError, ClaimError) as error:
        findings.violations.append(str(error.args[0]))


def _check_shape(findings: Findings) -> ClaimedGame:
    """Return the game, and confirm what the answer says of its shape."""
    data = findings.get("game")
    game = read_claimed_game(data)  # bounds its size
    findings.equal(("game_id",), game_id(data))
    if findings.violations:
        raise ClaimError("game: not the one of game_id")
    findings.confirm("game")
    findings.equal(("name",), data.get("name"))
    findings.equal(("players",), game.players)
    findings.equal(("questions",), list(game.questions))
    findings.equal(("answers",), list(game.answers))
    return game


def _check_lower(findings: Findings, game: ClaimedGame) -> None:
    certificate = findings.get("quantum", "lower_certificate")
    value, wrong = check_strategy(game, certificate)
    if wrong:
        raise ClaimError(f"quantum.lower_certificate: {wrong[0]}")
    claim, slack = findings.get("quantum", "lower"), SLACK * float(game.best())
    findings.require(
        type(claim) is float and value - slack <= claim <= value,
        ("quantum", "lower"),
        f"{brief(claim)}; the strategy proves {value!r}",
    )
    dimensions = certificate["dimensions"]
    findings.confirm("quantum", "lower_certificate", "dimensions")
    findings.equal(("quantum", "local_dimension"), max(dimensions))


def _check_upper(findings: Findings, game: ClaimedGame) -> None:
    certificate = findings.get("quantum", "upper_certificate")
    bound, wrong = check_upper(game, certificate)
    if wrong or bound is None:
        raise ClaimError(f"quantum.upper_certificate: {wrong[0]}")
    margin = rounding(game, certificate) + ROUNDING * float(game.best())
    claim = certificate["bound"]
    findings.require(
        claim <= float(bound) + margin,
        ("quantum", "upper_certificate", "bound"),
        f"{brief(claim)}; what is proved is {float(bound)!r}",
    )
    findings.equal(("quantum", "upper"), claim)
    findings.equal(("quantum", "level"), certificate["level"])
    findings.confirm("quantum", "upper_certificate", "level")


def _check_perfection(findings: Findings, game: ClaimedGame) -> None:
    """Check that a strategy over Pauli operators wins always, or that nothing does, by algebra alone."""
    if "refutation" in findings.get("quantum"):
        check_refutation(game, findings.get("quantum", "refutation"))
        findings.confirm("quantum", "refutation")
    if "pauli_solution" in findings.get("quantum"):
        won = check_pauli(game, findings.get("quantum", "pauli_solution"))
        findings.require(won == 1, ("quantum", "pauli_solution"), f"wins {won}; it is claimed to win always")


def _check_kind(findings: Findings, game: ClaimedGame) -> None:
    if findings.violations:
        return
    width = findings.get("quantum", "upper") - findings.get("quantum", "lower")
    scale = float(game.best()) or 1.0
    kind = findings.get("quantum", "kind")
    findings.require(
        (kind == "exact" and width <= EXACT * scale + ROUNDING)
        or (kind == "bracket" and width >= EXACT * scale - ROUNDING),
        ("quantum", "kind"),
        f"{brief(kind)}; the bracket is {width:.2e} wide",
    )


def _check_classical(findings: Findings, game: ClaimedGame) -> Fraction | None:
    """Return the value of the deterministic strategy, whose optimality is still to be proved."""
    if findings.get("classical", "value") is None:
        for key in ("value", "float", "strategy"):
            findings.equal(("classical", key), None)
        return None
    value = Fraction(strategy_value(game, findings.get("classical", "strategy")))
    findings.equal(("classical", "float"), float(value))
    findings.equal(("classical", "value"), str(value))
    return value

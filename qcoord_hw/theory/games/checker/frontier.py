"""An independent check of the rates for a win probability, as far as they follow from game and strategy."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from qcoord_hw.theory.claims import Findings, Path, brief, is_number, near
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError
from qcoord_hw.theory.games.checker.strategy import read_strategy

OF_THE_STRATEGY = "entropy of the state of the strategy of `quantum`"
ROUNDING = 1e-10
REACHED = 1e-9
"""By which a strategy may miss the win probability."""


def check_frontier(findings: Findings, game: ClaimedGame) -> None:
    """Check what follows from the two strategies of the answer; the entropies of the formula are not checked.

    Raises:
        ClaimError: when the win probability is none.
    """
    if findings.violations:
        return
    win, base = findings.get("frontier", "win"), findings.get("frontier", "classical")
    if (
        not is_number(win)
        or not 0 <= win <= min(1, findings.get("quantum", "upper") + 2 * REACHED)
        or not is_number(base)
    ):
        raise ClaimError(f"frontier.win: {brief(win)}; allowed is a number from 0 to 1")
    known = findings.get("classical", "float")
    if known is not None:
        _close(findings, ("frontier", "classical"), known, ROUNDING)
    lower, upper = findings.get("quantum", "lower"), findings.get("quantum", "upper")
    findings.equal(("frontier", "quantum"), [lower, upper])
    dimensions, state, _ = read_strategy(game, findings.get("quantum", "lower_certificate"))
    entropies = []
    for player, d in enumerate(dimensions):
        ket = np.moveaxis(state.reshape(dimensions), player, 0).reshape(d, -1)
        p = np.linalg.eigvalsh(ket @ ket.conj().T)
        p = p[p > 1e-15]
        entropies.append(max(0.0, float(-(p * np.log2(p)).sum())))
    _check_kinds(findings, game, free=win <= base + ROUNDING / 100)
    if win <= base + ROUNDING / 100:  # deterministic answers win as often
        _check_nothing(findings, game)
    elif win <= lower + REACHED / 2:
        gap = lower - base
        fraction = min(1.0, (win - base) / gap) if gap > 0 else 1.0
        _check_shared(findings, fraction, max(ROUNDING, ROUNDING / (10 * gap) if gap > 0 else 1.0), entropies)
        if findings.get("frontier", "strategy_entanglement", "source") == OF_THE_STRATEGY:
            _close(findings, ("frontier", "strategy_entanglement", "value"), max(entropies), ROUNDING)
            _close(findings, ("frontier", "strategy_entanglement", "wins"), lower, ROUNDING)
        qubits = [(d - 1).bit_length() for d in dimensions]
        findings.equal(("frontier", "circuit_qubits", "qubits"), qubits)
        findings.equal(("frontier", "circuit_qubits", "value"), max(qubits))
    else:
        for key in ("time_shared", "circuit_qubits"):  # no strategy is known that wins as often
            findings.equal(("frontier", key, "value"), None)


def _check_kinds(findings: Findings, game: ClaimedGame, free: bool) -> None:
    """Check every label `kind` against the values beside it, and what is exact against its formula."""
    for key in ("time_shared", "circuit_qubits", "strategy_entanglement"):
        value = findings.get("frontier", key, "value")
        kind = "exact" if free else "undetermined" if value is None else "upper"
        if key == "strategy_entanglement" and not free and _is_chsh(game):
            kind = "exact"
            win = findings.get("frontier", "win")
            half = (1 + math.sqrt(min(1.0, max(0.0, 2 - (4 * win - 2) ** 2)))) / 2
            entropy = -sum(p * math.log2(p) for p in (half, 1 - half) if p > 0)
            _close(findings, ("frontier", key, "value"), entropy, ROUNDING)
            findings.equal(("frontier", key, "wins"), win)
        findings.equal(("frontier", key, "kind"), kind)
    kinds = []
    if game.players == 2:
        for side in ("bob", "charlie"):
            ends = [findings.get("frontier", "formula_rate", side, end) for end in ("lower", "upper")]
            kinds.append(_kind_of_bracket(*ends) if not free else "exact")
            findings.equal(("frontier", "formula_rate", side, "kind"), kinds[-1])
            if free:
                for end in ("lower", "upper"):
                    findings.equal(("frontier", "formula_rate", side, end), 0.0)
            elif all(map(is_number, ends)) and ends[0] > ends[1]:
                findings.wrong(("frontier", "formula_rate", side), "the bracket's ends are crossed")
    if not kinds:
        whole = "undetermined"
    elif kinds[0] == kinds[1]:
        whole = kinds[0]
    else:
        whole = "lower" if set(kinds) <= {"lower", "bracket", "exact"} else "undetermined"
    findings.equal(("frontier", "formula_rate", "kind"), whole)


def _kind_of_bracket(lower: Any, upper: Any) -> str:
    if lower is None:
        return "undetermined" if upper is None else "upper"
    return "lower" if upper is None else "bracket"


def _is_chsh(game: ClaimedGame) -> bool:
    """Return whether a game is CHSH but for names: win = 1/2 + S/8."""
    if game.questions != (2, 2) or game.answers != (2, 2):
        return False
    signs, both = (1, -1), [Fraction(0)] * 4
    constant, bob, charlie = Fraction(0), [Fraction(0)] * 2, [Fraction(0)] * 2
    for (x, y, b, c), w in game.payoff.items():
        constant += w
        bob[x] += signs[b] * w
        charlie[y] += signs[c] * w
        both[2 * x + y] += signs[b] * signs[c] * w
    if [constant, *bob, *charlie] != [2, 0, 0, 0, 0] or any(abs(v) != Fraction(1, 2) for v in both):
        return False
    return math.prod(both) < 0


def _close(findings: Findings, path: Path, should: float, margin: float) -> None:
    """Require a float near this one; where it happens to be a whole number, an integer is no such float."""
    claimed = findings.get(*path)
    holds = type(claimed) is float and near(claimed, should, margin)
    findings.require(holds, path, f"{brief(claimed)}; it is {should!r}")


def _check_nothing(findings: Findings, game: ClaimedGame) -> None:
    zeros: list[tuple[str, str, Any]] = [
        ("time_shared", "value", 0.0),
        ("time_shared", "rates", [0.0] * game.players),
        ("time_shared", "fraction", 0.0),
        ("strategy_entanglement", "value", 0.0),
        ("circuit_qubits", "value", 0),
        ("circuit_qubits", "qubits", [0] * game.players),
    ]
    for quantity, key, should in zeros:
        findings.equal(("frontier", quantity, key), should)


def _check_shared(findings: Findings, fraction: float, margin: float, entropies: list[float]) -> None:
    """Check time sharing: a fraction of the rounds with the strategy, the others without."""
    _close(findings, ("frontier", "time_shared", "fraction"), fraction, margin)
    _close(findings, ("frontier", "time_shared", "value"), fraction * max(entropies), margin)
    rates = findings.get("frontier", "time_shared", "rates")
    findings.require(
        isinstance(rates, list) and len(rates) == len(entropies), ("frontier", "win"), "rates of all players"
    )
    for player, entropy in enumerate(entropies):
        _close(findings, ("frontier", "time_shared", "rates", player), fraction * entropy, margin)

"""Rates at which a game is won with a given probability: four quantities that are not one [NatorPereg, V].

That section equates the rates needed with the entropies H(B|X) and H(C|Y). This does not hold in either
direction (`docs/errata.md`): so what the formula gives, what time sharing reaches, how entangled a strategy
is and what a circuit sends stand side by side, each with its kind, source and assumption.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.explicit import deterministic
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.marginals import answer_entropy, binary_entropy, entropy_bound
from qcoord_hw.theory.games.payoffs import FloatArray
from qcoord_hw.theory.games.quantum import QuantumBracket, quantum_value
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.strategies import QuantumStrategy, win_probability
from qcoord_hw.theory.games.two_qubit import Correlators, Cost, cheapest

LEVEL = "1+AB"
MAX_WORDS = 150  # of the moment matrix; above that one bound takes minutes
CLASSICAL_LIMIT = 1e8  # additions in the search for the classical optimum
REACHED = 1e-9  # by which a strategy may miss the win probability, for rounding
QUANTITIES = ("formula_rate", "time_shared", "strategy_entanglement", "circuit_qubits")
PLAYERS = ("bob", "charlie")

_FORMULA = (
    "The single-letter entropies of the answers over all quantum correlations (the section's set, cut with "
    "the quantum set) of at least this win probability; each minimum by itself, they need not be reached "
    "together. That they are the rates needed is not proved: shared randomness raises them for free, and a "
    "strategy may need more qubits than its answers have bits."
)
_SHARED = (
    "Achievable at an asymptotic rate: in a fraction of the rounds the strategy's state is sent, compressed "
    "to its entropy, in the others the players answer deterministically; the schedule is known to all, and "
    "the win probability is the average over the rounds. Not claimed to be optimal."
)
_ENTANGLED = (
    "Ebits of a pure state with which the players win this often in every round, without time sharing."
)
_CIRCUIT = "One-shot: every round the circuit sends each player all qubits of the strategy's system."
_DETERMINISTIC = (
    "A deterministic strategy wins this often: no qubit is sent, and the answers have no entropy."
)


def frontier(
    game: Game,
    win: float,
    *,
    quantum: QuantumBracket | None = None,
    time_limit: float = 20.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the four rates of a game at a win probability, as plain JSON values.

    Args:
        game: the game; with scores, the mean score stands for the win probability.
        win: the win probability asked for.
        quantum: the bracket of the quantum value, with its strategy; by default it is computed.
        time_limit: seconds, about; what is not found by then is `undetermined`, with the reason.
        seed: of the searches for strategies.

    Returns:
        `name`, `win`, `classical` (the win probability of the deterministic strategy), `quantum` (lower,
        upper), and the `QUANTITIES`. Each has `kind`, `source` and `assumption`; if undetermined, `reason`.

        - `formula_rate`: `bob` and `charlie` with `quantity`, `kind`, certified `lower` and reached `upper`
          (or None) in bits, and how the bound was found.
        - `time_shared`: `fraction` of entangled rounds; `rates` of all players and the largest, `value`, in
          qubits a round.
        - `strategy_entanglement`: `value`, in ebits (for three players and more the largest entropy of a
          player), and `wins`.
        - `circuit_qubits`: `qubits` of all players and the largest, `value`, integers.

    Raises:
        InputError: when `win` is not a number from 0 to the upper bound of the quantum value.
    """
    start = time.monotonic()
    if isinstance(win, bool) or not isinstance(win, int | float) or not 0 <= win <= 1:
        raise InputError(f"win: {short_repr(win)}; allowed is a number from 0 to 1")
    if quantum is None:
        quantum = quantum_value(game, seed=seed, time_limit=0.4 * time_limit)
    if win > quantum.upper + REACHED:
        raise InputError(
            f"win: {win!r}; allowed is at most {quantum.upper:.9f}, "
            f"above which no quantum strategy of {short_repr(game.name)} wins"
        )
    classical = _classical(game)
    return _Frontier(game, float(win), quantum, classical, start + time_limit, seed).result()


def _classical(game: Game) -> QuantumStrategy:
    """Return an optimal deterministic strategy, or a good one where the search would be too long."""
    try:
        return deterministic(classical_optimum(game, limit=CLASSICAL_LIMIT).strategy, game.answers)
    except TooLargeError:
        return seesaw(game.payoff, 1)[1]


class _Frontier:
    """The four quantities of one game at one win probability."""

    def __init__(
        self,
        game: Game,
        win: float,
        quantum: QuantumBracket,
        classical: QuantumStrategy,
        deadline: float,
        seed: int,
    ) -> None:
        """Keep all that is known."""
        self._game, self._win, self._quantum = game, win, quantum
        self._classical, self._deadline, self._seed = classical, deadline, seed
        self._base = win_probability(game, classical)
        self._best = win_probability(game, quantum.strategy)
        self._free = win <= self._base + 1e-12
        self._unknown = win > self._best + REACHED
        gap = self._best - self._base
        self._fraction = 0.0 if self._free or gap <= 0 else min(1.0, (win - self._base) / gap)
        axes = tuple(range(game.players))
        self._asked: list[FloatArray] = [
            game.prob.astype(float).sum(axis=axes[:i] + axes[i + 1 :]) for i in range(game.players)
        ]
        self._binary = game.players == 2 and game.answers == (2, 2)

    def result(self) -> dict[str, Any]:
        """Return the plain object."""
        return {
            "name": self._game.name,
            "win": self._win,
            "classical": self._base,
            "quantum": [self._quantum.lower, self._quantum.upper],
            "formula_rate": self._formula(),
            "time_shared": self._time_shared(),
            "strategy_entanglement": self._entanglement(),
            "circuit_qubits": self._circuit(),
        }

    def _formula(self) -> dict[str, Any]:
        source = "[NatorPereg, Section V], single letter; bounds by the NPA hierarchy [NPA2008]"
        if self._game.players != 2:
            reason = "the section has two players"
            return {"kind": "undetermined", "source": source, "assumption": _FORMULA, "reason": reason}
        payoff = self._game.payoff
        alike = np.array_equal(payoff, payoff.transpose(1, 0, 3, 2))
        sides: list[dict[str, Any]] = []
        for player in range(2):
            if player and alike:
                sides.append(sides[0] | {"quantity": "H(C|Y)"})
                continue
            left = self._deadline - time.monotonic()
            share = 0.8 if alike or player else 0.4
            sides.append(self._side(player, time.monotonic() + share * left))
        kinds = [side["kind"] for side in sides]
        bounded = all(side["lower"] is not None for side in sides)
        kind = kinds[0] if kinds[0] == kinds[1] else "lower" if bounded else "undetermined"
        whole: dict[str, Any] = {"kind": kind, "source": source, "assumption": _FORMULA}
        return whole | dict(zip(PLAYERS, sides, strict=True))

    def _side(self, player: int, deadline: float) -> dict[str, Any]:
        """Return the bracket of one player's entropy."""
        side: dict[str, Any] = {"quantity": ("H(B|X)", "H(C|Y)")[player], "unit": "bits"}
        if self._free:
            return side | {"kind": "exact", "lower": 0.0, "upper": 0.0, "bound": _DETERMINISTIC}
        upper = self._upper(player, deadline)
        sizes = zip(self._game.prob.shape, self._game.answers, strict=True)
        words = math.prod(1 + asked * (answers - 1) for asked, answers in sizes)
        if words > MAX_WORDS or time.monotonic() >= deadline:
            reason = "no time was left"
            if words > MAX_WORDS:
                reason = f"level {LEVEL} has {words} words; allowed are {MAX_WORDS}"
            return side | _unbounded(upper, reason)
        asked = self._asked[player]
        found = entropy_bound(self._game.payoff, asked, self._win, player, LEVEL, deadline)
        if found.method == "guessing" and not found.bounded:
            reason = f"time was too short for a bound of level {LEVEL} on one question"
            return side | _unbounded(upper, reason)
        if found.method == "polygon":
            how = f"outer polygon of the answers' probabilities, {found.bounded} cuts"
        else:
            how = (
                f"least entropy at an answer's largest probability, {found.bounded} of {len(asked)} questions"
            )
        how = f"certified at level {LEVEL}: {how}" + ("" if found.complete else "; time ended the search")
        if upper is not None:
            upper = max(upper, found.lower)  # strategies may miss the win probability by 1e-9
        kind = "lower" if upper is None else "bracket"
        return side | {"kind": kind, "lower": found.lower, "upper": upper, "bound": how}

    def _upper(self, player: int, deadline: float) -> float | None:
        """Return the entropy of a correlation that is reached: time shared, or of two qubits."""
        if self._unknown:
            return None
        asked = self._asked[player]
        mixed = self._fraction * _marginal(self._quantum.strategy, player)
        mixed = mixed + (1 - self._fraction) * _marginal(self._classical, player)
        entropy = answer_entropy(mixed, asked)
        if self._binary:
            half = (time.monotonic() + deadline) / 2
            asked_both = (self._asked[0], self._asked[1])
            cost: Cost = "charlie" if player else "bob"
            found = cheapest(self._game.payoff, asked_both, self._win, cost, self._seed, half)
            if found is not None:
                entropy = min(entropy, answer_entropy(_marginal(found, player), asked))
        return entropy

    def _time_shared(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "source": "time sharing with the strategy of `quantum`",
            "unit": "qubits a round",
        }
        if self._free:
            rates = [0.0] * self._game.players
            return entry | {
                "kind": "exact",
                "assumption": _DETERMINISTIC,
                "value": 0.0,
                "rates": rates,
                "fraction": 0.0,
            }
        entry |= {"kind": "upper", "assumption": _SHARED}
        if self._unknown:
            return entry | self._nothing()
        rates = [self._fraction * e for e in _entropies(self._quantum.strategy)]
        return entry | {"value": max(rates), "rates": rates, "fraction": self._fraction}

    def _entanglement(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "unit": "ebits",
            "source": "entropy of the state of the strategy of `quantum`",
        }
        if self._free:
            return entry | {"kind": "exact", "assumption": _DETERMINISTIC, "value": 0.0, "wins": self._base}
        entry |= {"kind": "upper", "assumption": _ENTANGLED}
        value, wins = max(_entropies(self._quantum.strategy)), self._best
        if self._binary and Correlators(self._game.payoff).is_chsh():
            # the largest S of cos t |00> + sin t |11> is 2 sqrt(1 + sin^2 2t)
            half = min(1.0, max(0.0, 2 - (4 * self._win - 2) ** 2))
            return entry | {
                "kind": "exact",
                "source": "[Horodecki1995]: h(1/2 + sqrt(2 - S^2/4)/2) with S = 8 win - 4",
                "assumption": _ENTANGLED + " The least among pure states of two qubits.",
                "value": float(binary_entropy((1 + math.sqrt(half)) / 2)),
                "wins": self._win,
            }
        if self._binary:
            left = self._deadline - time.monotonic()
            asked = (self._asked[0], self._asked[1])
            end = time.monotonic() + left / 2
            found = cheapest(self._game.payoff, asked, self._win, "entanglement", self._seed, end)
            if found is not None and ((own := max(_entropies(found))) < value or self._unknown):
                source = "the cheapest state of two qubits that a seeded search found"
                return entry | {"source": source, "value": own, "wins": win_probability(self._game, found)}
        if self._unknown:
            return entry | self._nothing()
        return entry | {"value": value, "wins": wins}

    def _circuit(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"source": "local dimensions of the strategy of `quantum`", "unit": "qubits"}
        if self._free:
            none = [0] * self._game.players
            return entry | {"kind": "exact", "assumption": _DETERMINISTIC, "value": 0, "qubits": none}
        entry |= {"kind": "upper", "assumption": _CIRCUIT}
        if self._unknown:
            return entry | self._nothing()
        qubits = [(d - 1).bit_length() for d in self._quantum.strategy.dimensions]
        return entry | {"value": max(qubits), "qubits": qubits}

    def _nothing(self) -> dict[str, Any]:
        reason = f"the best strategy found wins {self._best:.9f}, no more is known to be reached"
        return {"kind": "undetermined", "value": None, "reason": reason}


def _unbounded(upper: float | None, reason: str) -> dict[str, Any]:
    """Return a bracket without a lower end."""
    kind = "undetermined" if upper is None else "upper"
    return {"kind": kind, "lower": None, "upper": upper, "reason": f"no certified lower bound: {reason}"}


def _marginal(strategy: QuantumStrategy, player: int) -> FloatArray:
    """Return P(b|x) of one of two players, shape (X, B)."""
    tables = []
    for x in range(len(strategy.measurements[player])):
        question = (0, x) if player else (x, 0)
        tables.append(strategy.probabilities(question).sum(axis=1 - player))
    return np.array(tables)


def _entropies(strategy: QuantumStrategy) -> list[float]:
    """Return the entropy of every player's reduced state, in bits."""
    entropies = []
    for player, d in enumerate(strategy.dimensions):
        ket = np.moveaxis(strategy.state.reshape(strategy.dimensions), player, 0).reshape(d, -1)
        p = np.linalg.svd(ket, compute_uv=False) ** 2
        entropies.append(max(0.0, float(-(p * np.log2(np.where(p > 0, p, 1))).sum())))
    return entropies

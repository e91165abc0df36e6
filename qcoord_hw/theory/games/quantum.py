"""The quantum value of a game, between a strategy and a certificate."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.games.blocks import EQUAL, smallest_blocks
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.explicit import EXPLICIT, deterministic
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.moments import LEVELS, Word
from qcoord_hw.theory.games.npa import NpaBound, algebraic_bound, npa_bound
from qcoord_hw.theory.games.odd_cycle import Refutation
from qcoord_hw.theory.games.pauli_solution import SOURCE as PAULI
from qcoord_hw.theory.games.pauli_solution import PauliSolution, pauli_solution
from qcoord_hw.theory.games.payoffs import payoff_tensor, strategy_value
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.strategies import QuantumStrategy, win_probability
from qcoord_hw.theory.games.symmetric import parities, symmetric_bound
from qcoord_hw.theory.games.xor import XorSolution, xor_value

CLOSED = 1e-6  # width, relative to the payoffs, at which the search ends and the value counts as exact
USUAL_DIMENSIONS = 4  # these local dimensions are tried in any case, higher ones while they help
STARTS, MANY_STARTS, SMALL_DIMENSION = 40, 80, 3  # of the see-saw; where it is cheap it has many,
FEW_STARTS, LARGE_DIMENSION = 16, 8  # and few from here on
MAX_DIMENSION = 64  # of all players together
NPA_SHARE = 0.7  # of the time that is left goes to one level; the repair of the dual comes on top
FEW_PLAYERS = 3  # with two questions and answers each, for whom level 2 takes less than further climbs
SMALL = 30  # questions and answers of all players
CLASSICAL_LIMIT = 1e8  # additions in the search for the classical optimum, well below a second
EPS = float(np.finfo(float).eps)
KNOWN, DETERMINISTIC = "a strategy that was given", "deterministic strategy"
XOR = "vectors of the XOR game [Tsirelson1980]"
MARGIN = 5e-13  # of a strategy's payoff, for rounding in it and in its measurements; relative to the payoffs


@dataclass(frozen=True, eq=False)
class QuantumBracket:
    """A quantum value from below and from above.

    Attributes:
        lower: the payoff of `strategy`, less a margin for rounding.
        upper: what `upper_certificate` proves.
        kind: "exact" when the two differ by at most 1e-6 of the payoffs, otherwise "bracket".
        strategy: the strategy.
        local_dimension: the largest dimension of a player in it; 1 is a deterministic strategy.
        level: of the NPA hierarchy, for the upper bound; "0" is the algebraic bound.
        lower_certificate: the strategy as plain JSON values, read by `checker.check_strategy`.
        upper_certificate: plain JSON values, read by `checker.check_upper`.
        seconds: time spent on "lower" and on "upper".
        source: where the strategy comes from, in words.
        notes: what else is known, such as that nothing wins always.
        pauli: the strategy as Pauli words, if it is one of those.
        refutation: a proof that nothing wins always, if one was found.
        equals: all strategies found that win as much, `strategy` among them, the smallest first.
    """

    lower: float
    upper: float
    kind: str
    strategy: QuantumStrategy
    local_dimension: int
    level: str
    lower_certificate: dict[str, Any]
    upper_certificate: dict[str, Any]
    seconds: dict[str, float]
    source: str
    notes: tuple[str, ...]
    pauli: PauliSolution | None
    refutation: Refutation | None
    equals: tuple[QuantumStrategy, ...]


def quantum_value(
    game: Game | npt.ArrayLike,
    *,
    level: str | None = None,
    seed: int = 0,
    time_limit: float = 60.0,
    known: Iterable[QuantumStrategy] = (),
    classical: Sequence[Sequence[int]] | None = None,
    dimension: int | None = None,
) -> QuantumBracket:
    """Return a bracket of the quantum value: the best strategy found and the best certified upper bound.

    Known strategies come first, then perfect ones over Pauli operators, the see-saw in growing local
    dimension, and the NPA hierarchy from level 1 up; the search ends when the bracket is narrow enough, when
    nothing is left to try, or when time is over. Of strategies that win equally much the smallest is taken,
    and of every one the smallest blocks.

    Args:
        game: a game, or real payoffs of shape (X_1, .., X_k, B_1, .., B_k).
        level: the only level of the hierarchy to use; by default 1, 1+AB, 2, and 3 where
            symmetries make it small, as far as they are needed.
        seed: of the see-saw's starts.
        time_limit: seconds in all, about.
        known: strategies to begin with.
        classical: an optimal deterministic strategy, [player][question]; by default it is searched for when
            that is cheap.
        dimension: local dimension of every player, at most; without it dimensions grow while they help.

    Raises:
        InputError: when the level is not a level, the dimension not allowed, or by `payoff_tensor`.
        TooLargeError: when the level asked for has too many words.
    """
    search = _Search(game, time.monotonic() + time_limit, check_dimension(game, dimension))
    for strategy in known:
        search.offer(strategy, KNOWN)
    search.offer_explicit()
    search.offer_classical(classical)
    search.solve_xor()
    search.solve_pauli(seed)
    if level is not None:
        search.bound(level)
    players = search.tensor.ndim // 2
    most = MAX_DIMENSION if dimension is None else dimension
    tried, gain = 2, math.inf
    while tried <= most and tried**players <= MAX_DIMENSION and players > 1 and not search.over:
        helps = gain >= CLOSED * search.scale or search.parities
        if dimension is None and tried > USUAL_DIMENSIONS and not helps:
            break
        before = search.lower
        search.climb(tried, seed)
        gain = search.lower - before
        if tried == USUAL_DIMENSIONS and level is None:  # before what takes longer
            search.try_bound(LEVELS[2] if search.parities else LEVELS[0])
        if tried == 2 and level is None:  # already now, so that it can end the next climbs
            if search.parities:
                search.try_bound(LEVELS[1])
            elif search.small:
                search.try_bound(LEVELS[0])
                if max(search.tensor.shape) == 2:  # qubits are enough [Masanes2006]: rather close the bracket
                    for own in LEVELS[1:3] if players <= FEW_PLAYERS else LEVELS[1:2]:
                        search.try_bound(own)
        tried = 2 * tried if search.parities else tried + 1  # observables that anticommute come in pairs
    for own in LEVELS[search.parities :] if level is None else ():
        search.try_bound(own)
    return search.result()


def check_dimension(game: Game | npt.ArrayLike, dimension: int | None) -> float:
    """Return the largest local dimension allowed: this one, or any.

    Raises:
        InputError: when it is below 1, or all players together would have more than 64.
    """
    if dimension is None:
        return math.inf
    players = payoff_tensor(game).ndim // 2
    most = max(d for d in range(1, MAX_DIMENSION + 1) if d**players <= MAX_DIMENSION)
    if isinstance(dimension, bool) or not isinstance(dimension, int) or not 1 <= dimension <= most:
        raise InputError(
            f"dimension: {short_repr(dimension)}; allowed are integers from 1 to {most}, for "
            f"{players} players"
        )
    return dimension


def strategy_json(strategy: QuantumStrategy) -> dict[str, Any]:
    """Return a strategy as plain JSON values; complex numbers are pairs (re, im)."""
    return {
        "dimensions": list(strategy.dimensions),
        "state": _pairs(strategy.state),
        "measurements": [[_pairs(m) for m in own] for own in strategy.measurements],
    }


def _size(strategy: QuantumStrategy) -> tuple[int, int]:
    return max(strategy.dimensions), math.prod(strategy.dimensions)


def size_of(tensor: npt.NDArray[np.float64]) -> float:
    """Return the size of payoffs: the largest of each question, summed."""
    players = tensor.ndim // 2
    largest = np.abs(tensor).max(axis=tuple(range(players, 2 * players)))
    return float(largest.sum()) or 1.0


def bracket_kind(lower: float, upper: float, scale: float) -> str:
    """Return "exact" for a bracket that counts as closed, at payoffs of that size, else "bracket"."""
    return "exact" if upper - lower <= CLOSED * scale else "bracket"


class _Search:
    """The best bounds so far.

    Attributes:
        tensor: the payoffs.
        scale: their size: the largest of each question, summed.
        lower: the best lower bound.
        parities: whether what wins are parities, so that nothing below 1+AB is worth while.
        solved: levels of the hierarchy that were not cut off.
        too_large: whether one had too many words, as then all higher ones have.
    """

    def __init__(self, game: Game | npt.ArrayLike, deadline: float, dimension: float = math.inf) -> None:
        """Start from no strategy of up to that local dimension, and the algebraic bound."""
        self.tensor = payoff_tensor(game)
        self._game = game if isinstance(game, Game) else None
        self.scale = size_of(self.tensor)
        self.lower = -math.inf
        self._answers = self.tensor.shape[self.tensor.ndim // 2 :]
        self._strategy: QuantumStrategy | None = None
        self._source = ""
        self._found: list[tuple[float, QuantumStrategy]] = []
        self._notes: list[str] = []
        self._pauli: tuple[QuantumStrategy, PauliSolution] | None = None
        self._refutation: Refutation | None = None
        self.parities = self._game is not None and parities(self._game) is not None
        self.solved: set[str] = set()
        self.too_large = False
        self._stopped: dict[str, str] = {}
        self._dimension = dimension
        self._upper: NpaBound = algebraic_bound(self.tensor)
        self._deadline = deadline
        self._seconds = {"lower": 0.0, "upper": 0.0}

    @property
    def small(self) -> bool:
        """Whether level 1 takes no time worth mentioning."""
        return sum(self.tensor.shape) <= SMALL

    @property
    def closed(self) -> bool:
        """Whether the bracket is narrow enough."""
        return bracket_kind(self.lower, self._upper.value, self.scale) == "exact"

    @property
    def over(self) -> bool:
        """Whether to stop."""
        return self.closed or time.monotonic() > self._deadline

    def offer(self, strategy: QuantumStrategy, source: str) -> None:
        """Take a strategy when it is better, or as good and smaller."""
        if max(strategy.dimensions) > self._dimension:
            return
        margin = max(MARGIN, 64 * EPS * math.prod(strategy.dimensions)) * self.scale
        value = strategy_value(self.tensor, strategy) - margin
        self._found.append((value, strategy))
        gain, tie = value - self.lower, EQUAL * self.scale
        smaller = self._strategy is None or _size(strategy) < _size(self._strategy)
        larger = self._strategy is not None and _size(strategy) > _size(self._strategy)
        if gain > tie or (gain > 0 and not larger) or (gain >= -tie and smaller):
            self.lower, self._strategy, self._source = value, strategy, source

    def offer_explicit(self) -> None:
        """Take the strategy known under the game's name, when it fits; its origin is no matter."""
        if self._game is not None and self._game.name in EXPLICIT:
            start = time.monotonic()
            with contextlib.suppress(InputError):
                strategy = EXPLICIT[self._game.name].build()
                win_probability(self._game, strategy)
                self.offer(strategy, f"closed form {EXPLICIT[self._game.name].value.source}")
            self._seconds["lower"] += time.monotonic() - start

    def offer_classical(self, strategy: Sequence[Sequence[int]] | None) -> None:
        """Take this deterministic strategy, or an optimal one where that is cheap, or a good one."""
        start = time.monotonic()
        if strategy is None and self._game is not None:
            with contextlib.suppress(TooLargeError):
                left = max(0.0, self._deadline - start) / 4
                strategy = classical_optimum(self._game, limit=CLASSICAL_LIMIT, time_limit=left).strategy
        if strategy is not None:
            self.offer(deterministic(tuple(map(tuple, strategy)), self._answers), DETERMINISTIC)
        self._seconds["lower"] += time.monotonic() - start
        if strategy is None:
            self.climb(1)

    def solve_xor(self) -> None:
        """Take the exact value of an XOR game."""
        start = time.monotonic()
        if self._game is None or (solution := xor_value(self._game)) is None:
            return
        self.offer(solution.strategy(), XOR)
        middle = time.monotonic()
        self._take(npa_bound(self.tensor, LEVELS[0], dual=partial(_xor_dual, solution)))
        self._seconds["lower"] += middle - start
        self._seconds["upper"] += time.monotonic() - middle

    def solve_pauli(self, seed: int) -> None:
        """Take a perfect strategy over Pauli operators, or note why there is none."""
        if self._game is None or self.closed:
            return
        start = time.monotonic()
        found: PauliSolution | Refutation | str | None
        try:
            found = pauli_solution(self._game, seed, start + max(0.0, self._deadline - start) / 2)
        except TooLargeError as error:
            found = str(error)
        if isinstance(found, PauliSolution):
            strategy = found.strategy(self._answers)
            self._pauli = strategy, found
            self.offer(strategy, PAULI)
        elif isinstance(found, Refutation):
            self._refutation = found
            self._notes.append(f"no strategy wins always: {found.why}")
        elif found is not None:
            self._notes.append(found)
        self._seconds["lower"] += time.monotonic() - start

    def climb(self, dimension: int, seed: int = 0) -> None:
        """Look for a better strategy of that local dimension, for at most half of the time that is left."""
        start = time.monotonic()
        left = max(0.0, self._deadline - start) / 2
        starts = MANY_STARTS if dimension <= SMALL_DIMENSION else STARTS
        starts = FEW_STARTS if dimension >= LARGE_DIMENSION else starts
        found = seesaw(
            self.tensor, dimension, starts=starts, seed=seed, time_limit=left, target=self._upper.value
        )[1]
        blocks = smallest_blocks(self.tensor, found, self.scale, seed)
        self.offer(
            blocks,
            f"see-saw in dimension {dimension} [Werner2001]"
            + ("" if blocks is found else ", and the best blocks of its measurements [Masanes2006]"),
        )
        self._seconds["lower"] += time.monotonic() - start

    def bound(self, level: str, *, quick: bool = False) -> None:
        """Look for a better upper bound; where it has to be quick, what takes minutes is refused."""
        start = time.monotonic()
        left = max(0.0, self._deadline - start) * NPA_SHARE
        given = self.tensor if self._game is None else self._game
        if level == LEVELS[0]:
            bound = npa_bound(given, level, target=self.lower, time_limit=left)
        else:
            bound = symmetric_bound(given, level, target=self.lower, time_limit=left, quick=quick)
        self._take(bound)
        self._spent(level, start, left, bound.part)

    def try_bound(self, level: str) -> None:
        """Look for a better upper bound, unless the search is over or the level solved, or too large."""
        if not (self.over or level in self.solved or self.too_large):
            try:
                self.bound(level, quick=level == LEVELS[-1])
            except TooLargeError as error:
                self._stopped[level], self.too_large = str(error), True

    def _spent(self, level: str, start: float, left: float, part: str) -> None:
        """Count the time that a level took, and note whether it was cut off."""
        spent = time.monotonic() - start
        self._seconds["upper"] += spent
        if spent >= left:
            self._stopped[level] = f"level {level} was cut off by the time limit"
        else:
            self.solved.add(level)
            higher = "it is the highest here" if level == LEVELS[-1] else "higher ones were not tried"
            self._stopped[level] = f"level {level} is solved, and {higher}"
            if part:
                self._stopped[level] = f"level {level} is solved with {part}"
                self.too_large = True

    def _take(self, bound: NpaBound) -> None:
        if bound.value < self._upper.value:
            self._upper = bound

    def result(self) -> QuantumBracket:
        """Return the bracket."""
        assert self._strategy is not None
        # both are valid bounds up to rounding; a lower one may be lowered
        lower = min(self.lower, self._upper.value)
        return QuantumBracket(
            lower=lower,
            upper=self._upper.value,
            kind="exact" if self.closed else "bracket",
            strategy=self._strategy,
            local_dimension=max(self._strategy.dimensions),
            level=self._upper.level,
            lower_certificate=strategy_json(self._strategy),
            upper_certificate=self._upper.certificate,
            seconds=self._seconds,
            source=self._source,
            notes=(*self._notes, *([] if self.closed else [self._open()])),
            pauli=self._pauli[1] if self._pauli and self._pauli[0] is self._strategy else None,
            refutation=self._refutation,
            equals=self._equals(),
        )

    def _open(self) -> str:
        """Return what stops at a bracket."""
        if not self._stopped:
            return "open: the time limit allowed no level of the hierarchy"
        reason = self._stopped[max(self._stopped, key=LEVELS.index)]
        return f"open: {reason}" + ("" if self._deadline > time.monotonic() else "; time is up")

    def _equals(self) -> tuple[QuantumStrategy, ...]:
        best = max(value for value, _ in self._found)
        found = [own for value, own in self._found if value >= best - EQUAL * self.scale]
        return tuple(sorted(found, key=_size))


def _xor_dual(solution: XorSolution, words: list[Word]) -> npt.NDArray[np.float64]:
    """Return the dual of an XOR game's solution on the words of level 1.

    It is one on the observables 2 P(0 | question) - 1.
    """
    rows, matrix = len(solution.matrix), np.diag(solution.dual)
    matrix[:rows, rows:] = -solution.matrix / 2
    matrix[rows:, :rows] = -solution.matrix.T / 2
    observables = np.zeros((len(matrix), len(words)))
    for column, (bob, charlie) in enumerate(words):
        if bob:
            observables[bob[0][0], column] = 2
        elif charlie:
            observables[rows + charlie[0][0], column] = 2
        else:
            observables[:, column] = -1
    return np.asarray(observables.T @ matrix @ observables)


def _pairs(array: npt.NDArray[Any]) -> Any:
    return np.stack([array.real, array.imag], axis=-1).tolist()

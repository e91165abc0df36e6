"""The ways to play a game: strategies in several local dimensions, each as circuits of its own."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.base import AS_GIVEN, Candidate
from qcoord_hw.families.games.parameters import SEARCH, read_parameters
from qcoord_hw.families.games.user_game import game_of, spec_of_game, strategy_of
from qcoord_hw.spec import ExperimentSpec, Plain, canonical_json
from qcoord_hw.theory.games.catalogue import GAMES
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.pauli_solution import PauliSolution, pauli_solution
from qcoord_hw.theory.games.payoffs import payoff_tensor
from qcoord_hw.theory.games.quantum import MAX_DIMENSION, size_of, strategy_json
from qcoord_hw.theory.games.seesaw import seesaw
from qcoord_hw.theory.games.strategies import QuantumStrategy, win_probability
from qcoord_hw.theory.games.xor import xor_value

DIMENSIONS = (2, 3, 4)
"""Local dimensions in which a see-saw looks for a strategy."""

SEEDS, STARTS = 3, 40
"""Of each see-saw: of those that win equally much the one with the fewest two-qubit gates is taken."""

EQUAL = 1e-7
"""Payoffs, relative to their size, that count as equal."""


def candidates(spec: ExperimentSpec) -> tuple[Candidate, ...]:
    """Return the ways to play the game of a spec.

    Raises:
        InputError: when a parameter is wrong.
    """
    values = read_parameters(spec.options)
    ways = _Ways(spec, _game(spec))
    stated = "game" in spec.options or "strategy" in spec.options
    words = "the strategy and circuits of the experiment" if stated else "the strategy that a run looks for"
    found = [Candidate(AS_GIVEN, words, lambda: spec)]
    if ways.closed_form is not None:
        found += [ways.candidate("closed-form", "the strategy in closed form", ways.own_closed_form)]
    own = ways.own()
    if own is not None and any(d & (d - 1) for d in own.dimensions):
        words = "the same in whole qubits: an outcome outside the dimension is an answer, not leakage"
        found += [ways.candidate("embedded", words, lambda: _embedded(ways.game, own))]
    found += [
        ways.candidate("pauli", "a perfect strategy over Pauli operators", ways.pauli),
        ways.candidate("xor", "vectors of the XOR game, as observables", ways.xor),
    ]
    most = values["dimension"] or max(DIMENSIONS)
    for d in DIMENSIONS:
        if d <= most and d**ways.game.players <= MAX_DIMENSION:
            words = f"see-saw in local dimension {d}: {_qubits(d)} a player"
            found.append(ways.candidate(f"dimension-{d}", words, lambda d=d: ways.seesaw(d)))  # type: ignore[misc]
    return tuple(found)


def _qubits(dimension: int) -> str:
    count = math.ceil(math.log2(dimension))
    return f"{count} qubit{'s' if count > 1 else ''}"


def _game(spec: ExperimentSpec) -> Game:
    """Return the game of a spec, whatever it is played by."""
    which = spec.options.get("game")
    if which == "ghz":
        return GAMES[f"ghz-{spec.options['players']}"]()
    return GAMES[which]() if isinstance(which, str) else game_of(spec.name, spec.options)


class _Ways:
    """Strategies of one game, each looked for when it is asked for."""

    def __init__(self, spec: ExperimentSpec, game: Game) -> None:
        """Take a spec and its game."""
        self.spec, self.game = spec, game
        tables = {key: value for key, value in spec.options.items() if key not in (*SEARCH, "strategy")}
        if "prob" not in tables:
            kept = {key: value for key, value in tables.items() if key not in ("game", "players")}
            tables = spec_of_game(game).options | kept
        self._tables = tables

    @property
    def closed_form(self) -> str | None:
        """The name under which a strategy for exactly this game is known, other than what is played."""
        name = self.game.name
        played = self.spec.options.get("game") == name and name not in ("chsh", "magic-square")
        return name if name in EXPLICIT and not played else None

    def own(self) -> QuantumStrategy | None:
        """Return the strategy that is played, in plain arrays; None where it is none of those."""
        text = self.spec.options.get("strategy")
        if text is not None:
            found = strategy_of(text)
            return None if isinstance(found, PauliSolution) else found
        return EXPLICIT[self.game.name].build() if self.game.name in EXPLICIT else None

    def own_closed_form(self) -> QuantumStrategy:
        """Return the known strategy.

        Raises:
            InputError: when the game has its name alone.
        """
        strategy = EXPLICIT[self.game.name].build()
        win_probability(self.game, strategy)
        return strategy

    def pauli(self) -> PauliSolution:
        """Return a perfect strategy over Pauli operators.

        Raises:
            InputError: when there is none.
        """
        found = pauli_solution(self.game, 0, math.inf)
        if not isinstance(found, PauliSolution):
            raise InputError("there is no perfect strategy over Pauli operators")
        return found

    def xor(self) -> QuantumStrategy:
        """Return the optimal strategy of an XOR game.

        Raises:
            InputError: when it is none.
        """
        solution = xor_value(self.game)
        if solution is None:
            raise InputError("the game does not hang on the parity of two bits")
        return solution.strategy()

    def seesaw(self, dimension: int) -> QuantumStrategy:
        """Return the best strategy found, of equal ones the one with the fewest two-qubit gates."""
        tensor = payoff_tensor(self.game)
        found = [
            seesaw(tensor, dimension, starts=STARTS, seed=k, time_limit=math.inf, projective_only=True)
            for k in range(SEEDS)
        ]
        best = max(value for value, _ in found) - EQUAL * size_of(tensor)
        return min((own for value, own in found if value >= best), key=self._gates)

    def _gates(self, strategy: QuantumStrategy) -> int:
        """Return the two-qubit gates of all circuits as built."""
        from qcoord_hw.families.games.circuits import build

        nets = build(self.spec.with_parameters(self._options(strategy))).circuits
        return sum(i.operation.num_qubits == 2 for net in nets for i in net.circuit.data)

    def candidate(
        self, name: str, title: str, look: Callable[[], QuantumStrategy | PauliSolution]
    ) -> Candidate:
        """Return the candidate of a strategy that is looked for when it is wanted."""
        return Candidate(name, title, lambda: self.spec.with_parameters(self._options(look())))

    def _options(self, strategy: QuantumStrategy | PauliSolution) -> dict[str, Plain]:
        """Return the parameters of a spec that plays a strategy."""
        if isinstance(strategy, PauliSolution):
            data = {"pauli": strategy.to_json()}
        else:
            data = strategy_json(strategy)
        return self._tables | {"strategy": canonical_json(data)}


def _embedded(game: Game, strategy: QuantumStrategy) -> QuantumStrategy:
    """Return a strategy in powers of two: an outcome outside the dimension gives an answer of its own.

    It is the one that wins most often where the others answer at random.
    """
    players = len(strategy.dimensions)
    wide = tuple(2 ** math.ceil(math.log2(d)) for d in strategy.dimensions)
    state = np.zeros(wide, dtype=complex)
    state[tuple(map(slice, strategy.dimensions))] = strategy.state.reshape(strategy.dimensions)
    joint = payoff_tensor(game)
    measurements = []
    for p, (d, size, own) in enumerate(zip(strategy.dimensions, wide, strategy.measurements, strict=True)):
        axes = tuple(a for a in range(2 * players) if a not in (p, players + p))
        won = joint.sum(axis=axes)  # shape (questions, answers)
        outside = np.diag([0.0] * d + [1.0] * (size - d))
        grown = []
        for x, povm in enumerate(own):
            effects = np.zeros((len(povm), size, size), dtype=complex)
            effects[:, :d, :d] = povm
            effects[int(won[x].argmax())] += outside
            grown.append(effects)
        measurements.append(tuple(grown))
    return QuantumStrategy(wide, state.reshape(-1), tuple(measurements))

"""Perfect strategies of parity games over Pauli operators, found by linear algebra over F_2.

Bits become signed Pauli words with the commutation relations of `commutation`; the equations of the game are
then stabilizers of the state that is shared. There may be perfect strategies where there is none over Pauli
operators: that there is none says nothing of the value.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Any

from qcoord_hw.theory.games.binary import System, combination, dependencies, independent, members
from qcoord_hw.theory.games.commutation import Commutation
from qcoord_hw.theory.games.frames import aligned, with_few_gates, words_of
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.odd_cycle import Refutation
from qcoord_hw.theory.games.parity_structure import ParityGame, parity_structure
from qcoord_hw.theory.games.strategies import QuantumStrategy
from qcoord_hw.theory.games.word_arrays import measurement, stabilized
from qcoord_hw.theory.games.words import Signed, product, text

MAX_QUBITS = 12
"""Of all players together."""

MAX_NUMBERS = 2_000_000
"""Of the measurements as arrays: answers to every question times 4 to the qubits."""

MAX_BITS, MAX_EQUATIONS = 600, 1000
"""Of a game whose commutation relations are solved for: pairs of equations are gone through."""

TOO_LARGE = "a perfect strategy over Pauli operators was not looked for: the game is too large for that"
NO_SOLUTION = "there is no perfect strategy over Pauli operators, which says nothing of other strategies"
SOURCE = "perfect strategy over Pauli operators, by linear algebra over F_2 [CleveMittal2014]"


@dataclass(frozen=True)
class PauliSolution:
    """A perfect strategy over Pauli operators.

    Attributes:
        qubits: of each player.
        stabilizers: signed Pauli words such as `+XXZI` on all qubits, player 1's first, one per qubit: they
            leave the shared state as it is.
        observables: observables[player][question] are signed words on the player's own qubits, which commute
            and are independent.
        answers: answers[player][question][outcome]; bit i of the outcome, most significant first, is 1 where
            observable i is -1.
    """

    qubits: tuple[int, ...]
    stabilizers: tuple[str, ...]
    observables: tuple[tuple[tuple[str, ...], ...], ...]
    answers: tuple[tuple[tuple[int, ...], ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the strategy as plain JSON values."""
        return {
            "qubits": list(self.qubits),
            "stabilizers": list(self.stabilizers),
            "observables": [[list(words) for words in own] for own in self.observables],
            "answers": [[list(table) for table in own] for own in self.answers],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PauliSolution:
        """Return the strategy of what `to_json` returned."""
        return cls(
            tuple(map(int, data["qubits"])),
            tuple(map(str, data["stabilizers"])),
            tuple(tuple(tuple(map(str, words)) for words in own) for own in data["observables"]),
            tuple(tuple(tuple(map(int, table)) for table in own) for own in data["answers"]),
        )

    def strategy(self, answers: Sequence[int]) -> QuantumStrategy:
        """Return the strategy as arrays.

        Args:
            answers: how many answers each player has.
        """
        measurements = tuple(
            tuple(measurement(words, table, n, size) for words, table in zip(own, tables, strict=True))
            for own, tables, n, size in zip(self.observables, self.answers, self.qubits, answers, strict=True)
        )
        state = stabilized(self.stabilizers, sum(self.qubits))
        return QuantumStrategy(tuple(2**n for n in self.qubits), state, measurements)


def pauli_solution(
    game: Game, seed: int = 0, deadline: float = math.inf
) -> PauliSolution | Refutation | str | None:
    """Return a perfect strategy over Pauli operators with few qubits.

    Args:
        game: of two or more players.
        seed: of the order in which observables are left out.
        deadline: on the clock of `time.monotonic`.

    Returns:
        The strategy; or a proof that nothing wins always; or why there is none, in words; None for a game
        whose winning answers are no parities.

    Raises:
        TooLargeError: when time is over.
    """
    structure = parity_structure(game)
    if not isinstance(structure, ParityGame):
        return structure
    if len(structure.bits) > MAX_BITS or len(structure.equations) > MAX_EQUATIONS:
        return TOO_LARGE
    commutation = Commutation(structure, deadline)
    if not commutation.solvable:
        return NO_SOLUTION
    forms = commutation.smallest(seed, enough=2 if game.players == 2 else 1)
    found = [words_of(form) for form in forms]
    qubits = tuple(size for _, size in found)
    if sum(qubits) > MAX_QUBITS:
        return f"the perfect strategy over Pauli operators takes {sum(qubits)} qubits, more than {MAX_QUBITS}"
    sizes = zip(game.prob.shape, game.answers, qubits, strict=True)
    if sum(asked * size * 4**n for asked, size, n in sizes) > MAX_NUMBERS:
        return f"the perfect strategy over Pauli operators, of {sum(qubits)} qubits, is too large to write"
    words = [list(own) for own, _ in found]
    return _solution(game, structure, _framed(game, structure, words, qubits), qubits)


def _framed(
    game: Game, structure: ParityGame, words: list[list[int]], qubits: tuple[int, ...]
) -> list[list[int]]:
    """Return the words of the players in frames in which little has to be done."""
    groups = [[p] for p in range(game.players)]
    if game.players == 2 and qubits[0] == qubits[1]:
        pairs = [e.bits for e in structure.equations if e.asked is not None]
        ordered = [sorted(p, key=lambda v: structure.bits[v].player) for p in pairs]
        words[1] = aligned(words[0], words[1], [(v, w) for v, w in ordered], qubits[0])
        groups = [[0, 1]]
    every = range(len(structure.bits))
    for group in groups:
        if (size := qubits[group[0]]) < 2:
            continue
        # one list of words of the group: those of a bit are its own player's
        joint = [next((words[p][v] for p in group if structure.bits[v].player == p), 0) for v in every]
        joint = with_few_gates(joint, _contexts(game, structure, group), size)
        for p in group:
            words[p] = [joint[v] if structure.bits[v].player == p else 0 for v in every]
    return words


def _contexts(game: Game, structure: ParityGame, players: Sequence[int]) -> list[tuple[float, list[int]]]:
    asked = game.prob.astype(float)
    found: dict[tuple[int, int], list[int]] = {}
    for v, bit in enumerate(structure.bits):
        if bit.player in players:
            found.setdefault((bit.player, bit.question), []).append(v)
    return [(float(asked.take(x, axis=p).sum()), own) for (p, x), own in found.items() if len(own) > 1]


def _solution(
    game: Game, structure: ParityGame, words: list[list[int]], qubits: tuple[int, ...]
) -> PauliSolution:
    """Choose the signs of the words, and read off stabilizers, observables and answers."""
    total, starts = sum(qubits), list(itertools.accumulate(qubits, initial=0))

    def placed(v: int) -> Signed:
        p = structure.bits[v].player
        x, z = words[p][v] & (1 << qubits[p]) - 1, words[p][v] >> qubits[p]
        return (x | z << total) << starts[p], 0

    products = [product(map(placed, equation.bits), total) for equation in structure.equations]
    products = [(w, s ^ e.parity) for (w, s), e in zip(products, structure.equations, strict=True)]
    unknown = [sum(1 << v for v in equation.bits) for equation in structure.equations]
    signs = System()
    for chosen in dependencies([word for word, _ in products]):
        mask = reduce(xor, (unknown[k] for k in members(chosen)))
        solvable = signs.add(mask, product((products[k] for k in members(chosen)), total)[1])
        assert solvable  # no product of equations is -1
    sign = signs.solution()
    fixed = [(word, s ^ (unknown[k] & sign).bit_count() & 1) for k, (word, s) in enumerate(products)]
    stabilizers = [fixed[k] for k in independent([word for word, _ in fixed])]
    observables, answers = [], []
    for p, asked in enumerate(structure.allowed):
        tables = [_table(structure, words[p], sign, p, x, qubits[p]) for x in range(len(asked))]
        observables.append(tuple(tuple(text(w, qubits[p]) for w in ws) for ws, _ in tables))
        answers.append(tuple(table for _, table in tables))
    return PauliSolution(
        qubits,
        tuple(text(word, total) for word in _completed(stabilizers, total)),
        tuple(observables),
        tuple(answers),
    )


def _table(
    structure: ParityGame, words: Sequence[int], sign: int, player: int, question: int, size: int
) -> tuple[list[Signed], tuple[int, ...]]:
    """Return the observables of a question, and the answer to each outcome."""
    allowed = structure.allowed[player][question]
    own = [v for v, bit in enumerate(structure.bits) if (bit.player, bit.question) == (player, question)]
    signed = [(words[v], sign >> v & 1) for v in own]
    measured = [signed[k] for k in independent([word for word, _ in signed])]
    named = {
        tuple(structure.bits[v].values >> k & 1 for v in own): answer
        for k, answer in reversed(list(enumerate(allowed)))
    }
    basis = [word for word, _ in measured]
    recipes = []
    for word, s in signed:
        chosen = combination(basis, word)
        assert chosen is not None
        recipes.append((chosen, s ^ product((measured[k] for k in members(chosen)), size)[1]))
    table = []
    for outcome in itertools.product((0, 1), repeat=len(measured)):
        values = tuple(s ^ sum(outcome[k] for k in members(chosen)) & 1 for chosen, s in recipes)
        table.append(named[values])
    return measured, tuple(table)


def _completed(stabilizers: list[Signed], size: int) -> list[Signed]:
    """Return one commuting independent word a qubit, beginning with those given."""
    found = list(stabilizers)
    while len(found) < size:
        system = System()  # for the words that commute with all, x and z exchanged
        for word, _ in found:
            system.add(word >> size | (word & (1 << size) - 1) << size, 0)
        words = (system.solution(1 << column) for column in system.free(2 * size))
        rows = [word for word, _ in found]
        found.append((next(w for w in words if len(independent([*rows, w])) > len(rows)), 0))
    return found

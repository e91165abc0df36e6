"""An independent check of perfect strategies over Pauli operators: what they win, as an exact fraction.

Words are multiplied letter by letter. Stabilizers that commute, are independent, and are as many as the
qubits fix a state. Of observables that commute with each other, a product that commutes with all stabilizers
is a product of these up to a sign, to which the outcomes have to multiply; all outcomes that do come up.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import brief, is_integer
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError

MAX_QUBITS = 16

_THIRD = {"XY": "Z", "YZ": "X", "ZX": "Y"}
_PRODUCTS = {
    **{("I", a): (a, 0) for a in "IXYZ"},
    **{(a, "I"): (a, 0) for a in "XYZ"},
    **{(a, a): ("I", 0) for a in "XYZ"},
    **{(pair[0], pair[1]): (third, 1) for pair, third in _THIRD.items()},
    **{(pair[1], pair[0]): (third, 3) for pair, third in _THIRD.items()},
}
"""Letter times letter: a letter, and the power of i before it."""

Word = tuple[str, int]
"""Letters, and the power of i before them."""


def check_pauli(game: ClaimedGame, claim: Any) -> Fraction:
    """Return what a strategy over Pauli operators wins at least, exactly.

    Args:
        game: with payoffs from 0 up.
        claim: `qubits`, `stabilizers`, `observables[player][question]`, `answers[player][question][outcome]`.

    Raises:
        ClaimError: when it is no such strategy.
    """
    qubits, stabilizers, observables, answers = _read(game, claim)
    for a, b in itertools.combinations(stabilizers, 2):
        if not _commute(a, b):
            raise ClaimError(f"pauli_solution.stabilizers: {a[0]} and {b[0]} do not commute")
    if _kernel(np.array([_bits(word) for word in stabilizers])):
        raise ClaimError("pauli_solution.stabilizers: not independent")
    for player, own in enumerate(observables):
        for x, together in enumerate(own):
            for a, b in itertools.combinations(together, 2):
                if not _commute(a, b):
                    raise ClaimError(
                        f"pauli_solution.observables: of player {player}, question {x}: do not commute"
                    )
    least: dict[tuple[int, ...], dict[tuple[int, ...], Fraction]] = {}
    for index, weight in game.payoff.items():
        least.setdefault(index[: game.players], {})[index[game.players :]] = weight
    total = Fraction(0)
    starts = [sum(qubits[:p]) for p in range(game.players)]
    for question, payoff in least.items():
        words = [
            ("I" * starts[p] + letters + "I" * (sum(qubits) - starts[p] - qubits[p]), phase)
            for p, x in enumerate(question)
            for letters, phase in observables[p][x]
        ]
        counts = [len(observables[p][x]) for p, x in enumerate(question)]
        tables = [answers[p][x] for p, x in enumerate(question)]
        total += min(
            payoff.get(_answered(outcome, counts, tables), Fraction(0))
            for outcome in _possible(words, stabilizers)
        )
    return total


def _answered(
    outcome: Sequence[int], counts: Sequence[int], tables: Sequence[Sequence[int]]
) -> tuple[int, ...]:
    own = iter(outcome)
    found = []
    for count, table in zip(counts, tables, strict=True):
        index = 0
        for _ in range(count):
            index = 2 * index + next(own)
        found.append(table[index])
    return tuple(found)


def _possible(words: Sequence[Word], stabilizers: Sequence[Word]) -> Iterable[tuple[int, ...]]:
    """Return the joint outcomes of commuting words that the stabilized state gives; 1 stands for -1."""
    clash = np.array([[not _commute(word, s) for s in stabilizers] for word in words], dtype=np.uint8)
    rules = []
    for chosen in _kernel(clash.reshape(len(words), len(stabilizers))):
        product = _product(word for word, on in zip(words, chosen, strict=True) if on)
        rows = np.array([_bits(s) for s in stabilizers] + [_bits(product)], dtype=np.uint8)
        made = next((k for k in _kernel(rows) if k[-1]), None)
        if made is None:  # cannot be: the stabilizers are as many as the qubits
            raise ClaimError("pauli_solution.stabilizers: too few")
        state = _product(s for s, on in zip(stabilizers, made[:-1], strict=True) if on)
        rules.append((chosen, (product[1] - state[1]) % 4 // 2))
    # the observables with their signs multiply to (-1)^difference on the state
    return [
        outcome
        for outcome in itertools.product((0, 1), repeat=len(words))
        if all((int(np.dot(chosen, outcome)) + sign) % 2 == 0 for chosen, sign in rules)
    ]


def _product(words: Iterable[Word]) -> Word:
    """Return the product of words, which may be none."""
    letters, phase = "", 0
    for own, more in words:
        if not letters:
            letters, phase = own, more
            continue
        pairs = [_PRODUCTS[a, b] for a, b in zip(letters, own, strict=True)]
        letters, phase = "".join(a for a, _ in pairs), (phase + more + sum(i for _, i in pairs)) % 4
    return letters, phase


def _commute(a: Word, b: Word) -> bool:
    clashes = sum(x != y and "I" not in (x, y) for x, y in zip(a[0], b[0], strict=True))
    return clashes % 2 == 0


def _bits(word: Word) -> list[int]:
    return [bit for letter in word[0] for bit in (letter in "XY", letter in "YZ")]


def _kernel(rows: npt.NDArray[Any]) -> list[list[int]]:
    """Return a basis of the sets of rows that sum to 0 modulo 2."""
    size = len(rows)
    if not size:
        return []
    left = np.hstack([np.array(rows, dtype=np.uint8).reshape(size, -1), np.eye(size, dtype=np.uint8)])
    top = 0
    for column in range(left.shape[1] - size):
        pivots = top + np.flatnonzero(left[top:, column])
        if not len(pivots):
            continue
        left[[top, pivots[0]]] = left[[pivots[0], top]]
        others = top + 1 + np.flatnonzero(left[top + 1 :, column])
        left[others] ^= left[top]
        top += 1
    return [[int(bit) for bit in row] for row in left[top:, left.shape[1] - size :]]


def _read(
    game: ClaimedGame, claim: Any
) -> tuple[list[int], list[Word], list[list[list[Word]]], list[list[list[int]]]]:
    """Return qubits, stabilizers, observables and answers.

    Raises:
        ClaimError: when they do not fit the game or each other.
    """
    keys = ("answers", "observables", "qubits", "stabilizers")
    if not isinstance(claim, dict) or tuple(sorted(claim)) != keys:
        raise ClaimError(f"pauli_solution: {brief(claim)}; allowed is an object with {', '.join(keys)}")
    if not all(isinstance(value, list) for value in claim.values()):
        raise ClaimError("pauli_solution: allowed are lists")
    qubits, k = claim["qubits"], game.players
    if len(qubits) != k or not all(is_integer(n, 0, MAX_QUBITS) for n in qubits) or sum(qubits) > MAX_QUBITS:
        raise ClaimError(f"pauli_solution.qubits: allowed are {k} integers, of sum up to {MAX_QUBITS}")
    stabilizers = [_word(word, sum(qubits)) for word in claim["stabilizers"]]
    if len(stabilizers) != sum(qubits):
        raise ClaimError("pauli_solution.stabilizers: allowed is one per qubit")
    observables, answers = [], []
    if len(claim["observables"]) != k or len(claim["answers"]) != k:
        raise ClaimError(f"pauli_solution.observables: allowed are those of {k} players")
    for own, tables, n, asked, size in zip(
        claim["observables"], claim["answers"], qubits, game.questions, game.answers, strict=True
    ):
        if not (isinstance(own, list) and isinstance(tables, list) and len(own) == len(tables) == asked):
            raise ClaimError(f"pauli_solution.observables: allowed is a list for each of {asked} questions")
        for words, table in zip(own, tables, strict=True):
            if not isinstance(words, list) or not isinstance(table, list) or len(words) > n:
                raise ClaimError("pauli_solution.observables: allowed are lists of at most a word a qubit")
            if len(table) != 2 ** len(words) or not all(is_integer(a, 0, size - 1) for a in table):
                raise ClaimError("pauli_solution.answers: allowed is an answer for each outcome")
        observables.append([[_word(word, n) for word in words] for words in own])
        answers.append(tables)
    return qubits, stabilizers, observables, answers


def _word(text: Any, size: int) -> Word:
    letters = isinstance(text, str) and len(text) == size + 1 and not set(text[1:]) - set("IXYZ")
    if not letters or text[0] not in "+-":
        raise ClaimError(f"pauli_solution: {brief(text)}; allowed are a sign and {size} letters I, X, Y, Z")
    return text[1:], 2 * "+-".index(text[0])

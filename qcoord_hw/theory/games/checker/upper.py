"""An independent check of upper bounds on quantum values, from plain data alone, in exact fractions.

Nothing is shared with what finds them: words are multiplied, moments identified and payoffs expanded anew,
so that a mistake there is not repeated here.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import brief, is_integer, is_number
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError, best, read_floats

EPS = float(np.finfo(float).eps)
MAX_WORDS = 1100
"""Of a certificate; the solver's limit as well, where symmetries make a level small."""
LEVELS = ("1", "1+AB", "2", "3")

Word = tuple[tuple[tuple[int, int], ...], ...]
"""Letters (question, answer) of each player."""


def check_upper(game: ClaimedGame, certificate: Any) -> tuple[Fraction | None, list[str]]:
    """Return the upper bound that a certificate proves, exactly, and what is wrong with the certificate.

    Level "0" claims no more than the best answers of every question. Any other one has words w_1, w_2, ..
    (products of projectors), a matrix Z, and further payoffs, the slack. When Z is positive semidefinite,
    sum_ij Z_ij <w_i^dagger w_j> is not negative in any state, and neither is the slack when no entry is; so
    payoff <= payoff + slack + that sum = r_0 + sum_m r_m <m> <= r_0 + sum_m |r_m| over the distinct moments
    m, a moment and its adjoint being one. That last number is computed exactly.

    Args:
        game: the payoffs.
        certificate: `level`, `bound`, `words[i][player]` (pairs question, answer), `dual` (rows of the
            lower triangle), `slack` (in the shape of the scores).

    Returns:
        The bound (None when there is none), and sentences; none for a good certificate.
    """
    try:
        if not isinstance(certificate, dict) or not is_number(certificate.get("bound")):
            raise ClaimError(f"{brief(certificate)}; allowed is an object with a finite bound")
        bound = _proved(game, certificate)
    except ClaimError as error:
        return None, [f"malformed certificate: {error}"]
    if not bound <= Fraction(certificate["bound"]):
        return bound, [f"the bound is {float(bound)!r}, not {certificate['bound']!r} as claimed"]
    return bound, []


def rounding(game: ClaimedGame, certificate: dict[str, Any]) -> float:
    """Return by how much, for sums in floats, a certificate may claim less than it proves."""
    size = float(sum(map(abs, game.payoff.values()), Fraction(0)))
    rows = certificate.get("dual", [])
    size += 2 * sum(abs(z) for row in rows for z in row)
    size += float(np.abs(np.array(certificate.get("slack", 0.0))).sum())
    return float(16 * EPS * max(1, len(rows)) * size)


def _proved(game: ClaimedGame, certificate: dict[str, Any]) -> Fraction:
    level = certificate.get("level")
    if level == "0":
        return sum(best(game.payoff, game.players), Fraction(0))
    if level not in LEVELS:
        raise ClaimError(f"level {brief(level)}; allowed are 0, {', '.join(LEVELS)}")
    rows = certificate.get("dual")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_WORDS:
        raise ClaimError(f"dual {brief(rows)}; allowed are 1 to {MAX_WORDS} rows")
    words = _words(certificate.get("words"), game, level)
    if len(words) != len(rows):
        raise ClaimError(f"{len(words)} words, {len(rows)} rows")
    dual = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        dual[i, : i + 1] = dual[: i + 1, i] = read_floats("dual", row, (i + 1,))
    slack = read_floats("slack", certificate.get("slack"), game.questions + game.answers)
    if not (slack >= 0).all():
        raise ClaimError("slack: allowed are numbers from 0 up")
    if not _positive(dual):
        raise ClaimError("the dual matrix is not positive semidefinite")
    relaxed = dict(game.payoff)
    for place in np.argwhere(slack):
        index = tuple(map(int, place))
        relaxed[index] = relaxed.get(index, Fraction(0)) + Fraction(slack.item(index))
    return _bound(relaxed, game.answers, words, dual)


def _words(given: Any, game: ClaimedGame, level: str) -> list[Word]:
    """Return the words of a certificate.

    Raises:
        ClaimError: when they are not of that level, or a letter is no question and answer of its player.
    """
    k = game.players
    half = -(-k // 2)
    each, total = {"1": (1, half), "1+AB": (1, k), "2": (2, half + 1), "3": (3, half + 2)}[level]
    if not isinstance(given, list) or len(given) > MAX_WORDS:
        raise ClaimError(f"words {brief(given)}; allowed are at most {MAX_WORDS}")
    words = []
    for entry in given:
        if not isinstance(entry, list) or len(entry) != k or not all(isinstance(own, list) for own in entry):
            raise ClaimError(f"word {brief(entry)}; allowed are {k} players")
        if any(len(own) > each for own in entry) or sum(map(len, entry)) > total:
            raise ClaimError(f"a word is longer than those of level {level}")
        for own, asked, size in zip(entry, game.questions, game.answers, strict=True):
            for letter in own:
                if (
                    not isinstance(letter, list)
                    or len(letter) != 2
                    or not is_integer(letter[0], 0, asked - 1)
                    or not is_integer(letter[1], 0, size - 1)
                ):
                    raise ClaimError(f"letter {brief(letter)}; allowed are a question and an answer")
        words.append(tuple(tuple((x, a) for x, a in own) for own in entry))
    return words


def _positive(matrix: npt.NDArray[np.float64]) -> bool:
    """Return whether a Cholesky decomposition proves a symmetric matrix to be positive semidefinite.

    When it succeeds in floating point for A - c 1, c > gamma_{n+1} / (1 - gamma_{n+1}) tr(A), A is positive
    definite [Rump2006]. False may be a matter of rounding.
    """
    size = len(matrix)
    shift = (2 * size + 4) * EPS * float(np.trace(matrix))
    if not 0 < shift < math.inf:
        return not matrix.any()
    try:
        np.linalg.cholesky(matrix - shift * np.eye(size))
    except np.linalg.LinAlgError:
        return False
    return True


def _bound(
    payoff: dict[tuple[int, ...], Fraction],
    answers: tuple[int, ...],
    words: list[Word],
    dual: npt.NDArray[np.float64],
) -> Fraction:
    """Return r_0 + sum_m |r_m|."""
    players = len(answers)
    moments: defaultdict[Word, Fraction] = defaultdict(Fraction)
    for index, weight in payoff.items():
        if weight:
            # the last answer's projector is 1 minus the others of its question
            factors = [
                [(((x, b),), 1)] if b < size - 1 else [((), 1), *((((x, a),), -1) for a in range(size - 1))]
                for x, b, size in zip(index[:players], index[players:], answers, strict=True)
            ]
            for term in itertools.product(*factors):
                moments[tuple(word for word, _ in term)] += weight * math.prod(sign for _, sign in term)
    cells: defaultdict[Word, Fraction] = defaultdict(Fraction)
    for i, left in enumerate(words):
        for j, right in enumerate(words[: i + 1]):
            if (moment := _moment(left, right)) is not None:
                cells[moment] += Fraction(dual[i, j].item()) * (1 if i == j else 2)
    for word, total in cells.items():
        moments[word] += total
    empty: Word = ((),) * players
    return moments.pop(empty, Fraction(0)) + sum(map(abs, moments.values()), Fraction(0))


def _moment(left: Word, right: Word) -> Word | None:
    """Return the moment of left^dagger right, the lesser of it and its adjoint; None when it is zero."""
    product = []
    for u, v in zip(left, right, strict=True):
        letters: list[tuple[int, int]] = []
        for letter in (*reversed(u), *v):
            if letters and letters[-1] == letter:
                continue  # a projector is its own square
            if letters and letters[-1][0] == letter[0]:
                return None  # two answers to one question exclude each other
            letters.append(letter)
        product.append(tuple(letters))
    return min(tuple(product), tuple(own[::-1] for own in product))

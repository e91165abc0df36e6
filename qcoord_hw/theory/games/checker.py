"""Checks of strategies and of upper bounds, from plain data alone.

Nothing is shared with what finds them: words are multiplied, moments identified and payoffs expanded anew,
in exact fractions, so that a mistake there is not repeated here. Only numpy and the standard library.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-10  # of a strategy's state and measurements
Word = tuple[tuple[tuple[int, int], ...], ...]
"""Letters (question, answer) of each player."""


def check_strategy(prob: Any, score: Any, strategy: dict[str, Any]) -> tuple[float, list[str]]:
    """Return the payoff of a strategy and what is wrong with the strategy.

    The payoff is <psi| E_1 x E_2 x .. |psi>, summed as it stands. Deviations of the measurements from exact
    ones (in floating point there are always some) are taken off, so that the value is a lower bound.

    Args:
        prob: nested lists, shape (X_1, .., X_k): weights of the questions; numbers or strings such as "1/4".
        score: nested lists, shape (X_1, .., X_k, B_1, .., B_k): 0 and 1, or any real numbers.
        strategy: `dimensions` (k numbers); `state` (list of pairs re, im; player 1 most significant);
            `measurements[player][question][answer]`, matrices of pairs re, im.

    Returns:
        The value (-inf when there is none to compute), and sentences; none for a good strategy.
    """
    questions, answers, payoff = _payoff(prob, score)
    players = len(questions)
    try:
        dimensions = [int(d) for d in strategy["dimensions"]]
        state = _complex(strategy["state"])
        measurements = [[_complex(m) for m in own] for own in strategy["measurements"]]
        if not len(dimensions) == len(measurements) == players or state.shape != (math.prod(dimensions),):
            raise ValueError("the numbers of players or dimensions differ")
        for i, own in enumerate(measurements):
            shape = (answers[i], dimensions[i], dimensions[i])
            if len(own) != questions[i] or any(m.shape != shape for m in own):
                raise ValueError(f"measurements of player {i}: allowed are {questions[i]} of shape {shape}")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return -math.inf, [f"malformed strategy: {error}"]
    violations = []
    norm = float(np.vdot(state, state).real)
    deviation = abs(norm - 1)
    if deviation > TOLERANCE:
        violations.append(f"the state has norm squared {norm!r}, not 1")
    for i, own in enumerate(measurements):
        for x, elements in enumerate(own):
            incomplete = float(np.abs(elements.sum(axis=0) - np.eye(dimensions[i])).sum())
            crooked = float(np.abs(elements - elements.conj().transpose(0, 2, 1)).sum())
            negative = -min(0.0, float(np.linalg.eigvalsh(elements).min()))
            for size, words in (
                (incomplete, "not complete"),
                (crooked, "not Hermitian"),
                (negative, "negative"),
            ):
                if size > TOLERANCE:
                    violations.append(f"player {i}, question {x}: measurement {words} by {size:.1e}")
            deviation = max(deviation, incomplete + crooked + negative * len(elements))
    value, ket = 0.0, state.reshape(dimensions)
    for index, weight in payoff.items():
        image = ket
        for i in range(players):
            element = measurements[i][index[i]][index[players + i]]
            image = np.moveaxis(np.tensordot(element, image, axes=(1, i)), 0, i)
        value += float(weight) * float(np.vdot(ket, image).real)
    largest = float(sum(_best({i: abs(weight) for i, weight in payoff.items()}, players), Fraction(0)))
    return value - (players + 1) * (4 * deviation + 8 * EPS * math.prod(dimensions)) * largest, violations


def check_upper(prob: Any, score: Any, certificate: dict[str, Any]) -> tuple[float, list[str]]:
    """Return the upper bound that a certificate proves, and what is wrong with the certificate.

    Level "0" claims no more than the best answers of every question. Any other one has words w_1, w_2, ..
    (products of projectors), a matrix Z, and further payoffs, the slack. When Z is positive semidefinite,
    sum_ij Z_ij <w_i^dagger w_j> is not negative in any state, and neither is the slack when no entry is; so
    payoff <= payoff + slack + that sum = r_0 + sum_m r_m <m> <= r_0 + sum_m |r_m| over the distinct moments
    m, a moment and its adjoint being one. That last number is computed exactly.

    Args:
        prob: nested lists, shape (X_1, .., X_k): weights of the questions, as above.
        score: nested lists, shape (X_1, .., X_k, B_1, .., B_k).
        certificate: `level`, `bound`, `words[i][player]` (pairs question, answer), `dual` (rows of the
            lower triangle), `slack` (in the shape of `score`).

    Returns:
        The bound, rounded up (inf when there is none), and sentences; none for a good certificate.
    """
    questions, answers, payoff = _payoff(prob, score)
    try:
        claim = float(certificate["bound"])
        if not math.isfinite(claim):
            raise ValueError(f"bound {claim}")
        if certificate["level"] == "0":
            bound = sum(_best(payoff, len(questions)), Fraction(0))
        else:
            words, dual = _words(certificate, questions, answers), _dual(certificate)
            if len(words) != len(dual):
                raise ValueError(f"{len(words)} words, {len(dual)} rows")
            if not _positive(dual):
                return math.inf, ["the dual matrix is not positive semidefinite"]
            slack = np.array(certificate["slack"], dtype=float)
            if slack.shape != questions + answers or not (np.isfinite(slack) & (slack >= 0)).all():
                raise ValueError("slack: allowed are numbers from 0 up, in the shape of the payoffs")
            relaxed = {index: weight + Fraction(slack.item(index)) for index, weight in payoff.items()}
            bound = _bound(relaxed, answers, words, dual)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        return math.inf, [f"malformed certificate: {error}"]
    rounded = math.nextafter(float(bound), math.inf)
    return rounded, [] if bound <= Fraction(claim) else [
        f"the bound is {rounded!r}, not {claim!r} as claimed"
    ]


def _payoff(
    prob: Any, score: Any
) -> tuple[tuple[int, ...], tuple[int, ...], dict[tuple[int, ...], Fraction]]:
    """Return the sizes of the questions and of the answers, and exact payoffs (questions, answers) -> weight.

    Raises:
        ValueError: when the shapes do not fit.
    """
    weights, scores = np.array(prob, dtype=object), np.array(score, dtype=object)
    players = weights.ndim
    if scores.ndim != 2 * players or scores.shape[:players] != weights.shape or not scores.size:
        raise ValueError(f"score: shape {scores.shape}; it does not fit questions of shape {weights.shape}")
    payoff = {
        i: Fraction(weights.item(i[:players])) * Fraction(scores.item(i)) for i in np.ndindex(scores.shape)
    }
    return weights.shape, scores.shape[players:], payoff


def _best(payoff: dict[tuple[int, ...], Fraction], players: int) -> Iterable[Fraction]:
    """Return the largest payoff of each question."""
    best: dict[tuple[int, ...], Fraction] = {}
    for index, weight in payoff.items():
        best[index[:players]] = max(weight, best.get(index[:players], weight))
    return best.values()


def _complex(pairs: Any) -> npt.NDArray[np.complex128]:
    """Return nested lists of pairs (re, im) as an array.

    Raises:
        ValueError: when there are no pairs, or one is not finite.
    """
    numbers = np.array(pairs, dtype=float)
    if numbers.ndim < 2 or numbers.shape[-1] != 2 or not np.isfinite(numbers).all():
        raise ValueError("numbers are pairs (re, im) of finite floats")
    return np.asarray(numbers[..., 0] + 1j * numbers[..., 1])


def _words(certificate: dict[str, Any], questions: tuple[int, ...], answers: tuple[int, ...]) -> list[Word]:
    """Return the words of a certificate.

    Raises:
        ValueError: when a letter is not a question and an answer of its player.
    """
    words = []
    for entry in certificate["words"]:
        if len(entry) != len(questions):
            raise ValueError(f"word {entry}: allowed are {len(questions)} players")
        word = tuple(tuple((x, a) for x, a in own) for own in entry)
        for own, asked, size in zip(word, questions, answers, strict=True):
            for x, a in own:
                if type(x) is not int or type(a) is not int or not (0 <= x < asked and 0 <= a < size):
                    raise ValueError(f"letter {(x, a)}: allowed are {asked} questions, {size} answers")
        words.append(word)
    return words


def _dual(certificate: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Return the symmetric matrix of a certificate.

    Raises:
        ValueError: when the rows are not a lower triangle of finite numbers.
    """
    rows = certificate["dual"]
    if [len(row) for row in rows] != list(range(1, len(rows) + 1)):
        raise ValueError("dual: allowed are rows of a lower triangle")
    dual = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        dual[i, : i + 1] = dual[: i + 1, i] = row
    if not np.isfinite(dual).all():
        raise ValueError("dual: allowed are finite numbers")
    return dual


def _positive(matrix: npt.NDArray[np.float64]) -> bool:
    """Return whether a Cholesky decomposition proves a symmetric matrix to be positive semidefinite.

    When it succeeds in floating point for A - c 1, c > gamma_{n+1} / (1 - gamma_{n+1}) tr(A), A is positive
    definite [Rump2006]. False may be a matter of rounding.
    """
    size = len(matrix)
    shift = (2 * size + 4) * EPS * float(np.trace(matrix))
    if not shift > 0:
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

"""An independent check of quantum strategies, from plain data alone."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import Findings, brief, is_integer
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError, read_floats

EPS = float(np.finfo(float).eps)
TOLERANCE = 1e-10  # of a strategy's state and measurements
MAX_SIZE = 1 << 22  # complex numbers held at a time

ComplexArray = npt.NDArray[np.complex128]


def check_strategy(game: ClaimedGame, strategy: Any) -> tuple[float, list[str]]:
    """Return the payoff of a strategy and what is wrong with the strategy.

    The payoff is <psi| E_1 x E_2 x .. |psi>, summed as it stands. Deviations of the measurements from exact
    ones (in floating point there are always some) are taken off, so that the value is a lower bound.

    Args:
        game: the payoffs.
        strategy: `dimensions` (k numbers); `state` (list of pairs re, im; player 1 most significant);
            `measurements[player][question][answer]`, matrices of pairs re, im.

    Returns:
        The value (-inf when there is none to compute), and sentences; none for a good strategy.
    """
    try:
        dimensions, state, measurements = read_strategy(game, strategy)
    except ClaimError as error:
        return -math.inf, [f"malformed strategy: {error}"]
    violations = []
    norm = float(np.vdot(state, state).real)
    deviation = abs(norm - 1)
    if not deviation <= TOLERANCE:
        violations.append(f"the state has norm squared {norm!r}, not 1")
    for i, own in enumerate(measurements):
        for x, elements in enumerate(own):
            incomplete = float(np.abs(elements.sum(axis=0) - np.eye(dimensions[i])).sum())
            crooked = float(np.abs(elements - elements.conj().transpose(0, 2, 1)).sum())
            if not max(incomplete, crooked) <= TOLERANCE:
                violations.append(f"player {i}, question {x}: measurement not complete and Hermitian")
                continue
            negative = -min(0.0, float(np.linalg.eigvalsh(elements).min()))
            if not negative <= TOLERANCE:
                violations.append(f"player {i}, question {x}: measurement negative by {negative:.1e}")
            deviation = max(deviation, incomplete + crooked + negative * len(elements))
    if violations:
        return -math.inf, violations
    value = 0.0
    for question, weights in _by_question(game).items():
        own = [measured[x] for measured, x in zip(measurements, question, strict=True)]
        value += float(np.vdot(weights, _probabilities(state, dimensions, own)))
    margin = (game.players + 1) * (4 * deviation + 8 * EPS * math.prod(dimensions)) * float(game.best())
    return value - margin, []


def check_correlation(findings: Findings, game: ClaimedGame) -> None:
    """Check a table P(answers | questions) against the strategy of the lower bound, which was checked."""
    strategy = findings.get("quantum", "lower_certificate")
    dimensions, state, measurements = read_strategy(game, strategy)
    table = read_floats("correlation", findings.get("correlation"), (*game.questions, *game.answers))
    for question in itertools.product(*map(range, game.questions)):
        own = [measured[x] for measured, x in zip(measurements, question, strict=True)]
        gap = np.abs(table[question].ravel() - _probabilities(state, dimensions, own)).max()
        if not gap <= TOLERANCE:
            findings.wrong(("correlation", *question), f"off by {gap:.1e} from what the strategy plays")
    findings.confirm("correlation")


def _by_question(game: ClaimedGame) -> dict[tuple[int, ...], npt.NDArray[np.float64]]:
    """Return what each question's answers win, shape (B_1 .. B_k,), for those that can win anything."""
    out: dict[tuple[int, ...], npt.NDArray[np.float64]] = {}
    for index, weight in game.payoff.items():
        question, answers = index[: game.players], index[game.players :]
        if question not in out:
            out[question] = np.zeros(math.prod(game.answers))
        out[question][np.ravel_multi_index(answers, game.answers)] = float(weight)
    return out


def _probabilities(
    state: ComplexArray, dimensions: list[int], measured: list[ComplexArray]
) -> npt.NDArray[np.float64]:
    """Return <psi| E_1 x E_2 x .. |psi> for all answers, those of player 1 most significant."""
    image = state.reshape(1, 1, -1)  # answers and systems of the players so far, systems of those to come
    for d, elements in zip(dimensions, measured, strict=True):
        answers, systems, left = image.shape
        parts = np.einsum("bij,aejr->abeir", elements, image.reshape(answers, systems, d, left // d))
        image = parts.reshape(answers * len(elements), systems * d, left // d)
    return np.asarray((image[:, :, 0] @ state.conj()).real)


def read_strategy(
    game: ClaimedGame, strategy: Any
) -> tuple[list[int], ComplexArray, list[list[ComplexArray]]]:
    """Return dimensions, state and measurements.

    Raises:
        ClaimError: when they do not fit the game.
    """
    keys = ("dimensions", "state", "measurements")
    if not isinstance(strategy, dict) or not all(isinstance(strategy.get(key), list) for key in keys):
        raise ClaimError(f"{brief(strategy)}; allowed is an object with {', '.join(keys)}")
    dimensions, given = strategy["dimensions"], strategy["measurements"]
    if len(dimensions) != game.players or not all(is_integer(d, 1, MAX_SIZE) for d in dimensions):
        raise ClaimError("dimensions: allowed is an integer for each player")
    if math.prod(dimensions) * max(math.prod(game.answers), max(dimensions)) > MAX_SIZE:
        raise ClaimError("dimensions: too large")
    state = _complex("state", strategy["state"], (math.prod(dimensions),))
    if [len(own) if isinstance(own, list) else -1 for own in given] != list(game.questions):
        raise ClaimError("measurements: the numbers of players or of questions differ")
    measurements = [
        [_complex("measurements", one, (size, d, d)) for one in own]
        for own, size, d in zip(given, game.answers, dimensions, strict=True)
    ]
    return dimensions, state, measurements


def _complex(name: str, pairs: Any, shape: tuple[int, ...]) -> ComplexArray:
    """Return nested lists of pairs (re, im) as an array."""
    numbers = read_floats(name, pairs, (*shape, 2))
    return np.asarray(numbers[..., 0] + 1j * numbers[..., 1])

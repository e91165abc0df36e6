"""Certified upper bounds on quantum values: the NPA hierarchy with repaired duals."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import clarabel
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import scs

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.moments import LEVELS, Relaxation, Word, relaxation, unpaired
from qcoord_hw.theory.games.payoffs import FloatArray, payoff_tensor

INTERIOR_POINT_WORDS = 30  # up to here Clarabel is faster than SCS, and more accurate
ACCURACIES = (1e-5, 1e-7)  # of SCS; the second one starts from the first one's answer
REPAIRS = 4
DIGITS = 12  # decimals kept of a dual matrix, when the largest coefficient is about 1
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class NpaBound:
    """An upper bound on a quantum value, with its proof.

    Attributes:
        value: the bound, in units of the payoffs.
        level: "1", "1+AB", "2" or "3"; "0" for the algebraic bound.
        certificate: plain JSON values, read by `checker.check_upper`: `level`, `bound`, and but for level
            "0" the `words` (word, player, letter: question and answer), the lower triangle of `dual`, and
            `slack` in the shape of the payoffs.
        part: how many of the level's words were used, where there are too many; else empty.
    """

    value: float
    level: str
    certificate: dict[str, Any]
    part: str = ""


def algebraic_bound(game: Game | npt.ArrayLike) -> NpaBound:
    """Return the bound that nothing whatsoever exceeds: the best answers, question by question.

    It is the quantum value of every game with a perfect strategy.
    """
    tensor = payoff_tensor(game)
    best = tensor.max(axis=tuple(range(tensor.ndim // 2, tensor.ndim)))
    value = math.fsum(best.flat)
    value += 4 * EPS * float(np.abs(best).sum())
    return NpaBound(value, "0", {"level": "0", "bound": value})


def npa_bound(
    game: Game | npt.ArrayLike,
    level: str = "1",
    *,
    target: float = -math.inf,
    time_limit: float = 60.0,
    dual: Callable[[list[Word]], FloatArray] | None = None,
) -> NpaBound:
    """Return a certified upper bound from a level of the NPA hierarchy [NPA2007, NPA2008].

    Words are products of projectors P(answer | question), without each question's last answer; a word and
    its adjoint have one (real) moment. The words of level "1" are the products of at most one projector a
    player and ceil(players / 2) in all, of "1+AB" of at most one per player, of "2" of at most two per player
    and one more in all than at level "1", of "3" of at most three and two more.

    At level "1" the probabilities of the answers are required not to be negative, which the higher levels
    imply for two players.

    A solver gives an approximate dual: a matrix and multipliers of the probabilities. It is replaced by a
    matrix Z that is positive definite and a slack s >= 0; as <Z, moments> >= 0 and every |moment| <= 1, no
    quantum strategy has more than

        r_0 + sum_{c > 0} |r_c|,  r_c = w_c + <Z, M_c>,

    w_c being the coefficient of moment c in payoff plus slack, M_c the cells that hold it, and 0 the empty
    word. So the bound holds whatever the solver's accuracy, which only decides how good it is.

    Args:
        game: a game, or real payoffs of shape (X_1, .., X_k, B_1, .., B_k).
        level: "1", "1+AB", "2" or "3".
        target: a value at which to stop early, such as a known lower bound.
        time_limit: seconds after which the solver stops; the bound is then worse, not wrong.
        dual: gives an approximate dual matrix for the words, where one is known without a solver.

    Raises:
        InputError: when the level is another one, or by `payoff_tensor`.
        TooLargeError: when the level has too many words.
    """
    check_level(level)
    deadline = time.monotonic() + time_limit
    tensor = payoff_tensor(game)
    problem = relaxation(tensor, level)
    nothing = np.zeros(problem.probabilities.shape[0])
    scale = scale_of(problem.payoff)
    duals: Iterable[tuple[FloatArray, FloatArray]] = [(np.zeros(problem.cells.shape), nothing)]
    if dual is not None:
        duals = [(dual(problem.words) / scale, nothing)]
    elif problem.payoff[1:].any():
        scaled = replace(problem, payoff=problem.payoff / scale)
        duals = _solutions(scaled, level == LEVELS[0], deadline)
    return certified(tensor, problem, level, duals, target)


def check_level(level: str) -> None:
    """Check that there is a level of that name.

    Raises:
        InputError: when there is none.
    """
    if level not in LEVELS:
        raise InputError(f"level: {level!r}; allowed are {', '.join(LEVELS)}")


def certified(
    tensor: FloatArray,
    problem: Relaxation,
    level: str,
    duals: Iterable[tuple[FloatArray, FloatArray]],
    target: float = -math.inf,
    more: FloatArray | float = 0.0,
) -> NpaBound:
    """Return the best bound that approximate duals prove, once they are repaired.

    Args:
        tensor: the payoffs.
        problem: the moment matrix.
        level: of the hierarchy.
        duals: matrices and multipliers of the probabilities, for payoffs divided by `scale_of` them.
        target: a value at which to stop.
        more: what the payoffs of `problem` are above `tensor`, in its shape; nowhere negative.
    """
    scale = scale_of(problem.payoff)
    problem = replace(problem, payoff=problem.payoff / scale)
    best, matrix, slack = math.inf, np.zeros((0, 0)), np.zeros(problem.probabilities.shape[0])
    for approximate, multipliers in duals:
        extra = np.round(np.maximum(multipliers, 0), DIGITS)
        relaxed = replace(problem, payoff=problem.payoff + extra @ problem.probabilities)
        for candidate in _repaired(relaxed, approximate):
            residuals = _residuals(relaxed, candidate)
            if (value := float(residuals[0] + np.abs(residuals[1:]).sum())) < best:
                best, matrix, slack = value, candidate, extra
        if scale * best <= target + 1e-7 * scale:
            break
    matrix, added = scale * matrix, scale * unpaired(slack, tensor.shape) + more
    size = np.abs(tensor).sum() + np.abs(matrix).sum() + added.sum()
    rounding = 4 * EPS * len(matrix) * float(size)
    certificate = {
        "level": level,
        "bound": scale * best + rounding,
        "words": [[[list(letter) for letter in own] for own in word] for word in problem.words],
        "slack": added.tolist(),
        "dual": [[float(z) for z in row[: i + 1]] for i, row in enumerate(matrix)],
    }
    return NpaBound(scale * best + rounding, level, certificate)


def scale_of(payoff: FloatArray) -> float:
    """Return by what payoffs are divided: a power of two, so that scaling rounds nothing."""
    return float(2.0 ** math.ceil(math.log2(float(np.abs(payoff[1:]).max()) or 1.0)))


def _residuals(problem: Relaxation, dual: FloatArray) -> FloatArray:
    """Return w_c + <Z, M_c>; cells that are zero do not matter, so theirs is zero."""
    sums = problem.payoff + np.bincount(problem.cells.ravel(), dual.ravel(), minlength=len(problem.payoff))
    sums[-1] = 0
    return sums


def _repaired(problem: Relaxation, dual: FloatArray) -> Iterator[FloatArray]:
    """Yield positive definite matrices near a dual matrix, rounded to `DIGITS` decimals.

    Two repairs alternate: to spread every residual over the cells of its moment, and to clip negative
    eigenvalues. A shift of the diagonal makes up for the rounding, and for what is left of the first one.
    """
    size = len(dual)
    counts = np.maximum(np.bincount(problem.cells.ravel(), minlength=len(problem.payoff)), 1)
    for _ in range(REPAIRS):
        residuals = _residuals(problem, dual)
        residuals[0] = 0
        spread = dual - (residuals / counts)[problem.cells]
        values, vectors = np.linalg.eigh(spread)
        dual = (vectors * np.maximum(values, 0)) @ vectors.T
        dual = (dual + dual.T) / 2
        # the checker's test of positivity needs (2 size + 4) EPS of the trace
        margin = size * (10.0**-DIGITS + 8 * EPS * (1 + float(np.trace(dual))))
        for matrix, shift in ((dual, margin), (spread, margin + max(0.0, -float(values[0])))):
            yield np.round(matrix + shift * np.eye(size), DIGITS)


def _solutions(
    problem: Relaxation, positive: bool, deadline: float
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield approximate dual matrices and multipliers, better and better ones; zeros when there is no time.

    The moments are the variables, so that each cell has at most one of them: without the constraints that
    probabilities are positive, the linear system of SCS is diagonal.
    """
    size, count = len(problem.cells), len(problem.payoff) - 2
    interior = size <= INTERIOR_POINT_WORDS
    # both want a triangle column by column: Clarabel the upper one, SCS the lower one
    row, column = np.tril_indices(size) if interior else np.triu_indices(size)
    moment = problem.cells[row, column]
    weight = np.where(row == column, 1.0, math.sqrt(2))
    used = (moment > 0) & (moment <= count)
    matrix = sp.csc_matrix((-weight[used], (np.flatnonzero(used), moment[used] - 1)), (len(row), count))
    constant = np.where(moment == 0, weight, 0.0)
    cost = -problem.payoff[1:-1]
    rows = problem.probabilities.shape[0] if positive else 0
    if positive:
        matrix = sp.vstack([-problem.probabilities[:, 1:-1], matrix], format="csc")
        constant = np.concatenate([problem.probabilities[:, [0]].toarray().ravel(), constant])

    found, multipliers = False, np.zeros(problem.probabilities.shape[0])
    start: dict[str, Any] = {}
    for accuracy in (1e-9,) if interior else ACCURACIES:
        if (left := deadline - time.monotonic()) <= 0:
            break
        if interior:
            settings = clarabel.DefaultSettings()
            settings.verbose = settings.presolve_enable = settings.chordal_decomposition_enable = False
            settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = accuracy
            settings.time_limit = left
            cones = [clarabel.NonnegativeConeT(rows), clarabel.PSDTriangleConeT(size)]
            nothing = sp.csc_matrix((count, count))
            solver = clarabel.DefaultSolver(nothing, cost, matrix, constant, cones, settings)
            vector = np.array(solver.solve().z)
        else:
            options = {"eps_abs": accuracy, "eps_rel": accuracy, "max_iters": 10**6, "verbose": False}
            data = {"A": matrix, "b": constant, "c": cost}
            answer = scs.SCS(data, {"l": rows, "s": [size]}, time_limit_secs=left, **options).solve(**start)
            start = {"warm_start": True} | {name: answer[name] for name in "xys"}
            vector = answer["y"]
        if not np.isfinite(vector).all():
            break
        dual = np.zeros((size, size))
        dual[row, column] = dual[column, row] = vector[rows:] / weight
        found = True
        yield dual, vector[:rows] if positive else multipliers
    if not found:
        yield np.zeros((size, size)), multipliers

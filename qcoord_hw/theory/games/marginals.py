"""What one player's answers can look like at a given win probability: certified bounds and their entropy."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import clarabel
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import scs

from qcoord_hw.theory.games.moments import Relaxation, paired, relaxation
from qcoord_hw.theory.games.npa import INTERIOR_POINT_WORDS, npa_bound
from qcoord_hw.theory.games.payoffs import FloatArray, payoff_tensor

ROUNDING = 1e-12  # added to every certified bound on a combination of probabilities, for sums in floats
CLOSE = 2e-6  # bits; the polygon's least vertex is as good as reached
MAX_CUTS = 400
SCS_ACCURACY = 1e-5


@dataclass(frozen=True)
class EntropyBound:
    """A certified lower bound on the entropy of one player's answers given the question.

    Attributes:
        lower: bits; no quantum strategy at that win probability has less.
        bounded: how many questions (or, with `method` "polygon", cuts) the bound rests on.
        method: "polygon" or "guessing".
        complete: whether the search ended by itself, not by time or by the number of cuts.
    """

    lower: float
    bounded: int
    method: str
    complete: bool


class Marginals:
    """The distributions P(b|x) of one player at a win probability of at least `win`.

    A combination sum a_xb P(b|x) is at most max_quantum(a . P + m win probability) - m `win`, whatever
    m >= 0: so a bound of the NPA hierarchy [NPA2008] on that Bell functional bounds it, rigorously because
    the dual is repaired. A semidefinite program finds a good m, and an approximate dual.
    """

    def __init__(self, payoff: npt.ArrayLike, win: float, level: str, player: int) -> None:
        """Build the moment matrix.

        Args:
            payoff: a two-player game's payoffs, shape (X, Y, B, C).
            win: the least win probability.
            level: of the hierarchy.
            player: 0 or 1, whose answers are looked at.

        Raises:
            TooLargeError: when the level has too many words.
        """
        self._payoff = payoff_tensor(payoff)
        self._win, self._level, self._player = win, level, player
        self._problem: Relaxation = relaxation(self._payoff, level)
        self.questions = self._payoff.shape[player]
        self.answers = self._payoff.shape[2 + player]
        self.asked: FloatArray = np.zeros(self.questions)

    def bound(self, direction: FloatArray, time_limit: float) -> float:
        """Return a certified upper bound on sum a_xb P(b|x), for a of shape (X, B)."""
        tensor = np.zeros(self._payoff.shape)
        # the player's own answers do not depend on the other's question: let that be the first one
        if self._player == 0:
            tensor[:, 0] += direction[:, :, None]
        else:
            tensor[0] += direction[:, None, :]
        trivial = float(direction.max(axis=1).sum())
        slope, dual = self._solve(tensor, time_limit)
        if not math.isfinite(slope) or not np.isfinite(dual).all():
            return trivial
        functional = tensor + slope * self._payoff
        value = npa_bound(functional, self._level, dual=lambda _: dual).value - slope * self._win
        return min(trivial, value + ROUNDING * (1 + slope))

    def _solve(self, tensor: FloatArray, time_limit: float) -> tuple[float, FloatArray]:
        """Return the multiplier of the win probability, and an approximate dual matrix."""
        problem = self._problem
        size, count = len(problem.cells), len(problem.payoff) - 2
        gain = _coefficients(problem, tensor)
        interior = size <= INTERIOR_POINT_WORDS
        # Clarabel wants the upper triangle column by column, SCS the lower one
        row, column = np.tril_indices(size) if interior else np.triu_indices(size)
        moment, weight = problem.cells[row, column], np.where(row == column, 1.0, math.sqrt(2))
        used = (moment > 0) & (moment <= count)
        cells = sp.csc_matrix((-weight[used], (np.flatnonzero(used), moment[used] - 1)), (len(row), count))
        matrix = sp.vstack([sp.csc_matrix(-problem.payoff[None, 1:-1]), cells], format="csc")
        constant = np.append(problem.payoff[0] - self._win, np.where(moment == 0, weight, 0.0))
        if interior:
            settings = clarabel.DefaultSettings()
            settings.verbose = settings.presolve_enable = settings.chordal_decomposition_enable = False
            settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
            settings.time_limit = max(time_limit, 1e-3)
            cones = [clarabel.NonnegativeConeT(1), clarabel.PSDTriangleConeT(size)]
            nothing = sp.csc_matrix((count, count))
            solver = clarabel.DefaultSolver(nothing, -gain[1:-1], matrix, constant, cones, settings)
            vector = np.array(solver.solve().z)
        else:
            data = {"A": matrix, "b": constant, "c": -gain[1:-1]}
            options = {"eps_abs": SCS_ACCURACY, "eps_rel": SCS_ACCURACY, "max_iters": 10**6, "verbose": False}
            solver = scs.SCS(data, {"l": 1, "s": [size]}, time_limit_secs=max(time_limit, 1e-3), **options)
            vector = np.array(solver.solve()["y"])
        dual = np.zeros((size, size))
        dual[row, column] = dual[column, row] = vector[1:] / weight
        return max(0.0, float(vector[0])), dual


def _coefficients(problem: Relaxation, tensor: FloatArray) -> FloatArray:
    """Return the coefficients of the moments in a Bell functional."""
    return np.asarray(paired(tensor) @ problem.probabilities)


def entropy_bound(
    payoff: FloatArray, asked: FloatArray, win: float, player: int, level: str, deadline: float
) -> EntropyBound:
    """Return a certified lower bound on H(B|X) (of player 0; of player 1 H(C|Y)) at a win probability.

    Entropy is concave, so its minimum over a set that holds all P(b|x) is at a vertex. With two questions
    and two answers the set is a polygon, to which one supporting line after another is added. Otherwise
    the largest probability of every question's answers is bounded, and the distribution of least entropy
    with this maximum is taken; questions for which time was too short count with 0.

    Args:
        payoff: shape (X, Y, B, C).
        asked: probabilities of that player's questions.
        win: the least win probability.
        player: 0 or 1.
        level: of the NPA hierarchy.
        deadline: `time.monotonic()` at which to stop.

    Raises:
        TooLargeError: when the level has too many words.
    """
    marginals = Marginals(payoff, win, level, player)
    if marginals.questions == marginals.answers == 2:
        return _polygon(marginals, asked, deadline)
    total, bounded = 0.0, 0
    for x in np.argsort(-asked, kind="stable"):
        largest = 0.0
        for b in range(marginals.answers):
            if (left := deadline - time.monotonic()) <= 0:
                return EntropyBound(total, bounded, "guessing", False)
            direction = np.zeros((marginals.questions, marginals.answers))
            direction[x, b] = 1
            largest = max(largest, marginals.bound(direction, left / (marginals.answers - b)))
            if largest >= 1 - 1e-12:
                break
        total += float(asked[x]) * least_entropy(largest)
        bounded += 1
    return EntropyBound(total, bounded, "guessing", True)


def least_entropy(largest: float) -> float:
    """Return the least entropy, in bits, of a distribution whose probabilities are at most `largest`.

    Entropy is Schur-concave, and the distribution with as many entries of that size as fit majorises all.
    """
    if not 0 < largest < 1:
        return 0.0
    count = math.floor(1 / largest)
    rest = max(0.0, 1 - count * largest)
    return -count * largest * math.log2(largest) - (rest * math.log2(rest) if rest > 0 else 0.0)


def binary_entropy(p: npt.ArrayLike) -> FloatArray:
    """Return h(p) in bits; what rounding put outside [0, 1] counts as the end."""
    inside = np.clip(np.asarray(p, dtype=float), 0, 1)
    both = np.stack([inside, 1 - inside])
    return np.asarray(-(both * np.log2(np.where(both > 0, both, 1))).sum(axis=0))


def answer_entropy(tables: npt.ArrayLike, asked: FloatArray) -> float:
    """Return H(B|X) in bits of P(b|x), shape (X, B)."""
    p = np.clip(np.asarray(tables, dtype=float), 0, 1)
    return float(-(p * np.log2(np.where(p > 0, p, 1))).sum(axis=1) @ asked)


def _polygon(marginals: Marginals, asked: FloatArray, deadline: float) -> EntropyBound:
    """Cut a polygon that holds all (P(0|0), P(0|1)) until its vertex of least entropy is as good as reached.

    The supporting line in a direction between the normals of that vertex's two edges touches the set on the
    side that it adds to the polygon: the minimum is at most the entropy there. A clipped vertex lies on its
    line to within rounding, and `Marginals.bound` leaves a margin for that.
    """
    polygon = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # counter-clockwise
    cuts, gap = 0, math.inf
    while True:
        entropy = binary_entropy(polygon) @ asked
        lowest = int(np.argmin(entropy))
        vertex, lower, left = polygon[lowest], float(entropy[lowest]), deadline - time.monotonic()
        if gap <= CLOSE or cuts >= MAX_CUTS or left <= 0:
            return EntropyBound(lower, cuts, "polygon", gap <= CLOSE)
        sides = np.array([vertex - polygon[lowest - 1], polygon[(lowest + 1) % len(polygon)] - vertex])
        along = (sides / np.linalg.norm(sides, axis=1, keepdims=True)).sum(axis=0)
        normal = np.array([along[1], -along[0]]) / np.linalg.norm(along)
        value = marginals.bound(np.stack([normal, np.zeros(2)], axis=1), left)
        cuts += 1
        clipped, side = _clipped(polygon, normal, value)
        if len(side) < 2 or len(clipped) < 3:  # nothing left to cut at the solver's accuracy
            return EntropyBound(lower, cuts, "polygon", True)
        edge = np.stack([side[0], (side[0] + side[1]) / 2, side[1]])
        gap = float((binary_entropy(edge) @ asked).max()) - lower
        polygon = clipped


def _clipped(polygon: FloatArray, normal: FloatArray, value: float) -> tuple[FloatArray, list[FloatArray]]:
    """Return the part of a convex polygon in which normal . p <= value, and the ends of its new side."""
    kept: list[FloatArray] = []
    side: list[FloatArray] = []
    over = polygon @ normal - value
    for i in range(len(polygon)):
        j = (i + 1) % len(polygon)
        if over[i] <= 0:
            kept.append(polygon[i])
        if (over[i] <= 0 < over[j]) or (over[j] <= 0 < over[i]):
            side.append(polygon[i] + over[i] / (over[i] - over[j]) * (polygon[j] - polygon[i]))
            if over[i] != 0 and over[j] != 0:
                kept.append(side[-1])
    return np.array(kept), side

"""An ensemble sigma^{xy} of A, B and C, labelled by Bob's letter x and Charlie's y, and what it must satisfy.

Alice knows neither letter, Bob does not know y nor Charlie x. So whatever they do,

- A is independent of x and y [NatorPereg, eq. (56)], AB is independent of y, and AC of x (no-signalling);
- for every x and y that occur, also when never together, one state has the marginals AB of row x and AC of
  column y, so S(AB) + S(AC) >= S(B) + S(C) (strong subadditivity; this forbids cloning);
- answers that are classical have quantum correlators: |asin E00 + asin E01 + asin E10 - asin E11| <= pi and
  its permutations [Tsirelson1987, Landau1988, Masanes2003].
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import TooLargeError
from qcoord_hw.theory.information import partial_trace, trace_norm, von_neumann_entropy
from qcoord_hw.theory.states import PURE, State

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]
Cell = tuple[int, int]

SAME_STATE = 1e-7
"""Trace distance (half the norm) up to which two reduced states are the same."""

ENTROPY_SLACK = 1e-6
"""Bits by which an entropy inequality may be missed, for states that are equal up to `SAME_STATE`."""

MAX_ENTRIES = 30_000_000
MAX_DICHOTOMIES = 15
"""Ways to make two answers of many, a question; above this each answer is set against the rest."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The ensemble, one density matrix for each pair of letters that occurs.

    Attributes:
        letters: the cells (x, y) with p > 0.
        probabilities: shape (L,).
        densities: shape (L, d, d), of A, B and C in this order.
        dimensions: of A, B and C.
    """

    letters: tuple[Cell, ...]
    probabilities: FloatArray
    densities: ComplexArray
    dimensions: tuple[int, int, int]

    @classmethod
    def of(cls, state: State) -> Cells:
        """Return the ensemble of a state of X, Y (classical) and A, B, C; an absent system has dimension 1.

        Raises:
            TooLargeError: when the density matrices of all cells take too much memory.
        """
        a, b, c = state.sizes(("A", "B", "C"))
        columns = [state.classical.index(s) if s in state.classical else None for s in ("X", "Y")]
        pairs = np.zeros((len(state.letters), 2), dtype=np.int64)
        for i, column in enumerate(columns):
            if column is not None:
                pairs[:, i] = state.letters[:, column]
        letters, which = np.unique(pairs, axis=0, return_inverse=True)
        which = which.reshape(-1)
        if (entries := len(letters) * (a * b * c) ** 2) > MAX_ENTRIES:
            raise TooLargeError(
                f"systems: {entries} entries in the states of all letters; allowed are {MAX_ENTRIES}"
            )
        densities = []
        for k in range(len(letters)):
            mine = which == k
            total = state.probabilities[mine].sum()
            part = State(
                state.name,
                state.systems,
                state.dimensions,
                state.classical,
                state.letters[mine],
                state.probabilities[mine] / total,
                state.blocks[mine],
            )
            densities.append(part.density(("A", "B", "C")).reshape(a * b * c, a * b * c))
        cells = tuple((int(x), int(y)) for x, y in letters)
        weights = np.bincount(which, state.probabilities, len(letters)).astype(float)
        return cls(cells, weights, np.array(densities), (a, b, c))

    @cached_property
    def pure(self) -> bool:
        """Whether every cell is pure."""
        return all(np.linalg.eigvalsh(density)[-1] >= 1 - PURE for density in self.densities)

    def kets(self) -> dict[Cell, ComplexArray]:
        """Return the vector of each (pure) cell, shape (d_A, d_B, d_C)."""
        vectors = np.linalg.eigh(self.densities)[1][:, :, -1]
        tensors = vectors.reshape(-1, *self.dimensions)
        return dict(zip(self.letters, tensors, strict=True))

    def reduced(self, systems: str) -> ComplexArray:
        """Return the reduced states of the cells, e.g. of "AB", shape (L, d, d)."""
        keep = tuple("ABC".index(s) for s in systems)
        return np.asarray(partial_trace(self.densities, self.dimensions, keep))

    def average(self, systems: str, label: int | None = None) -> dict[int, ComplexArray]:
        """Return the average reduced states by letter x (label 0), y (label 1), or over all cells (None)."""
        sums: dict[int, ComplexArray] = {}
        weights: dict[int, float] = {}
        for cell, p, rho in zip(self.letters, self.probabilities, self.reduced(systems), strict=True):
            letter = 0 if label is None else cell[label]
            sums[letter] = sums.get(letter, 0) + p * rho
            weights[letter] = weights.get(letter, 0.0) + float(p)
        return {letter: total / weights[letter] for letter, total in sums.items()}

    def impossible(self) -> str | None:
        """Return why no protocol makes the ensemble, with the figure, or None where no test fails."""
        return self._signalling() or self._cloning() or self._box()

    def _signalling(self) -> str | None:
        tests = (
            ("A", None, "A depends on x or y, so eq. (56) fails"),
            ("AB", 0, "signalling: AB depends on y"),
            ("AC", 1, "signalling: AC depends on x"),
        )
        for systems, label, reason in tests:
            means = self.average(systems, label)
            for cell, rho in zip(self.letters, self.reduced(systems), strict=True):
                distance = trace_norm(rho - means[0 if label is None else cell[label]]) / 2
                if distance > SAME_STATE:
                    return (
                        f"{reason}; at x = {cell[0]}, y = {cell[1]} its state is {distance:.3g} in trace "
                        "distance from the average"
                    )
        return None

    def _cloning(self) -> str | None:
        rows, columns = (
            {
                letter: von_neumann_entropy(rho) - von_neumann_entropy(own[letter])
                for letter, rho in self.average(f"A{system}", label).items()
            }
            for system, label, own in (("B", 0, self.average("B", 0)), ("C", 1, self.average("C", 1)))
        )
        x, y = min(rows, key=rows.__getitem__), min(columns, key=columns.__getitem__)
        total = rows[x] + columns[y]
        if total < -ENTROPY_SLACK:
            return (
                f"no-cloning: with AB as for x = {x} and AC as for y = {y}, "
                f"S(AB) + S(AC) - S(B) - S(C) = {total:.6f} is below 0"
            )
        return None

    def _box(self) -> str | None:
        """Return why classical answers are no quantum correlation; None where this is not seen."""
        diagonals = np.einsum("lii->li", self.densities).real
        if np.abs(self.densities).sum() - np.abs(diagonals).sum() > SAME_STATE:
            return None
        a, b, c = self.dimensions
        table = dict(zip(self.letters, diagonals.reshape(-1, a, b, c), strict=True))
        bob, charlie = _dichotomies(b), _dichotomies(c)
        rows, columns = (sorted({cell[i] for cell in self.letters}) for i in (0, 1))
        weights = diagonals.reshape(-1, a, b, c).sum(axis=(2, 3)).mean(axis=0)
        for xs in itertools.combinations(rows, 2):
            for ys in itertools.combinations(columns, 2):
                if any((x, y) not in table for x in xs for y in ys):
                    continue
                for letter in np.flatnonzero(weights > SAME_STATE):
                    joint = np.array([[table[x, y][letter] for y in ys] for x in xs])
                    boxes = joint / joint.sum(axis=(2, 3), keepdims=True)
                    angles = np.arcsin(np.clip(np.einsum("sb,xybc,tc->xyst", bob, boxes, charlie), -1, 1))
                    worst = _largest_sum(angles)
                    if worst > math.pi + SAME_STATE:
                        return (
                            f"not a quantum correlation: for x in {xs} and y in {ys} the arcsines of the "
                            f"correlators add to {worst:.6f}, above pi"
                        )
        return None


def _dichotomies(answers: int) -> FloatArray:
    """Return the ways to call answers +1 or -1, up to an overall sign, shape (K, answers)."""
    if answers == 1:
        return np.ones((1, 1))
    signs = np.array([(1, *s) for s in itertools.product((1, -1), repeat=answers - 1)][1:], dtype=float)
    return signs if len(signs) <= MAX_DICHOTOMIES else 1 - 2 * np.eye(answers)


def _largest_sum(angles: FloatArray) -> float:
    """Return the largest |a00 + a01 + a10 - a11|, the sign in any place, over each player's dichotomies.

    Args:
        angles: shape (2, 2, S, T): arcsine of the correlator for questions x, y and dichotomies s, t.
    """
    # Axes of the sum: s0 s1 t0 t1, the dichotomies for x = 0, 1 and y = 0, 1.
    a00, a01 = angles[0, 0][:, None, :, None], angles[0, 1][:, None, None, :]
    a10, a11 = angles[1, 0][None, :, :, None], angles[1, 1][None, :, None, :]
    total = a00 + a01 + a10 + a11
    return max(float(np.abs(total - 2 * one).max()) for one in (a00, a01, a10, a11))

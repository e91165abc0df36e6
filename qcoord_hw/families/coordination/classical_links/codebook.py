"""Codes of small size on classical links: a codebook u^n(m0, m1) and Alice's encoder [NatorPereg, (76)].

Known codebooks, random ones, and good ones found by a local search.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.parameters import MAX_SIZE
from qcoord_hw.schema import refusal
from qcoord_hw.spec import Plain, check_integer, short_repr
from qcoord_hw.theory.finite_blocklength.codebooks import Decomposition, codebook_distance, random_codebook
from qcoord_hw.theory.finite_blocklength.points import distribution
from qcoord_hw.theory.finite_blocklength.resolvability import tensor_products

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

STARTS = 12
STEPS = 120
"""Random arrangements that a search begins with, and changes that it tries of each."""

MAX_WORK = 4 * 10**9
"""Operations of a search at most, about: some seconds."""

FEW = 16
"""Letters u up to which a search for a rounding may begin often."""

GAIN = 1e-12
"""A change of the distance below this is rounding."""


@dataclass(frozen=True, eq=False)
class Code:
    """A codebook and how likely its codewords are, from which the encoder follows.

    Attributes:
        words: letters u_k(m0, m1), shape (M0, M1, n).
        prior: of m1 for each m0, shape (M0, M1); 1/M1 in the paper.
    """

    words: IntArray
    prior: FloatArray

    @classmethod
    def uniform(cls, words: IntArray) -> Code:
        """Return the paper's code on a codebook."""
        return cls(words, np.full(words.shape[:2], 1 / words.shape[1]))

    @property
    def size(self) -> tuple[int, int]:
        """M0 and M1."""
        return self.words.shape[0], self.words.shape[1]

    def joint(self, target: Decomposition) -> tuple[IntArray, FloatArray]:
        """Return all strings x^n of positive probability, and P~(x^n, m0, m1) of [NatorPereg, (76)].

        Returns:
            Shapes (strings, n) and (strings, M0, M1).
        """
        letters = np.flatnonzero(target.p_x > 0)
        strings = np.array(list(itertools.product(letters, repeat=self.words.shape[2])))
        joint = np.repeat(self.prior[None] / len(self.words), len(strings), axis=0)
        for k in range(strings.shape[1]):
            joint *= np.moveaxis(target.p_x_given_u[self.words[:, :, k]], 2, 0)[strings[:, k]]
        return strings, joint

    def encoder(self, target: Decomposition) -> tuple[IntArray, FloatArray]:
        """Return the strings x^n and F(m1 | x^n, m0), shape (strings, M0, M1).

        Where P~(x^n, m0) = 0, which leaves F undefined in the paper, m1 is uniform.
        """
        strings, joint = self.joint(target)
        total = joint.sum(axis=2, keepdims=True)
        uniform = np.full_like(joint, 1 / joint.shape[2])
        return strings, np.divide(joint, total, out=uniform, where=total > 0)

    def word_weights(self, target: Decomposition) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the strings x^n, the distinct codewords, and how likely each codeword is given x^n.

        Returns:
            Shapes (strings, n), (words, n) and (strings, words).
        """
        strings, encoder = self.encoder(target)
        m0, m1, n = self.words.shape
        distinct, which = np.unique(self.words.reshape(-1, n), axis=0, return_inverse=True)
        weights = np.zeros((len(strings), len(distinct)))
        np.add.at(weights.T, which.reshape(-1), encoder.reshape(len(strings), -1).T / m0)
        return strings, distinct, weights

    def exact(self, target: Decomposition) -> dict[str, float]:
        """Return the `trace_norm` || rho_hat - omega^{(x) n} ||_1 and `covering`, the error (77)."""
        strings, words, weights = self.word_weights(target)
        states = tensor_products(target.theta, words)
        p_x = target.p_x[strings].prod(axis=1)
        norm = 0.0
        for x, p, chances in zip(strings, p_x, weights, strict=True):
            gap = p * np.tensordot(chances, states, 1) - tensor_products(target.target, x[None])[0]
            norm += float(np.abs(np.linalg.eigvalsh(gap)).sum())
        mass = self.joint(target)[1].sum(axis=2)
        return {
            "trace_norm": norm,
            "covering": float(np.abs(mass - p_x[:, None] / len(self.words)).sum()),
        }


def read_code(values: Mapping[str, Any], target: Decomposition, n: int, default: str) -> Code:
    """Return the code that parameters name.

    Args:
        values: `codebook`: one of `KINDS`, or the letters in full, shape (M0, M1, n); `M0`, `M1`, `seed`;
            None where one is not given.
        target: the decomposition.
        n: the block length.
        default: the codebook where none is named.

    Raises:
        InputError: naming the option.
    """
    kind = default if values["codebook"] is None else values["codebook"]
    if kind not in ("random", "search"):
        for key in ("M0", "M1", "seed"):
            if values[key] is not None:
                raise refusal(key, values[key], "with codebook random or search")
    u = len(target.p_u)
    if not isinstance(kind, str):
        return Code.uniform(read_codebook(kind, u, n))
    if kind == "coset":
        if u != 2:
            raise InputError(f"parameters.codebook: coset with {u} letters u; allowed is 2")
        return Code.uniform(coset_codebook(n))
    if kind == "letters":
        check_integer("parameters.n (with codebook letters)", n, 1, 1)
        letters = np.flatnonzero(target.p_u > 0)
        return Code(letters[None, :, None], target.p_u[letters][None])
    seed = values["seed"] or 0
    size = code_size(values["M0"], values["M1"], target, n)
    if kind == "random":
        return Code.uniform(random_codebook(target, n, size, np.random.default_rng(seed)))
    return Code.uniform(search_codebook(target, n, size, seed))


def code_size(m0: int | None, m1: int | None, target: Decomposition, n: int) -> tuple[int, int]:
    """Return M0 and M1; what is None is the least power of 2 with which both rates suffice.

    That is [NatorPereg, (75)] at this n: n R1 >= n I(X;U) and n (R0 + R1) >= n I(XB;U).
    """
    least, total = n * target.rate_x, n * target.rate_xb
    sent = 2 ** _up(max(least, 0 if m0 is None else total - math.log2(m0))) if m1 is None else m1
    drawn = 2 ** _up(total - math.log2(sent)) if m0 is None else m0
    check_integer("parameters.M0 M1", drawn * sent, 1, MAX_SIZE)
    return drawn, sent


def _up(bits: float) -> int:
    return max(0, math.ceil(bits - 1e-9))


def coset_codebook(n: int) -> IntArray:
    """Return the coset codebook of a binary U, shape (M0, M1, n): each m0 has a coset of one linear code.

    n = 1: (R0, R1) = (0, 1), all words; n = 2: (1/2, 1/2), the repetition code; n = 3: (1/3, 2/3), the words
    of even weight.

    >>> coset_codebook(2).tolist()
    [[[0, 0], [1, 1]], [[0, 1], [1, 0]]]

    Raises:
        InputError: for another n.
    """
    check_integer("parameters.n", n, 1, 3)
    words = np.array(list(itertools.product((0, 1), repeat=n)))
    code = words if n == 1 else words[words.sum(axis=1) % 2 == 0]
    last = np.eye(n, dtype=np.int64)[-1]
    return np.array([code] if n == 1 else [code, (code + last) % 2])


def read_codebook(value: Plain, letters: int, n: int) -> IntArray:
    """Return a codebook that is given in full, shape (M0, M1, n).

    Raises:
        InputError: for another shape or other letters.
    """
    allowed = f"allowed are letters from 0 to {letters - 1} in the shape (M0, M1, {n})"
    try:
        words = np.array(value)
    except ValueError:
        raise InputError(f"parameters.codebook: {short_repr(value)}; {allowed}") from None
    fits = words.ndim == 3 and words.size and words.shape[2] == n and np.issubdtype(words.dtype, np.integer)
    if not fits or words.min() < 0 or words.max() >= letters:
        raise InputError(f"parameters.codebook: {short_repr(value)}; {allowed}")
    check_integer("parameters.codebook: M0 M1", words.shape[0] * words.shape[1], 1, MAX_SIZE)
    return words.astype(np.int64)


def largest_remainders(p: npt.ArrayLike, total: int) -> IntArray:
    """Return integers that sum to `total` and are closest to total p; among equal remainders the first.

    >>> largest_remainders([0.5, 0.3, 0.2], 8).tolist()
    [4, 2, 2]
    """
    ideal = distribution("p", p) * total
    counts = np.floor(ideal + 1e-9).astype(np.int64)
    order = np.argsort(counts - ideal, kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def least_common_size(p: npt.ArrayLike, limit: int) -> int | None:
    """Return the least M up to a limit for which every p is a multiple of 1/M; None if there is none."""
    shares = distribution("p", p)
    for size in range(1, limit + 1):
        if np.abs(shares * size - np.round(shares * size)).max() < 1e-9 * size:
            return size
    return None


def rounded_norms(target: Decomposition, counts: npt.ArrayLike) -> FloatArray:
    """Return || sum_u (k_u / M) theta^u - omega ||_1 for rows of counts k_u that sum to M: no sender, n = 1.

    Args:
        target: with one letter x.
        counts: shape (rows, U).
    """
    rows = np.atleast_2d(np.asarray(counts, dtype=float))
    d = target.theta.shape[-1]
    made = (rows / rows.sum(axis=1, keepdims=True)) @ target.theta.reshape(len(target.theta), -1)
    gaps = made.reshape(-1, d, d) - target.target[0]
    return np.asarray(np.abs(np.linalg.eigvalsh(gaps)).sum(axis=1))


def best_rounding(target: Decomposition, total: int, seed: int = 0) -> IntArray:
    """Return counts k_u of sum `total` of least distance that a search finds, shape (U,).

    It begins with the largest remainders and with random draws, and moves one unit as long as that helps.
    The first is kept unless another is better.
    """
    rng = np.random.default_rng(seed)
    u = len(target.p_u)
    moves = np.eye(u, dtype=np.int64)[:, None] - np.eye(u, dtype=np.int64)[None]
    moves = moves[~np.eye(u, dtype=bool)]
    best, least = np.zeros(u, dtype=np.int64), math.inf
    for start in range(20 if u <= FEW else 2):
        counts = rng.multinomial(total, target.p_u) if start else largest_remainders(target.p_u, total)
        norm = float(rounded_norms(target, counts)[0])
        while norm > GAIN:
            neighbours = counts + moves
            neighbours = neighbours[neighbours.min(axis=1) >= 0]
            norms = rounded_norms(target, neighbours) if len(neighbours) else np.array([norm])
            if norms.min() >= norm - GAIN:
                break
            counts, norm = neighbours[int(norms.argmin())], float(norms.min())
        if norm < least - GAIN:
            best, least = counts, norm
    return best


def search_codebook(target: Decomposition, n: int, size: tuple[int, int], seed: int = 0) -> IntArray:
    """Return a codebook of small exact distance, shape (M0, M1, n); no proof that it is the best.

    It begins with as many of each word as the largest remainders of p_U^n say, arranged at random, and then
    changes letters or swaps codewords of different m0 as long as the exact distance does not grow.

    Args:
        target: the decomposition.
        n: the block length.
        size: (M0, M1).
        seed: of the arrangements and changes.

    Raises:
        InputError: when the codebook is too large.
    """
    check_integer("parameters.M0 M1", size[0] * size[1], 1, MAX_SIZE)
    rng = np.random.default_rng(seed)
    letters = np.flatnonzero(target.p_u > 0)
    words = np.array(list(itertools.product(letters, repeat=n)))
    counts = largest_remainders(target.p_u[words].prod(axis=1), size[0] * size[1])
    spread = np.repeat(words, counts, axis=0)
    best, least = spread.reshape(*size, n), math.inf
    work = len(target.p_x) ** n * target.theta.shape[-1] ** (3 * n)  # of one distance
    steps = min(STEPS, MAX_WORK // (STARTS * work))
    for _ in range(STARTS):
        book = rng.permutation(spread).reshape(*size, n)
        norm = codebook_distance(book, target).trace_norm
        for _ in range(steps):
            changed = _changed(book, letters, rng)
            found = codebook_distance(changed, target).trace_norm
            if found <= norm + GAIN:
                book, norm = changed, found
        if norm < least - GAIN:
            best, least = book, norm
        if least < GAIN:
            break
    return best


def _changed(book: IntArray, letters: IntArray, rng: np.random.Generator) -> IntArray:
    """Return a codebook with one letter changed, or with two codewords of different m0 swapped."""
    m0, m1, n = book.shape
    changed = book.copy()
    if m0 > 1 and rng.random() < 0.5:
        a, b = rng.choice(m0, 2, replace=False)
        c, d = rng.integers(m1, size=2)
        changed[a, c], changed[b, d] = book[b, d], book[a, c]
    else:
        changed[rng.integers(m0), rng.integers(m1), rng.integers(n)] = rng.choice(letters)
    return changed

"""Random codebooks of the two-node network [NatorPereg, (76)-(83)], each scored exactly.

Alice sees x^n, shares m0 with Bob, and sends m1 ~ F(m1 | x^n, m0); Bob prepares theta^{u^n(m0, m1)}. The
score is the one of the paper, the whole trace norm || rho_hat_{X^n B^n} - omega_XB^{(x) n} ||_1, between 0
and 2. Both states are block diagonal in x^n, so it is a sum over x^n of the trace norms of d^n x d^n
matrices.

The paper leaves F undefined where P~(x^n, m0) = 0, that is where no codeword of m0 can produce x^n. Here m1
is then drawn uniformly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength.points import (
    Curve,
    FinitePoint,
    block_length,
    codebook_size,
    distribution,
    nonnegative_rate,
)
from qcoord_hw.theory.finite_blocklength.resolvability import holevo, read_states, tensor_products

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
IntArray = npt.NDArray[np.int64]

MAX_DIMENSION = 256
"""Of Bob's n systems: n = 8 with a qubit, n = 4 with two."""

MAX_BLOCKS = 6561
"""Strings x^n at most: n = 8 for three letters."""

MAX_CODEWORDS = 2**20
"""Codewords M0 M1 at most."""

CHUNK = 2**22  # entries of the stack of blocks that is diagonalised at once


@dataclass(frozen=True, eq=False)
class Decomposition:
    """sigma_UXB of [NatorPereg, (72)-(73)]: X and B independent given U.

    Attributes:
        p_u: shape (U,).
        p_x_given_u: shape (U, X); rows sum to 1.
        theta: Bob's states, shape (U, d, d); with several receivers the products of theirs.
    """

    p_u: FloatArray
    p_x_given_u: FloatArray
    theta: ComplexArray

    @property
    def p_x(self) -> FloatArray:
        """The distribution of X, shape (X,)."""
        return np.asarray(self.p_u @ self.p_x_given_u)

    @property
    def target(self) -> ComplexArray:
        """p(x) omega_B^x, shape (X, d, d): the blocks of omega_XB [NatorPereg, (74)]."""
        return np.asarray(np.einsum("u,ux,uij->xij", self.p_u, self.p_x_given_u, self.theta))

    @property
    def rate_x(self) -> float:
        """I(X;U) in bits, the threshold of R1 [NatorPereg, (75)]."""
        return holevo(self.p_u, np.stack([np.diag(row) for row in self.p_x_given_u]).astype(complex))

    @property
    def rate_xb(self) -> float:
        """I(XB;U) in bits, the threshold of R0 + R1 [NatorPereg, (75)]."""
        return holevo(self.p_u, self.joint)

    @property
    def joint(self) -> ComplexArray:
        """sigma_XB^u, shape (U, X d, X d)."""
        letters, size = self.p_x_given_u.shape[1], self.theta.shape[-1]
        blocks = np.einsum("ux,xy,uij->uxiyj", self.p_x_given_u, np.eye(letters), self.theta)
        return np.asarray(blocks.reshape(-1, letters * size, letters * size))


@dataclass(frozen=True)
class CodebookDistance:
    """The exact score of one codebook.

    Attributes:
        trace_norm: || rho_hat - omega^{(x) n} ||_1, the paper's figure.
        trace_distance: half of it.
        covering: || P~_{M0 X^n} - p_M0 x p_X^n ||_1 of [NatorPereg, (77)], which the encoder pays.
    """

    trace_norm: float
    trace_distance: float
    covering: float


@dataclass(frozen=True)
class CodebookSteps:
    """The trace norms of the proof of achievability, for one codebook or in the mean over random ones.

    Attributes:
        covering: (77), || P~_{M0 X^n} - p_M0 x p_X^n ||_1.
        encoding: (80), || tau_hat - rho_hat ||_1, at most `covering`.
        mean: (82), || sigma_XB^{(x) n} - tau_hat ||_1, the distance of Theorem 10 on the systems XB.
        whole: (83), || omega_XB^{(x) n} - rho_hat ||_1, at most the sum of the two before.
    """

    covering: float
    encoding: float
    mean: float
    whole: float


def decomposition(
    p_u: Sequence[float],
    p_x_given_u: npt.ArrayLike,
    theta: npt.ArrayLike,
    *others: npt.ArrayLike,
) -> Decomposition:
    """Return a checked decomposition; letters u of probability 0 keep their index.

    Args:
        p_u: shape (U,).
        p_x_given_u: shape (U, X).
        theta: Bob's state for each u, shape (U, d, d).
        *others: the states of further receivers of the classical broadcast [NatorPereg, (113)], likewise.

    Raises:
        InputError: for a bad distribution or state, or shapes that disagree.
    """
    weights = distribution("p_u", p_u)
    rows = np.atleast_2d(np.asarray(p_x_given_u, dtype=float))
    channel = np.stack([distribution("p_x_given_u", row) for row in rows])
    states = read_states("theta", theta)
    for i, other in enumerate(others):
        more = read_states(f"theta of receiver {i + 2}", other)
        if len(more) != len(states):
            raise InputError(f"theta: {len(states)} and {len(more)} states; allowed is one a letter u each")
        size = states.shape[-1] * more.shape[-1]
        states = np.einsum("uij,ukl->uikjl", states, more).reshape(-1, size, size)
    if not len(weights) == len(channel) == len(states):
        raise InputError(
            f"theta: {len(states)} states, {len(channel)} rows p(x|u), {len(weights)} probabilities p(u); "
            "allowed is one of each a letter u"
        )
    return Decomposition(weights, channel, states)


def codebook_distance(codebook: npt.ArrayLike, target: Decomposition) -> CodebookDistance:
    """Return the exact score of a given codebook.

    Args:
        codebook: letters u_k(m0, m1) as indices, shape (M0, M1, n).
        target: the decomposition the codewords are letters of.

    Raises:
        InputError: for a codebook of another shape or with other letters, or one too large.
    """
    made = _made(codebook, target)
    norm = made.norm(made.encoded)
    return CodebookDistance(norm, norm / 2, made.covering)


def codebook_steps(codebook: npt.ArrayLike, target: Decomposition) -> CodebookSteps:
    """Return the trace norms of (77), (80), (82) and (83) of a given codebook, exactly.

    Args:
        codebook: as for `codebook_distance`.
        target: the decomposition the codewords are letters of.

    Raises:
        InputError: as `codebook_distance`.
    """
    made = _made(codebook, target)
    return CodebookSteps(
        made.covering,
        made.norm(made.encoded - made.resampled, against=False),
        made.norm(made.resampled),
        made.norm(made.encoded),
    )


@dataclass(frozen=True, eq=False)
class _Made:
    """What one codebook makes: block x^n holds a mixture of the states of its distinct codewords.

    Attributes:
        target: the decomposition.
        distinct: the distinct codewords, shape (W, n).
        strings: the x^n that occur, shape (X^n, n).
        encoded: their weights in rho_hat (78), with p(x^n), shape (X^n, W).
        resampled: those in tau_hat (81), likewise.
        covering: the error (77).
    """

    target: Decomposition
    distinct: IntArray
    strings: IntArray
    encoded: FloatArray
    resampled: FloatArray
    covering: float

    def norm(self, weights: FloatArray, *, against: bool = True) -> float:
        """Return the trace norm of what has these weights, less the target unless told otherwise."""
        return _block_norms(weights, self.distinct, self.strings, self.target, against)


def _made(codebook: npt.ArrayLike, target: Decomposition) -> _Made:
    """Return what a codebook makes.

    Raises:
        InputError: for a codebook of another shape or with other letters, or one too large.
    """
    words = np.asarray(codebook)
    if words.ndim != 3 or not words.size or not np.issubdtype(words.dtype, np.integer):
        raise InputError(f"codebook: shape {words.shape}; allowed is integers of shape (M0, M1, n)")
    if words.min() < 0 or words.max() >= len(target.p_u):
        raise InputError(
            f"codebook: letters {words.min()}..{words.max()}; allowed is 0..{len(target.p_u) - 1}"
        )
    m0, m1, n = words.shape
    _check_size(target, n, m0 * m1)
    # Equal codewords prepare equal states: the weights are summed over distinct ones.
    distinct, which = np.unique(words.reshape(-1, n), axis=0, return_inverse=True)
    strings = np.array(list(product(range(target.p_x_given_u.shape[1]), repeat=n)))
    p_x = target.p_x[strings].prod(axis=1)
    supported = p_x > 0
    strings, p_x = strings[supported], p_x[supported]
    likelihood = np.ones((len(strings), len(distinct)))
    for k in range(n):
        likelihood *= target.p_x_given_u[distinct[:, k]][:, strings[:, k]].T
    weights, covering = _encoder(likelihood, which.reshape(m0, m1), p_x)
    repeats = np.bincount(which.ravel(), minlength=len(distinct))
    return _Made(target, distinct, strings, weights, likelihood * repeats / (m0 * m1), covering)


def random_codebook(
    target: Decomposition, n: int, size: tuple[int, int], rng: np.random.Generator
) -> IntArray:
    """Return M0 x M1 codewords of n letters, i.i.d. by p_U, shape (M0, M1, n)."""
    return rng.choice(len(target.p_u), size=(*size, n), p=target.p_u).astype(np.int64)


def expected_distance(
    target: Decomposition, n: int, rate0: float, rate1: float, draws: int = 40, seed: int = 0
) -> FinitePoint:
    """Return the mean trace norm of random codebooks, each scored exactly.

    Args:
        target: the decomposition.
        n: the block length.
        rate0: R0, bits of common randomness a letter; M0 = round(2^(n R0)), at least 1.
        rate1: R1, bits sent a letter; M1 likewise.
        draws: codebooks drawn, at least 2.
        seed: of the generator that draws them.

    Returns:
        The whole trace norm (0 to 2) with the standard error of its mean; the rate is R0 + R1.

    Raises:
        InputError: for a bad argument or a problem too large.
    """
    rng, size = _drawing(target, n, rate0, rate1, draws, seed)
    norms = [
        codebook_distance(random_codebook(target, n, size, rng), target).trace_norm for _ in range(draws)
    ]
    error = float(np.std(norms, ddof=1)) / math.sqrt(draws)
    return FinitePoint(n, rate0 + rate1, float(np.mean(norms)), error, "estimate", None)


def expected_steps(
    target: Decomposition, n: int, rate0: float, rate1: float, draws: int = 40, seed: int = 0
) -> tuple[CodebookSteps, CodebookSteps]:
    """Return the means of (77), (80), (82) and (83) over random codebooks, and their standard errors.

    Args:
        target: the decomposition.
        n: the block length.
        rate0: R0, bits of common randomness a letter; M0 = round(2^(n R0)), at least 1.
        rate1: R1, bits sent a letter; M1 likewise.
        draws: codebooks drawn, at least 2.
        seed: of the generator that draws them.

    Raises:
        InputError: for a bad argument or a problem too large.
    """
    rng, size = _drawing(target, n, rate0, rate1, draws, seed)
    drawn = np.array(
        [astuple(codebook_steps(random_codebook(target, n, size, rng), target)) for _ in range(draws)]
    )
    errors = drawn.std(axis=0, ddof=1) / math.sqrt(draws)
    return CodebookSteps(*drawn.mean(axis=0).tolist()), CodebookSteps(*errors.tolist())


def _drawing(
    target: Decomposition, n: int, rate0: float, rate1: float, draws: int, seed: int
) -> tuple[np.random.Generator, tuple[int, int]]:
    """Return the generator that draws codebooks, and their size (M0, M1).

    Raises:
        InputError: for a bad argument or a problem too large.
    """
    n = block_length(n)
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 2:
        raise InputError(f"draws: {draws!r}; allowed is an integer of at least 2")
    rate0, rate1 = nonnegative_rate("rate0", rate0), nonnegative_rate("rate1", rate1)
    size = codebook_size(n, rate0), codebook_size(n, rate1)
    _check_size(target, n, size[0] * size[1])
    return np.random.default_rng(seed), size


def curve(
    target: Decomposition,
    ns: Iterable[int],
    rates: Iterable[tuple[float, float]],
    draws: int = 40,
    seed: int = 0,
) -> Curve:
    """Return `expected_distance` at every n and every pair (R0, R1), the pair running faster.

    The threshold is I(XB;U), of R0 + R1; above it the distance vanishes only if also R1 > I(X;U).

    Raises:
        InputError: as `expected_distance`.
    """
    pairs = tuple(rates)
    points = tuple(expected_distance(target, n, r0, r1, draws, seed) for n in ns for r0, r1 in pairs)
    return Curve("expected trace norm of a random codebook", target.rate_xb, 2.0, 0.0, points)


def _check_size(target: Decomposition, n: int, codewords: int) -> None:
    """Refuse what would take minutes or gigabytes."""
    dimension, blocks = target.theta.shape[-1] ** n, target.p_x_given_u.shape[1] ** n
    if dimension > MAX_DIMENSION or blocks > MAX_BLOCKS:
        raise InputError(
            f"n: {n} makes {blocks} blocks of dimension {dimension}; "
            f"allowed is {MAX_BLOCKS} of {MAX_DIMENSION}"
        )
    if codewords > MAX_CODEWORDS:
        raise InputError(f"rate: {codewords} codewords at n = {n}; allowed is {MAX_CODEWORDS}")


def _encoder(likelihood: FloatArray, which: IntArray, p_x: FloatArray) -> tuple[FloatArray, float]:
    """Return the weight of each distinct codeword in block x^n (with p(x^n)), and the error (77).

    Args:
        likelihood: p(x^n | u^n), shape (x^n, distinct codewords).
        which: the distinct codeword of each (m0, m1), shape (M0, M1).
        p_x: p(x^n), shape (x^n,).
    """
    m0, m1 = which.shape
    weights = np.zeros_like(likelihood)
    covering = 0.0
    for row in which:
        repeats = np.bincount(row, minlength=likelihood.shape[1])
        mass = likelihood * repeats
        total = mass.sum(axis=1)
        covering += float(np.abs(total / m1 - p_x).sum()) / m0
        seen = total > 0
        weights[seen] += mass[seen] / total[seen, None]
        weights[~seen] += repeats / m1
    return weights * (p_x / m0)[:, None], covering


def _block_norms(
    weights: FloatArray, distinct: IntArray, strings: IntArray, target: Decomposition, against: bool
) -> float:
    """Return sum over x^n of || sum_u w(x^n, u^n) theta^{u^n} - p(x^n) omega^{x^n} ||_1.

    Without what follows the minus unless `against`.
    """
    theta: npt.NDArray[np.inexact] = target.theta
    blocks: npt.NDArray[np.inexact] = target.target
    if not target.theta.imag.any():
        theta, blocks = target.theta.real, target.target.real
    words = tensor_products(theta, distinct)
    dimension = words.shape[-1]
    flat = words.reshape(len(words), -1)
    step = max(1, CHUNK // dimension**2)
    norm = 0.0
    for start in range(0, len(strings), step):
        part = slice(start, start + step)
        gap = (weights[part] @ flat).reshape(-1, dimension, dimension)
        if against:
            gap = gap - tensor_products(blocks, strings[part])
        norm += float(np.abs(np.linalg.eigvalsh(gap)).sum())
    return norm

"""Quantum resolvability at small n [NatorPereg, Theorem 10]: how well M random codewords imitate rho^{(x) n}.

The quantity is the paper's, E || rho^{(x) n} - (1/M) sum_m rho^{X^n(m)} ||_1 with the whole norm and M =
2^(nR) independent codewords, each i.i.d. by p_X; its threshold is the Holevo quantity I(X;A).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement, product

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from qcoord_hw.errors import InputError
from qcoord_hw.theory.finite_blocklength.points import (
    NEAR,
    Curve,
    FinitePoint,
    block_length,
    codebook_size,
    distribution,
    entropy,
    grid,
    nonnegative_rate,
)

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
IntArray = npt.NDArray[np.int64]

MAX_DIMENSION = 256
"""Of the n systems."""

MAX_CODEBOOKS = 20_000
"""Codebooks enumerated at most (as multisets of codewords); beyond it they are drawn."""

MAX_CODEWORDS = 2**20
"""Codewords at most."""

CHUNK = 2**22  # matrix entries diagonalised at once
EXACT_ENTRIES = 2**26  # matrix entries over all codebooks, up to which they are enumerated


def read_states(field: str, states: npt.ArrayLike) -> ComplexArray:
    """Return density matrices, shape (letters, d, d), repaired where they miss by no more than 1e-9.

    Raises:
        InputError: for another shape, or a matrix that is not Hermitian, positive and of trace 1.
    """
    try:
        rho = np.array(states, dtype=complex)
    except (TypeError, ValueError):
        raise InputError(
            f"{field}: not an array; allowed is density matrices of shape (letters, d, d)"
        ) from None
    if rho.ndim != 3 or rho.shape[1] != rho.shape[2] or not rho.size or not np.isfinite(rho).all():
        raise InputError(f"{field}: shape {rho.shape}; allowed is density matrices of shape (letters, d, d)")
    adjoint = rho.conj().swapaxes(1, 2)
    traces = np.einsum("uii->u", rho).real
    defect = max(float(np.abs(rho - adjoint).max()), float(np.abs(traces - 1).max()))
    rho = (rho + adjoint) / 2
    defect = max(defect, -float(np.linalg.eigvalsh(rho).min()))
    if defect > NEAR:
        raise InputError(f"{field}: misses a density matrix by {defect:.3g}; allowed is {NEAR:g}")
    return np.asarray(rho / np.einsum("uii->u", rho).real[:, None, None])


def holevo(p_x: npt.ArrayLike, rho_x: npt.ArrayLike) -> float:
    """Return I(X;A) = S(sum p rho^x) - sum p S(rho^x), in bits.

    Args:
        p_x: shape (letters,).
        rho_x: density matrices, shape (letters, d, d).

    Raises:
        InputError: for a bad distribution or state.
    """
    p, rho = _ensemble(p_x, rho_x)
    mean = np.einsum("u,uij->ij", p, rho)
    each = [entropy(np.linalg.eigvalsh(matrix)) for matrix in rho]
    return max(0.0, entropy(np.linalg.eigvalsh(mean)) - float(p @ np.array(each)))


def codebook_distance(codebook: npt.ArrayLike, p_x: npt.ArrayLike, rho_x: npt.ArrayLike) -> float:
    """Return || rho^{(x) n} - (1/M) sum_m rho^{X^n(m)} ||_1 of a given codebook: the whole norm, 0 to 2.

    Args:
        codebook: indices of letters, shape (M, n).
        p_x: shape (letters,).
        rho_x: density matrices, shape (letters, d, d).

    Raises:
        InputError: for a bad argument or a problem too large.
    """
    p, rho = _ensemble(p_x, rho_x)
    words = np.asarray(codebook)
    if words.ndim != 2 or not words.size or not np.issubdtype(words.dtype, np.integer):
        raise InputError(f"codebook: shape {words.shape}; allowed is integers of shape (M, n)")
    if words.min() < 0 or words.max() >= len(p):
        raise InputError(f"codebook: letters {words.min()}..{words.max()}; allowed is 0..{len(p) - 1}")
    _check_size(rho, words.shape[1], len(words))
    distinct, repeats = np.unique(words, axis=0, return_counts=True)
    return float(_norms(repeats[None] / len(words), distinct, p, rho)[0])


def expected_distance(
    p_x: npt.ArrayLike, rho_x: npt.ArrayLike, n: int, rate: float, draws: int = 200, seed: int = 0
) -> FinitePoint:
    """Return the expected distance (71) of a random codebook.

    Exact where the multisets of codewords are few enough to be enumerated (`MAX_CODEBOOKS`), with their
    multinomial probabilities; otherwise the mean of `draws` codebooks with its standard error.

    Args:
        p_x: shape (letters,).
        rho_x: density matrices, shape (letters, d, d).
        n: the block length.
        rate: R, bits a letter; M = round(2^(nR)), at least 1.
        draws: codebooks drawn, at least 2.
        seed: of the generator that draws them.

    Raises:
        InputError: for a bad argument or a problem too large.
    """
    n = block_length(n)
    rate = nonnegative_rate("rate", rate)
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 2:
        raise InputError(f"draws: {draws!r}; allowed is an integer of at least 2")
    p, rho = _merged(*_ensemble(p_x, rho_x))
    size = codebook_size(n, rate)
    _check_size(rho, n, size)
    words = np.array(list(product(range(len(p)), repeat=n)))
    p_words = p[words].prod(axis=1)
    codebooks = math.comb(len(words) + size - 1, size)
    if codebooks <= MAX_CODEBOOKS and codebooks * rho.shape[-1] ** (2 * n) <= EXACT_ENTRIES:
        repeats = _multisets(len(words), size)
        log_weight = gammaln(size + 1) - gammaln(repeats + 1).sum(axis=1) + repeats @ np.log(p_words)
        mean = float(np.exp(log_weight) @ _norms(repeats / size, words, p, rho))
        return FinitePoint(n, rate, mean, 0.0, "exact", None)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(size, p_words / p_words.sum(), size=draws)
    norms = _norms(drawn / size, words, p, rho)
    error = float(norms.std(ddof=1)) / math.sqrt(draws)
    return FinitePoint(n, rate, float(norms.mean()), error, "estimate", None)


def curve(
    p_x: Sequence[float],
    rho_x: npt.ArrayLike,
    ns: int | Iterable[int],
    rates: float | Iterable[float],
    draws: int = 200,
    seed: int = 0,
) -> Curve:
    """Return `expected_distance` at every n and rate; the threshold is the Holevo quantity.

    Raises:
        InputError: as `expected_distance`.
    """
    points = grid(lambda n, rate: expected_distance(p_x, rho_x, n, rate, draws, seed), ns, rates)
    return Curve("expected trace norm to the i.i.d. state", holevo(p_x, rho_x), 2.0, 0.0, points)


def _ensemble(p_x: npt.ArrayLike, rho_x: npt.ArrayLike) -> tuple[FloatArray, ComplexArray]:
    p, rho = distribution("p_x", p_x), read_states("rho_x", rho_x)
    if len(p) != len(rho):
        raise InputError(f"rho_x: {len(rho)} states for {len(p)} probabilities; allowed is one each")
    return p, rho


def _merged(p: FloatArray, rho: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Drop letters of probability 0 and put letters with the same state together."""
    kept: list[int] = []
    weights: list[float] = []
    for i in np.flatnonzero(p > 0):
        same = [k for k, j in enumerate(kept) if np.abs(rho[i] - rho[j]).max() < 1e-14]
        if same:
            weights[same[0]] += p[i]
        else:
            kept.append(int(i))
            weights.append(float(p[i]))
    return np.array(weights), rho[kept]


def _check_size(rho: ComplexArray, n: int, codewords: int) -> None:
    dimension, words = rho.shape[-1] ** n, len(rho) ** n
    if dimension > MAX_DIMENSION or words > MAX_CODEWORDS or words * dimension**2 > 2**26:
        raise InputError(
            f"n: {n} makes {words} codewords of dimension {dimension}; allowed is dimension {MAX_DIMENSION} "
            "and 2^26 matrix entries over all codewords"
        )
    if codewords > MAX_CODEWORDS:
        raise InputError(f"rate: {codewords} codewords at n = {n}; allowed is {MAX_CODEWORDS}")


def _multisets(kinds: int, size: int) -> IntArray:
    """Return how often each kind occurs in every multiset of `size` elements, shape (multisets, kinds)."""
    if kinds == 1:
        return np.array([[size]])
    # Stars and bars: the positions of the bars fix the multiset.
    bars = np.array(list(combinations_with_replacement(range(size + 1), kinds - 1)))
    edges = np.column_stack([np.zeros(len(bars), dtype=np.int64), bars, np.full(len(bars), size)])
    return np.asarray(np.diff(edges, axis=1))


def _norms(weights: FloatArray, words: IntArray, p: FloatArray, rho: ComplexArray) -> FloatArray:
    """Return each mixture's trace norm to rho^{(x) n}; the weights have shape (mixtures, words)."""
    letters = rho if rho.imag.any() else rho.real
    mean = np.einsum("u,uij->ij", p, letters)[None]
    states = tensor_products(letters, words)
    target = tensor_products(mean, np.zeros((1, words.shape[1]), dtype=np.int64))[0]
    dimension = target.shape[-1]
    flat = states.reshape(len(states), -1)
    step = max(1, CHUNK // dimension**2)
    norms = [
        np.abs(
            np.linalg.eigvalsh((weights[i : i + step] @ flat).reshape(-1, dimension, dimension) - target)
        ).sum(axis=1)
        for i in range(0, len(weights), step)
    ]
    return np.concatenate(norms)


def tensor_products(letters: npt.NDArray[np.inexact], words: IntArray) -> npt.NDArray[np.inexact]:
    """Return the tensor product of the letters of each word.

    Args:
        letters: one matrix a letter, shape (letters, d, d).
        words: indices, shape (words, n).

    Returns:
        Shape (words, d^n, d^n).
    """
    result = letters[words[:, 0]]
    for k in range(1, words.shape[1]):
        more = letters[words[:, k]]
        size = result.shape[-1] * more.shape[-1]
        result = np.einsum("wij,wkl->wikjl", result, more).reshape(-1, size, size)
    return result

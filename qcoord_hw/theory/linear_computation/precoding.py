"""The fewest auxiliary qudits c of a linear computation, and precodings that attain it.

By [Hu2025, Theorem 1], c = min rank(sum V_s P_s V_s^T) over invertible P_s. It splits over direct summands of
the arrangement of the servers' column spaces.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.linear_computation.arrangement import Side, blocks, smaller_side
from qcoord_hw.theory.linear_computation.descent import Step, admissible, descend
from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.kernels import KernelSearch, UndecidedError
from qcoord_hw.theory.linear_computation.lower_bounds import rank_bound
from qcoord_hw.theory.linear_computation.task import LinearTask

STARTS = 2  # of the descent
FIRST_TURN = 3000  # elements looked at in a first search
SAMPLING_SECONDS = 5.0  # far more than usual, so that a sample hardly ever depends on the machine
PATIENCE = 300  # known precodings met in succession before a sample is taken to be all there is
MAX_UNITS = 500_000  # symbols of the tensor P -> R, beyond which kernels are not searched


@dataclass(frozen=True, eq=False)
class Precoding:
    """Precoding matrices and how few auxiliary qudits they need.

    Attributes:
        c: rank of sum V_s P_s V_s^T, attained by P.
        c_lower: proved; P is optimal if it equals c.
        P: one invertible m_s x m_s matrix a server.
        certificate: how c_lower is proved, in plain JSON values. `method` is trivial; rank bound (see
            `rank_bound`); kernel enumeration (no kernel of `dimension` exists on that side); or direct sum.
    """

    c: int
    c_lower: int
    P: tuple[Array, ...]
    certificate: dict[str, Any]


@dataclass(frozen=True)
class _Clock:
    """Says whether a moment has passed."""

    until: float

    def __call__(self) -> bool:
        return time.monotonic() > self.until


def auxiliary_rank(task: LinearTask, P: Sequence[Array]) -> int:
    """Return the rank of sum V_s P_s V_s^T, the number of auxiliary qudits [Hu2025, Theorem 1].

    Args:
        task: V_s, shape (K, m_s).
        P: P_s, shape (m_s, m_s).
    """
    gf = task.field
    terms = [gf.matmul(gf.matmul(v, p), v.T) for v, p in zip(task.matrices, P, strict=True)]
    return gf.rank(gf.total(terms))


def minimise_auxiliary(task: LinearTask, *, time_limit: float = 60.0, seed: int = 0) -> Precoding:
    """Minimise the auxiliary qudits over all precodings [Hu2025, Theorem 1].

    Args:
        task: rank(V) = K and rank(V_s) = m_s (see `reduce_task`).
        time_limit: seconds; when they run out, c_lower may be less than c.
        seed: of the random choices. Nothing else influences the result unless time runs out.
    """
    deadline = time.monotonic() + time_limit
    rng = np.random.default_rng(seed)
    parts = blocks(task.field, task.matrices)
    c = c_lower = 0
    chosen: dict[int, Array] = {}
    certificates: list[dict[str, Any]] = []
    for done, (servers, spaces) in enumerate(parts):
        now = time.monotonic()
        until = now + (deadline - now) / (len(parts) - done)
        found = _minimise(task.field, spaces, rng, _Clock(until))
        c, c_lower = c + found.c, c_lower + found.c_lower
        chosen |= dict(zip(servers, found.P, strict=True))
        named: dict[str, Any] = {
            key: [servers[s] for s in value] if key in ("left", "right", "through", "rest") else value
            for key, value in found.certificate.items()
        }
        certificates.append({"servers": list(servers), "c_lower": found.c_lower} | named)
    whole: dict[str, Any] = {"method": "direct sum", "blocks": certificates}
    if c_lower == 0:
        whole = {"method": "trivial"}
    elif len(parts) == 1:
        whole = certificates[0]
    return Precoding(c, c_lower, tuple(chosen[s] for s in range(len(chosen))), whole)


def _minimise(
    gf: Field, spaces: tuple[Array, ...], rng: np.random.Generator, late: Callable[[], bool]
) -> Precoding:
    """Minimise for servers that do not split.

    A kernel of dimension `low` is found, one above `high` excluded. What lies between is searched from both
    ends, in turns of growing length, each in another frame: what is hard to find in one may be easy in the
    next.
    """
    closed, certificate = rank_bound(gf, spaces)
    side = smaller_side(gf, spaces)
    arrangement = side.arrangement
    low, p = 0, [admissible(gf, v.shape[1], rng) for v in arrangement.spaces]
    high = min(arrangement.rows, arrangement.rows + side.offset - closed)
    rank, better = descend(arrangement, arrangement.rows - high, rng, late, STARTS)
    if better:
        low, p = arrangement.rows - rank, better
    turn = FIRST_TURN
    searchable = sum(v.size**2 for v in arrangement.spaces) <= MAX_UNITS
    while low < high and searchable and not late():
        for k in sorted({high, low + 1}, reverse=True):
            if not low < k <= high:
                continue
            frame = admissible(gf, arrangement.rows, rng)
            search = KernelSearch(arrangement.turned(frame), k, rng, turn, late)
            try:
                found = search.run()
            except UndecidedError:
                continue
            if found is not None:
                low, p = k, found
                continue
            high = k - 1
            certificate = {
                "method": "kernel enumeration",
                "side": "dual" if side.dual else "code",
                "space": arrangement.rows,
                "dimension": k,
                "partial_kernels": search.visited,
            }
        turn *= 4
    c, lower = arrangement.rows - low + side.offset, arrangement.rows - high + side.offset
    return Precoding(c, lower, tuple(side.precoding(p, rng)), certificate if lower else {"method": "trivial"})


def minimal_precodings(
    task: LinearTask, c: int, *, count: int, seed: int, start: Precoding | None = None
) -> list[tuple[Array, ...]]:
    """Return different precodings with c auxiliary qudits, for a synthesiser to choose from.

    Common factors of all P_s of a direct summand do not count as a difference.

    Args:
        task: rank(V) = K and rank(V_s) = m_s.
        c: the least number of auxiliary qudits, or the least one known.
        count: how many at most; fewer are returned when few are found in a second or so.
        seed: of the random choices.
        start: what `minimise_auxiliary` found, the first one returned; it is called if omitted.

    Raises:
        ValueError: when `start` does not attain c.
    """
    start = minimise_auxiliary(task, seed=seed) if start is None else start
    if start.c != c:
        raise ValueError(f"c: {c}; the precoding to start from has {start.c}")
    if count < 1:
        return []
    gf, rng = task.field, np.random.default_rng([seed, 1])
    until = time.monotonic() + SAMPLING_SECONDS
    parts = blocks(gf, task.matrices)
    walks = [
        _walk(smaller_side(gf, spaces), [start.P[s] for s in servers], rng, _Clock(until))
        for servers, spaces in parts
    ]
    found: dict[bytes, tuple[Array, ...]] = {}
    idle = 0  # precodings met since the last new one
    now = dict(enumerate(start.P))
    while len(found) < count and idle < PATIENCE + count:
        precoding = tuple(now[s] for s in range(len(now)))
        key = b"".join(_unscaled(gf, [precoding[s] for s in servers]) for servers, _ in parts)
        if key not in found and auxiliary_rank(task, precoding) == c:
            found[key], idle = precoding, 0
        idle += 1
        if time.monotonic() > until:
            break
        for (servers, _), walk in zip(parts, walks, strict=True):
            now |= dict(zip(servers, next(walk), strict=True))
    return list(found.values())


def _unscaled(gf: Field, p: list[Array]) -> bytes:
    """Return a key that is the same for all multiples of these matrices."""
    flat = np.concatenate([x.ravel() for x in p])
    return bytes(gf.mul[gf.inv[flat[np.flatnonzero(flat)[0]]], flat].astype(np.uint8))


def _walk(
    side: Side, precoding: list[Array], rng: np.random.Generator, late: Callable[[], bool]
) -> Iterator[list[Array]]:
    """Yield precodings of no larger rank: other kernels, other elements of their linear spaces."""
    arrangement = side.arrangement
    gf, p = arrangement.field, side.admitted(precoding)
    steps = [Step(gf, v, floor) for v, floor in zip(arrangement.spaces, arrangement.floors, strict=True)]
    total = arrangement.sum(p)
    k = arrangement.rows - gf.rank(total)
    searchable = sum(v.size**2 for v in arrangement.spaces) <= MAX_UNITS
    turn = FIRST_TURN
    while True:
        if searchable:
            frame = admissible(gf, arrangement.rows, rng)
            try:
                other = KernelSearch(arrangement.turned(frame), k, rng, turn, late).run()
            except UndecidedError:
                other, turn = None, 2 * turn
            if other is not None:
                p, total = other, arrangement.sum(other)
                yield side.precoding(p, rng)
            search = KernelSearch(arrangement, k, rng, FIRST_TURN, late)
        for _ in range(4):
            if searchable:
                for element in search.samples(gf.null_space(total))[:4]:
                    yield side.precoding(search.unpack(element), rng)
            for s in rng.permutation(len(steps)):
                p[s], total, _ = steps[s].best(total, p[s], rng)
                yield side.precoding(p, rng)

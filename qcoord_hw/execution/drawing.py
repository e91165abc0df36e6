"""Counts of many draws at once: outcomes as whole numbers, sorted together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

from qcoord_hw.record import Counts

IntArray = npt.NDArray[np.int64]

MAX_WIDTH = 40
"""Classical bits of an outcome that is drawn as a whole number: the draw's own number stands above them."""


def generators(seeds: Sequence[int]) -> Iterator[np.random.Generator]:
    """Yield a generator for each of some seeds, in the state in which `numpy.random.default_rng` returns it.

    It is one object, to be used before the next is asked for. Made one by one, a generator costs as much as
    to draw a chunk. The arithmetic is that of numpy's `SeedSequence` and PCG64, which numpy promises to keep.

    Args:
        seeds: from 0 to 2^64 - 1.
    """
    bits = np.random.PCG64(0)
    found, state = np.random.Generator(bits), bits.state
    for a, b, c, d in _seeded(np.array(seeds, dtype=np.uint64)).tolist():
        start, increment = a << 64 | b, ((c << 64 | d) << 1 | 1) % 2**128
        state["state"] = {"state": ((increment + start) * _STEP + increment) % 2**128, "inc": increment}
        bits.state = state
        yield found


_STEP = 0x2360ED051FC65DA44385DF649FCCF645
"""By what PCG64 multiplies its state."""

_POOL, _DRAWN = (0x43B0D7E5, 0x931E8875), (0x8B51F9DD, 0x58F38DED)
"""Where the constants of `SeedSequence` begin, and by what each is multiplied to make the next."""


def _seeded(seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the words of `SeedSequence(seed).generate_state(4, uint64)` of each seed, shape (seeds, 4)."""
    low, high = seeds.astype(np.uint32), (seeds >> np.uint64(32)).astype(np.uint32)
    pool = [_hashed(word, k, _POOL) for k, word in enumerate((low, high, low * 0, low * 0))]
    for k, (source, target) in enumerate(permutations(range(4), 2), start=4):
        other = _hashed(pool[source], k, _POOL)
        mixed = np.uint32(0xCA01F9DD) * pool[target] - np.uint32(0x4973F715) * other
        pool[target] = mixed ^ mixed >> np.uint32(16)
    words = [_hashed(pool[k % 4], k, _DRAWN).astype(np.uint64) for k in range(8)]
    return np.stack([words[k] | words[k + 1] << np.uint64(32) for k in range(0, 8, 2)], axis=1)


def _hashed(words: npt.NDArray[np.uint32], number: int, constants: tuple[int, int]) -> npt.NDArray[np.uint32]:
    """Return words as the hash of `SeedSequence` makes them at its so manieth use."""
    first, factor = constants
    constant = first * pow(factor, number, 2**32) % 2**32
    hashed = (words ^ np.uint32(constant)) * np.uint32(constant * factor % 2**32)
    return np.asarray(hashed ^ hashed >> np.uint32(16))


def codes(clbits: Sequence[int], width: int) -> IntArray:
    """Return what each outcome of some classical bits adds to the whole outcome, shape (2^k,).

    Bit 0 of both is the most significant.

    Args:
        clbits: k of them, in their order.
        width: of the whole outcome.
    """
    found = np.zeros(1, dtype=np.int64)
    for clbit in clbits:
        found = (found[:, None] + np.array([0, 1 << (width - 1 - clbit)])).reshape(-1)
    return found


def tabulated(drawn: Sequence[IntArray], width: int) -> list[Counts]:
    """Return how often each outcome occurs in each of some draws, in order.

    Args:
        drawn: outcomes of each draw, shape (shots,).
        width: classical bits of an outcome.
    """
    sizes = [len(one) for one in drawn]
    whole = np.concatenate(drawn) | np.repeat(np.arange(len(drawn)) << width, sizes)
    if len(drawn) << width <= len(whole):  # in one pass, where the counts of all outcomes take no more memory
        every = np.bincount(whole)
        seen = np.flatnonzero(every)
        times = every[seen]
    else:
        seen, times = np.unique(whole, return_counts=True)
    ends = np.searchsorted(seen, np.arange(1, len(drawn) + 1) << width).tolist()
    outcomes = (seen & ((1 << width) - 1)).tolist()
    words = {code: f"{code:0{width}b}" for code in set(outcomes)}
    spelled, often = [words[code] for code in outcomes], times.tolist()
    return [dict(zip(spelled[a:b], often[a:b], strict=True)) for a, b in zip([0, *ends], ends, strict=False)]

"""Counts of many draws at once: outcomes as whole numbers, sorted together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qcoord_hw.record import Counts

IntArray = npt.NDArray[np.int64]

MAX_WIDTH = 40
"""Classical bits of an outcome that is drawn as a whole number: the draw's own number stands above them."""


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

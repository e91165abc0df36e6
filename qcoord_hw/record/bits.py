"""Outcome strings as numbers, and symbols as text in a cell of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

LEAK = "leak"
"""An outcome that stands for nothing."""


def read_bits(outcomes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return outcome strings as bits, shape (outcomes, bits), classical bit 0 first."""
    return np.array([list(outcome.encode()) for outcome in outcomes], dtype=np.int64) - ord("0")


def symbols(vector: Iterable[object]) -> str:
    """Return symbols with spaces between them.

    >>> symbols([0, 12, 3])
    '0 12 3'
    """
    return " ".join(map(str, vector))

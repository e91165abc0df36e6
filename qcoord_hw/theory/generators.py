"""Generators of random numbers for cases that are drawn one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def generators(count: int, seed: int) -> Iterator[np.random.Generator]:
    """Yield a generator for each case: a case does not change with how many others there are."""
    return (np.random.default_rng([seed, k]) for k in range(count))

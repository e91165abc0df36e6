"""Chi-square tests that several rows of counts come from one distribution."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

MIN_EXPECTED = 5.0
"""Outcomes rarer than this (expected, in the smallest row) are pooled, so that the chi-square law holds."""


def statistic(table: npt.NDArray[np.int64]) -> tuple[float, int]:
    """Return (chi-square, degrees of freedom) of the homogeneity of a table's rows.

    Args:
        table: counts, shape (rows, outcomes); equally rare outcomes are pooled in this order, which must not
            hang on the rows.
    """
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2:
        return 0.0, 0
    share = table.sum(axis=1) / table.sum()
    totals = table.sum(axis=0)
    order = np.argsort(totals, kind="stable")
    starts, least, rest = [0], float(share.min()), 0
    for k, total in enumerate(totals[order].tolist(), start=1):  # the rarest outcomes are pooled first
        rest += total
        if rest * least >= MIN_EXPECTED:
            starts.append(k)
            rest = 0
    starts.pop()  # what is left belongs to the last pool
    if len(starts) < 2:
        return 0.0, 0
    observed = np.add.reduceat(table[:, order], starts, axis=1)
    expected = np.outer(share, observed.sum(axis=0))
    value = float(((observed - expected) ** 2 / expected).sum())
    return value, (observed.shape[0] - 1) * (observed.shape[1] - 1)


def combined_p_value(tables: Iterable[npt.NDArray[np.int64]]) -> tuple[float, int]:
    """Return (p-value, degrees of freedom) that every table is homogeneous; tables must be independent.

    Without any degree of freedom there is nothing to test and the p-value is 1.
    """
    parts = [statistic(table) for table in tables]
    freedom = sum(d for _, d in parts)
    return (float(chdtrc(freedom, sum(v for v, _ in parts))) if freedom else 1.0), freedom
